"""Connections, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from smartserial.definition.connection import Connection, PortSettings, PortType, Setting
from smartserial.definition.explaining.words import constant, listed, milliseconds, named
from smartserial.definition.framing import Delimiters, Framing, delimiters, framing_of
from smartserial.definition.protocol import Protocol
from smartserial.layout import Block, Grid, Heading

_PORTS = {PortType.IP: "TCP", PortType.UDP: "UDP", PortType.RS232: "a serial line"}


def connections(protocol: Protocol) -> Iterator[Block]:
    """Yield what a definition says of its connections."""
    if protocol.connections:
        yield Heading(1, "Connections")
        rows = [_row(protocol, number, said) for number, said in enumerate(protocol.connections)]
        yield Grid(("id", "name", "type", "default", "units", "options"), tuple(rows))


def _row(protocol: Protocol, number: int, said: Connection) -> tuple[str, ...]:
    kind = said.type.value + (" single" if said.single else "")
    return (
        str(number),
        said.name or "-",
        kind,
        _default(said.port),
        units(protocol, number),
        _options(protocol, said),
    )


def _of(setting: Setting[str] | Setting[int] | Setting[float] | None) -> str:
    return (
        ""
        if setting is None or setting.default is None
        else f"{setting.default:g}"
        if not isinstance(setting.default, str)
        else setting.default
    )


def _default(port: PortSettings) -> str:
    kind = port.type.default if port.type is not None else None
    parts = [_PORTS[kind]] if kind is not None else []
    if kind is PortType.RS232:
        parity = port.parity.default.value[0].upper() if port.parity and port.parity.default else "N"
        frame = f"{_of(port.databits) or '8'}{parity}{_of(port.stopbits) or '1'}"
        parts.append(f"{_of(port.baudrate) or '9600'} {frame}")
    elif port.ip_port is not None:
        parts.append(f"port {_of(port.ip_port)}")
    if port.timeout_time is not None and port.timeout_time.default is not None:
        parts.append(f"answers within {milliseconds(port.timeout_time.default)}")
    if port.retries is not None and port.retries.default is not None:
        parts.append(f"{port.retries.default} retries")
    return listed(parts)


def _stuffing(protocol: Protocol, _: int) -> str:
    said = protocol.stuffing
    return f"up to the trailer; {constant(said.escape)} escapes {constant(said.stuffing)}" if said else ""


def _packet_info(protocol: Protocol, number: int) -> str:
    info = protocol.connections[number].communication.packet_info
    if info is None:
        return ""
    order = "little" if info.little_endian else "big"
    counts = "the whole packet" if info.whole else "what follows it"
    return f"a length of {info.width} bytes at {info.offset}, {order}-endian, counts {counts}"


def _delimited(protocol: Protocol, number: int) -> str:
    return listed(_between(pair) for pair in delimiters(protocol, number) if pair.trailer is not None)


def _between(pair: Delimiters) -> str:
    ends = [
        constant(param.interprete.value if param.interprete else None)
        for param in (pair.header, pair.trailer)
        if param is not None
    ]
    return f"{ends[0]} to {ends[1]}" if len(ends) > 1 else f"up to {ends[0]}"


def _time(protocol: Protocol, number: int) -> str:
    size = protocol.connections[number].communication.max_receive_buffer
    return "what comes within 15 ms" + (f", {size} bytes at most" if size is not None else "")


_UNITS: Mapping[Framing, Callable[[Protocol, int], str]] = {
    Framing.STUFFING: _stuffing,
    Framing.PACKET_INFO: _packet_info,
    Framing.UNLINKED: _delimited,
    Framing.LINKED: _delimited,
    Framing.TIME: _time,
}


def units(protocol: Protocol, number: int) -> str:
    """Return how the bytes of a connection become units."""
    framing = framing_of(protocol, number)
    return _UNITS[framing](protocol, number) if framing is not None else "answers to commands"


def _options(protocol: Protocol, said: Connection) -> str:
    options = said.communication
    parts = []
    if options.smart_ip_header:
        parts.append("each unit begins with its sender's address")
    if options.max_concurrent_connections is not None:
        parts.append(f"{options.max_concurrent_connections} clients at most")
    if options.notify_connection_pids is not None:
        connects, disconnects = (named(protocol.param, pid) for pid in options.notify_connection_pids)
        parts.append(f"who comes is in param {connects}, who goes in param {disconnects}")
    if options.make_command_by_protocol:
        parts.append("commands are made when their group is queued")
    if options.redundant_polling:
        parts.append("the other connection is tried on a timeout")
    if said.allow_list:
        parts.append("elements may list allowed addresses")
    return listed(parts)
