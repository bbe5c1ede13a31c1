"""A device that is reached by UDP, and a whole gateway between datagrams: real sockets."""

from __future__ import annotations

import socket
from typing import Any
from unittest.mock import patch

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from smartserial.channels.endpoints import device_endpoint
from smartserial.channels.udp import device as udpdevice
from smartserial.channels.udp.device import UdpDeviceStream
from smartserial.channels.udp.socket import UdpSocket
from smartserial.errors import PortError
from smartserial.interfaces import ICountedTransport
from smartserial.settings import UdpDevice
from tests.support import GUARD, Program, Pty, pattern, receive, until
from tests.test_stream import until as until_later
from tests.test_udp_listener import Net


class Ear(Protocol):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.heard = b""
        self.ended: list[Failure] = []

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self.ended.append(reason)


class StreamTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.net, self.far = Net(), self.peer()
        endpoint = device_endpoint(UdpDevice(*self.far.getsockname()), self.net)
        self.ear: Any = self.successResultOf(endpoint.connect(Factory.forProtocol(Ear)))
        self.stream: UdpDeviceStream = self.ear.transport
        self.addCleanup(self.stream.abortConnection)

    def peer(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(GUARD)
        return sock

    def test_both_ways(self) -> None:
        self.assertTrue(ICountedTransport.providedBy(self.stream))
        self.stream.write(b"question")
        data, address = self.far.recvfrom(99)
        self.far.sendto(b"answer", address)
        self.far.sendto(b"", address)
        self.net.read()
        self.assertEqual((data, self.ear.heard), (b"question", b"answer"))
        self.assertEqual((self.stream.sent, self.stream.pending, self.stream.dropped), (8, 0, 0))

    def test_nobody_else_is_heard(self) -> None:
        self.stream.write(b"?")
        _, address = self.far.recvfrom(99)
        self.peer().sendto(b"me too", address)
        self.net.read()
        self.assertEqual(self.ear.heard, b"")

    def test_long_writes_are_several_datagrams(self) -> None:
        self.stream.write(bytes(3000))
        self.assertEqual([len(self.far.recv(9999)) for _ in range(3)], [1400, 1400, 200])

    def test_nobody_listens(self) -> None:
        """That changes nothing: the device may come."""
        port = self.far.getsockname()[1]
        self.far.close()
        for _ in range(3):
            self.stream.write(b"lost")
            self.net.read()
        self.assertEqual(self.ear.ended, [])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(("127.0.0.1", port))
            again.settimeout(GUARD)
            self.stream.write(b"found")
            self.assertEqual(again.recv(99), b"found")

    def test_no_way_any_more(self) -> None:
        """It is lost, and opened again by whoever wants it."""
        with patch.object(UdpSocket, "send", side_effect=OSError(101, "Network is unreachable")):
            self.stream.write(bytes(2000))
        (why,) = self.ear.ended
        self.assertIn("Network is unreachable", why.getErrorMessage())
        self.stream.write(b"late")
        self.assertEqual((self.stream.sent, self.stream.pending, self.stream.dropped), (0, 0, 2004))
        self.assertEqual(self.net.readers, set())

    def test_a_full_kernel_makes_it_wait(self) -> None:
        with patch.object(UdpSocket, "send", return_value=False):
            self.stream.write(b"one")
            self.stream.write(b"two")
            self.stream.loseConnection()
        self.assertEqual((self.stream.sent, self.stream.pending, self.ear.ended), (0, 6, []))
        self.stream.writable()
        self.assertEqual((self.far.recv(9), self.far.recv(9)), (b"one", b"two"))
        self.assertEqual(len(self.ear.ended), 1)

    def test_what_waits_when_it_fails_is_counted_once(self) -> None:
        with patch.object(UdpSocket, "send", return_value=False):
            self.stream.write(b"one")
            self.stream.write(b"two")
        with patch.object(UdpSocket, "send", side_effect=OSError(101, "Network is unreachable")):
            self.stream.writable()
        self.assertEqual((self.stream.sent, self.stream.pending, self.stream.dropped), (0, 0, 6))

    def test_datagrams_go_whole_or_not_at_all(self) -> None:
        with patch.object(UdpSocket, "send", return_value=False):
            self.stream.write(b"one")
            self.stream.write(b"three")
            self.assertEqual(self.stream.discard_oldest(1), 3)
        self.stream.writable()
        self.assertEqual(self.far.recv(9), b"three")

    def test_held_back(self) -> None:
        self.stream.write(b"?")
        _, address = self.far.recvfrom(99)
        self.stream.pauseProducing()
        self.far.sendto(b"later", address)
        self.net.read()
        self.assertEqual(self.ear.heard, b"")
        self.stream.resumeProducing()
        self.net.read()
        self.assertEqual(self.ear.heard, b"later")


class EndpointTest(SynchronousTestCase):
    def fails(self, device: UdpDevice) -> str:
        connecting = device_endpoint(device, Net()).connect(Factory.forProtocol(Ear))
        return self.failureResultOf(connecting, PortError).getErrorMessage()

    def test_our_own_port(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
            self.assertEqual(
                self.fails(UdpDevice("127.0.0.1", 9, port)),
                "cannot send to udp 127.0.0.1:9: Address already in use",
            )
        connecting = device_endpoint(UdpDevice("127.0.0.1", 9, port), Net()).connect(Factory.forProtocol(Ear))
        stream: Any = self.successResultOf(connecting).transport  # type: ignore[attr-defined]
        self.assertEqual(stream._socket.port, port)
        stream.abortConnection()

    def test_no_way(self) -> None:
        self.assertIn("cannot send to udp 255.255.255.255:9", self.fails(UdpDevice("255.255.255.255", 9)))

    def test_given_up(self) -> None:
        """A lookup that nobody waits for any more opens nothing."""
        found: list[Any] = []

        class Later:
            def __init__(self, host: str, port: int, done: Any, reactor: Any) -> None:
                self.done: Any = done
                found.append(self)

            def forget(self) -> None:
                self.done = None

        self.patch(udpdevice, "Lookup", Later)
        connecting = device_endpoint(UdpDevice("example.org", 9), Net()).connect(Factory.forProtocol(Ear))
        connecting.cancel()
        self.failureResultOf(connecting)
        self.assertIs(found[0].done, None)


class NamesTest(TestCase):
    async def look_up(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            endpoint = device_endpoint(UdpDevice("localhost", sock.getsockname()[1]), reactor)
            ear: Any = await endpoint.connect(Factory.forProtocol(Ear))
            if ":" not in ear.transport._socket._socket.getpeername()[0]:
                ear.transport.write(b"by name")
                sock.settimeout(GUARD)
                self.assertEqual(sock.recv(99), b"by name")
            ear.transport.loseConnection()
            await until_later(lambda: ear.ended)

    def test_a_name(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.look_up())


class GatewayTest(SynchronousTestCase):
    """The program."""

    def sock(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(GUARD)
        return sock

    def test_clients_and_targets(self) -> None:
        pty, peer, target = Pty(self), self.sock(), self.sock()
        there = target.getsockname()[1]
        program = Program(
            self,
            f"""
            shares:
              plc:
                device: {{port: {pty.path}}}
                listen:
                  - {{transport: udp, port: 0}}
                  - {{port: 0}}
                  - {{transport: udp, port: 0, access: read, targets: ["127.0.0.1:{there}"]}}
                packets: {{size: 700, gap: 20ms}}
            """,
        )
        program.wait_for("plc: opened")
        program.wait_for("connected to udp:")
        peer.sendto(b"question", ("127.0.0.1", program.ports("plc")[0]))
        self.assertEqual(pty.read(8), b"question")
        with program.connect("plc", 1) as client:
            program.wait_for("connected to", 3)
            data = pattern(3000)
            pty.write(data)
            self.assertEqual(receive(client, 3000), data)
        for sock in (peer, target):
            got = [sock.recv(9999)]
            while sum(map(len, got)) < 3000:
                got.append(sock.recv(9999))
            self.assertEqual(b"".join(got), data)
            self.assertLessEqual(max(map(len, got)), 700)
        self.assertEqual(program.stop(), 0)
        up, down = program.accounts("plc")
        self.assertEqual((up["read"], up["copied"], up["delivered"]), (3000, 6000, 9000))
        self.assertEqual((down["read"], down["delivered"]), (8, 8))

    def test_a_udp_device(self) -> None:
        far = self.sock()
        program = Program(
            self,
            f"""
            shares:
              x: {{device: {{udp: "127.0.0.1:{far.getsockname()[1]}"}}, listen: [{{port: 0}}]}}
            """,
        )
        program.wait_for("x: opened udp 127.0.0.1")
        with program.connect("x") as client:
            client.sendall(b"question")
            data, address = far.recvfrom(99)
            self.assertEqual(data, b"question")
            for _ in range(100):
                far.sendto(bytes(1000), address)
                receive(client, 1000)
        self.assertEqual(program.stop(), 0)
        up, down = program.accounts("x")
        self.assertEqual((up["read"], up["delivered"], down["delivered"]), (100_000, 100_000, 8))

    def test_an_address_goes_from_share_to_share(self) -> None:
        config = "shares: {{{name}: {{device: {{loop: true}}, listen: [{{transport: udp, port: {port}}}]}}}}"
        free = self.sock()
        port = free.getsockname()[1]
        free.close()
        program = Program(self, config.format(name="a", port=port))
        program.ports("a")
        peer = self.sock()
        peer.sendto(b"1", ("127.0.0.1", port))
        self.assertEqual(peer.recv(9), b"1")
        program.configure(config.format(name="b", port=port))
        program.process.send_signal(1)
        program.ports("b")
        peer.sendto(b"2", ("127.0.0.1", port))
        self.assertEqual(peer.recv(9), b"2")
        program.wait_for("a: stopped")
        self.assertEqual(program.stop(), 0)

    def test_a_taken_address(self) -> None:
        taken = self.sock().getsockname()[1]
        program = Program(
            self, f"shares: {{a: {{device: {{loop: true}}, listen: [{{transport: udp, port: {taken}}}]}}}}"
        )
        until(lambda: program.process.poll() is not None)
        self.assertEqual(program.process.returncode, 2)
        self.assertIn(f"cannot listen on udp 127.0.0.1:{taken}: Address already in use", program.log)
