"""Which events somebody wants to see: of a connection, a group, a pair, or of some kinds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol as Shape

from smartserial.definition.flow import ItemKind
from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import Step
from smartserial.errors import SmartSerialError
from smartserial.findings import did_you_mean
from smartserial.trace.events import NAMES, GroupStep, PairStep, TimedOut, TraceEvent

_OVER = {Step.SUCCEEDED, Step.REFUSED, Step.GIVEN_UP}


class ChoiceError(SmartSerialError):
    """Words that choose nothing; the text says what was expected."""


class Choice:
    """Takes some events, and leaves the others; it must be shown all of one element, in their order.

    An event must be of one of the connections, and of one of the groups, and so on; where none is said, any
    will do. To a pair belongs what happens on its connection from its begin to its end, to a group what
    belongs to its pairs, and while it runs what concerns no connection.

    Args:
        kinds: of events.
        connections: their ids.
        groups: by id, the pairs of each.
        pairs: their ids.
    """

    def __init__(
        self,
        kinds: Collection[type[TraceEvent]] = (),
        connections: Collection[int] = (),
        groups: Mapping[int, Collection[int]] | None = None,
        pairs: Collection[int] = (),
    ) -> None:
        self._kinds = frozenset(kinds)
        self._connections = frozenset(connections)
        self._groups = {id: frozenset(content) for id, content in (groups or {}).items()}
        self._pairs = frozenset(pairs)
        self._running: set[int] = set()
        self._asked: dict[int | None, int] = {}

    def takes(self, event: TraceEvent) -> bool:
        """Tell whether an event is wanted."""
        step = event.step if isinstance(event, PairStep | GroupStep) else None
        if step is Step.BEGUN:
            self._begun(event)
        taken = (
            (not self._kinds or type(event) in self._kinds)
            and (not self._connections or event.connection in self._connections)
            and (not self._pairs or self._pair_of(event) in self._pairs)
            and (not self._groups or self._of_group(event))
        )
        if step in _OVER or step is Step.DONE:
            self._ended(event)
        return taken

    def _begun(self, event: TraceEvent) -> None:
        if isinstance(event, PairStep):
            self._asked[event.connection] = event.pair.id
        elif isinstance(event, GroupStep) and event.group.id in self._groups:
            self._running.add(event.group.id)

    def _ended(self, event: TraceEvent) -> None:
        if isinstance(event, PairStep):
            self._asked.pop(event.connection, None)
        elif isinstance(event, GroupStep):
            self._running.discard(event.group.id)

    def _pair_of(self, event: TraceEvent) -> int | None:
        if isinstance(event, PairStep | TimedOut):
            return event.pair.id
        return None if event.connection is None else self._asked.get(event.connection)

    def _of_group(self, event: TraceEvent) -> bool:
        if isinstance(event, GroupStep):
            return event.group.id in self._groups
        if event.connection is None:
            return bool(self._running)
        return any(self._pair_of(event) in self._groups[group] for group in self._running)


class _Known(Shape):
    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


def choose(words: Iterable[str], protocol: Protocol) -> Choice:
    """Return what words choose: ``connection=0``, ``group=2``, ``pair=Status``, ``match mismatch``.

    Several of one kind add up, also with commas between: ``pair=2,3``.

    Args:
        words: none at all choose everything.
        protocol: of the element; groups and pairs may be named as it does.

    Raises:
        ChoiceError: a word is none of these, or there is no such thing.
    """
    chosen: dict[str, list[int]] = {"connection": [], "group": [], "pair": []}
    kinds: set[type[TraceEvent]] = set()
    finders: Mapping[str, Callable[[str], int]] = {
        "connection": lambda text: _connection(text, protocol),
        "group": lambda text: _found("group", text, protocol.groups),
        "pair": lambda text: _found("pair", text, protocol.pairs),
    }
    names = {
        "connection": set[str](),
        "group": {one.name for one in protocol.groups},
        "pair": {one.name for one in protocol.pairs},
    }
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key in finders:
            parts = [value] if value in names[key] else value.split(",")
            chosen[key] += [finders[key](part) for part in parts]
        else:
            kinds |= _kinds(word)
    groups = {
        id: [item.id for item in protocol.group[id].content if item.kind is ItemKind.PAIR]
        for id in chosen["group"]
    }
    return Choice(kinds, chosen["connection"], groups, chosen["pair"])


def _kinds(word: str) -> set[type[TraceEvent]]:
    found = {kind for kind, name in NAMES.items() if name == word}
    if not found:
        names = list(dict.fromkeys(NAMES.values()))
        hint = did_you_mean(word, names)
        known = f"connection=N, group=N, pair=N or one of {', '.join(names)}"
        raise ChoiceError(f"expected {known}, found {word!r}" + (f" ({hint})" if hint else ""))
    return found


def _connection(text: str, protocol: Protocol) -> int:
    number = int(text) if text.isdecimal() and len(text) < 10 else -1
    if not 0 <= number < len(protocol.connections):
        known = ", ".join(str(number) for number in range(len(protocol.connections)))
        raise ChoiceError(f"expected one of the connections {known}, found {text!r}")
    return number


def _found(what: str, text: str, known: Sequence[_Known]) -> int:
    for one in known:
        if text in (str(one.id), one.name):
            return one.id
    hint = did_you_mean(text, [one.name for one in known])
    hint = hint or "known: " + (", ".join(f"{one.id} {one.name}".rstrip() for one in known) or "none")
    raise ChoiceError(f"expected the id or the name of a {what}, found {text!r} ({hint})")
