"""Reactions: what Python does at a moment, and the words that mark methods as such."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf
from types import NoneType, UnionType
from typing import TypeVar

from smartserial.definition.action import QAction
from smartserial.definition.message import Response
from smartserial.definition.param import Param
from smartserial.plugin.options import Option
from smartserial.plugin.wishes import LONGEST_SLEEP, Steps, id_of

F = TypeVar("F", bound=Callable[..., "Steps | None"])
SHORTEST = 0.001
"""The shortest time between two calls, seconds."""
_MARKS = "__reacts__"


class Moment(Enum):
    """When a reaction is called."""

    AFTER = "after"
    CHANGE = "on_change"
    EVERY = "every"
    QACTION = "qaction"


_WHICH: Mapping[Moment, type | UnionType] = {
    Moment.AFTER: int,
    Moment.CHANGE: int,
    Moment.EVERY: NoneType,
    Moment.QACTION: int | str,
}


@dataclass(frozen=True, slots=True)
class Reaction:
    """What is called when.

    Args:
        plugin: whose it is, as ``name@version``, for the log.
        name: of the callable, for the log.
        moment: when it is called.
        call: called with a `View`, and for a QAction with its input parameters; it returns a generator of
            wishes, or None.
        which: the id of the response, of the param or of the QAction, or the name of the QAction.
        period: of `Moment.EVERY`, in seconds.

    Raises:
        TypeError, ValueError: these do not go together.
    """

    plugin: str
    name: str
    moment: Moment
    call: Callable[..., Steps | None]
    which: int | str | None = None
    period: float = 0.0

    def __post_init__(self) -> None:
        fits = isinstance(self.moment, Moment) and isinstance(self.which, _WHICH[self.moment])
        if not fits or isinstance(self.which, bool):
            raise TypeError(f"{self.name}: expected what it waits for, found {self.which!r:.60}")
        if not callable(self.call):
            raise TypeError(f"{self.name}: expected what can be called, found {self.call!r:.60}")
        if self.moment is Moment.EVERY and not 0 < self.period < inf:
            raise ValueError(f"{self.name}: expected seconds above 0, found {self.period!r:.60}")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a decorator says of a method."""

    moment: Moment
    which: int | str | None = None
    period: float | Option[float] | Option[int] = 0.0


def marks_of(function: object) -> tuple[Mark, ...]:
    """Return what decorators said of a function."""
    found: object = getattr(function, _MARKS, ())
    return found if isinstance(found, tuple) else ()


def _marker(marks: Iterator[Mark]) -> Callable[[F], F]:
    new = tuple(marks)

    def mark(function: F) -> F:
        setattr(function, _MARKS, new + marks_of(function))
        return function

    return mark


def after(*responses: Response | int) -> Callable[[F], F]:
    """Call a method after a response has been taken, its values stored and their triggers fired."""
    return _marker(Mark(Moment.AFTER, id_of(one, Response)) for one in _some(responses, "response"))


def on_change(*params: Param | int) -> Callable[[F], F]:
    """Call a method when the value of a param has changed, after its triggers."""
    return _marker(Mark(Moment.CHANGE, id_of(one, Param)) for one in _some(params, "param"))


def every(seconds: float | Option[float] | Option[int]) -> Callable[[F], F]:
    """Call a method at the start and then again and again; the time is a number of seconds, or an option."""
    usual: object = seconds.default if isinstance(seconds, Option) else seconds
    if isinstance(usual, bool) or not isinstance(usual, int | float):
        raise TypeError(f"expected seconds or an option, found {usual!r:.60}")
    if problem := period_problem(usual):
        raise ValueError(problem)
    return _marker(iter([Mark(Moment.EVERY, period=seconds)]))


def qaction(*which: QAction | int | str) -> Callable[[F], F]:
    """Call a method for a QAction, with its input parameters after the view: by its id or its name."""
    ids: list[int | str] = []
    for one in _some(which, "QAction"):
        ids.append(one.id if isinstance(one, QAction) else one)
        if isinstance(ids[-1], bool) or not isinstance(ids[-1], int | str):
            raise TypeError(f"expected a QAction, its id or its name, found {one!r:.60}")
    return _marker(Mark(Moment.QACTION, one) for one in ids)


def period_problem(seconds: object) -> str:
    """Return what is wrong with a time between two calls, or an empty text."""
    if isinstance(seconds, int | float) and SHORTEST <= seconds <= LONGEST_SLEEP:
        return ""
    return f"expected {SHORTEST} to {LONGEST_SLEEP:g} seconds, found {seconds!r:.60}"


S = TypeVar("S")


def _some(items: tuple[S, ...], what: str) -> tuple[S, ...]:
    if not items or callable(items[0]):
        raise TypeError(f"expected a {what} in parentheses")
    return items
