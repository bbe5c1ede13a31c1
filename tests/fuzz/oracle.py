"""What must hold for any bytes that a telnet peer may send; see README.md for the form of an input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle

from smartserial.lines import Lines, LineSettings
from smartserial.telnet.client import ComPortClient
from smartserial.telnet.codec import Decoder, Encoder, Signal, Subnegotiation
from smartserial.telnet.codes import Command, Option
from smartserial.telnet.comport import Code
from smartserial.telnet.connection import Connection
from smartserial.telnet.options import CLIENT, MOST_ANSWERS, SERVER, Agreed
from tests.fakecomport import Served, answered
from tests.telnetinput import merged

OF_CLIENT, LATER, STRICT = 1, 2, 4  # bits of the first byte
MOST_SIZES = 15
MOST_SINGLE = 200  # bytes of a stream that is also taken byte by byte, however else it is cut
MOST_KEPT = 520  # bytes of an unfinished command
WANTED = LineSettings(19200, 7)


@dataclass(frozen=True)
class Case:
    """One input.

    Args:
        flags: the bits above.
        sizes: of the pieces in which the stream comes, less one, used in turn; none: it comes in one piece.
        stream: what the peer sends.
    """

    flags: int
    sizes: bytes
    stream: bytes

    def encode(self) -> bytes:
        """Return it as an input of the fuzzer."""
        return bytes([self.flags, len(self.sizes)]) + self.sizes + self.stream

    def pieces(self) -> Iterator[bytes]:
        """Cut the stream."""
        sizes = cycle(self.sizes) if self.sizes else cycle([len(self.stream)])
        place = 0
        while place < len(self.stream):
            size = next(sizes) + 1
            yield self.stream[place : place + size]
            place += size


def case(data: bytes) -> Case:
    """Return the case that an input of the fuzzer means; missing bytes are 0."""
    flags, count = (data + b"\0\0")[:2]
    count &= MOST_SIZES
    return Case(flags, data[2 : 2 + count], data[2 + count :])


class End:
    """One end of a connection, with what it was made to do."""

    def __init__(self, case: Case) -> None:
        self.connection = Connection(CLIENT if case.flags & OF_CLIENT else SERVER)
        self.answers = b""
        self.done: list[object] = []
        self.connection.greet()

    def feed(self, piece: bytes) -> None:
        """Let it hear a piece."""
        for event in self.connection.receive(piece, 0.0):
            self.take(event)
        self.answers += self.connection.answers
        self.connection.answers = b""
        assert len(self.answers) <= 3 * MOST_ANSWERS, "too much is answered"
        assert len(self.connection._decoder._rest) <= MOST_KEPT, "too much is kept"

    def take(self, event: bytes | Signal | Subnegotiation | Agreed) -> None:
        """Take an event."""
        self.done.append(event)

    def outcome(self) -> tuple[object, ...]:
        """Return all that pieces may not change."""
        oddities: Counter[str] = self.connection.oddities
        return merged(self.done), self.answers, oddities, self.connection.undecided


class ServerEnd(End):
    """As a share serves its clients: requests act in their order with data."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.served = Served(opened=False)
        self.served.port.later = bool(case.flags & LATER)
        self.payloads: list[bytes] = []

    def feed(self, piece: bytes) -> None:
        super().feed(piece)
        self.served.server.flush()

    def take(self, event: bytes | Signal | Subnegotiation | Agreed) -> None:
        super().take(event)
        match event:
            case Subnegotiation(option=Option.COM_PORT):
                self.payloads.append(event.payload)
                self.served.server.receive(event.payload)
            case Agreed():
                self.served.server.open()
            case bytes() | Signal():
                self.settle()
                self.served.port.calls.append(("data", event))

    def settle(self) -> None:
        """Let all changes come to their end."""
        self.served.server.flush()
        while self.served.port.perform():
            pass
        assert self.served.server.quiet, "something waits for nothing"

    def outcome(self) -> tuple[object, ...]:
        self.settle()
        said, port = self.served.said, self.served.port
        begun = [payload for payload in said if payload[0] != 100 + Code.NOTIFY_MODEMSTATE]
        requests = answered(self.payloads)
        polls = requests.count(Code.NOTIFY_MODEMSTATE)
        assert len(said) - len(begun) in (polls, polls + 1), "the modem lines are told too often"
        codes = [code + 100 for code in requests if code is not Code.NOTIFY_MODEMSTATE]
        assert [payload[0] for payload in begun] == codes, "not one answer for each request"
        calls = merged(wanted if kind == "data" else (kind, wanted) for kind, wanted in port.single_changes())
        return *super().outcome(), said, calls, port.settings, port.lines, self.served.server.ignored


class ClientEnd(End):
    """As a remote port speaks to its server."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.ends: list[tuple[bool, str]] = []
        self.client = ComPortClient(self.tell, self.changed, self.suspend, bool(case.flags & STRICT))
        self.client.agree()
        self.client.ask(self.end)
        self.client.change(WANTED, self.end)
        self.client.drive(Lines(dtr=False, rts=True, brk=True), self.end)

    def take(self, event: bytes | Signal | Subnegotiation | Agreed) -> None:
        super().take(event)
        if isinstance(event, Subnegotiation) and event.option == Option.COM_PORT:
            self.client.receive(event.payload)

    def tell(self, payload: bytes) -> None:
        self.done.append(("told", payload))

    def changed(self) -> None:
        self.done.append(("changed", self.client.settings, self.client.lines, self.client.modem))

    def suspend(self, suspended: bool) -> None:
        self.done.append(("suspend", suspended))

    def end(self, ok: bool, text: str) -> None:
        self.ends.append((ok, text))

    def outcome(self) -> tuple[object, ...]:
        self.client.timed_out()
        assert len(self.ends) == 3, "a round does not end, or ends twice"
        client = self.client
        return *super().outcome(), self.ends, client.settings, client.lines, client.counts, client.ignored


def run(case: Case) -> tuple[object, ...]:
    """Return what comes of a case."""
    end = ClientEnd(case) if case.flags & OF_CLIENT else ServerEnd(case)
    for piece in case.pieces():
        end.feed(piece)
    return end.outcome()


def check_data(case: Case) -> None:
    """The stream as data arrives, in both modes, in whatever pieces it is written."""
    for binary in (False, True):
        encoder, decoder = Encoder(), Decoder()
        encoder.set_binary(binary)
        decoder.binary = binary
        wire = [encoder.data(piece) for piece in case.pieces()]
        wire.append(encoder.command(bytes([Command.IAC, Command.NOP])))
        events = merged(event for piece in wire for event in decoder.events(piece))
        expected = [case.stream] if case.stream else []
        assert events == [*expected, Signal(Command.NOP)], "data does not arrive"


def check(data: bytes) -> None:
    """Fail with an exception if anything that must hold does not.

    Nothing may be raised; nothing may depend on the pieces in which bytes come; little is kept; each
    request of a client is answered once, and each round of requests to a server ends.
    """
    this = case(data)
    whole = run(replace(this, sizes=b""))
    for sizes in (this.sizes, b"\0") if len(this.stream) <= MOST_SINGLE else (this.sizes,):
        assert run(replace(this, sizes=sizes)) == whole, "pieces make a difference"
    check_data(this)
