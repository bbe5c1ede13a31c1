"""An element beside the clients of a share: it hears the device, and speaks to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall

from smartserial.channels.devicecare import CLOSED
from smartserial.channels.elements.channel import MOST_PENDING, ChannelError, ChannelOwner, Tally
from smartserial.channels.elements.guarded import GuardedOwner
from smartserial.channels.link import LinkState
from smartserial.engine.effects import Peer
from smartserial.errors import PortError
from smartserial.interfaces import ISerialTransport
from smartserial.share.service import Share

LOOK = 0.5
"""Seconds between two looks for a share that is not there."""

_WHO = "an element"


class ShareChannel:
    """A connection over the device of a share.

    It is no client: it takes no place, no rule for clients holds for it, and what it hears is not kept for
    it. What it sends stands in the books of the share; an operator who takes the share keeps it from that.

    Args:
        owner: is told what happens.
        name: the share's.
        find: returns the share of a name that there is now.
        reactor: keeps the time.
    """

    def __init__(
        self, owner: ChannelOwner, name: str, find: Callable[[str], Share | None], reactor: Any
    ) -> None:
        self.where = f"share {name}"
        self._owner = GuardedOwner(owner, self.where)
        self._name = name
        self._find = find
        self._reactor = reactor
        self._tally = Tally()
        self._wanted = False
        self._share: Share | None = None
        self._missed = False  # it was told that there is no share
        self._failed = False  # it was told that the share's device cannot be opened
        self._peer: Peer | None = None
        self._sessions = 0
        self._noted: set[str] = set()
        self._next: IDelayedCall | None = None

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The device, while it is open."""
        return () if self._peer is None else (self._peer,)

    @property
    def tally(self) -> Tally:
        """The account as it stands now; what the share has taken is sent."""
        return replace(self._tally)

    # ---- life

    def open(self) -> None:
        """Attend the share, now or as soon as it is there."""
        self._leave(CLOSED)
        self._wanted, self._missed = True, False
        self._noted.clear()
        self._look()

    def close(self) -> Deferred[None]:
        """Attend no more; what was sent is the share's."""
        self._wanted = False
        self._leave(CLOSED)
        return succeed(None)

    def _there(self) -> Share | None:
        share = self._find(self._name)
        return share if share is not None and share.running else None

    def _look(self) -> None:
        """Look for the share."""
        self._rest()
        share = self._there()
        if share is None:
            self._look_later(LOOK)
            news, self._missed = not self._missed, True
            self._owner.channel_failed(f"there is no share {self._name} now", news)
            return
        self._share, self._missed, self._failed = share, False, False
        share.audience.attend(self)
        self.device_changed()
        away = self._share is share and share.device.link.state is LinkState.AWAY
        if away and not self._failed:
            self.device_missing(share.device.away, True)

    def _look_later(self, seconds: float) -> None:
        self._rest()
        self._next = self._reactor.callLater(seconds, self._look)

    def _rest(self) -> None:
        call, self._next = self._next, None
        if call is not None and call.active():
            call.cancel()

    def _leave(self, why: str) -> None:
        self._rest()
        share, self._share = self._share, None
        if share is not None:
            share.audience.right.forget(self)
            share.audience.leave(self)
        self._end_session(why)

    def _end_session(self, why: str) -> None:
        peer, self._peer = self._peer, None
        if peer is not None:
            self._owner.session_closed(peer, why)

    # ---- what the share tells

    def from_device(self, data: bytes) -> None:
        """Hand over what the device has sent."""
        if self._peer is not None:
            self._tally.received += len(data)
            self._owner.received(self._peer, data)

    def device_changed(self) -> None:
        """Begin a session while the device is open, and end it when it is not."""
        if self._share is None:
            return
        up = self._share.device.link.state is LinkState.UP
        if up and self._peer is None:
            self._sessions += 1
            self._peer = Peer("", 0, self._sessions)
            self._owner.session_opened(self._peer)
        elif not up:
            self._end_session(self._share.device.away)

    def device_missing(self, why: str, news: bool) -> None:
        """Pass on that the device cannot be opened."""
        self._failed = True
        self._owner.channel_failed(why, news)

    def share_ended(self) -> None:
        """End the session, and look for the share that takes its place."""
        share, self._share = self._share, None
        if share is not None:
            share.audience.right.forget(self)
        self._end_session("the share has ended")
        if self._wanted:
            self._look_later(0)

    # ---- what the element wants

    def send(self, data: bytes, to: Peer | None = None) -> int:
        """Send to the device while it is open; see `Channel.send`."""
        if self._share is None and self._wanted and self._there() is not None:
            self._look()
        if self._share is None or self._share.audience.right.free_for(self):
            return self._send_now(data, to)
        if self._tally.pending + len(data) > MOST_PENDING:
            self._tally.unsent += len(data)
            self._note("too much waits for another element's lock: bytes are lost")
            return 0
        self._tally.pending += len(data)
        self._share.audience.right.keep(self, data, to)
        return 1

    def _send_now(self, data: bytes, to: Peer | None) -> int:
        if self._peer is None or to not in (None, self._peer) or not self._may_send(len(data)):
            self._tally.unsent += len(data)
            return 0
        assert self._share is not None
        self._tally.sent += len(data)
        self._share.from_operator(_WHO, data)
        return 1

    def deliver_kept(self, data: bytes, to: Peer | None) -> None:
        """Send what had to wait for another element's lock."""
        self._tally.pending -= len(data)
        self._send_now(data, to)

    def drop_kept(self, data: bytes) -> None:
        """Count what waited as dropped."""
        self._tally.pending -= len(data)
        self._tally.dropped += len(data)

    def _may_send(self, size: int) -> bool:
        assert self._share is not None
        stream = self._share.device.link.stream
        obstacles = {
            f"an operator has taken {self._name}: nothing is sent": self._share.ports.desk.seized,
            f"{self._name} does not take what it is sent: bytes are lost": stream.pending + size
            > MOST_PENDING,
        }
        for text, stands in obstacles.items():
            if not stands:
                self._noted.discard(text)
            else:
                self._note(text)
        return not any(obstacles.values())

    def _note(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self._owner.channel_noted(text)

    def send_break(self, seconds: float) -> None:
        """Hold a break on the line, where there is one; see `Channel.send_break`."""
        if self._peer is None or not self._may_send(0):
            return
        assert self._share is not None
        stream = self._share.device.link.stream
        if not ISerialTransport.providedBy(stream):
            self._note(f"the device of {self._name} has no serial line to hold a break on")
            return
        try:
            stream.send_break(seconds)
        except PortError as error:
            self._note(str(error))

    def drop(self, peer: Peer) -> bool:
        """End the session, and begin another one; the device is not closed, for others may use it."""
        if peer != self._peer:
            return False
        self._leave(CLOSED)
        self._look_later(LOOK)
        return True

    def redirect(self, host: str, port: int | None) -> None:
        """Refuse: a share is where it is.

        Raises:
            ChannelError: always.
        """
        raise ChannelError(f"{self.where} cannot go elsewhere")

    def lock(self, held: bool, priority: bool) -> Deferred[None]:
        """Take, or give back, the right to send alone among the elements on the share; clients go on."""
        if self._share is None:
            return succeed(None)
        if held:
            return self._share.audience.right.take(self, priority)
        self._share.audience.right.give(self)
        return succeed(None)
