"""What a listener over UDP hears of itself, and interfaces that it cannot use."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.udp.listener import UdpListener, listener_for
from smartserial.channels.udp.targets import RETURN
from smartserial.errors import ConfigError
from smartserial.events import ShareNoted
from smartserial.settings import Address
from smartserial.sharing.ledger import Reason
from smartserial.sharing.packets import PacketRules
from tests.test_udp_listener import Net, Peer, Stage, udp


def with_itself(stage: Stage, host: str) -> None:
    """Give a stage's listener its own address as a target, which nothing but a name can do."""
    (listener,) = stage.listeners
    assert isinstance(listener, UdpListener) and listener._socket is not None
    settings = udp(listener.settings.address.host, 0, Address(host, listener._socket.port))
    listener.update(settings)
    stage.share.update(replace(stage.settings, listeners=(settings,)), stage.listeners, None)
    stage.turn(RETURN)


class OwnTest(SynchronousTestCase):
    def circle(self, here: str, target: str) -> None:
        """Nothing goes in circles, each byte is counted, and others are heard as ever."""
        stage, peer = Stage(self, udp(here)), Peer(self, target)
        with_itself(stage, target)
        stage.device.say(b"round")
        for _ in range(5):
            stage.turn()
        self.assertEqual(stage.discarded(1), {Reason.REFUSED: 5})
        peer.sock.sendto(b"hello", (target, stage.listeners[0]._socket.port))  # type: ignore[attr-defined]
        stage.turn()
        self.assertEqual(stage.device.pending, 5)
        notes = [event.text for event in stage.of(ShareNoted)]
        where = stage.listeners[0].where
        self.assertEqual(
            notes, [f"one of the targets leads back to {where}: what comes from itself is refused"]
        )

    def test_of_one_address(self) -> None:
        self.circle("127.0.0.1", "127.0.0.1")

    def test_of_all_addresses(self) -> None:
        self.circle("0.0.0.0", "127.0.0.1")

    def test_another_port_of_this_machine_is_no_circle(self) -> None:
        stage, peer = Stage(self), Peer(self)
        stage.say(peer, b"hello")
        self.assertEqual((stage.device.pending, stage.discarded(1)), (5, {}))

    def test_which_addresses_are_its_own(self) -> None:
        for host, own, others in (
            ("127.0.0.1", ["127.0.0.1", "::ffff:127.0.0.1"], ["127.0.0.2", "10.99.1.1"]),
            ("0.0.0.0", ["127.0.0.1", "127.0.0.2"], ["198.51.100.7"]),
            ("::1", ["::1"], ["::2"]),
            ("::", ["::1"], ["2001:db8::7"]),
        ):
            listener = listener_for(udp(host), Net())
            listener.bind()
            self.addCleanup(listener.stop)
            assert isinstance(listener, UdpListener) and listener._socket is not None
            port = listener._socket.port
            for address in own:
                self.assertTrue(listener._socket.is_own((address, port)), address)
                self.assertFalse(listener._socket.is_own((address, port % 60000 + 1)), address)
            for address in others:
                self.assertFalse(listener._socket.is_own((address, port)), address)


class InterfaceTest(SynchronousTestCase):
    def test_one_that_is_not_there_is_named(self) -> None:
        for host in ("127.0.0.1", "::1"):
            group = "ff02::1" if ":" in host else "239.0.0.1"
            listener = listener_for(udp(host, 0, Address(group, 1), interface="nowhere0"), Net())
            error = self.assertRaises(ConfigError, listener.bind)
            where = Address(host, 0)
            text = f"cannot listen on udp {where}: the interface nowhere0 cannot be used: "
            self.assertIn(text, str(error))

    def test_after_a_reload_it_is_a_note(self) -> None:
        stage = Stage(self)
        settings = udp("127.0.0.1", 0, Address("239.0.0.1", 1), interface="nowhere0")
        stage.listeners[0].update(settings)
        (note,) = stage.of(ShareNoted)
        self.assertIn("the interface nowhere0 cannot be used: ", note.text)


class KeptTest(SynchronousTestCase):
    """What was kept comes in datagrams as it would have come."""

    def test_kept_packets(self) -> None:
        stage, peer, other = Stage(self, packets=PacketRules(chars=b"\n", hold=1.0)), Peer(self), Peer(self)
        stage.device.say(b"one\ntwo\nthr")
        stage.turn(1.0)
        stage.device.say(b"ee\n")
        stage.say(peer, b"")
        self.assertEqual(peer.heard(), [b"one\n", b"two\n", b"three\n"])
        stage.say(other, b"")
        self.assertEqual(other.heard(), [])
        self.assertEqual(stage.discarded(0), {})

    def test_the_last_bytes(self) -> None:
        rules = PacketRules(size=4, pause=5.0)
        stage, peer, other = Stage(self, packets=rules, replay=10), Peer(self), Peer(self)
        stage.say(peer, b"")
        stage.device.say(b"0123456789")
        stage.turn(20.0)
        stage.say(other, b"")
        self.assertEqual(other.heard(), [b"0123", b"4567", b"89"])

    def test_many_packets(self) -> None:
        stage, peer = Stage(self, packets=PacketRules(size=2), buffer=2000), Peer(self)
        stage.device.say(b"ab" * 1000)
        stage.say(peer, b"")
        self.assertEqual(b"".join(peer.heard()), b"ab" * 1000)

    def test_without_packets(self) -> None:
        stage, peer = Stage(self), Peer(self)
        stage.device.say(b"one\n")
        stage.device.say(b"x" * 1400)
        stage.say(peer, b"")
        self.assertEqual([len(data) for data in peer.heard()], [1400, 4])
