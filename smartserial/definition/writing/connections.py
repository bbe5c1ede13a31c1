"""Connections, in the older syntax where it can say them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from smartserial.definition.connection import (
    SERIAL_TYPES,
    Connection,
    ConnectionType,
    PortSettings,
    Setting,
    SshSettings,
)
from smartserial.definition.languages.communication import (
    CommunicationOptions,
    PacketInfo,
    print_communication_options,
)
from smartserial.definition.node import Node
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.connections import KINDS
from smartserial.definition.writing.texts import Plain, Said, element, leaf, leaves, parent, text, unless

_SETTINGS = {
    "Type": "type",
    "PortTypeIP": "port_type_ip",
    "PortTypeUDP": "port_type_udp",
    "PortTypeSerial": "port_type_serial",
    "IPport": "ip_port",
    "LocalIPport": "local_ip_port",
    "BusAddress": "bus_address",
    "Baudrate": "baudrate",
    "Databits": "databits",
    "Parity": "parity",
    "Stopbits": "stopbits",
    "Flowcontrol": "flowcontrol",
    "TimeoutTime": "timeout_time",
    "Retries": "retries",
    "TimeoutTimeElement": "timeout_time_element",
    "SlowPoll": "slow_poll",
    "SlowPollBase": "slow_poll_base",
    "PingInterval": "ping_interval",
    "SkipCertificateVerification": "skip_certificate_verification",
}
_ELEMENTS = {kind: name for name, kind in KINDS.items()}
_OPTIONS_ONLY = ("close_connection_on_response", "chunked_html", "postpone_port_initialisation")


def write_connections(protocol: Protocol) -> Iterator[Node]:
    """Yield the elements that say what a definition's connections are.

    The newer syntax cannot say all either: where both are needed, ``Type`` says what only it can, and each
    ``Connection`` the rest. Options that only ``communicationOptions`` can say are those of the first
    connection that has any.
    """
    found = protocol.connections
    serial = [one.communication for one in found if one.type in SERIAL_TYPES]
    if _is_plain(found, serial):
        yield from _type(protocol, serial[0] if serial else CommunicationOptions(), named=True)
        if found != (Connection(ConnectionType.VIRTUAL),):
            yield from _ports(found)
        return
    only = ({name: getattr(one, name) for name in _OPTIONS_ONLY} for one in serial)
    below = next((said for said in only if any(said.values())), None)
    if below is not None or protocol.unicode or protocol.relative_timers is not None:
        yield from _type(protocol, replace(CommunicationOptions(), **(below or {})), named=False)
    yield element("Connections", (_connection(number, one) for number, one in enumerate(found)))


def _is_plain(found: tuple[Connection, ...], serial: list[CommunicationOptions]) -> bool:
    """Tell whether the older syntax can say it all."""
    return len(set(serial)) <= 1 and all(
        not one.allow_list
        and one.tls is None
        and (one.type in SERIAL_TYPES or (not one.single and one.communication == CommunicationOptions()))
        and (one.name == one.port.name or (number > 0 and one.name != ""))
        and (number == 0 or not set(one.name) & set(";:"))
        for number, one in enumerate(found)
    )


def _type(protocol: Protocol, options: CommunicationOptions, *, named: bool) -> Iterator[Node]:
    words = [
        f"{text(one.type)} single" if one.single and one.type in SERIAL_TYPES else text(one.type)
        for one in protocol.connections
    ]
    names = [f":{one.name}" if named and one.name else "" for one in protocol.connections]
    more = [word + name for word, name in zip(words[1:], names[1:], strict=True)]
    relative = "true with reset" if protocol.timers_reset else protocol.relative_timers
    attributes: dict[str, Said | None] = {
        "relativeTimers": relative,
        "advanced": ";".join(more) or None,
        "communicationOptions": print_communication_options(options) or None,
        "options": "unicode" if protocol.unicode else None,
    }
    if words or any(value is not None for value in attributes.values()):
        yield element("Type", words[0] if words else "", **attributes)


def _ports(found: tuple[Connection, ...]) -> Iterator[Node]:
    nodes = [_port_settings("PortSettings", one.port, None, values=False) for one in found]
    yield from nodes[:1]
    if nodes[1:]:
        yield element("Ports", nodes[1:])


def _setting(name: str, value: Setting[Plain] | None, *, values: bool) -> Node | None:
    if value is None:
        return None
    allowed = leaves("Value", value.values)
    return element(
        name,
        (
            leaf("DefaultValue", value.default),
            leaf("Disabled", value.disabled, False),
            parent("Range", (leaf("From", value.low), leaf("To", value.high))),
            *((parent("Values", allowed),) if values else allowed),
        ),
    )


def _ssh(value: SshSettings | None) -> Node | None:
    if value is None:
        return None
    return element(
        "SSH",
        (
            parent(
                "Credentials",
                (
                    parent("Username", (), pid=value.username),
                    parent("Password", (), pid=value.password),
                ),
            ),
            parent("Identity", (), pid=value.identity),
        ),
    )


def _port_settings(name: str, value: PortSettings, of: Connection | None, *, values: bool) -> Node:
    """Return settings; `of` is the connection whose own stand among them, None in the older syntax."""
    beside = "" if of is None else of.name
    made = (_setting(tag, getattr(value, field), values=values) for tag, field in _SETTINGS.items())
    return element(
        name,
        (
            *made,
            leaf("FlushPerDatagram", value.flush_per_datagram, False),
            _ssh(value.ssh),
            _setting("SslTlsEnabled", of.tls, values=values) if of is not None else None,
            element("AllowedIPAddresses", (element("Disabled", "false"),))
            if of is not None and of.allow_list
            else None,
        ),
        name=unless(value.name, beside),
    )


def _packet_info(value: PacketInfo | None) -> Node | None:
    if value is None:
        return None
    return element(
        "PacketInfo",
        (
            element("LengthIdentifierOffset", text(value.offset)),
            element("LengthIdentifierLength", text(value.width)),
            leaf("IncludeLengthIdentifier", value.whole, True),
            leaf("LittleEndian", value.little_endian, False),
        ),
    )


def _communication(value: CommunicationOptions) -> Node | None:
    pids = value.notify_connection_pids
    notify = None
    if pids is not None:
        notify = element(
            "NotifyConnectionPIDs",
            (element("Connections", text(pids[0])), element("Disconnections", text(pids[1]))),
        )
    return parent(
        "CommunicationOptions",
        (
            leaf("MakeCommandByProtocol", value.make_command_by_protocol, False),
            leaf("MaxConcurrentConnections", value.max_concurrent_connections),
            leaf("MaxReceiveBuffer", value.max_receive_buffer),
            notify,
            _packet_info(value.packet_info),
            leaf("RedundantPolling", value.redundant_polling, False),
            leaf("SmartIPHeader", value.smart_ip_header, False),
        ),
    )


def _connection(number: int, value: Connection) -> Node:
    """Return a connection in the newer syntax."""
    kind = _ELEMENTS.get(value.type)
    settings = (
        _communication(value.communication),
        _port_settings("UserSettings", value.port, value, values=True),
    )
    name = value.name or None
    if kind is None:  # only the older variant has a word for it
        return element("Connection", (element("Type", text(value.type)), *settings), id=number, name=name)
    return element(
        "Connection",
        (element(kind, settings, single=unless(value.single, False)),),
        id=number,
        name=name,
    )
