"""Chains that wait, on a clock that is a number."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.engine.strands import Steps, Strands


class StrandsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.strands = Strands()
        self.told: list[object] = []

    def waits(self, name: str, *times: float | None) -> Steps:
        for time in times:
            answer = yield time
            self.told.append((name, answer))

    def test_a_strand_goes_on_at_once_until_it_waits(self) -> None:
        def steps() -> Steps:
            self.told.append("begun")
            yield 5.0
            self.told.append("done")

        self.strands.start("a", steps())
        self.assertEqual((self.told, self.strands.next_wake), (["begun"], 5.0))
        self.strands.wake(4.9)
        self.assertEqual(self.told, ["begun"])
        self.strands.wake(5.0)
        self.assertEqual((self.told, self.strands.next_wake), (["begun", "done"], None))

    def test_the_earliest_first_and_then_who_waited_first(self) -> None:
        for name, time in (("a", 3.0), ("b", 1.0), ("c", 3.0), ("d", 2.0)):
            self.strands.start(name, self.waits(name, time))
        self.strands.wake(3.0)
        self.assertEqual(self.told, [("b", None), ("d", None), ("a", None), ("c", None)])

    def test_an_answer_comes_before_its_time(self) -> None:
        strand = self.strands.start("a", self.waits("a", 9.0, None))
        self.strands.resume(strand, "yes")
        self.assertEqual(self.told, [("a", "yes")])
        self.assertIsNone(self.strands.next_wake)
        self.strands.wake(10.0)
        self.assertEqual(self.told, [("a", "yes")])
        self.strands.resume(strand, "more")
        self.assertEqual(self.told, [("a", "yes"), ("a", "more")])
        self.strands.resume(strand, "too late")
        self.assertEqual(len(self.told), 2)

    def test_what_waits_for_now_again_has_its_turn_later(self) -> None:
        self.strands.start("a", self.waits("a", 1.0, 1.0, 1.0))
        self.strands.wake(1.0)
        self.assertEqual(len(self.told), 1)
        self.assertEqual(self.strands.next_wake, 1.0)
        self.strands.wake(1.0)
        self.assertEqual(len(self.told), 2)

    def test_one_strand_resumes_and_stops_others(self) -> None:
        other = self.strands.start("other", self.waits("other", 2.0, None))
        ended = self.strands.start("ended", self.waits("ended", 2.0))

        def steps() -> Steps:
            yield 1.0
            self.strands.resume(other, "from a")
            self.strands.stop(ended)

        self.strands.start("a", steps())
        self.strands.wake(1.0)
        self.strands.wake(9.0)
        self.assertEqual(self.told, [("other", "from a")])
        self.assertFalse(ended.waiting)

    def test_a_stopped_strand_cleans_up(self) -> None:
        def steps() -> Steps:
            try:
                yield None
            finally:
                self.told.append("cleaned")

        self.strands.stop(self.strands.start("a", steps()))
        self.assertEqual(self.told, ["cleaned"])

    def test_what_waits_no_more_is_forgotten(self) -> None:
        """Answers that come early, behind something that waits for less: nothing is heaped up."""
        self.strands.start("short", self.waits("short", 1.0))
        strand = self.strands.start("long", self.waits("long", *[1000.0] * 10_000))
        for _ in range(9_999):
            self.strands.resume(strand, None)
        self.assertLess(len(self.strands._heap), 200)
        self.strands.wake(1000.0)
        self.assertEqual(len(self.told), 10_001)
