"""Bytes at the speed of the line: the bucket by itself, and a virtual port on a clock of the test's."""

from __future__ import annotations

import os
import termios
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.serial import termios2
from smartserial.channels.virtual.paced import PacedTransport
from smartserial.channels.virtual.port import VirtualPort
from smartserial.channels.virtual.settings import UNREAD
from smartserial.lines import LineSettings, Parity
from smartserial.settings import VirtualDevice
from smartserial.sharing.pacing import BURST, Pacer
from tests.support import make_folder, pattern
from tests.virtualstage import Recorder

SPEEDS = st.sampled_from([50, 300, 1200, 9600, 19_200, 57_600, 115_200, 250_000, 921_600, 4_000_000])
LINES = st.builds(
    LineSettings,
    SPEEDS,
    st.sampled_from([5, 6, 7, 8]),
    st.sampled_from(list(Parity)),
    st.sampled_from([1, 1.5, 2]),
)
LATE = st.floats(0, BURST / 2 - 1e-6)  # how late a busy reactor calls


class BitsTest(SynchronousTestCase):
    def test_bits_of_a_byte(self) -> None:
        for line, count in (
            (LineSettings(), 10),
            (LineSettings(bytesize=7, parity=Parity.EVEN), 10),
            (LineSettings(bytesize=8, parity=Parity.MARK, stopbits=2), 12),
            (LineSettings(bytesize=5, stopbits=1.5), 7.5),
        ):
            self.assertEqual(line.bits, count)
        self.assertEqual(LineSettings(baudrate=1200).byte_time, 10 / 1200)
        self.assertEqual(LineSettings(baudrate=0).byte_time, 10)


class PacerTest(SynchronousTestCase):
    @given(LINES, st.lists(LATE, min_size=1, max_size=20), st.integers(1, 400))
    def test_a_busy_line_is_exact(self, line: LineSettings, late: list[float], wakes: int) -> None:
        """However late the calls come, within half the bucket: no more passes, and within 2 % no less."""
        clock = Clock()
        pacer = Pacer(0.0)
        passed = 0
        for wake in range(wakes):
            count = pacer.allowance(clock.seconds(), line.byte_time)
            pacer.spend(count, line.byte_time)
            passed += count
            clock.advance(pacer.wait(clock.seconds(), line.byte_time) + late[wake % len(late)])
        spent, cost = passed * line.byte_time, line.byte_time
        self.assertLessEqual(spent, clock.seconds() + max(BURST, cost) + 1e-6)
        if clock.seconds() > 50 * max(BURST, cost):
            self.assertGreaterEqual(spent, 0.98 * (clock.seconds() - BURST - cost))

    @given(st.lists(st.tuples(LINES, st.floats(0, 3), st.integers(0, 10_000)), max_size=60))
    def test_no_spell_passes_more_than_its_time_and_the_bucket(
        self, spells: list[tuple[LineSettings, float, int]]
    ) -> None:
        """An independent account: line time used since any moment, against the time since then."""
        pacer = Pacer(0.0)
        now = 0.0
        used: list[tuple[float, float, float]] = []  # when, line time, that of one byte
        for line, pause, wanted in spells:
            now += pause
            count = min(wanted, pacer.allowance(now, line.byte_time))
            pacer.spend(count, line.byte_time)
            used.append((now, count * line.byte_time, line.byte_time))
        for first in range(len(used)):
            total = longest = 0.0
            for when, spent, cost in used[first:]:
                total += spent
                longest = max(longest, cost)
                self.assertLessEqual(total, when - used[first][0] + max(BURST, longest + BURST / 2) + 1e-6)

    @given(LINES, LINES)
    def test_a_change_of_speed_acts_at_once(self, before: LineSettings, after: LineSettings) -> None:
        pacer = Pacer(0.0)
        pacer.spend(pacer.allowance(0.0, before.byte_time), before.byte_time)
        left = pacer.wait(0.0, after.byte_time)
        self.assertLessEqual(left, max(BURST / 2, after.byte_time))
        cost = after.byte_time
        self.assertLessEqual(pacer.allowance(1.0, cost) * cost, max(BURST, cost) + 1e-6)

    def test_a_clock_that_stands_still_gives_nothing_more(self) -> None:
        pacer, line = Pacer(5.0), LineSettings()
        pacer.spend(pacer.allowance(5.0, line.byte_time), line.byte_time)
        self.assertEqual(pacer.allowance(5.0, line.byte_time), 0)
        self.assertEqual(pacer.allowance(4.0, line.byte_time), 0)


class Line:
    """A paced port that a program has open, on a clock."""

    def __init__(self, test: SynchronousTestCase) -> None:
        self.reactor = MemoryReactorClock()
        self.recorder = Recorder()
        port = VirtualPort(VirtualDevice(Path(make_folder(test)) / "port", strict_baudrate=True))
        self.port = PacedTransport(port, self.reactor)
        self.port.start(self.recorder)
        self.fd = os.open(port.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.port._openers.look()
        self.read = 0

    def close(self) -> None:
        """End it."""
        self.port.abortConnection()
        os.close(self.fd)

    def set_speed(self, baudrate: int, stopbits: int) -> None:
        """Have the program set it."""
        value = termios2.read(self.fd)
        cflag = value.cflag & ~termios2.CBAUD & ~termios.CSTOPB | termios2.BOTHER
        cflag |= termios.CSTOPB if stopbits == 2 else 0
        termios2.write(self.fd, replace(value, cflag=cflag, ospeed=baudrate, ispeed=baudrate))

    def run(self, seconds: float, write: bytes) -> tuple[int, int]:
        """Let time pass, with both sides sending. Returns how many bytes came from the program, and to it."""
        from_program, to_program = len(self.recorder.data), self.read
        for _ in range(round(seconds / 0.005)):
            while write:
                try:
                    os.write(self.fd, write)
                except BlockingIOError:
                    break
            if self.port.pending < len(write):
                self.port.write(write)
            for reader in self.reactor.getReaders():
                if reader is self.port:
                    reader.doRead()
            for writer in self.reactor.getWriters():
                writer.doWrite()
            self.reactor.advance(0.005)
            self.take()
        return len(self.recorder.data) - from_program, self.read - to_program

    def take(self) -> None:
        """Have the program read what is there."""
        try:
            while data := os.read(self.fd, 65536):
                self.read += len(data)
        except BlockingIOError:
            pass


class PacedTransportTest(SynchronousTestCase):
    @settings(max_examples=15, deadline=None)
    @given(
        st.lists(
            st.tuples(st.sampled_from([1200, 9600, 57_600, 250_000]), st.sampled_from([1, 2])),
            min_size=1,
            max_size=3,
        )
    )
    def test_both_directions_follow_the_speed_that_a_program_sets(
        self, speeds: list[tuple[int, int]]
    ) -> None:
        line = Line(self)
        try:
            for baudrate, stopbits in speeds:
                line.set_speed(baudrate, stopbits)
                passed = line.run(2.0, pattern(8192))
                expected = 2.0 * baudrate / (9 + stopbits)
                for count in passed:
                    self.assertLessEqual(abs(count - expected), 0.02 * expected + BURST * expected)
        finally:
            line.close()

    def test_what_is_little_passes_at_once(self) -> None:
        line = Line(self)
        line.set_speed(9600, 1)
        line.port.write(b"0123456789")
        line.take()
        self.assertEqual(line.read, 10)
        os.write(line.fd, b"abc")
        line.port.doRead()  # that the speed was set
        line.port.doRead()
        self.assertEqual(line.recorder.data, b"abc")
        line.close()

    def test_a_wait_ends_with_another_speed(self) -> None:
        line = Line(self)
        line.set_speed(1, 1)
        line.port.doRead()
        line.port.write(b"ab")
        self.assertEqual(line.port.pending, 2)  # each byte takes ten seconds
        line.set_speed(9600, 1)
        line.port.doRead()
        line.reactor.advance(0.02)
        line.take()
        self.assertEqual((line.read, line.port.pending), (2, 0))
        line.close()

    def test_without_a_speed_bytes_pass_at_the_one_before(self) -> None:
        """B0 hangs up a line; what is on its way passes, so that what comes after it is seen."""
        line = Line(self)
        line.set_speed(9600, 1)
        line.port.doRead()
        os.write(line.fd, pattern(200))
        line.port.write(pattern(200))
        line.set_speed(0, 1)
        before, _ = line.run(0.1, b"")
        self.assertEqual(line.port.settings.baudrate, 0)
        self.assertTrue(80 <= before <= 120, before)
        line.set_speed(115_200, 1)
        line.run(0.05, b"")
        self.assertEqual((len(line.recorder.data), line.read), (200, 200))
        line.close()

    def test_another_speed_is_seen_while_nothing_is_read(self) -> None:
        line = Line(self)
        line.set_speed(1, 1)
        line.port.doRead()
        os.write(line.fd, b"ab")
        line.port.doRead()
        self.assertEqual(line.recorder.data, b"")  # each byte takes ten seconds
        self.assertNotIn(line.port, line.reactor.getReaders())
        line.set_speed(9600, 1)
        line.reactor.advance(UNREAD)
        line.reactor.advance(0.02)
        self.assertIn(line.port, line.reactor.getReaders())
        for _ in range(2):  # that it was set, and data
            line.port.doRead()
        self.assertEqual(line.recorder.data, b"ab")
        line.close()

    def test_a_closing_waits_for_the_line(self) -> None:
        line = Line(self)
        line.set_speed(9600, 1)
        line.port.write(pattern(960))
        line.port.loseConnection()
        line.reactor.advance(0.5)
        self.assertIsNone(line.recorder.ended)
        line.reactor.pump([0.005] * 240)
        self.assertIsNotNone(line.recorder.ended)
        self.assertEqual(line.port.sent + line.port.dropped, 960)
        os.close(line.fd)

    def test_nothing_is_left_to_be_called(self) -> None:
        line = Line(self)
        line.set_speed(300, 1)
        line.run(0.1, pattern(500))
        line.close()
        self.assertEqual([call for call in line.reactor.getDelayedCalls() if call.getTime() > 1], [])
