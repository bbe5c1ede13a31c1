"""Goals: ratios that are to be held."""

from __future__ import annotations

import json
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal and the ratio that was measured; None: the measurement failed."""

    goal: Goal
    ratio: float | None

    @property
    def met(self) -> bool:
        """Whether the ratio is within the limits."""
        return self.ratio is not None and self.goal.met(self.ratio)

    @property
    def figure(self) -> str:
        """The ratio in words."""
        return "no figure" if self.ratio is None else format(self.ratio, ".3g")

    def __str__(self) -> str:
        goal = self.goal
        aim = f"aim {goal.aim:>2}: " if goal.aim else ""
        ratio = f"{goal.scenario} {goal.column}: {goal.peer} / {goal.base} = {self.figure}"
        return f"{'met   ' if self.met else 'MISSED'} {aim}{ratio} ({goal.limit})"


def check(results: Results, goals: list[Goal]) -> list[Verdict]:
    """Compare with each goal whose scenario was run with both servers."""
    return [
        Verdict(goal, results[goal.scenario].ratio(goal.peer, goal.base, goal.column))
        for goal in goals
        if goal.scenario in results and {goal.peer, goal.base} <= results[goal.scenario].runs.keys()
    ]


def markdown(verdicts: list[Verdict]) -> str:
    """Return a table of aims."""
    lines = ["| aim | figure | against | goal | reached | |", "|---|---|---|---|---|---|"]
    for verdict in verdicts:
        goal = verdict.goal
        figure = f"{goal.scenario} {goal.column}"
        met = "yes" if verdict.met else "**no**"
        lines.append(f"| {goal.aim} | {figure} | {goal.base} | {goal.limit} | {verdict.figure} | {met} |")
    return "\n".join(lines) + "\n"
