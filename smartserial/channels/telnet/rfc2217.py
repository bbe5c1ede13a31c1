"""A remote serial port, served by telnet with RFC 2217, as an endpoint."""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, DNSLookupError, TimeoutError
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.tcp import tcp_endpoint
from smartserial.channels.telnet.layer import TelnetProtocol
from smartserial.channels.telnet.remoteport import PATIENCE, RemotePort
from smartserial.channels.telnet.wire import TelnetTransport
from smartserial.errors import PortError, SettingsRefusedError
from smartserial.interfaces import ITelnetProtocol
from smartserial.printable import printable
from smartserial.settings import KIB, Address, Rfc2217Device
from smartserial.telnet.codes import Option
from smartserial.telnet.connection import Connection
from smartserial.telnet.options import CLIENT, Agreed

MOST_EARLY = 64 * KIB  # bytes that may come before the port is open; after them, nothing is waited for
_SHOWN = 80  # bytes of a far server's last words


class RemoteTelnet(TelnetProtocol):
    """The telnet layer below a remote port."""

    def __init__(self, opening: RemoteProtocol, device: Rfc2217Device, reactor: Any) -> None:
        super().__init__(opening, CLIENT, reactor)
        self._device = device

    @override
    def make_transport(self, wire: Any, connection: Connection) -> TelnetTransport:
        return RemotePort(wire, connection, self._device, self._reactor)


@implementer(ITelnetProtocol, IHalfCloseableProtocol)
class RemoteProtocol(Protocol):
    """Between the telnet layer and the protocol of whoever opens the port, which comes when it is open.

    Args:
        device: where the port is, and its settings.
        reactor: keeps the time.
    """

    transport: Any  # RemotePort

    def __init__(self, device: Rfc2217Device, reactor: Any) -> None:
        self._device = device
        self._reactor = reactor
        self._where = str(Address(device.host, device.port))
        self._agreement: Deferred[bool] | None = None  # while it is waited for
        self._plain = False  # the far side had its time to agree
        self._inner: Any = None
        self._early: bytearray | None = bytearray()  # None: data is handed over as it comes
        self._gone = False

    # ---- opening

    async def open(self, factory: IProtocolFactory) -> IProtocol:
        """Agree on the option, set the line, and connect a protocol.

        Raises:
            PortError: the far side went away, or does not do what it must where that is taken strictly.
        """
        try:
            await self._agree()
            await self._set()
        except PortError as error:
            if self._gone:
                raise PortError(f"{self._where} {self._last_words()}") from error
            raise
        client = self.transport.client
        client.watch_line()
        if client.modem is None:
            client.poll_modem()
        inner = factory.buildProtocol(self.transport.getPeer())
        if inner is None:
            raise PortError("nobody wants the device now")
        self._inner = inner
        inner.makeConnection(self.transport)
        self.transport.released = self._release
        self._release()
        return inner

    async def _agree(self) -> None:
        """Wait until the far side shows that it knows the option, or shows nothing for too long."""
        if not self.transport.client.agreed:
            self._agreement = Deferred()
            timer = self._reactor.callLater(PATIENCE, self._decide, False)
            try:
                self._plain = not await self._agreement
            finally:
                if timer.active():
                    timer.cancel()
        if self._plain and self._device.strict:
            raise PortError(f"{self._where} does not speak RFC 2217")
        if self._plain:
            self.transport.remark("does not speak RFC 2217; settings and lines are only kept here")

    def _decide(self, agreed: bool) -> None:
        agreement, self._agreement = self._agreement, None
        if agreement is not None:
            agreement.callback(agreed)

    async def _set(self) -> None:
        """Set the line as it is configured, or ask how it is; the far side has its time to answer."""
        port, line = self.transport, self._device.line
        client = port.client
        performing = port.perform(client.ask if line is None else lambda done: client.change(line, done))
        self._check_early()
        ok, text = await performing
        if self._device.strict and not ok:
            raise SettingsRefusedError(f"{self._where} {text}; it is at {port.settings}")
        if text:
            port.remark(f"{text}; it is at {port.settings}")

    def _check_early(self) -> None:
        """Wait for nothing where so much has come that it must be handed over."""
        if self._early is not None and len(self._early) > MOST_EARLY and self._inner is None:
            self._decide(False)
            self.transport.client.timed_out()

    def _last_words(self) -> str:
        words = bytes(self._early or b"")[:_SHOWN].decode("ascii", "backslashreplace").strip()
        return f"closed the connection: {printable(words)}" if words else "closed the connection"

    def _speaks(self) -> None:
        """Take note that the far side knows the option."""
        if self.transport.client.agreed:
            return
        self.transport.client.agree()
        self._decide(True)
        if self._plain:
            self._plain = False
            Deferred.fromCoroutine(self._set()).addErrback(self.transport.report)

    # ---- what comes

    @override
    def dataReceived(self, data: bytes) -> None:
        assert self._early is not None
        self._early += data
        self._check_early()

    def _release(self) -> None:
        """Hand over what came early, unless whoever gets it wants to wait."""
        if self._early is not None and not (self.transport.paused and not self._gone):
            early, self._early = bytes(self._early), None
            self.dataReceived = self._inner.dataReceived  # type: ignore[method-assign]
            if early:
                self._inner.dataReceived(early)

    def telnet_signal(self, code: int) -> None:
        """Take a command; none means anything here."""

    def telnet_subnegotiation(self, option: int, payload: bytes) -> None:
        """Take a message of the COM port option; servers may send them without agreeing to it."""
        if option == Option.COM_PORT:
            self._speaks()
            self.transport.client.receive(payload)

    def telnet_agreed(self, agreed: Agreed) -> None:
        """Begin with the option when either side has agreed to it."""
        if agreed.option is Option.COM_PORT and agreed.on:
            self._speaks()

    def telnet_paused(self) -> None:
        """Take note that everything has been handed over."""

    # ---- the end

    def readConnectionLost(self) -> None:
        """Close: a device that sends nothing more is gone."""
        self.transport.cut()

    def writeConnectionLost(self) -> None:
        """Close: a device that takes nothing more is gone."""
        self.transport.loseConnection()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._gone = True
        self.transport.ended()
        if self._agreement is not None:
            self._agreement.errback(PortError(f"{self._where} went away"))
        if self._inner is not None:
            self._release()
            self._inner.connectionLost(reason)


@implementer(IStreamClientEndpoint)
class Rfc2217Endpoint:
    """Connects to a remote port; fails with a `PortError` that says why."""

    def __init__(self, device: Rfc2217Device, reactor: Any) -> None:
        self._device = device
        self._reactor = reactor

    def connect(self, protocol_factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect, agree on the option, set the line, and connect a protocol to it."""
        return Deferred.fromCoroutine(self._connect(protocol_factory))

    async def _connect(self, protocol_factory: IProtocolFactory) -> IProtocol:
        remote = RemoteProtocol(self._device, self._reactor)
        carrier = Factory.forProtocol(lambda: RemoteTelnet(remote, self._device, self._reactor))
        carrier.noisy = False
        where = Address(self._device.host, self._device.port)
        try:
            await tcp_endpoint(self._reactor, self._device.host, self._device.port).connect(carrier)
        except (ConnectError, DNSLookupError) as error:
            raise PortError(f"cannot connect to {where}: {_in_words(error)}") from error
        try:
            return await remote.open(protocol_factory)
        except BaseException:
            remote.transport.abortConnection()
            raise


def _in_words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    number = getattr(error, "osError", None)
    return os.strerror(number) if isinstance(number, int) else str(error)
