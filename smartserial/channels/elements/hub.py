"""One listening TCP address, and the elements that hear who comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IDelayedCall, IProtocol
from twisted.internet.protocol import Factory
from typing_extensions import override

from smartserial.channels.elements.netlock import SendRight
from smartserial.channels.elements.netsession import NetSession
from smartserial.channels.session import peer_host, peer_name
from smartserial.channels.tcp import StreamPort
from smartserial.channels.tls.ends import sealed, server_tls
from smartserial.engine.effects import Peer
from smartserial.errors import ConfigError
from smartserial.settings import PROBING, Address, TlsSettings
from smartserial.sharing.admission import admitted, plain_host

if TYPE_CHECKING:
    from smartserial.channels.elements.hubchannel import HubChannel

RETRY_BIND = 5.0
"""Seconds between two attempts to have an address."""


class Hub(Factory):
    """A listening socket for several elements; whoever comes waits in the kernel until one of them serves.

    Args:
        host: the numeric address to listen on.
        port: 0 is any free one.
        numbers: gives each session its own number.
        on_idle: is called when nobody needs the address any more.
        reactor: the reactor.
    """

    noisy = False

    def __init__(
        self, host: str, port: int, numbers: Iterator[int], on_idle: Callable[[Hub], None], reactor: Any
    ) -> None:
        self.where = str(Address(host, port))
        self.claimed = False  # whether it is kept though nobody serves
        self.serving: dict[HubChannel, None] = {}
        self.sessions: dict[NetSession, None] = {}
        self.right = SendRight()
        self._host = host
        self._asked_port = port
        self._numbers = numbers
        self._on_idle = on_idle
        self._reactor = reactor
        self._port: StreamPort | None = None
        self._tls: TlsSettings | None = None
        self._creator: object = None
        self._wishing: dict[HubChannel, None] = {}  # open, but they cannot serve now
        self._retry: IDelayedCall | None = None
        self._stopping: Deferred[None] | None = None

    # ---- the socket

    def bind(self) -> None:
        """Listen, unless that is done already; connections wait in the kernel.

        Raises:
            ConfigError: the address cannot be had.
        """
        if self._port is not None:
            return
        port = StreamPort(self._host, self._asked_port, self, self._reactor, keepalive=PROBING)
        try:
            port.startListening()
        except (CannotListenError, OSError) as error:
            cause = getattr(error, "socketError", error)
            words = getattr(cause, "strerror", None) or str(cause)
            raise ConfigError(f"cannot listen on {Address(self._host, self._asked_port)}: {words}") from error
        port.stopReading()
        self._port = port
        self.where = peer_name(port.getHost())

    @property
    def bound(self) -> bool:
        """Whether it has its address."""
        return self._port is not None and self._stopping is None

    def release(self) -> Deferred[None] | None:
        """Stop listening if nobody needs it; return what fires when that is done, None if it goes on."""
        if self.serving or self._wishing or self.claimed:
            return None
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self._stopping is None:
            if self._port is None:
                self._on_idle(self)
                return None
            self._stopping = Deferred()
            self._port.stopListening().addBoth(self._stopped)
        forked: Deferred[None] = Deferred()
        self._stopping.addCallback(lambda _: forked.callback(None))
        return forked

    def _stopped(self, _: object) -> None:
        stopping, self._stopping, self._port = self._stopping, None, None
        if self._wishing or self.claimed:
            self._serve()
        else:
            self._on_idle(self)
        if stopping is not None:
            stopping.callback(None)

    # ---- the elements

    def enter(self, channel: HubChannel) -> None:
        """Let a channel serve, now or as soon as that can be."""
        self._wishing[channel] = None
        self._serve()

    def leave(self, channel: HubChannel) -> list[Deferred[None]]:
        """Let a channel serve no more; return what fires when that is done."""
        self._wishing.pop(channel, None)
        self.serving.pop(channel, None)
        parts = []
        for session in list(self.sessions):
            if channel in session.hearers:
                parts.append(channel.part(session, "closed here", last=len(session.hearers) == 1))
        if not self.serving and self._port is not None:
            self._port.stopReading()
        released = self.release()
        if released is not None:
            parts.append(released)
        elif self._wishing:
            self._serve()
        return parts

    def _serve(self) -> None:
        if self._stopping is not None:
            return
        for channel in list(self._wishing):
            if channel not in self._wishing:
                continue
            why = self._hindrance(channel)
            if why:
                channel.failed(why)
                continue
            del self._wishing[channel]
            self.serving[channel] = None
            self.claimed = False
            channel.ready()
            self.review()
        if self._wishing and self._retry is None:
            self._retry = self._reactor.callLater(RETRY_BIND, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self._serve()

    def _hindrance(self, channel: HubChannel) -> str:
        """Make ready for a channel; return what stands against it, empty if nothing does."""
        carrier = channel.carrier
        if self.serving and carrier.tls != self._tls:
            both = carrier.tls and self._tls
            what = "other TLS settings" if both else "TLS" if self._tls else "no TLS"
            return f"another element on {self.where} uses {what}"
        try:
            if not self.serving:
                self._creator = server_tls(carrier.tls) if carrier.tls is not None else None
                self._tls = carrier.tls
            self.bind()
        except ConfigError as error:
            return str(error)
        assert self._port is not None
        self._port.set_options(True, carrier.keepalive)
        self._port.startReading()
        return ""

    def review(self) -> None:
        """Judge each session again: who hears it, now that lists, limits or elements are others."""
        lists = {channel: channel.settings.allowed for channel in self.serving}
        for session in [session for session in self.sessions if not session.ending]:
            hearers = admitted(lists, session.peer.host)
            for channel in [other for other in session.hearers if other not in hearers]:
                if len(session.hearers) == 1 and not hearers:
                    session.finish("its address is not allowed any more")
                    break
                del session.hearers[channel]
                channel.end(session, "its address is not allowed any more")
            for channel in [c for c in lists if c in hearers and c not in session.hearers]:
                if not channel.full and channel in self.serving and not session.ending:
                    session.hearers[channel] = None
                    if session.up:
                        channel.begin(session)
            if not session.hearers:
                session.finish("no element that allows its address has a place for it")

    # ---- the sessions

    @override
    def buildProtocol(self, addr: IAddress | None) -> Any:
        host, port = plain_host(peer_host(addr)), getattr(addr, "port", 0)
        peer = Peer(host, port, next(self._numbers))
        accepting = admitted({channel: channel.settings.allowed for channel in self.serving}, host)
        hearers = [channel for channel in self.serving if channel in accepting]
        full = [channel for channel in hearers if channel.full]
        if not hearers:
            for channel in list(self.serving)[:1]:
                channel.refused(peer, "no element here allows its address")
            return None
        if full:
            for channel in hearers:
                channel.refused(peer, f"{full[0].limit_words}, and no more are let in")
            return None
        session = NetSession(self, peer, self._creator is not None, self._reactor)
        session.hearers = dict.fromkeys(hearers)
        return self._sealed(session) if self._creator is not None else session

    def _sealed(self, session: NetSession) -> IProtocol:
        return sealed(session, self._creator, False, self._reactor)

    def made(self, session: NetSession) -> None:
        """Take note of a connection."""
        self.sessions[session] = None

    def opened(self, session: NetSession) -> None:
        """Tell those who hear it of a session."""
        for channel in list(session.hearers):
            if session.heard_by(channel):
                channel.begin(session)

    def gone(self, session: NetSession, why: str) -> None:
        """Tell those who hear it that a session is over."""
        self.sessions.pop(session, None)
        for channel in list(session.hearers):
            if session.up:
                channel.end(session, why)
            elif channel in self.serving:
                channel.refused(session.peer, why)


class Hubs:
    """The hubs of all addresses.

    Args:
        numbers: gives each session its own number.
        reactor: the reactor.
    """

    def __init__(self, numbers: Iterator[int], reactor: Any) -> None:
        self._hubs: dict[tuple[str, int], Hub] = {}
        self._numbers = numbers
        self._reactor = reactor

    def __iter__(self) -> Iterator[Hub]:
        return iter(list(self._hubs.values()))

    def look(self, host: str, port: int) -> Hub | None:
        """Return the hub of an address, if there is one."""
        return self._hubs.get((host, port))

    def get(self, host: str, port: int) -> Hub:
        """Return the hub of an address, which may be a new one."""
        hub = self._hubs.get((host, port))
        if hub is None:
            hub = self._hubs[host, port] = Hub(host, port, self._numbers, self._forget, self._reactor)
        return hub

    def _forget(self, hub: Hub) -> None:
        self._hubs = {address: other for address, other in self._hubs.items() if other is not hub}
