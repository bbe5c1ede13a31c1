"""Connections, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from smartserial.definition.connection import Connection, PortSettings, PortType, Setting
from smartserial.definition.explaining.parts import tail
from smartserial.definition.explaining.words import (
    constant,
    encoding_of,
    listed,
    many,
    milliseconds,
    named,
    ordinal,
    sent,
)
from smartserial.definition.framing import Delimiters, Framing, delimiters, framing_of, taken
from smartserial.definition.languages.stuffing import Stuffing
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.text import Encoding
from smartserial.layout import Block, Grid, Heading

_PORTS = {PortType.IP: "TCP", PortType.UDP: "UDP", PortType.RS232: "a serial line"}
_SILENCE = "what comes within 15 ms"


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
        parts.append(many(port.retries.default, "retry", "retries"))
    return listed(parts)


def escaped(said: Stuffing) -> str:
    """Return how bytes are escaped."""
    text = f"{constant(said.escape)} escapes {constant(said.stuffing)}"
    if said.allowed:
        text += f", unless {' or '.join(map(constant, said.allowed))} follows"
    ends = (("first", said.start_offset), ("last", said.end_offset))
    apart = [f"the {end} {many(count, 'byte') if count > 1 else 'byte'}" for end, count in ends if count]
    return text + (f", but not in {' and '.join(apart)}" if apart else "")


def _stuffing(protocol: Protocol, number: int) -> str:
    assert protocol.stuffing is not None  # else it would not be asked for
    if taken(protocol, number):
        encoding = encoding_of(protocol)
        ends = listed(_between(pair, encoding) for pair in taken(protocol, number))
    elif any(pair.trailer is not None for pair in delimiters(protocol, number)):
        ends = _SILENCE
    else:
        ends = "none, for want of a trailer"
    return f"{ends}; {escaped(protocol.stuffing)}"


def _packet_info(protocol: Protocol, number: int) -> str:
    info = protocol.connections[number].communication.packet_info
    if info is None:
        return ""
    order = "" if info.width == 1 else "little-endian, " if info.little_endian else "big-endian, "
    counts = "the whole packet" if info.whole else "what follows it"
    return f"a length of {many(info.width, 'byte')} at {info.offset}, {order}counts {counts}"


def _delimited(protocol: Protocol, number: int) -> str:
    encoding = encoding_of(protocol)
    return listed(
        _between(pair, encoding) + _tail(protocol, number, pair) for pair in taken(protocol, number)
    )


def _tail(protocol: Protocol, number: int, pair: Delimiters) -> str:
    """Return what still belongs to a unit behind its trailer."""
    count = tail(protocol, number, pair.trailer.id) if pair.trailer is not None else 0
    return f" and {many(count, 'byte')} after it" if count else ""


def _between(pair: Delimiters, encoding: Encoding) -> str:
    assert pair.trailer is not None  # else it would not be taken
    end = sent(pair.trailer, encoding)
    if pair.trailer.times > 1:
        end += f" the {ordinal(pair.trailer.times)} time"
    return f"{sent(pair.header, encoding)} to {end}" if pair.header is not None else f"up to {end}"


def _time(protocol: Protocol, number: int) -> str:
    said = protocol.connections[number]
    size = said.communication.max_receive_buffer
    datagrams = "; over UDP each datagram" if said.port.flush_per_datagram else ""
    return _SILENCE + (f", {many(size, 'byte')} at most" if size is not None else "") + datagrams


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
        parts.append(f"{many(options.max_concurrent_connections, 'client')} at most")
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
