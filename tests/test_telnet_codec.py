"""The telnet codec in tables: bytes and their events, read both ways where that can be."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from smartserial.telnet.codec import (
    MOST_SUBNEGOTIATION,
    Decoder,
    Encoder,
    Event,
    Oddity,
    Request,
    Signal,
    Subnegotiation,
)
from smartserial.telnet.codes import Command, negotiation, subnegotiation
from tests.telnetinput import NO_SIGNALS, VERBS, by_size, merged

NOP = Signal(Command.NOP)
OVERLONG, ABANDONED, EMPTY = Oddity.OVERLONG, Oddity.ABANDONED, Oddity.EMPTY
FULL = b"x" * (MOST_SUBNEGOTIATION - 1)  # with the option's byte, all that may be

BOTH_WAYS: tuple[tuple[bytes, Sequence[Event]], ...] = (
    (b"", []),
    (b"data", [b"data"]),
    (b"\xff\xff", [b"\xff"]),
    (b"a\xff\xff\xff\xffb\xff\xff", [b"a\xff\xffb\xff"]),
    (b"\xff\xff\xff\xf1\xff\xff", [b"\xff", NOP, b"\xff"]),
    (b"a\xff\xf3b", [b"a", Signal(Command.BRK), b"b"]),
    (b"\xff\xf0", [Signal(Command.SE)]),
    (b"a\xff\xf1\xff\xfb\x2cb", [b"a", NOP, Request(Command.WILL, 44), b"b"]),
    (b"\xff\xfa\x2c\xff\xf0", [Subnegotiation(44, b"")]),
    (b"\xff\xfa\x2c\x01\x00\x00\xff\xff\x00\xff\xf0", [Subnegotiation(44, b"\x01\0\0\xff\0")]),
    (b"\xff\xfa\x2c\x0b\xff\xff\xff\xf0", [Subnegotiation(44, b"\x0b\xff")]),
    (b"\xff\xfa\x18\x01\xff\xf0after", [Subnegotiation(24, b"\x01"), b"after"]),
    (b"\xff\xfa\x00" + FULL + b"\xff\xf0", [Subnegotiation(0, FULL)]),
    (b"\xff\xfa\x00" + b"\xff\xff" * 255 + b"\xff\xf0", [Subnegotiation(0, b"\xff" * 255)]),
    *((bytes([255, code]), [Signal(code)]) for code in range(256) if code not in NO_SIGNALS),
    *((bytes([255, verb, at]), [Request(verb, at)]) for verb in VERBS for at in (0, 44, 240, 250, 255)),
)
ONE_WAY: tuple[tuple[bytes, Sequence[Event]], ...] = (
    (b"\xff\xfa\xff\xf0x", [EMPTY, b"x"]),
    (b"\xff\xfa\x2c\x01\xff\xf1x", [ABANDONED, NOP, b"x"]),
    (b"\xff\xfa\xff\xf1", [ABANDONED, NOP]),
    (b"\xff\xfa\x2c\x01\xff\xfd\x00x", [ABANDONED, Request(Command.DO, 0), b"x"]),
    (b"\xff\xfa\x2c\x01\xff\xfa\x2c\x02\xff\xf0", [ABANDONED, Subnegotiation(44, b"\x02")]),
    (b"\xff\xfa\xff\xff\x01\xff\xf0", [Subnegotiation(255, b"\x01")]),
    (b"\xff\xfa\x2c" + FULL + b"x\xff\xf0after", [OVERLONG, b"after"]),
    (b"\xff\xfa\x2c" + b"\xff\xff" * 256 + b"\xff\xf0after", [OVERLONG, b"after"]),
    (b"\xff\xfa\x2c" + FULL + b"x\xff\xf1after", [OVERLONG, NOP, b"after"]),
    (b"\xff\xfa\x2c" + FULL * 9 + b"\xff\xff" + FULL + b"\xff\xf0a\xff\xf1", [OVERLONG, b"a", NOP]),
    (b"\xff\xfa\x2c" + FULL + b"x\xff\xfa\x2c\x05\xff\xf0", [OVERLONG, Subnegotiation(44, b"\x05")]),
)
# What is not yet finished at the end, how it may go on, and the events then.
UNFINISHED: tuple[tuple[bytes, bytes, Sequence[Event]], ...] = (
    (b"\xff", b"\xff", [b"\xff"]),
    (b"\xff", b"\xf1", [NOP]),
    (b"\xff", b"\xfd\x01", [Request(Command.DO, 1)]),
    *((bytes([255, verb]), b"\xff", [Request(verb, 255)]) for verb in VERBS),
    (b"\xff\xfa", b"\xff\xf0", [EMPTY]),
    (b"\xff\xfa\x2c", b"\xff\xf0", [Subnegotiation(44, b"")]),
    (b"\xff\xfa\x2c\x0b\xff", b"\xff\xff\xf0", [Subnegotiation(44, b"\x0b\xff")]),
    (b"\xff\xfa\x2c\x0b\xff", b"\xf0", [Subnegotiation(44, b"\x0b")]),
    (b"\xff\xfa\x2c\x0b\xff", b"\xf1", [ABANDONED, NOP]),
    (b"\xff\xfa\x2c\x0b\xff\xff", b"\xff\xf0", [Subnegotiation(44, b"\x0b\xff")]),
    (b"\xff\xfa\x2c" + FULL, b"x", [OVERLONG]),
)
# Pieces of data in an NVT direction, and what is delivered for each.
NVT: tuple[tuple[list[bytes], list[list[Event]]], ...] = (
    ([b"a\r\0b"], [[b"a\rb"]]),
    ([b"a\r\nb"], [[b"a\r\nb"]]),
    ([b"\r\r\0\r\n"], [[b"\r\r\r\n"]]),
    ([b"\0\n\0"], [[b"\0\n\0"]]),
    ([b"\r\0\0"], [[b"\r\0"]]),
    ([b"\r\xff\xff\0"], [[b"\r\xff\0"]]),
    ([b"a\r", b"\0b"], [[b"a\r"], [b"b"]]),
    ([b"a\r", b"\nb"], [[b"a\r"], [b"\nb"]]),
    ([b"a\r", b"\0"], [[b"a\r"], []]),
    ([b"a\r", b"\0", b"\0"], [[b"a\r"], [], [b"\0"]]),
    ([b"a\r", b"b", b"\0"], [[b"a\r"], [b"b"], [b"\0"]]),
    ([b"\r", b"\0\r", b"\0"], [[b"\r"], [b"\r"], []]),
    ([b"\r", b"", b"\0x"], [[b"\r"], [], [b"x"]]),
    ([b"\r\xff\xf1\0x"], [[b"\r", NOP, b"x"]]),
    ([b"\r", b"\xff\xf1", b"\0x"], [[b"\r"], [NOP], [b"x"]]),
    ([b"\r", b"\xff", b"\xf1\0x"], [[b"\r"], [], [NOP, b"x"]]),
    ([b"\r", b"\xff\xfa\x2c\xff\xf0\0x"], [[b"\r"], [Subnegotiation(44, b""), b"x"]]),
)
# Pieces of data for an NVT direction, and how each goes over the wire.
TO_NVT: tuple[tuple[list[bytes], list[bytes]], ...] = (
    ([b"", b"text", b"\0\n"], [b"", b"text", b"\0\n"]),
    ([b"a\rb"], [b"a\r\0b"]),
    ([b"a\r\nb"], [b"a\r\nb"]),
    ([b"\r\0"], [b"\r\0\0"]),
    ([b"\r\xff"], [b"\r\0\xff\xff"]),
    ([b"\r\r\n\r"], [b"\r\0\r\n\r"]),
    ([b"\r", b"x"], [b"\r", b"\0x"]),
    ([b"\r", b"\n"], [b"\r", b"\n"]),
    ([b"\r", b"\r", b"\n"], [b"\r", b"\0\r", b"\n"]),
    ([b"\r", b"\0"], [b"\r", b"\0\0"]),
    ([b"\r", b"", b"x"], [b"\r", b"", b"\0x"]),
    ([b"\r", b"\xff", b"x"], [b"\r", b"\0\xff\xff", b"x"]),
)


def decode(*pieces: bytes, binary: bool = False) -> list[Event]:
    """Return the events of pieces, with data side by side made one."""
    decoder = Decoder()
    decoder.binary = binary
    return merged(event for piece in pieces for event in decoder.events(piece))


def encode(events: Sequence[Event], binary: bool = False) -> bytes:
    """Return what goes over the wire for events."""
    encoder = Encoder()
    encoder.set_binary(binary)
    wire = b""
    for event in events:
        match event:
            case bytes():
                wire += encoder.data(event)
            case Signal():
                wire += encoder.command(bytes([Command.IAC, event.code]))
            case Request():
                wire += encoder.command(negotiation(event.verb, event.option))
            case Subnegotiation():
                wire += encoder.command(subnegotiation(event.option, event.payload))
    return wire


class DecoderTest(SynchronousTestCase):
    maxDiff = None

    def test_events(self) -> None:
        for wire, events in (*BOTH_WAYS, *ONE_WAY):
            for binary in (False, True):
                self.assertEqual(decode(wire, binary=binary), events, wire)

    def test_in_pieces(self) -> None:
        for wire, events in (*BOTH_WAYS, *ONE_WAY):
            for size in (1, 2, 3, 7, 100, 512, 513):
                self.assertEqual(decode(*by_size(wire, size)), events, (wire, size))

    def test_the_table_has_all_signals(self) -> None:
        signals = {event.code for _, events in BOTH_WAYS for event in events if isinstance(event, Signal)}
        self.assertEqual(signals | NO_SIGNALS, set(range(256)))

    def test_unfinished(self) -> None:
        for first, rest, events in UNFINISHED:
            for binary in (False, True):
                self.assertEqual(decode(b"a" + first, binary=binary), [b"a"], first)
                self.assertEqual(decode(b"a" + first, rest, binary=binary), merged([b"a", *events]))

    def test_data_before_an_unfinished_command_is_not_kept_back(self) -> None:
        decoder = Decoder()
        self.assertEqual(list(decoder.events(b"a\xff\xffb\xff")), [b"a\xffb"])
        self.assertEqual(list(decoder.events(b"\xff\xff\xff")), [b"\xff\xff"])
        self.assertEqual(list(decoder.events(b"\xff\xff\xff\xff\xff")), [b"\xff\xff"])
        self.assertEqual(list(decoder.events(b"\xf1")), [NOP])

    def test_an_overlong_subnegotiation_is_told_once_and_at_once(self) -> None:
        decoder = Decoder()
        self.assertEqual(list(decoder.events(b"\xff\xfa\x2c" + FULL)), [])
        self.assertEqual(list(decoder.events(b"x")), [OVERLONG])
        for piece in (b"x" * 9000, b"\xff", b"\xff", b"\xff\xff\xff", b"\xff" + FULL, b"\xff"):
            self.assertEqual(list(decoder.events(piece)), [], piece)
        self.assertEqual(list(decoder.events(b"\xf0after")), [b"after"])

    def test_what_is_kept_of_an_open_subnegotiation_is_bounded(self) -> None:
        for piece, total in ((b"x", 3000), (b"x" * 777, 1 << 20), (b"\xff", 3000), (b"\xff" * 1001, 1 << 20)):
            decoder = Decoder()
            most = 0
            for part in [b"\xff\xfa\x2c", *[piece] * (total // len(piece))]:
                for _ in decoder.events(part):
                    pass
                most = max(most, len(decoder._rest))
            self.assertLessEqual(most, 520)

    def test_plain(self) -> None:
        decoder = Decoder()
        self.assertFalse(decoder.plain)
        decoder.binary = True
        self.assertTrue(decoder.plain)
        for wire, plain in (
            (b"x\r", True),
            (b"\xff", False),
            (b"\xff", True),
            (b"\xff\xfa\x2c", False),
            (b"\x01\xff\xf0", True),
            (b"\xff\xfa" + FULL + b"xx", False),
            (b"x", False),
            (b"\xff\xf0", True),
        ):
            for _ in decoder.events(wire):
                pass
            self.assertEqual(decoder.plain, plain, wire)


class NvtTest(SynchronousTestCase):
    def test_cr(self) -> None:
        for pieces, events in NVT:
            decoder = Decoder()
            self.assertEqual([list(decoder.events(piece)) for piece in pieces], events, pieces)

    def test_binary_changes_nothing(self) -> None:
        for pieces, _ in NVT:
            wire = b"".join(pieces)
            plain = wire.replace(b"\xff\xf1", b"").replace(b"\xff\xfa\x2c\xff\xf0", b"")
            data = b"".join(e for e in decode(*pieces, binary=True) if isinstance(e, bytes))
            self.assertEqual(data, plain.replace(b"\xff\xff", b"\xff"), pieces)

    def test_a_cr_is_forgotten_where_the_mode_changes(self) -> None:
        for first in (False, True):
            decoder = Decoder()
            decoder.binary = first
            self.assertEqual(list(decoder.events(b"\r\xff\xf1")), [b"\r", NOP])
            decoder.binary = not first
            self.assertEqual(list(decoder.events(b"\0")), [b"\0"])

    def test_a_cr_is_forgotten_though_the_mode_changes_back(self) -> None:
        for between in (b"x", b"\xff\xf1"):
            decoder = Decoder()
            self.assertEqual(list(decoder.events(b"\r")), [b"\r"])
            decoder.binary = True
            self.assertEqual(len(list(decoder.events(between))), 1)
            decoder.binary = False
            self.assertEqual(list(decoder.events(b"\0")), [b"\0"])

    def test_the_mode_may_change_between_two_events_of_a_piece(self) -> None:
        decoder = Decoder()
        events = []
        for event in decoder.events(b"\r\0\xff\xf1\r\0\xff\xf1\r\0"):
            events.append(event)
            if event == NOP:
                decoder.binary = not decoder.binary
        self.assertEqual(events, [b"\r", NOP, b"\r\0", NOP, b"\r"])


class EncoderTest(SynchronousTestCase):
    maxDiff = None

    def test_events(self) -> None:
        for wire, events in BOTH_WAYS:
            for binary in (False, True):
                self.assertEqual(encode(events, binary), wire, events)

    def test_cr(self) -> None:
        for pieces, wire in TO_NVT:
            encoder = Encoder()
            self.assertEqual([encoder.data(piece) for piece in pieces], wire, pieces)

    def test_cr_in_binary(self) -> None:
        for pieces, _ in TO_NVT:
            encoder = Encoder()
            encoder.set_binary(True)
            doubled = [piece.replace(b"\xff", b"\xff\xff") for piece in pieces]
            self.assertEqual([encoder.data(piece) for piece in pieces], doubled)

    def test_a_command_closes_a_cr(self) -> None:
        encoder = Encoder()
        self.assertEqual(encoder.data(b"a\r"), b"a\r")
        self.assertEqual(encoder.command(b"\xff\xf1"), b"\0\xff\xf1")
        self.assertEqual(encoder.command(b"\xff\xf1"), b"\xff\xf1")
        self.assertEqual(encoder.data(b"\n"), b"\n")

    def test_a_cr_in_binary_is_not_open(self) -> None:
        encoder = Encoder()
        encoder.set_binary(True)
        self.assertEqual(encoder.data(b"\r"), b"\r")
        self.assertEqual(encoder.command(b"\xff\xf1"), b"\xff\xf1")
        encoder.set_binary(False)
        self.assertEqual(encoder.data(b"x\rx"), b"x\r\0x")

    def test_a_cr_is_forgotten_where_the_mode_changes(self) -> None:
        encoder = Encoder()
        self.assertEqual(encoder.data(b"\r"), b"\r")
        encoder.set_binary(True)
        self.assertEqual(encoder.data(b"x"), b"x")
