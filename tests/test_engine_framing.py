"""Units of a smart-serial connection, each way with its examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.connection import Connection, ConnectionType, PortSettings
from smartserial.definition.languages.communication import CommunicationOptions, PacketInfo
from smartserial.definition.languages.optional import Optional
from smartserial.definition.languages.stuffing import Stuffing
from smartserial.definition.languages.typeoptions import TypeOptions
from smartserial.definition.message import Response
from smartserial.definition.param import Interprete, LengthType, Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.engine.framing.backlog import Backlog, BacklogLevel, BacklogLimits
from smartserial.engine.framing.framer import Framer, Limits
from smartserial.engine.framing.plan import framing_plan
from smartserial.engine.framing.smartip import smart_ip_header
from smartserial.engine.unit import Loss, Lost, Unit

SMART = ConnectionType.SMART_SERIAL
DLE = Stuffing(b"\x10", b"\x10", command=True, response=True, start_offset=1, end_offset=1)


def constant(id: int, kind: ParamType, data: str | bytes, *, times: int = 1, **options: int) -> Param:
    """A header, a trailer or a fixed param."""
    said = Interprete(length_type=LengthType.FIXED, value=data)
    return Param(id, f"p{id}", kind, said, options=TypeOptions(**options), times=times)


def ends(
    id: int, header: str | bytes, trailer: str | bytes, link: int | None = None, **more: int
) -> list[Param]:
    """A header and a trailer of one link; an empty header is none."""
    options = {} if link is None else {"header_trailer_link": link}
    head = [constant(id, ParamType.HEADER, header, **options)] if header else []
    return [*head, constant(id + 1, ParamType.TRAILER, trailer, **options, **more)]


def fixed(id: int, length: int, kind: ParamType = ParamType.READ) -> Param:
    return Param(id, f"p{id}", kind, Interprete(length_type=LengthType.FIXED, length=length))


def upto(id: int) -> Param:
    return Param(id, f"p{id}", ParamType.READ, Interprete())


def protocol(params: Iterable[Param] = (), said: Any = None, **fields: Any) -> Protocol:
    """A definition with one smart-serial connection, and a second one that is serial."""
    smart = Connection(SMART, communication=said or CommunicationOptions())
    fields = {"connections": (smart, Connection(ConnectionType.SERIAL))} | fields
    return Protocol("p", params=tuple(params), **fields)


def framer(definition: Protocol, *, udp: bool = False, connection: int = 0, **limits: float) -> Framer:
    return framing_plan(definition, connection, udp, Limits(**limits))()  # type: ignore[arg-type]


def fed(framer: Framer, *chunks: bytes, now: float = 0.0) -> list[Unit | Lost]:
    return [found for chunk in chunks for found in framer.receive(chunk, now)]


def units(found: Iterable[Unit | Lost]) -> list[bytes]:
    return [one.data for one in found if isinstance(one, Unit)]


def lost(found: Iterable[Unit | Lost]) -> list[tuple[int, int, Loss]]:
    return [(one.offset, one.length, one.reason) for one in found if isinstance(one, Lost)]


class StuffingTest(SynchronousTestCase):
    def stuffed(self, params: list[Param], stuffing: Stuffing = DLE, **limits: float) -> Framer:
        return framer(protocol(params, stuffing=stuffing), **limits)

    def test_worked_example(self) -> None:
        found = fed(self.stuffed(ends(1, b"\x02", b"\x03")), bytes.fromhex("02 10 10 41 10 10 03"))
        self.assertEqual(found, [Unit(bytes.fromhex("02 10 41 10 03"), 0, 7)])

    def test_a_trailer_that_is_escaped_does_not_end_a_frame(self) -> None:
        shield = Stuffing(b"\x1b", b"\x03", command=False, response=True)
        found = fed(self.stuffed(ends(1, b"\x02", b"\x03"), shield), bytes.fromhex("02 1B 03 41 03 02 03"))
        self.assertEqual(units(found), [b"\x02\x03A\x03", b"\x02\x03"])

    def test_the_escape_in_front_of_a_trailer(self) -> None:
        """A pair is no escape; one that is left over is."""
        one = self.stuffed(ends(1, b"\x02", b"\x03"))
        self.assertEqual(units(fed(one, bytes.fromhex("02 41 10 10 03"))), [b"\x02A\x10\x03"])
        self.assertEqual(fed(one, bytes.fromhex("02 41 10 03")), [])
        self.assertEqual(
            units(fed(one, bytes.fromhex("10 10 10 03 03"))), [bytes.fromhex("024110031010 0303")]
        )

    def test_no_escape_where_the_end_offset_covers_it(self) -> None:
        sums = Stuffing(b"\x10", b"\x10", command=False, response=True, start_offset=1, end_offset=2)
        found = fed(self.stuffed(ends(1, b"\x02", b"\x03"), sums), bytes.fromhex("02 10 10 10 03"))
        self.assertEqual(units(found), [bytes.fromhex("02 10 10 03")])

    def test_a_trailer_that_begins_with_the_escape(self) -> None:
        one = self.stuffed(
            ends(1, b"\x10\x02", b"\x10\x03"), Stuffing(b"\x10", b"\x10", False, True, (), 2, 2)
        )
        found = fed(one, bytes.fromhex("10 02 41 10 10 03 10 10 10 03"), b"\x10", b"\x02\x10", b"\x03")
        self.assertEqual(units(found), [bytes.fromhex("10 02 41 10 03 10 10 03"), bytes.fromhex("10021003")])

    def test_several_bytes(self) -> None:
        long = Stuffing(b"<<", b"--", command=False, response=True)
        found = fed(self.stuffed(ends(1, "", "--!"), long), b"a<<", b"--!b<", b"<--c--", b"!d")
        self.assertEqual(units(found), [b"a--!b--c--!"])

    def test_offsets(self) -> None:
        """Escapes in front of the start offset, and after the end offset, are data."""
        middle = Stuffing(b"\x10", b"\x10", command=False, response=True, start_offset=3, end_offset=3)
        packet = bytes.fromhex("02 10 10 10 10 10 10 03")
        self.assertEqual(
            units(fed(self.stuffed(ends(1, b"\x02", b"\x03"), middle), packet)),
            [bytes.fromhex("02 10 10 10 10 10 03")],
        )
        short = bytes.fromhex("02 10 10 03")
        self.assertEqual(units(fed(self.stuffed(ends(1, b"\x02", b"\x03"), middle), short)), [short])

    def test_times(self) -> None:
        one = self.stuffed(ends(1, "", b"\x03", times=2))
        self.assertEqual(units(fed(one, b"a\x03b", b"\x03c\x03")), [b"a\x03b\x03"])

    def test_what_is_before_the_header_is_lost(self) -> None:
        found = fed(self.stuffed(ends(1, b"\x02", b"\x03")), b"junk\x02a\x03")
        self.assertEqual(found, [Lost(0, 4, Loss.BEFORE_HEADER), Unit(b"\x02a\x03", 4, 3)])

    def test_without_a_trailer_all_is_lost(self) -> None:
        one = self.stuffed([])
        self.assertEqual(
            lost(fed(one, b"abc", b"", b"d")), [(0, 3, Loss.NO_TRAILER), (3, 1, Loss.NO_TRAILER)]
        )
        self.assertEqual((one.waiting, one.finish()), (0, []))

    def test_with_a_linked_trailer_all_is_given(self) -> None:
        one = self.stuffed(ends(1, b"\x02", b"\x03", link=1))
        self.assertEqual(fed(one, b"a\x10\x10b\x10"), [])
        self.assertEqual(one.wake(0.015), [Unit(b"a\x10b", 0, 4)])
        self.assertEqual(fed(one, b"\x10c", now=0.02), [])
        self.assertEqual(one.wake(0.04), [Unit(b"\x10c", 4, 3)])

    def test_too_long(self) -> None:
        one = self.stuffed(ends(1, b"<", b">"), most=6)
        found = fed(one, b"<aaaaaaaaa", b"<b>")
        self.assertEqual(units(found), [b"<b>"])
        self.assertEqual({reason for _, _, reason in lost(found)}, {Loss.OVERFLOW})
        bare = self.stuffed(ends(1, "", b">"), most=6)
        self.assertEqual(units(fed(bare, b"aaaaaaaaa", b"aa>b>")), [b"b>"])


class PacketsTest(SynchronousTestCase):
    CASES: ClassVar = (
        (PacketInfo(1, 2), "7E 00 06 61 62 63 7E 00 04 7A 7E", ["7E 00 06 61 62 63", "7E 00 04 7A"], 1),
        (
            PacketInfo(4, 2, whole=False),
            "53 59 4E 43 00 03 61 62 63 53 59 4E 43 00 00",
            ["53 59 4E 43 00 03 61 62 63", "53 59 4E 43 00 00"],
            0,
        ),
        (PacketInfo(0, 2, little_endian=True), "05 00 61 62 63", ["05 00 61 62 63"], 0),
        (PacketInfo(0, 1), "02 41 01 03", ["02 41", "01"], 1),
        (PacketInfo(1, 4, False), "55 00 00 00 02 41 42", ["55 00 00 00 02 41 42"], 0),
        (PacketInfo(1, 4, False, True), "55 02 00 00 00 41 42 55", ["55 02 00 00 00 41 42"], 1),
    )

    def test_packets(self) -> None:
        for info, stream, expected, waiting in self.CASES:
            one = framer(protocol(said=CommunicationOptions(packet_info=info)))
            self.assertEqual(
                units(fed(one, bytes.fromhex(stream))), [bytes.fromhex(unit) for unit in expected]
            )
            self.assertEqual(one.waiting, waiting)

    def test_a_length_that_cannot_be(self) -> None:
        one = framer(protocol(said=CommunicationOptions(packet_info=PacketInfo(1, 2))), most=100)
        for bad in (b"~\0\x02xyz", b"~\0\x65", b"~\xff\xffxy"):
            start = lost(fed(one, bad))
            self.assertEqual([(size, why) for _, size, why in start], [(len(bad), Loss.BAD_LENGTH)])
            self.assertEqual(units(fed(one, b"~\0\x04a")), [b"~\0\x04a"])

    def test_a_field_beyond_the_limit(self) -> None:
        one = framer(protocol(said=CommunicationOptions(packet_info=PacketInfo(50, 2))), most=10)
        self.assertEqual(lost(fed(one, b"a" * 11)), [(0, 11, Loss.BAD_LENGTH)])

    def test_the_end(self) -> None:
        one = framer(protocol(said=CommunicationOptions(packet_info=PacketInfo(1, 2))))
        self.assertEqual((fed(one, b"~\0\x04"), one.next_wake, one.wake(9)), ([], None, []))
        self.assertEqual((one.finish(), one.finish()), ([Lost(0, 3, Loss.UNFINISHED)], []))


class DelimitedTest(SynchronousTestCase):
    def linked(self, *pairs: tuple[str, str], **limits: float) -> Framer:
        params = [param for n, pair in enumerate(pairs) for param in ends(10 * n + 1, *pair, link=n)]
        return framer(protocol(params), **limits)

    def test_worked_example(self) -> None:
        one = self.linked(("?", "."), ("-", "+"))
        found = fed(one, b"?a.-b+junk?c.?d")
        self.assertEqual(units(found), [b"?a.", b"-b+", b"?c."])
        self.assertEqual((lost(found), one.waiting), ([(6, 4, Loss.BEFORE_HEADER)], 2))
        self.assertEqual(one.finish(), [Lost(13, 2, Loss.UNFINISHED)])

    def test_trailer_only(self) -> None:
        one = self.linked(("", "\r"))
        self.assertEqual(units(fed(one, b"one\rtwo\rthr")), [b"one\r", b"two\r"])
        self.assertEqual(one.waiting, 3)
        self.assertEqual(fed(one, b"ee\r"), [Unit(b"three\r", 8, 6)])

    def test_two_reads(self) -> None:
        one = self.linked(("", "\r"))
        self.assertEqual(
            [units(fed(one, data)) for data in (b"<A,7\r<T,2", b"1.5\r")], [[b"<A,7\r"], [b"<T,21.5\r"]]
        )

    def test_a_trailer_without_its_header_is_no_frame(self) -> None:
        found = fed(self.linked(("?", ".")), b"a.b.?c.")
        self.assertEqual((units(found), lost(found)), ([b"?c."], [(0, 4, Loss.BEFORE_HEADER)]))

    def test_the_first_header_waits(self) -> None:
        """What is a frame of another link meanwhile is data."""
        one = self.linked(("?", "."), ("-", "+"))
        self.assertEqual(fed(one, b"?a-b+"), [])
        self.assertEqual(units(fed(one, b"c.-d+")), [b"?a-b+c.", b"-d+"])

    def test_the_longest_header_at_one_place(self) -> None:
        for stream in (
            [b"<Ab>;<Ac;"],
            [b"<", b"Ab", b">", b";<A", b"c;"],
            [bytes([b]) for b in b"<Ab>;<Ac;"],
        ):
            self.assertEqual(units(fed(self.linked(("<", ">"), ("<A", ";")), *stream)), [b"<Ab>;", b"<Ac;"])
        self.assertEqual(units(fed(self.linked(("<", ">"), ("<A", ";")), b"<", b"b>")), [b"<b>"])

    def test_one_header_with_two_trailers(self) -> None:
        one = self.linked(("<", ">"), ("<", ";"))
        self.assertEqual(units(fed(one, b"<a;<b>")), [b"<a;", b"<b>"])

    def test_with_and_without_header(self) -> None:
        """A frame without header begins where the last one ended, whatever headers follow."""
        one = self.linked(("?!", "."), ("", "\r"))
        self.assertEqual(units(fed(one, b"?!a\r.x?!b\r?c\r")), [b"?!a\r.", b"x?!b\r", b"?c\r"])
        self.assertEqual(units(fed(one, b"?", b"!a", b".?", b"\r")), [b"?!a.", b"?\r"])

    def test_times(self) -> None:
        one = framer(protocol(ends(1, "<", "\r", link=1, times=2)))
        self.assertEqual(units(fed(one, b"<a\rb", b"\r<\r", b"\r")), [b"<a\rb\r", b"<\r\r"])
        twice = framer(protocol(ends(1, "", "==", link=1, times=2)))
        self.assertEqual(units(fed(twice, b"a===b====", b"==")), [b"a===b==", b"===="])

    def test_one_constant_on_both_sides(self) -> None:
        self.assertEqual(units(fed(self.linked(("~", "~")), b"~a~~b~c~~")), [b"~a~", b"~b~", b"~~"])

    def test_only_the_first_unlinked_pair_counts(self) -> None:
        params = [*ends(1, "<", ">"), *ends(3, "?", "."), *ends(5, "-", "+", link=1)]
        self.assertEqual(units(fed(framer(protocol(params)), b"?a.-b+<c>")), [b"<c>"])

    def test_each_connection_has_its_own(self) -> None:
        both = (Connection(SMART), Connection(SMART))
        params = [
            constant(1, ParamType.TRAILER, "\r", connection=0, header_trailer_link=1),
            constant(2, ParamType.TRAILER, "\n", connection=1, header_trailer_link=1),
            constant(3, ParamType.TRAILER, ";", header_trailer_link=2),
        ]
        definition = protocol(params, connections=both)
        for number, expected in ((0, [b"a\nb\r", b"c;"]), (1, [b"a\n", b"b\rc;"])):
            self.assertEqual(units(fed(framer(definition, connection=number), b"a\nb\rc;")), expected)

    def test_text_in_unicode(self) -> None:
        definition = protocol(ends(1, "", "\r", link=1), unicode=True)
        self.assertEqual(units(fed(framer(definition), b"\r\x01\r\0a\0")), [b"\r\x01\r\0"])

    def test_a_header_alone_is_time(self) -> None:
        one = framer(protocol([constant(1, ParamType.HEADER, "<", header_trailer_link=1)]))
        self.assertEqual((fed(one, b"<a"), units(one.wake(0.015))), ([], [b"<a"]))


class TailTest(SynchronousTestCase):
    PARAMS = (
        *ends(1, "/", "!", link=1),
        upto(3),
        fixed(4, 2, ParamType.CRC),
        constant(5, ParamType.FIXED, "\r\n"),
    )

    def tailed(self, *contents: tuple[int, ...], **fields: Any) -> Framer:
        responses = tuple(Response(n, f"r{n}", content, **fields) for n, content in enumerate(contents, 1))
        return framer(protocol((*self.PARAMS, fixed(6, 2)), responses=responses))

    def test_all_responses_have_the_same(self) -> None:
        one = self.tailed((1, 3, 2, 4, 5), (1, 3, 2, 6, 5), (3,))
        self.assertEqual(fed(one, b"/a!", b"!!\r"), [])
        self.assertEqual(units(fed(one, b"\n/b!ab\r\n/")), [b"/a!!!\r\n", b"/b!ab\r\n"])

    def test_they_differ(self) -> None:
        for contents in (((1, 3, 2, 4), (1, 3, 2)), ((1, 3, 2, 4), (1, 3, 2, 3)), ((1, 3, 2, 3, 4),), ()):
            self.assertEqual(units(fed(self.tailed(*contents), b"/a!ab")), [b"/a!"])

    def test_what_may_be_absent_is_no_tail(self) -> None:
        one = self.tailed((1, 3, 2, 4), optional=(Optional(3),))
        self.assertEqual(units(fed(one, b"/a!ab")), [b"/a!"])

    def test_other_connections_do_not_count(self) -> None:
        responses = (Response(1, "r1", (1, 3, 2, 4)), Response(2, "r2", (1, 3, 2), connection=1))
        one = framer(protocol(self.PARAMS, responses=responses))
        self.assertEqual(units(fed(one, b"/a!ab/")), [b"/a!ab"])

    def test_a_response_inside_of_another_does_not_count(self) -> None:
        inner = Param(7, "p7", ParamType.RESPONSE, Interprete(), type_id=(2,))
        responses = (Response(1, "r1", (1, 7, 2, 4)), Response(2, "r2", (3, 2)))
        one = framer(protocol((*self.PARAMS, inner), responses=responses))
        self.assertEqual(units(fed(one, b"/a!ab/")), [b"/a!ab"])


class OverflowTest(SynchronousTestCase):
    def test_up_to_the_next_header(self) -> None:
        one = framer(protocol(ends(1, "<", ">", link=1)), most=8)
        found = fed(one, b"<aa<bbbbbb", b"><c>")
        self.assertEqual((units(found), lost(found)), ([b"<bbbbbb>", b"<c>"], [(0, 3, Loss.OVERFLOW)]))

    def test_all_but_what_may_be_a_header(self) -> None:
        one = framer(protocol(ends(1, "<<", ">>", link=1)), most=6)
        found = fed(one, b"<<aaaa<")
        self.assertEqual((lost(found), one.waiting), ([(0, 6, Loss.OVERFLOW)], 1))
        self.assertEqual(units(fed(one, b"<>>")), [b"<<>>"])

    def test_a_line_that_is_too_long_is_lost_to_its_end(self) -> None:
        one = framer(protocol(ends(1, "", "\r\n", link=1)), most=6)
        found = fed(one, b"aaaaaaaaa\r", b"\nb\r\n")
        self.assertEqual(units(found), [b"b\r\n"])
        self.assertEqual((sum(size for _, size, _ in lost(found)), one.waiting), (11, 0))

    def test_exactly_the_most_is_a_frame(self) -> None:
        one = framer(protocol(ends(1, "", ";", link=1)), most=4)
        self.assertEqual(units(fed(one, b"abc;", b"abcd;ab;")), [b"abc;", b"ab;"])


class TimeTest(SynchronousTestCase):
    def test_worked_examples(self) -> None:
        one = framer(protocol(said=CommunicationOptions(max_receive_buffer=4)))
        self.assertEqual(units(one.receive(b"abcdef", 0.0)), [b"abcd"])
        self.assertEqual(one.receive(b"gh", 0.005), [Unit(b"efgh", 4, 4)])
        self.assertEqual((one.next_wake, one.waiting), (None, 0))
        plain = framer(protocol())
        self.assertEqual((plain.receive(b"abcdef", 0.0), plain.receive(b"gh", 0.005)), ([], []))
        self.assertEqual((plain.next_wake, plain.wake(0.0149)), (0.015, []))
        self.assertEqual(plain.wake(0.015), [Unit(b"abcdefgh", 0, 8)])
        self.assertEqual((plain.next_wake, plain.wake(1)), (None, []))

    def test_the_rest_has_its_own_time(self) -> None:
        one = framer(protocol(said=CommunicationOptions(max_receive_buffer=4)), delay=0.5)
        one.receive(b"abc", 1.0)
        self.assertEqual(units(one.receive(b"de", 1.25)), [b"abcd"])
        self.assertEqual((one.next_wake, units(one.wake(1.75))), (1.75, [b"e"]))

    def test_data_after_the_time_belong_to_the_next(self) -> None:
        one = framer(protocol(), delay=0.5)
        one.receive(b"a", 0.0)
        self.assertEqual((units(one.receive(b"b", 0.5)), one.next_wake), ([b"a"], 1.0))
        self.assertEqual((one.finish(), one.next_wake), ([Unit(b"b", 1, 1)], None))
        self.assertEqual(one.finish(), [])

    def test_nothing_starts_no_time(self) -> None:
        one = framer(protocol())
        self.assertEqual((one.receive(b"", 0.0), one.next_wake), ([], None))

    def test_never_more_than_the_limit(self) -> None:
        one = framer(protocol(said=CommunicationOptions(max_receive_buffer=9)), most=4)
        self.assertEqual(units(fed(one, b"abcdefghi")), [b"abcd", b"efgh"])

    def test_datagrams(self) -> None:
        port = PortSettings(flush_per_datagram=True)
        definition = protocol(connections=(Connection(SMART, port=port),))
        one = framer(definition, udp=True)
        self.assertEqual(fed(one, b"ab", b"", b"c"), [Unit(b"ab", 0, 2), Unit(b"c", 2, 1)])
        self.assertEqual((one.waiting, one.next_wake, one.wake(1), one.finish()), (0, None, [], []))
        self.assertEqual(fed(framer(definition), b"ab"), [])
        joined = framer(protocol(), udp=True)
        self.assertEqual((fed(joined, b"ab", b"c"), units(joined.wake(0.015))), ([], [b"abc"]))

    def test_framing_comes_before_datagrams(self) -> None:
        port = PortSettings(flush_per_datagram=True)
        definition = protocol(ends(1, "", ";", link=1), connections=(Connection(SMART, port=port),))
        self.assertEqual(units(fed(framer(definition, udp=True), b"ab", b"c;")), [b"abc;"])


class PrecedenceTest(SynchronousTestCase):
    def test_order(self) -> None:
        """Each way counts only if those before it are not asked for."""
        info = CommunicationOptions(packet_info=PacketInfo(0, 1))
        params = [*ends(1, "", "\x03"), *ends(3, "", "\x04", link=1)]
        stream = b"\x02A\x04\x10\x10\x03\x03\x04"
        both = (params, info)
        self.assertEqual(units(fed(framer(protocol(*both, stuffing=DLE)), stream))[0], b"\x02A\x04\x10\x03")
        command = Stuffing(b"\x10", b"\x10", command=True, response=False)
        self.assertEqual(units(fed(framer(protocol(*both, stuffing=command)), stream))[0], b"\x02A")
        self.assertEqual(units(fed(framer(protocol(params)), stream))[0], b"\x02A\x04\x10\x10\x03")
        self.assertEqual(units(fed(framer(protocol(params[1:])), stream))[0], b"\x02A\x04")

    def test_peers_share_nothing(self) -> None:
        plan = framing_plan(protocol(ends(1, "", ";", link=1)), 0, False)
        one, other = plan(), plan()
        self.assertEqual((fed(one, b"a"), fed(other, b"b;")), ([], [Unit(b"b;", 0, 2)]))

    def test_only_smart_serial(self) -> None:
        for connection in (1, 2):
            with self.assertRaisesRegex(ValueError, "expected a smart-serial connection"):
                framing_plan(protocol(), connection, False)


class SmartIpTest(SynchronousTestCase):
    CASES: ClassVar = (
        (False, "10.1.2.3", 7, "C7 38 0A 01 02 03 07 00 00 00 00 00 00 00"),
        (True, "10.1.2.3", 7, "0A 01 02 03 C7 38"),
        (True, "::ffff:10.1.2.3", 0, "0A 01 02 03 C7 38"),
        (False, "10.1.2.3", 1 << 64, "C7 38 0A 01 02 03 00 00 00 00 00 00 00 00"),
    )

    def test_addresses(self) -> None:
        for datagram, host, sequence, expected in self.CASES:
            self.assertEqual(smart_ip_header(datagram, host, 51000, sequence), bytes.fromhex(expected))

    def test_no_address(self) -> None:
        for host in ("fe80::1%eth0", "2001:db8::1", "", "host"):
            self.assertIsNone(smart_ip_header(False, host, 1, 0))


class BacklogTest(SynchronousTestCase):
    def test_notice(self) -> None:
        one = Backlog(BacklogLimits(150, 200, 300))
        steps = [(200, BacklogLevel.QUIET), (1, BacklogLevel.HIGH), (-51, BacklogLevel.HIGH)]
        for size, level in [
            *steps,
            (-1, BacklogLevel.QUIET),
            (51, BacklogLevel.QUIET),
            (1, BacklogLevel.HIGH),
        ]:
            if size > 0:
                self.assertTrue(one.accept(size))
            else:
                one.taken(-size)
            self.assertIs(one.level, level)

    def test_refusal(self) -> None:
        one = Backlog(BacklogLimits(150, 200, 300))
        self.assertEqual([one.accept(size) for size in (300, 10, 5)], [True, True, False])
        self.assertEqual((one.level, one.waiting, one.refused), (BacklogLevel.REFUSING, 310, 5))
        one.taken(110)
        self.assertFalse(one.accept(1))
        one.taken(1)
        self.assertTrue(one.accept(1))
        one.taken(200)
        self.assertEqual((one.level, one.waiting), (BacklogLevel.LOST, 0))
        self.assertTrue(one.accept(301))
        self.assertIs(one.level, BacklogLevel.REFUSING)
