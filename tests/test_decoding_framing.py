"""How captured bytes become units: as in the engine, with datagrams, addresses, escapes and many peers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.captures import Piece
from smartserial.decoding import Decoder, Message, NoConnectionError, Unmatched, as_json, as_text
from smartserial.definition import authoring as a
from smartserial.definition.check import load
from smartserial.definition.connection import Connection, PortType, Setting
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.languages.stuffing import Stuffing
from smartserial.definition.param import Param
from smartserial.definition.protocol import Protocol
from smartserial.engine.framing.stuffed import unstuffed
from smartserial.engine.framing.timed import Timed
from smartserial.engine.unit import Lost, Unit
from smartserial.streams.places import Places
from smartserial.verdict import bundled

from .enginestage import read_each

READ, DO_READ = read_each()
ALL = a.text(10, "all")
START, END = a.header(1, "start", b"\x02"), a.trailer(2, "end", b"\x03")
STUFFING = Stuffing(b"\x1b", b"\x1b", command=True, response=True, start_offset=1, end_offset=1)
HEADED = CommunicationOptions(smart_ip_header=True)


def udp(connection: Connection, *, flush: bool = True) -> Connection:
    """The same over UDP."""
    port = replace(connection.port, type=Setting(PortType.UDP), flush_per_datagram=flush)
    return replace(connection, port=port)


def device(connection: Connection, *params: Param, content: Iterable[Param] = (), **more: object) -> Protocol:
    """A device that says these params; the constants among them only where content says so."""
    return Protocol(
        "Device",
        connections=(connection,),
        params=params,
        responses=(a.response(1, "r1", *(content or params)),),
        triggers=(READ,),
        actions=(DO_READ,),
        relative_timers=True,
        **more,  # type: ignore[arg-type]
    )


LINE = a.smart_serial("IP Connection")


def lengths(protocol: Protocol, pieces: Iterable[Piece]) -> list[int]:
    return [one.length for one in Decoder(protocol).decode(pieces)]


BUNDLED = {name: load(path.read_bytes()) for name, path in bundled().items()}
PIECES = st.builds(
    Piece,
    st.binary(max_size=20) | st.text("$*,0A\r\n/!?", max_size=20).map(str.encode),
    st.none() | st.floats(0, 20),
    st.sampled_from(["", "1.2.3.4:5", "x"]),
)


class EachByteTest(SynchronousTestCase):
    @given(st.sampled_from(sorted(BUNDLED)), st.lists(PIECES, max_size=10))
    def test_it_is_told_once(self, name: str, pieces: list[Piece]) -> None:
        """Whatever comes: of each peer in order, with its own bytes, and as JSON that others can read."""
        sent: dict[str, bytes] = {}
        for piece in pieces:
            sent[piece.peer] = sent.get(piece.peer, b"") + piece.data
        ends = dict.fromkeys(sent, 0)
        for one in Decoder(BUNDLED[name]).decode(pieces):
            end = one.offset + one.length
            self.assertEqual(one.offset, ends[one.peer])
            ends[one.peer] = end
            if isinstance(one, Unmatched):
                self.assertEqual(one.data, sent[one.peer][one.offset : end])
                self.assertTrue(one.at is None or one.offset <= one.at <= end)
            json.loads(as_json(one), parse_constant=self.fail)
            self.assertTrue(all(map(str.isprintable, as_text(one).splitlines())))
        self.assertEqual(ends, {peer: len(data) for peer, data in sent.items()})


class DatagramsTest(SynchronousTestCase):
    PIECES = (Piece(b"ab", 1.0, "x"), Piece(b"c", 1.0, "x"), Piece(b"", 1.0, "x"), Piece(b"d", 1.0, "y"))

    def test_a_piece_is_a_datagram(self) -> None:
        self.assertEqual(lengths(device(udp(LINE), ALL), self.PIECES), [2, 1, 1])
        self.assertEqual(lengths(device(udp(LINE, flush=False), ALL), self.PIECES), [3, 1])
        self.assertEqual(lengths(device(replace(udp(LINE), port=LINE.port), ALL), self.PIECES), [3, 1])

    def test_raw_bytes_tell_of_no_datagrams(self) -> None:
        parts = [Piece(b"ab", 0.0, part=True), Piece(b"c", 0.0, part=True)]
        self.assertEqual(lengths(device(udp(LINE), ALL), parts), [3])
        framed = device(udp(LINE), ALL, END)
        self.assertEqual(
            lengths(framed, [Piece(b"a\x03b", 0.0, part=True), Piece(b"\x03", 0.0, part=True)]), [2, 2]
        )


class HeaderTest(SynchronousTestCase):
    """`smartIpHeader` tells the peer that the capture names."""

    def heads(self, protocol: Protocol, *pieces: Piece) -> list[object]:
        found = Decoder(protocol).decode(pieces)
        return [
            (one.offset, one.length, {name: told.raw.hex() for name, told in one.params.items()})
            if isinstance(one, Message)
            else one.reason
            for one in found
        ]

    def test_of_tcp(self) -> None:
        port, host, count = a.text(11, "port", 2), a.text(12, "host", 4), a.text(13, "count", 8)
        protocol = device(a.smart_serial("IP", communication=HEADED), port, host, count, ALL)
        pieces = (
            Piece(b"HI", 0.0, "10.1.2.3:51000"),
            Piece(b"YOU", 1.0, "[::ffff:10.1.2.4]:1"),
            Piece(b"!", 2.0),
        )
        self.assertEqual(
            self.heads(protocol, *pieces, Piece(b"?", 3.0, "mast")),
            [
                (0, 2, {"port": "c738", "host": "0a010203", "count": "0000000000000000", "all": "4849"}),
                (0, 3, {"port": "0001", "host": "0a010204", "count": "0100000000000000", "all": "594f55"}),
                (0, 1, {"port": "0000", "host": "00000000", "count": "0200000000000000", "all": "21"}),
                "no address for smartIpHeader",
            ],
        )

    def test_of_udp(self) -> None:
        host, port = a.text(12, "host", 4), a.text(11, "port", 2)
        protocol = device(udp(a.smart_serial("IP", communication=HEADED)), host, port, ALL)
        found = self.heads(protocol, Piece(b"HI", 0.0, "10.1.2.3:51000"))
        self.assertEqual(found, [(0, 2, {"host": "0a010203", "port": "c738", "all": "4849"})])

    def test_places_behind_it(self) -> None:
        """An offset is one in what came; what fails in the address fails at its start."""
        head, data, bang = a.text(12, "head", 14), a.text(11, "data", 2), a.fixed(13, "bang", "!")
        protocol = device(a.smart_serial("IP", communication=HEADED), head, data, bang)
        [one] = Decoder(protocol).decode([Piece(b"HI?", 0.0, "10.1.2.3:5")])
        assert isinstance(one, Unmatched)
        self.assertEqual((one.offset, one.at, one.param), (0, 2, "bang"))
        short = device(a.smart_serial("IP", communication=HEADED), a.fixed(13, "bang", "!"))
        [one] = Decoder(short).decode([Piece(b"HI", 0.0, "10.1.2.3:5")])
        assert isinstance(one, Unmatched)
        self.assertEqual(one.at, 0)


class PlacesTest(SynchronousTestCase):
    def test_of_what_failed_among_escapes(self) -> None:
        mark, data = a.fixed(3, "mark", "!"), a.text(11, "data", 2)
        protocol = device(LINE, START, data, mark, END, stuffing=STUFFING)
        for wire, at in ((b"\x02\x1b\x1b\x1b\x1b?\x03", 5), (b"\x02ab\x1b\x1b\x03", 3), (b"\x02ab?\x03", 3)):
            [_, one] = Decoder(protocol).decode([Piece(b"\x02ab!\x03" + wire)])
            assert isinstance(one, Unmatched)
            self.assertEqual((one.offset, one.at, one.data), (5, 5 + at, wire))

    @given(
        st.lists(st.sampled_from([b"\x1b\x1b", b"\x1b", b"a", b"\x02"]), max_size=8).map(b"".join),
        st.sampled_from([b"\x1b", b"\x1ba", b"a\x1b"]),
        st.integers(0, 3),
        st.integers(0, 3),
    )
    def test_each_byte_is_found(self, wire: bytes, stuffing: bytes, first: int, last: int) -> None:
        """Places on the wire go up, and have the bytes of the unit, or an escape before them."""
        said = replace(STUFFING, stuffing=stuffing, start_offset=first, end_offset=last)
        protocol = device(LINE, START, ALL, END, stuffing=said)
        unit, places = unstuffed(said, wire), Places(protocol, 0)
        found = [places.on_wire(at, unit, wire) for at in range(len(unit) + 1)]
        self.assertEqual(found, sorted(set(found)))
        self.assertEqual(found[-1], len(wire))
        for at, byte in enumerate(unit):
            escaped = wire.startswith(said.escape + stuffing, found[at])
            self.assertIn(byte, (wire[found[at]], stuffing[0] if escaped else None))

    def test_where_nothing_but_time_makes_units(self) -> None:
        """All of a unit may be escaped then, its ends too."""
        link = a.trailer(2, "end", b"\x03", link=1)
        mark = a.fixed(3, "mark", "!")
        protocol = device(LINE, ALL, mark, link, content=(mark, ALL), stuffing=STUFFING)
        [one] = Decoder(protocol).decode([Piece(b"\x1b\x1b?")])
        assert isinstance(one, Unmatched)
        self.assertEqual((one.at, one.length), (0, 3))


class ConnectionTest(SynchronousTestCase):
    def test_there_is_none(self) -> None:
        two = replace(device(LINE, ALL, END), connections=(LINE, a.serial("Serial Connection")))
        for number in (-1, 2):
            error = self.assertRaises(NoConnectionError, Decoder, two, number)
            there = "there is 0 IP Connection, 1 Serial Connection"
            self.assertEqual(str(error), f"there is no connection {number}: {there}")
        self.assertIn("there is none", str(self.assertRaises(NoConnectionError, Decoder, Protocol("x"))))


class PeersTest(SynchronousTestCase):
    def test_each_is_named_if_the_capture_names_it(self) -> None:
        protocol = device(LINE, ALL, END)
        pieces = [Piece(b"a\x03", None, "10.0.0.5:4001"), Piece(b"b\x03"), Piece(b"c", None, "x\n")]
        found = list(Decoder(protocol).decode(pieces))
        self.assertEqual(
            [json.loads(as_json(one)).get("peer") for one in found], ["10.0.0.5:4001", None, "x\n"]
        )
        self.assertEqual(
            [as_text(one).splitlines()[0] for one in found],
            ["10.0.0.5:4001 0+2 1 r1", "0+2 1 r1", "x\\n 0+1 unmatched: unfinished"],
        )

    def test_of_many_only_those_wake_whose_time_has_come(self) -> None:
        calls = []
        wake = Timed.wake

        def counted(framer: Timed, now: float) -> list[Unit | Lost]:
            calls.append(now)
            return wake(framer, now)

        self.patch(Timed, "wake", counted)
        pieces = [Piece(b"a", 1 + n / 1000, str(n)) for n in range(500)]
        self.assertEqual(lengths(device(LINE, ALL), pieces), [1] * 500)
        self.assertLess(len(calls), 1500)


class AnswersTest(SynchronousTestCase):
    """A connection where answers are awaited."""

    PROTOCOL = device(a.serial("Serial Connection"), a.fixed(3, "mark", "T"), a.text(11, "data", 3))

    @given(st.lists(st.integers(0, 40), max_size=5))
    def test_cut_anywhere(self, cuts: list[int]) -> None:
        stream = b"Tabc" * 5 + b"..Tabc" * 3 + b"T"
        places = [0, *sorted(cuts), len(stream)]
        pieces = [Piece(stream[i:j], 0.0) for i, j in pairwise(places)]
        whole = list(Decoder(self.PROTOCOL).decode([Piece(stream)]))
        self.assertEqual(list(Decoder(self.PROTOCOL).decode(pieces)), whole)
        self.assertEqual([one.length for one in whole][:5], [4] * 5)

    def test_silence_ends_an_answer(self) -> None:
        for pieces in ([b"Ta", b"bc"], [b"Tabc", b"Tabc"]):
            timed = [Piece(data, 2.0 * n) for n, data in enumerate(pieces)]
            expected = list(map(len, pieces))
            self.assertEqual(lengths(self.PROTOCOL, timed), expected)
            self.assertEqual(lengths(self.PROTOCOL, map(Piece, pieces)), expected)

    def test_it_is_told_as_soon_as_the_silence_is_known(self) -> None:
        """A piece without a time has a second of silence behind it."""
        waiting = iter([Piece(b"Ta"), Piece(b"bc", 50.0, "other")])
        found = Decoder(self.PROTOCOL).decode(waiting)
        self.assertEqual(next(found).length, 2)
        self.assertEqual(len(list(waiting)), 1)

    def test_a_long_piece_of_short_answers(self) -> None:
        self.assertEqual(lengths(self.PROTOCOL, [Piece(b"Tabc" * 5000)]), [4] * 5000)
