"""Programs that open a virtual port: who may come in while they have it open, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from typing import Protocol as Shape

from twisted.internet.interfaces import IDelayedCall

from smartserial.channels.listener import Listener
from smartserial.channels.session import Session
from smartserial.errors import ConfigError
from smartserial.events import ListenerFailed, PortClosed, PortOpened
from smartserial.interfaces import IProgramPort
from smartserial.settings import When
from smartserial.share.floor import Floor
from smartserial.sharing.ledger import Ledger, Reason

AGAIN = 1.0  # seconds until it is tried again to listen
FAREWELL = "the program closed the port"


class _Clients(Shape):
    def __iter__(self) -> Iterator[Session]: ...

    def finish(self, session: Session, farewell: str) -> None: ...


class ProgramsOwner(Shape):
    """What is needed of the share."""

    floor: Floor

    @property
    def ways(self) -> list[Listener]:
        """Listeners, and calls."""

    @property
    def clients(self) -> _Clients:
        """Everybody who is connected."""

    def publish(self, event: Any, *fields: object) -> None:
        """Tell the world of an event of this share."""


@dataclass(frozen=True, slots=True)
class _Ending:
    """The time that clients of a listener have left.

    Args:
        since: seconds, by the reactor's clock, when it began.
        linger: seconds that it lasts.
        call: ends it.
    """

    since: float
    linger: float
    call: IDelayedCall


class Programs:
    """Takes note of programs that open and close the device, if that is a virtual port.

    Ways in of `when: device-open` are there while a program has it open. When the last one closes it,
    their clients get what it has written, and are closed after their `linger`.

    Args:
        owner: the share.
        ledger: counts what programs did not read.
        reactor: keeps the time.
    """

    def __init__(self, owner: ProgramsOwner, ledger: Ledger, reactor: Any) -> None:
        self.count = 0
        self._owner = owner
        self._ledger = ledger
        self._reactor = reactor
        self._stream: Any = None
        self._failed: set[Listener] = set()
        self._again: IDelayedCall | None = None
        self._endings: dict[Listener, _Ending] = {}

    @property
    def unread(self) -> bool:
        """Whether a program has it open, or has written something that was not read yet."""
        return self._stream is not None and not getattr(self._stream, "drained", True)

    def device_changed(self, stream: Any) -> None:
        """Take note of the transport of the device, or that there is none."""
        if stream is self._stream:
            return
        self._stream = stream
        if IProgramPort.providedBy(stream):
            stream.on_unread = self._unread
            stream.on_drained = self._drained
            stream.on_programs = self._counted
        if self.count or IProgramPort.providedBy(stream):
            self._counted(getattr(stream, "programs", 0))
            self._drained()
        if IProgramPort.providedBy(stream):
            stream.look()

    def update(self) -> None:
        """Go by other listeners, or by other settings of theirs."""
        ways = set(self._owner.ways)
        self._failed &= ways
        self._serve()
        self._drained()
        for listener, ending in list(self._endings.items()):
            settings = listener.settings
            if listener not in ways or settings.when is not When.DEVICE_OPEN:
                self._stay(listener)
            elif settings.linger != ending.linger:
                self._stay(listener)
                self._let_go(listener, ending.since)

    @property
    def endings(self) -> dict[Listener, float]:
        """Listeners whose clients will be closed, since the last program is gone, and in how many seconds."""
        now = self._reactor.seconds()
        return {one: max(0.0, ending.call.getTime() - now) for one, ending in self._endings.items()}

    def stop(self) -> None:
        """End everything that would happen later; nobody is let in any more."""
        self._stream = None
        self.count = 0
        if self._again is not None and self._again.active():
            self._again.cancel()
        self._again = None
        for listener in list(self._endings):
            self._stay(listener)

    def _unread(self, count: int) -> None:
        self._ledger.discard(Reason.UNREAD, count)

    def _counted(self, count: int) -> None:
        before, self.count = self.count, count
        if count != before:
            self._owner.publish(PortOpened if count > before else PortClosed, count)
        if bool(count) != bool(before):
            self._serve()

    def _serve(self) -> None:
        """Listen, or do not, as each listener is set."""
        if self._again is not None and self._again.active():
            self._again.cancel()
        self._again = None
        for listener in self._owner.ways:
            if self.count and listener in self._endings:
                self._stay(listener)
            try:
                listener.be_there(bool(self.count))
            except ConfigError as error:
                if listener not in self._failed:
                    self._failed.add(listener)
                    self._owner.publish(ListenerFailed, str(error))
                self._again = self._again or self._reactor.callLater(AGAIN, self._serve)
            else:
                self._failed.discard(listener)

    def _drained(self) -> None:
        """Let the clients go that came for a program, when they have had their time."""
        if self.count or self.unread:
            return
        for listener in self._owner.ways:
            if listener.settings.when is not When.DEVICE_OPEN or listener in self._endings:
                continue
            self._let_go(listener, self._reactor.seconds())
            listener.be_there(False)  # a call goes on until now, and longer if something waits

    def _let_go(self, listener: Listener, since: float) -> None:
        """Close the clients of a listener when they have had their time, which began at `since`."""
        linger = listener.settings.linger
        left = since + linger - self._reactor.seconds()
        if left <= 0:
            self.dismiss(listener)
        elif listener.clients:
            call = self._reactor.callLater(left, self._end_clients, listener)
            self._endings[listener] = _Ending(since, linger, call)

    def _stay(self, listener: Listener) -> None:
        """Let the clients of a listener stay."""
        self._endings.pop(listener).call.cancel()

    def _end_clients(self, listener: Listener) -> None:
        del self._endings[listener]
        self.dismiss(listener)

    def dismiss(self, listener: Listener) -> None:
        """Give the clients of a listener what waits for them, and close them."""
        self._owner.floor.flush()
        for session in self._owner.clients:
            if session.listener is listener and not session.farewell:
                self._owner.clients.finish(session, FAREWELL)
