"""What a client is told of lines that change, and what it is not told again."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.lines import LineCounts, ModemLines
from smartserial.telnet.comport import LineState, ModemState
from smartserial.telnet.report import Report, line_errors, modem_deltas, modem_levels

OFF, NOTHING = ModemLines(), LineCounts()
BYTES = st.integers(0, 255)

LEVELS: tuple[tuple[ModemLines, int], ...] = (
    (OFF, 0),
    (ModemLines(cts=True), 16),
    (ModemLines(dsr=True), 32),
    (ModemLines(ri=True), 64),
    (ModemLines(cd=True), 128),
    (ModemLines(cts=True, dsr=True, cd=True), 176),
)
# The levels at two looks, what was counted between them, and the bits for what has changed.
DELTAS: tuple[tuple[ModemLines, ModemLines, LineCounts, int], ...] = (
    (OFF, OFF, NOTHING, 0),
    (OFF, ModemLines(cts=True), NOTHING, 1),
    (ModemLines(cts=True), OFF, NOTHING, 1),
    (OFF, ModemLines(dsr=True), NOTHING, 2),
    (ModemLines(dsr=True), OFF, NOTHING, 2),
    (OFF, ModemLines(ri=True), NOTHING, 0),
    (ModemLines(ri=True), ModemLines(ri=True), NOTHING, 0),
    (ModemLines(ri=True), OFF, NOTHING, 4),
    (OFF, ModemLines(cd=True), NOTHING, 8),
    (ModemLines(cd=True), OFF, NOTHING, 8),
    (ModemLines(cts=True, cd=True), ModemLines(dsr=True, cd=True), NOTHING, 3),
    (OFF, OFF, LineCounts(cts=2), 1),
    (OFF, OFF, LineCounts(dsr=2), 2),
    (OFF, OFF, LineCounts(ri=1), 4),
    (OFF, OFF, LineCounts(cd=2), 8),
    (ModemLines(ri=True), ModemLines(ri=True), LineCounts(ri=1), 4),
    (OFF, OFF, LineCounts(frame=1, overrun=1, parity=1, brk=1), 0),
)
ERRORS: tuple[tuple[LineCounts, int], ...] = (
    (NOTHING, 0),
    (LineCounts(overrun=3), 2),
    (LineCounts(parity=1), 4),
    (LineCounts(frame=1), 8),
    (LineCounts(brk=1), 16),
    (LineCounts(frame=1, brk=9), 24),
    (LineCounts(cts=1, dsr=1, ri=1, cd=1), 0),
)
# A mask, and then levels and deltas with what the client is told.
REPORTS: tuple[tuple[int, tuple[tuple[int, int, int | None], ...]], ...] = (
    (255, ((16, 1, 17), (16, 0, None), (0, 1, 1), (0, 0, None))),
    (255, ((16, 0, 16), (48, 0, 48), (48, 0, None))),
    (255, ((0, 1, 1), (0, 1, 1), (0, 0, None))),
    (16, ((16, 1, 16), (48, 2, None), (32, 1, 0))),
    (1, ((16, 1, 1), (0, 0, None), (0, 1, 1))),
    (0, ((255, 15, None), (0, 15, None))),
    (128, ((16, 1, None), (144, 8, 128), (128, 1, None), (0, 8, 0))),
    (255, ((64, 0, 64), (64, 0, None), (0, 4, 4), (0, 0, None))),
)


class BitsTest(SynchronousTestCase):
    def test_levels(self) -> None:
        for lines, bits in LEVELS:
            self.assertEqual(modem_levels(lines), bits)
            self.assertIsInstance(modem_levels(lines), ModemState)

    def test_deltas(self) -> None:
        for before, now, counted, bits in DELTAS:
            self.assertEqual(modem_deltas(before, now, counted), bits, (before, now, counted))
            self.assertIsInstance(modem_deltas(before, now, counted), ModemState)

    def test_errors(self) -> None:
        for counted, bits in ERRORS:
            self.assertEqual(line_errors(counted), bits, counted)
            self.assertIsInstance(line_errors(counted), LineState)

    def test_each_counter_means_something(self) -> None:
        for counter in fields(LineCounts):
            counted = LineCounts(**{counter.name: 1})
            self.assertEqual(bool(modem_deltas(OFF, OFF, counted)) + bool(line_errors(counted)), 1)


class ReportTest(SynchronousTestCase):
    def test_reports(self) -> None:
        for mask, looks in REPORTS:
            report = Report(mask)
            for levels, deltas, told in looks:
                self.assertEqual(report.observe(levels, deltas), told, (mask, looks, levels))

    def test_a_poll_tells_all_bits_and_each_change_once(self) -> None:
        report = Report(0)
        self.assertEqual(report.poll(), 0)
        self.assertIsNone(report.observe(16, 1))
        self.assertIsNone(report.observe(48, 2))
        self.assertEqual((report.poll(), report.poll()), (51, 48))

    def test_a_change_before_the_mask_was_widened_is_told_with_the_next(self) -> None:
        report = Report(0)
        self.assertIsNone(report.observe(16, 1))
        report.mask = 255
        self.assertIsNone(report.observe(16, 0))
        self.assertEqual(report.observe(48, 2), 51)
        self.assertIsNone(report.observe(48, 0))

    @given(BYTES, st.lists(BYTES))
    def test_the_same_state_is_told_once(self, mask: int, levels: list[int]) -> None:
        report = Report(mask)
        for level in levels:
            report.observe(level, 0)
            self.assertIsNone(report.observe(level, 0))

    @given(BYTES, st.lists(st.tuples(BYTES, BYTES)))
    def test_what_is_told(self, mask: int, looks: list[tuple[int, int]]) -> None:
        """Nothing beyond the mask, each level as it is, and of deltas what is new since the last word."""
        report = Report(mask)
        before = deltas = 0
        for levels, changed in looks:
            told = report.observe(levels, changed)
            deltas |= changed
            self.assertEqual(told is None, not (levels ^ before | changed) & mask)
            if told is not None:
                self.assertEqual(told, (levels | deltas) & mask)
                deltas = 0
            before = levels
