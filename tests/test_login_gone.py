"""Logins of those who have gone before they were judged: they cost nothing, and keep nobody waiting."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase, TestCase

from smartserial.channels.foreign import ForeignTransport
from smartserial.channels.listener import Listener
from smartserial.channels.login.keeper import AT_ONCE, LoginLeft
from smartserial.channels.session import Session
from smartserial.channels.tcp import was_reset
from smartserial.channels.telnet.wire import TelnetTransport
from smartserial.channels.tls.wire import TlsTransport
from smartserial.settings import Address, ListenerSettings, LoopDevice, Mode, ShareSettings
from smartserial.share.service import Share
from smartserial.telnet.connection import Connection
from smartserial.telnet.options import SERVER
from tests.fakes import FakeEndpoint
from tests.loginstage import USERS, WORDS, LoginStage, Threads, users
from tests.sshstage import SshStage
from tests.test_login_keeper import ANNA, KeeperCase
from tests.test_stream import until
from tests.userexamples import PASSWORD

RESET = b"\1\0\0\0\0\0\0\0"  # struct linger: at once, and by a reset


class KeeperTest(KeeperCase):
    def test_who_has_gone_is_not_judged(self) -> None:
        """It is asked when their turn comes, and their place in the line is free at once."""
        self.threads.at_once = False
        busy = [self.login("anna", source=f"10.0.0.{n}") for n in range(AT_ONCE)]
        gone: list[str] = []
        answers = [
            self.keeper.login(USERS, "anna", b"wrong", f"10.0.1.{n}", lambda: bool(gone)) for n in range(60)
        ]
        honest = self.login("anna", source="10.0.2.1")
        gone.append("all")
        self.threads.work(AT_ONCE)
        self.clock.advance(0)
        for answer in answers:
            self.failureResultOf(answer, LoginLeft)
        self.threads.work()
        self.assertEqual([self.successResultOf(one) for one in (*busy, honest)], [ANNA] * 3)
        self.assertEqual((self.threads.done, len(self.threads.waiting)), (3, 0))
        self.assertEqual(len(self.keeper._attempts), 0)  # nobody has guessed


class SshTest(SynchronousTestCase):
    def test_who_has_gone_is_not_judged(self) -> None:
        """The door reads on, so that it sees by itself who goes."""
        stage = SshStage(self)
        stage.threads.at_once = False
        peers = [stage.comes(f"10.0.0.{n}").ask_to_log_in() for n in range(AT_ONCE + 3)]
        for peer in peers:
            peer.password("anna")
        for peer in peers[AT_ONCE:-1]:
            peer.wire.reset()
        stage.threads.work(AT_ONCE)
        stage.clock.advance(0)
        self.assertEqual(len(stage.threads.waiting), 1)
        self.assertEqual(stage.failures, [])


class Ear(Protocol):
    """Remembers its transport."""

    here: Any = None

    def connectionMade(self) -> None:
        Ear.here = self.transport


class RealCase(TestCase):
    """Real sockets in the test's own reactor."""

    timeout = 60

    def connect(self, port: int, text: bytes = b"") -> socket.socket:
        client = socket.create_connection(("127.0.0.1", port))
        self.addCleanup(client.close)
        client.sendall(text)
        return client

    def reset(self, client: socket.socket) -> None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()


class ResetTest(RealCase):
    async def test_what_can_be_seen_of_one_who_is_not_read_from(self) -> None:
        """On transports of ours and of others, and below telnet and TLS."""
        for half in (False, True):
            port = reactor.listenTCP(0, Factory.forProtocol(Ear), interface="127.0.0.1")  # type: ignore[attr-defined]
            client = self.connect(port.getHost().port)
            await until(lambda: Ear.here is not None)
            transport, Ear.here = Ear.here, None
            transport.pauseProducing()
            foreign = ForeignTransport(transport)
            layers = (
                transport,
                foreign,
                TelnetTransport(foreign, Connection(SERVER)),
                TlsTransport(foreign, SimpleNamespace(), print, print),  # type: ignore[arg-type]
            )
            self.assertEqual([was_reset(one) for one in layers], [False] * 4)
            if half:
                client.shutdown(socket.SHUT_WR)
            else:
                self.reset(client)
            self.assertEqual([was_reset(one) for one in layers], [not half] * 4)
            transport.abortConnection()
            await port.stopListening()

    def test_where_nothing_can_be_seen(self) -> None:
        near, far = socket.socketpair()
        with near, far:
            for transport in (object(), SimpleNamespace(getHandle=lambda: near)):
                self.assertFalse(was_reset(transport))


class ListenerTest(RealCase):
    async def test_a_flood_of_logins_that_are_reset(self) -> None:
        """They are not judged; one that has only finished sending is."""
        for mode in (Mode.RAW, Mode.RFC2217):
            await self.flood(mode)

    async def flood(self, mode: Mode) -> None:
        settings = ListenerSettings(Address(port=0), mode, login=USERS)
        stage = LoginStage(known=users(**WORDS))
        threads, keeper = Threads(), stage.keeper
        threads.at_once = False
        keeper._reactor, keeper._run = reactor, threads.run  # type: ignore[method-assign]
        listener = Listener(settings, reactor)
        listener.bind()
        share = Share(
            ShareSettings("x", LoopDevice(), (settings,)),
            FakeEndpoint(),
            [listener],
            stage.share._events,
            reactor,
            keeper,
        )
        share.startService()
        self.addCleanup(share.stopService)
        for n in range(AT_ONCE):
            keeper.login(USERS, "both", PASSWORD, f"10.0.0.{n}")
        wrong = [self.connect(listener._number, b"both\r\nwrong\r\n") for _ in range(20)]
        right = self.connect(listener._number, b"both\r\n" + PASSWORD + b"\r\n")
        right.shutdown(socket.SHUT_WR)
        await until(lambda: len(keeper._waiting) == 21)
        for client in wrong:
            self.reset(client)
        threads.work(AT_ONCE)
        await until(lambda: len(threads.waiting) == 1)
        self.assertEqual(len(keeper._waiting), 0)
        seen: list[Session] = []
        opened = share.session_opened
        self.patch(share, "session_opened", lambda one: (seen.append(one), opened(one)))
        threads.work()
        await until(lambda: seen)
        self.assertEqual(seen[0].identity.name, "both")
        await until(lambda: len(listener.gate._logging_in) == 0)
        self.assertEqual(stage.failures, [])
