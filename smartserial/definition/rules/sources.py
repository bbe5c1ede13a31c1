"""Where a definition speaks of each connection, in both of its ways to say them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from smartserial.definition.connection import Connection
from smartserial.definition.node import Node
from smartserial.definition.param import Param, ParamType, ValueType
from smartserial.definition.place import Place
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.connections import (
    additional,
    connection_nodes,
    connection_type,
    kind_node,
    port_nodes,
)
from smartserial.definition.rules.rule import Found, Subject, once


@dataclass(frozen=True, slots=True)
class Source:
    """Where one connection comes from.

    Args:
        number: its id.
        connection: what was understood of it.
        place: of the element that makes it, ``Type`` or ``Connection``.
        ports: elements with settings, at most one of each syntax; those of the last one count.
        node: its ``Connection``, or None.
    """

    number: int
    connection: Connection
    place: Place
    ports: tuple[Node, ...] = ()
    node: Node | None = None

    def setting(self, name: str) -> Node | None:
        """Return the element of a setting; the newer syntax comes first."""
        found = (port.first(name) for port in reversed(self.ports))
        return next((node for node in found if node is not None), None)

    def place_of(self, name: str) -> Place:
        """Return where a setting is said, as exactly as it is known."""
        node = self.setting(name)
        if node is None:
            return self.ports[-1].place if self.ports else self.place
        default = node.first("DefaultValue")
        return (default or node).place


@once
def types_of(subject: Subject) -> tuple[tuple[str, str], ...]:
    """Return the types and names of the connections that ``Type`` makes."""
    node = subject.root.first("Type")
    if node is None:
        return ()
    return ((node.text, ""), *additional(node.attributes.get("advanced", "")))


@once
def connections_known(subject: Subject) -> bool:
    """Tell whether there are connections, all of types that are known; else that is the cause to tell."""
    types = types_of(subject)
    texts = [text for text, _ in types]
    for number, node in connection_nodes(subject.root):
        overlaid = number < len(types) and not node.has("Type")
        if kind_node(node) is None and not overlaid:
            texts.append(node.text_at("Type"))
    return bool(subject.protocol.connections) and all(connection_type(text)[0] is not None for text in texts)


@once
def several_apart(subject: Subject) -> bool:
    """Tell whether there are several serial connections, each with params and responses of its own.

    With redundantPolling what is said of one is for the other too.
    """
    connections = (subject.protocol.connections[number] for number in subject.serial)
    redundant = any(connection.communication.redundant_polling for connection in connections)
    return len(subject.serial) > 1 and not redundant


def user_settings(node: Node) -> Node | None:
    """Return the settings in a ``Connection``."""
    return (kind_node(node) or node).first("UserSettings")


def options_node(node: Node) -> Node | None:
    """Return the options in a ``Connection``."""
    return (kind_node(node) or node).first("CommunicationOptions")


@once
def sources(subject: Subject) -> tuple[Source, ...]:
    """Return where each connection comes from, by number."""
    root, connections = subject.root, subject.protocol.connections
    type_, ports = root.first("Type"), port_nodes(root)
    made = len(types_of(subject))
    found = [
        Source(
            number,
            connection,
            type_.place if type_ is not None and number < made else connection.place,
            tuple(ports[number : number + 1]) if number < made else (),
        )
        for number, connection in enumerate(connections)
    ]
    for number, node in connection_nodes(root):
        if 0 <= number < len(found):
            settings = user_settings(node)
            found[number] = replace(
                found[number],
                place=node.place,
                ports=(*found[number].ports[:1], settings) if settings is not None else found[number].ports,
                node=node,
            )
    return tuple(found)


def string_param(subject: Subject, pid: int, place: Place, what: str) -> Iterator[Found]:
    """Judge a param that is to hold text.

    Args:
        subject: the definition.
        pid: the param.
        place: where it is named.
        what: which text it is to hold.
    """
    param = subject.protocol.param.get(pid)
    if param is None:
        if pid >= 0 and not subject.has_param(pid):
            yield Found(place, f"there is no param {pid}", missing=("param", pid))
    elif subject.sound(param) and (param.interprete is None or param.interprete.type is not ValueType.STRING):
        held = param.interprete.type.value if param.interprete is not None else "nothing: no Interprete"
        yield Found(
            place, f"expected Interprete/Type string of param {pid}, which holds {what}, found {held}"
        )


class Delimiting:
    """The headers and trailers of a definition, by the connections on which they count.

    Args:
        protocol: the definition.
        types: `HEADER`, `TRAILER`, or both.
    """

    def __init__(self, protocol: Protocol, *types: ParamType) -> None:
        self.everywhere: list[Param] = []
        self.only: dict[int, list[Param]] = {}
        for param in protocol.params:
            if param.type in types:
                number = param.options.connection
                (self.everywhere if number is None else self.only.setdefault(number, [])).append(param)

    def first(self, connection: int) -> Param | None:
        """Return the first that counts on a connection; those that count on all come first."""
        return next(iter(self.everywhere or self.only.get(connection, [])), None)
