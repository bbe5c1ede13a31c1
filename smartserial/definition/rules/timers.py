"""Rules about timers: how often they run, and what."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.flow import POLL_TYPES
from smartserial.definition.languages.ids import parse_id
from smartserial.definition.languages.number import parse_whole
from smartserial.definition.languages.problem import quoted
from smartserial.definition.node import Node
from smartserial.definition.reading.flows import LONGEST, initial
from smartserial.definition.rules.rule import Found, Rule, Subject, wrong_reference
from smartserial.findings import ERROR, INFO, WARNING

_TIMERS = "Timers/Timer"
_SHORTEST = 1000  # ms
_APART = 1000  # ms
_SLOW_POLL = "-1"


def time(subject: Subject) -> Iterator[Found]:
    """A timer says how often it runs: ``Time`` is in ms, or ``loop``."""
    for node in subject.root.all(_TIMERS):
        found = node.first("Time")
        if found is None:
            yield Found(node.place, "expected the element Time, found none")
            continue
        text = found.text.strip()
        ms = parse_whole(text)
        if (ms is not None and ms > LONGEST) or (ms is None and text.isascii() and text.isdigit()):
            yield Found(found.place, f"expected at most {LONGEST} ms, found {quoted(text)}")
        elif ms is None and text.lower() != "loop":
            yield Found(found.place, f"expected a time in ms, or loop, found {quoted(text)}")
        yield from _further(node, found)


def _further(node: Node, time: Node) -> Iterator[Found]:
    """Yield what else about when a timer runs is not understood, and is passed over."""
    said, interval = time.attributes.get("initial", ""), node.first("Interval")
    if initial(said) is None:
        message = f"expected true, false or random=LOW:HIGH in initial, found {quoted(said)}"
        yield Found(time.place, message, "write when it runs first, or leave it out", severity=WARNING)
    if interval is not None and interval.text.strip() and parse_whole(interval.text) is None:
        message = f"expected the wait between groups in ms, found {quoted(interval.text)}"
        yield Found(interval.place, message, "write ms, or leave it out", severity=WARNING)


def pace(subject: Subject) -> Iterator[Found]:
    """A timer runs once a second at most, and no two run at nearly the same pace."""
    read = ((parse_whole(node.text_at("Time")), node) for node in subject.root.all(_TIMERS))
    times = sorted(
        ((ms, number, node) for number, (ms, node) in enumerate(read) if ms is not None), key=_order
    )
    before: tuple[int, Node] | None = None
    for ms, _, node in times:
        if ms > LONGEST:
            break
        place = (node.first("Time") or node).place
        if ms < _SHORTEST:
            yield Found(place, f"expected {_SHORTEST} ms or more, found {ms}")
        elif before is not None and ms - before[0] < _APART:
            other = before[1].attributes.get("id", "").strip()[:20]
            message = (
                f"expected {_APART} ms or more between the times of timers, found {ms} beside {before[0]}"
            )
            yield Found(place, f"{message} of timer {other}")
        before = ms, node


def _order(timed: tuple[int, int, Node]) -> tuple[int, int]:
    return timed[:2]


def groups(subject: Subject) -> Iterator[Found]:
    """A timer runs groups, which exist."""
    for node in subject.root.all(_TIMERS):
        items = list(node.all("Content/Group"))
        if not items:
            place = (node.first("Content") or node).place
            yield Found(place, "expected Content with the ids of the groups that the timer runs, found none")
        for item in items:
            if item.text.strip() == _SLOW_POLL and -1 in subject.protocol.group:
                continue
            found = wrong_reference(item.text, item.place, "group", subject.protocol.group)
            if found is not None:
                yield found


def last_group(subject: Subject) -> Iterator[Found]:
    """The last group of a timer is polled if any of its groups is: the timer is done when it is."""
    for node in subject.root.all(_TIMERS):
        items = list(node.all("Content/Group"))
        numbers = [parse_id(item.text) for item in items]
        found = [subject.protocol.group.get(-1 if number is None else number) for number in numbers]
        known = [group for group in found if group is not None and group.place.path not in subject.wrong]
        if len(known) != len(items) or not any(group.type in POLL_TYPES for group in known):
            continue
        if known[-1].type not in POLL_TYPES:
            message = (
                f"expected a group of type poll, poll action or poll trigger as the last one, found group "
                f"{known[-1].id} of type {known[-1].type.value}"
            )
            yield Found(items[-1].place, message)


def options(subject: Subject) -> Iterator[Found]:
    """A timer runs in one thread, without ``options``."""
    for node in subject.root.all(_TIMERS):
        text = node.attributes.get("options", "")
        if text.strip():
            yield Found(node.place, f"expected no options, found {quoted(text)}")


RULES: tuple[Rule, ...] = (
    Rule(
        "TI01",
        ERROR,
        "when a timer runs is missing, or not understood",
        f"write <Time> with ms, up to {LONGEST}, or loop",
        time,
    ),
    Rule(
        "TI02",
        INFO,
        "a timer runs very often, or at nearly the pace of another one",
        "let a timer run less often, or put the groups of both into one",
        pace,
    ),
    Rule(
        "TI03",
        ERROR,
        "a timer names no group, or one that does not exist",
        "give the id of a group of the definition",
        groups,
    ),
    Rule(
        "TI04",
        WARNING,
        "the last group of a timer with polled groups is not polled",
        "put a polled group last, or make the last one of type poll action or poll trigger",
        last_group,
    ),
    Rule(
        "TI06",
        ERROR,
        "options of a timer for tables with many threads",
        "leave them out: smartserial does not have such timers",
        options,
    ),
)
