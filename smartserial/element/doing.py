"""What an engine wants done: bytes go out, sessions are closed, values are saved, the log is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from smartserial.channels.elements.channel import ChannelError
from smartserial.element.line import Line
from smartserial.engine.effects import (
    Break,
    Close,
    Dropped,
    Effect,
    ElementTimeout,
    Lock,
    Note,
    Open,
    Redirect,
    Save,
    Send,
    StateChanged,
    Unheard,
)
from smartserial.events import ConnectionStateChanged, ElementNoted

if TYPE_CHECKING:
    from smartserial.element.work import Work


class Doing:
    """Does the effects of one run of an element.

    Args:
        work: the run.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._asked: dict[int, Deferred[None]] = {}
        self._deeds: Mapping[type, Callable[[Any], None]] = {
            Send: self._send,
            Break: lambda effect: self._at(effect.connection).channel.send_break(effect.duration),
            Open: self._open,
            Close: self._close,
            Redirect: self._redirect,
            Lock: self._lock,
            Save: self._save,
            Note: lambda effect: work.publish(ElementNoted, effect.level.value, effect.text),
            StateChanged: self._state_changed,
            ElementTimeout: self._timed_out,
            Dropped: self._dropped,
            Unheard: self._unheard,
        }

    def do(self, effect: Effect) -> None:
        """Do one thing."""
        self._work.record.add(effect)
        deed = self._deeds.get(type(effect))
        if deed is None:
            return
        try:
            deed(effect)
        except ChannelError as error:
            self._work.note(str(error))

    def _at(self, number: int) -> Line:
        line = self._work.lines.get(number)
        if line is None:
            raise ChannelError(f"connection {number} is not configured: nothing can be sent or done there")
        return line

    def _send(self, send: Send) -> None:
        self._at(send.connection).send(send)

    def _open(self, effect: Open) -> None:
        line = self._at(effect.connection)
        if not self._work.paused:  # what a pause has closed is opened at its end
            line.open()

    def _close(self, close: Close) -> None:
        line = self._at(close.connection)
        if close.peer is None:
            line.close()
        elif not line.channel.drop(close.peer):
            self._work.note(f"connection {close.connection}: there is no session {close.peer} to close")

    def _redirect(self, redirect: Redirect) -> None:
        self._at(redirect.connection).channel.redirect(redirect.host, redirect.port)

    def _lock(self, lock: Lock) -> None:
        number, channel = lock.connection, self._at(lock.connection).channel
        self._asked.pop(number, None)
        locking = channel.lock(lock.held, lock.priority)
        if lock.held:
            self._asked[number] = locking
            locking.addCallback(lambda _: self._granted(number, locking))

    def _granted(self, number: int, locking: Deferred[None]) -> None:
        """Pass on that a lock is had, unless it is not wanted any more."""
        if self._asked.get(number) is locking:
            self._work.runner.feed(partial(self._work.engine.granted, number))

    def _save(self, save: Save) -> None:
        definition = self._work.settings.definition
        name = definition.param[save.param].name
        self._work.around.saved.save(self._work.settings.name, save.param, name, save.raw, definition.version)

    def _state_changed(self, change: StateChanged) -> None:
        self._work.publish(ConnectionStateChanged, change.connection, change.state.words)
        self._work.owner.work_changed()

    def _timed_out(self, effect: ElementTimeout) -> None:
        self._work.timed_out = effect.timed_out
        self._work.owner.work_changed()

    def _dropped(self, effect: Dropped) -> None:
        self._at(effect.connection).lost[effect.lost.reason] += effect.lost.length

    def _unheard(self, effect: Unheard) -> None:
        self._at(effect.connection).unmatched += effect.unit.length
