"""A channel whose sessions a test opens and closes; it keeps what is sent."""

from __future__ import annotations

from twisted.internet.defer import Deferred, succeed

from smartserial.channels.elements.channel import ChannelError, ChannelOwner, Tally
from smartserial.engine.effects import Peer
from smartserial.settings import ConnectionSettings


class FakeChannel:
    """Sessions in memory."""

    def __init__(self, owner: ChannelOwner, settings: ConnectionSettings, element: str) -> None:
        self.owner = owner
        self.settings = settings
        self.element = element
        self.where = f"fake {settings.number}"
        self.peers: tuple[Peer, ...] = ()
        self.is_open = False
        self.sent: list[tuple[bytes, Peer | None]] = []
        self.breaks: list[float] = []
        self.redirected: list[tuple[str, int | None]] = []
        self.locks: list[tuple[bool, bool]] = []
        self.granting: Deferred[None] = succeed(None)
        self.closing: Deferred[None] = succeed(None)
        self.received = self.unsent = 0

    @property
    def tally(self) -> Tally:
        sent = sum(len(data) for data, _ in self.sent)
        return Tally(self.received, sent, unsent=self.unsent)

    def open(self) -> None:
        self.is_open = True

    def close(self) -> Deferred[None]:
        self.is_open = False
        for peer in self.peers:
            self.ends(peer, "closed here")
        return self.closing

    def send(self, data: bytes, to: Peer | None = None) -> int:
        found = [peer for peer in self.peers if to in (None, peer)]
        if found:
            self.sent.append((data, to))
        else:
            self.unsent += len(data)
        return len(found)

    def send_break(self, seconds: float) -> None:
        self.breaks.append(seconds)

    def drop(self, peer: Peer) -> bool:
        if peer not in self.peers:
            return False
        self.ends(peer, "closed by the protocol")
        return True

    def redirect(self, host: str, port: int | None) -> None:
        if host == "any":
            raise ChannelError("a client cannot become a server")
        self.redirected.append((host, port))

    def lock(self, held: bool, priority: bool) -> Deferred[None]:
        self.locks.append((held, priority))
        return self.granting

    # ---- what a test does

    def begins(self, peer: Peer) -> None:
        """A session begins."""
        self.peers = (*self.peers, peer)
        self.owner.session_opened(peer)

    def says(self, peer: Peer, data: bytes) -> None:
        """A session sends."""
        self.received += len(data)
        self.owner.received(peer, data)

    def ends(self, peer: Peer, why: str = "closed") -> None:
        """A session ends."""
        self.peers = tuple(one for one in self.peers if one != peer)
        self.owner.session_closed(peer, why)
