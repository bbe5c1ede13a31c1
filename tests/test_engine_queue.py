"""Groups that wait: every way to ask for one, alone and against the others."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import EXECUTE_TYPES, ActionType
from smartserial.engine.queue import BY_TIMER, REQUESTS, GroupQueue, Place, Request


@dataclass(frozen=True)
class Waiting:
    group: int
    word: str = ""


A = ActionType
WAYS = {"timer": BY_TIMER, **{kind.value: request for kind, request in REQUESTS.items()}}
# What is asked for, as "way:group", and the order in which groups run.
ORDERS = (
    ("timer:1 timer:2 timer:1", "1 2"),
    ("add to execute:1 add to execute:1", "1 1"),
    ("execute one:1 execute one:1 execute one:2", "1 2"),
    ("execute:1 execute:1", "1 1"),
    ("execute one now:1 execute one now:1", "1"),
    ("execute next:1 execute next:2", "2 1"),
    ("execute one top:1 execute one top:2 execute one top:1", "2 1"),
    ("force execute:1 force execute:2", "1 2"),
    ("timer:1 execute:2", "2 1"),
    ("add to execute:1 execute one now:2 execute:3", "2 3 1"),
    ("execute:1 execute next:2", "2 1"),
    ("execute:1 timer:2 execute one top:3 force execute:4 execute one:5", "4 3 1 2 5"),
    ("timer:1 execute:1", "1 1"),
    ("execute:1 timer:1", "1"),
    ("force execute:1 execute one:1", "1"),
)


class OrderTest(SynchronousTestCase):
    def test_orders(self) -> None:
        for text, expected in ORDERS:
            with self.subTest(text=text):
                queue = GroupQueue[Waiting]()
                words = text.split(":")
                ways = [words[0], *(word.partition(" ")[2] for word in words[1:-1])]
                groups = [word.partition(" ")[0] for word in words[1:]]
                for way, group in zip(ways, groups, strict=True):
                    self.assertTrue(queue.add(WAYS[way], Waiting(int(group))))
                order = []
                while (entry := queue.take()) is not None:
                    order.append(str(entry.group))
                self.assertEqual(" ".join(order), expected)
                self.assertEqual(len(queue), 0)

    def test_every_way_is_known(self) -> None:
        self.assertEqual(set(REQUESTS), EXECUTE_TYPES)

    def test_the_running_group_does_not_wait(self) -> None:
        queue = GroupQueue[Waiting]()
        queue.add(BY_TIMER, Waiting(1))
        self.assertEqual(queue.take(), Waiting(1))
        queue.add(BY_TIMER, Waiting(1, "again"))
        self.assertEqual(queue.take(), Waiting(1, "again"))

    def test_only_forced_ones_cut_in(self) -> None:
        queue = GroupQueue[Waiting]()
        queue.add(REQUESTS[A.EXECUTE_NEXT], Waiting(1))
        self.assertIsNone(queue.take_forced())
        queue.add(REQUESTS[A.FORCE_EXECUTE], Waiting(2))
        queue.add(REQUESTS[A.FORCE_EXECUTE], Waiting(3))
        self.assertEqual(
            [queue.take_forced(), queue.take_forced(), queue.take_forced()], [Waiting(2), Waiting(3), None]
        )
        self.assertEqual(len(queue), 1)

    def test_drop(self) -> None:
        queue = GroupQueue[Waiting]()
        for place in Place:
            queue.add(Request(place), Waiting(1, "drop"))
            queue.add(Request(place), Waiting(2))
        self.assertEqual(queue.drop(lambda entry: entry.word == "drop"), [Waiting(1, "drop")] * 4)
        self.assertEqual(len(queue), 4)
        queue.add(BY_TIMER, Waiting(1))
        self.assertEqual(len(queue), 5)

    def test_full(self) -> None:
        queue = GroupQueue[Waiting](most=2)
        self.assertTrue(queue.add(BY_TIMER, Waiting(1)))
        self.assertTrue(queue.add(BY_TIMER, Waiting(2)))
        self.assertTrue(queue.full)
        self.assertFalse(queue.add(REQUESTS[A.EXECUTE], Waiting(3)))
        self.assertTrue(queue.add(BY_TIMER, Waiting(1)))  # it waits already
        self.assertEqual(len(queue), 2)

    @given(
        st.lists(st.tuples(st.sampled_from(list(WAYS.values())), st.integers(0, 4)) | st.none(), max_size=60)
    )
    def test_bands_and_once(self, steps: list[tuple[Request, int] | None]) -> None:
        """Against a list kept in order: the place of each band, and no group twice where that was asked."""
        queue = GroupQueue[Waiting]()
        model: list[tuple[int, Waiting]] = []
        rank = {Place.FORCED: 0, Place.FRONT: 1, Place.NORMAL: 1, Place.TIMER: 2}
        for number, step in enumerate(steps):
            if step is None:
                expected = model.pop(0)[1] if model else None
                self.assertEqual(queue.take(), expected)
                continue
            request, group = step
            entry = Waiting(group, str(number))
            queue.add(request, entry)
            if request.once and any(waiting.group == group for _, waiting in model):
                continue
            band = rank[request.place]
            before = [key for key, _ in model]
            at = (
                before.index(band)
                if request.place is Place.FRONT and band in before
                else sum(key <= band for key in before)
            )
            model.insert(at, (band, entry))
        self.assertEqual(len(queue), len(model))
