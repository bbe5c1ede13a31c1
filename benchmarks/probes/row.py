"""What a check gives: lines of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Args:
        goal: the goal's number, as in ``G5``.
        what: what was measured.
        measured: the figure with its unit.
        aim: what it should be; empty: it is told for information.
    """

    goal: str
    what: str
    measured: str
    aim: str = ""

    def __str__(self) -> str:
        return f"| {self.goal} {self.what} | {self.measured} | {self.aim} |"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done.

    Args:
        megabytes: size of a flood, in 1e6 bytes.
        connects: connections one after the other.
        crowd: connections at once.
        cycles: times that the device is unplugged.
        ports: virtual ports of one gateway.
        telnet: whether the clients speak telnet.
    """

    megabytes: int = 100
    connects: int = 5000
    crowd: int = 500
    cycles: int = 20
    ports: int = 300
    telnet: bool = False

    @property
    def flood(self) -> int:
        """Bytes of a flood."""
        return self.megabytes * 1_000_000


Check = Callable[[Scale], Iterator[Row]]
