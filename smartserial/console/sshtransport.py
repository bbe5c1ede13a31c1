"""One SSH connection: versions, keys, packets (RFC 4253), on a counted transport.

Twisted's own does the cryptography. What is added here: only modern algorithms; messages in the order that
the protocol knows, each kind of oddity of the other side ends its connection, and nothing else; limits for
what waits, and for time; new keys now and then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from typing import Protocol as Shape

from twisted.conch.ssh.transport import (
    DISCONNECT_BY_APPLICATION,
    DISCONNECT_PROTOCOL_ERROR,
    MSG_DISCONNECT,
    MSG_KEXINIT,
    MSG_NEWKEYS,
    SSHServerTransport,
)
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.login.patience import Patience
from smartserial.channels.login.protocol import DEADLINE
from smartserial.channels.tcp import SocketStream
from smartserial.console.sshalgorithms import CIPHERS, EXCHANGES, HOST_KEYS, MACS, SIGNATURES
from smartserial.console.sshconnection import Connection
from smartserial.console.sshquiet import QUIET
from smartserial.errors import PeerError
from smartserial.printable import printable

if TYPE_CHECKING:
    from smartserial.console.sshlogin import Login

LAST_WORDS = 1.0
"""Seconds that the other side has to read why its connection ends."""
LOOK = 5.0
"""Seconds between two looks whether the other side's network still answers."""
PATIENCE = 15.0
"""Seconds for which it may not."""
MOST_UNREAD = 64 * 1024
"""Bytes for somebody who reads no answers, after which they are not read from either."""
MOST_BEGUN = 64 * 1024
"""Bytes of a message that is not whole; those that have a meaning here are smaller."""
MOST_KEPT = 1000
"""Messages that wait for the end of an exchange of keys."""
KEY_BYTES, KEY_PACKETS = 1 << 30, 1 << 31
"""What goes out with the same keys, at most."""
_SEQUENCE = 0xFFFFFFFF
_EXCHANGE = range(30, 50)  # messages of an exchange of keys
_UP = 50  # messages from here on are those of services
_LOGIN = range(50, 80)


class House(Shape):
    """What a connection needs of its door."""

    publicKeys: dict[bytes, Any]
    privateKeys: dict[bytes, Any]

    def login(self, transport: SshTransport) -> Login:
        """Return what asks who somebody is."""

    def refused(self, transport: SshTransport, why: str) -> None:
        """Take note that somebody was sent away, before they had logged in or after."""

    def left(self, transport: SshTransport) -> None:
        """Take note that a connection is gone."""


class SshTransport(SSHServerTransport):
    """The server's end of a connection.

    Args:
        house: its door.
        reactor: keeps the time.
    """

    transport: Any
    ourVersionString = b"SSH-2.0-smartserial"
    supportedKeyExchanges = EXCHANGES
    supportedPublicKeys = HOST_KEYS
    supportedCiphers = CIPHERS
    supportedMACs = MACS
    supportedCompressions = [b"none"]
    _log = QUIET

    def __init__(self, house: House, reactor: Any) -> None:
        self.factory: Any = house
        self.reactor = reactor
        self.reason = connectionDone
        self.inside: Connection | None = None  # once somebody has logged in
        self._house = house
        self.over = self._choked = False
        self._told = False  # the world knows why this one is sent away
        self._wanted = self._keyed = False  # the other side has begun an exchange of keys; these are known
        self._asked = False
        self._since = 0, 0  # bytes and packets that had gone out when the keys were new
        self._timer: IDelayedCall | None = None
        words = f"nobody logged in within {DEADLINE:g} s"
        self.patience = Patience(DEADLINE, lambda: self.end(words), reactor)
        """Stands still while a password is judged."""

    # ---- life

    @override
    def connectionMade(self) -> None:
        self.transport.high = 0  # exact: whatever waits, waits where it is counted
        self.transport.registerProducer(self, True)
        self.patience.go_on()
        super().connectionMade()

    def enter(self, inside: Connection) -> None:
        """Take note that somebody has logged in, with what they have now."""
        self.inside = inside
        self.patience.stop()
        self._later(LOOK, self._look)
        self.setService(inside)

    def _look(self) -> None:
        if isinstance(self.transport, SocketStream) and self.transport.vanished(PATIENCE):
            self.abort()
        else:
            self._later(LOOK, self._look)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        self._timer = self.reactor.callLater(seconds, call)

    def end(self, why: str, code: int = DISCONNECT_BY_APPLICATION, *, told: bool = False) -> None:
        """Tell the other side why its connection ends, and end it.

        Args:
            why: in words.
            code: of RFC 4253 section 11.1.
            told: whether the world knows already.
        """
        if not self.over:
            self._told = told
            self.sendDisconnect(code, why.encode("ascii", "backslashreplace"))

    @override
    def sendDisconnect(self, reason: int, desc: bytes | str) -> None:
        if self.over:
            return
        words = desc if isinstance(desc, str) else desc.decode("latin-1")
        self.over = True
        self.patience.stop()
        if not self._told:
            self._house.refused(self, printable(words))
        self.transport.unregisterProducer()  # a transport that closes waits for its producer
        self._later(LAST_WORDS, self.abort)
        super().sendDisconnect(reason, desc)

    def abort(self) -> None:
        """End the connection at once."""
        self.over = True
        self.transport.abortConnection()

    @override
    def loseConnection(self) -> None:
        self.end("the gateway has closed the connection")

    @override
    def connectionLost(self, reason: Failure | None = None) -> None:
        self.over = True
        self.reason = reason or Failure(ConnectionDone())
        self.patience.stop()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        super().connectionLost(reason)
        self._house.left(self)

    # ---- what comes

    @override
    def dataReceived(self, data: bytes) -> None:
        if self.over:
            return
        try:
            super().dataReceived(data)
            if len(self.buf) > MOST_BEGUN:
                raise PeerError("a message that is too long")
        except PeerError as error:
            self.end(str(error), DISCONNECT_PROTOCOL_ERROR)
        except Exception as error:  # of many kinds: Twisted takes much for granted of what comes
            self.end(f"a message that cannot be read ({type(error).__name__})", DISCONNECT_PROTOCOL_ERROR)

    @override
    def getPacket(self) -> bytes | None:
        packet: bytes | None = super().getPacket()
        if packet == b"":
            raise PeerError("an empty message")
        return packet

    @override
    def dispatchMessage(self, messageNum: int, payload: bytes) -> None:
        if self.over:
            return
        self._check(messageNum)
        super().dispatchMessage(messageNum, payload)
        self.incomingPacketSequence &= _SEQUENCE

    def _check(self, number: int) -> None:
        """Make sure that a message may come now.

        Raises:
            PeerError: it may not.
        """
        sealed = self.isEncrypted("both")
        if number == MSG_KEXINIT:
            wrong = self._wanted or (sealed and self.inside is None)
            self._wanted, self._keyed = True, False
        elif number in _EXCHANGE:
            wrong = not self._wanted or self._keyed
        elif number == MSG_NEWKEYS:
            wrong = not self._keyed
            self._wanted = self._keyed = False
        elif number >= _UP:
            wrong = self._wanted or not sealed or (number in _LOGIN) != (self.inside is None)
        else:
            wrong = not sealed and number != MSG_DISCONNECT
        if wrong:
            raise PeerError(f"message {number} has no place here")

    def service_for(self, name: bytes) -> Callable[[], Any] | None:
        """Return what makes the service that is asked for; None: there is none."""
        if name != b"ssh-userauth" or self._asked:
            return None
        self._asked = True
        return lambda: self._house.login(self)

    @override
    def ssh_DISCONNECT(self, packet: bytes) -> None:
        self.over = True
        self.patience.stop()
        self._later(LAST_WORDS, self.abort)
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    @override
    def receiveUnimplemented(self, seqnum: int) -> None:
        """Be told that the other side did not know one of our messages, which is no harm."""

    # ---- keys

    @property
    def exchanging(self) -> bool:
        """Whether keys are being exchanged."""
        return bool(self._keyExchangeState != self._KEY_EXCHANGE_NONE)

    @override
    def _keySetup(self, sharedSecret: bytes, exchangeHash: bytes) -> None:
        self._keyed = True
        super()._keySetup(sharedSecret, exchangeHash)

    @override
    def _newKeys(self) -> None:
        self._since = self.transport.sent, self.outgoingPacketSequence
        super()._newKeys()
        if self.inside is not None:
            self.inside.feed()

    @override
    def sendExtInfo(self, extensions: list[tuple[bytes, bytes]]) -> None:
        super().sendExtInfo([(b"server-sig-algs", b",".join(SIGNATURES))])

    # ---- what goes

    @override
    def sendPacket(self, messageType: int, payload: bytes) -> None:
        if self.exchanging and len(self._blockedByKeyExchange or ()) >= MOST_KEPT:
            self.abort()  # new keys are promised, and do not come
            return
        super().sendPacket(messageType, payload)
        self.outgoingPacketSequence &= _SEQUENCE
        if self.transport.pending > MOST_UNREAD and not self._choked:
            self._choked = True
            self.transport.pauseProducing()
        if messageType >= _UP and self.inside is not None and not (self.exchanging or self.over):
            self._renew()

    def _renew(self) -> None:
        """Ask for new keys when much has gone out with these."""
        packets = (self.outgoingPacketSequence - self._since[1]) & _SEQUENCE
        if self.transport.sent - self._since[0] >= KEY_BYTES or packets >= KEY_PACKETS:
            self.sendKexInit()

    def pauseProducing(self) -> None:
        """Be told by the transport that something waits there."""
        if self.inside is not None:
            self.inside.blocked(True)

    def resumeProducing(self) -> None:
        """Be told by the transport that nothing waits there."""
        if self._choked:
            self._choked = False
            self.transport.resumeProducing()
        if self.inside is not None:
            self.inside.blocked(False)

    def stopProducing(self) -> None:
        """Be told by the transport that it is closing."""
