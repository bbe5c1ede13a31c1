"""Which way makes the units of a connection: worked out once, for all of its peers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from smartserial.definition.framing import Delimiters, Framing, delimiters, framing_of
from smartserial.definition.param import Param
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.text import Encoding
from smartserial.engine.framing.content import Content, delimiter_bytes, nested
from smartserial.engine.framing.delimited import Delimited, Delimiter
from smartserial.engine.framing.framer import Framer, Limits
from smartserial.engine.framing.packets import Packets
from smartserial.engine.framing.stuffed import Stuffed, Trailerless
from smartserial.engine.framing.timed import Datagrams, Timed
from smartserial.engine.twins import stand_ins

Plan = Callable[[], Framer]
"""Makes what makes the units of one peer."""

DEFAULT_LIMITS = Limits()


def framing_plan(
    protocol: Protocol,
    connection: int,
    datagrams: bool,
    limits: Limits = DEFAULT_LIMITS,
    code_page: str = "cp1252",
) -> Plan:
    """Return what makes a framer for each peer of a connection.

    Args:
        protocol: the definition.
        connection: its number; a smart-serial one.
        datagrams: it runs over UDP, else over a stream of bytes.
        limits: of what is kept.
        code_page: of constants that are text.

    Raises:
        ValueError: there is no such connection, or it is not smart-serial: there answers are awaited.
    """
    framing = framing_of(protocol, connection)
    if framing is None:
        raise ValueError(f"expected a smart-serial connection, found none at {connection}")
    encoding = Encoding(code_page, protocol.unicode)
    return _PLANS[framing](_Asked(protocol, connection, datagrams, limits, encoding))


class _Asked:
    """What a plan is made from."""

    def __init__(
        self, protocol: Protocol, connection: int, datagrams: bool, limits: Limits, encoding: Encoding
    ) -> None:
        self.protocol, self.connection = protocol, connection
        self.datagrams, self.limits, self.encoding = datagrams, limits, encoding

    def delimiters(self, *, linked: bool) -> tuple[Delimiter, ...]:
        """Return what begins and ends frames; without the bytes of a trailer it ends none."""
        found = (
            self._delimiter(one, one.trailer)
            for one in delimiters(self.protocol, self.connection)
            if one.trailer is not None and linked == (one.link is not None)
        )
        return tuple(one for one in found if one.trailer)

    def _delimiter(self, one: Delimiters, trailer: Param) -> Delimiter:
        header = delimiter_bytes(one.header, self.encoding)
        return Delimiter(header, delimiter_bytes(trailer, self.encoding), trailer.times, self._tail(trailer))

    def _tail(self, trailer: Param) -> int:
        """Return the bytes that follow a trailer in all responses with it; 0 if they differ."""
        inner, heard = nested(self.protocol), stand_ins(self.protocol, self.connection)
        tails = {
            Content(self.protocol, response, self.encoding).size(_after(response.content, trailer.id))
            for response in self.protocol.responses
            if (response.connection or 0) in heard
            and trailer.id in response.content
            and response.id not in inner
        }
        return (tails.pop() or 0) if len(tails) == 1 else 0


def _after(content: tuple[int, ...], param: int) -> int:
    """Return the position after the last occurrence of a param."""
    return len(content) - content[::-1].index(param)


def _stuffing(asked: _Asked) -> Plan:
    stuffing = asked.protocol.stuffing
    assert stuffing is not None  # else it would not be asked for
    found = asked.delimiters(linked=False)
    if found:
        first = found[0]
        plain = Delimiter(first.header, first.trailer, first.times)
        return partial(Stuffed, stuffing, plain, asked.limits.most)
    if asked.delimiters(linked=True):  # as if there were no trailer, but what comes is given
        return partial(Timed, asked.limits.most, asked.limits.delay, stuffing)
    return Trailerless


def _packets(asked: _Asked) -> Plan:
    info = asked.protocol.connections[asked.connection].communication.packet_info
    assert info is not None  # else it would not be asked for
    return partial(Packets, info, asked.limits.most)


def _unlinked(asked: _Asked) -> Plan:
    return _delimited(asked, asked.delimiters(linked=False))


def _linked(asked: _Asked) -> Plan:
    return _delimited(asked, asked.delimiters(linked=True))


def _delimited(asked: _Asked, found: tuple[Delimiter, ...]) -> Plan:
    return partial(Delimited, found, asked.limits.most) if found else _timed(asked)


def _timed(asked: _Asked) -> Plan:
    connection = asked.protocol.connections[asked.connection]
    if asked.datagrams and connection.port.flush_per_datagram:
        return Datagrams
    most = asked.limits.most
    return partial(Timed, min(connection.communication.max_receive_buffer or most, most), asked.limits.delay)


_PLANS: dict[Framing, Callable[[_Asked], Plan]] = {
    Framing.STUFFING: _stuffing,
    Framing.PACKET_INFO: _packets,
    Framing.UNLINKED: _unlinked,
    Framing.LINKED: _linked,
    Framing.TIME: _timed,
}
