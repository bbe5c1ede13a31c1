"""A backlog against a plain bytearray: the same bytes, the same sizes, whatever is done to it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.backlog import Backlog

MOST_CHUNKS = 64  # what one system call should take at most

chunks = st.binary(max_size=12)


class BacklogModel(RuleBasedStateMachine):
    """Does the same to a backlog and to a bytearray."""

    def __init__(self) -> None:
        super().__init__()
        self.backlog = Backlog()
        self.model = bytearray()

    @rule(data=chunks)
    def append(self, data: bytes) -> None:
        self.backlog.append(data)
        self.model += data

    @rule(data=chunks)
    def append_view(self, data: bytes) -> None:
        self.backlog.append(memoryview(data))
        self.model += data

    @rule(number=st.integers(0, 90))
    def append_many(self, number: int) -> None:
        for n in range(number):
            self.backlog.append(bytes([n]))
            self.model.append(n)

    @rule(data=chunks, limit=st.integers(0, 40))
    def append_within(self, data: bytes, limit: int) -> None:
        room = max(0, limit - len(self.model))
        assert self.backlog.append_within(data, limit) == len(data[room:])
        self.model += data[:room]

    @rule()
    def head(self) -> None:
        head = b"".join(self.backlog.head())
        assert self.model.startswith(head)
        assert bool(head) == bool(self.model)

    @rule(count=st.integers(0, 200))
    def first(self, count: int) -> None:
        assert self.backlog.first(count) == self.model[:count]

    @rule(count=st.integers(0, 200))
    def consume(self, count: int) -> None:
        taken = min(count, len(self.model))
        assert self.backlog.consume(count) == taken
        del self.model[:taken]

    @rule()
    def consume_head(self) -> None:
        size = sum(len(chunk) for chunk in self.backlog.head())
        assert self.backlog.consume(size) == size
        del self.model[:size]

    @rule()
    def take(self) -> None:
        assert b"".join(self.backlog.take()) == self.model
        self.model.clear()

    @rule()
    def clear(self) -> None:
        assert self.backlog.clear() == len(self.model)
        self.model.clear()

    @invariant()
    def same_size(self) -> None:
        assert self.backlog.size == len(self.model)

    @invariant()
    def same_bytes(self) -> None:
        head = self.backlog.head()
        assert len(head) <= MOST_CHUNKS
        assert all(head), "an empty chunk"
        if len(head) < MOST_CHUNKS:
            assert b"".join(head) == self.model


class ModelTest(BacklogModel.TestCase):  # type: ignore[misc, name-defined]
    """Runs the model."""


class BacklogTest(SynchronousTestCase):
    def test_empty(self) -> None:
        backlog = Backlog()
        self.assertEqual((backlog.size, backlog.head(), backlog.take()), (0, [], []))
        self.assertEqual((backlog.consume(5), backlog.clear()), (0, 0))

    def test_nothing_is_copied(self) -> None:
        data = b"0123456789"
        backlog = Backlog()
        backlog.append(data)
        self.assertIs(backlog.head()[0], data)
        backlog.consume(4)
        (rest,) = backlog.head()
        assert isinstance(rest, memoryview)
        self.assertIs(rest.obj, data)
        self.assertEqual(rest, b"456789")

    def test_head_leaves_everything_in_its_place(self) -> None:
        backlog = Backlog()
        backlog.append(b"ab")
        backlog.append(b"cd")
        self.assertEqual(backlog.head(), backlog.head())
        self.assertEqual(b"".join(backlog.take()), b"abcd")

    def test_head_takes_no_more_chunks_than_a_system_call_should(self) -> None:
        backlog = Backlog()
        for n in range(MOST_CHUNKS + 1):
            backlog.append(bytes([n]))
        self.assertEqual(b"".join(backlog.head()), bytes(range(MOST_CHUNKS)))
        backlog.consume(MOST_CHUNKS)
        self.assertEqual(backlog.head(), [bytes([MOST_CHUNKS])])

    def test_within_loses_the_newest(self) -> None:
        backlog = Backlog()
        self.assertEqual(backlog.append_within(b"abcdef", 4), 2)
        self.assertEqual(backlog.append_within(b"x", 4), 1)
        self.assertEqual(backlog.append_within(b"x", 2), 1)
        self.assertEqual(b"".join(backlog.take()), b"abcd")

    @given(st.lists(chunks), st.integers(0, 300))
    def test_chunks_stay_in_order(self, pieces: list[bytes], count: int) -> None:
        backlog = Backlog()
        for piece in pieces:
            backlog.append(piece)
        whole = b"".join(pieces)
        backlog.consume(count)
        self.assertEqual(b"".join(backlog.take()), whole[count:])
        self.assertEqual(backlog.size, 0)
