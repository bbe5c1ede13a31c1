"""What a scenario is, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from rig.peer import Peer

Figures = dict[str, float]


class Column(NamedTuple):
    """One figure of a scenario."""

    key: str
    unit: str
    more_is_better: bool = False


class Window(NamedTuple):
    """How long is measured, in seconds, after how long a warming up."""

    seconds: float
    warm: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of load.

    Args:
        name: what the command line and the goals call it.
        needs: what a server must be able to do.
        columns: the figures that are reported.
        run: starts a server, loads it, and returns the figures.
        ports: how many links it takes.
    """

    name: str
    needs: frozenset[str]
    columns: tuple[Column, ...]
    run: Callable[[Peer, Window], Figures]
    ports: int = 1

    def suits(self, peer: Peer) -> bool:
        """Tell whether a server can do this."""
        return self.needs <= peer.can and self.ports <= peer.max_ports
