"""What is kept of the device's bytes for those who come later: against a list that forgets nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.shelf import Handed, Shelf


class ShelfTest(SynchronousTestCase):
    def shelf(self, most: int) -> Shelf:
        shelf = Shelf()
        shelf.show(most)
        return shelf

    def test_only_what_is_kept(self) -> None:
        """Without `replay` nothing else is there."""
        shelf = self.shelf(0)
        self.assertEqual(shelf.keep(b"0123456789", 4), 6)
        self.assertEqual(shelf.kept, 4)
        self.assertEqual(shelf.take(), Handed(b"", b"0123", b""))
        self.assertEqual(shelf.take(), Handed(b"", b"", b""))

    def test_the_last_bytes_for_each_who_comes(self) -> None:
        shelf = self.shelf(4)
        shelf.hear(b"012")
        shelf.hear(b"3456")
        for _ in range(2):
            self.assertEqual(shelf.take(), Handed(b"3456", b"", b""))

    def test_nothing_twice(self) -> None:
        """The last bytes are those before what was kept."""
        shelf = self.shelf(6)
        shelf.hear(b"0123")
        shelf.hear(b"45")
        shelf.keep(b"45", 100)
        self.assertEqual(shelf.take(), Handed(b"0123", b"45", b""))
        self.assertEqual(shelf.take(), Handed(b"012345", b"", b""))

    def test_what_found_no_place_is_shown_after_it(self) -> None:
        shelf = self.shelf(3)
        shelf.hear(b"0123456789")
        self.assertEqual(shelf.keep(b"0123456789", 4), 6)
        self.assertEqual(shelf.take(), Handed(b"", b"0123", b"789"))

    def test_another_size(self) -> None:
        shelf = self.shelf(6)
        shelf.hear(b"012345")
        shelf.show(2)
        self.assertEqual(shelf.take().old, b"45")
        shelf.show(0)
        self.assertEqual(shelf.take().old, b"")

    def test_cleared(self) -> None:
        shelf = self.shelf(6)
        shelf.hear(b"0123")
        shelf.keep(b"23", 9)
        self.assertEqual(shelf.clear(), 2)
        self.assertEqual(shelf.take(), Handed(b"", b"", b""))

    @given(
        st.integers(0, 12),
        st.integers(0, 12),
        st.lists(st.tuples(st.sampled_from(["gets", "nobody", "comes"]), st.integers(0, 9)), max_size=25),
    )
    def test_any_order(self, most: int, limit: int, happens: list[tuple[str, int]]) -> None:
        """Whoever comes gets numbered bytes in order, each once, and all that are kept, or among the last."""
        shelf = self.shelf(most)
        number, kept = 0, list[int]()
        for what, count in happens:
            if what == "comes":
                handed = shelf.take()
                last = range(max(0, number - most), number)
                self.assertEqual(list(b"".join(handed)), sorted({*kept, *last}))
                self.assertEqual(list(handed.kept), kept)
                kept = []
            else:
                fresh = list(range(number, number + count))
                number += count
                data = bytes(fresh)
                shelf.hear(data)
                if what == "nobody":
                    lost = shelf.keep(data, limit)
                    room = fresh[: max(0, limit - len(kept))]
                    self.assertEqual(lost, len(fresh) - len(room))
                    kept += room
                elif kept:
                    break  # what is kept is always handed out before somebody reads
            self.assertEqual(shelf.kept, len(kept))
