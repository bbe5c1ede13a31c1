"""What waits for a device that is away: bounds and ages, against a plain model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.waiting import MOST_REQUESTS, WaitingRoom


class WaitingTest(SynchronousTestCase):
    def test_whole_pieces_in_order(self) -> None:
        room: WaitingRoom[str] = WaitingRoom(10, 5)
        self.assertTrue(room.put(b"four", 0))
        self.assertTrue(room.put(b"five!", 1))
        self.assertFalse(room.put(b"xx", 1))  # half of it would fit
        self.assertTrue(room.put(b"1", 1))
        self.assertEqual((room.size, room.take(), room.size), (10, [(None, b"four"), (None, b"five!1")], 0))

    def test_nothing_is_kept_by_default(self) -> None:
        room: WaitingRoom[str] = WaitingRoom(0, 5)
        self.assertFalse(room.put(b"x", 0))
        self.assertTrue(room.put(b"", 0))
        self.assertEqual((room.size, room.take()), (0, []))

    def test_what_is_too_old_goes(self) -> None:
        room: WaitingRoom[str] = WaitingRoom(10, 5)
        room.put(b"old", 0)
        room.put(b"new", 1)
        self.assertEqual((room.expire(5), room.size), (0, 6))
        self.assertEqual((room.expire(5.01), room.size), (3, 3))
        self.assertEqual((room.expire(100), room.take()), (3, []))

    def test_what_comes_together_goes_together(self) -> None:
        room: WaitingRoom[str] = WaitingRoom(100, 5)
        for n in range(10):
            room.put(b"%d" % n, n / 250)
        self.assertEqual((room.expire(5.001), room.size), (10, 0))
        room.put(b"later", 6)
        self.assertEqual((room.clear(), room.size, room.clear()), (5, 0, 0))

    def test_many_small_pieces_stay_few(self) -> None:
        room: WaitingRoom[str] = WaitingRoom(1 << 20, 1)
        for n in range(10_000):
            room.expire(n / 1000)
            room.put(b"x", n / 1000)
        self.assertLessEqual(len(room.take()), 102)

    def test_pieces_of_somebody_stay_apart(self) -> None:
        room: WaitingRoom[str] = WaitingRoom(1 << 20, 5)
        for source, data in (("a", b"1"), ("a", b"2"), (None, b"3"), (None, b"4"), ("b", b"5")):
            room.put(data, 0, source)
        self.assertEqual(room.take(), [("a", b"1"), ("a", b"2"), (None, b"34"), ("b", b"5")])

    def test_not_many_pieces_of_somebody_wait(self) -> None:
        room: WaitingRoom[str] = WaitingRoom(1 << 20, 5)
        self.assertEqual(sum(room.put(b"x", 0, "a") for _ in range(2000)), MOST_REQUESTS)
        self.assertEqual((room.size, room.put(b"y", 0)), (MOST_REQUESTS, True))

    @given(
        st.integers(0, 60),
        st.lists(st.tuples(st.binary(max_size=20), st.floats(0.06, 3)), max_size=40),
    )
    def test_the_model(self, limit: int, pieces: list[tuple[bytes, float]]) -> None:
        """Pieces that come apart are kept, or not, each by itself."""
        room: WaitingRoom[str] = WaitingRoom(limit, 5)
        model, now = list[tuple[float, bytes]](), 0.0
        for piece, pause in pieces:
            now += pause
            fresh = [(at, data) for at, data in model if now - at <= 5]
            self.assertEqual(room.expire(now), sum(len(d) for _, d in model) - sum(len(d) for _, d in fresh))
            fits = sum(len(data) for _, data in fresh) + len(piece) <= limit
            self.assertEqual(room.put(piece, now), fits)
            model = [*fresh, (now, piece)] if fits else fresh
            self.assertEqual(room.size, sum(len(data) for _, data in model))
        self.assertEqual(room.take(), [(None, data) for _, data in model if data])
