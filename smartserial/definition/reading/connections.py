"""Connections, in both ways that a definition may say them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import zip_longest
from typing import TypeVar

from smartserial.definition.connection import (
    SERIAL_TYPES,
    Connection,
    ConnectionType,
    FlowControl,
    Parity,
    PortSettings,
    PortType,
    Setting,
    SlowPollBase,
    SshSettings,
)
from smartserial.definition.languages.communication import (
    CommunicationOptions,
    PacketInfo,
    parse_communication_options,
)
from smartserial.definition.node import Node
from smartserial.definition.reading.texts import choice, decimal, reference, truth, whole

T = TypeVar("T")
Parse = Callable[[str], T | None]

MOST_CONNECTIONS = 32_767
"""Connections beside the main one; what ``advanced`` lists beyond is not read."""
KINDS = {
    "Virtual": ConnectionType.VIRTUAL,
    "Serial": ConnectionType.SERIAL,
    "SmartSerial": ConnectionType.SMART_SERIAL,
    "Gpib": ConnectionType.GPIB,
    "Http": ConnectionType.HTTP,
    "Opc": ConnectionType.OPC,
    "Snmp": ConnectionType.SNMP,
    "Service": ConnectionType.SERVICE,
    "Sla": ConnectionType.SLA,
}
"""The elements in a ``Connection``, and what they mean."""


def connection_type(text: str) -> tuple[ConnectionType | None, bool]:
    """Return the type that a text names, and whether the element has a socket of its own."""
    words = text.strip().lower().split()
    single = len(words) > 1 and words[-1] == "single" and words[0] in ("serial", "smart-serial")
    return choice(ConnectionType, " ".join(words[:-1] if single else words)), single


def additional(text: str) -> list[tuple[str, str]]:
    """Return the types and names that ``advanced`` adds; connection 1 is the first."""
    parts = [part.split(":") for part in text.split(";") if part.strip()][:MOST_CONNECTIONS]
    return [(part[0].strip(), part[1].strip() if len(part) > 1 else "") for part in parts]


def _setting(node: Node | None, parse: Parse[T]) -> Setting[T] | None:
    if node is None:
        return None
    values = [*node.all("Value"), *node.all("Values/Value")]
    read = (parse(value.text.strip()) for value in values)
    return Setting(
        default=parse(node.text_at("DefaultValue")),
        disabled=bool(truth(node.text_at("Disabled"))),
        low=parse(node.text_at("Range/From")),
        high=parse(node.text_at("Range/To")),
        values=tuple(value for value in read if value is not None),
        place=node.place,
    )


def _word(text: str) -> str | None:
    return text or None


def _ssh(node: Node | None) -> SshSettings | None:
    if node is None:
        return None

    def pid(path: str) -> int | None:
        found = node.first(path)
        return reference(found.attributes.get("pid", "")) if found is not None else None

    return SshSettings(
        pid("Credentials/Username"), pid("Credentials/Password"), pid("Identity"), place=node.place
    )


def port_settings(node: Node, name: str = "") -> PortSettings:
    """Read the defaults and limits of a connection's settings."""

    def of(element: str, parse: Parse[T]) -> Setting[T] | None:
        return _setting(node.first(element), parse)

    return PortSettings(
        name=node.attributes.get("name", name).strip(),
        type=of("Type", lambda text: choice(PortType, text)),
        port_type_ip=of("PortTypeIP", truth),
        port_type_udp=of("PortTypeUDP", truth),
        port_type_serial=of("PortTypeSerial", truth),
        ip_port=of("IPport", whole),
        local_ip_port=of("LocalIPport", whole),
        bus_address=of("BusAddress", _word),
        baudrate=of("Baudrate", whole),
        databits=of("Databits", whole),
        parity=of("Parity", lambda text: choice(Parity, text)),
        stopbits=of("Stopbits", decimal),
        flowcontrol=of("Flowcontrol", lambda text: choice(FlowControl, text)),
        timeout_time=of("TimeoutTime", whole),
        retries=of("Retries", whole),
        timeout_time_element=of("TimeoutTimeElement", whole),
        slow_poll=of("SlowPoll", whole),
        slow_poll_base=of("SlowPollBase", lambda text: choice(SlowPollBase, text)),
        ping_interval=of("PingInterval", whole),
        flush_per_datagram=bool(truth(node.text_at("FlushPerDatagram"))),
        ssh=_ssh(node.first("SSH")),
        skip_certificate_verification=of("SkipCertificateVerification", truth),
        place=node.place,
    )


def port_nodes(root: Node) -> list[Node]:
    """Return the elements with settings, in the order of the connections that they are for."""
    return [*root.all("PortSettings"), *root.all("Ports/PortSettings")]


def _first_syntax(root: Node) -> list[Connection]:
    """Read ``Type`` and ``PortSettings``."""
    node = root.first("Type")
    if node is None:
        return []
    options = parse_communication_options(node.attributes.get("communicationOptions", "")).value
    types = [(node.text, ""), *additional(node.attributes.get("advanced", ""))]
    connections = []
    for (text, name), port in zip_longest(types, port_nodes(root)[: len(types)]):
        kind, single = connection_type(text)
        settings = port_settings(port) if port is not None else PortSettings()
        connections.append(
            Connection(
                kind or ConnectionType.VIRTUAL,
                name or settings.name,
                single,
                options if kind in SERIAL_TYPES else CommunicationOptions(),
                settings,
                place=node.place,
            )
        )
    return connections


def _packet_info(node: Node | None) -> PacketInfo | None:
    offset = whole(node.text_at("LengthIdentifierOffset")) if node is not None else None
    width = whole(node.text_at("LengthIdentifierLength")) if node is not None else None
    if node is None or offset is None or width is None:
        return None
    include = truth(node.text_at("IncludeLengthIdentifier"))
    return PacketInfo(offset, width, include is not False, bool(truth(node.text_at("LittleEndian"))))


def _communication(node: Node | None) -> CommunicationOptions:
    """Read the options of one connection, each an element."""
    if node is None:
        return CommunicationOptions()

    def flag(name: str) -> bool:
        return bool(truth(node.text_at(name)))

    connects = reference(node.text_at("NotifyConnectionPIDs/Connections"))
    disconnects = reference(node.text_at("NotifyConnectionPIDs/Disconnections"))
    return CommunicationOptions(
        max_receive_buffer=whole(node.text_at("MaxReceiveBuffer")),
        packet_info=_packet_info(node.first("PacketInfo")),
        smart_ip_header=flag("SmartIPHeader"),
        max_concurrent_connections=whole(node.text_at("MaxConcurrentConnections")),
        notify_connection_pids=(
            (connects, disconnects) if connects is not None and disconnects is not None else None
        ),
        make_command_by_protocol=flag("MakeCommandByProtocol"),
        redundant_polling=flag("RedundantPolling"),
    )


def kind_node(node: Node) -> Node | None:
    """Return the element of a ``Connection`` that says its type, in the newer way."""
    return next((child for child in node.children if child.name in KINDS), None)


def _overlay(below: Connection | None, node: Node) -> Connection:
    """Read one ``Connection``, over what the other syntax says of it."""
    kind = kind_node(node)
    name = node.attributes.get("name", "").strip()
    if kind is None:  # the older variant
        found, single = connection_type(node.text_at("Type"))
        kind = node
    else:
        found, single = KINDS[kind.name], bool(truth(kind.attributes.get("single", "")))
    settings = kind.first("UserSettings")
    port = port_settings(settings, name) if settings is not None else PortSettings(name)
    if below is not None:
        port = _merged(below.port, port)
    options = kind.first("CommunicationOptions")
    return Connection(
        found or (below.type if below is not None else ConnectionType.VIRTUAL),
        name or (below.name if below is not None else ""),
        single or (below is not None and below.single),
        _communication(options)
        if options is not None
        else below.communication
        if below is not None
        else CommunicationOptions(),
        port,
        allow_list=truth(kind.text_at("UserSettings/AllowedIPAddresses/Disabled")) is False,
        tls=_setting(settings.first("SslTlsEnabled"), truth) if settings is not None else None,
        place=node.place,
    )


def _merged(below: PortSettings, above: PortSettings) -> PortSettings:
    """Return settings where those `above` that say something count."""
    plain = PortSettings()
    said = {
        name: getattr(above, name)
        for name in PortSettings.__slots__
        if name != "place" and getattr(above, name) != getattr(plain, name)
    }
    return replace(below, **said)


def connection_nodes(root: Node) -> list[tuple[int, Node]]:
    """Return each ``Connection`` with the number that it is about."""
    nodes = list(root.all("Connections/Connection"))
    numbers = [whole(node.attributes.get("id", "")) for node in nodes]
    return [
        (n if number is None else number, node)
        for n, (number, node) in enumerate(zip(numbers, nodes, strict=True))
    ]


def read_connections(root: Node) -> tuple[Connection, ...]:
    """Read all connections; one of the newer syntax lies over the one of its number."""
    connections = _first_syntax(root)
    for number, node in connection_nodes(root):
        if 0 <= number < len(connections):
            connections[number] = _overlay(connections[number], node)
        elif number == len(connections):
            connections.append(_overlay(None, node))
    return tuple(connections)
