"""The list of scenarios, in the order in which they run."""

from __future__ import annotations

from collections.abc import Sequence

from rig.codec import codec
from rig.crowd import accept, idle, storm
from rig.scenario import Scenario
from rig.traffic import bulk, many, ping

SCENARIOS: Sequence[Scenario] = (
    bulk("up"),
    bulk("down"),
    bulk("both"),
    ping(1),
    ping(16),
    ping(64),
    ping(64, "up"),
    ping(64, "down"),
    bulk("up", 10),
    bulk("up", 100),
    ping(64, "up", 10),
    ping(64, "up", 100),
    many(1, 100),
    many(50, 10),
    many(200, 10),
    many(500, 10),
    accept(),
    storm(50),
    idle(1000),
    idle(5000),
    *(bulk(way, telnet=True, fill=fill) for fill in ("text", "bin", "ff") for way in ("up", "down")),
    ping(16, telnet=True),
    *(codec(fill) for fill in ("text", "random", "runs", "ff")),
)


def chosen(names: Sequence[str]) -> list[Scenario]:
    """Return the scenarios that are named, each by its whole name or by how it begins; all, if none is."""
    if not names:
        return list(SCENARIOS)
    whole = {scenario.name for scenario in SCENARIOS} & set(names)
    beginnings = tuple(set(names) - whole)
    return [s for s in SCENARIOS if s.name in whole or (beginnings and s.name.startswith(beginnings))]
