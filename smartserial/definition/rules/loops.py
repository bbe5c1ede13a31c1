"""The rule about loops that do not end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping

from smartserial.definition.action import Action
from smartserial.definition.flow import Group, Timer, Trigger
from smartserial.definition.message import Response
from smartserial.definition.place import NOWHERE, Place
from smartserial.definition.rules.effects import Effect, Effects, Spot, Value, effects
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.findings import ERROR, WARNING

MOST_TOLD = 12
"""Steps of a loop that are told; a longer one is cut."""
_Graph = Mapping[Spot, list[Spot]]
_FIRST = ("trigger", "action", "group", "response", "timer")  # where a loop is best told from
_VERBS = {
    ("trigger", "trigger"): "fires",
    ("trigger", "action"): "runs",
    ("action", "group"): "executes",
    ("action", "param"): "changes",
    ("action", "timer"): "reschedules",
    ("group", "action"): "runs",
    ("group", "pair"): "runs",
    ("pair", "command"): "sends",
    ("pair", "response"): "hears",
    ("param", "param"): "changes",
    ("response", "response"): "holds",
    ("response", "param"): "sets",
}


def endless(subject: Subject) -> Iterator[Found]:
    """What is set in motion comes to an end."""
    graph = effects(subject)
    places = _places(subject)
    told: set[Spot] = set()
    certain = _only(graph, lambda effect: effect.certain)
    for part in _parts(certain):
        told |= part
        way = _way(certain, part, _start(part, places))
        yield Found(places[way[0]], f"expected an end, found a loop: {_words(way)}")
    whole = _only(graph, lambda effect: True)
    for part in _parts(whole):
        found = _possible(graph, whole, part, places) if part.isdisjoint(told) else None
        if found:
            message = f"expected an end, found what may be a loop: {_words(found)}"
            yield Found(places[found[0]], message, severity=WARNING)


def _only(graph: Effects, wanted: Callable[[Effect], bool]) -> _Graph:
    return {
        source: [effect.target for effect in found if wanted(effect) and effect.target in graph]
        for source, found in graph.items()
    }


def _possible(graph: Effects, whole: _Graph, part: set[Spot], places: Mapping[Spot, Place]) -> list[Spot]:
    """Return a way around in a part of the graph that may have no end, or an empty one.

    Values that are only copied are the same the second time, so that nothing changes any more.
    """
    inner = {spot: graph[spot] for spot in part}
    uncopied = _only(inner, lambda effect: effect.value is not Value.SAME)
    for smaller in _parts(uncopied):
        return _way(uncopied, smaller, _start(smaller, places))
    calculated = {
        effect.target.id
        for spot in part
        for action in graph[spot]
        for effect in graph.get(action.target, ())
        if effect.value is Value.NEW
    }
    for spot, found in inner.items():
        for effect in found:
            copied = effect.value is Value.SAME and effect.source in calculated
            if effect.target in part and (effect.value is Value.NEW or copied):
                way = _way(whole, part, effect.target, spot)
                start = way.index(_start(way, places))
                return way[start:] + way[:start]
    return []


def _parts(graph: _Graph) -> Iterator[set[Spot]]:
    """Yield the parts of a graph in which each spot leads to each, and to itself (Tarjan 1972)."""
    order: dict[Spot, int] = {}
    low: dict[Spot, int] = {}
    open_: list[Spot] = []
    within: set[Spot] = set()
    for root in graph:
        if root in order:
            continue
        waiting = [(root, iter(graph[root]))]
        order[root] = low[root] = len(order)
        open_.append(root)
        within.add(root)
        while waiting:
            spot, targets = waiting[-1]
            target = next(targets, None)
            if target is None:
                waiting.pop()
                if waiting:
                    low[waiting[-1][0]] = min(low[waiting[-1][0]], low[spot])
                if low[spot] == order[spot]:
                    start = _back(open_, spot)
                    part = set(open_[start:])
                    del open_[start:]
                    within -= part
                    if len(part) > 1 or spot in graph[spot]:
                        yield part
            elif target not in order:
                order[target] = low[target] = len(order)
                open_.append(target)
                within.add(target)
                waiting.append((target, iter(graph[target])))
            elif target in within:
                low[spot] = min(low[spot], order[target])


def _back(spots: list[Spot], spot: Spot) -> int:
    """Return where a spot stands, looked for from the end."""
    place = len(spots) - 1
    while spots[place] != spot:
        place -= 1
    return place


def _way(graph: _Graph, part: Collection[Spot], first: Spot, last: Spot | None = None) -> list[Spot]:
    """Return the shortest way from one spot to another in a part; without another, around to it again."""
    came: dict[Spot, Spot] = {}
    waiting = deque([first])
    while waiting:
        spot = waiting.popleft()
        if spot == last or (last is None and first in graph[spot]):
            way = [spot]
            while way[-1] != first:
                way.append(came[way[-1]])
            return way[::-1]
        for target in graph[spot]:
            if target in part and target not in came and target != first:
                came[target] = spot
                waiting.append(target)
    return [first]


def _places(subject: Subject) -> dict[Spot, Place]:
    protocol = subject.protocol
    places: dict[Spot, Place] = {}
    values: tuple[Trigger | Action | Group | Response | Timer, ...] = (
        *protocol.trigger.values(),
        *protocol.action.values(),
        *protocol.group.values(),
        *protocol.response.values(),
        *protocol.timer.values(),
    )
    for value in values:
        places[Spot(type(value).__name__.lower(), value.id)] = value.place
    return places


def _start(spots: Collection[Spot], places: Mapping[Spot, Place]) -> Spot:
    """Return the spot from which a loop is told: each has a trigger, or a group and its action."""

    def order(spot: Spot) -> tuple[int, int, int, str]:
        rank = _FIRST.index(spot.kind) if spot in places else len(_FIRST)
        place = places.get(spot, NOWHERE)
        return rank, place.line, place.column, f"{spot.kind} {spot.id} {spot.time}"

    return min(spots, key=order)


def _words(way: list[Spot]) -> str:
    """Return a way around in words; moments of items are left out."""
    shown = [spot for spot in way if spot.time is None]
    steps = list(zip(shown, [*shown[1:], *shown[:1]], strict=True))
    words = [f"{shown[0].kind} {shown[0].id}"]
    for source, target in steps[:MOST_TOLD]:
        verb = _VERBS.get((source.kind, target.kind), "fires")
        words.append(f"{verb} {target.kind} {target.id}")
    if len(steps) > MOST_TOLD:
        words.append(f"comes back after {len(steps) - MOST_TOLD} more steps")
    return f"{words[0]} {', which '.join(words[1:])}"


RULES: tuple[Rule, ...] = (
    Rule(
        "XM06",
        ERROR,
        "a loop never ends",
        "take out one step of the loop, or give it a condition that will not hold",
        endless,
    ),
)
