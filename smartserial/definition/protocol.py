"""A device protocol, whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Protocol as Shape
from typing import TypeVar

from smartserial.definition.action import Action, QAction
from smartserial.definition.connection import Connection
from smartserial.definition.flow import Group, Timer, Trigger
from smartserial.definition.languages.stuffing import Stuffing
from smartserial.definition.message import Command, Pair, Response
from smartserial.definition.param import Param
from smartserial.definition.place import Place, placed


class _Numbered(Shape):
    @property
    def id(self) -> int: ...


N = TypeVar("N", bound=_Numbered)


def _by_id(values: Iterable[N]) -> Mapping[int, N]:
    """Return values by id; of two with one id the first stands."""
    found: dict[int, N] = {}
    for value in values:
        found.setdefault(value.id, value)
    return MappingProxyType(found)


@dataclass(frozen=True, slots=True)
class Thread:
    """Connections whose groups wait in a queue of their own."""

    connections: tuple[int, ...]
    place: Place = placed()


@dataclass(frozen=True)
class Protocol:
    """What a kind of device says and hears.

    Args:
        name: of the protocol.
        version: four numbers, as in ``1.0.0.1``.
        connections: a connection's id is its position.
        params: the values of the device.
        commands: what is sent.
        responses: what is heard.
        pairs: what is sent and what answers it.
        groups: steps that belong together.
        triggers: what is done when.
        actions: what can be done.
        timers: what is done again and again.
        qactions: code that is called.
        description: for people.
        relative_timers: a changed interval acts after the running one; None is unsaid, see `timers_reset`.
        timers_reset: a changed interval acts at once.
        unicode: texts are UTF-16, little-endian, on the wire.
        stuffing: bytes that are escaped on the wire.
        ignore_equal_response: an answer that equals the one before is dropped.
        threads: connections with queues of their own.
        no_timeouts: values that are no timeout when they are all that came.
    """

    name: str
    version: str = "1.0.0.1"
    connections: tuple[Connection, ...] = ()
    params: tuple[Param, ...] = ()
    commands: tuple[Command, ...] = ()
    responses: tuple[Response, ...] = ()
    pairs: tuple[Pair, ...] = ()
    groups: tuple[Group, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    actions: tuple[Action, ...] = ()
    timers: tuple[Timer, ...] = ()
    qactions: tuple[QAction, ...] = ()
    description: str = ""
    relative_timers: bool | None = None
    timers_reset: bool = False
    unicode: bool = False
    stuffing: Stuffing | None = None
    ignore_equal_response: bool = False
    threads: tuple[Thread, ...] = ()
    no_timeouts: tuple[str | bytes, ...] = ()
    place: Place = placed()

    @cached_property
    def param(self) -> Mapping[int, Param]:
        """Params by id."""
        return _by_id(self.params)

    @cached_property
    def command(self) -> Mapping[int, Command]:
        """Commands by id."""
        return _by_id(self.commands)

    @cached_property
    def response(self) -> Mapping[int, Response]:
        """Responses by id."""
        return _by_id(self.responses)

    @cached_property
    def pair(self) -> Mapping[int, Pair]:
        """Pairs by id."""
        return _by_id(self.pairs)

    @cached_property
    def group(self) -> Mapping[int, Group]:
        """Groups by id."""
        return _by_id(self.groups)

    @cached_property
    def trigger(self) -> Mapping[int, Trigger]:
        """Triggers by id."""
        return _by_id(self.triggers)

    @cached_property
    def action(self) -> Mapping[int, Action]:
        """Actions by id."""
        return _by_id(self.actions)

    @cached_property
    def timer(self) -> Mapping[int, Timer]:
        """Timers by id."""
        return _by_id(self.timers)

    @cached_property
    def qaction(self) -> Mapping[int, QAction]:
        """Called code by id."""
        return _by_id(self.qactions)
