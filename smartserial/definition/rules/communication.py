"""Rules about how connections are used: the options of all, and those of one ``Connection``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from smartserial.definition.connection import ConnectionType, PortType
from smartserial.definition.languages.ids import parse_id
from smartserial.definition.languages.number import parse_whole
from smartserial.definition.languages.problem import quoted
from smartserial.definition.node import Node
from smartserial.definition.reading.connections import KINDS
from smartserial.definition.reading.texts import truth
from smartserial.definition.rules.options import said
from smartserial.definition.rules.problems import Hints, problems_of
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.sources import connections_known, string_param
from smartserial.definition.rules.vocabulary import CHILDREN
from smartserial.findings import ERROR, WARNING

_SMART_ONLY = {
    "max_receive_buffer": "maxReceiveBuffer",
    "packet_info": "packetInfo",
    "smart_ip_header": "smartIpHeader",
    "max_concurrent_connections": "maxConcurrentConnections",
    "notify_connection_pids": "notifyConnectionPIDs",
}
_FLAGS = ("MakeCommandByProtocol", "RedundantPolling", "SmartIPHeader")
_SERIAL_ONLY = {"close_connection_on_response": "closeConnectionOnResponse"}


def unknown_option(subject: Subject) -> Iterator[Found]:
    """Each communication option is known, comes once, and does something."""
    for one in said(subject):
        yield from problems_of(one.problems, "CO01", one.place)
        if one.options.chunked_html:
            message = "chunkedHTML was for HTTP over serial: it does nothing here"
            yield Found(one.place, message, "take it out")
        if one.node is not None:
            yield from _texts(one.node, _FLAGS, _is_truth, "true or false")
    hints = Hints(CHILDREN["options"])
    for option in _option_nodes(subject.root):
        if option.name not in CHILDREN["options"]:
            message = f"expected an option that is known, found {quoted(option.name)}"
            yield Found(option.place, message, hints.hint(option.name))


def _option_nodes(root: Node) -> Iterator[Node]:
    """Yield what stands in the options of each ``Connection``, in both variants."""
    for connection in root.all("Connections/Connection"):
        for holder in (connection, *(child for child in connection.children if child.name in KINDS)):
            for found in holder.all("CommunicationOptions"):
                yield from found.children


def option_without_connection(subject: Subject) -> Iterator[Found]:
    """Options for one type of connection are said where there is one of this type."""
    for one in said(subject) if connections_known(subject) else ():
        for names, type_ in (
            (_SMART_ONLY, ConnectionType.SMART_SERIAL),
            (_SERIAL_ONLY, ConnectionType.SERIAL),
        ):
            used = [name for field, name in names.items() if getattr(one.options, field) not in (None, False)]
            if used and not one.of_type(subject, type_):
                message = f"expected a {type_.value} connection for {', '.join(used)}, found none"
                yield Found(one.place, message)


def _texts(
    node: Node, names: tuple[str, ...], right: Callable[[str], bool], what: str, needed: bool = False
) -> Iterator[Found]:
    """Judge the texts of elements in an element."""
    for name in names:
        child = node.first(name)
        if child is None:
            if needed:
                yield Found(node.place, f"expected the element {name} in {node.name}, found none")
        elif not right(child.text.strip()):
            yield Found(child.place, f"expected {what} in {name}, found {quoted(child.text)}")


def packet_info(subject: Subject) -> Iterator[Found]:
    """A packetInfo gives where the length is, its width, whether it counts all, and its byte order."""
    for one in said(subject):
        yield from problems_of(one.problems, "CO03", one.place)
        node = one.node.first("PacketInfo") if one.node is not None else None
        if node is None:
            continue
        yield from _texts(node, ("LengthIdentifierOffset",), _is_number, "an integer of 0 or more", True)
        yield from _texts(
            node, ("LengthIdentifierLength",), lambda text: parse_whole(text) in (1, 2, 4), "1, 2 or 4", True
        )
        flags = ("IncludeLengthIdentifier", "LittleEndian")
        yield from _texts(node, flags, _is_truth, "true or false")


def _is_number(text: str) -> bool:
    return parse_whole(text) is not None


def _is_truth(text: str) -> bool:
    return truth(text) is not None


def limits(subject: Subject) -> Iterator[Found]:
    """The size of a unit and the number of clients are integers of 1 or more."""
    for one in said(subject):
        yield from problems_of(one.problems, "CO04", one.place)
        if one.node is not None:
            names = ("MaxReceiveBuffer", "MaxConcurrentConnections")
            yield from _texts(
                one.node, names, lambda text: (parse_whole(text) or 0) > 0, "an integer of 1 or more"
            )


def notified_params(subject: Subject) -> Iterator[Found]:
    """Connects and disconnects are told to two params that hold text."""
    for one in said(subject):
        yield from problems_of(one.problems, "CO05", one.place)
        node = one.node.first("NotifyConnectionPIDs") if one.node is not None else None
        if node is not None:
            names = ("Connections", "Disconnections")
            yield from _texts(node, names, lambda text: parse_id(text) is not None, "the id of a param", True)
        for pid in dict.fromkeys(one.options.notify_connection_pids or ()):
            yield from string_param(subject, pid, node.place if node is not None else one.place, "peers")


def clients_on_udp(subject: Subject) -> Iterator[Found]:
    """Clients are counted where there are clients: not on UDP."""
    for one in said(subject):
        smart = one.of_type(subject, ConnectionType.SMART_SERIAL)
        ports = [subject.protocol.connections[number].port.type for number in smart]
        udp = all(port is not None and port.default is PortType.UDP for port in ports)
        if one.options.max_concurrent_connections is not None and ports and udp:
            yield Found(one.place, "expected TCP for maxConcurrentConnections, found udp as the default type")


RULES: tuple[Rule, ...] = (
    Rule(
        "CO01",
        WARNING,
        "a communication option is unknown, comes twice, or does nothing",
        'write options as in communicationOptions="packetInfo:4,2;maxConcurrentConnections:5"',
        unknown_option,
    ),
    Rule(
        "CO02",
        WARNING,
        "a communication option is for another type of connection",
        "take it out, or make a connection smart-serial",
        option_without_connection,
    ),
    Rule(
        "CO03",
        ERROR,
        "packetInfo is not understood",
        "write packetInfo:OFFSET,WIDTH[,true|false[,littleEndian]]",
        packet_info,
    ),
    Rule(
        "CO04",
        ERROR,
        "maxReceiveBuffer or maxConcurrentConnections is no count",
        "write an integer of 1 or more, as in maxConcurrentConnections:5",
        limits,
    ),
    Rule(
        "CO05",
        ERROR,
        "notifyConnectionPIDs does not name two params that hold text",
        "write notifyConnectionPIDs:90,91, two params of which Interprete/Type is string",
        notified_params,
    ),
    Rule(
        "CO10",
        WARNING,
        "maxConcurrentConnections on UDP, which has no clients",
        "take it out, or make ip the default type",
        clients_on_udp,
    ),
)
