"""What an engine does and tells, as typed events with names and times; worked out only for those who look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from smartserial.definition.protocol import Protocol
from smartserial.engine import effects
from smartserial.engine.builtin import BUILT_IN
from smartserial.engine.effects import Effect, Level, Peer, Step
from smartserial.engine.store import Store
from smartserial.trace.events import (
    ActionDone,
    Connected,
    ConnectionStateChanged,
    Disconnected,
    Dropped,
    ElementStateChanged,
    GroupStep,
    Matched,
    Mismatched,
    Named,
    Noted,
    PairStep,
    ParamChanged,
    Rx,
    TimedOut,
    TraceEvent,
    TriggerFired,
    Tx,
    UnitMade,
)
from smartserial.trace.reader import Reader, shown_value
from smartserial.trace.readings import Reading, name_of

Told = tuple[TraceEvent, ...]


def peer_text(peer: Peer | None) -> str:
    """Write a session: its address, or nothing where it has none."""
    return str(peer) if peer is not None and peer.host else ""


class Teller:
    """Turns what an engine does and tells into typed events of one element.

    It may be asked at any later time, in any order, and as often as somebody looks: what a message tells is
    read from its own bytes, by the definition, and not from what the element knows by then.

    Args:
        element: its name.
        protocol: gives the names, and tells how bytes are read.
        store: its values; asked only where the bytes alone do not tell, because other params are part of the
            arithmetic.
    """

    def __init__(self, element: str, protocol: Protocol, store: Store) -> None:
        self._element = element
        self._protocol = protocol
        self._reader = Reader(protocol, store)
        self._ways: Mapping[type, Callable[[float, Any], Told]] = {
            effects.Heard: self._heard,
            effects.Unheard: self._unheard,
            effects.Dropped: self._dropped,
            effects.Changed: self._changed,
            effects.PairStep: self._pair,
            effects.GroupStep: self._group,
            effects.TriggerFired: self._trigger,
            effects.ActionDone: self._action,
            effects.StateChanged: self._connection_state,
            effects.ElementTimeout: self._element_timeout,
            effects.SlowPoll: self._slow_poll,
            effects.Note: lambda time, note: (Noted(element, time, None, "", note.level, note.text),),
        }

    def of(self, time: float, thing: Effect | TraceEvent) -> Told:
        """Return what is told of something that happened at `time`, in seconds since 1970.

        Events are told as they are. Bytes that are to be sent are not told: `tx` tells when they went out.
        """
        if isinstance(thing, TraceEvent):
            return (thing,)
        way = self._ways.get(type(thing))
        return () if way is None else way(time, thing)

    def rx(self, time: float, connection: int, peer: Peer | None, data: bytes) -> Rx:
        """Return that bytes came."""
        return Rx(self._element, time, connection, peer_text(peer), data)

    def tx(self, time: float, connection: int, to: Peer | None, data: bytes, sessions: int) -> Tx:
        """Return that bytes went out to so many sessions; `to` None is every one."""
        return Tx(self._element, time, connection, peer_text(to), data, sessions)

    def connected(self, time: float, connection: int, peer: Peer | None) -> Connected:
        """Return that a session began."""
        return Connected(self._element, time, connection, peer_text(peer))

    def disconnected(self, time: float, connection: int, peer: Peer | None, why: str) -> Disconnected:
        """Return that a session is over."""
        return Disconnected(self._element, time, connection, peer_text(peer), why)

    # ---- messages

    def _heard(self, time: float, heard: effects.Heard) -> Told:
        where = (self._element, time, heard.connection, peer_text(heard.peer))
        response = heard.match.response
        unit = UnitMade(*where, heard.unit.data, heard.unit.offset)
        return unit, Matched(*where, Named(response.id, response.name), self._params(heard))

    def _params(self, heard: effects.Heard) -> tuple[Reading, ...]:
        """Return what a message tells, read from its own bytes."""
        found: dict[str, Reading] = {}
        self._reader.read(heard.match.fields, heard.data, found)
        return tuple(found.values())

    def _unheard(self, time: float, unheard: effects.Unheard) -> Told:
        where = (self._element, time, unheard.connection, peer_text(unheard.peer))
        unit, failure = unheard.unit, unheard.failure
        made = UnitMade(*where, unit.data, unit.offset)
        if failure is None:
            return made, Mismatched(*where, unit.data, None, None, None, "no response")
        closest = Named(failure.response.id, failure.response.name)
        param = Named(failure.param, name_of(self._protocol, failure.param))
        at = min(failure.at, len(unit.data))
        return made, Mismatched(*where, unit.data, closest, param, at, failure.reason.value)

    def _dropped(self, time: float, dropped: effects.Dropped) -> Told:
        lost, where = dropped.lost, (self._element, time, dropped.connection, peer_text(dropped.peer))
        return (Dropped(*where, lost.offset, lost.length, lost.reason.value),)

    # ---- values

    def _changed(self, time: float, change: effects.Changed) -> Told:
        id, cause = change.param, peer_text(change.reply_to)
        param = self._protocol.param.get(id) or BUILT_IN.get(id)
        text = "" if param is None else shown_value(param, change.new)
        named = Named(id, "" if param is None else param.name)
        return (ParamChanged(self._element, time, None, cause, named, change.old, change.new, text, cause),)

    # ---- what goes on

    def _pair(self, time: float, step: effects.PairStep) -> Told:
        named = _named(step.pair, self._protocol.pair)
        where = (self._element, time, step.connection, "")
        if step.step is Step.TIMED_OUT:
            return (TimedOut(*where, named, step.attempt),)
        return (PairStep(*where, named, step.step, step.attempt),)

    def _group(self, time: float, step: effects.GroupStep) -> Told:
        group = self._protocol.group.get(step.group)
        connection = None if group is None else group.connection
        named = _named(step.group, self._protocol.group)
        return (GroupStep(self._element, time, connection, "", named, step.step),)

    def _trigger(self, time: float, fired: effects.TriggerFired) -> Told:
        named = _named(fired.trigger, self._protocol.trigger)
        return (TriggerFired(self._element, time, fired.connection, "", named),)

    def _action(self, time: float, done: effects.ActionDone) -> Told:
        named = _named(done.action, self._protocol.action)
        trigger = None if done.trigger is None else _named(done.trigger, self._protocol.trigger)
        return (ActionDone(self._element, time, None, "", named, trigger, done.ok),)

    def _connection_state(self, time: float, change: effects.StateChanged) -> Told:
        word = change.state.words
        return (ConnectionStateChanged(self._element, time, change.connection, "", word),)

    def _element_timeout(self, time: float, timeout: effects.ElementTimeout) -> Told:
        state, why = ("timeout", "no answer") if timeout.timed_out else ("active", "")
        return (ElementStateChanged(self._element, time, None, "", state, why),)

    def _slow_poll(self, time: float, slow: effects.SlowPoll) -> Told:
        text = "slow poll: only pings are sent" if slow.on else "slow poll is over"
        return (Noted(self._element, time, None, "", Level.INFO, text),)


def _named(id: int, known: Mapping[int, Any]) -> Named:
    return Named(id, known[id].name if id in known else "")
