"""The SSH door in memory, and those who come: Twisted's own client, as far as packets go."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.ssh.common import NS, getNS
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.transport import SSHClientTransport
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

import smartserial.gateway as gateway_room
from smartserial.channels.login.keeper import Keeper
from smartserial.console.sshdoor import SshDoor
from smartserial.console.sshtransport import SshTransport
from smartserial.events import LoginFailed
from smartserial.settings import (
    ConsoleSettings,
    GroupSettings,
    LoginSettings,
    UserSettings,
    UsersSettings,
)
from smartserial.sharing.rights import ALL, Grant, Right
from tests.consolestage import ConsoleStage
from tests.fakes import FakeTransport
from tests.loginstage import Threads
from tests.support import make_folder
from tests.userexamples import HASH, PASSWORD

KEY = Key(Ed25519PrivateKey.generate())
OTHER = Key(Ed25519PrivateKey.generate())
LINE = KEY.public().toString("OPENSSH").decode()
BOTH = Right.READ | Right.WRITE
KNOWN = UsersSettings(
    (
        UserSettings("anna", HASH, ("operators",), (LINE,)),
        UserSettings("bob", HASH, ("watchers",)),
        UserSettings("eva", HASH, ("chiefs",)),
        UserSettings("max", HASH, ("writers",)),
        UserSettings("nix", HASH, ("nobodies",), (LINE,)),
    ),
    (
        GroupSettings("operators", (Grant("*", BOTH | Right.CONTROL),)),
        GroupSettings("watchers", (Grant("*", Right.READ),)),
        GroupSettings("chiefs", (Grant("*", ALL),)),
        GroupSettings("writers", (Grant("meter", BOTH),)),
        GroupSettings("nobodies"),
    ),
)
SERVICE_REQUEST, SERVICE_ACCEPT, DISCONNECT = 5, 6, 1
USER, FAILURE, SUCCESS, OK, ANSWER = 50, 51, 52, 60, 61
(OPEN, OPENED, NOT_OPENED, ADJUST, DATA, EXTENDED, EOF, CLOSE, REQUEST, DONE, REFUSED) = range(90, 101)


class Packets(SSHClientTransport):
    """Twisted's client, which hands over all messages of services as they are."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, bytes]] = []
        self.secure = False
        self.ended = b""  # why the server has ended the connection

    @override
    def verifyHostKey(self, hostKey: bytes, fingerprint: bytes) -> Deferred[bool]:
        return succeed(True)

    def connectionSecure(self) -> None:
        self.secure = True

    @override
    def sendPacket(self, messageType: int, payload: bytes) -> None:
        super().sendPacket(messageType, payload)
        self.outgoingPacketSequence &= 0xFFFFFFFF

    @override
    def getPacket(self) -> bytes | None:
        packet: bytes | None = super().getPacket()
        self.incomingPacketSequence &= 0xFFFFFFFF
        return packet

    @override
    def dispatchMessage(self, messageNum: int, payload: bytes) -> None:
        if messageNum == DISCONNECT:
            self.ended = getNS(payload[4:])[0]
        elif messageNum >= USER or messageNum == SERVICE_ACCEPT:
            self.heard.append((messageNum, payload))
        else:
            super().dispatchMessage(messageNum, payload)


class _Line:
    """What the client has as its transport."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def loseConnection(self) -> None:
        pass


class Peer:
    """Somebody who has connected.

    Args:
        stage: whose clock goes on.
        server: the other end.
        host: where they come from.
    """

    def __init__(self, stage: SshStage, server: Any, host: str) -> None:
        self.stage = stage
        self.ssh = Packets()
        self.line = _Line()
        self.server = server
        self.wire: Any = FakeTransport(server)
        self.wire.getPeer = lambda: IPv4Address("TCP", host, stage.next_port())
        address = self.wire.getPeer()
        self.wire.getPeer = lambda: address
        self.takes = True  # what the server sends
        self.talks: list[Talk] = []

    def begin(self) -> Peer:
        self.ssh.makeConnection(self.line)  # type: ignore[arg-type]
        self.server.makeConnection(self.wire)
        self.pump()
        return self

    def pump(self) -> None:
        """Carry bytes both ways until there are none that may go."""
        moved = True
        while moved:
            moved = False
            if self.wire.connected and self.wire.reading and self.line.written:
                data, self.line.written, moved = self.line.written, b"", True
                self.wire.say(data)
            while self.takes and self.wire.connected and self.wire.pending:
                before = len(self.wire.taken)
                self.wire.take(1 << 20)
                self.ssh.dataReceived(self.wire.taken[before:])
                moved = True
            if not moved:
                moved = self.stage.turned()
        for number, payload in self._take_heard():
            self.talks[struct.unpack(">L", payload[:4])[0]].hear(number, payload[4:])

    def _take_heard(self) -> list[tuple[int, bytes]]:
        of_channels = [one for one in self.ssh.heard if one[0] >= ADJUST]
        self.ssh.heard = [one for one in self.ssh.heard if one[0] < ADJUST]
        return of_channels

    def say(self, number: int, payload: bytes = b"") -> list[tuple[int, bytes]]:
        """Send a message; return what is answered, but for what is about channels."""
        self.ssh.heard = []
        self.ssh.sendPacket(number, payload)
        self.pump()
        return self.ssh.heard

    @property
    def ended(self) -> str:
        """Why the server has ended the connection; empty: it has not."""
        return self.ssh.ended.decode() or ("without words" if not self.wire.connected else "")

    # ---- logins

    def ask_to_log_in(self) -> Peer:
        assert self.say(SERVICE_REQUEST, NS(b"ssh-userauth"))[0][0] == SERVICE_ACCEPT
        return self

    def try_to(self, user: str, method: str, rest: bytes, service: bytes = b"ssh-connection") -> int:
        """Try to log in; return the number of the answer, 0 for none."""
        heard = self.say(USER, NS(user.encode()) + NS(service) + NS(method.encode()) + rest)
        return heard[0][0] if heard else 0

    def password(self, user: str, password: bytes = PASSWORD) -> int:
        return self.try_to(user, "password", b"\0" + NS(password))

    def interactive(self, user: str, password: bytes = PASSWORD) -> int:
        assert self.try_to(user, "keyboard-interactive", NS(b"") + NS(b"")) == OK
        heard = self.say(ANSWER, struct.pack(">L", 1) + NS(password))
        return heard[0][0] if heard else 0

    def key(
        self, user: str, key: Key = KEY, algorithm: bytes = b"", service: bytes = b"ssh-connection"
    ) -> int:
        """Log in by a signature."""
        algorithm = algorithm or key.sshType()
        said = NS(user.encode()) + NS(service) + NS(b"publickey") + b"\1" + NS(algorithm) + NS(key.blob())
        assert self.ssh.sessionID is not None
        signature = key.sign(NS(self.ssh.sessionID) + bytes((USER,)) + said, signatureType=algorithm)
        heard = self.say(USER, said + NS(signature))
        return heard[0][0] if heard else 0

    # ---- channels

    def open(self, window: int = 1 << 20, packet: int = 1 << 15, kind: bytes = b"session") -> Talk:
        talk = Talk(self)
        self.talks.append(talk)
        heard = self.say(OPEN, NS(kind) + struct.pack(">3L", len(self.talks) - 1, window, packet))
        if heard and heard[0][0] == OPENED:
            talk.number, talk.room = struct.unpack(">2L", heard[0][1][4:12])
        return talk

    def command(self, words: str, terminal: bool = False, window: int = 1 << 20) -> Talk:
        """Open a channel for a command."""
        talk = self.open(window)
        if terminal:
            assert talk.ask(b"pty-req", NS(b"xterm") + struct.pack(">4L", 80, 24, 0, 0) + NS(b""))
        assert talk.ask(b"exec", NS(words.encode()))
        return talk

    def shell(self, terminal: bool = False) -> Talk:
        talk = self.open()
        if terminal:
            assert talk.ask(b"pty-req", NS(b"xterm") + struct.pack(">4L", 80, 24, 0, 0) + NS(b""))
        assert talk.ask(b"shell")
        return talk


class Talk:
    """A channel, as the client has it."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.number = -1  # the server's; -1: it was not opened
        self.room = 0  # bytes that the server lets in
        self.out = self.err = b""
        self.status: int | None = None
        self.eof = self.closed = False
        self.answers: list[bool] = []

    def hear(self, number: int, payload: bytes) -> None:
        if number == DATA:
            self.out += getNS(payload)[0]
        elif number == EXTENDED:
            self.err += getNS(payload[4:])[0]
        elif number == ADJUST:
            self.room += struct.unpack(">L", payload)[0]
        elif number == REQUEST:
            kind, rest = getNS(payload)
            assert kind == b"exit-status", kind
            self.status = struct.unpack(">L", rest[1:])[0]
        elif number in (DONE, REFUSED):
            self.answers.append(number == DONE)
        self.eof = self.eof or number == EOF
        self.closed = self.closed or number == CLOSE

    def _say(self, number: int, payload: bytes = b"") -> None:
        self.peer.say(number, struct.pack(">L", self.number) + payload)

    def ask(self, kind: bytes, payload: bytes = b"") -> bool:
        """Make a request; tell whether it was granted."""
        self.answers = []
        self._say(REQUEST, NS(kind) + b"\1" + payload)
        return self.answers == [True]

    def send(self, data: bytes) -> None:
        self.room -= len(data)
        self._say(DATA, NS(data))

    def widen(self, count: int) -> None:
        self._say(ADJUST, struct.pack(">L", count))

    def finish(self) -> None:
        self._say(EOF)

    def close(self) -> None:
        self._say(CLOSE)

    def took(self) -> bytes:
        """Return what came since the last time."""
        data, self.out = self.out, b""
        return data

    @property
    def end(self) -> tuple[int | None, str, bool]:
        """The exit status, the words about it, and whether the channel is closed."""
        return self.status, self.err.decode(), self.closed


class SshStage(ConsoleStage):
    """The shares of `ConsoleStage`, ``plc`` and ``meter``, and a door for the users of `KNOWN`.

    Args:
        test: gets its patches undone.
        groups: whose members may come in.
    """

    def __init__(self, test: SynchronousTestCase, *groups: str) -> None:
        self.threads = Threads()
        test.patch(gateway_room, "Keeper", lambda users, clock: Keeper(users, clock, self.threads.run))
        super().__init__(test)
        self.keeper = self.gateway.keeper
        self.keeper.update(KNOWN)
        self.gateway.settings = replace(self.gateway.settings, users=KNOWN)
        login = LoginSettings(groups=frozenset(groups))
        key = Path(make_folder(test)) / "host_key"
        self.door = SshDoor(self.desk, ConsoleSettings(login=login, host_key=key), self.clock)
        self._ssh_port = 2000

    def next_port(self) -> int:
        self._ssh_port += 1
        return self._ssh_port

    def turned(self) -> bool:
        """Let what is to happen now happen; tell whether there was something."""
        now = self.clock.seconds()
        due = [call for call in self.clock.getDelayedCalls() if call.getTime() <= now]
        self.clock.advance(0)
        return bool(due)

    def comes(self, host: str = "10.0.0.7") -> Peer:
        """Somebody connects, and exchanges keys."""
        server = self.door.buildProtocol(IPv4Address("TCP", host, 5000))
        assert isinstance(server, SshTransport)
        return Peer(self, server, host).begin()

    def visitor(self, user: str = "anna") -> Peer:
        """Somebody connects, and logs in."""
        peer = self.comes().ask_to_log_in()
        assert peer.password(user) == SUCCESS
        return peer

    @property
    def timers(self) -> list[object]:
        """What connections would still do later."""
        calls = self.clock.getDelayedCalls()
        return [call for call in calls if call.func.__module__.startswith("smartserial.console.ssh")]

    @property
    def failures(self) -> list[tuple[str, str]]:
        return [(event.user, event.why) for event in self.events if isinstance(event, LoginFailed)]
