"""What TCP servers and TCP clients of elements have in common as channels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.logger import Logger

from smartserial.channels.elements.channel import MOST_PENDING, ChannelOwner, Tally
from smartserial.channels.elements.netlock import SendRight
from smartserial.channels.elements.netsession import NetSession
from smartserial.engine.effects import Peer
from smartserial.settings import ConnectionSettings, NetworkCarrier

_log = Logger()


class NetChannel(ABC):
    """A channel whose sessions are TCP connections that other channels may have too.

    Args:
        owner: is told what happens.
        settings: of a `NetworkCarrier`.
        element: its name, for the log.
        reactor: keeps the time.
    """

    def __init__(self, owner: ChannelOwner, settings: ConnectionSettings, element: str, reactor: Any) -> None:
        self.settings = settings
        self.element = element
        self.account = Tally()
        self.written: set[NetSession] = set()  # where bytes of ours may wait
        self.is_open = False
        self._owner = owner
        self._reactor = reactor
        self._sessions: dict[Peer, NetSession] = {}
        self._kept = 0  # bytes that wait for the right to send, or for a connection
        self._noted: set[str] = set()
        self._last_failure = ""
        self._end: Deferred[None] = succeed(None)
        self._farewells: list[tuple[NetSession, str, Deferred[None]]] = []

    @property
    def carrier(self) -> NetworkCarrier:
        """What it runs on."""
        assert isinstance(self.settings.carrier, NetworkCarrier)
        return self.settings.carrier

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The sessions that there are, the oldest first."""
        return tuple(peer for peer, session in self._sessions.items() if session.heard_by(self))

    @property
    def tally(self) -> Tally:
        """The account as it stands now."""
        for session in self.written:
            session.settle()
        return replace(self.account)

    def _there(self, peer: Peer) -> NetSession | None:
        """Return the session of a peer, if it is there to be written to."""
        session = self._sessions.get(peer)
        return session if session is not None and session.heard_by(self) else None

    # ---- life

    def open(self) -> None:
        """Begin; what is open already is closed first, and its sessions end."""
        if self.is_open:
            self._close()
        self._say_farewells()
        self.is_open = True
        self._noted.clear()
        self._last_failure = ""
        self._enter()

    def close(self) -> Deferred[None]:
        """End; fires when all sessions are gone, and the address is free if nobody else has it."""
        if self.is_open:
            self._close()
        return _fork(self._end)

    def _close(self) -> None:
        self.is_open = False
        self._depart()

    def _depart(self) -> None:
        self._right().forget(self)
        parts = [_fork(self._end), *self._leave()]
        self._end = gatherResults(parts).addCallback(lambda _: None)

    @abstractmethod
    def _enter(self) -> None:
        """Take part in the hub, or the client."""

    @abstractmethod
    def _leave(self) -> list[Deferred[None]]:
        """Take part no more; return what fires when that is done."""

    @abstractmethod
    def _right(self) -> SendRight:
        """Return the right to send that counts for this channel."""

    def part(self, session: NetSession, why: str, last: bool) -> Deferred[None]:
        """Have a session no more, of which others may hear yet; the owner is told in another turn.

        Args:
            session: that this channel hears.
            why: for the owner.
            last: whether nobody else hears it, so that it is closed.
        """
        if last:
            session.finish(why)
            return session.when_over()
        session.hearers.pop(self, None)
        told: Deferred[None] = Deferred()
        self._farewells.append((session, why, told))
        self._reactor.callLater(0, self._say_farewells)
        return told

    def _say_farewells(self) -> None:
        farewells, self._farewells = self._farewells, []
        for session, why, told in farewells:
            self.end(session, why)
            told.callback(None)

    # ---- what sessions tell

    def begin(self, session: NetSession) -> None:
        """Hear a session from now on."""
        self._sessions[session.peer] = session
        self._last_failure = ""
        self.tell(self._owner.session_opened, session.peer)

    def hear(self, session: NetSession, data: bytes) -> None:
        """Take what a session has sent."""
        self.account.received += len(data)
        self.tell(self._owner.received, session.peer, data)

    def end(self, session: NetSession, why: str) -> None:
        """Hear a session no more."""
        if self._sessions.pop(session.peer, None) is not None:
            self.tell(self._owner.session_closed, session.peer, why)

    def failed(self, why: str) -> None:
        """Tell the owner that there cannot be a session now."""
        news, self._last_failure = why != self._last_failure, why
        self.tell(self._owner.channel_failed, why, news)

    def refused(self, peer: Peer, why: str) -> None:
        """Tell the owner that a session was not let in."""
        self.tell(self._owner.session_refused, peer, why)

    def ready(self) -> None:
        """Tell the owner that sessions may come."""
        self._last_failure = ""
        self.tell(self._owner.channel_ready)

    def note(self, text: str) -> None:
        """Tell the owner something, once until the next opening."""
        if text not in self._noted:
            self._noted.add(text)
            self.tell(self._owner.channel_noted, text)

    def tell(self, call: Callable[..., None], *details: object) -> None:
        """Call the owner; what goes wrong there does not disturb other elements."""
        try:
            call(*details)
        except Exception:
            _log.failure("{element} failed on {call}", element=self.element, call=call.__name__)

    # ---- sending

    def send(self, data: bytes, to: Peer | None = None) -> int:
        """Send bytes to all sessions, or to one; return to how many."""
        targets = self._targets(to) if self.is_open else ()
        if not targets:
            self.account.unsent += len(data)
        right = self._right()
        return sum(self._send_to(right, data, target) for target in targets)

    def _send_to(self, right: SendRight, data: bytes, target: Peer | None) -> bool:
        if right.free_for(self):
            taken = self._deliver(data, target)
        else:
            taken = self.keep(len(data))
            if taken:
                right.keep(self, data, target)
        if not taken:
            self.account.unsent += len(data)
        return taken

    @abstractmethod
    def _targets(self, to: Peer | None) -> tuple[Peer | None, ...]:
        """Return for which sessions bytes for `to` are; None stands for the one that a client will have."""

    @abstractmethod
    def _deliver(self, data: bytes, to: Peer | None) -> bool:
        """Send to one session; tell whether it was there."""

    def keep(self, count: int) -> bool:
        """Count bytes that have to wait for something; tell whether there is room for them."""
        if self._kept + count > MOST_PENDING:
            self.note(f"{MOST_PENDING} bytes wait to be sent; what comes now is not sent")
            return False
        self._kept += count
        self.account.pending += count
        return True

    def unkeep(self, data: bytes) -> None:
        """Count bytes as waiting no more; whoever calls books them elsewhere."""
        self._kept -= len(data)
        self.account.pending -= len(data)

    def deliver_kept(self, data: bytes, to: Peer | None) -> None:
        """Send bytes that had to wait for the right to send."""
        self.unkeep(data)
        if not self._deliver(data, to):
            self.account.dropped += len(data)

    def drop_kept(self, data: bytes) -> None:
        """Count bytes that had to wait as dropped."""
        self.unkeep(data)
        self.account.dropped += len(data)

    # ---- the rest of a channel

    def send_break(self, seconds: float) -> None:
        """Note that there is no line to break."""
        self.note("there is no serial line here that could hold a break")

    def drop(self, peer: Peer) -> bool:
        """Close one session, for all that hear it; tell whether it was there."""
        session = self._there(peer)
        if session is None:
            return False
        session.finish(f"closed by {self.element}")
        return True

    def lock(self, held: bool, priority: bool) -> Deferred[None]:
        """Take, or give back, the right to send alone; of a closed channel nothing happens."""
        if not self.is_open:
            return succeed(None)
        if held:
            return self._right().take(self, priority)
        self._right().give(self)
        return succeed(None)

    def update(self, settings: ConnectionSettings) -> None:
        """Go by other settings from now on; another address counts from the next opening."""
        self.settings = settings


def _fork(source: Deferred[None]) -> Deferred[None]:
    """Return what fires with `source`, which is kept for others."""
    forked: Deferred[None] = Deferred()
    source.addCallback(lambda _: forked.callback(None))
    return forked
