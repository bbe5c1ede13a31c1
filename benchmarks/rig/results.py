"""The figures of a whole run, and the ratios between servers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from rig.scenario import Column, Figures

Runs = Sequence[Figures | None]


@dataclass(slots=True)
class Table:
    """What one scenario gave.

    Args:
        columns: the figures to report.
        runs: for each server one entry a round; None where it failed.
        errors: why a server failed the last time.
    """

    columns: tuple[Column, ...]
    runs: dict[str, list[Figures | None]]
    errors: dict[str, str] = field(default_factory=dict)

    def values(self, peer: str, key: str) -> list[float]:
        """Return all figures of one kind."""
        return [run[key] for run in self.runs.get(peer, []) if run is not None and key in run]

    def median(self, peer: str, key: str) -> float | None:
        """Return the median of the rounds, if there is one."""
        values = self.values(peer, key)
        return statistics.median(values) if values else None

    def ratio(self, peer: str, base: str, key: str) -> float | None:
        """Return the median over the rounds of what `peer` has divided by what `base` has in that round."""
        pairs = zip(self.runs.get(peer, []), self.runs.get(base, []), strict=False)
        ratios = [
            one[key] / other[key] for one, other in pairs if one and other and key in one and other.get(key)
        ]
        return statistics.median(ratios) if ratios else None

    def corrupt(self) -> dict[str, int]:
        """Return how many reads were not what was sent, for each server that has such."""
        sums = {peer: int(sum(self.values(peer, "corrupt"))) for peer in self.runs}
        return {peer: count for peer, count in sums.items() if count}


Results = dict[str, Table]  # by the scenario's name
