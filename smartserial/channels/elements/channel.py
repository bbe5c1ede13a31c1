"""What an element's connections have in common: sessions of one kind, behind one interface.

A *hub* listens and has many sessions, a *client* connects and has one, *datagrams* have the peers that they
came from, a device or a share has one session while it is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol as Shape

from twisted.internet.defer import Deferred

from smartserial.engine.effects import Peer

MOST_PENDING = 1024 * 1024
"""Bytes that may wait for one session; a session that lets more wait is closed."""


@dataclass(slots=True)
class Tally:
    """Bytes of one connection since it was made.

    At every moment: what `send` was given, once for each session that it was for, == ``sent`` + ``pending`` +
    ``dropped`` + ``unsent``.

    Args:
        received: from all sessions.
        sent: taken by the kernel, the device or the share.
        pending: that wait here.
        dropped: that waited for a session that went away.
        unsent: that were for nobody: no session was there, or not the one that was meant.
        overruns: datagrams, not bytes, that the kernel has dropped, for too many waited to be read.
    """

    received: int = 0
    sent: int = 0
    pending: int = 0
    dropped: int = 0
    unsent: int = 0
    overruns: int = 0


class ChannelOwner(Shape):
    """What a channel needs of its element; calls may come from within `Channel.send` and `Channel.open`."""

    def session_opened(self, peer: Peer) -> None:
        """Take note of a new session."""

    def received(self, peer: Peer, data: bytes) -> None:
        """Take bytes of a session; of datagrams a whole one, which may be empty."""

    def session_closed(self, peer: Peer, why: str) -> None:
        """Take note that a session is over, and why in a few words; of datagrams: that it is forgotten."""

    def session_refused(self, peer: Peer, why: str) -> None:
        """Take note that a session was not let in, though this element admits the address."""

    def channel_failed(self, why: str, news: bool) -> None:
        """Take note that there cannot be a session now; `news`: for another reason than before."""

    def channel_ready(self) -> None:
        """Take note that sessions may come from now on: an address is bound (of servers only)."""

    def channel_noted(self, text: str) -> None:
        """Take note of something that an operator should know, such as a second sender of datagrams."""


class Channel(Shape):
    """The sessions of one connection of one element.

    Nothing happens before `open` and after `close`; both may be called again.
    """

    @property
    def where(self) -> str:
        """What it runs on, for people: ``server on 127.0.0.1:7001``, ``port /dev/ttyS1``."""

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The sessions that there are, the oldest first."""

    @property
    def tally(self) -> Tally:
        """The account as it stands now."""

    def open(self) -> None:
        """Begin; what is open already is closed first, and its sessions end."""

    def close(self) -> Deferred[None]:
        """End: sessions are closed when what waits for them is sent, or after a second; fires then."""

    def send(self, data: bytes, to: Peer | None = None) -> int:
        """Send bytes to all sessions, or to one; return to how many.

        A client without a session connects at once; what it is given until then waits. Of datagrams, all
        sessions are the last sender.
        """

    def send_break(self, seconds: float) -> None:
        """Hold a serial break; where there is no line, do nothing but note it once."""

    def drop(self, peer: Peer) -> bool:
        """Close one session; tell whether it was there."""

    def redirect(self, host: str, port: int | None) -> None:
        """Connect elsewhere from now on; None is the last port.

        Raises:
            ChannelError: it cannot go elsewhere, or not there; the text says why.
        """

    def lock(self, held: bool, priority: bool) -> Deferred[None]:
        """Take, or give back, the right to send alone among the elements of an address; fires when it is had.

        It is taken once for each time that it is given back; `close` gives it back.
        """


class ChannelError(Exception):
    """A channel cannot do what it was asked to."""
