"""The TLS layer in memory: handshakes, ends of all kinds, who is held back, and telnet on top of it."""

from __future__ import annotations

import ssl
from typing import Any, cast
from unittest import mock

from OpenSSL.SSL import Connection, Error
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from smartserial.channels.telnet.layer import TelnetProtocol
from smartserial.channels.telnet.wire import TelnetTransport
from smartserial.channels.tls.ends import HANDSHAKE
from smartserial.channels.tls.factory import MOST_SHAKING, TlsFactory
from smartserial.channels.tls.layer import LAST_WORDS, TlsProtocol
from smartserial.interfaces import ICountedTransport
from smartserial.telnet.options import SERVER
from tests import telnetpeer
from tests.support import pattern
from tests.tlspeer import HalfCloser, Layer, Plain, TlsPeer, Wire, figures, world

KIB = 1024


class HandshakeTests(SynchronousTestCase):
    """Nobody is inside before it is done."""

    def test_what_is_inside_is_made_when_it_is_done(self) -> None:
        layer = Layer(shake=False)
        self.assertEqual(layer.made, 0)
        layer.shake()
        self.assertEqual((layer.made, layer.inner.told, layer.failed), (1, [], []))
        verifyObject(IPushProducer, layer.protocol)
        layer.clock.advance(HANDSHAKE)
        self.assertTrue(layer.wire.connected)

    def test_byte_by_byte(self) -> None:
        layer = Layer(shake=False)
        for byte in layer.peer.hear(b""):
            layer.wire.say(bytes([byte]))
        while layer.wire.pending:
            layer.wire.take(1)
        self.assertEqual((layer.made, layer.peer.shaken), (1, True))

    def test_data_behind_the_last_word_of_it_is_not_lost(self) -> None:
        for version in (0x0303, 0x0304):
            layer = Layer(shake=False, version=version)
            layer.wire.say(layer.peer.hear(b""))
            answer = b""
            while not layer.peer.shaken:
                data = layer.wire.taken
                layer.wire.peer = cast(TlsPeer, _Deaf())
                layer.wire.drain()
                answer = layer.peer.hear(layer.wire.taken[len(data) :])
                if not layer.peer.shaken:
                    layer.wire.say(answer)
            layer.wire.say(answer + layer.peer.say(b"at once") + layer.peer.finish())
            self.assertEqual(layer.inner.told, [b"at once", "r"], hex(version))

    def test_it_has_ten_seconds(self) -> None:
        layer = Layer(shake=False)
        layer.wire.say(layer.peer.hear(b"")[:20])
        layer.clock.advance(HANDSHAKE - 0.001)
        self.assertEqual((layer.failed, layer.wire.connected), ([], True))
        layer.clock.advance(0.001)
        self.assertEqual(layer.failed, ["no TLS handshake within 10 s"])
        self.assertEqual((layer.wire.connected, layer.made), (False, 0))
        self.assertEqual(layer.clock.getDelayedCalls(), [])

    def test_what_is_no_tls_is_told_and_closed(self) -> None:
        layer = Layer(shake=False)
        layer.wire.say(b"GET / HTTP/1.0\r\n\r\n")
        self.assertEqual(layer.failed, ["TLS: http request"])
        self.assertEqual((layer.made, layer.wire.half_closed, layer.wire.connected), (0, True, True))
        layer.wire.say(b"and more, which is for nobody")
        layer.clock.advance(LAST_WORDS)
        self.assertEqual((layer.wire.connected, len(layer.failed)), (False, 1))
        self.assertEqual(layer.clock.getDelayedCalls(), [])

    def test_the_other_side_is_told_why(self) -> None:
        layer = Layer(shake=False, version=0x0302)
        layer.wire.say(layer.peer.hear(b""))
        layer.wire.drain()
        self.assertEqual(layer.failed, ["TLS: unsupported protocol"])
        assert layer.peer.error is not None
        self.assertIn("protocol version", str(layer.peer.error))

    def test_the_other_side_may_go(self) -> None:
        went = ["TLS: the other side went away during the handshake"]
        for end in ("reset", "finish_sending", "refuse_writes"):
            layer = Layer(shake=False)
            getattr(layer.wire, end)()
            layer.clock.advance(LAST_WORDS)
            self.assertEqual((layer.failed, layer.made, layer.wire.connected), (went, 0, False), end)
            self.assertEqual(layer.clock.getDelayedCalls(), [], end)

    def test_a_client_that_only_sends_is_sent_nothing(self) -> None:
        """Closed with bytes unread, its kernel would take back what it has sent."""
        layer = Layer(warm=False)
        sent = layer.wire.sent
        layer.wire.say(layer.peer.say(b"data"))
        self.assertEqual((layer.wire.sent, layer.wire.pending), (sent, 0))
        layer.upper.write(b"answer")
        self.assertGreater(layer.wire.pending, 6 + 22 + 100)
        layer.wire.take(layer.wire.pending - 1)
        self.assertEqual((figures(layer.upper), layer.upper.unconfirmed()), ((0, 6, 0), 0))
        self.assertEqual((layer.got, figures(layer.upper)), (b"answer", (6, 0, 0)))

    def test_nobody_may_be_made(self) -> None:
        layer = Layer(shake=False)
        layer.protocol._make = lambda: None
        layer.wire.say(layer.peer.hear(b""))
        layer.wire.drain()
        self.assertEqual((layer.failed, layer.wire.connected, layer.peer.ended), ([], False, True))
        self.assertEqual(layer.clock.getDelayedCalls(), [])

    def test_this_end_may_be_the_client(self) -> None:
        from smartserial.channels.tls.ends import client_tls
        from smartserial.settings import TlsSettings

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(world().certificate, world().key)
        for host, made in (("device.example", 1), ("127.0.0.1", 1), ("other.example", 0)):
            inner, clock, failed = HalfCloser(), Clock(), list[str]()
            creator = client_tls(TlsSettings(authorities=world().authority.path), host)
            protocol = TlsProtocol(lambda i=inner: i, creator, True, clock, failed=failed.append)
            peer = TlsPeer(context, serves=True)
            wire = Wire(protocol, peer)
            protocol.makeConnection(wire)
            wire.drain()
            self.assertEqual(inner.transport is not None, bool(made), host)
            if made:
                wire.say(peer.say(b"hello"))
                inner.transport.write(b"back")  # type: ignore[union-attr]
                wire.drain()
                self.assertEqual((inner.data, bytes(peer.data), failed), (b"hello", b"back", []))
            else:
                self.assertEqual(failed, ["TLS: the certificate is not that of this host"])

    def test_a_certificate_that_names_no_host(self) -> None:
        from smartserial.channels.tls.ends import client_tls
        from smartserial.settings import TlsSettings

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*world().authority.make("device.example"))
        for host in ("device.example", "127.0.0.1"):
            inner, failed = HalfCloser(), list[str]()
            creator = client_tls(TlsSettings(authorities=world().authority.path), host)
            protocol = TlsProtocol(lambda i=inner: i, creator, True, Clock(), failed=failed.append)
            wire = Wire(protocol, TlsPeer(context, serves=True))
            protocol.makeConnection(wire)
            wire.drain()
            self.assertIsNone(inner.transport)
            self.assertEqual(failed, ["TLS: the certificate names no host: it has no subjectAltName"])


class _Deaf:
    def hear(self, encrypted: bytes) -> bytes:
        return b""


class EndTests(SynchronousTestCase):
    """Each side may close one direction, or both, or break."""

    def test_the_peer_finishes_and_still_hears(self) -> None:
        layer = Layer()
        layer.wire.say(layer.peer.say(b"question") + layer.peer.finish())
        self.assertEqual(layer.inner.told, [b"question", "r"])
        layer.upper.write(b"answer")
        self.assertEqual(figures(layer.upper), (0, 6, 0))
        layer.wire.drain()
        self.assertEqual(figures(layer.upper), (6, 0, 0))
        layer.wire.say(b"\x17\x03\x03 what comes after that is no data")
        layer.wire.finish_sending()
        self.assertEqual(layer.inner.told, [b"question", "r"])

    def test_it_may_do_so_without_a_word_in_tls(self) -> None:
        layer = Layer()
        layer.wire.say(layer.peer.say(b"question") + layer.peer.say(b"cut off here")[:-1])
        layer.wire.finish_sending()
        self.assertEqual(layer.inner.told, [b"question", "r"])
        layer.upper.write(b"answer")
        self.assertEqual((layer.got, figures(layer.upper)), (b"answer", (6, 0, 0)))

    def test_who_knows_no_halves_is_closed_after_what_waits(self) -> None:
        layer = Layer(Plain())
        layer.upper.write(b"data")
        layer.wire.finish_sending()
        self.assertTrue(layer.wire.connected)
        self.assertEqual((layer.got, layer.peer.ended, layer.inner.told), (b"data", True, ["lost"]))

    def test_we_finish_and_still_hear(self) -> None:
        layer = Layer()
        layer.upper.write(bytes(100 * KIB))
        layer.upper.loseWriteConnection()
        self.assertFalse(layer.wire.half_closed)
        self.assertEqual((len(layer.got), layer.peer.ended), (100 * KIB, True))
        self.assertEqual((layer.wire.half_closed, layer.wire.connected), (True, True))
        layer.wire.say(layer.peer.say(b"still here"))
        self.assertEqual(layer.inner.told, [b"still here"])
        layer.upper.write(b"too late")
        layer.clock.advance(0)
        self.assertEqual((figures(layer.upper), layer.wire.connected), ((100 * KIB, 0, 8), True))

    def test_we_close_after_what_waits_and_hear_no_more(self) -> None:
        layer = Layer()
        layer.upper.write(bytes(100 * KIB))
        layer.upper.loseConnection()
        layer.wire.say(layer.peer.say(b"ignored"))
        self.assertEqual((len(layer.got), layer.peer.ended), (100 * KIB, True))
        self.assertEqual((layer.inner.told, layer.wire.connected), (["lost"], False))
        self.assertEqual(layer.clock.getDelayedCalls(), [])

    def test_a_cut_says_goodbye_if_nothing_waits(self) -> None:
        layer = Layer()
        layer.upper.cut()
        self.assertEqual((layer.inner.told, layer.wire.dropped), (["lost"], 2 + 22))
        layer = Layer()
        layer.upper.write(b"data")
        layer.upper.cut()
        self.assertEqual((figures(layer.upper), layer.wire.dropped), ((0, 0, 4), 4 + 22))

    def test_a_record_that_was_changed_ends_the_connection(self) -> None:
        layer = Layer()
        good, bad = layer.peer.say(b"good"), bytearray(layer.peer.say(b"bad"))
        bad[-1] ^= 1
        layer.upper.write(b"data")
        layer.wire.say(good + bytes(bad))
        self.assertEqual((layer.inner.told, figures(layer.upper)), ([b"good"], (0, 0, 4)))
        layer.upper.write(b"more")
        layer.clock.advance(0)
        self.assertEqual((layer.inner.told, figures(layer.upper)), ([b"good", "lost"], (0, 0, 8)))
        self.assertIn("TLS: decryption failed or bad record mac", layer.inner.why)

    def test_what_cannot_be_encrypted_ends_the_connection(self) -> None:
        for write in ("write", "tell"):
            layer = Layer()
            with mock.patch.object(Connection, "send", side_effect=Error([("", "", "no randomness")])):
                getattr(layer.upper, write)(b"data")
            self.assertEqual(figures(layer.upper), (0, 0, 4 if write == "write" else 0))
            layer.clock.advance(0)
            self.assertEqual((layer.inner.told, layer.inner.why), (["lost"], "TLS: no randomness"))

    def test_what_follows_the_end_is_not_kept(self) -> None:
        layer = Layer()
        layer.wire.say(layer.peer.finish())
        with mock.patch.object(Connection, "bio_write", side_effect=AssertionError):
            layer.wire.say(b"\x17\x03\x03")
        self.assertEqual(layer.inner.told, ["r"])

    def test_the_peer_reads_no_more(self) -> None:
        layer = Layer()
        layer.upper.write(b"data")
        layer.wire.refuse_writes()
        self.assertEqual((layer.inner.told, figures(layer.upper)), (["w"], (0, 0, 4)))
        layer.wire.say(layer.peer.say(b"last words"))
        self.assertEqual(layer.inner.told, ["w", b"last words"])

    def test_a_reset_with_the_reason_of_the_transport(self) -> None:
        layer = Layer()
        layer.wire.reset()
        self.assertEqual(layer.inner.told, ["lost"])
        self.assertIn("lost", layer.inner.why)


class ReadingTests(SynchronousTestCase):
    """Whoever pauses the transport is given nothing; nothing of that is lost."""

    def test_the_end_waits_too(self) -> None:
        layer = Layer()
        layer.upper.pauseProducing()
        self.assertFalse(layer.wire.reading)
        layer.protocol.dataReceived(layer.peer.say(b"data") + layer.peer.finish())
        self.assertEqual(layer.inner.told, [])
        layer.upper.resumeProducing()
        self.assertEqual((layer.inner.told, layer.wire.reading), ([], True))
        layer.clock.advance(0)
        self.assertEqual(layer.inner.told, [b"data", "r"])

    def test_a_pause_within_data_holds_the_end(self) -> None:
        class Pausing(HalfCloser):
            def dataReceived(self, data: bytes) -> None:
                super().dataReceived(data)
                self.transport.pauseProducing()  # type: ignore[union-attr]

        layer = Layer(Pausing())
        layer.wire.say(layer.peer.say(b"data") + layer.peer.finish())
        self.assertEqual(layer.inner.told, [b"data"])
        layer.upper.resumeProducing()
        layer.clock.advance(0)
        self.assertEqual(layer.inner.told, [b"data", "r"])

    def test_what_came_before_a_reset_is_handed_over(self) -> None:
        layer = Layer()
        layer.upper.pauseProducing()
        layer.protocol.dataReceived(layer.peer.say(b"data"))
        layer.wire.reset()
        self.assertEqual(layer.inner.told, [b"data", "lost"])

    def test_but_not_after_we_have_closed(self) -> None:
        for end in ("cut", "abortConnection", "loseConnection"):
            layer = Layer()
            layer.upper.pauseProducing()
            layer.protocol.dataReceived(layer.peer.say(b"data"))
            getattr(layer.upper, end)()
            layer.wire.drain()
            self.assertEqual(layer.inner.told, ["lost"], end)
            self.assertEqual(layer.clock.getDelayedCalls(), [], end)

    def test_a_pause_and_a_loss_leave_nothing_behind(self) -> None:
        layer = Layer()
        layer.upper.pauseProducing()
        layer.protocol.dataReceived(layer.peer.say(b"data"))
        layer.upper.resumeProducing()
        layer.wire.reset()
        self.assertEqual((layer.inner.told, layer.clock.getDelayedCalls()), ([b"data", "lost"], []))

    def test_a_peer_that_reads_no_answers_is_not_read_from(self) -> None:
        layer = Layer()
        layer.upper.control(bytes(65 * KIB))
        self.assertFalse(layer.wire.reading)
        layer.upper.pauseProducing()
        layer.upper.resumeProducing()
        self.assertFalse(layer.wire.reading)
        layer.wire.peer = cast(TlsPeer, _Deaf())
        layer.wire.drain()
        self.assertTrue(layer.wire.reading)

    def test_a_producer_is_paused_above_high_and_resumed_at_a_quarter(self) -> None:
        layer, told = Layer(), []

        class Source:
            pauseProducing = staticmethod(lambda: told.append("p"))
            resumeProducing = staticmethod(lambda: told.append("r"))
            stopProducing = staticmethod(lambda: told.append("s"))

        layer.upper.registerProducer(Source(), True)
        layer.upper.write(bytes(256 * KIB))
        self.assertEqual(told, [])
        layer.upper.write(b"x")
        self.assertEqual(told, ["p"])
        while layer.upper.pending > 64 * KIB:
            self.assertEqual(told, ["p"])
            layer.wire.take(70_000)
        self.assertEqual(told, ["p", "r"])
        layer.wire.reset()
        self.assertEqual(told, ["p", "r", "s"])


class TelnetTests(SynchronousTestCase):
    """Telnet runs on TLS as on any other transport."""

    def setUp(self) -> None:
        self.session = telnetpeer.Listener()
        self.clock = Clock()
        self.layer = Layer(TelnetProtocol(self.session, SERVER, self.clock), warm=False)
        transport: Any = self.session.transport
        self.telnet: TelnetTransport = transport
        self.peer = telnetpeer.Peer()
        self.layer.wire.drain()
        self.layer.wire.say(self.layer.peer.say(telnetpeer.BINARY))

    def heard(self) -> telnetpeer.Peer:
        self.layer.wire.drain()
        self.peer.binary_from = 18
        self.peer.hear(bytes(self.layer.peer.data))
        return self.peer

    def test_data_and_commands(self) -> None:
        data = pattern(200_000).replace(b"\x11", b"\xff")
        self.telnet.write(data)
        self.telnet.send_subnegotiation(44, b"\x6b\xff")
        self.layer.wire.drain()
        self.layer.wire.say(self.layer.peer.say(b"a\xff\xffb" + telnetpeer.POLL_MODEM))
        self.assertEqual(self.session.data, b"a\xffb")
        self.assertIn(("sub", 44, b"\x07\0"), self.session.told)
        self.assertEqual(bytes(self.heard().data), data)
        self.assertEqual(figures(self.telnet), (len(data), 0, 0))
        self.assertIn(b"\xfa\x2c\x6b\xff", self.peer.said)

    def test_counts_are_told_through_both(self) -> None:
        self.telnet.write(b"\xff" * 10)
        self.layer.wire.drain()
        self.telnet.write(b"\xff" * 90_000)
        self.telnet.write(b"abc")
        self.layer.wire.take(16 * KIB + 22 + 5)
        self.assertEqual(figures(self.telnet), (10, 90_003, 0))
        self.layer.wire.reset()
        self.assertEqual(figures(self.telnet), (10 + 8 * KIB, 0, 90_003 - 8 * KIB))

    def test_what_is_unconfirmed_is_abandoned_through_both(self) -> None:
        self.telnet.write(b"\xff" * 10)
        self.layer.wire.drain()
        self.telnet.write(b"xyz")
        self.layer.wire.drain()
        self.layer.wire.owed = 1
        self.assertEqual(self.telnet.unconfirmed(), 3)
        self.telnet.abandon()
        self.telnet.abortConnection()
        self.assertEqual(figures(self.telnet), (10, 0, 3))

    def test_halves(self) -> None:
        self.layer.wire.say(self.layer.peer.say(b"data") + self.layer.peer.finish())
        self.assertEqual((self.session.data, self.session.told[-1]), (b"data", "r"))
        self.telnet.loseConnection()
        self.layer.wire.drain()
        self.assertFalse(self.layer.wire.connected)


class FactoryTests(SynchronousTestCase):
    """TLS below any factory, on a transport that does not count."""

    def factory(self, refused: list[Any]) -> TlsFactory:
        self.clock = Clock()
        return TlsFactory(
            Factory.forProtocol(Plain), world().creator, self.clock, lambda *told: refused.append(told)
        )

    def connect(
        self, factory: TlsFactory, port: int = 1, host: str = "10.0.0.1"
    ) -> tuple[TlsProtocol, StringTransportWithDisconnection]:
        protocol = factory.buildProtocol(IPv4Address("TCP", host, port))
        transport: Any = StringTransportWithDisconnection()
        transport.protocol = protocol
        protocol.makeConnection(transport)
        return protocol, transport

    def test_both_ways(self) -> None:
        factory = self.factory([])
        protocol, transport = self.connect(factory)
        peer = TlsPeer(world().context())
        protocol.dataReceived(peer.hear(b""))
        flight = transport.value()
        transport.clear()
        protocol.dataReceived(peer.hear(flight))
        protocol.dataReceived(peer.say(b"data"))
        inner = protocol._inner
        self.assertEqual(inner.told, [b"data"])
        verifyObject(ICountedTransport, inner.transport)
        inner.transport.write(pattern(100_000))
        peer.hear(transport.value())
        self.assertEqual((bytes(peer.data), figures(inner.transport)), (pattern(100_000), (100_000, 0, 0)))
        protocol.connectionLost(_lost())
        self.assertEqual(inner.told, [b"data", "lost"])

    def test_the_oldest_that_says_nothing_makes_room(self) -> None:
        refused: list[Any] = []
        factory = self.factory(refused)
        for port in range(MOST_SHAKING + 2):
            self.connect(factory, port)
        self.assertEqual([(address.port, why) for address, why in refused],
                         [(n, "TLS: too many handshakes at once") for n in (0, 1)])  # fmt: skip
        self.clock.advance(HANDSHAKE)
        self.assertEqual((len(refused), len(factory._shaking)), (MOST_SHAKING + 2, 0))

    def test_one_address_keeps_nobody_out(self) -> None:
        factory = self.factory([])
        _, other = self.connect(factory, 1, "10.0.0.2")
        first = [self.connect(factory, port)[1] for port in range(2 * MOST_SHAKING)]
        self.assertTrue(other.connected)
        self.assertEqual(sum(one.connected for one in first), MOST_SHAKING - 1)
        self.clock.advance(HANDSHAKE)


def _lost() -> Any:
    from twisted.internet.error import ConnectionLost
    from twisted.python.failure import Failure

    return Failure(ConnectionLost())
