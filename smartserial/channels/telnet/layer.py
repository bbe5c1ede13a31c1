"""The telnet layer: any Twisted protocol can have it below itself, on any stream transport.

`TelnetFactory` wraps a factory, so that what its protocols write is escaped and what they are given is
data alone::

    endpoint.listen(TelnetFactory(my_factory, SERVER, reactor))

A protocol that provides `ITelnetProtocol` also hears commands, subnegotiations and options; its transport
is a `TelnetTransport`, by which it can say such things itself.
"""

from __future__ import annotations

from contextlib import suppress
from socket import SO_OOBINLINE, SOL_SOCKET, socket
from typing import Any, cast

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IProtocolFactory,
    IPushProducer,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.foreign import ForeignTransport, counted
from smartserial.channels.telnet.wire import TelnetTransport
from smartserial.channels.wrapping import WrappingFactory
from smartserial.interfaces import ITelnetProtocol
from smartserial.telnet.codec import Signal, Subnegotiation
from smartserial.telnet.connection import Connection, Event
from smartserial.telnet.options import Agreed, Policy

PATIENCE = 1.0  # seconds that data waits for the peer's word about BINARY


@implementer(IHalfCloseableProtocol, IPushProducer)
class TelnetProtocol(Protocol):
    """Between a transport and the protocol that is wrapped; to the transport it is the producer.

    Args:
        wrapped: is given data, and more if it provides `ITelnetProtocol`.
        policy: the options of this end.
        reactor: keeps the time.
    """

    def __init__(self, wrapped: Any, policy: Policy, reactor: Any) -> None:
        self._wrapped = wrapped
        self._listener: Any = wrapped if ITelnetProtocol.providedBy(wrapped) else None
        self._connection = Connection(policy)
        self._reactor = reactor
        self._patience: IDelayedCall | None = None
        self._upper: TelnetTransport

    @override
    def connectionMade(self) -> None:
        wire = counted(self.transport)
        self._upper = self.make_transport(wire, self._connection)
        handle = wire.getHandle() if hasattr(wire, "getHandle") else None
        if isinstance(handle, socket):
            with suppress(OSError):  # else the DM of an urgent message is missing in the stream
                handle.setsockopt(SOL_SOCKET, SO_OOBINLINE, 1)
        wire.high = 0  # one piece at a time
        wire.registerProducer(self, True)
        self._upper.control(self._connection.greet())
        self._upper.asked = self._asked
        self._asked()
        self._wrapped.makeConnection(self._upper)

    def _asked(self) -> None:
        """Let data wait, but not for ever, if we have asked to send BINARY."""
        if self._connection.undecided and self._patience is None:
            self._upper.undecided(True)
            self._patience = self._reactor.callLater(PATIENCE, self._decided)

    def _decided(self) -> None:
        """Let data go out: it is known how, or the peer does not say."""
        patience, self._patience = self._patience, None
        if patience is not None and patience.active():
            patience.cancel()
        self._upper.undecided(False)

    def make_transport(self, wire: Any, connection: Connection) -> TelnetTransport:
        """Return the transport of the wrapped protocol, on the one below."""
        return TelnetTransport(wire, connection)

    @override
    def dataReceived(self, data: bytes) -> None:
        if self._connection.just_data(data):
            self._wrapped.dataReceived(data)
        else:
            for event in self._connection.receive(data, self._reactor.seconds()):
                self._answer()
                self._hand_over(event)
            self._answer()
            if self._patience is not None and not self._connection.undecided:
                self._decided()
        if self._listener is not None:
            self._listener.telnet_paused()

    def _answer(self) -> None:
        answers, self._connection.answers = self._connection.answers, b""
        self._upper.control(answers)

    def _hand_over(self, event: Event) -> None:
        match event:
            case bytes():
                self._wrapped.dataReceived(event)
            case _ if self._listener is None:
                pass
            case Signal(code=code):
                self._listener.telnet_signal(code)
            case Subnegotiation(option=option, payload=payload):
                self._listener.telnet_subnegotiation(option, payload)
            case Agreed():
                self._listener.telnet_agreed(event)

    def pauseProducing(self) -> None:
        """Be told by the transport that something waits there."""
        self._upper.blocked(True)

    def resumeProducing(self) -> None:
        """Be told by the transport that nothing waits there."""
        self._upper.blocked(False)

    def stopProducing(self) -> None:
        """Be told by the transport that it is closing."""

    def readConnectionLost(self) -> None:
        """Be told that the peer sends no more."""
        half = IHalfCloseableProtocol(self._wrapped, None)
        if half is not None:
            half.readConnectionLost()
        else:
            self._upper.loseConnection()

    def writeConnectionLost(self) -> None:
        """Be told that the peer reads no more."""
        self._upper.lost()
        half = IHalfCloseableProtocol(self._wrapped, None)
        if half is not None:
            half.writeConnectionLost()
        else:
            self._upper.loseConnection()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if isinstance(self._upper.wire, ForeignTransport):
            self._upper.wire.lost()
        self._upper.lost()
        if self._patience is not None:
            self._decided()
        self._upper.stop_producer()
        self._wrapped.connectionLost(reason)


class TelnetFactory(WrappingFactory):
    """Wraps a factory, so that its protocols speak telnet.

    Args:
        wrapped: makes the protocols.
        policy: the options of this end: `telnet.options.SERVER`, `CLIENT` or another.
        reactor: keeps the time.
    """

    def __init__(self, wrapped: IProtocolFactory, policy: Policy, reactor: Any) -> None:
        super().__init__(wrapped)
        self._policy = policy
        self._reactor = reactor

    @override
    def buildProtocol(self, addr: IAddress | None) -> TelnetProtocol | None:
        protocol = self._wrapped.buildProtocol(cast(Any, addr))
        if protocol is None:
            return None
        return TelnetProtocol(protocol, self._policy, self._reactor)
