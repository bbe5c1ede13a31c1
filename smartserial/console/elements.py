"""Verbs on elements: what they know, what they hear and say, and what they are to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from smartserial.catalog import Catalog
from smartserial.console.desk import Desk, Operator
from smartserial.console.output import Follow, Lines, Output, Record, Row, Twofold, VerbError, Words, table
from smartserial.element import operating
from smartserial.element.line import Line
from smartserial.element.service import Element
from smartserial.events import ElementState
from smartserial.trace.choose import Choice, ChoiceError, choose
from smartserial.trace.convert import peer_text
from smartserial.trace.dump import dump
from smartserial.trace.events import Matched, Mismatched, Rx, TraceEvent, Tx
from smartserial.trace.jsonlines import mapping_of
from smartserial.trace.lines import line_of, row_of


@contextmanager
def _understood() -> Iterator[None]:
    """Say to the operator what an element does not understand."""
    try:
        yield
    except (operating.OperatorError, ChoiceError) as error:
        raise VerbError(str(error)) from error


def elements(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """All elements, one a line."""
    return table(
        {
            "element": name,
            "protocol": element.settings.protocol,
            "state": element.state.value,
            "why": element.why or None,
            "sessions": sum(len(line.channel.peers) for line in element.lines),
            "connections": [f"{line.number}: {line.channel.where}" for line in element.lines],
        }
        for name, element in desk.elements.items()
    )


def _connection(element: Element, line: Line) -> Row:
    work = operating.working(element)
    return {
        "on": line.channel.where,
        "state": work.engine.state(line.number).words,
        "failure": line.failure or None,
        "sessions": [peer_text(peer) or "open" for peer in line.channel.peers],
    }


def _bytes(line: Line) -> Row:
    tally = line.tally
    return {
        "received": tally.received,
        "unmatched": line.unmatched,
        "lost": {reason.value: count for reason, count in line.lost.items()},
        "sent": tally.sent,
        "waiting": tally.pending,
        "dropped": tally.dropped,
        "unsent": tally.unsent,
        **({"datagrams_dropped": tally.overruns} if tally.overruns else {}),
    }


def element(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Everything about one element."""
    one = desk.element(words[0])
    definition = one.settings.definition
    row: dict[str, Any] = {
        "element": words[0],
        "protocol": one.settings.protocol,
        "definition": f"{definition.name} {definition.version}",
        "options": dict(one.settings.options),
        "state": one.state.value,
        "why": one.why or None,
    }
    for line in one.lines:
        row |= {f"connection {line.number}": _connection(one, line), f"bytes {line.number}": _bytes(line)}
    return Record(row)


def params(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """What an element knows: all for people, or what a pattern means."""
    one = desk.element(words[0])
    with _understood():
        found = [operating.reading(one, param) for param in operating.params(one, "".join(words[1:]))]
    if not found and words[1:]:
        raise VerbError(f"{words[0]} has no param {words[1]}")
    return table(found)


def get(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """What one param holds."""
    one, word = desk.param(words[0])
    with _understood():
        return Record(operating.reading(one, operating.param_to_get(one, word)))


def set_param(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Set a param to a word that is shown, or to a value."""
    one, word = desk.param(words[0])
    text = " ".join(words[1:])
    with _understood():
        param = operating.param_to_set(one, word)
        operating.set_param(one, param, text, operator.name)
    name = one.settings.name
    desk.operated(operator, name, f"set {param.name or param.id} to {text}")
    return Words((f"{name}: {param.name or param.id} = {text}",))


def run(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Have an element run a group, or send a command, by id or name."""
    one = desk.element(words[0])
    with _understood():
        what = operating.run(one, words[1:], operator.name)
    desk.operated(operator, words[0], f"run {what}")
    return Words((f"{words[0]}: runs {what}",))


def protocols(desk: Desk, operator: Operator, words: list[str]) -> Any:
    """The device protocols that there are."""
    listing = Catalog(desk.gateway.settings.protocol_paths).listing
    return deferToThread(listing).addCallback(_listed)  # plugins are imported, which takes its time


def _listed(listing: Any) -> Output:
    rows: list[Row] = [
        {"name": one.name, "version": one.version, "from": one.source.value, "where": one.where}
        for one in listing.protocols
    ]
    broken = listing.problems
    rows += [{"name": one.name, "version": None, "from": "broken", "where": str(one)} for one in broken]
    return table(rows)


_LAST: Mapping[str, Callable[[Sequence[TraceEvent]], tuple[str, ...]]] = {
    "last": lambda events: tuple(map(line_of, events)),
    "dump": lambda events: tuple(dump(events).splitlines()),
}


def _row(event: TraceEvent) -> Row:
    return Twofold(row_of(event), mapping_of(event))


def _follow(one: Element, choice: Choice, row: Callable[[TraceEvent], Row]) -> Follow:
    def begin(take: Any) -> Any:
        def watcher(event: TraceEvent) -> None:
            if choice.takes(event):
                take(row(event))

        return operating.working(one).record.watch(watcher)

    return Follow(begin)


def trace(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """What happens in an element; `last` and `dump` tell what did."""
    one = desk.element(words[0])
    with _understood():
        work, form = operating.working(one), "".join(words[1:2])
        if form not in _LAST:
            return _follow(one, choose(words[1:], one.settings.definition), _row)
        choice = choose(words[2:], one.settings.definition)
        last = [event for event in work.record.last() if choice.takes(event)]
        return Lines(_LAST[form](last), tuple(map(mapping_of, last)))


def monitor(one: Element, form: str) -> Output:
    """Return what an element hears and says: its bytes as text or in hexadecimal, or decoded."""

    def row(event: TraceEvent) -> Row:
        if not isinstance(event, Rx | Tx):
            return _row(event)
        data = event.data.hex(" ") if form == "hex" else event.data.decode("latin-1")
        up = isinstance(event, Rx)
        other = event.peer or ("device" if up else "all")
        return {"direction": "up" if up else "down", "from": other, "data": data}

    kinds = (Matched, Mismatched, Tx) if form == "decoded" else (Rx, Tx)
    with _understood():
        operating.working(one)
        return _follow(one, Choice(kinds=kinds), _row if form == "decoded" else row)


def _life(verb: str, call: Callable[[Element], Deferred[None]], what: str) -> Any:
    async def act(desk: Desk, operator: Operator, words: list[str]) -> Output:
        one = desk.element(words[0])
        desk.operated(operator, words[0], verb)
        await call(one)
        text = f"is {one.state.value}{f': {one.why}' if one.why else ''}"
        if one.state is ElementState.ERROR:
            raise VerbError(f"{words[0]} {text}")
        return Words((f"{words[0]}: {text}",))

    act.__doc__ = what
    return act


start = _life("start", Element.start, "Have an element begin, or go on after a pause.")
stop = _life("stop", Element.stop, "Have an element end; its addresses and devices are free then.")
pause = _life(
    "pause", Element.pause, "Close all sessions of an element; its values stay, and no time passes for it."
)
restart = _life("restart", Element.restart, "Have an element end, and begin anew.")
