"""Elements of a definition beside what was read of them, for rules that need both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smartserial.definition.node import Node
from smartserial.definition.param import Param, ParamType
from smartserial.definition.place import Place
from smartserial.definition.reading.texts import identity, reference
from smartserial.definition.rules.rule import Subject

_SHOWN = 60  # characters of a foreign text in a message
_TYPES = {kind.value: kind for kind in ParamType}


def shown(text: str) -> str:
    """Return a foreign text for a message, in quotes; a long one is cut."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def params(subject: Subject) -> Iterator[tuple[Node, Param]]:
    """Yield each param's element with what was read of it; one without a readable id is left out."""
    nodes = (node for node in subject.root.all("Params/Param") if identity(node) is not None)
    yield from zip(nodes, subject.protocol.params, strict=False)


def kind_of(node: Node) -> ParamType | None:
    """Return what type a param's element names; None if it names none that is known."""
    return _TYPES.get(node.text_at("Type").lower())


def type_place(node: Node) -> Place:
    """Return the place of a param's type, or of the param if it has none."""
    found = node.first("Type")
    return found.place if found is not None else node.place


@dataclass(frozen=True, slots=True)
class Content:
    """The params of a command or response; a position whose id is unreadable holds None.

    Args:
        name: as in ``command 3``.
        params: ids, in wire order.
    """

    name: str
    params: tuple[int | None, ...]


def contents(root: Node) -> Iterator[Content]:
    """Yield the contents of all commands and responses; unlike what is read of them, with all positions."""
    for path, kind in (("Commands/Command", "command"), ("Responses/Response", "response")):
        for node in root.all(path):
            ids = tuple(reference(item.text) for item in node.all("Content/Param"))
            yield Content(f"{kind} {node.attributes.get('id', '').strip()[:_SHOWN]}", ids)
