"""What a capture lacks, for its readers: it is written beside the way of the bytes, and may lose some."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from smartserial.captures import Piece


class Missing:
    """Tells of pieces that a capture lacks, all at once.

    Args:
        name: of the file.
        tell: takes a line for people.
    """

    def __init__(self, name: str, tell: Callable[[str], object]) -> None:
        self._name = name
        self._tell = tell
        self._count = self._places = 0

    def counted(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Yield the pieces; what is lost between them is counted."""
        for piece in pieces:
            self._count += piece.lost
            self._places += piece.lost > 0
            yield piece

    def sum_up(self) -> None:
        """Tell how many there were."""
        if self._count:
            pieces = "1 piece is" if self._count == 1 else f"{self._count} pieces are"
            places = "1 place" if self._places == 1 else f"{self._places} places"
            self._tell(f"{self._name}: {pieces} missing at {places}: they were lost when it was written")
