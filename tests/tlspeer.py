"""The other side of a TLS connection in memory: Python's own TLS."""

from __future__ import annotations

import ssl
import tempfile
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from zope.interface import implementer

from smartserial.channels.tls.ends import server_creator
from smartserial.channels.tls.layer import TlsProtocol
from smartserial.channels.tls.wire import TlsTransport
from smartserial.settings import TlsSettings
from tests.fakes import FakeTransport
from tests.netstage import Authority

HOST = "device.example"
_MEMORY = 64 * 1024


class World:
    """An authority, a server with its certificate, and clients that trust it."""

    keep: object = None  # what the folder belongs to

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.certificate, self.key = self.authority.make("server", "127.0.0.1", HOST)
        for key in folder.glob("*.key"):
            key.chmod(0o600)
        self.settings = TlsSettings(self.certificate, self.key)
        self.creator = server_creator(self.settings, print)

    def context(self, version: int | None = None) -> ssl.SSLContext:
        """Return what makes clients; 0x0302 is TLS 1.1, and so on."""
        context = ssl.create_default_context(cafile=str(self.authority.path))
        if version is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of Python, for old ones
                context.set_ciphers("DEFAULT@SECLEVEL=0")
                context.minimum_version = context.maximum_version = ssl.TLSVersion(version)
        return context


@cache
def world() -> World:
    """Return one for all tests that need no other; its folder goes with the process."""
    folder = tempfile.TemporaryDirectory(prefix="smartserial-tls-")
    made = World(Path(folder.name))
    made.keep = folder
    return made


class TlsPeer:
    """A client, or a server; `data` is all that it got, `ended` whether it was told that there is no more."""

    def __init__(self, context: ssl.SSLContext, host: str | None = HOST, *, serves: bool = False) -> None:
        self.incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self._outgoing, serves, None if serves else host)
        self.data = bytearray()
        self.ended = self.shaken = False
        self.error: ssl.SSLError | None = None

    def hear(self, encrypted: bytes) -> bytes:
        """Take bytes from the wire; return those that answer them."""
        self.incoming.write(encrypted)
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            while not self.ended and self.error is None:
                piece = self.tls.read(_MEMORY)
                self.data += piece
                self.ended = not piece
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        except ssl.SSLError as error:
            self.error = error
        return self._outgoing.read()

    def say(self, data: bytes) -> bytes:
        """Return data as it goes over the wire."""
        self.tls.write(data)
        return self._outgoing.read()

    def finish(self) -> bytes:
        """Return what says that no data follows."""
        with suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        return self._outgoing.read()


class Wire(FakeTransport):
    """A transport whose other side is a `TlsPeer`, which hears what is taken."""

    def __init__(self, protocol: Any, peer: TlsPeer) -> None:
        super().__init__(protocol)
        self.peer = peer
        self.owed = 0  # bytes of `sent` that the other side has not confirmed
        self.half_closed = False

    def take(self, count: int = 1 << 30) -> None:
        before = len(self.taken)
        super().take(count)
        answer = self.peer.hear(self.taken[before:])
        if answer and self.connected:
            self.say(answer)

    def drain(self) -> None:
        """Take everything."""
        while self.pending:
            self.take()

    def unconfirmed(self) -> int:
        return self.owed

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def data_in(self, first: int, last: int) -> int:
        """Return how many bytes of data are in whole records of TLS 1.3 from one place to another."""
        count, place = 0, first
        while place + 5 <= last:
            size = int.from_bytes(self.taken[place + 3 : place + 5], "big")
            place += 5 + size
            count += size - 17 if place <= last else 0
        return count


class Plain(Protocol):
    """A protocol that remembers what it is told, with what it was given in one piece."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.why = ""

    @property
    def data(self) -> bytes:
        return b"".join(told for told in self.told if isinstance(told, bytes))

    @property
    def words(self) -> list[Any]:
        """What it was told, but for data."""
        return [told for told in self.told if not isinstance(told, bytes)]

    def dataReceived(self, data: bytes) -> None:
        self.told.append(data)

    def connectionLost(self, reason: Any = None) -> None:
        self.told.append("lost")
        self.why = reason.getErrorMessage()


@implementer(IHalfCloseableProtocol)
class HalfCloser(Plain):
    """Also hears of halves."""

    def readConnectionLost(self) -> None:
        self.told.append("r")

    def writeConnectionLost(self) -> None:
        self.told.append("w")


class Layer:
    """A protocol on TLS on a `Wire`; hands have been shaken, unless that is left to the test."""

    def __init__(
        self,
        inner: Any = None,
        *,
        version: int | None = None,
        shake: bool = True,
        warm: bool = True,
        creator: Any = None,
    ) -> None:
        self.clock = Clock()
        self.inner: Any = HalfCloser() if inner is None else inner
        self.made = 0
        self.failed: list[str] = []
        self.protocol = TlsProtocol(
            self._make, creator or world().creator(), False, self.clock, failed=self.failed.append
        )
        self.peer = TlsPeer(world().context(version))
        self.wire = Wire(self.protocol, self.peer)
        self.protocol.makeConnection(self.wire)
        if shake:
            self.shake()
            if warm:
                self.warm_up()

    def _make(self) -> Any:
        self.made += 1
        return self.inner

    def shake(self) -> None:
        """Let both sides shake hands."""
        self.wire.say(self.peer.hear(b""))
        self.wire.drain()
        assert self.peer.shaken and self.made == 1, (self.peer.error, self.failed)

    def warm_up(self) -> None:
        """Have the tickets sent, so that a record is nothing but its data."""
        self.upper.tell(b"first")
        assert self.got == b"first"
        self.peer.data.clear()

    @property
    def upper(self) -> TlsTransport:
        return self.inner.transport  # type: ignore[no-any-return]

    @property
    def got(self) -> bytes:
        """What the peer has, once it has taken everything."""
        self.wire.drain()
        return bytes(self.peer.data)


def figures(upper: Any) -> tuple[int, int, int]:
    """Return what was sent, waits, and was dropped."""
    return upper.sent, upper.pending, upper.dropped
