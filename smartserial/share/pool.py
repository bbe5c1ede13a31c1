"""A pool: one address for several shares. Who comes gets the first that is free.

::

    connection --> PoolListener (TLS, telnet, login) --> Pool.choose --> Way of a share --> its Session
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from twisted.internet.interfaces import IAddress
from typing_extensions import override

from smartserial.channels.link import LinkState
from smartserial.channels.listener import Listener, plain_line
from smartserial.channels.login.keeper import Keeper
from smartserial.channels.session import Session, peer_host
from smartserial.events import ClientRefused, EventStream, LoginFailed, PoolStarted, ShareNoted
from smartserial.settings import ListenerSettings, LoginSettings, PoolSettings
from smartserial.share.service import Share
from smartserial.sharing.access import Refusal, allowed, crowded, forbidden, full
from smartserial.sharing.rights import Identity, Right


class Way(Listener):
    """A pool's listener as one of its shares sees it: it has no socket."""

    @override
    def make_session(self, addr: IAddress) -> Session:
        session = super().make_session(addr)
        session.greeting = self.greeting
        return session

    greeting = b""

    def clients_from(self, host: str) -> int:
        """Tell how many clients came by this way from one address."""
        sessions = self.owner.clients.here if isinstance(self.owner, Share) else ()
        return sum(one.listener is self and peer_host(one.address) == host for one in sessions)


class PoolListener(Listener):
    """A listener whose clients go to one of several shares."""

    def __init__(self, settings: ListenerSettings, reactor: Any) -> None:
        super().__init__(settings, reactor)
        self.ways: dict[str, Way] = {}  # by the names of shares, those that are given first come first
        self.choose: Callable[[PoolListener, IAddress, Identity | None], Session | Refusal]

    @override
    def admit(
        self, addr: IAddress, identity: Identity | None = None, login: LoginSettings | None = None
    ) -> Session | Refusal:
        found = self.choose(self, addr, identity)
        return found.of(identity.name) if isinstance(found, Refusal) and identity is not None else found

    def lead_to(self, pool: PoolSettings, shares: Mapping[str, Share], reactor: Any) -> None:
        """Make the ways to the shares of a pool that are there."""
        former, self.ways = self.ways, {}
        for name in pool.shares:
            if name in shares:
                way = self.ways[name] = former.get(name) or Way(self.settings, reactor)
                way.settings, way.where = self.settings, f"{self.where} of pool {pool.name}"
                way.greeting = plain_line(f"{pool.name}: this is {name}") if pool.announce else b""
                way.attach(shares[name])
                shares[name].visits.append(way)


class Pool:
    """Provides `ListenerOwner`, as far as clients have not got a share yet.

    Args:
        settings: replaced by `use`.
        keeper: knows the users.
        events: is told what happens.
        reactor: the reactor.
    """

    def __init__(self, settings: PoolSettings, keeper: Keeper, events: EventStream, reactor: Any) -> None:
        self.settings = settings
        self.keeper = keeper
        self.listeners: list[PoolListener] = []
        self.refused_bytes = 0
        """Bytes that came from those who were not let in."""
        self._events = events
        self._reactor = reactor

    def use(self, settings: PoolSettings, listeners: list[PoolListener]) -> None:
        """Go by these settings, with listeners that have their sockets, in the order of the settings."""
        self.settings = settings
        for listener in self.listeners:
            if listener not in listeners:
                listener.stop()
        self.listeners = listeners
        for listener in listeners:
            listener.choose = self.choose
            listener.attach(self)  # type: ignore[arg-type] # sessions are those of shares

    def lead_to(self, shares: Mapping[str, Share]) -> None:
        """Make the ways to those of its shares that are there."""
        for listener in self.listeners:
            listener.lead_to(self.settings, shares, self._reactor)

    def tell(self) -> None:
        """Tell the world what there is."""
        where = tuple(listener.where for listener in self.listeners)
        self._events.publish(PoolStarted(self.settings.name, self.settings.shares, where))

    def stop(self) -> None:
        """Let nobody in any more."""
        for listener in self.listeners:
            listener.stop()

    # ---- who comes

    def choose(
        self, listener: PoolListener, addr: IAddress, identity: Identity | None = None
    ) -> Session | Refusal:
        """Return a session of the first share that is free; one whose device could not be had comes last."""
        refusal = self._no_place(listener, peer_host(addr))
        if refusal is not None:
            return refusal
        open_to = [way for name, way in listener.ways.items() if _may_use(identity, name)]
        if identity is not None and not open_to:
            return Refusal(f"{identity.name} may neither read nor write any share of {self.settings.name}")
        for way in sorted(open_to, key=_wanting):
            if isinstance(way.owner, Share) and not way.owner.clients.here:
                found = way.admit(addr, identity, listener.settings.login)
                if isinstance(found, Session):
                    return found
        names = [name for name in self.settings.shares if _may_use(identity, name)]
        return Refusal(f"{self.settings.name} is in use: none of {', '.join(names)} is free")

    def clients_from(self, listener: PoolListener, host: str) -> int:
        """Return how many clients of its shares came to a listener from one address."""
        return sum(way.clients_from(host) for way in listener.ways.values())

    def _no_place(self, listener: PoolListener, host: str) -> Refusal | None:
        settings, ways = listener.settings, listener.ways.values()
        if settings.max_clients is not None and sum(way.clients for way in ways) >= settings.max_clients:
            return full(self.settings.name, settings.max_clients)
        if settings.max_per_source is None or not host:
            return None
        here = self.clients_from(listener, host)
        most = settings.max_per_source
        return crowded(self.settings.name, host, most) if here >= most else None

    def states(self, shares: Mapping[str, Share]) -> dict[str, str]:
        """Return what each of its shares is to somebody who comes now: disabled, or as `_state` has it."""
        found = {}
        for name in self.settings.shares:
            share = shares.get(name)
            found[name] = "disabled" if share is None else _state(share)
        return found

    def admits(self, listener: Listener, host: str) -> Refusal | None:
        """Decide about a connection by its address."""
        if allowed(listener.settings.allow, host):
            return None
        return forbidden(self.settings.name, host)

    def login_failed(self, peer: str, user: str, why: str) -> None:
        """Take note of somebody who could not log in."""
        self._events.publish(LoginFailed(self.settings.name, peer, self.keeper.shown(user), why))

    def refused(self, listener: Listener, peer: str, refusal: Refusal) -> None:
        """Take note of a client that was not let in."""
        why, user = refusal.text, refusal.user
        self._events.publish(ClientRefused(self.settings.name, peer, listener.where, why, user))

    def count_refused(self, count: int) -> None:
        """Count bytes of a client that was not let in."""
        self.refused_bytes += count

    def note(self, text: str) -> None:
        """Tell the operator something that may be worth mending."""
        self._events.publish(ShareNoted(self.settings.name, text))


def _may_use(identity: Identity | None, name: str) -> bool:
    return identity is None or bool(identity.on(name) & (Right.READ | Right.WRITE))


def _state(share: Share) -> str:
    """Return whether a share is in use, busy, away or free.

    A device that is opened on demand is what it was when that was tried last; one that is being opened for
    the first time passes for free, for its client is not read from until that is known.
    """
    link = share.device.link
    if share.clients.here:
        return "in use"
    if share.device.busy:
        return "busy"
    opened_again = link.state is LinkState.OPENING and not link.settling
    return "away" if link.failure or link.state is LinkState.AWAY or opened_again else "free"


def _wanting(way: Way) -> bool:
    """Tell whether the device of a share could not be had."""
    return isinstance(way.owner, Share) and _state(way.owner) in ("busy", "away")


def lend(pools: Iterable[Pool], shares: Mapping[str, Share]) -> None:
    """Make the ways of all pools anew; clients whose way is gone are closed."""
    for share in shares.values():
        share.visits = [way for way in share.visits if not isinstance(way, Way)]
    for pool in pools:
        pool.lead_to(shares)
    for share in shares.values():
        share.clients.update(share.settings.sharing, share.ways)
        share.entry.review()
