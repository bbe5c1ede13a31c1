"""What makes units of bytes, whatever the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from smartserial.engine.framing.window import Window
from smartserial.engine.unit import Loss, Lost, Unit


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of what is kept, and of how long.

    Args:
        most: bytes that a unit can have, and that are kept for one; 1 or more.
        delay: seconds after its first byte when a unit ends that nothing else ends.
    """

    most: int = 1 << 20
    delay: float = 0.015


class Framer(Protocol):
    """Makes units of the bytes of one peer.

    Each byte comes back once, in the order of the stream: as part of a unit, or as lost.
    """

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came.

        Args:
            data: any bytes; a whole datagram where there are datagrams.
            now: seconds, monotonic.
        """

    def wake(self, now: float) -> list[Unit | Lost]:
        """Give what time has ended; nothing before `next_wake`."""

    @property
    def next_wake(self) -> float | None:
        """When `wake` is to be called, in seconds; None if nothing depends on time."""

    @property
    def waiting(self) -> int:
        """Bytes that are kept."""

    def finish(self) -> list[Unit | Lost]:
        """Give all that is kept: the stream has ended."""


class Untimed:
    """What the ways have in common that wait for the end of a unit as long as it takes."""

    __slots__ = ("_window",)

    def __init__(self) -> None:
        self._window = Window()

    @property
    def next_wake(self) -> float | None:
        """Nothing depends on time."""
        return None

    @property
    def waiting(self) -> int:
        """Bytes that are kept."""
        return len(self._window)

    def wake(self, now: float) -> list[Unit | Lost]:
        """Give nothing."""
        return []

    def finish(self) -> list[Unit | Lost]:
        """Give up what is kept: no more comes."""
        return [*self._window.lose(self._window.end, Loss.UNFINISHED)]
