"""What is played of a capture, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from smartserial.captures import Piece

LONG = 60.0
"""Seconds of a pause that is told of before it begins."""
_SHOWN = 24  # bytes of a piece that are shown before it goes


@dataclass(frozen=True, slots=True)
class Pace:
    """What is played of a capture, and when.

    Args:
        direction: the one whose pieces are played.
        speed: how much faster than it was; 0: as fast as it goes.
        step: each piece waits for a line on stdin.
        longest: seconds that a pause takes at most, as it is played; None: as many as it took.
    """

    direction: str = "up"
    speed: float = 1.0
    step: bool = False
    longest: float | None = None

    def timed(self, pieces: Iterable[Piece]) -> Iterator[tuple[float, Piece]]:
        """Yield the pieces that are played, each with the seconds from the first one on at this speed.

        Where a capture tells no time, or one that is earlier than the one before, a piece follows at once.
        """
        due, before = 0.0, None
        for piece in pieces:
            if piece.direction != self.direction or not piece.data:
                continue
            if piece.time is not None:
                if before is not None and self.speed:
                    pause = max(0.0, piece.time - before) / self.speed
                    due += pause if self.longest is None else min(pause, self.longest)
                before = piece.time
            yield due, piece


def told_pause(seconds: float) -> str:
    """Return what is said of a long pause when it begins; a clock that was set leaves one of decades."""
    days = f", which are {seconds / 86400:.0f} days" if seconds >= 2 * 86400 else ""
    return f"the next piece comes in {seconds:.0f} s{days}; --longest-pause SECONDS shortens pauses"


def shown(due: float, piece: Piece) -> str:
    """Return what is said of a piece before it goes."""
    more = " ..." if len(piece.data) > _SHOWN else ""
    size = "1 byte" if len(piece.data) == 1 else f"{len(piece.data)} bytes"
    return f"{due:.3f} s  {size}: {piece.data[:_SHOWN].hex(' ')}{more}"
