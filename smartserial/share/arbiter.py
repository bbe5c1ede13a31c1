"""One request and its answer at a time, on the reactor's time: `arbitrate: message`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from smartserial.channels.attendants import Tap
from smartserial.channels.session import TURN, Session
from smartserial.settings import Arbitration
from smartserial.share.messages import Ear, ear_for
from smartserial.sharing.requests import MOST_WAITING, Requests

Source = Session | str
"""A client, or the name of an operator or of an element."""


class Arbiter:
    """Keeps requests until it is their turn.

    Args:
        rules: tell where the device's messages end, and the seconds of silence that end a turn.
        send: takes what goes to the device.
        over: is called when nobody has the turn any more.
        taps: of the share: ours hears the device.
        reactor: keeps the time.
    """

    def __init__(
        self,
        rules: tuple[Arbitration, float],
        send: Callable[[Source, bytes], None],
        over: Callable[[], None],
        taps: dict[object, Tap],
        reactor: Any,
    ) -> None:
        self._arbitration, window = rules
        self._requests: Requests[Source] = Requests(window)
        self._ear = _ear_of(self._arbitration)
        self._send = send
        self._over = over
        self._taps = taps
        self._reactor = reactor
        self._ended = 0  # messages that ended in this turn of the reactor
        self._heard = False
        self._held: set[Session] = set()
        self._next: IDelayedCall | None = None
        taps[self] = self._hear

    def use(self, rules: tuple[Arbitration, float]) -> None:
        """Go by other rules; who waits goes on waiting."""
        former, (self._arbitration, window) = self._arbitration, rules
        if self._arbitration != former:
            self._ear = _ear_of(self._arbitration)
        self._requests.use(window)
        self._schedule()

    @property
    def held(self) -> int:
        """Bytes that wait."""
        return self._requests.held

    @property
    def holder(self) -> Source | None:
        """Who has the turn."""
        return self._requests.holder

    def waits(self, source: Source) -> bool:
        """Tell whether something of somebody waits."""
        return self._requests.waiting[source] > 0

    def offer(self, source: Source, data: bytes) -> bool:
        """Take what somebody sends; tell whether there was room for it, which a client always has."""
        if not isinstance(source, Session) and self._requests.waiting[source] + len(data) > MOST_WAITING:
            return False
        now = self._reactor.seconds()
        if self._heard and self._requests.expected <= self._ended:
            self._requests.put(source, data, now)  # until all have heard what the device has just said
        else:
            self._pass(self._requests.offer(source, data, now))
        if isinstance(source, Session) and self._requests.full(source):
            self._held.add(source)
            source.hold(True, TURN)
        return True

    def release(self) -> None:
        """Let all go to the device: it is away, so there is nothing to wait for, or the rule has ended."""
        self._pass(self._requests.release())

    def withdraw(self) -> int:
        """Take out what waits; return how many bytes that were. The answer under way is still waited for."""
        count = sum(len(data) for _, data in self._requests.withdraw())
        self._let_go()
        self._schedule()
        return count

    def end(self) -> int:
        """End all; return how many bytes waited."""
        self._taps.pop(self, None)
        count = sum(len(data) for _, data in self._requests.release())
        self._let_go()
        self._schedule()
        return count

    def close(self) -> None:
        """Let all go to the device, for the rule has ended."""
        self._taps.pop(self, None)
        self.release()

    # ---- turns

    def _hear(self, direction: str, who: str, data: bytes) -> None:
        """Hear the device; who asked gets its answer before anybody else asks."""
        if direction != "up":
            return
        self._ended += self._ear.hear(data, self._reactor.seconds(), self._requests.expected - self._ended)
        if not self._heard:
            self._heard = True
            self._reactor.callLater(0, self._said)

    def _said(self) -> None:
        self._heard = False
        ended, self._ended = self._ended, 0
        if self in self._taps:
            self._pass(self._requests.said(ended, self._reactor.seconds()))

    def _wake(self) -> None:
        self._next = None
        now = self._reactor.seconds()
        ended = self._ear.wake(now)
        self._pass(self._requests.said(ended, now) if ended else self._requests.wake(now))

    def _pass(self, requests: list[tuple[Source, bytes]]) -> None:
        for source, data in requests:
            self._ear.begin()
            self._send(source, data)
        if self.holder is None:
            self._over()
        self._let_go()
        self._schedule()

    def _let_go(self) -> None:
        for session in [session for session in self._held if not self._requests.full(session)]:
            self._held.discard(session)
            session.hold(False, TURN)

    def _schedule(self) -> None:
        call, self._next = self._next, None
        if call is not None and call.active():
            call.cancel()
        due = [at for at in (self._requests.next_wake, self._ear.next_wake) if at is not None]
        if due and self in self._taps:
            self._next = self._reactor.callLater(max(0, min(due) - self._reactor.seconds()), self._wake)


def _ear_of(arbitration: Arbitration) -> Ear:
    return ear_for(arbitration.definition, arbitration.connection, arbitration.code_page)
