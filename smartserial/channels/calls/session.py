"""A far side that we have called, as a client of a share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.comport import ComPortOwner, ComPortSession
from smartserial.channels.session import Session
from smartserial.settings import Heartbeat

if TYPE_CHECKING:
    from smartserial.channels.calls.call import Call

_FINENESS = 0.25  # seconds by which a heartbeat may be late, or a quarter of its time if that is less


class Heart:
    """Sends bytes to whoever has been sent nothing for a while.

    Args:
        stream: counts what is sent, and sends words that are not counted.
        heartbeat: what is sent, and when.
        reactor: keeps the time.
    """

    def __init__(self, stream: Any, heartbeat: Heartbeat, reactor: Any) -> None:
        self._stream = stream
        self._heartbeat = heartbeat
        self._reactor = reactor
        self._seen = stream.sent
        self._quiet_since = reactor.seconds()
        self._next: IDelayedCall | None = None
        self._look_later()

    def _look_later(self) -> None:
        pause = min(_FINENESS, self._heartbeat.every / 4)
        self._next = self._reactor.callLater(pause, self._look)

    def _look(self) -> None:
        now = self._reactor.seconds()
        if self._stream.sent != self._seen or self._stream.pending:
            self._seen, self._quiet_since = self._stream.sent, now
        elif now - self._quiet_since >= self._heartbeat.every:
            self._stream.tell(self._heartbeat.send)
            self._quiet_since = now
        self._look_later()

    def stop(self) -> None:
        """Send no more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None


class CallSession(Session):
    """A client that we have called.

    Args:
        owner: the share.
        call: which led to it.
        address: of the far side.
        reactor: keeps the time.
    """

    def __init__(self, owner: ComPortOwner, call: Call, address: IAddress, reactor: Any) -> None:
        super().__init__(owner, call, address)
        self.call = call
        self._reactor = reactor
        self._heart: Heart | None = None

    @override
    def connectionMade(self) -> None:
        transport: Any = self.transport
        if self.call.connect.register:
            transport.tell(self.call.connect.register)
        self.call.begins(self)
        super().connectionMade()
        self.beat()

    def beat(self) -> None:
        """Send heartbeats as the settings of the call say now."""
        heart, self._heart = self._heart, None
        if heart is not None:
            heart.stop()
        heartbeat = self.call.connect.heartbeat
        if heartbeat is not None and self.call.session is self:
            self._heart = Heart(self.stream, heartbeat, self._reactor)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.call.ends(self)
        self.beat()
        super().connectionLost(reason)
        self.call.ended(self)


class ComPortCallSession(CallSession, ComPortSession):
    """A client of RFC 2217 that we have called."""
