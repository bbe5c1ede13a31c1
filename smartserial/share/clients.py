"""The clients of one share: their order, their places, and where the device's bytes go.

A client has a *place* from its connecting until it closes its sending side or is dropped. One that has
finished sending may still wait for an answer (``printf cmd | nc -N``), so it is *leaving*: it takes no
place, hears the device until that has been silent for a while, and what it gets is kept until its kernel
has confirmed it, for it may as well be gone. So is what a new client gets of the bytes that were kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from typing import Protocol as Shape

from smartserial.channels.listener import Listener
from smartserial.channels.session import Session, peer_host
from smartserial.channels.stream import HIGH
from smartserial.settings import Sharing
from smartserial.share.floor import Floor, Sink
from smartserial.share.places import is_target
from smartserial.share.slowclients import SlowClients
from smartserial.share.watch import Watch, reset
from smartserial.sharing.access import allowed
from smartserial.sharing.ledger import Ledger, Reason

FIRST_ANSWER = 5.0  # seconds that a client which asked and finished sending waits for the first byte
QUIET = 1.0  # seconds of silence after which it has its whole answer
_MOST_LEAVING = 16
_MOST_UNSURE = 64 * 1024


class ClientsOwner(Shape):
    """What the clients need of their share."""

    def hold_device(self, held: bool) -> None:
        """Stop reading from the device, or go on."""

    def presence_changed(self) -> None:
        """Take note that somebody is there now, or nobody is."""

    def kept_again(self, data: bytes) -> None:
        """Take back bytes that a leaving client did not get, for the next one."""


class Clients:
    """Everybody who is connected, in the order of connecting.

    Args:
        name: the share's, for words to clients.
        sharing: the rules; may be replaced, followed by `review`.
        ledger: counts the direction from the device.
        floor: knows who hears the device.
        owner: the share.
        reactor: keeps the time.
    """

    def __init__(
        self,
        name: str,
        sharing: Sharing,
        ledger: Ledger,
        floor: Floor,
        owner: ClientsOwner,
        reactor: Any,
    ) -> None:
        self.name = name
        self.sharing = sharing
        self.here: dict[Session, None] = {}
        self.leaving: dict[Session, Any] = {}  # with the call that ends each
        self.loss_reason = Reason.CLIENT_DROPPED
        self._ledger = ledger
        self._floor = floor
        floor.outlets = self
        self._owner = owner
        self._reactor = reactor
        self._sinks: tuple[Sink, ...] | None = None
        self._slow = SlowClients(self, ledger, lambda held: owner.hold_device(held))
        self._watch = Watch(self, reactor)

    def __iter__(self) -> Iterator[Session]:
        return iter(self.sessions())

    def sessions(self) -> list[Session]:
        """Return everybody, those with a place first."""
        return [*self.here, *self.leaving]

    def __len__(self) -> int:
        return len(self.here) + len(self.leaving)

    # ---- coming in

    def clients_from(self, listener: Listener, host: str) -> int:
        """Return how many with a place came to a listener from one address."""
        return sum(one.listener is listener and peer_host(one.address) == host for one in self.here)

    def add(self, session: Session) -> None:
        """Give a client its place."""
        session.listener.clients += 1
        session.stream.high = self._high
        session.stream.registerProducer(session, True)
        self.here[session] = None
        self._floor.connects(session)
        self.review()
        self._watch.begin(session)

    def update(self, sharing: Sharing, listeners: list[Listener]) -> None:
        """Go by other rules, and judge each client again; a place once given is not taken away."""
        self.sharing = sharing
        for session in list(self):
            session.stream.high = self._high
            if session.listener not in listeners:
                session.cut("its listener was closed")
            elif not (is_target(session) or self._allowed(session)):
                session.cut("its address is not allowed any more")
        self.review()

    def _allowed(self, session: Session) -> bool:
        return allowed(session.listener.settings.allow, peer_host(session.address))

    @property
    def _high(self) -> int:
        return min(HIGH, max(1, self.sharing.slow_client.limit // 2))

    # ---- going

    def _leave_place(self, session: Session) -> None:
        if session in self.here:
            del self.here[session]
            session.listener.clients -= 1
            self._floor.selection.finishes(session)

    def _let_leave(self, session: Session, seconds: float) -> None:
        self._leave_place(session)
        if session not in self.leaving:
            self.leaving[session] = self._end_later(session, seconds)
        if session.scarce and not session.held:
            self._end(session.cut, "finished")
        elif len(self.leaving) > _MOST_LEAVING:
            self._end(next(iter(self.leaving)).cut, "finished")
        self.review()

    def _end(self, end: Callable[[str], None], farewell: str) -> None:
        """End a session in the next turn of the reactor: bytes may be on their way to it in this one."""
        self._reactor.callLater(0, end, farewell)

    def finished_sending(self, session: Session, asked: bool) -> None:
        """Let a client that has finished sending hear the rest; `asked`: it has not been answered yet."""
        if session.may_read:
            self._let_leave(session, FIRST_ANSWER if asked else QUIET)
        else:
            self.finish(session, "finished")

    def finish(self, session: Session, farewell: str) -> None:
        """Close a client when what waits for it has been sent; it gets nothing new."""
        session.finish(farewell)
        self.review()

    def _end_later(self, session: Session, seconds: float) -> Any:
        return self._reactor.callLater(seconds, self._long_silent, session)

    def _long_silent(self, session: Session) -> None:
        """Let what has come meanwhile be read first: we may be late ourselves, and not the answer."""
        self.leaving[session] = self._reactor.callLater(0, self._end_of_silence, session)

    def _end_of_silence(self, session: Session) -> None:
        if session.stream.pending or session.held:
            self.leaving[session] = self._end_later(session, QUIET)
            return
        if reset(session):
            self._forsake(session)
        session.unsure = b""
        session.cut("finished")

    def unwritable(self, session: Session) -> None:
        """Stop writing to a client that can read no more; what it has sent may still be on its way."""
        self._forsake(session)
        self._slow.forget(session)
        self._let_leave(session, QUIET)

    def closed(self, session: Session) -> None:
        """Forget a client whose connection is gone, and count what it did not get."""
        self._take_back(session)
        self._leave_place(session)
        ending = self.leaving.pop(session, None)
        if ending is not None and ending.active():
            ending.cancel()
        self._slow.forget(session)
        self._floor.leaves(session)
        self._ledger.delivered += session.stream.sent
        self._ledger.discard(self.loss_reason, session.stream.dropped)
        self.review()

    def drop(self, session: Session, farewell: str) -> None:
        """Close a client's connection now, and give its place to others."""
        session.unwritable, session.unsure = True, b""
        self._slow.forget(session)
        self._end(session.abort, farewell)
        self._let_leave(session, QUIET)

    # ---- the device's bytes

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """Where the device's bytes go at once: in the plain case to each client that reads."""
        if self._sinks is None:
            self._sinks = self._floor.ways()
        return self._sinks

    def _renew(self) -> None:
        self._sinks = None
        self._floor.renew()

    def reviewed(self) -> None:
        """Take note that others may hear the device now."""
        self._floor.review()
        self._sinks = None

    def review(self) -> None:
        """Work out anew where bytes go, and whether a slow client holds the device back."""
        self.reviewed()
        self._slow.review()
        self._owner.presence_changed()

    def outlet(self, session: Session) -> Sink:
        """Return the shortest path to a client."""
        if session in self.leaving or session.unsure:
            return partial(self._write_unsure, session)
        if self._slow.must_bound(session):
            return partial(self._slow.write_bounded, session)
        return session.stream.write  # type: ignore[no-any-return]

    def _write_unsure(self, session: Session, data: bytes) -> None:
        ending = self.leaving.get(session)
        if session.finished_sending and ending is not None and ending.active():
            ending.cancel()
            self.leaving[session] = self._end_later(session, QUIET)
        session.unsure += data
        session.stream.write(data)
        if reset(session):
            self._forsake(session)
            self._end(session.cut, "finished")
        elif len(session.unsure) > _MOST_UNSURE or not session.stream.unconfirmed() + session.stream.pending:
            session.unsure = b""
            self._renew()
        if self._slow.must_bound(session):
            self._slow.enforce(session)

    def reclaim(self) -> None:
        """Take back at once what clients that turn out to be gone did not get, for another one is here."""
        for session in [session for session in self if session.unsure and reset(session)]:
            self._forsake(session)
            self._end(session.cut, "finished")

    def give_kept(self, session: Session, data: bytes) -> None:
        """Give a new client what was kept; if it is gone without taking it, the next one gets it."""
        self._renew()
        session.unsure += data
        session.stream.write(data)

    def _forsake(self, session: Session) -> None:
        """Take back what a client did not get that takes nothing more; what cannot be is counted."""
        session.stream.abandon()
        self._take_back(session)

    def _take_back(self, session: Session) -> None:
        """Keep what a leaving client did not get for the next one, if nobody else got it."""
        stream = session.stream
        missing = stream.unconfirmed() + stream.pending + stream.dropped
        unsure, session.unsure = session.unsure[-missing:] if missing else b"", b""
        session.unwritable = True
        if unsure and not self._floor.shares(session):
            waiting = stream.discard_oldest(stream.pending)
            self._ledger.discard(self.loss_reason, max(0, waiting - len(unsure)))
            stream.take_back(max(0, len(unsure) - waiting))
            self._owner.kept_again(unsure)

    # ---- slow clients

    def session_full(self, session: Session) -> None:
        """Take note that too much waits for a client."""
        self._slow.full.add(session)
        self.review()

    def session_drained(self, session: Session) -> None:
        """Take note that little waits for a client that was full."""
        self._slow.forget(session)
        self.review()

    def stuck(self, session: Session) -> None:
        """Take note that a client has taken none of the bytes that wait for it, for the timeout."""
        self._slow.stuck(session)

    def stop(self) -> None:
        """End the regular look, and the patience with leaving clients."""
        self._watch.end()
        for call in self.leaving.values():
            if call.active():
                call.cancel()
