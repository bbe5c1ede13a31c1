"""Where a definition says how its connections are used: for all of them, and for each."""

from __future__ import annotations

from dataclasses import dataclass

from smartserial.definition.connection import SERIAL_TYPES, ConnectionType
from smartserial.definition.languages.communication import (
    CommunicationOptions,
    parse_communication_options,
)
from smartserial.definition.languages.problem import Problem
from smartserial.definition.node import Node
from smartserial.definition.place import Place
from smartserial.definition.reading.connections import communication
from smartserial.definition.rules.rule import Subject, once
from smartserial.definition.rules.sources import options_node, sources, types_of


@dataclass(frozen=True, slots=True)
class Said:
    """Options, as one place of the definition says them.

    Args:
        place: of ``Type``, or of the ``CommunicationOptions`` of a connection.
        options: what was understood of this; other places may say more about the same connections.
        connections: those for which they are, by id.
        problems: what the text of ``Type`` has wrong.
        node: the ``CommunicationOptions``, or None.
    """

    place: Place
    options: CommunicationOptions
    connections: tuple[int, ...]
    problems: tuple[Problem, ...] = ()
    node: Node | None = None

    def of_type(self, subject: Subject, type_: ConnectionType) -> tuple[int, ...]:
        """Return those of the connections that have a type."""
        connections = subject.protocol.connections
        return tuple(number for number in self.connections if connections[number].type is type_)


@once
def said(subject: Subject) -> tuple[Said, ...]:
    """Return all options of a definition, those of ``Type`` first."""
    found = []
    node = subject.root.first("Type")
    if node is not None and "communicationOptions" in node.attributes:
        parsed = parse_communication_options(node.attributes["communicationOptions"])
        made = sources(subject)[: len(types_of(subject))]
        mine = tuple(source.number for source in made if source.connection.type in SERIAL_TYPES)
        found.append(Said(node.place, parsed.value, mine, parsed.problems))
    for source in sources(subject):
        options = options_node(source.node) if source.node is not None else None
        if options is not None:
            own = communication(options, CommunicationOptions())
            found.append(Said(options.place, own, (source.number,), (), options))
    return tuple(found)
