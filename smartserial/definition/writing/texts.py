"""Elements and attributes, made from values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial

from smartserial.definition.condition import Expression, print_condition
from smartserial.definition.languages.constant import print_constant
from smartserial.definition.languages.number import print_decimal
from smartserial.definition.node import Node, steps
from smartserial.definition.place import Place
from smartserial.errors import DefinitionError

Plain = str | int | float | bool | Enum
Said = Plain | Callable[[], str]
"""A value, or what makes a text of one: it may raise `ValueError` or `OverflowError`."""
Content = Said | Iterable[Node | None]


class UnwritableError(DefinitionError):
    """A value for which the format has no words; `path` is that of its element, `why` what was expected."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True)
class _Unsaid(Node):
    """An element that cannot be written, and why; only `with_paths` knows where it stands."""

    why: str = ""


def text(value: Plain) -> str:
    """Return the text of a value: ``true``, ``16``, ``0.5``, or that of a choice; a float must be finite."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    return print_decimal(value) if isinstance(value, float) else str(value)


def element(name: str, content: Content = "", /, **attributes: Said | None) -> Node:
    """Return an element; `with_paths` refuses it if something in it has no text.

    Args:
        name: of the element.
        content: its text, or the elements in it; None among them is left out.
        attributes: by their names; None is left out.
    """
    said: dict[str, str] = {}
    key = ""
    try:
        for key, value in attributes.items():
            if value is not None:
                said[key] = _said(value)
        key = ""
        if isinstance(content, Plain) or callable(content):
            return Node(name, said, _said(content))
    except (ValueError, OverflowError) as error:
        return _Unsaid(name, said, why=f"{key}: {error}" if key else str(error))
    return Node(name, said, "", tuple(child for child in content if child is not None))


def _said(value: Said) -> str:
    return value() if callable(value) else text(value)


def leaf(name: str, value: Plain | None, default: Plain | None = None) -> Node | None:
    """Return an element with the text of a value; None if there is no value, or if it is the default."""
    return None if value is None or value == default else element(name, value)


def parent(name: str, children: Iterable[Node | None], /, **attributes: Said | None) -> Node | None:
    """Return an element with others in it; None if it would say nothing."""
    made = element(name, children, **attributes)
    return made if made.children or made.attributes or isinstance(made, _Unsaid) else None


def unless(value: Plain | None, default: Plain) -> Plain | None:
    """Return a value, or None if it is the default."""
    return None if value == default else value


def leaves(name: str, values: Iterable[Plain]) -> list[Node]:
    """Return an element for each value."""
    return [element(name, value) for value in values]


def joined(values: Iterable[Plain], separator: str = ";") -> Said | None:
    """Return a list as one text; None if it is empty."""
    listed = tuple(values)
    return partial(_joined, listed, separator) if listed not in ((), ("",)) else None


def _joined(values: Iterable[Plain], separator: str) -> str:
    return separator.join(text(value) for value in values)


def constant(name: str, value: str | bytes | None) -> Node | None:
    """Return the element of constant bytes, or None."""
    return None if value is None else element(name, partial(print_constant, value))


def condition(value: Expression | None) -> Node | None:
    """Return the element of a condition, or None."""
    return None if value is None else element("Condition", partial(print_condition, value))


def with_paths(node: Node, path: str) -> Node:
    """Return an element and all in it with paths like those of a file, and no lines.

    Raises:
        UnwritableError: one of them cannot be written.
    """
    if isinstance(node, _Unsaid):
        raise UnwritableError(path, node.why)
    below = steps([(child.name, child.attributes.get("id", "")) for child in node.children])
    children = (with_paths(child, f"{path}/{step}") for child, step in zip(node.children, below, strict=True))
    return replace(node, children=tuple(children), place=Place(path=path))
