"""An element: a device protocol at work, its states, and what an operator may do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.definition.values.value import NotAValueError
from smartserial.element.given import engine_settings
from smartserial.element.line import Line
from smartserial.element.tracefile import TraceWriter
from smartserial.element.work import Surroundings, Work
from smartserial.engine.settings import Settings
from smartserial.errors import DefinitionError
from smartserial.events import (
    ElementChanged,
    ElementStarted,
    ElementState,
    ElementStateChanged,
    ElementStopped,
)
from smartserial.settings import ElementSettings, Start

_log = Logger()
_AGAIN = ("protocol", "definition", "options", "strict", "code_page", "element_timeout")
"""Settings for whose sake an element begins anew."""
_PARTS = (*_AGAIN, "connections", "start", "trace")


class Element(Service):
    """Runs one device protocol.

    ::

        stopped -- start --> active <-> timeout      error: an address cannot be had, or the protocol failed
           ^                   |  ^
           +------ stop -------+  pause, start
                               v  |
                              paused

    Args:
        settings: what to run; `update` changes them.
        around: what it works with.
    """

    def __init__(self, settings: ElementSettings, around: Surroundings) -> None:
        self.settings = settings
        self.work: Work | None = None
        self._around = around
        self._lock = DeferredLock()  # one change after the other
        self._failure = ""
        self._told = ElementState.STOPPED
        self._writer: TraceWriter | None = None
        self._unwatch: Callable[[], None] | None = None

    @property
    def state(self) -> ElementState:
        """How it is."""
        return self._state_and_why()[0]

    @property
    def why(self) -> str:
        """Why it is so; empty if that says itself."""
        return self._state_and_why()[1]

    def _state_and_why(self) -> tuple[ElementState, str]:
        work = self.work
        if self._failure:
            return ElementState.ERROR, self._failure
        if work is None:
            return ElementState.STOPPED, ""
        if work.paused:
            return ElementState.PAUSED, ""
        if work.failure:
            return ElementState.ERROR, work.failure
        if work.timed_out:
            return ElementState.TIMEOUT, "no answer"
        return ElementState.ACTIVE, ""

    @property
    def lines(self) -> list[Line]:
        """Its connections, while it is not stopped."""
        return [] if self.work is None else list(self.work.lines.values())

    # ---- as a service

    @override
    def startService(self) -> None:
        super().startService()
        if self.settings.start is not Start.STOPPED:
            self._begin(paused=self.settings.start is Start.PAUSED)

    @override
    def stopService(self) -> Deferred[None]:
        super().stopService()
        return self.stop()

    # ---- life

    def start(self) -> Deferred[None]:
        """Begin, or go on after a pause; an element that runs goes on as it is."""
        return self._lock.run(lambda: Deferred.fromCoroutine(self._start()))

    def pause(self) -> Deferred[None]:
        """End all sessions, and let no time pass; the values stay. Fires when the sessions are closed."""
        return self._lock.run(lambda: Deferred.fromCoroutine(self._pause()))

    def stop(self) -> Deferred[None]:
        """End; what is not saved is forgotten. Fires when the sessions are closed."""
        return self._lock.run(lambda: Deferred.fromCoroutine(self._end()))

    def restart(self) -> Deferred[None]:
        """End, and begin anew."""
        return self._lock.run(lambda: Deferred.fromCoroutine(self._again()))

    def update(self, settings: ElementSettings) -> Deferred[None]:
        """Go by other settings of the same name; what did not change is not touched."""
        former, self.settings = self.settings, settings
        parts = tuple(name for name in _PARTS if getattr(former, name) != getattr(settings, name))
        if parts:
            self._publish(ElementChanged, parts)
        return self._lock.run(lambda: Deferred.fromCoroutine(self._go_over(former, settings)))

    async def _go_over(self, former: ElementSettings, settings: ElementSettings) -> None:
        work = self.work
        if work is None and not self._failure:
            return
        anew = any(getattr(former, name) != getattr(settings, name) for name in _AGAIN)
        if work is None or self._failure or anew or _fixed(former) != _fixed(settings):
            paused = work is not None and work.paused
            await self._end()
            self._begin(paused)
            return
        work.update(settings)
        if former.trace != settings.trace:
            await self._trace_no_more()
            self._trace(work)
        self.work_changed()

    async def _start(self) -> None:
        if self._failure:
            await self._again()
        elif self.work is None:
            self._begin(paused=False)
        elif self.work.paused:
            self.work.begin()
            self.work_changed()

    def _begin(self, paused: bool) -> None:
        self._failure = ""
        try:
            work = self.work = Work(self.settings, self, self._around)
        except (NotAValueError, DefinitionError) as error:
            self._fail(str(error))
            return
        except Exception:  # whatever a device protocol in Python does, the others go on
            self.work_failed(Failure())
            return
        self._trace(work)
        self._publish(ElementStarted, self.settings.protocol, tuple(map(_runs_on, work.lines.values())))
        if paused:
            work.pause()
        else:
            work.begin()
        self.work_changed()

    async def _pause(self) -> None:
        if self.work is not None and not self.work.paused and not self._failure:
            closing = self.work.pause()
            self.work_changed()
            await closing

    async def _end(self) -> None:
        work, self.work = self.work, None
        self._failure = ""
        if work is not None:
            await work.end()
            await self._trace_no_more()
            self._publish(ElementStopped)
        self.work_changed()

    async def _again(self) -> None:
        await self._end()
        self._begin(paused=False)

    # ---- its trace

    def _trace(self, work: Work) -> None:
        if self.settings.trace is not None:
            self._writer = TraceWriter(self.settings.trace, self._around.reactor, work.note)
            self._unwatch = work.record.watch(self._writer.write)

    async def _trace_no_more(self) -> None:
        writer, self._writer = self._writer, None
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if writer is not None:
            await writer.close()

    # ---- what its run tells

    def work_changed(self) -> None:
        """Tell, if the element is in another state than was told last."""
        state, why = self._state_and_why()
        if state is not self._told:
            self._told = state
            self._publish(ElementStateChanged, state, why)

    def work_failed(self, failure: Failure) -> None:
        """Leave a run whose protocol failed; its sessions are closed."""
        _log.failure("{element}: its protocol failed", failure, element=self.settings.name)
        self._fail(f"the protocol failed: {failure.getErrorMessage()}")

    def _fail(self, why: str) -> None:
        self._failure = why
        if self.work is not None:
            self.work.end()
        self.work_changed()

    def _publish(self, event: Any, *fields: object) -> None:
        self._around.events.publish(event(self.settings.name, *fields))


def _runs_on(line: Line) -> str:
    """Write what a connection runs on, and what decided that."""
    why = getattr(line.settings.carrier, "why", "")
    return f"{line.number}: {line.channel.where}{f' ({why})' if why else ''}"


def _fixed(settings: ElementSettings) -> Settings:
    """Return what an engine is told when it is made, and cannot be told later."""
    return replace(engine_settings(settings), patience={})
