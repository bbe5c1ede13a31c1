"""A remote port on servers of other people, and on ours; the ways of each stand in `rfc2217_peers`."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.endpoints import clientFromString, serverFromString
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from smartserial.channels.telnet.rfc2217 import Rfc2217Endpoint
from smartserial.errors import PortError, SettingsRefusedError
from smartserial.interfaces import ISerialTransport
from smartserial.lines import Flow, Lines, LineSettings, ModemLines, Parity
from smartserial.settings import Rfc2217Device
from tests.rfc2217_peers import GENSIOT, OURS, PYSERIAL, SER2NET, SREDIRD, Peer, RunningPeer, free_port
from tests.support import GUARD
from tests.test_stream import Recorder

ALL = bytes(range(256)) * 3
_LOOK = 0.005  # seconds


async def eventually(condition: Callable[[], Any]) -> None:
    """Let the reactor turn until `condition` holds."""
    for _ in range(int(GUARD / _LOOK)):
        if condition():
            return
        await deferLater(reactor, _LOOK)  # type: ignore[arg-type]
    raise AssertionError("it never came")


class PeerCase(TestCase):
    timeout = 60
    peer: Peer

    def setUp(self) -> None:
        self.far = RunningPeer(self, self.peer)

    async def open(self, line: LineSettings | None = None, *, strict: bool = False) -> Any:
        self.recorder = Recorder()
        factory = Factory.forProtocol(lambda: self.recorder)
        factory.noisy = False
        device = Rfc2217Device("127.0.0.1", self.far.number, line, strict)
        recorder = self.recorder
        await Rfc2217Endpoint(device, reactor).connect(factory)
        transport: Any = recorder.transport
        self.addCleanup(self.close, recorder)
        return transport

    async def close(self, recorder: Recorder) -> None:
        if recorder.lost is None:
            transport: Any = recorder.transport
            transport.loseConnection()
            await eventually(lambda: recorder.lost is not None)


class Scenarios:
    """For each peer; mixed into `PeerCase`."""

    async def test_every_byte_passes(self) -> None:
        port = await self.open(LineSettings(19200), strict=True)
        self.assertTrue(verifyObject(ISerialTransport, port))
        self.assertEqual((port.settings, port.shadowed), (LineSettings(19200), ()))
        port.write(ALL)
        if self.peer.has_port:
            self.assertEqual(self.far.port.read(len(ALL)), ALL)
            self.far.port.write(ALL)
        await eventually(lambda: len(self.recorder.data) >= len(ALL))
        self.assertEqual(self.recorder.data, ALL)

    async def test_settings(self) -> None:
        port = await self.open(LineSettings(19200))
        wanted = LineSettings(38400, 7, Parity.EVEN, 2, Flow.RTSCTS)
        if self.peer.refused:
            with self.assertRaises(SettingsRefusedError) as caught:
                await port.apply(wanted)
            self.assertIn(
                f"refused {', '.join(self.peer.refused)}; it stays at 19200 8N1", str(caught.exception)
            )
            self.assertEqual(port.settings, LineSettings(19200))
            wanted = LineSettings(38400, 8, Parity.NONE, 2, Flow.RTSCTS)
        await port.apply(wanted)
        self.assertEqual((port.settings, port.shadowed), (wanted, ()))
        if self.peer.has_port and not self.peer.refused:
            self.assertEqual(self.far.port.settings(), "38400 7E2 rtscts")
        await self.close(self.recorder)
        port = await self.open()
        self.assertEqual(port.shadowed, ())

    async def test_one_and_a_half_stop_bits(self) -> None:
        port = await self.open(LineSettings(9600, 8 if self.peer.refused else 5))
        wanted = LineSettings(9600, port.settings.bytesize, stopbits=1.5)
        if self.peer.one_and_a_half == "refused":
            with self.assertRaises(SettingsRefusedError):
                await port.apply(wanted)
        else:
            await port.apply(wanted)
            self.assertEqual(port.settings, wanted)
        self.assertEqual(port.shadowed, ("stopbits",) if self.peer.one_and_a_half == "silent" else ())
        await port.apply(LineSettings(115200))
        self.assertEqual((port.settings, port.shadowed), (LineSettings(115200), ()))

    async def test_lines(self) -> None:
        port = await self.open(LineSettings())
        for dtr, rts in ((True, False), (False, True), (False, False), (True, True)):
            await port.set_lines(Lines(dtr=dtr, rts=rts))
            self.assertEqual(port.lines(), Lines(dtr=dtr, rts=rts))
            if self.peer.has_port:
                self.assertEqual(self.far.port.outputs(), (dtr, rts))

    async def test_break(self) -> None:
        port = await self.open(LineSettings())
        self.far.port.clear()
        port.send_break(0.01)
        await eventually(lambda: port.lines().brk is False)
        if self.peer.has_port and self.peer.real_breaks:
            await eventually(lambda: len(self.far.port.calls("TIOCSBRK", "TIOCCBRK")) == 2)
        port.send_break(60)
        await self.close(self.recorder)
        if self.peer.has_port and self.peer.real_breaks:
            await eventually(lambda: self.far.port.calls("TIOCCBRK", "TIOCSBRK")[3:])
            self.assertEqual(self.far.port.calls("TIOCCBRK", "TIOCSBRK")[3].name, "TIOCCBRK")

    async def test_purge(self) -> None:
        port = await self.open(LineSettings())
        self.far.port.clear()
        self.assertEqual((port.purge_input(), port.purge_output()), (0, 0))
        if self.peer.has_port:
            await eventually(lambda: len(self.far.port.calls("TCFLSH")) == 2)
            self.assertEqual(
                tuple(call.argument for call in self.far.port.calls("TCFLSH")), self.peer.flushes
            )
        port.write(b"after")
        if self.peer.has_port:
            self.assertEqual(self.far.port.read(5), b"after")

    async def test_modem_lines(self) -> None:
        port = await self.open(LineSettings())
        if not self.peer.tells_lines:
            self.assertIsNone(port.modem())
            return
        if self.peer.tells_at_once:
            await eventually(lambda: port.modem() is not None)
        changes: list[ModemLines] = []
        port.on_change = lambda: changes.append(port.modem())
        if self.peer.has_port:
            self.far.port.set_inputs(cts=True, dsr=True, cd=True)
            await eventually(lambda: port.modem() == ModemLines(cts=True, dsr=True, cd=True))
            self.far.port.set_inputs(cts=False)
            await eventually(lambda: port.modem() == ModemLines(dsr=True, cd=True))
            self.assertTrue(port.counts().cts >= 1)
        else:  # on a loop, RTS comes back as CTS and DTR as DSR
            await port.set_lines(Lines(dtr=False, rts=False))
            await eventually(lambda: port.modem() == ModemLines(cd=True))
        self.assertTrue(changes)

    async def test_strict(self) -> None:
        port = await self.open(LineSettings(), strict=True)
        if self.peer.strict_lines:
            await port.set_lines(Lines(dtr=True, rts=False))
            await port.set_lines(Lines(brk=True))
            await port.set_lines(Lines(brk=False))
            return
        with self.assertRaises(PortError):
            await port.set_lines(Lines(brk=False) if self.peer.real_breaks else Lines(dtr=True))

    async def test_again_and_again(self) -> None:
        for n in range(3):
            rate = (9600, 19200, 38400)[n]
            port = await self.open(LineSettings(rate))
            self.assertEqual(port.settings, LineSettings(rate))
            port.write(b"\xff%d\xff" % n)
            if self.peer.has_port:
                self.assertEqual(self.far.port.read(3), b"\xff%d\xff" % n)
            await self.close(self.recorder)


class Ser2netTests(Scenarios, PeerCase):
    peer = SER2NET


class GensiotTests(Scenarios, PeerCase):
    peer = GENSIOT


class SredirdTests(Scenarios, PeerCase):
    peer = SREDIRD


class PyserialTests(Scenarios, PeerCase):
    peer = PYSERIAL


class OurTests(Scenarios, PeerCase):
    peer = OURS


class StringTests(TestCase):
    """The endpoint string, for any Twisted program."""

    timeout = 60

    def setUp(self) -> None:
        self.recorders: list[Recorder] = []
        self.factory = Factory.forProtocol(self.build)
        self.factory.noisy = False

    def build(self) -> Recorder:
        self.recorders.append(Recorder())
        return self.recorders[-1]

    async def test_a_client(self) -> None:
        far = RunningPeer(self, SER2NET)
        string = f"rfc2217:127.0.0.1:{far.number}:baudrate=19200:parity=even"
        recorder = await clientFromString(reactor, string).connect(self.factory)
        transport: Any = recorder.transport
        self.assertEqual(transport.settings, LineSettings(19200, parity=Parity.EVEN))
        self.assertEqual(far.port.settings(), "19200 8E1 none")
        transport.write(b"out")
        self.assertEqual(far.port.read(3), b"out")
        transport.loseConnection()
        await eventually(lambda: recorder.lost is not None)

    async def test_a_server_serves_each_time_anew(self) -> None:
        far = RunningPeer(self, SER2NET)
        port = await serverFromString(reactor, f"rfc2217:127.0.0.1:{far.number}").listen(self.factory)

        async def is_served(word: bytes) -> Recorder:
            recorder = self.recorders[-1]
            await eventually(lambda: recorder.transport is not None)
            far.port.write(word)
            await eventually(lambda: recorder.data == word)
            return recorder

        await eventually(lambda: len(self.recorders) == 1)
        first: Any = (await is_served(b"first")).transport
        first.loseConnection()
        await eventually(lambda: len(self.recorders) == 2)
        await is_served(b"second")
        await port.stopListening()
        await eventually(lambda: self.recorders[1].lost is not None)
        self.assertEqual(len(self.recorders), 2)

    async def test_nobody_listens(self) -> None:
        number = free_port()
        with self.assertRaises(PortError) as caught:
            await clientFromString(reactor, f"rfc2217:127.0.0.1:{number}").connect(self.factory)
        self.assertEqual(str(caught.exception), f"cannot connect to 127.0.0.1:{number}: Connection refused")

    async def test_no_such_host(self) -> None:
        with self.assertRaises(PortError) as caught:
            await clientFromString(reactor, "rfc2217:no.such.host.invalid:1").connect(self.factory)
        self.assertIn("cannot connect to no.such.host.invalid:1: ", str(caught.exception))

    async def give_up(self, number: int, when: Callable[[], Any]) -> None:
        attempt = clientFromString(reactor, f"rfc2217:127.0.0.1:{number}").connect(self.factory)
        failures: list[Failure] = []
        attempt.addErrback(failures.append)
        await when()
        attempt.cancel()
        await eventually(lambda: failures)
        self.assertEqual(self.recorders, [])

    async def test_giving_up_while_it_connects_or_waits_for_a_word(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            number = listener.getsockname()[1]

            async def greeted() -> None:
                sock = await deferToThread(lambda: listener.accept()[0])
                self.addCleanup(sock.close)
                self.assertEqual(len(await deferToThread(sock.recv, 15)), 15)

            await self.give_up(number, greeted)
            await self.give_up(number, lambda: deferLater(reactor, 0))

    def test_wrong_words_are_told(self) -> None:
        for string, words in (
            ("rfc2217:host", "expected"),
            ("rfc2217:host:1:exclusive=true", "cannot act on a `rfc2217` device"),
            ("rfc2217:host:1:strict=perhaps", "strict: expected true or false, found 'perhaps'"),
        ):
            with self.assertRaises(ValueError) as caught:
                clientFromString(reactor, string)
            self.assertIn(words, str(caught.exception))
