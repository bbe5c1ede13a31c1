"""Laws of the telnet codec: however a stream is cut, whatever is in it."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.telnet.codec import Decoder, Encoder, Event, Signal, Subnegotiation
from smartserial.telnet.codes import Command
from smartserial.telnet.escape import escape, unescape
from tests.telnetinput import CUTS, DATA, REQUESTS, SIGNALS, SUBNEGOTIATIONS, WIRE, by_size, cut, merged
from tests.test_telnet_codec import decode, encode

EVENTS: st.SearchStrategy[list[Event]] = st.lists(
    DATA.filter(bool) | SIGNALS | REQUESTS | SUBNEGOTIATIONS, max_size=12
)
# In blocks, so that data is sparse, dense, or begins as one and goes on as the other.
BLOCKS = st.lists(
    st.sampled_from((b"x" * 500, b"\xff" * 500, b"\xff", b"\xff" * 7, b"\xffx" * 200, b"\0\xff\r"))
    | st.binary(max_size=9),
    max_size=8,
).map(b"".join)


def doubled(data: bytes) -> bytes:
    """Double each 255, the slow way."""
    wire = bytearray()
    for byte in data:
        wire += bytes([byte, byte] if byte == 255 else [byte])
    return bytes(wire)


def halved(wire: bytes) -> bytes:
    """Make one of each two 255, the slow way."""
    data = bytearray()
    place = 0
    while place < len(wire):
        data.append(wire[place])
        place += 2 if wire[place : place + 2] == b"\xff\xff" else 1
    return bytes(data)


class DecoderLawTest(SynchronousTestCase):
    @settings(max_examples=400)
    @given(WIRE, CUTS, st.booleans())
    def test_any_pieces_give_the_same_events(self, wire: bytes, places: list[int], binary: bool) -> None:
        self.assertEqual(decode(*cut(wire, places), binary=binary), decode(wire, binary=binary))

    @given(WIRE, st.booleans())
    def test_single_bytes_give_the_same_events(self, wire: bytes, binary: bool) -> None:
        self.assertEqual(decode(*by_size(wire, 1), binary=binary), decode(wire, binary=binary))

    @given(WIRE | st.binary(max_size=2000), CUTS)
    def test_little_is_kept_and_no_data_is_empty(self, wire: bytes, places: list[int]) -> None:
        decoder = Decoder()
        for piece in cut(wire, places):
            self.assertNotIn(b"", list(decoder.events(piece)))
            self.assertLessEqual(len(decoder._rest), 520)
            if b"\xff" not in wire:
                self.assertEqual(decoder._rest, b"")

    @settings(max_examples=400)
    @given(WIRE, st.lists(st.booleans(), min_size=1), CUTS)
    @example(b"\r\xff\xf1\xff\xf1\0", [False, True, False], [3])
    def test_pieces_do_not_matter_where_signals_change_the_mode(
        self, wire: bytes, modes: list[bool], places: list[int]
    ) -> None:
        self.assertEqual(self._switching(cut(wire, places), modes), self._switching([wire], modes))

    def _switching(self, pieces: list[bytes], modes: list[bool]) -> list[Event]:
        decoder = Decoder()
        events: list[Event] = []
        changes = 0
        for piece in pieces:
            for event in decoder.events(piece):
                events.append(event)
                if isinstance(event, Signal):
                    changes += 1
                    decoder.binary = modes[changes % len(modes)]
        return merged(events)


class CodecLawTest(SynchronousTestCase):
    @settings(max_examples=400)
    @given(st.lists(DATA | st.binary()), CUTS, st.booleans())
    def test_data_arrives(self, pieces: list[bytes], places: list[int], binary: bool) -> None:
        encoder = Encoder()
        encoder.set_binary(binary)
        wire = b"".join([encoder.data(piece) for piece in pieces])
        self.assertEqual(
            decode(*cut(wire, places), binary=binary), merged([p for p in [b"".join(pieces)] if p])
        )

    @settings(max_examples=400)
    @given(EVENTS, CUTS, st.booleans())
    def test_everything_arrives(self, events: list[Event], places: list[int], binary: bool) -> None:
        wire = encode(events, binary)
        self.assertEqual(decode(*cut(wire, places), binary=binary), merged(events))

    @given(st.lists(DATA))
    def test_each_piece_can_be_read_at_once(self, pieces: list[bytes]) -> None:
        encoder, decoder = Encoder(), Decoder()
        for piece in pieces:
            self.assertEqual(
                b"".join(e for e in decoder.events(encoder.data(piece)) if isinstance(e, bytes)), piece
            )

    @given(DATA, DATA)
    def test_outside_binary_each_cr_is_followed_by_lf_or_nul(self, first: bytes, second: bytes) -> None:
        encoder = Encoder()
        wire = encoder.data(first) + encoder.data(second) + encoder.command(b"\xff\xf1")
        followers = {wire[place + 1 : place + 2] for place, byte in enumerate(wire) if byte == 13}
        self.assertLessEqual(followers, {b"\n", b"\0"})

    def test_the_limits_of_both_sides_fit(self) -> None:
        events: list[Event] = [Subnegotiation(44, b"\xff" * 255)]
        self.assertEqual(decode(encode(events)), events)
        self.assertEqual(Command(encode(events)[1]), Command.SB)


class EscapeTest(SynchronousTestCase):
    @given(BLOCKS)
    @example(b"x" * 896 + b"\xff" * 127 + b"x" + b"\xff" * 99)
    @example(b"x" * 896 + b"\xff" * 128 + b"\xff" * 99)
    def test_escape(self, data: bytes) -> None:
        self.assertEqual(escape(data), doubled(data))

    @given(BLOCKS)
    @example(b"x" * 896 + b"\xff" * 127 + b"x" + b"\xff" * 99)
    @example(b"x" * 896 + b"\xff" * 128 + b"\xff" * 99)
    @example(b"\xff" * 2001)
    def test_unescape(self, wire: bytes) -> None:
        self.assertEqual(unescape(wire), halved(wire))

    @given(BLOCKS)
    def test_there_and_back(self, data: bytes) -> None:
        self.assertEqual(unescape(escape(data)), data)

    def test_data_without_255_is_not_copied(self) -> None:
        data = b"x" * 5000
        self.assertIs(escape(data), data)
