"""What the tests of network channels share: an owner that remembers, peers on loopback, a clock."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import TestCase

from smartserial.channels.elements.ports import Ports
from smartserial.engine.effects import Peer
from smartserial.settings import ConnectionSettings, NetworkCarrier, Role, Transport
from tests.fakes import FakeTransport

TURNS = 20_000


class StageReactor:
    """The real reactor for sockets, but what takes time waits for the test's clock."""

    def __init__(self) -> None:
        self.clock = Clock()

    def __getattr__(self, name: str) -> Any:
        return getattr(real_reactor, name)

    def callLater(self, delay: float, call: Callable[..., object], *args: Any, **kw: Any) -> Any:
        timer: Any = self.clock if delay else real_reactor
        return timer.callLater(delay, call, *args, **kw)

    def seconds(self) -> float:
        return self.clock.seconds()


class LiveTransport(FakeTransport):
    """The other side's kernel answers, though nobody may read."""

    def vanished(self, seconds: float) -> bool:
        return False


class Owner:
    """Remembers what its channel tells."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.data: dict[Peer, bytes] = {}
        self.on_opened: Callable[[Peer], object] = lambda peer: None
        self.on_received: Callable[[Peer, bytes], object] = lambda peer, data: None

    def session_opened(self, peer: Peer) -> None:
        self.told.append(("opened", peer))
        self.on_opened(peer)

    def received(self, peer: Peer, data: bytes) -> None:
        self.data[peer] = self.data.get(peer, b"") + data
        self.on_received(peer, data)

    def session_closed(self, peer: Peer, why: str) -> None:
        self.told.append(("closed", peer, why))

    def session_refused(self, peer: Peer, why: str) -> None:
        self.told.append(("refused", peer, why))

    def channel_failed(self, why: str, news: bool) -> None:
        self.told.append(("failed", why, news))

    def channel_ready(self) -> None:
        self.told.append(("ready",))

    def channel_noted(self, text: str) -> None:
        self.told.append(("noted", text))

    def all(self, kind: str) -> list[tuple[Any, ...]]:
        return [one[1:] for one in self.told if one[0] == kind]

    @property
    def heard(self) -> bytes:
        return b"".join(self.data.values())


class NetTestCase(TestCase):
    """Channels on real sockets."""

    timeout = 60

    def setUp(self) -> None:
        self.stage = StageReactor()
        self.ports = Ports(self.stage)
        self._channels: list[Any] = []
        self.addCleanup(self._close_all)

    async def _close_all(self) -> None:
        for channel in self._channels:
            await self.in_time(channel.close())
        self.ports.settle()
        await deferLater(real_reactor, 0.001)

    async def until(self, condition: Callable[[], object], what: str = "") -> Any:
        for _ in range(TURNS):
            self.stage.clock.advance(0)
            value = condition()
            if value:
                return value
            await deferLater(real_reactor, 0)
        raise AssertionError(f"it never came: {what}")

    async def in_time(self, deferred: Deferred[Any]) -> None:
        """Let time pass until `deferred` fires."""
        await self.until(lambda: self.stage.clock.advance(0.5) or deferred.called, "a deferred")

    async def turns(self, count: int = 20) -> None:
        for _ in range(count):
            self.stage.clock.advance(0)
            await deferLater(real_reactor, 0)

    async def fired(self, deferred: Deferred[Any]) -> None:
        await self.until(lambda: deferred.called, "a deferred")

    def open(self, settings: ConnectionSettings, name: str = "mast", owner: Owner | None = None) -> Any:
        owner = owner or Owner()
        channel: Any = self.ports.channel(owner, settings, name)
        channel.owner = owner
        self._channels.append(channel)
        channel.open()
        return channel

    async def serve(self, name: str = "mast", **kw: Any) -> Any:
        channel = self.open(server(**kw), name)
        await self.until(lambda: channel.owner.all("ready"), "ready")
        return channel

    async def peer(self, channel: Any, source: str = "127.0.0.1", count: int | None = None) -> socket.socket:
        """Connect to a server channel; wait until it has one session more, unless a count is given."""
        wanted = len(channel.peers) + 1 if count is None else count
        sock = self.connect(channel, source)
        await self.until(lambda: len(channel.peers) == wanted, "a session")
        return sock

    def connect(self, channel: Any, source: str = "127.0.0.1") -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", port_of(channel)), source_address=(source, 0))
        sock.setblocking(False)
        self.addCleanup(sock.close)
        return sock

    async def read(self, sock: socket.socket, count: int) -> bytes:
        data = bytearray()

        def got() -> bool:
            with contextlib.suppress(BlockingIOError):
                piece = sock.recv(count - len(data))
                assert piece, f"the end after {bytes(data)!r}"
                data.extend(piece)
            return len(data) >= count

        await self.until(got, f"{count} bytes")
        return bytes(data)

    async def ended(self, sock: socket.socket) -> bytes:
        """Wait until the other side has closed; return what came before."""
        data = bytearray()

        def end() -> bool:
            try:
                piece = sock.recv(65536)
            except BlockingIOError:
                return False
            except ConnectionResetError:
                return True
            data.extend(piece)
            return not piece

        await self.until(end, "the end")
        return bytes(data)

    def listener(self, host: str = "127.0.0.1", port: int = 0) -> socket.socket:
        """A program that a client may connect to."""
        sock = socket.create_server((host, port))
        sock.setblocking(False)
        self.addCleanup(sock.close)
        return sock

    async def accept(self, listener: socket.socket) -> socket.socket:
        found: list[socket.socket] = []

        def came() -> bool:
            with contextlib.suppress(BlockingIOError):
                found.append(listener.accept()[0])
            return bool(found)

        await self.until(came, "a connection")
        found[0].setblocking(False)
        self.addCleanup(found[0].close)
        return found[0]


def port_of(channel: Any) -> int:
    return int(channel.where.removesuffix(" with TLS").rpartition(":")[2])


def server(
    port: int = 0,
    allowed: tuple[str, ...] = (),
    max_clients: int | None = None,
    host: str = "127.0.0.1",
    **kw: Any,
) -> ConnectionSettings:
    carrier = NetworkCarrier(Transport.TCP, Role.SERVER, host, port, **kw)
    networks = tuple(ip_network(text) for text in allowed)
    return ConnectionSettings(0, carrier, allowed=networks, max_clients=max_clients)


def client(port: int, host: str = "127.0.0.1", **kw: Any) -> ConnectionSettings:
    return ConnectionSettings(0, NetworkCarrier(Transport.TCP, Role.CLIENT, host, port, **kw))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


class Authority:
    """Makes certificates, in files of a folder."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        own = self._build(self._name, self._key.public_key())
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(_pem(own.sign(self._key, hashes.SHA256())))

    def _build(self, name: x509.Name, key: Any) -> x509.CertificateBuilder:
        begin = datetime.datetime(2020, 1, 1)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + datetime.timedelta(days=365 * 100))
        )

    def make(self, name: str, *hosts: str) -> tuple[Path, Path]:
        """Return the files of a certificate for these names and addresses, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = []
        for host in hosts:
            try:
                names.append(x509.IPAddress(ipaddress.ip_address(host)))
            except ValueError:
                names.append(x509.DNSName(host))
        builder = self._build(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key())
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(_pem(builder.sign(self._key, hashes.SHA256())))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate, private


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
