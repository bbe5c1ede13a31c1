"""A session: one verb after the other, what comes by, who sits there, and what goes wrong inside."""

from __future__ import annotations

from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from smartserial.console.desk import Desk, Operator
from smartserial.console.output import Output, Words
from smartserial.console.verbs import VERBS
from tests.consolestage import ConsoleStage, Seat


class OrderTest(SynchronousTestCase):
    """What is typed ahead waits for its turn."""

    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.seat = self.stage.seat()
        self.screen = self.seat.screen

    def test_one_after_the_other(self) -> None:
        for line in (
            "pulse plc dtr 1s",
            "lines plc rts=on",
            "pulse plc rts 1s",
            "lines plc dtr=off",
            "nonsense",
        ):
            self.assertEqual(self.seat.types(line), [])
        self.assertEqual(self.screen.prompts, 0)
        self.stage.turn(1)
        self.assertEqual(self.screen.take(), ["plc: dtr was off for 1 s", "plc: set rts=on"])
        self.stage.turn(1)
        self.assertEqual(
            self.screen.take(),
            ["plc: rts was off for 1 s", "plc: set dtr=off", "! unknown verb nonsense (`help` tells all)"],
        )
        self.assertEqual(self.screen.prompts, 5)
        self.assertEqual([str(lines) for lines in self.stage.serial.asked[-2:]], ["rts=on", "dtr=off"])

    def test_an_empty_line_is_a_prompt(self) -> None:
        self.assertEqual((self.seat.types(""), self.seat.types("   ")), ([], []))
        self.assertEqual(self.screen.prompts, 2)

    def test_many_lines(self) -> None:
        """All are kept; the door is told to read no more for a while."""
        self.seat.types("pulse plc dtr 1s")
        self.assertFalse(self.seat.session.crowded)
        for _ in range(1000):
            self.seat.types("nonsense")
        self.assertTrue(self.seat.session.crowded)
        self.stage.turn(1)
        self.assertEqual(len(self.screen.take()), 1001)
        self.assertEqual((self.screen.prompts, self.seat.session.crowded), (1001, False))

    def test_no_more_lines(self) -> None:
        for line in ("pulse plc dtr 1s", "take plc"):
            self.seat.types(line)
        self.seat.session.no_more()
        self.assertFalse(self.screen.left)
        self.stage.turn(1)
        self.assertTrue(self.screen.left)
        self.assertTrue(self.stage.share().ports.desk.seized)

    def test_quit_forgets_what_waits(self) -> None:
        for line in ("pulse plc dtr 1s", "quit", "take plc"):
            self.seat.types(line)
        self.stage.turn(1)
        self.assertTrue(self.screen.left)
        self.assertEqual(self.screen.prompts, 1)
        self.assertFalse(self.stage.share().ports.desk.seized)

    def test_nothing_is_done_after_quit(self) -> None:
        self.seat.types("quit")
        self.assertEqual(self.seat.types("take plc"), [])
        self.assertFalse(self.stage.share().ports.desk.seized)

    def test_what_is_typed_ahead_ends_with_the_operator(self) -> None:
        self.seat.types("pulse plc dtr 1s")
        self.seat.types("take plc")
        self.seat.session.closed()
        self.stage.turn(1)
        self.assertFalse(self.stage.share().ports.desk.seized)


class FormatTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.seat = ConsoleStage(self).seat()

    def test_for_one_line(self) -> None:
        text, row = "who  door  may     you", '{"who": "eva", "door": "unix", "may": "change", "you": true}'
        for words, first in (
            ("--format json who", row),
            ("who", text),
            ("who --format json", row),
            ("who --format text", text),
        ):
            self.assertEqual(self.seat.types(words)[0], first, words)

    def test_errors(self) -> None:
        for words in ("--format", "who --format", "--format xml who", "--format who json"):
            self.assertEqual(self.seat.types(words), ["! expected --format text or json"], words)

    def test_a_line_that_is_no_line_is_answered_in_text(self) -> None:
        self.seat.types("--format json who")
        self.assertEqual(self.seat.types("it's"), ["! expected a closing quote"])

    def test_alone(self) -> None:
        self.assertEqual(self.seat.types("--format json"), [])


class FollowTest(SynchronousTestCase):
    """What comes by, until somebody has seen enough."""

    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.seat = self.stage.seat()
        self.screen = self.seat.screen
        self.subscribers = len(self.stage.stream._subscribers)

    def left(self) -> tuple[int, int]:
        """Return how many taps there are, and how many more subscribers than at first."""
        return len(self.stage.share().taps), len(self.stage.stream._subscribers) - self.subscribers

    def test_any_line_ends_it_and_is_done(self) -> None:
        for verb, begun in (("monitor plc", (1, 0)), ("events", (0, 1))):
            self.seat.types(verb)
            self.assertEqual((self.left(), self.seat.session.following), (begun, True))
            self.assertEqual(self.seat.types("take meter"), ["meter: taken: clients only watch"])
            self.assertEqual((self.left(), self.seat.session.following), ((0, 0), False))
            self.assertEqual(self.screen.prompts % 2, 0)

    def test_an_interrupt_ends_it(self) -> None:
        self.seat.types("monitor plc")
        self.seat.session.interrupt()
        self.assertEqual((self.left(), self.screen.prompts), ((0, 0), 1))
        self.seat.session.interrupt()  # there is nothing to end
        self.assertEqual(self.screen.prompts, 1)

    def test_the_end_of_the_operator_ends_it(self) -> None:
        for verb in ("monitor plc", "events"):
            seat = self.stage.seat()
            seat.types(verb)
            seat.session.closed()
            self.assertEqual((self.left(), seat.session.following, seat.screen.prompts), ((0, 0), False, 0))

    def test_one_follows_the_other(self) -> None:
        self.seat.types("monitor plc")
        self.seat.types("events")
        self.assertEqual(self.left(), (0, 1))
        self.seat.types("quit")
        self.assertEqual((self.left(), self.screen.left), ((0, 0), True))

    def test_what_was_typed_ahead_ends_it_too(self) -> None:
        self.seat.types("pulse plc dtr 1s")
        self.seat.types("monitor plc")
        self.seat.types("who")
        self.stage.turn(1)
        self.assertFalse(self.seat.session.following)
        self.assertEqual(self.screen.prompts, 3)

    def test_two_that_were_typed_ahead_leave_nothing(self) -> None:
        for line in ("pulse plc dtr 1s", "monitor plc", "events", "monitor plc"):
            self.seat.types(line)
        self.stage.turn(1)
        self.seat.session.closed()
        self.assertEqual(self.left(), (0, 0))

    def test_a_door_that_is_slow(self) -> None:
        self.seat.types("monitor plc")
        for data, keeps_up in (
            (b"a", True),
            (b"b", False),
            (b"c", False),
            (b"d", False),
            (b"e", True),
            (b"f", True),
        ):
            self.screen.keeps_up = keeps_up
            self.stage.device().say(data)
        self.assertEqual(self.screen.take(), ["up device a", "3 skipped", "up device e", "up device f"])

    def test_a_door_that_is_slow_in_json(self) -> None:
        self.seat.types("--format json events")
        for keeps_up in (False, True):
            self.screen.keeps_up = keeps_up
            self.stage.connect("meter")
        first, second = self.screen.take()
        self.assertEqual(first, '{"skipped": 1}')
        self.assertIn("10.0.0.7:1002", second)


class WrongTest(SynchronousTestCase):
    """A verb that has a bug."""

    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.seat = self.stage.seat()
        self.addCleanup(VERBS.__setitem__, "who", VERBS["who"])

    def let_who(self, call: object) -> None:
        VERBS["who"] = replace(VERBS["who"], call=call)  # type: ignore[arg-type]

    def test_it_is_told_and_logged(self) -> None:
        def wrong(desk: Desk, operator: Operator, words: list[str]) -> Output:
            raise ZeroDivisionError("by\n\x1b zero")

        self.let_who(wrong)
        shown = self.seat.types("who")
        self.assertEqual(shown, [r"! this went wrong inside: by\n\x1b zero; the log tells where"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(self.seat.types("help who")[0], "who")

    def test_later(self) -> None:
        later: Deferred[None] = Deferred()

        async def wrong(desk: Desk, operator: Operator, words: list[str]) -> Output:
            await later
            return Words(())

        self.let_who(wrong)
        self.assertEqual(self.seat.types("who"), [])
        self.assertEqual(self.seat.types("help who"), [])
        later.errback(KeyError("x"))
        self.assertEqual(self.seat.screen.take()[0], "! this went wrong inside: 'x'; the log tells where")
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        self.assertEqual(self.seat.screen.prompts, 2)


class OperatorsTest(SynchronousTestCase):
    def test_they_come_and_go(self) -> None:
        stage = ConsoleStage(self)
        seats: list[Seat] = [stage.seat("eva"), stage.seat("max"), stage.seat("max")]
        self.assertEqual([operator.name for operator in stage.desk.operators], ["eva", "max", "max"])
        for seat in seats:
            seat.types("monitor plc")
            seat.session.closed()
            seat.session.closed()
        self.assertEqual(stage.desk.operators, {})
