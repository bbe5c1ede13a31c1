"""Goals: ratios that are to be held."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rig.results import Results

DEFAULT = Path(__file__).resolve().parent.parent / "goals.json"


@dataclass(frozen=True, slots=True)
class Goal:
    """One ratio to hold.

    Args:
        scenario: where it is measured.
        column: the figure.
        peer: the server that is to hold it.
        base: the server that it is compared with.
        at_most: the greatest ratio allowed.
        at_least: the least ratio allowed.
        aim: the number of the aim that it belongs to; 0: none.
    """

    scenario: str
    column: str
    peer: str
    base: str
    at_most: float | None = None
    at_least: float | None = None
    aim: int = 0

    def met(self, ratio: float) -> bool:
        """Tell whether a ratio is within the limits."""
        return (self.at_most is None or ratio <= self.at_most) and (
            self.at_least is None or ratio >= self.at_least
        )

    @property
    def limit(self) -> str:
        """The limit in words."""
        return f"at most {self.at_most}" if self.at_most is not None else f"at least {self.at_least}"


def read(path: Path) -> list[Goal]:
    """Read a JSON list of goals; the keys are the fields of `Goal`."""
    return [Goal(**entry) for entry in json.loads(path.read_text())]


def check(results: Results, goals: list[Goal]) -> Iterator[tuple[bool, str]]:
    """Tell of each goal whose scenario was run whether it is met, and how."""
    for goal in goals:
        if goal.scenario not in results:
            continue
        ratio = results[goal.scenario].ratio(goal.peer, goal.base, goal.column)
        met = ratio is not None and goal.met(ratio)
        figure = "no figure" if ratio is None else format(ratio, ".3g")
        aim = f"aim {goal.aim:>2}: " if goal.aim else ""
        yield (
            met,
            f"{'met   ' if met else 'MISSED'} {aim}{goal.scenario} {goal.column}: "
            f"{goal.peer} / {goal.base} = {figure} ({goal.limit})",
        )
