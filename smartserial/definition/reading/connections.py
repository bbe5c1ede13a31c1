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

NO_SETTINGS = PortSettings()
"""Nothing is said."""
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
    listed = text.split(";", MOST_CONNECTIONS)[:MOST_CONNECTIONS]
    parts = [part.split(":", 2) for part in listed if part.strip()]
    return [(part[0].strip(), part[1].strip() if len(part) > 1 else "") for part in parts]


def _setting(node: Node | None, parse: Parse[T], below: Setting[T] | None) -> Setting[T] | None:
    """Read one setting; what it does not say is left as it is `below`."""
    if node is None:
        return below
    under = below or Setting()

    def of(path: str, otherwise: T | None) -> T | None:
        text = node.text_at(path)
        return parse(text) if text else otherwise

    values = [*node.all("Value"), *node.all("Values/Value")]
    read = (parse(value.text.strip()) for value in values if value.text.strip())
    disabled = truth(node.text_at("Disabled"))
    return Setting(
        default=of("DefaultValue", under.default),
        disabled=under.disabled if disabled is None else disabled,
        low=of("Range/From", under.low),
        high=of("Range/To", under.high),
        values=tuple(value for value in read if value is not None) if values else under.values,
        place=node.place,
    )


def _bus_address(text: str) -> str | None:
    """Return an address; ``false`` says that there is none."""
    return text if truth(text) is not False else None


def _ssh(node: Node | None, below: SshSettings | None) -> SshSettings | None:
    if node is None:
        return below
    under = below or SshSettings()

    def pid(path: str, otherwise: int | None) -> int | None:
        found = node.first(path)
        return reference(found.attributes.get("pid", "")) if found is not None else otherwise

    return SshSettings(
        pid("Credentials/Username", under.username),
        pid("Credentials/Password", under.password),
        pid("Identity", under.identity),
        place=node.place,
    )


def port_settings(node: Node, name: str = "", below: PortSettings = NO_SETTINGS) -> PortSettings:
    """Read the defaults and limits of a connection's settings.

    Args:
        node: the element that holds them.
        name: theirs, where they do not say one.
        below: settings of which all stays that is not said again, each half of one by itself.
    """

    def of(element: str, parse: Parse[T], under: Setting[T] | None) -> Setting[T] | None:
        return _setting(node.first(element), parse, under)

    flush = truth(node.text_at("FlushPerDatagram"))
    return PortSettings(
        name=node.attributes.get("name", name).strip() or below.name,
        type=of("Type", lambda text: choice(PortType, text), below.type),
        port_type_ip=of("PortTypeIP", truth, below.port_type_ip),
        port_type_udp=of("PortTypeUDP", truth, below.port_type_udp),
        port_type_serial=of("PortTypeSerial", truth, below.port_type_serial),
        ip_port=of("IPport", whole, below.ip_port),
        local_ip_port=of("LocalIPport", whole, below.local_ip_port),
        bus_address=of("BusAddress", _bus_address, below.bus_address),
        baudrate=of("Baudrate", whole, below.baudrate),
        databits=of("Databits", whole, below.databits),
        parity=of("Parity", lambda text: choice(Parity, text), below.parity),
        stopbits=of("Stopbits", decimal, below.stopbits),
        flowcontrol=of("Flowcontrol", lambda text: choice(FlowControl, text), below.flowcontrol),
        timeout_time=of("TimeoutTime", whole, below.timeout_time),
        retries=of("Retries", whole, below.retries),
        timeout_time_element=of("TimeoutTimeElement", whole, below.timeout_time_element),
        slow_poll=of("SlowPoll", whole, below.slow_poll),
        slow_poll_base=of("SlowPollBase", lambda text: choice(SlowPollBase, text), below.slow_poll_base),
        ping_interval=of("PingInterval", whole, below.ping_interval),
        flush_per_datagram=below.flush_per_datagram if flush is None else flush,
        ssh=_ssh(node.first("SSH"), below.ssh),
        skip_certificate_verification=of(
            "SkipCertificateVerification", truth, below.skip_certificate_verification
        ),
        place=node.place,
    )


def port_nodes(root: Node) -> list[Node]:
    """Return the elements with settings, in the order of the connections that they are for.

    Of several for the main connection the first counts.
    """
    return [*[*root.all("PortSettings")][:1], *root.all("Ports/PortSettings")]


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


def communication(node: Node | None, below: CommunicationOptions) -> CommunicationOptions:
    """Read the options of one connection, each an element; what they do not say is left as it is `below`."""
    if node is None:
        return below

    def flag(name: str, otherwise: bool) -> bool:
        said = truth(node.text_at(name))
        return otherwise if said is None else said

    def number(name: str, otherwise: int | None) -> int | None:
        said = whole(node.text_at(name))
        return otherwise if said is None else said

    connects = reference(node.text_at("NotifyConnectionPIDs/Connections"))
    disconnects = reference(node.text_at("NotifyConnectionPIDs/Disconnections"))
    notified = (connects, disconnects) if connects is not None and disconnects is not None else None
    return replace(
        below,
        max_receive_buffer=number("MaxReceiveBuffer", below.max_receive_buffer),
        packet_info=_packet_info(node.first("PacketInfo")) or below.packet_info,
        smart_ip_header=flag("SmartIPHeader", below.smart_ip_header),
        max_concurrent_connections=number("MaxConcurrentConnections", below.max_concurrent_connections),
        notify_connection_pids=notified or below.notify_connection_pids,
        make_command_by_protocol=flag("MakeCommandByProtocol", below.make_command_by_protocol),
        redundant_polling=flag("RedundantPolling", below.redundant_polling),
    )


def kind_node(node: Node) -> Node | None:
    """Return the element of a ``Connection`` that says its type, in the newer way."""
    return next((child for child in node.children if child.name in KINDS), None)


def _overlay(below: Connection, node: Node) -> Connection:
    """Read one ``Connection``, over what is said of it before: what it does not say stays."""
    kind = kind_node(node)
    name = node.attributes.get("name", "").strip()
    if kind is None:  # the older variant
        found, single = connection_type(node.text_at("Type"))
        kind, shared = node, False
    else:
        found, single = KINDS[kind.name], bool(truth(kind.attributes.get("single", "")))
        shared = truth(kind.attributes.get("single", "")) is False
    settings = kind.first("UserSettings")
    port, tls, allow_list = replace(below.port, name=name or below.port.name), below.tls, below.allow_list
    if settings is not None:
        port = port_settings(settings, name, below.port)
        tls = _setting(settings.first("SslTlsEnabled"), truth, tls)
        no_list = truth(settings.text_at("AllowedIPAddresses/Disabled"))
        allow_list = allow_list if no_list is None else not no_list
    return Connection(
        found or below.type,
        name or below.name,
        single or (below.single and not shared),
        communication(kind.first("CommunicationOptions"), below.communication),
        port,
        allow_list,
        tls,
        place=node.place,
    )


def connection_nodes(root: Node) -> list[tuple[int, Node]]:
    """Return each ``Connection`` with the number that it is about, in the order of these.

    One without a number is about the connection of its position.
    """
    nodes = list(root.all("Connections/Connection"))
    numbers = [whole(node.attributes.get("id", "")) for node in nodes]
    found = [
        (n if number is None else number, node)
        for n, (number, node) in enumerate(zip(numbers, nodes, strict=True))
    ]
    return sorted(found, key=lambda one: one[0])


def read_connections(root: Node) -> tuple[Connection, ...]:
    """Read all connections; one of the newer syntax lies over the one of its number."""
    connections = _first_syntax(root)
    for number, node in connection_nodes(root):
        if 0 <= number < len(connections):
            connections[number] = _overlay(connections[number], node)
        elif number == len(connections):
            connections.append(_overlay(Connection(ConnectionType.VIRTUAL), node))
    return tuple(connections)
