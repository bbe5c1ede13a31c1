"""A client of a share that speaks telnet with RFC 2217."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any
from typing import Protocol as Shape

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.session import CHANGE, DEVICE, Session, SessionOwner
from smartserial.interfaces import ITelnetProtocol
from smartserial.telnet.codec import Signal, Subnegotiation
from smartserial.telnet.codes import Command, Option
from smartserial.telnet.options import Agreed
from smartserial.telnet.server import ComPortServer, Port

if TYPE_CHECKING:
    from smartserial.channels.listener import Listener


class ComPortOwner(SessionOwner, Shape):
    """What a session with RFC 2217 needs of its share."""

    def com_port(self, session: ComPortSession) -> Port:
        """Return the serial port as this client may use it."""

    def telnet_break(self, session: ComPortSession) -> None:
        """Send a break to the device, if the client may."""


@implementer(ITelnetProtocol)
class ComPortSession(Session):
    """Data and requests act in the order in which they came; what must wait for a change is kept here."""

    def __init__(self, owner: ComPortOwner, listener: Listener, address: IAddress) -> None:
        super().__init__(owner, listener, address)
        self.signature = b""  # what the client says that it is
        self._port_owner = owner
        self._waiting: deque[bytes | Subnegotiation | Signal] = deque()

    @property
    def oddities(self) -> tuple[str, ...]:
        """What it said that has no meaning, with how often."""
        counts = self.stream.connection.oddities + Counter({"message unknown": self.server.ignored})
        return tuple(f"{what} ({count})" for what, count in sorted(counts.items()))

    @override
    def connectionMade(self) -> None:
        transport: Any = self.transport
        port = self._port_owner.com_port(self)
        self.server = ComPortServer(
            port, lambda payload: transport.send_subnegotiation(Option.COM_PORT, payload), self._idle
        )
        super().connectionMade()

    @override
    def dataReceived(self, data: bytes) -> None:
        if self._waiting or not self.server.quiet:
            self._take(data)
        else:
            super().dataReceived(data)

    def telnet_subnegotiation(self, option: int, payload: bytes) -> None:
        """Take a message of the COM port option; others have no meaning."""
        if option == Option.COM_PORT:
            self._take(Subnegotiation(option, payload))

    def telnet_signal(self, code: int) -> None:
        """Take a command; of all, only BRK means something here."""
        if code == Command.BRK:
            self._take(Signal(code))

    def telnet_agreed(self, agreed: Agreed) -> None:
        """Begin with the option when one side has agreed to it."""
        if agreed.option is Option.COM_PORT and agreed.on:
            self.server.open()

    def telnet_paused(self) -> None:
        """Perform what came together."""
        if not self.server.quiet:
            self.server.flush()
            self.hold(self.server.busy, CHANGE)

    def _take(self, item: bytes | Subnegotiation | Signal) -> None:
        self._waiting.append(item)
        self._act()

    def _act(self) -> None:
        """Go on in order, as far as no change is under way."""
        while self._waiting and self._may_act(self._waiting[0]):
            if self._waiting:  # else the connection has ended by what came before, and they were handed over
                self._act_on(self._waiting.popleft())

    def _may_act(self, item: bytes | Subnegotiation | Signal) -> bool:
        if not isinstance(item, Subnegotiation):
            self.server.flush()
            return not self.server.busy
        return True

    def _act_on(self, item: bytes | Subnegotiation | Signal) -> None:
        if isinstance(item, Subnegotiation):
            self.server.receive(item.payload)
        elif isinstance(item, bytes):
            super().dataReceived(item)
        else:
            self._port_owner.telnet_break(self)

    def _idle(self) -> None:
        """Go on after a change."""
        self._act()
        self.telnet_paused()
        self.hold(self.server.busy, CHANGE)

    @override
    def hold(self, held: bool, why: int = DEVICE) -> None:
        if why == DEVICE and bool(self.holds & DEVICE) != held:
            self.server.hold(held)
        super().hold(held, why)

    @override
    def readConnectionLost(self) -> None:
        self.stream.suspend(False)  # it can say no more that it wants to go on
        super().readConnectionLost()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        for item in self._waiting:
            if isinstance(item, bytes):
                super().dataReceived(item)
        self._waiting.clear()
        self.server.close()
        super().connectionLost(reason)
