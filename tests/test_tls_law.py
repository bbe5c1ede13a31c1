"""What became of each byte on a TLS connection: in tables, and by many random schedules."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.tls.marks import Marks
from smartserial.channels.tls.records import Sealed
from tests.support import pattern
from tests.tlspeer import HalfCloser, Layer, figures

KIB = 1024
SEEDS = 400
_OVERHEAD = 22  # bytes of a record of TLS 1.3 that are no data


class CountTests(SynchronousTestCase):
    """`sent`, `pending` and `dropped` count data, not what goes over the wire."""

    def test_a_group_waits_until_it_is_wholly_taken(self) -> None:
        layer = Layer()
        layer.upper.write(b"x" * 10)
        layer.upper.write(b"next")
        layer.wire.take(10 + _OVERHEAD - 1)
        self.assertEqual(figures(layer.upper), (0, 14, 0))
        layer.wire.take(1)
        self.assertEqual(figures(layer.upper), (10, 4, 0))
        self.assertEqual((layer.got, figures(layer.upper)), (b"x" * 10 + b"next", (14, 0, 0)))

    def test_nothing_is_encrypted_before_the_wire_takes_it(self) -> None:
        layer = Layer()
        layer.upper.write(bytes(1000 * KIB))
        self.assertLess(layer.wire.pending, 65 * KIB)
        self.assertEqual(layer.upper.discard_oldest(1 << 30), (1000 - 64) * KIB)
        self.assertEqual((len(layer.got), figures(layer.upper)), (64 * KIB, (64 * KIB, 0, 0)))

    def test_of_a_group_that_is_lost_its_whole_records_count_as_sent(self) -> None:
        record = 16 * KIB + _OVERHEAD
        for taken, whole in ((0, 0), (record - 1, 0), (record, 1), (2 * record - 1, 1), (3 * record + 9, 3)):
            layer = Layer()
            layer.upper.write(bytes(64 * KIB))
            layer.wire.take(taken)
            layer.wire.reset()
            sent = whole * 16 * KIB
            self.assertEqual(figures(layer.upper), (sent, 0, 64 * KIB - sent), taken)
            self.assertEqual(len(layer.peer.data), sent)

    def test_what_is_unconfirmed_is_told_in_bytes_of_data(self) -> None:
        layer = Layer()
        for piece in (b"ab", b"cde"):
            layer.upper.write(piece)
            layer.wire.drain()
        second = 3 + _OVERHEAD
        for owed, data in ((0, 0), (1, 3), (second, 3), (second + 1, 5), (second + 24, 5), (999, 5)):
            layer.wire.owed = owed
            self.assertEqual(layer.upper.unconfirmed(), data, owed)

    def test_what_is_abandoned_is_dropped_once(self) -> None:
        layer = Layer()
        layer.upper.write(b"arrived")
        layer.wire.drain()
        layer.upper.write(b"not yet")
        layer.wire.drain()
        layer.wire.owed = 7 + _OVERHEAD
        for _ in range(2):
            layer.upper.abandon()
            self.assertEqual((figures(layer.upper), layer.upper.unconfirmed()), ((7, 0, 7), 0))

    def test_an_abort_drops_what_is_unconfirmed_of_a_group_too(self) -> None:
        layer = Layer()
        layer.upper.write(bytes(64 * KIB))
        layer.wire.take(3 * (16 * KIB + _OVERHEAD))
        layer.wire.owed = 16 * KIB + _OVERHEAD
        layer.upper.abandon()
        layer.upper.abortConnection()
        self.assertEqual(figures(layer.upper), (32 * KIB, 0, 32 * KIB))

    def test_what_is_taken_back_was_never_written(self) -> None:
        layer = Layer()
        layer.upper.write(b"12345678")
        layer.wire.drain()
        layer.upper.write(b"lost")
        layer.wire.reset()
        layer.upper.take_back(6)
        self.assertEqual(figures(layer.upper), (6, 0, 0))

    def test_our_own_words_are_not_counted(self) -> None:
        layer = Layer()
        layer.upper.tell(b"hello ")
        layer.wire.drain()
        layer.upper.write(b"data")
        layer.upper.tell(b"not while data waits")
        self.assertEqual((layer.got, figures(layer.upper)), (b"hello data", (4, 0, 0)))
        layer.wire.owed = 4 + _OVERHEAD
        self.assertEqual(layer.upper.unconfirmed(), 4)

    def test_after_the_end_everything_is_dropped(self) -> None:
        layer = Layer()
        layer.wire.reset()
        layer.upper.write(b"late")
        layer.upper.tell(b"too late")
        self.assertEqual(figures(layer.upper), (0, 0, 4))


class MarkTests(SynchronousTestCase):
    """Where records ended is remembered within bounds."""

    def test_places_are_exact_while_they_are_few(self) -> None:
        marks = Marks()
        marks.add(Sealed(100, 5, b"", ((27, 5),)))
        marks.add(Sealed(127, 7, b"", ((24, 2), (51, 7))))
        for place, data in ((0, 0), (126, 0), (127, 5), (150, 5), (151, 7), (177, 7), (178, 12), (999, 12)):
            self.assertEqual(marks.between(0, place), data, place)
            self.assertEqual(marks.between(place, 999), 12 - data, place)
        marks.clear()
        self.assertEqual(marks.between(0, 999), 0)

    @settings(max_examples=20, deadline=None)
    @given(st.integers(1, 16_384), st.integers(4_000, 12_000))
    def test_many_are_told_roughly_and_never_too_few(self, size: int, count: int) -> None:
        marks, wire = Marks(), 0
        for _ in range(count):
            marks.add(Sealed(wire, size, b"", ((size + 22, size),)))
            wire += size + 22
        for behind in (0, 1, 10, 1000):  # records that have not arrived: the newest are exact
            place = wire - behind * (size + 22)
            self.assertEqual(marks.between(place, wire), behind * size)
        place = max(0, wire - 2**22)
        exact = (count - place // (size + 22)) * size
        told = marks.between(place, wire)
        self.assertGreaterEqual(told, exact)
        self.assertLessEqual(told, 2 * exact + 8 * size)
        self.assertLessEqual(len(marks._wire), 4096)


class ScheduleTests(SynchronousTestCase):
    """Random schedules: after each step every byte is explained, and both sides get theirs in order."""

    def test_no_schedule_breaks_the_law(self) -> None:
        for seed in range(SEEDS):
            with self.subTest(seed=seed):
                Schedule(seed).run()


class Schedule:
    """One schedule by a seed, of up to fifty steps."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seed = seed
        self.modern = self.chance.random() < 0.7
        self.inner = HalfCloser()
        self.layer = Layer(self.inner, version=None if self.modern else 0x0303)
        self.upper, self.wire, self.peer = self.layer.upper, self.layer.wire, self.layer.peer
        self.start = len(self.wire.taken)
        self.given = self.discarded = 0
        self.expected = b""  # all data that was written and not discarded, in order
        self.said = b""  # what the peer has sent
        self.cipher = b""  # of that, what is on its way
        self.lost = self.finished = False

    def run(self) -> None:
        steps = (
            (self.write, 12), (self.take, 10), (self.discard, 2), (self.say, 6), (self.arrive, 8),
            (self.pause, 3), (self.turn, 3), (self.finish_sending, 0.5), (self.end, 1),
        )  # fmt: skip
        calls, weights = zip(*steps, strict=True)
        for step in range(self.chance.randrange(50)):
            call = self.chance.choices(calls, weights)[0]
            call()
            self.check(f"seed {self.seed}, step {step}: {call.__name__}")
        self.close()

    def check(self, where: str) -> None:
        upper = self.upper
        total = upper.sent + upper.pending + upper.dropped + self.discarded
        assert total == self.given, f"{where}: {figures(upper)}, discarded {self.discarded} of {self.given}"
        assert min(figures(upper)) >= 0, f"{where}: {figures(upper)}"
        assert self.expected.startswith(self.peer.data), f"{where}: out of order"
        assert self.said.startswith(self.inner.data), f"{where}: what came is out of order"
        if not upper.pending:
            assert upper.sent == len(self.peer.data), (
                f"{where}: {figures(upper)}, it has {len(self.peer.data)}"
            )
        if not self.lost and self.modern:
            self.wire.owed = self.chance.randrange(self.wire.sent - self.start + 1)
            whole = self.wire.data_in(self.start, self.wire.sent - self.wire.owed)
            owed = max(0, upper.sent - whole)
            assert upper.unconfirmed() == owed, f"{where}: {upper.unconfirmed()}, not {owed}"
            self.wire.owed = 0

    def write(self) -> None:
        size = self.chance.choice([0, 1, 2, 40, 400, 20_000, 100_000])
        data = pattern(size, self.given)
        self.given += size
        self.expected += data
        self.upper.write(data)

    def take(self) -> None:
        if self.wire.connected:
            self.wire.take(self.chance.choice([1, 5, 23, 100, 1000, 16_406, 70_000]))

    def discard(self) -> None:
        begun = len(self.expected) - self.upper._outbox.size
        count = self.upper.discard_oldest(self.chance.choice([1, 10, 100_000]))
        self.discarded += count
        if not self.lost:
            self.expected = self.expected[:begun] + self.expected[begun + count :]

    def say(self) -> None:
        if not self.finished:
            data = pattern(self.chance.choice([1, 30, 5000, 40_000]), len(self.said))
            self.said += data
            self.cipher += self.peer.say(data)

    def arrive(self) -> None:
        """Let some of what is on its way arrive, cut anywhere."""
        if self.wire.connected and self.wire.reading and self.cipher:
            count = self.chance.choice([1, 3, 21, 700, 65_536])
            data, self.cipher = self.cipher[:count], self.cipher[count:]
            self.wire.say(data)

    def pause(self) -> None:
        if self.wire.connected:
            self.chance.choice([self.upper.pauseProducing, self.upper.resumeProducing])()

    def turn(self) -> None:
        self.layer.clock.advance(0)

    def finish_sending(self) -> None:
        if not self.finished and self.wire.connected:
            self.finished = True
            if self.chance.random() < 0.7:
                self.cipher += self.peer.finish()

    def end(self) -> None:
        if self.lost:
            return
        ends: list[Any] = [
            self.wire.reset,
            self.upper.cut,
            self.upper.abortConnection,
            self.wire.refuse_writes,
        ]
        self.chance.choice(ends)()
        self.lost = True

    def close(self) -> None:
        where = f"seed {self.seed}, end"
        if self.wire.connected:
            self.upper.resumeProducing()
            self.turn()
            while self.cipher:
                self.arrive()
            self.turn()
            assert self.inner.data == self.said, f"{where}: {len(self.inner.data)} of {len(self.said)}"
        if self.lost:
            return
        if self.finished and self.wire.reading:
            self.wire.finish_sending()
            assert self.inner.words == ["r"], where
        self.upper.loseConnection()
        self.wire.drain()
        self.check(where)
        assert not self.wire.connected and self.upper.sent == self.given - self.discarded, where
        assert self.peer.data == self.expected and (self.peer.ended or self.finished), where
