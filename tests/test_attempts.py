"""How often a source may guess: no schedule gets more than ten wrong answers a minute."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing import attempts as room
from smartserial.sharing.attempts import FREE, QUIET, Attempts, source_of


def fail(attempts: Attempts, source: str, now: float) -> None:
    assert attempts.begin(source, now)
    attempts.end(source, now, False)


class DelayTest(SynchronousTestCase):
    def test_each_failure_after_the_fifth_waits_longer(self) -> None:
        attempts, now, delays = Attempts(), 100.0, []
        for _ in range(13):
            fail(attempts, "10.0.0.7", now)
            delays.append(attempts.delay("10.0.0.7", now))
            now += delays[-1]
        self.assertEqual(delays, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60])

    def test_nobody_tries_before_that(self) -> None:
        attempts = Attempts()
        for _ in range(FREE):
            fail(attempts, "10.0.0.7", 0.0)
        self.assertFalse(attempts.begin("10.0.0.7", 0.9))
        self.assertEqual(attempts.delay("10.0.0.7", 0.75), 0.25)
        self.assertTrue(attempts.begin("10.0.0.7", 1.0))

    def test_others_may(self) -> None:
        attempts = Attempts()
        for _ in range(FREE):
            fail(attempts, "10.0.0.7", 0.0)
        self.assertTrue(attempts.begin("10.0.0.8", 0.0))

    def test_a_right_answer_forgives_nothing(self) -> None:
        attempts = Attempts()
        for _ in range(FREE - 1):
            fail(attempts, "10.0.0.7", 0.0)
        self.assertTrue(attempts.begin("10.0.0.7", 0.0))
        attempts.end("10.0.0.7", 0.0, True)
        fail(attempts, "10.0.0.7", 0.0)
        self.assertEqual(attempts.delay("10.0.0.7", 0.0), 1.0)

    def test_right_answers_are_as_many_as_one_likes(self) -> None:
        attempts = Attempts()
        for _ in range(1000):
            self.assertTrue(attempts.begin("10.0.0.7", 0.0))
            attempts.end("10.0.0.7", 0.0, True)
        self.assertEqual((attempts.delay("10.0.0.7", 0.0), len(attempts)), (0.0, 0))

    def test_what_is_under_way_may_fail(self) -> None:
        attempts = Attempts()
        self.assertEqual([attempts.begin("10.0.0.7", 0.0) for _ in range(7)], [True] * FREE + [False] * 2)
        self.assertEqual(attempts.delay("10.0.0.7", 0.0), 0.0)  # it has to wait for its own
        attempts.end("10.0.0.7", 0.0, True)
        self.assertTrue(attempts.begin("10.0.0.7", 0.0))

    def test_a_quiet_source_is_forgotten(self) -> None:
        attempts = Attempts()
        for n in range(FREE + 3):
            fail(attempts, "10.0.0.7", 100.0 * n)
        last = 100.0 * (FREE + 2)
        self.assertEqual(attempts.delay("10.0.0.7", last), 8.0)
        self.assertFalse(attempts.begin("10.0.0.7", last + 7))
        self.assertTrue(attempts.begin("10.0.0.7", last + QUIET - 1))  # it is known still
        self.assertFalse(attempts.begin("10.0.0.7", last + QUIET - 1))
        attempts.end("10.0.0.7", last + QUIET - 1, True)
        self.assertEqual((attempts.delay("10.0.0.7", last + QUIET), len(attempts)), (0.0, 0))

    def test_the_oldest_of_too_many_goes(self) -> None:
        self.patch(room, "MOST_SOURCES", 3)
        attempts = Attempts()
        for n in range(3):
            fail(attempts, f"10.0.0.{n}", float(n))
        self.assertTrue(attempts.begin("10.0.0.0", 3.0))  # it is under way, so it stays
        fail(attempts, "10.0.0.9", 4.0)
        self.assertEqual(len(attempts), 3)
        attempts.end("10.0.0.0", 5.0, False)
        attempts.end("10.0.0.1", 5.0, False)  # nothing is known of it any more
        self.assertEqual(sorted(attempts._records), ["10.0.0.0", "10.0.0.2", "10.0.0.9"])


class SourceTest(SynchronousTestCase):
    def test_what_counts_as_one(self) -> None:
        for host, source in (
            ("10.0.0.7", "10.0.0.7"),
            ("::ffff:10.0.0.7", "10.0.0.7"),
            ("2001:db8::1", "2001:db8::/64"),
            ("2001:db8::ffff:1", "2001:db8::/64"),
            ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("::1", "::/64"),
            ("", ""),
            ("unix", "unix"),
        ):
            self.assertEqual(source_of(host), source, host)


class LawTest(SynchronousTestCase):
    @settings(max_examples=400, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["10.0.0.1", "2001:db8::1", "2001:db8::2"]),
                st.sampled_from(["begin", "begin", "begin", "wrong", "wrong", "right"]),
                st.one_of(st.just(0.0), st.floats(0, 3), st.floats(0, 70), st.floats(0, 2000)),
            ),
            max_size=300,
        )
    )
    def test_no_schedule_gets_more_guesses(self, schedule: list[tuple[str, str, float]]) -> None:
        """Tries begin, last and end as they like; an attacker tries again whenever that is allowed."""
        attempts, now = Attempts(), 0.0
        under_way: dict[str, int] = defaultdict(int)
        wrong: dict[str, list[float]] = defaultdict(list)
        for host, what, pause in schedule:
            now += pause
            source = source_of(host)
            if what == "begin":
                under_way[source] += attempts.begin(host, now)
            elif under_way[source]:
                under_way[source] -= 1
                attempts.end(host, now, what == "right")
                if what == "wrong":
                    wrong[source].append(now)
        for times in wrong.values():
            for first, after in zip(times, times[10:], strict=False):
                self.assertGreaterEqual(after - first, 60.0, times)

    @settings(max_examples=100, deadline=None)
    @given(st.floats(0.01, 5.0), st.integers(1, 8))
    def test_the_keenest_guesser(self, every: float, at_once: int) -> None:
        """Ten in the first minute, and then one a minute."""
        attempts, wrong, now = Attempts(), [], 0.0
        while now < 300:
            begun = sum(attempts.begin("10.0.0.7", now) for _ in range(at_once))
            for _ in range(begun):
                attempts.end("10.0.0.7", now, False)
                wrong.append(now)
            now += every
        self.assertLessEqual(len([time for time in wrong if time < 60]), 10)
        self.assertLessEqual(len(wrong), 15)
