"""Who waits at a door, and who makes room."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.crowd import Crowd

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
HOSTS = st.sampled_from((A, B, C, "2001:db8::1", "2001:db8::2", ""))


def come(crowd: Crowd[int], *hosts: str) -> list[int | None]:
    """Let some come, who are numbered on; return who made room for each."""
    first = len(crowd)
    return [crowd.add(first + n, host) for n, host in enumerate(hosts)]


class RoomTest(SynchronousTestCase):
    def test_table(self) -> None:
        for before, newcomer, loser in (
            ((A, A, A), B, 0),
            ((B, A, A), C, 1),  # not the oldest of all, but the oldest of those who are the most
            ((A, B, B), B, 1),
            ((A, B, C), B, 1),  # with it B would be the most
            ((A, B, C), "10.0.0.4", 0),
            ((A, A, B), B, 2),  # a source takes none from one that has no more than it would have
            (("2001:db8::1", "2001:db8::2", A), B, 0),  # one network
            (("::ffff:10.0.0.1", A, B), C, 0),
            (("", "", A), B, 0),
        ):
            crowd: Crowd[int] = Crowd(3)
            self.assertEqual(come(crowd, *before), [None] * 3)
            self.assertEqual(crowd.add(3, newcomer), loser, (before, newcomer))
            self.assertEqual(sorted(crowd), sorted({0, 1, 2, 3} - {loser}))

    def test_who_has_gone_makes_room(self) -> None:
        crowd: Crowd[int] = Crowd(2)
        come(crowd, A, A)
        for _ in range(2):
            crowd.discard(0)
        self.assertNotIn(0, crowd)
        self.assertIsNone(crowd.add(5, B))
        self.assertEqual((len(crowd), crowd.from_source(A), crowd.from_source(B)), (2, 1, 1))

    def test_addresses_of_one_network(self) -> None:
        crowd: Crowd[int] = Crowd(9)
        come(crowd, "2001:db8::1", "2001:db8::2", A)
        self.assertEqual((crowd.from_host("2001:db8::1"), crowd.from_source("2001:db8::1")), (1, 2))
        self.assertEqual((crowd.from_host(B), crowd.from_source(B)), (0, 0))

    @given(st.lists(st.tuples(HOSTS, st.integers(0, 9)), max_size=60), st.integers(1, 6))
    def test_laws(self, steps: list[tuple[str, int]], most: int) -> None:
        crowd: Crowd[int] = Crowd(most)
        where: dict[int, str] = {}
        for n, (host, leaves) in enumerate(steps):
            source = "6" if ":" in host else host
            had = Counter(where.values())
            loser = crowd.add(n, host)
            self.assertEqual(loser is not None, len(where) == most)
            if loser is not None:
                had[source] += 1
                lost = where.pop(loser)
                self.assertTrue(
                    lost == source or had[lost] >= max(had[one] for one in where.values() or [lost])
                )
                if lost != source:
                    self.assertGreaterEqual(had[lost], had[source])
            where[n] = source
            if leaves in where:
                crowd.discard(leaves)
                del where[leaves]
            self.assertEqual(list(crowd), list(where))
            self.assertEqual(sorted(crowd.in_turn()), sorted(where))


class TurnTest(SynchronousTestCase):
    def test_one_of_each_source(self) -> None:
        crowd: Crowd[int] = Crowd(9)
        come(crowd, A, A, A, B, C, C)
        self.assertEqual(list(crowd.in_turn()), [0, 3, 4, 1, 5, 2])

    def test_who_was_served_comes_last(self) -> None:
        crowd: Crowd[int] = Crowd(9)
        come(crowd, A, A, A, B, C, C)
        served = []
        while len(crowd):
            served.append(next(crowd.in_turn()))
            crowd.serve(served[-1])
        self.assertEqual(served, [0, 3, 4, 1, 5, 2])

    def test_who_comes_later_waits_for_one_of_each(self) -> None:
        crowd: Crowd[int] = Crowd(99)
        come(crowd, *[f"10.0.1.{n % 20}" for n in range(90)])
        crowd.add(90, A)
        self.assertEqual(list(crowd.in_turn()).index(90), 20)
