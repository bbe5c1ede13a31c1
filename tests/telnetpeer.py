"""The other side of a telnet connection, as simple as can be."""

from __future__ import annotations

import re

from smartserial.telnet.codes import Command, Option
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
        self.switches: list[tuple[int, bool]] = []  # from which byte on it is BINARY, or not any more
        self._binary = False
        self._after_cr = False

    def hear(self, wire: bytes) -> None:
        while self.switches and self.switches[0][0] <= self.heard + len(wire):
            place, binary = self.switches.pop(0)
            before, wire = wire[: place - self.heard], wire[place - self.heard :]
            self._decode(before)
            assert not self.rest, "a switch within a command"
            self._binary, self._after_cr = binary, False
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

    def write(self, data: bytes) -> None:
        if self.connected:
            self.written.hear(data)
        super().write(data)

    def take(self, count: int = 1 << 30) -> None:
        before = len(self.taken)
        super().take(count)
        self.peer.hear(self.taken[before:])

    def switch(self, binary: bool) -> None:
        """Let the peer know that what is written from now on is BINARY, or not any more."""
        for peer in (self.peer, self.written):
            peer.switches.append((self.written.heard, binary))

    def unconfirmed(self) -> int:
        return self.owed
