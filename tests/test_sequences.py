"""Sequences of lines and times: how they are read, and how they are performed, by a clock of our own."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.sequencer import Driven, Sequencer
from smartserial.errors import PortError
from smartserial.lines import Lines
from smartserial.sequences import LONGEST, LONGEST_BREAK, Sequence, Step, parse_sequence

RESET = "rts=on dtr=off 100ms dtr=on rts=off 50ms dtr=off"  # as esptool puts a chip into its boot loader
BOOTED = (Step(0, Lines(False, True)), Step(0.1, Lines(True, False)), Step(0.15, Lines(dtr=False)))

READ: list[tuple[str, tuple[Step, ...], float]] = [
    (RESET, BOOTED, 0.15),
    ("dtr=on", (Step(0, Lines(dtr=True)),), 0),
    ("  dtr=on\n\trts=off ", (Step(0, Lines(True, False)),), 0),
    ("100ms dtr=on", (Step(0.1, Lines(dtr=True)),), 0.1),
    ("dtr=on 100ms", (Step(0, Lines(dtr=True)),), 0.1),
    ("dtr=on 1s 500ms rts=on", (Step(0, Lines(dtr=True)), Step(1.5, Lines(rts=True))), 1.5),
    ("dtr=on 0.5ms dtr=on", (Step(0, Lines(dtr=True)), Step(0.0005, Lines(dtr=True))), 0.0005),
    ("break=on 10s break=off", (Step(0, Lines(brk=True)), Step(10, Lines(brk=False))), 10),
    ("dtr=on 60s", (Step(0, Lines(dtr=True)),), 60),
]
WRONG: list[tuple[str, str]] = [
    ("", "found nothing"),
    ("  ", "found nothing"),
    ("100ms", "found only times"),
    ("dtr", "expected a line such as dtr=on or rts=off, or a time such as 100ms, found dtr at character 1"),
    ("dtr=off 100 dtr=on", "found 100 at character 9"),
    ("dtr=off rts=true", "found rts=true at character 9"),
    ("DTR=on", "found DTR=on at character 1"),
    ("dtr=ON", "found dtr=ON at character 1"),
    ("cts=on", "found cts=on at character 1"),
    ("dtr=on,100ms", "found dtr=on,100ms at character 1"),
    ("dtr=on 5m", "found 5m at character 8"),
    ("dtr=on -5ms", "found -5ms at character 8"),
    ("dtr=on 0ms", "expected a time of more than nothing, found 0ms at character 8"),
    ("dtr=on rts=on dtr=off", "expected a time before dtr changes again, found dtr=off at character 15"),
    ("dtr=on 61s", "expected times of 60s together at most, found 61s"),
    ("dtr=on 30s rts=on 30001ms", "expected times of 60s together at most"),
    ("break=on", "expected break=off within 10s of each break=on"),
    ("break=on 1s dtr=on", "expected break=off within 10s of each break=on"),
    ("break=on 11s break=off", "expected break=off within 10s of each break=on"),
    ("break=on 6s break=on 6s break=off", "expected break=off within 10s of each break=on"),
    ("break=off 1s break=on", "expected break=off within 10s of each break=on"),
]


class ReadTest(SynchronousTestCase):
    def test_what_is_read(self) -> None:
        for text, steps, seconds in READ:
            sequence = parse_sequence("x", text)
            self.assertEqual((sequence.steps, sequence.seconds), (steps, seconds), text)
            self.assertEqual((sequence.name, sequence.text), ("x", text))
        self.assertEqual(str(parse_sequence("reset", "dtr=on")), "reset: dtr=on")

    def test_what_is_wrong(self) -> None:
        for text, words in WRONG:
            with self.assertRaises(ValueError) as caught:
                parse_sequence("x", text)
            self.assertIn(words, str(caught.exception), text)

    @given(st.text(alphabet="dtrsbeakonf=0159m. ", max_size=40) | st.text(max_size=20))
    def test_any_text_is_a_sequence_or_told(self, text: str) -> None:
        try:
            sequence = parse_sequence("x", text)
        except ValueError as error:
            self.assertIn("expected", str(error))
            return
        times = [step.at for step in sequence.steps]
        self.assertEqual(times, sorted(set(times)))
        self.assertTrue(0 <= times[-1] <= sequence.seconds <= LONGEST)
        self.assertTrue(all(step.lines for step in sequence.steps))


class Line:
    """Lines that are written down with the times at which they are driven."""

    def __init__(self, clock: Clock) -> None:
        self.driven = Driven()
        self.calls: list[tuple[float, Lines]] = []
        self.on_drive: Callable[[], None] = lambda: None
        self._clock = clock

    def step(self, lines: Lines) -> None:
        self.driven.step(lines)
        self.calls.append((round(self._clock.seconds(), 6), lines))
        self.on_drive()


class PerformTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.line = Line(self.clock)
        self.sequencer = Sequencer(self.clock)

    def run_it(self, text: str, name: str = "x") -> Deferred[None]:
        return self.sequencer.run(parse_sequence(name, text), self.line)

    def test_an_esptool_reset(self) -> None:
        done = self.run_it(RESET)
        self.clock.pump([0.001] * 149)
        self.assertNoResult(done)
        self.clock.pump([0.001] * 2)
        self.successResultOf(done)
        self.assertEqual(
            self.line.calls, [(0, Lines(False, True)), (0.1, Lines(True, False)), (0.15, Lines(dtr=False))]
        )
        self.assertEqual(self.line.driven.lines, Lines(False, False))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_the_table(self) -> None:
        for text, steps, seconds in READ:
            self.setUp()
            done = self.run_it(text)
            while calls := self.clock.getDelayedCalls():
                self.clock.advance(calls[0].getTime() - self.clock.seconds())
            self.successResultOf(done)
            self.assertEqual(self.line.calls, [(step.at, step.lines) for step in steps], text)
            self.assertAlmostEqual(self.clock.seconds(), seconds)

    def test_a_late_step_shortens_nothing(self) -> None:
        done = self.run_it(RESET)
        self.clock.advance(0.5)  # something has kept the reactor
        self.assertEqual([at for at, _ in self.line.calls], [0, 0.5])
        self.clock.advance(0.049)
        self.assertNoResult(done)
        self.clock.advance(0.0011)
        self.successResultOf(done)
        self.assertAlmostEqual(self.line.calls[2][0], 0.5501)

    def test_a_second_one_waits(self) -> None:
        first, second, third = self.run_it("dtr=off 100ms"), self.run_it("rts=off"), self.run_it("dtr=on")
        self.clock.advance(0.099)
        self.assertEqual(self.line.calls, [(0, Lines(dtr=False))])
        self.clock.advance(0.0011)
        for done in (first, second, third):
            self.successResultOf(done)
        self.assertEqual([lines for _, lines in self.line.calls[1:]], [Lines(rts=False), Lines(dtr=True)])

    def test_it_is_ended_with_those_that_wait(self) -> None:
        self.line.driven.set(Lines(dtr=True))
        first, second = self.run_it("rts=on 1s rts=off", "reset"), self.run_it("dtr=off", "boot")
        self.sequencer.end("the device is gone")
        for done, name in ((first, "reset"), (second, "boot")):
            failure: Failure = self.failureResultOf(done, PortError)
            self.assertEqual(failure.getErrorMessage(), f"{name} was ended: the device is gone")
        self.assertEqual(self.line.calls, [(0, Lines(rts=True))])
        self.assertEqual(self.line.driven.lines, Lines(dtr=True))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.sequencer.end("again")
        self.successResultOf(self.run_it("dtr=off"))

    def test_what_others_have_set_since_is_kept(self) -> None:
        """Each line by itself, and also if they have set what it was at."""
        for whole in (False, True):
            self.setUp()
            driven = self.line.driven
            driven.set(Lines(dtr=True, rts=True))
            done = self.run_it("dtr=off rts=off 1s rts=on 1s dtr=on")
            driven.set(Lines(dtr=False))  # a client wants what the sequence has just set
            driven.set(Lines(rts=False))
            self.clock.advance(1)  # the sequence sets RTS again, DTR is the client's
            if whole:
                self.clock.advance(1)
                self.successResultOf(done)
                self.assertEqual(driven.lines, Lines(dtr=True, rts=True))
            else:
                self.sequencer.end("the device is gone")
                self.failureResultOf(done, PortError)
                self.assertEqual(driven.lines, Lines(dtr=False, rts=False))

    @given(
        st.lists(
            st.tuples(st.booleans(), st.builds(Lines, *[st.sampled_from([None, False, True])] * 3)),
            max_size=12,
        ),
        st.booleans(),
    )
    def test_the_last_word_on_each_line(self, words: list[tuple[bool, Lines]], whole: bool) -> None:
        driven, expected = Driven(), dict[str, object]()
        for by_sequence, lines in words:
            (driven.step if by_sequence else driven.set)(lines)
            for name in ("dtr", "rts"):
                level = getattr(lines, name)
                if level is not None and (whole or not by_sequence):
                    expected[name] = level
        driven.end(whole)
        self.assertEqual(driven.lines, Lines(**expected))  # type: ignore[arg-type]

    def test_a_step_that_ends_it(self) -> None:
        """Such as one that finds the device gone."""
        self.line.on_drive = lambda: self.sequencer.end("the device is gone")
        self.failureResultOf(self.run_it(RESET), PortError)
        self.assertEqual(len(self.line.calls), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    @given(
        st.lists(st.tuples(st.integers(1, 500), st.booleans()), min_size=1, max_size=8),
        st.lists(st.floats(0.0005, 0.2), max_size=60),
    )
    def test_each_time_is_kept_at_least(self, pulses: list[tuple[int, bool]], turns: list[float]) -> None:
        self.setUp()
        text = " ".join(f"dtr={'on' if on else 'off'} {time}ms" for time, on in pulses)
        done = self.run_it(text)
        self.clock.pump([*turns, *[1.0] * 10])
        self.successResultOf(done)
        self.assertEqual([lines.dtr for _, lines in self.line.calls], [on for _, on in pulses])
        times = [at for at, _ in self.line.calls]
        for (time, _), before, after in zip(pulses, times, times[1:], strict=False):
            self.assertGreaterEqual(after - before, time / 1000 - 0.000002)


class ValueTest(SynchronousTestCase):
    def test_equal_ones(self) -> None:
        one = parse_sequence("x", "dtr=on")
        self.assertEqual(one, Sequence("x", "dtr=on", (), 0))
        self.assertNotEqual(one, parse_sequence("y", "dtr=on"))
        self.assertEqual(LONGEST_BREAK, 10)
