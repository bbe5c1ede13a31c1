"""SSH connections as packets: which algorithms, what may come when, odd input, floods, new keys."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.conch.ssh.common import NS, getNS
from twisted.conch.ssh.transport import SSHCiphers
from twisted.trial.unittest import SynchronousTestCase

from smartserial.console import sshtransport
from smartserial.console.sshtransport import LAST_WORDS, MOST_KEPT, MOST_UNREAD, PATIENCE
from tests.fakes import FakeTransport
from tests.sshstage import DATA, OPEN, REQUEST, SERVICE_REQUEST, USER, Peer, SshStage
from tests.support import pattern

KEXINIT, NEWKEYS, KEX = 20, 21, 30
WEAK = (b"sha1", b"-cbc", b"md5", b"dss", b"3des", b"zlib")


class RawPeer:
    """Somebody who sends bytes that are not those of a client."""

    def __init__(self, stage: SshStage) -> None:
        self.server: Any = stage.door.buildProtocol(None)
        self.wire = Peer(stage, self.server, "10.0.0.7").wire
        self.server.makeConnection(self.wire)
        self.stage = stage

    def say(self, data: bytes) -> None:
        if self.wire.connected:
            self.wire.say(data)
            self.wire.take(1 << 20)

    def packet(self, payload: bytes) -> None:
        """Send a packet that is not encrypted."""
        padding = 8 - (len(payload) + 5) % 8
        padding += 8 if padding < 4 else 0
        self.say(struct.pack(">LB", len(payload) + padding + 1, padding) + payload + bytes(padding))

    @property
    def over(self) -> bool:
        return self.wire.closing or not self.wire.connected


class TransportCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.stage = SshStage(self)
        self.lines: list[str] = []

    def tearDown(self) -> None:
        self.assertEqual(self.flushLoggedErrors(), [])


class AlgorithmsTest(TransportCase):
    def test_what_is_offered(self) -> None:
        peer = RawPeer(self.stage)
        peer.wire.take(1 << 20)
        version, _, rest = peer.wire.taken.partition(b"\r\n")
        self.assertEqual(version, b"SSH-2.0-smartserial")
        offered = getNS(rest[5 + 17 :], 8)[:8]
        exchanges, keys, *others = (one.split(b",") for one in offered)
        self.assertIn(b"curve25519-sha256", exchanges)
        self.assertEqual(keys, [b"ssh-ed25519"])
        self.assertEqual(others[0], [b"aes256-ctr", b"aes192-ctr", b"aes128-ctr"])
        self.assertEqual(others[2], [b"hmac-sha2-512", b"hmac-sha2-256"])
        self.assertEqual(others[4], [b"none"])
        self.assertEqual([weak for weak in WEAK if weak in b",".join(offered)], [])

    def test_nobody_comes_in_by_weak_ones(self) -> None:
        for name, value in (
            ("supportedCiphers", [b"aes128-cbc"]),
            ("supportedMACs", [b"hmac-sha1"]),
            ("supportedKeyExchanges", [b"diffie-hellman-group14-sha1"]),
            ("supportedCompressions", [b"zlib"]),
        ):
            peer = Peer(self.stage, self.stage.door.buildProtocol(None), "10.0.0.7")
            setattr(peer.ssh, name, value)
            peer.begin()
            self.assertFalse(peer.ssh.secure, name)
            self.assertTrue(peer.ended, name)

    def test_how_users_may_sign_is_told(self) -> None:
        told = self.stage.comes().ssh.peerExtensions[b"server-sig-algs"].split(b",")
        self.assertIn(b"rsa-sha2-256", told)
        self.assertIn(b"sk-ssh-ed25519@openssh.com", told)
        self.assertNotIn(b"ssh-rsa", told)


class OrderTest(TransportCase):
    def test_nothing_but_keys_comes_first(self) -> None:
        for number in (2, 3, 4, SERVICE_REQUEST, 6, 7, KEX, 31, NEWKEYS, 49, USER, OPEN, DATA, REQUEST, 255):
            peer = RawPeer(self.stage)
            peer.say(b"SSH-2.0-x\r\n")
            peer.packet(bytes((number,)) + NS(b"ssh-userauth") * 3)
            self.assertTrue(peer.over, number)
            self.assertIn(f"message {number} has no place here".encode(), peer.wire.taken)

    def test_keys_only_once_before_the_login(self) -> None:
        for login in (False, True):
            peer = self.stage.comes()
            if login:
                peer.ask_to_log_in()
            peer.ssh.sendKexInit()
            peer.pump()
            self.assertEqual(peer.ended, "message 20 has no place here")

    def test_within_an_exchange_of_keys(self) -> None:
        kexinit = bytes((KEXINIT,)) + self.stage.comes().ssh.ourKexInitPayload[1:]
        for second in (kexinit, bytes((NEWKEYS,)), bytes((OPEN,)) + NS(b"session") + bytes(12)):
            peer = RawPeer(self.stage)
            peer.say(b"SSH-2.0-x\r\n")
            peer.packet(kexinit)
            self.assertFalse(peer.over)
            peer.packet(second)
            self.assertTrue(peer.over, second[0])
            self.assertIn(f"message {second[0]} has no place here".encode(), peer.wire.taken)

    def test_a_users_data_within_an_exchange_of_keys(self) -> None:
        peer = self.stage.visitor()
        talk = peer.open()
        peer.ssh.sendKexInit()
        state, peer.ssh._keyExchangeState = peer.ssh._keyExchangeState, peer.ssh._KEY_EXCHANGE_NONE
        peer.ssh.sendPacket(REQUEST, struct.pack(">L", talk.number) + NS(b"shell") + b"\1")
        peer.ssh._keyExchangeState = state
        peer.pump()
        self.assertIn("message 98 has no place here", peer.ended)

    def test_channels_before_the_login_and_logins_after(self) -> None:
        peer = self.stage.comes().ask_to_log_in()
        peer.open()
        self.assertEqual(peer.ended, "message 90 has no place here")
        peer = self.stage.visitor()
        peer.password("eva")
        self.assertEqual(peer.ended, "message 50 has no place here")


class OddTest(TransportCase):
    def test_bad_beginnings(self) -> None:
        for data in (
            b"GET / HTTP/1.0\r\n" + b"x" * 5000,
            b"SSH-1.5-old\r\n",
            b"SSH-\r\n" + bytes(100),
            b"SSH-2.0-x\r\n" + b"\xff" * 40,
            b"SSH-2.0-x\r\n" + struct.pack(">LB", 12, 10) + b"\x14" + bytes(10),
            b"SSH-2.0-x\r\n" + struct.pack(">LB", 11, 10) + bytes(11),
            b"\x16\x03\x01\x02\x00" + bytes(5000),
            b"SSH-2.0-x\r\n" + struct.pack(">LB", 1_000_004, 10) + bytes(70_000),
        ):
            peer = RawPeer(self.stage)
            peer.say(data)
            self.assertTrue(peer.over, data[:30])
        self.assertEqual(self.stage.comes().ask_to_log_in().password("anna"), 52)

    def test_an_empty_message(self) -> None:
        peer = RawPeer(self.stage)
        peer.say(b"SSH-2.0-x\r\n")
        peer.packet(b"")
        self.assertIn(b"an empty message", peer.wire.taken)

    @given(st.lists(st.binary(max_size=80), max_size=6), st.sampled_from((b"", b"SSH-2.0-x\r\n")))
    def test_any_bytes(self, pieces: list[bytes], begin: bytes) -> None:
        peer = RawPeer(self.stage)
        for piece in (begin, *pieces):
            peer.say(piece)
        if peer.wire.connected:
            peer.wire.reset()
        self.assertEqual((self.stage.timers, len(self.stage.door._logging_in)), ([], 0))

    @given(st.integers(1, 110), st.binary(max_size=60), st.booleans())
    def test_any_message(self, number: int, payload: bytes, inside: bool) -> None:
        """Whatever somebody sends, before or after the login, ends their connection at most."""
        peer = self.stage.visitor() if inside else self.stage.comes().ask_to_log_in()
        if inside:
            peer.shell()
        peer.ssh.sendPacket(number, struct.pack(">L", 0) + payload)
        peer.ssh.sendPacket(number, payload)
        peer.pump()
        peer.wire.reset()
        self.assertEqual(self.stage.timers, [])
        self.assertEqual((self.stage.door.places.taken, self.stage.door.seats.taken), (0, 0))

    @given(st.integers(0, 2000), st.integers(0, 255))
    def test_any_byte_that_is_another(self, place: int, byte: int) -> None:
        """A client whose first packets are changed on the way."""
        peer = Peer(self.stage, self.stage.door.buildProtocol(None), "10.0.0.7")
        peer.ssh.makeConnection(peer.line)  # type: ignore[arg-type]
        written = bytearray(peer.line.written)
        written[place % len(written)] = byte
        peer.line.written = bytes(written)
        peer.server.makeConnection(peer.wire)
        peer.pump()
        if peer.wire.connected:
            peer.wire.reset()
        self.assertEqual(self.stage.timers, [])

    def test_answers_that_nobody_has_asked_for(self) -> None:
        for number in (81, 82, 91, 92, 99, 100):
            peer = self.stage.visitor()
            peer.shell()
            peer.say(number, bytes(20))
            self.assertEqual(peer.ended, "an answer that nobody has asked for")

    def test_a_changed_packet(self) -> None:
        peer = self.stage.visitor()
        talk = peer.shell()
        peer.ssh.sendPacket(DATA, struct.pack(">L", talk.number) + NS(b"who\r"))
        written = bytearray(peer.line.written)
        written[-1] ^= 1
        peer.line.written = bytes(written)
        peer.pump()
        self.assertEqual(peer.ended, "bad MAC")

    def test_words_come_before_the_end_but_not_for_long(self) -> None:
        peer = self.stage.comes()
        peer.takes = False
        peer.ssh.sendPacket(REQUEST, b"")
        peer.pump()
        self.assertTrue(peer.wire.connected)
        self.stage.clock.advance(LAST_WORDS)
        self.assertFalse(peer.wire.connected)

    def test_what_comes_behind_the_end_is_not_looked_at(self) -> None:
        peer = self.stage.visitor()
        peer.ssh.sendPacket(93, struct.pack(">2L", 7, 1))
        peer.ssh.sendPacket(DATA, struct.pack(">L", 7) + NS(b"x"))
        peer.ssh.sendPacket(OPEN, NS(b"session") + struct.pack(">3L", 0, 1, 1))
        peer.pump()
        self.assertEqual(peer.ended, "something for channel 7, which there is not")

    def test_a_word_of_farewell(self) -> None:
        peer = self.stage.visitor()
        peer.ssh.sendPacket(1, struct.pack(">L", 11) + NS(b"bye") + NS(b""))
        peer.pump()
        self.assertFalse(peer.wire.connected)
        self.assertEqual(self.stage.timers, [])


class FloodTest(TransportCase):
    def test_who_reads_no_answers_is_not_read_from(self) -> None:
        peer = self.stage.visitor()
        peer.takes = False
        for _ in range(4000):
            peer.ssh.sendPacket(80, NS(b"keepalive@openssh.com") + b"\1")
        written = len(peer.line.written)
        while peer.wire.reading and peer.line.written:
            data, peer.line.written = peer.line.written[:4096], peer.line.written[4096:]
            peer.wire.say(data)
        self.assertLess(peer.wire.pending, MOST_UNREAD + 10_000)
        self.assertGreater(len(peer.line.written), written // 4)
        peer.takes = True
        peer.pump()
        self.assertTrue(peer.wire.reading)
        self.assertEqual((peer.line.written, peer.ended), (b"", ""))

    def test_who_promises_new_keys_and_asks_on(self) -> None:
        self.patch(sshtransport, "KEY_BYTES", 1000)
        peer = self.stage.visitor()
        peer.shell()
        peer.ssh.dispatchMessage = lambda number, payload: None  # type: ignore[method-assign] # it is deaf
        for count in (50, MOST_KEPT):
            for _ in range(count):
                peer.ssh.sendPacket(80, NS(b"x") + b"\1")
            self.assertTrue(peer.wire.connected)
            peer.pump()
        for _ in range(2):
            peer.ssh.sendPacket(80, NS(b"x") + b"\1")
        peer.pump()
        self.assertFalse(peer.wire.connected)


class VanishedTest(TransportCase):
    def test_who_does_not_answer_any_more(self) -> None:
        self.patch(sshtransport, "SocketStream", FakeTransport)
        peer = self.stage.visitor()
        peer.command("share meter")
        asked: list[float] = []
        peer.wire.vanished = lambda seconds: asked.append(seconds) or len(asked) > 2
        self.stage.clock.pump([1] * 14)
        self.assertTrue(peer.wire.connected)
        self.stage.clock.advance(1)
        self.assertEqual((peer.wire.connected, asked), (False, [PATIENCE] * 3))
        self.assertEqual((self.stage.timers, self.stage.share("meter").clients.sessions()), ([], []))


class KeysTest(TransportCase):
    def test_the_client_wants_new_keys(self) -> None:
        peer = self.stage.visitor()
        talk = peer.shell()
        for _ in range(3):
            before = peer.ssh.currentEncryptions
            peer.ssh.sendKexInit()
            peer.pump()
            self.assertIsNot(peer.ssh.currentEncryptions, before)
            talk.took()
            talk.send(b"who\n")
            self.assertIn(b"anna at 10.0.0.7", talk.took())

    def test_we_want_new_keys(self) -> None:
        self.patch(sshtransport, "KEY_BYTES", 100_000)
        peer = self.stage.visitor()
        talk = peer.command("share meter", window=1 << 30)
        keys: list[SSHCiphers] = [peer.ssh.currentEncryptions]
        data = pattern(1_000_000)
        for place in range(0, len(data), 50_000):
            self.stage.device("meter").say(data[place : place + 50_000])
            peer.pump()
            if peer.ssh.currentEncryptions is not keys[-1]:
                keys.append(peer.ssh.currentEncryptions)
        self.assertEqual(talk.out, data)
        self.assertGreaterEqual(len(keys), 7)

    def test_data_waits_while_keys_are_exchanged(self) -> None:
        peer = self.stage.visitor()
        talk = peer.command("share meter")
        stream = self.stage.share("meter").clients.sessions()[0].stream
        peer.ssh.sendKexInit()
        init, peer.line.written = peer.line.written, b""
        peer.wire.say(init)
        self.stage.device("meter").say(b"x" * 5000)
        self.assertEqual((stream.sent, stream.pending), (0, 5000))
        peer.pump()
        self.assertEqual((stream.sent, stream.pending, len(talk.out)), (5000, 0, 5000))

    def test_packets_are_counted_round(self) -> None:
        peer = self.stage.visitor()
        talk = peer.shell()
        peer.server.incomingPacketSequence = peer.ssh.outgoingPacketSequence = 0xFFFFFFFE
        peer.server.outgoingPacketSequence = peer.ssh.incomingPacketSequence = 0xFFFFFFFE
        for _ in range(4):
            talk.took()
            talk.send(b"who\n")
            self.assertIn(b"anna at 10.0.0.7", talk.took())
        self.assertLess(peer.server.incomingPacketSequence, 100)


class GoneTest(TransportCase):
    def test_at_any_moment(self) -> None:
        for step in range(6):
            peer = Peer(self.stage, self.stage.door.buildProtocol(None), "10.0.0.7")
            if step < 2:
                peer.server.makeConnection(peer.wire)
            if step == 1:
                peer.wire.say(b"SSH-2.0-x\r\n")
            if step > 1:
                peer.begin()
            if step > 2:
                peer.ask_to_log_in()
            if step > 3:
                peer.password("anna")
            if step > 4:
                peer.command("share meter")
            peer.wire.reset()
            self.assertEqual(self.stage.timers, [], step)
        self.assertEqual(self.stage.share("meter").clients.sessions(), [])
