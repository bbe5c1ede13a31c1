"""What a rule is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import TypeVar, cast

from smartserial.definition.connection import SERIAL_TYPES, ConnectionType
from smartserial.definition.languages.ids import parse_id
from smartserial.definition.message import Command, Response
from smartserial.definition.node import Node
from smartserial.definition.param import Param
from smartserial.definition.place import Place
from smartserial.definition.protocol import Protocol

T = TypeVar("T")

BUILT_IN = range(65000, 65070)
"""Params that every element has: a definition may name them, and never defines them."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is wrong.

    Args:
        place: where.
        message: what was expected, and what was found.
        hint: what may cure this very one, if it is not the cure of the rule.
        severity: if it is not that of the rule.
        missing: the kind and id of what is named and does not exist; told once, where it is first named.
    """

    place: Place
    message: str
    hint: str = ""
    severity: str | None = None
    missing: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Args:
        code: two letters and two digits.
        severity: `ERROR`, `WARNING` or `INFO`; what it finds may be said to be of another.
        title: what is wrong, in a line.
        cure: what to do about it.
        find: yields all that breaks the rule.
    """

    code: str
    severity: str
    title: str
    cure: str
    find: Callable[[Subject], Iterable[Found]]


@dataclass(frozen=True)
class Subject:
    """A definition under the eyes of the rules.

    Args:
        protocol: what was understood of it.
        root: its elements.
        encoding: what the file declares, lower case; empty if nothing.
        wrong: paths of the items with errors, as in ``Protocol/Params/Param[31]``; it grows from rule to
            rule, so that rules about what is made of an item leave those out whose cause is told already.
        unreadable: kinds, as in ``param``, of which there may be some that nothing can name: their ids, or
            what they stand in, are told to be wrong. It grows like `wrong`; that one of such a kind does not
            exist is not told.
        worked_out: what functions made with `once` found, by these.
    """

    protocol: Protocol
    root: Node
    encoding: str
    wrong: set[str]
    unreadable: set[str] = field(default_factory=set)
    worked_out: dict[object, object] = field(default_factory=dict, compare=False, repr=False)

    def sound(self, value: Param | Command | Response) -> bool:
        """Tell whether no rule so far found an error in a value."""
        return value.place.path not in self.wrong

    def params_of(self, message: Command | Response) -> tuple[Param, ...] | None:
        """Return the params of a message; None if one is missing or wrong, which is told there."""
        params = tuple(self.protocol.param.get(number) for number in message.content)
        if not self.sound(message):
            return None
        known = tuple(param for param in params if param is not None and self.sound(param))
        return known if len(known) == len(params) else None

    @cached_property
    def smart(self) -> frozenset[int]:
        """The ids of smart-serial connections."""
        return self._of_types({ConnectionType.SMART_SERIAL})

    @cached_property
    def serial(self) -> frozenset[int]:
        """The ids of serial and smart-serial connections."""
        return self._of_types(SERIAL_TYPES)

    def _of_types(self, types: Collection[ConnectionType]) -> frozenset[int]:
        connections = enumerate(self.protocol.connections)
        return frozenset(number for number, connection in connections if connection.type in types)

    def has_param(self, number: int) -> bool:
        """Tell whether a param can be named: one of the definition, or a built-in one."""
        return number in self.protocol.param or number in BUILT_IN

    def applies(self, param: Param, connection: int) -> bool:
        """Tell whether a header or trailer counts on a connection."""
        return param.options.connection in (None, connection)


def once(work: Callable[[Subject], T]) -> Callable[[Subject], T]:
    """Make a function that works something out once for each definition, however often rules ask for it."""

    @wraps(work)
    def found(subject: Subject) -> T:
        if work not in subject.worked_out:
            subject.worked_out[work] = work(subject)
        return cast(T, subject.worked_out[work])

    return found


def wrong_reference(
    text: str, place: Place, kind: str, known: Callable[[int], bool] | Collection[int]
) -> Found | None:
    """Judge a text that should name something.

    Args:
        text: as it stands in the definition; blanks around it are another rule's.
        place: where it stands.
        kind: what it should name, in lower case, as in ``param``.
        known: the ids that exist, or a function that tells.

    Returns:
        What is wrong, or None: it is empty, it is no id, or what it names does not exist.
    """
    text = text.strip()
    what = f"the id of {'an' if kind[0] in 'aeiou' else 'a'} {kind}"
    if not text:
        return Found(place, f"expected {what}, found nothing")
    number = parse_id(text)
    if number is None:
        return Found(place, f"expected {what}, found {text[:60]!r}")
    exists = known(number) if callable(known) else number in known
    if exists:
        return None
    return Found(place, f"there is no {kind} {number}", missing=(kind, number))


def wrong_references(
    nodes: Iterable[Node], kind: str, known: Callable[[int], bool] | Collection[int]
) -> Iterator[Found]:
    """Judge the texts of elements that should each name something, as `wrong_reference` does."""
    for node in nodes:
        found = wrong_reference(node.text, node.place, kind, known)
        if found is not None:
            yield found
