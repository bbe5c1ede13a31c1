"""Elements and attributes, made from values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import Enum

from smartserial.definition.condition import Expression, print_condition
from smartserial.definition.languages.constant import print_constant
from smartserial.definition.languages.number import print_decimal
from smartserial.definition.node import Node, steps
from smartserial.definition.place import Place

Plain = str | int | float | bool | Enum
Content = str | Iterable[Node | None]


def text(value: Plain) -> str:
    """Return the text of a value: ``true``, ``16``, ``0.5``, or that of a choice; a float must be finite."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    return print_decimal(value) if isinstance(value, float) else str(value)


def element(name: str, content: Content = "", /, **attributes: Plain | None) -> Node:
    """Return an element.

    Args:
        name: of the element.
        content: its text, or the elements in it; None among them is left out.
        attributes: by their names; None is left out.
    """
    said = {key: text(value) for key, value in attributes.items() if value is not None}
    if isinstance(content, str):
        return Node(name, said, content)
    return Node(name, said, "", tuple(child for child in content if child is not None))


def leaf(name: str, value: Plain | None, default: Plain | None = None) -> Node | None:
    """Return an element with the text of a value; None if there is no value, or if it is the default."""
    return None if value is None or value == default else element(name, text(value))


def parent(name: str, children: Iterable[Node | None], /, **attributes: Plain | None) -> Node | None:
    """Return an element with others in it; None if it would say nothing."""
    made = element(name, children, **attributes)
    return made if made.children or made.attributes else None


def unless(value: Plain | None, default: Plain) -> Plain | None:
    """Return a value, or None if it is the default."""
    return None if value == default else value


def leaves(name: str, values: Iterable[Plain]) -> list[Node]:
    """Return an element for each value."""
    return [element(name, text(value)) for value in values]


def joined(values: Iterable[Plain], separator: str = ";") -> str | None:
    """Return a list as one text; None if it is empty."""
    return separator.join(text(value) for value in values) or None


def constant(name: str, value: str | bytes | None) -> Node | None:
    """Return the element of constant bytes, or None."""
    return None if value is None else element(name, print_constant(value))


def condition(value: Expression | None) -> Node | None:
    """Return the element of a condition, or None."""
    return None if value is None else element("Condition", print_condition(value))


def with_paths(node: Node, path: str) -> Node:
    """Return an element and all in it with paths like those of a file, and no lines."""
    below = steps([(child.name, child.attributes.get("id", "")) for child in node.children])
    children = (with_paths(child, f"{path}/{step}") for child, step in zip(node.children, below, strict=True))
    return replace(node, children=tuple(children), place=Place(path=path))
