"""The transports on real sockets and ptys, in the test's own reactor."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tty
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from smartserial.channels.serial.port import SerialTransport, open_port
from smartserial.channels.stream import FULL_BATCH, HIGH
from smartserial.channels.tcp import ACCEPTS, ServerStream, StreamPort, tcp_endpoint
from smartserial.errors import PortError, SettingsRefusedError
from smartserial.interfaces import ICountedTransport, ISerialTransport
from smartserial.lines import Flow, Lines, LineSettings, Parity, Rs485
from smartserial.settings import Keepalive
from tests.support import pattern

TURNS = 20_000


async def until(condition: Any) -> None:
    """Let the reactor turn until `condition` holds; give up after many turns."""
    for _ in range(TURNS):
        if condition():
            return
        await deferLater(reactor, 0)
    raise AssertionError("it never came")


class Recorder(Protocol):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.data = b""
        self.sizes: list[int] = []
        self.lost: Any = None
        self.paused: list[bool] = []

    def dataReceived(self, data: bytes) -> None:
        self.data += data
        self.sizes.append(len(data))

    def connectionLost(self, reason: Any = None) -> None:
        self.lost = reason

    def pauseProducing(self) -> None:
        self.paused.append(True)

    def resumeProducing(self) -> None:
        self.paused.append(False)

    def stopProducing(self) -> None:
        pass


@implementer(IHalfCloseableProtocol)
class HalfCloser(Recorder):
    """Also keeps which half was closed."""

    halves = ""

    def readConnectionLost(self) -> None:
        self.halves += "r"

    def writeConnectionLost(self) -> None:
        self.halves += "w"


class ServerTests(TestCase):
    """Accepted TCP connections."""

    timeout = 60

    async def connect(self, protocol: Recorder, **options: Any) -> tuple[ServerStream, socket.socket]:
        factory = Factory.forProtocol(lambda: protocol)
        factory.noisy = False
        port = StreamPort("127.0.0.1", 0, factory, reactor, **options)
        port.startListening()
        self.addCleanup(port.stopListening)
        client = socket.create_connection(port.getHost().host and ("127.0.0.1", port.getHost().port))
        self.addCleanup(client.close)
        await until(lambda: protocol.transport is not None)
        transport: Any = protocol.transport
        self.addCleanup(lambda: transport.connected and transport.cut())
        return transport, client

    async def test_a_write_goes_out_at_once(self) -> None:
        transport, client = await self.connect(Recorder())
        verifyObject(ICountedTransport, transport)
        transport.write(b"now")
        client.setblocking(False)
        self.assertEqual(client.recv(10), b"now")
        self.assertEqual((transport.sent, transport.pending, transport.dropped), (3, 0, 0))

    async def test_what_the_kernel_does_not_take_waits_and_the_producer_is_paused(self) -> None:
        recorder = Recorder()
        transport, client = await self.connect(recorder)
        transport.registerProducer(recorder, True)
        data = pattern(1_000_000)
        given = 0
        while not transport.pending:
            transport.write(data)
            given += len(data)
        transport.write(data)
        given += len(data)
        self.assertEqual(recorder.paused, [True])
        self.assertEqual(transport.sent + transport.pending, given)
        self.assertEqual(transport.discard_oldest(7), 7)
        client.setblocking(False)
        got = 0

        def drained() -> bool:
            nonlocal got
            try:
                got += len(client.recv(1 << 20))
            except BlockingIOError:
                return transport.pending == 0 and got == given - 7
            return False

        await until(drained)
        self.assertEqual(recorder.paused, [True, False])
        self.assertEqual(transport.sent, given - 7)
        self.assertEqual(transport.unconfirmed(), 0)
        self.assertLess(HIGH, len(data))
        transport.unregisterProducer()

    async def test_closing_waits_for_what_waits(self) -> None:
        transport, client = await self.connect(Recorder())
        data = pattern(8_000_000)
        transport.write(data)
        transport.loseConnection()
        client.setblocking(False)
        got = bytearray()

        def ended() -> bool:
            try:
                piece = client.recv(1 << 20)
            except BlockingIOError:
                return False
            got.extend(piece)
            return not piece

        await until(ended)
        self.assertEqual(bytes(got), data)

    async def test_a_reset_peer_leaves_what_it_sent_to_be_read(self) -> None:
        protocol = HalfCloser()
        transport, client = await self.connect(protocol)
        transport.pauseProducing()
        data = pattern(100_000)
        client.sendall(data)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        await until(lambda: transport.socket.recv(1, socket.MSG_PEEK) == data[:1])
        client.close()
        await until(transport.reset)
        transport.write(b"into the void")
        self.assertEqual(protocol.halves, "w")
        self.assertEqual((transport.sent, transport.dropped), (0, 13))
        self.assertEqual(protocol.data, b"")
        transport.resumeProducing()
        await until(lambda: protocol.halves == "wr")
        self.assertEqual(protocol.data, data)

    async def test_a_half_closed_peer_still_reads(self) -> None:
        protocol = HalfCloser()
        transport, client = await self.connect(protocol)
        client.shutdown(socket.SHUT_WR)
        await until(lambda: protocol.halves == "r")
        transport.write(b"answer")
        self.assertEqual(client.recv(100), b"answer")
        self.assertFalse(transport.reset())

    async def test_what_was_not_acknowledged_is_known_after_a_reset(self) -> None:
        protocol = HalfCloser()
        transport, client = await self.connect(protocol)
        transport.write(b"read")
        self.assertEqual(client.recv(4), b"read")
        client.close()
        await until(lambda: protocol.halves == "r")
        transport.write(b"never")
        self.assertTrue(transport.reset())
        self.assertEqual(transport.unconfirmed(), 5)
        transport.abandon()
        self.assertEqual((transport.sent, transport.dropped), (4, 5))

    async def test_after_an_abort_nothing_more_is_sent(self) -> None:
        protocol = HalfCloser()
        transport, client = await self.connect(protocol)
        transport.abortConnection()
        transport.write(b"late")
        await until(lambda: protocol.lost is not None)
        self.assertEqual(transport.dropped, 4)
        with self.assertRaises(ConnectionResetError):
            client.recv(1)

    async def test_options_are_those_of_the_listener(self) -> None:
        for nodelay, keepalive in ((True, Keepalive(7, 3, 5)), (False, None)):
            recorder = Recorder()
            transport, _ = await self.connect(recorder, nodelay=nodelay, keepalive=keepalive)
            options = [
                transport.socket.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            ]
            self.assertEqual(bool(transport.getTcpNoDelay()), nodelay)
            self.assertEqual(bool(transport.getTcpKeepAlive()), keepalive is not None)
            self.assertEqual(options == [7, 3, 5], keepalive is not None)

    async def test_a_pull_producer_is_asked_until_it_has_no_more(self) -> None:
        transport, client = await self.connect(Recorder())

        class Puller:
            left = 5

            def resumeProducing(self) -> None:
                self.left -= 1
                transport.write(b"more")
                if not self.left:
                    transport.unregisterProducer()
                    transport.loseConnection()

            def stopProducing(self) -> None:
                pass

        transport.registerProducer(Puller(), False)
        client.setblocking(False)
        got = bytearray()

        def ended() -> bool:
            with contextlib.suppress(BlockingIOError):
                piece = client.recv(100)
                got.extend(piece)
                return not piece
            return False

        await until(ended)
        self.assertEqual(bytes(got), b"more" * 5)

    async def test_words_of_ours_are_not_counted(self) -> None:
        transport, client = await self.connect(Recorder())
        transport.tell(b"words")
        self.assertEqual(client.recv(5), b"words")
        self.assertEqual(transport.sent, 0)
        await until(lambda: transport.unconfirmed() == 0)

    def test_a_storm_of_connections_is_let_in_bit_by_bit(self) -> None:
        built: list[Recorder] = []

        def build() -> Recorder:
            built.append(Recorder())
            return built[-1]

        factory = Factory.forProtocol(build)
        factory.noisy = False
        port = StreamPort("127.0.0.1", 0, factory, reactor)
        port.startListening()
        self.addCleanup(port.stopListening)
        for _ in range(20):
            client = socket.create_connection(("127.0.0.1", port.getHost().port))
            self.addCleanup(client.close)
        counts = []
        while len(built) < 20:
            before = len(built)
            port.doRead()
            counts.append(len(built) - before)
        self.assertEqual(counts, [ACCEPTS] * (20 // ACCEPTS))
        for protocol in built:
            protocol.transport.abortConnection()  # type: ignore[union-attr]

    async def test_a_connection_that_we_made_counts_too(self) -> None:
        server, client = Recorder(), Recorder()
        factory = Factory.forProtocol(lambda: server)
        factory.noisy = False
        port = StreamPort("127.0.0.1", 0, factory, reactor)
        port.startListening()
        self.addCleanup(port.stopListening)
        endpoint = tcp_endpoint(reactor, "localhost", port.getHost().port)
        await endpoint.connect(Factory.forProtocol(lambda: client))
        transport: Any = client.transport
        verifyObject(ICountedTransport, transport)
        transport.write(b"there")
        await until(lambda: server.data == b"there" and transport.unconfirmed() == 0)
        self.assertEqual(transport.sent, 5)
        transport.loseConnection()
        await until(lambda: server.lost and client.lost)


class SerialTests(TestCase):
    """A serial port that is a pty."""

    timeout = 60

    def setUp(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self.addCleanup(os.close, slave)
        self.addCleanup(lambda: self.master >= 0 and os.close(self.master))
        os.set_blocking(self.master, False)
        self.recorder = Recorder()
        self.port = SerialTransport(open_port(Path(self.path)), self.path, reactor)
        self.port.start(self.recorder)
        self.addCleanup(self.port.abortConnection)

    def test_it_is_what_it_says(self) -> None:
        verifyObject(ISerialTransport, self.port)

    async def test_bytes_pass_both_ways_in_batches(self) -> None:
        self.port.write(bytes(range(256)))
        self.assertEqual(os.read(self.master, 1000), bytes(range(256)))
        data = pattern(12_000)
        given = 0

        def arrived() -> bool:
            nonlocal given
            with contextlib.suppress(BlockingIOError):
                given += os.write(self.master, data[given:])
            return len(self.recorder.data) == len(data)

        await until(arrived)
        self.assertEqual(self.recorder.data, data)
        self.assertLessEqual(max(self.recorder.sizes), FULL_BATCH + 4096)

    async def test_what_does_not_fit_waits(self) -> None:
        data = pattern(200_000)
        self.port.write(data)
        self.assertGreater(self.port.pending, 0)
        got = bytearray()

        def drained() -> bool:
            with contextlib.suppress(BlockingIOError):
                got.extend(os.read(self.master, 65536))
            return len(got) == len(data)

        await until(drained)
        self.assertEqual(bytes(got), data)
        self.assertEqual((self.port.sent, self.port.pending), (len(data), 0))

    def test_settings_are_read_back(self) -> None:
        for baudrate in (300, 9600, 115200, 250_000, 3_000_000):
            self.port.apply(LineSettings(baudrate=baudrate))
            self.assertEqual(self.port.settings.baudrate, baudrate)

    def test_what_a_pty_has_not_is_a_shadow(self) -> None:
        settings = LineSettings(4800, 7, Parity.EVEN, 2, Flow.RTSCTS, Rs485())
        self.port.apply(settings)
        self.assertEqual(self.port.settings, settings)
        self.assertEqual(set(self.port.shadowed), {"bytesize", "parity", "stopbits", "flow", "rs485"})

    def test_what_is_refused_is_rolled_back(self) -> None:
        """As a real port would, a pty refuses parity, if it is not told that it is one."""
        self.port.apply(LineSettings(baudrate=4800))
        self.port.is_pty = False
        for wanted in (
            LineSettings(9600, parity=Parity.EVEN),
            LineSettings(9600, 7),
            LineSettings(9600, rs485=Rs485()),
        ):
            refused = self.failureResultOf(self.port.apply(wanted), SettingsRefusedError)
            self.assertIn("it stays at 4800 8N1", str(refused.value))
            self.assertEqual(self.port.settings, LineSettings(baudrate=4800))
            speed = subprocess.run(["stty", "-F", self.path, "speed"], capture_output=True)
            self.assertEqual(speed.stdout, b"4800\n")

    def test_lines_are_shadows(self) -> None:
        self.port.set_lines(Lines(dtr=True, rts=False))
        self.port.set_lines(Lines(rts=True))
        self.assertEqual(self.port.lines(), Lines(dtr=True, rts=True))

    async def test_a_break_ends_by_itself(self) -> None:
        self.port.send_break(0.001)
        self.assertEqual(self.port.lines().brk, True)
        await until(lambda: self.port.lines().brk is False)

    async def test_a_lost_device_is_told(self) -> None:
        os.close(self.master)
        self.master = -1
        await until(lambda: self.recorder.lost is not None)
        self.assertFalse(self.port.connected)
        self.port.write(b"late")
        self.assertEqual(self.port.dropped, 4)

    async def test_closing_keeps_the_break_timer_from_firing(self) -> None:
        self.port.send_break(0.001)
        self.port.loseConnection()
        await until(lambda: self.recorder.lost is not None)

    def test_what_is_no_port_is_refused(self) -> None:
        for path, words in (("/dev/null", "not a serial port"), ("/nowhere", "No such file")):
            with self.assertRaises(PortError) as caught:
                open_port(Path(path))
            self.assertIn(words, str(caught.exception))
