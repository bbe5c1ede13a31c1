"""Endpoints to devices, and serving a device as if it were a client that came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.endpoints import clientFromString
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from zope.interface import implementer

from smartserial.channels.memory import Loop, MemoryEndpoint
from smartserial.channels.retries import Retries
from smartserial.channels.serial.devwatch import Lookout, lookout
from smartserial.channels.serial.port import (
    SerialTransport,
    close_port,
    keep_others_out,
    name_holders,
    open_port,
)
from smartserial.channels.serial.portlist import find_port, folders_of
from smartserial.channels.serial.tty import PortAddress
from smartserial.channels.simulator import Simulator
from smartserial.channels.tcp import tcp_endpoint
from smartserial.channels.telnet.rfc2217 import Rfc2217Endpoint
from smartserial.channels.udp.device import UdpEndpoint
from smartserial.channels.virtual.paced import PacedTransport
from smartserial.channels.virtual.port import VirtualPort
from smartserial.channels.virtual.transport import VirtualTransport
from smartserial.errors import PortBusyError, PortError
from smartserial.portnames import is_pattern
from smartserial.settings import (
    Device,
    EndpointDevice,
    LoopDevice,
    PortDevice,
    Rfc2217Device,
    SimDevice,
    TcpDevice,
    UdpDevice,
    VirtualDevice,
)


@implementer(IStreamClientEndpoint)
class SerialEndpoint:
    """Opens a serial port; fails with a `PortError` that says why."""

    def __init__(self, device: PortDevice, reactor: Any) -> None:
        self._device = device
        self._reactor = reactor

    def connect(self, protocol_factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Open the port, in a thread, apply the settings, and connect a protocol to it."""
        if not is_pattern(self._device.port):  # else looking for it takes longer
            try:
                find_port(self._device.port)
            except PortError:
                return fail(Failure())
        cancelled: list[bool] = []
        opening = Deferred.fromCoroutine(self._open())
        result: Deferred[IProtocol] = Deferred(lambda _: cancelled.append(True))

        def opened(found: tuple[int, Path]) -> None:
            fd, path = found
            if cancelled:
                close_port(fd, self._device.exclusive)
            else:
                result.callback(self._connect(fd, path, protocol_factory))

        opening.addCallback(opened)
        opening.addErrback(lambda failure: None if cancelled else result.errback(failure))
        return result

    async def _open(self) -> tuple[int, Path]:
        """Find the port and open it; others are kept out if that is wanted."""
        pool = self._reactor.getThreadPool()
        path = await deferToThreadPool(self._reactor, pool, find_port, self._device.port)
        try:
            fd = await deferToThreadPool(self._reactor, pool, open_port, path)
        except PortBusyError as error:
            raise await name_holders(path, self._reactor) from error
        if self._device.exclusive:
            with _closing_if_refused(fd, path):
                await keep_others_out(fd, path, self._reactor)
        return fd, path

    def lookout(self, told: Callable[[], None]) -> Lookout:
        """Call `told` whenever the port may have appeared."""
        return lookout(self._reactor, folders_of(self._device.port), told)

    def _connect(self, fd: int, path: Path, protocol_factory: IProtocolFactory) -> IProtocol:
        exclusive, hupcl = self._device.exclusive, self._device.hupcl
        with _closing_if_refused(fd, path, exclusive):
            transport = SerialTransport(fd, str(path), self._reactor, exclusive, hupcl)
            transport.put_in_force(self._device.line)
            protocol = _build(protocol_factory, transport.getPeer())
        transport.start(protocol)
        return protocol


@contextmanager
def _closing_if_refused(fd: int, path: Path, exclusive: bool = False) -> Iterator[None]:
    """Close a port that cannot be used after all.

    Raises:
        PortError: what the kernel says of it, such as EIO of one that has just been pulled out.
    """
    try:
        yield
    except BaseException as error:
        close_port(fd, exclusive)
        if isinstance(error, OSError):
            raise PortError(f"cannot open {path}: {error.strerror or error}") from error
        raise


def _build(factory: IProtocolFactory, address: IAddress) -> IProtocol:
    protocol = factory.buildProtocol(address)
    if protocol is None:
        raise PortError("nobody wants the device now")
    return protocol


@implementer(IStreamClientEndpoint)
class VirtualEndpoint:
    """Makes a virtual port, or uses one that was made before, and connects to it."""

    def __init__(self, device: VirtualDevice, reactor: Any, claimed: VirtualPort | None = None) -> None:
        self._device = device
        self._reactor = reactor
        self._claimed = claimed

    def connect(self, protocol_factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect a protocol to the port's master side."""
        claimed, self._claimed = self._claimed, None
        try:
            port = claimed or VirtualPort(self._device)
        except PortError:
            return fail(Failure())
        kind = PacedTransport if self._device.strict_baudrate else VirtualTransport
        try:
            protocol = _build(protocol_factory, PortAddress(str(self._device.path)))
            kind(port, self._reactor).start(protocol)
        except PortError:
            port.release()
            return fail(Failure())
        return succeed(protocol)


def device_endpoint(device: Device, reactor: Any) -> IStreamClientEndpoint:
    """Return the endpoint that opens `device`."""
    match device:
        case PortDevice():
            return SerialEndpoint(device, reactor)
        case VirtualDevice():
            return VirtualEndpoint(device, reactor)
        case TcpDevice(host=host, port=port):
            return tcp_endpoint(reactor, host, port)
        case UdpDevice():
            return UdpEndpoint(device, reactor)
        case Rfc2217Device():
            return Rfc2217Endpoint(device, reactor)
        case SimDevice(name=name, script=script):
            return MemoryEndpoint(lambda: Simulator(name, script, reactor))
        case LoopDevice():
            return MemoryEndpoint(lambda: Loop("loop", reactor))
        case EndpointDevice(endpoint=endpoint):
            return cast(IStreamClientEndpoint, clientFromString(reactor, endpoint))


@implementer(IStreamServerEndpoint)
class DeviceServerEndpoint:
    """Serves a device: each time it is opened, the factory gets a client.

    It is opened again when it was lost, after a delay that grows, or at once when it appears.
    """

    def __init__(self, client: IStreamClientEndpoint, reactor: Any) -> None:
        self._client = client
        self._reactor = reactor

    def listen(self, protocol_factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Begin to serve; the device need not be there yet."""
        port = _DevicePort(self._client, protocol_factory, self._reactor)
        port.startListening()
        return succeed(port)


@implementer(IListeningPort, IProtocolFactory)
class _DevicePort:
    """One device that is being served."""

    def __init__(self, client: IStreamClientEndpoint, factory: IProtocolFactory, reactor: Any) -> None:
        self._client = client
        self._factory = factory
        self._retries = Retries(self._try, reactor)
        self._serving = False
        self._attempt: Any = None
        self._protocol: _Watched | None = None

    def startListening(self) -> None:
        """Open the device."""
        self._serving = True
        self._factory.doStart()
        self._try()

    def _try(self) -> None:
        self._retries.begin()
        self._attempt = self._client.connect(self)
        self._attempt.addCallbacks(self._opened, self._failed)

    def _opened(self, protocol: Any) -> None:
        self._retries.forget()
        self._retries.look_no_more()

    def _failed(self, failure: Failure) -> None:
        self.again()

    def again(self) -> None:
        """Try to open the device after a while, or when it appears."""
        self._protocol = None
        if self._serving:
            self._retries.again(self._client)

    def buildProtocol(self, addr: IAddress) -> IProtocol | None:
        """Wrap the factory's protocol, so that its end is seen."""
        protocol = self._factory.buildProtocol(addr)
        self._protocol = _Watched(protocol, self) if protocol is not None else None
        return self._protocol

    def doStart(self) -> None:
        """Do nothing: the factory was started with us."""

    def doStop(self) -> None:
        """Do nothing: the factory is stopped with us."""

    def stopListening(self) -> Deferred[None]:
        """Close the device."""
        self._serving = False
        self._retries.stop()
        if self._protocol is not None and self._protocol.transport is not None:
            self._protocol.transport.loseConnection()
        elif self._attempt is not None:
            self._attempt.cancel()
        self._factory.doStop()
        return succeed(None)

    def getHost(self) -> PortAddress:
        """Return a name for what is served."""
        return PortAddress("device")


class _Watched(Protocol):
    """Hands everything through to another protocol, on the same transport."""

    def __init__(self, protocol: Any, port: _DevicePort) -> None:
        self._inner = protocol
        self._port = port
        self.dataReceived = protocol.dataReceived  # type: ignore[method-assign]

    def connectionMade(self) -> None:
        self._inner.makeConnection(self.transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._inner.connectionLost(reason)
        self._port.again()
