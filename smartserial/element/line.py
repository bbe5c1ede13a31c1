"""One connection of an element at work: its channel, what goes over it, and what is told of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from typing import Protocol as Shape

from twisted.internet.defer import Deferred

from smartserial.channels.elements.channel import Channel, ChannelOwner, Tally
from smartserial.element.sending import Sender
from smartserial.engine.effects import Peer, Send
from smartserial.engine.unit import Loss
from smartserial.settings import ConnectionSettings

ChannelMaker = Callable[[ChannelOwner, ConnectionSettings, str], Channel]
"""Makes the channel of a connection; the text is the element's name."""


class LineOwner(Shape):
    """What a line needs of its element."""

    def line_opened(self, line: Line, peer: Peer) -> None:
        """Take note of a new session."""

    def line_received(self, line: Line, peer: Peer, data: bytes) -> None:
        """Take bytes of a session."""

    def line_closed(self, line: Line, peer: Peer, why: str, told: bool) -> None:
        """Take note that a session is over; `told`: its beginning was told, which of datagrams it is not."""

    def line_refused(self, line: Line, peer: Peer, why: str) -> None:
        """Take note that a session was not let in."""

    def line_failed(self, line: Line, why: str, news: bool) -> None:
        """Take note that there can be no session now."""

    def line_ready(self, line: Line) -> None:
        """Take note that sessions may come."""

    def line_unlocked(self, line: Line) -> None:
        """Take note that the right to send alone goes with what is closed now."""

    def line_sent(self, line: Line, data: bytes, to: Peer | None, sessions: int) -> None:
        """Take note of what goes out."""

    def line_noted(self, line: Line, text: str) -> None:
        """Take note of something for the log."""


class Line:
    """One connection of one element.

    Args:
        settings: of the connection.
        owner: the element.
        name: the element's.
        make: makes the channel.
        reactor: keeps the time.
    """

    def __init__(
        self, settings: ConnectionSettings, owner: LineOwner, name: str, make: ChannelMaker, reactor: Any
    ) -> None:
        self.settings = settings
        self.failure = ""
        """Why no session can come, empty if one can."""
        self.settled = False
        """It is known whether there is a session, or can be one."""
        self._sessions: set[Peer] = set()
        self.lost: Counter[Loss] = Counter()
        """Bytes that became part of no unit."""
        self.unmatched = 0
        """Bytes of units that were no response."""
        self._owner = owner
        self.channel = make(self, settings, name)
        self._sender = Sender(self.channel, self._sent, reactor)

    @property
    def number(self) -> int:
        """Its id in the definition."""
        return self.settings.number

    @property
    def tally(self) -> Tally:
        """The account of its bytes."""
        tally, sender = self.channel.tally, self._sender
        return replace(tally, pending=tally.pending + sender.pending, dropped=tally.dropped + sender.dropped)

    def open(self) -> None:
        """Have sessions; those that there are end."""
        self._sender.stop()
        self.settled = False
        self._owner.line_unlocked(self)
        self.channel.open()

    def close(self) -> Deferred[None]:
        """Have none any more."""
        self._sender.stop()
        self.failure = ""
        self._owner.line_unlocked(self)
        return self.channel.close()

    def send(self, send: Send) -> None:
        """Send in turn."""
        self._sender.send(send)

    def _sent(self, data: bytes, to: Peer | None, sessions: int) -> None:
        self._owner.line_sent(self, data, to, sessions)

    # ---- what the channel tells

    def session_opened(self, peer: Peer) -> None:
        """Pass on that there is a new session."""
        self.failure, self.settled = "", True
        self._sessions.add(peer)
        self._owner.line_opened(self, peer)

    def received(self, peer: Peer, data: bytes) -> None:
        """Pass on what was received."""
        self._owner.line_received(self, peer, data)

    def session_closed(self, peer: Peer, why: str) -> None:
        """Pass on that a session is over, or a sender of datagrams forgotten."""
        told = peer in self._sessions
        self._sessions.discard(peer)
        self._owner.line_closed(self, peer, why, told)

    def session_refused(self, peer: Peer, why: str) -> None:
        """Pass on that somebody was not let in."""
        self._owner.line_refused(self, peer, why)

    def channel_failed(self, why: str, news: bool) -> None:
        """Pass on that no session can come."""
        self.failure, self.settled = why, True
        self._owner.line_failed(self, why, news)

    def channel_ready(self) -> None:
        """Pass on that sessions may come."""
        self.failure, self.settled = "", True
        self._owner.line_ready(self)

    def channel_noted(self, text: str) -> None:
        """Pass on what an operator should know."""
        self._owner.line_noted(self, text)
