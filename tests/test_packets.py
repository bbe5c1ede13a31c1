"""Packets: tables of what leaves when, and the laws against a model that looks at each byte."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.share.packeting import Packeting
from smartserial.sharing.packets import MOST_HELD, PacketRules, Packets

Event = tuple[float, bytes]

# rules; what comes, and when; what leaves, and when
TABLE: dict[str, tuple[PacketRules, list[Event], list[Event]]] = {
    "nothing": (PacketRules(), [(0, b"a"), (0, b"bc")], [(0, b"a"), (0, b"bc")]),
    "size": (PacketRules(size=3), [(0, b"ab"), (1, b"cdefgh")], [(1, b"abc"), (1, b"def")]),
    "size, exactly": (PacketRules(size=3), [(0, b"abc")], [(0, b"abc")]),
    "hold": (PacketRules(hold=2), [(0, b"a"), (1, b"b"), (3, b"c")], [(2, b"ab"), (5, b"c")]),
    "hold, as it ends": (PacketRules(hold=2), [(0, b"a"), (2, b"b")], [(2, b"a"), (4, b"b")]),
    "gap": (PacketRules(gap=2), [(0, b"a"), (1, b"b"), (4, b"c")], [(3, b"ab"), (6, b"c")]),
    "gap, as it ends": (PacketRules(gap=2), [(0, b"a"), (2, b"b")], [(2, b"a"), (4, b"b")]),
    "char": (
        PacketRules(chars=b"\r"),
        [(0, b"a"), (1, b"b\rc\r\rd")],
        [(1, b"ab\r"), (1, b"c\r"), (1, b"\r")],
    ),
    "chars": (PacketRules(chars=b"]-^"), [(0, b"a-b]c^d")], [(0, b"a-"), (0, b"b]"), (0, b"c^")]),
    "pause": (
        PacketRules(pause=5),
        [(0, b"a"), (1, b"b"), (2, b"c"), (9, b"d")],
        [(0, b"a"), (5, b"bc"), (10, b"d")],
    ),
    "char and size": (
        PacketRules(chars=b"\r", size=3),
        [(0, b"ab\rcdef\r")],
        [(0, b"ab\r"), (0, b"cde"), (0, b"f\r")],
    ),
    "hold and size": (
        PacketRules(hold=4, size=2),
        [(0, b"abc"), (3, b"d"), (5, b"e")],
        [(0, b"ab"), (3, b"cd"), (9, b"e")],
    ),
    "hold and gap": (
        PacketRules(hold=3, gap=2),
        [(0, b"a"), (1, b"b"), (2, b"c"), (6, b"d")],
        [(3, b"abc"), (8, b"d")],
    ),
    "hold and pause": (
        PacketRules(hold=1, pause=5),
        [(0, b"a"), (2, b"b"), (4, b"c")],
        [(1, b"a"), (6, b"bc")],
    ),
    "gap and pause": (
        PacketRules(gap=1, pause=5),
        [(0, b"a"), (2, b"b"), (4, b"c")],
        [(1, b"a"), (6, b"b"), (11, b"c")],
    ),
    "char and pause": (PacketRules(chars=b"\r", pause=2), [(0, b"a\rb\rc")], [(0, b"a\r"), (2, b"b\r")]),
    "size and hold and pause": (
        PacketRules(size=2, hold=1, pause=3),
        [(0, b"abc"), (2, b"defg")],
        [(0, b"ab"), (3, b"cd"), (6, b"ef"), (9, b"g")],
    ),
}


def go_to(clock: Clock, time: float) -> None:
    """Look at each whole second, which is when things happen in these tests."""
    while clock.seconds() < time:
        clock.advance(1)


def run(
    rules: PacketRules, events: list[Event], end: float, most: int = MOST_HELD
) -> tuple[list[Event], bytes]:
    """Let bytes come on a clock; return what left when, and what is still held in the end."""
    clock = Clock()
    left: list[Event] = []
    packeting = Packeting(rules, lambda packet: left.append((clock.seconds(), packet)), clock, most)
    for at, data in events:
        go_to(clock, at)
        packeting.take(data)
        assert packeting.held <= most
    go_to(clock, end)
    before = list(left)
    held = packeting.held
    packeting.flush()
    rest = b"".join(packet for _, packet in left[len(before) :])
    assert len(rest) == held and not clock.getDelayedCalls()
    return before, rest


class NaiveModel:
    """Holds each byte with the time of its coming, and looks at all of them anew each time."""

    def __init__(self, rules: PacketRules, most: int) -> None:
        self.rules, self.most = rules, most
        self.held: list[tuple[float, int]] = []
        self.free_at = -1.0
        self.now = 0.0
        self.left: list[Event] = []

    def length(self) -> int | None:
        """Return how many bytes the next packet has, if it is known."""
        rules, held = self.rules, self.held
        for n in range(1, len(held) + 1):
            at, byte = held[n - 1]
            following = held[n][0] if n < len(held) else self.now
            silent = rules.gap is not None and following - at >= rules.gap
            if byte in rules.chars or n in (rules.size, self.most) or silent:
                return n
        ended = rules.hold is not None and self.now >= held[0][0] + rules.hold
        nothing = not (rules.size or rules.hold or rules.chars or rules.gap)
        return len(held) if ended or nothing else None

    def release(self) -> None:
        while self.held and (self.now >= self.free_at or len(self.held) > self.most):
            length = self.length()
            if length is None and len(self.held) > self.most:
                length = len(self.held)
            if length is None:
                break
            packet, self.held = self.held[:length], self.held[length:]
            self.left.append((self.now, bytes(byte for _, byte in packet)))
            self.free_at = self.now + (self.rules.pause or 0)

    def go_to(self, time: float) -> None:
        while self.now < time:
            self.now += 1
            self.release()

    def take(self, at: float, data: bytes) -> None:
        self.go_to(at)
        self.release()
        self.held += [(at, byte) for byte in data]
        self.release()


seconds = st.none() | st.integers(1, 6).map(float)
rule_sets = st.builds(
    PacketRules,
    size=st.none() | st.integers(1, 7),
    hold=seconds,
    chars=st.sampled_from((b"", b"\r", b"\r\n", b"]^-\\")),
    gap=seconds,
    pause=seconds,
)
pieces = st.lists(st.sampled_from(tuple(b"ab\r\n]^-\\")), max_size=12).map(bytes)
streams = st.lists(st.tuples(st.sampled_from((0, 0, 1, 1, 2, 3, 5, 9)), pieces), max_size=12)


def timed(stream: list[tuple[int, bytes]]) -> list[Event]:
    now, events = 0.0, []
    for later, data in stream:
        now += later
        events.append((now, data))
    return events


class PacketsTests(SynchronousTestCase):
    maxDiff = None

    def test_table(self) -> None:
        for name, (rules, events, expected) in TABLE.items():
            with self.subTest(name):
                self.assertEqual(run(rules, events, 100)[0], expected)

    @given(rule_sets, streams, st.sampled_from((8, 20, MOST_HELD)))
    def test_it_is_the_model(self, rules: PacketRules, stream: list[tuple[int, bytes]], most: int) -> None:
        events = timed(stream)
        end = (events[-1][0] if events else 0) + 50
        model = NaiveModel(rules, most)
        for event in events:
            model.take(*event)
        model.go_to(end)
        left, rest = run(rules, events, end, most)
        self.assertEqual(left, model.left)
        self.assertEqual(rest, bytes(byte for _, byte in model.held))

    @given(rule_sets, streams)
    def test_no_packet_breaks_a_rule(self, rules: PacketRules, stream: list[tuple[int, bytes]]) -> None:
        events = timed(stream)
        left, rest = run(rules, events, 200)
        self.assertEqual(b"".join(packet for _, packet in left) + rest, b"".join(data for _, data in events))
        came = [at for at, data in events for _ in data]
        place = 0
        for n, (at, packet) in enumerate(left):
            times = came[place : place + len(packet)]
            place += len(packet)
            self.assertTrue(packet)
            self.assertLessEqual(len(packet), rules.size or len(packet))
            self.assertFalse(set(packet[:-1]) & set(rules.chars))
            for one, following in pairwise(times):
                self.assertFalse(rules.gap is not None and following - one >= rules.gap)
            before = left[n - 1][0] if n else float("-inf")
            self.assertGreaterEqual(at, before + (rules.pause or 0))
            if rules.hold is not None:
                self.assertLessEqual(at, max(times[0] + rules.hold, before + (rules.pause or 0)))

    @given(rule_sets, streams, st.lists(st.sampled_from((0.0, 0.25, 0.5, 1.5, 4.0)), max_size=12))
    def test_late_calls_lose_and_swap_nothing(
        self, rules: PacketRules, stream: list[tuple[int, bytes]], delays: list[float]
    ) -> None:
        packets, out, now = Packets(rules, 16), [], 0.0
        for n, (later, data) in enumerate(stream):
            now += later + (delays[n] if n < len(delays) else 0)
            out += packets.take(data, now)
            self.assertLessEqual(packets.held, 16)
            due = packets.next_wake
            self.assertTrue(due is None or due > now, "what is due is given at once")
        out += packets.flush()
        self.assertEqual((b"".join(out), packets.held), (b"".join(data for _, data in stream), 0))
        self.assertEqual((packets.flush(), packets.next_wake), ([], None))


class BoundTests(SynchronousTestCase):
    def test_whatever_the_rules_64_kib_are_held_at_most(self) -> None:
        packets = Packets(PacketRules(chars=b"\r"))
        self.assertEqual(packets.take(b"x" * (MOST_HELD - 1), 0), [])
        self.assertEqual([len(packet) for packet in packets.take(b"xy", 0)], [MOST_HELD])
        self.assertEqual(packets.held, 1)

    def test_the_pause_gives_way(self) -> None:
        packets = Packets(PacketRules(pause=1000.0))
        self.assertEqual(packets.take(b"first", 0), [b"first"])
        self.assertEqual(packets.take(b"x" * MOST_HELD, 1), [])
        self.assertEqual([len(packet) for packet in packets.take(b"y", 2)], [MOST_HELD])
        self.assertEqual((packets.flush(), packets.held), ([b"y"], 0))

    def test_large_pieces_are_cut_fast(self) -> None:
        packets = Packets(PacketRules(size=512, chars=b"\n"))
        data = (b"x" * 700 + b"\n") * 1000
        self.assertEqual(b"".join(packets.take(data, 0)) + b"".join(packets.flush()), data)
