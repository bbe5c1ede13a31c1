"""The other side of a telnet connection, as simple as can be."""

from __future__ import annotations

import re
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from zope.interface import implementer

from smartserial.channels.telnet.layer import TelnetProtocol
from smartserial.channels.telnet.wire import TelnetTransport
from smartserial.interfaces import ITelnetProtocol
from smartserial.telnet.codes import Command, Option
from smartserial.telnet.options import SERVER, Agreed, Policy
from tests.fakes import FakeTransport

WILL, WONT, DO, DONT = Command.WILL, Command.WONT, Command.DO, Command.DONT
GREETING = [
    bytes([verb, option])
    for verb, option in ((WILL, 0), (DO, 0), (WILL, 3), (DO, 3), (WILL, 1), (DO, 44))
]  # fmt: skip
_TOKEN = re.compile(
    rb"(?P<data>[^\xff]+)|(?P<pairs>(?:\xff\xff)+)|\xff(?P<option>[\xfb-\xfe].)"
    rb"|\xff(?P<sub>\xfa.(?:[^\xff]|\xff\xff)*)\xff\xf0|\xff(?P<signal>[\xec-\xf9])",
    re.DOTALL,
)


def option(verb: int, number: int) -> bytes:
    """Return WILL, WONT, DO or DONT as it goes over the wire."""
    return bytes([255, verb, number])


def com_port(code: int, value: bytes = b"") -> bytes:
    """Return a message of the COM port option as it goes over the wire."""
    return b"\xff\xfa\x2c" + (bytes([code]) + value).replace(b"\xff", b"\xff\xff") + b"\xff\xf0"


BINARY = option(WILL, Option.BINARY) + option(DO, Option.BINARY)
NVT = option(WONT, Option.BINARY) + option(DONT, Option.BINARY)
COM_PORT = option(WILL, Option.COM_PORT)
POLL_MODEM = com_port(7, b"\0")


class Peer:
    """Decodes what it hears; `data` and `said` are what that was."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.said: list[bytes] = []  # commands without IAC; subnegotiations without IAC SE
        self.rest = b""  # an unfinished command
        self.heard = 0
        self.binary_from: int | None = None  # the byte from which on it is BINARY, by a word of ours
        self._binary = False
        self._after_cr = False

    def hear(self, wire: bytes) -> None:
        if self.binary_from is not None and self.binary_from <= self.heard + len(wire):
            before, wire = wire[: self.binary_from - self.heard], wire[self.binary_from - self.heard :]
            self.binary_from = None
            self._decode(before)
            assert not self.rest, "a switch within a command"
            self._binary, self._after_cr = True, False
        self._decode(wire)

    def _decode(self, wire: bytes) -> None:
        self.heard += len(wire)
        wire, place = self.rest + wire, 0
        while (token := _TOKEN.match(wire, place)) is not None:
            self._take(token)
            place = token.end()
        self.rest = wire[place:]
        assert self.rest[:1] in (b"", b"\xff"), self.rest

    def _take(self, token: re.Match[bytes]) -> None:
        kind, text = token.lastgroup, token[token.lastgroup or 0]
        if kind == "data":
            self._take_data(text)
        elif kind == "pairs":
            self.data += text[::2]
            self._after_cr = False
        else:
            self.said.append(text.replace(b"\xff\xff", b"\xff"))
            self._after_cr = False
            if text == bytes([WONT, Option.BINARY]):
                self._binary = False
            elif text == bytes([WILL, Option.BINARY]) and self.said.count(text) > 1:
                self._binary = True  # the first one is the greeting, which asks

    def _take_data(self, text: bytes) -> None:
        if not self._binary:
            if self._after_cr and text.startswith(b"\0"):
                text, self._after_cr = text[1:], False
            self._after_cr = text.endswith(b"\r") if text else self._after_cr
            text = text.replace(b"\r\0", b"\r")
        self.data += text


class Wire(FakeTransport):
    """A transport that remembers all that was written, and whose peer decodes what it takes."""

    def __init__(self, protocol: object = None) -> None:
        super().__init__(protocol)
        self.peer = Peer()
        self.written = Peer()
        self.owed = 0  # bytes of `sent` that the other side has not confirmed
        self.acked: int | None = None  # or, up to where it has confirmed
        self.first_binary: int | None = None  # where BINARY began by the answer to the greeting

    def write(self, data: bytes) -> None:
        if self.connected:
            self.written.hear(data)
        super().write(data)

    def take(self, count: int = 1 << 30) -> None:
        before = len(self.taken)
        super().take(count)
        self.peer.hear(self.taken[before:])

    def drain(self) -> None:
        """Take everything."""
        while self.pending:
            self.take()

    def agree(self) -> None:
        """Agree to BINARY, which the greeting asked for: what is written from now on is that."""
        self.first_binary = self.written.heard
        for peer in (self.peer, self.written):
            peer.binary_from = self.first_binary
        self.say(BINARY)

    def unconfirmed(self) -> int:
        return self.owed if self.acked is None else self.sent - self.acked

    def confirmed(self) -> bytes:
        """Return the data in what has been confirmed."""
        peer = Peer()
        peer.binary_from = self.first_binary
        peer.hear(self.taken[: self.sent - self.unconfirmed()])
        return bytes(peer.data)


class Plain(Protocol):
    """A protocol that knows nothing of telnet; `told` is all that it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    @property
    def data(self) -> bytes:
        return b"".join(told for told in self.told if isinstance(told, bytes))

    def dataReceived(self, data: bytes) -> None:
        self.told.append(data)

    def connectionLost(self, reason: Any = None) -> None:
        self.told.append(reason.type)


@implementer(IHalfCloseableProtocol)
class HalfCloser(Plain):
    """Also hears of halves."""

    def readConnectionLost(self) -> None:
        self.told.append("r")

    def writeConnectionLost(self) -> None:
        self.told.append("w")


@implementer(ITelnetProtocol)
class Listener(HalfCloser):
    """Also hears commands; answers each subnegotiation with the same."""

    def telnet_signal(self, code: int) -> None:
        self.told.append(("signal", code))

    def telnet_subnegotiation(self, option: int, payload: bytes) -> None:
        self.told.append(("sub", option, payload))
        transport: Any = self.transport
        transport.send_subnegotiation(option, payload)

    def telnet_agreed(self, agreed: Agreed) -> None:
        self.told.append(agreed)

    def telnet_paused(self) -> None:
        self.told.append("paused")


class Layer:
    """A protocol on telnet on a `Wire`; the greeting has been read, and is answered if `agreed`."""

    def __init__(self, wrapped: Plain, policy: Policy = SERVER, *, agreed: bool = False) -> None:
        self.clock = Clock()
        self.wrapped = wrapped
        self.protocol = TelnetProtocol(wrapped, policy, self.clock)
        self.wire = Wire(self.protocol)
        self.protocol.makeConnection(self.wire)
        transport: Any = wrapped.transport
        self.upper: TelnetTransport = transport
        self.wire.take()
        if agreed:
            self.wire.agree()

    @property
    def got(self) -> bytes:
        """The data that the peer has, once it has taken everything."""
        self.wire.drain()
        return bytes(self.wire.peer.data)
