"""A client of a share that came by SSH: one of the share's clients, like all others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.listener import Listener
from smartserial.channels.session import Session, peer_host, peer_name
from smartserial.console.sshwords import Status
from smartserial.events import BreakSent
from smartserial.settings import ListenerSettings, LoginSettings
from smartserial.share.clientport import ClientPort
from smartserial.share.service import Share
from smartserial.sharing.access import Refusal
from smartserial.sharing.rights import Identity

if TYPE_CHECKING:
    from smartserial.console.sshchannel import Channel

_WELL = ("", "finished")  # farewells of clients who ended by themselves


class SshWay(Listener):
    """The way into one share by SSH: it has no socket, for the door has.

    Args:
        share: that it leads to.
        login: whose members may come in by the door; the share may say more.
        reactor: keeps the time.
    """

    for_users = True

    def __init__(self, share: Share, login: LoginSettings, reactor: Any) -> None:
        super().__init__(ListenerSettings(login=login), reactor)
        self.where = "ssh"
        self.attach(share)

    @override
    def bind(self) -> None:
        """Do nothing: it needs no address."""

    @override
    def be_there(self, held: bool) -> None:
        """Do nothing: it does not go by who has a virtual port open."""

    @override
    def fits(self, settings: ListenerSettings) -> bool:
        return False

    @override
    def set_up(self, transport: Any) -> None:
        """Do nothing: the door has done that."""

    @override
    def stop(self) -> Deferred[None]:
        """Do nothing: sessions end with their share."""
        return succeed(None)


class SshClient(Session):
    """A client at an SSH channel.

    Args:
        share: whose client it is.
        way: by which it came.
        channel: that it has.
        barred: returns why its connection would not be let in any more; empty: it would.
    """

    def __init__(self, share: Share, way: SshWay, channel: Channel, barred: Callable[[], str]) -> None:
        super().__init__(share, way, channel.address)
        self._barred = barred
        self._share = share
        self._channel = channel
        self._port: ClientPort | None = None
        channel.breaks = self._break

    @property
    @override
    def name(self) -> str:
        """The peer's address, and the number of its channel where it has several."""
        number = self._channel.id
        return f"{peer_name(self.address)}/{number}" if number else peer_name(self.address)

    @override
    def barred(self) -> str:
        return self._barred()

    @override
    def connectionMade(self) -> None:
        super().connectionMade()
        # What goes over the network is that of all channels: this client's progress is seen here alone.
        self.wire = self.stream

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._port is not None:
            self._share.ports.leave(self)
        super().connectionLost(reason)

    # ---- breaks

    def _break(self, seconds: float) -> bool:
        """Send a break, if this client may; tell whether that was so."""
        if self._port is None:
            self._port = self._share.ports.enter(self)
        if not self._port.may_drive("break"):
            return False
        self._share.ports.line.send_break(seconds)
        self._share.publish(BreakSent, self.name, seconds, self.identity.name)
        return True

    # ---- the end

    @override
    def finish(self, farewell: str) -> None:
        self._explain(farewell)
        super().finish(farewell)

    @override
    def cut(self, farewell: str) -> None:
        self._explain(farewell)
        super().cut(farewell)

    @override
    def abort(self, farewell: str) -> None:
        if self.stream.stuck:
            super().abort(farewell)  # it can be told nothing
        else:
            self.cut(farewell)

    def _explain(self, farewell: str) -> None:
        """Have the other side told why this is the end."""
        if (self.farewell or farewell) not in _WELL:
            self._channel.status = Status.NOT_DONE
            self._channel.words = f"{self._share.settings.name}: {self.farewell or farewell}"


class Notice(Protocol):
    """What is at a channel where nothing can begin: words, and the end.

    Args:
        channel: is told how it ends.
        status: tells that.
        words: say why.
    """

    def __init__(self, channel: Channel, status: Status, words: str) -> None:
        channel.status, channel.words = status, words

    @override
    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.loseConnection()


def _count_unread(share: Share, count: int) -> None:
    """Count what came from somebody who is no client; a share that has ended has no account any more."""
    if share.running and count:
        share.count_refused(count)


def client_of(
    share: Share, way: SshWay, identity: Identity, channel: Channel, barred: Callable[[], str]
) -> Protocol:
    """Return a user's session with a share, or what tells them why there is none."""
    address: IAddress = channel.address
    login = way.settings.login
    assert login is not None
    channel.unread = partial(_count_unread, share)
    session = SshClient(share, way, channel, barred)
    refusal: Refusal | None = share.entitle(session, identity, login) or share.judge(way, peer_host(address))
    if refusal is None:
        return session
    share.refused(way, peer_name(address), refusal.of(identity.name))
    return Notice(channel, Status.NOT_DONE, refusal.text)
