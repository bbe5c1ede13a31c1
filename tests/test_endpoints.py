"""The endpoint strings, a device as a server endpoint, and the lines of a port that has some."""

from __future__ import annotations

import os
import struct
import termios
import tty
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from serial.serialposix import TIOCCBRK, TIOCM_CTS, TIOCM_DTR, TIOCM_RTS, TIOCSBRK
from twisted.internet import reactor
from twisted.internet.endpoints import clientFromString, quoteStringArgument, serverFromString
from twisted.internet.protocol import Factory
from twisted.trial.unittest import TestCase

from smartserial.channels import endpoints
from smartserial.channels.serial import port as serialport
from smartserial.channels.serial import portlist, uart
from smartserial.channels.serial.holders import holders
from smartserial.channels.serial.port import SerialTransport
from smartserial.errors import PortBusyError, PortError
from smartserial.lines import Lines, LineSettings, Parity
from smartserial.settings import PortDevice
from tests.support import make_folder
from tests.test_stream import Recorder, until


class StringTests(TestCase):
    """Any Twisted program may use them."""

    timeout = 60

    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.recorder = Recorder()
        self.factory = Factory.forProtocol(lambda: self.recorder)
        self.factory.noisy = False

    def pty(self) -> tuple[int, str]:
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self.addCleanup(os.close, slave)
        self.addCleanup(os.close, master)
        return master, os.ttyname(slave)

    async def connect(self, string: str) -> Any:
        await clientFromString(reactor, string).connect(self.factory)
        transport: Any = self.recorder.transport
        self.addCleanup(lambda: transport.abortConnection() if self.recorder.lost is None else None)
        return transport

    async def test_serial_with_its_settings_and_a_colon_in_its_name(self) -> None:
        master, path = self.pty()
        link = self.folder / "pci-0000:00:1d.0-usb-0:1:1.0-port0"
        link.symlink_to(path)
        quoted = quoteStringArgument(str(link))
        transport = await self.connect(f"serial:{quoted}:baudrate=19200:bytesize=7:parity=even")
        self.assertEqual(transport.settings, LineSettings(19200, 7, Parity.EVEN))
        transport.write(b"out")
        self.assertEqual(os.read(master, 10), b"out")

    async def test_pty_makes_a_port_and_takes_it_away(self) -> None:
        link = self.folder / "port"
        transport = await self.connect(f"pty:{link}")
        fd = os.open(link, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        os.write(fd, b"in")
        await until(lambda: self.recorder.data == b"in")
        transport.loseConnection()
        await until(lambda: self.recorder.lost is not None)
        self.assertEqual(list(self.folder.iterdir()), [])

    async def test_sim_plays_an_instrument(self) -> None:
        transport = await self.connect("sim:scpi-meter")
        transport.write(b"*IDN?\n")
        await until(lambda: self.recorder.data == b"SMARTSERIAL,SCPI METER,0001,1.0\r\n")

    def test_wrong_words_are_told(self) -> None:
        for string, words in (
            ("serial:/dev/x:boudrate=9600", "boudrate: unknown key"),
            ("serial:/dev/x:baudrate=fast", "baudrate: expected an integer, found 'fast'"),
            ("pty:/tmp/x:baudrate=9600", "cannot act on a `virtual` device"),
            ("sim:metre", "no simulation 'metre'"),
        ):
            with self.assertRaises(ValueError) as caught:
                clientFromString(reactor, string)
            self.assertIn(words, str(caught.exception))

    async def test_a_port_that_is_not_there_fails(self) -> None:
        with self.assertRaises(PortError) as caught:
            await clientFromString(reactor, f"serial:{self.folder}/none").connect(self.factory)
        self.assertEqual(str(caught.exception), f"there is no port {self.folder}/none")

    async def test_one_that_is_pulled_out_while_it_is_opened(self) -> None:
        """It is said which, in words, and nothing is left open."""
        for exclusive in (True, False):
            master, slave = os.openpty()
            path = os.ttyname(slave)
            os.close(slave)
            opened: list[int] = []

            def open_and_pull_out(path: Path, master: int = master, opened: list[int] = opened) -> int:
                opened.append(serialport.open_port(path))
                os.close(master)
                return opened[0]

            self.patch(endpoints, "open_port", open_and_pull_out)
            with self.assertRaises(PortError) as caught:
                await endpoints.SerialEndpoint(PortDevice(path, exclusive=exclusive), reactor).connect(
                    self.factory
                )
            self.assertEqual(str(caught.exception), f"cannot open {path}: Input/output error", exclusive)
            self.assertRaises(OSError, os.fstat, opened[0])

    async def test_giving_up_while_it_is_opened_leaves_nothing_open(self) -> None:
        _, path = self.pty()
        attempt = clientFromString(reactor, f"serial:{path}").connect(self.factory)
        attempt.addErrback(lambda failure: None)
        attempt.cancel()
        mine = Path("/proc/self/fd")
        await until(lambda: sum(str(fd.readlink()) == path for fd in mine.iterdir() if fd.is_symlink()) == 1)
        self.assertIsNone(self.recorder.transport)

    async def test_a_server_serves_each_time_anew(self) -> None:
        recorders: list[Recorder] = []

        def build() -> Recorder:
            recorders.append(Recorder())
            return recorders[-1]

        factory = Factory.forProtocol(build)
        factory.noisy = False
        master, path = self.pty()
        port = await serverFromString(reactor, f"serial:{path}:exclusive=false").listen(factory)
        await until(lambda: recorders and recorders[0].transport is not None)
        os.write(master, b"first")
        await until(lambda: recorders[0].data == b"first")
        first: Any = recorders[0].transport
        first.loseConnection()
        await until(lambda: len(recorders) == 2 and recorders[1].transport is not None)
        os.write(master, b"second")
        await until(lambda: recorders[1].data == b"second")
        await port.stopListening()
        await until(lambda: recorders[1].lost is not None)
        self.assertEqual(len(recorders), 2)

    async def test_a_server_serves_as_soon_as_the_device_appears(self) -> None:
        recorder = Recorder()
        factory = Factory.forProtocol(lambda: recorder)
        factory.noisy = False
        path = Path(make_folder(self)) / "by-id" / "port"
        port: Any = await serverFromString(reactor, f"serial:{path}:exclusive=false").listen(factory)
        retries = port._retries
        await until(lambda: retries.waiting)
        retries._next.reset(1000)  # it will not be tried by itself
        before = retries._tried_at
        path.parent.mkdir()
        await until(lambda: retries.waiting and retries._tried_at > before)
        retries._next.reset(1000)
        master, name = self.pty()
        path.symlink_to(name)
        await until(lambda: recorder.transport is not None)
        self.assertIsNone(retries._lookout)
        os.write(master, b"hello")
        await until(lambda: recorder.data == b"hello")
        await port.stopListening()
        await until(lambda: recorder.lost is not None)

    async def test_a_server_that_ends_before_the_device_appears(self) -> None:
        path = Path(make_folder(self)) / "port"
        factory = Factory.forProtocol(Recorder)
        factory.noisy = False
        port: Any = await serverFromString(reactor, f"serial:{path}").listen(factory)
        await until(lambda: port._retries.waiting)
        await port.stopListening()
        self.assertEqual((port._retries.waiting, port._retries._lookout), (False, None))


class NameTests(TestCase):
    """A port by its path, or by its name in one of the system's folders."""

    def test_the_folders_are_searched_in_order(self) -> None:
        root = Path(make_folder(self))
        folders = [root / "dev", root / "by-id", root / "by-path"]
        for folder in folders:
            folder.mkdir()
        self.patch(portlist, "FOLDERS", tuple(folders))
        for folder, name in zip(folders, ("ttyUSB0", "usb-FTDI_A5-if00-port0", "pci-0:1.0"), strict=True):
            (folder / name).touch()
            self.assertEqual(portlist.find_port(name), folder / name)
            self.assertEqual(portlist.find_port(str(folder / name)), folder / name)
        with self.assertRaises(PortError) as caught:
            portlist.find_port("ttyUSB1")
        self.assertEqual(str(caught.exception), "there is no port ttyUSB1")


class LinesTests(TestCase):
    """A port that has modem lines: what reaches its driver is recorded."""

    def setUp(self) -> None:
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.port = SerialTransport(slave, "port", reactor)
        self.port.protocol = Recorder()
        self.calls: list[tuple[str, int]] = []
        self.state = TIOCM_CTS
        self.patch(uart, "ioctl", self.ioctl)
        self.addCleanup(self.port.connectionLost, None)

    def ioctl(self, fd: int, request: int, argument: Any = 0) -> Any:
        names = {
            termios.TIOCMGET: "get",
            termios.TIOCMSET: "set",
            TIOCSBRK: "break on",
            TIOCCBRK: "break off",
        }
        if request == termios.TIOCMGET:
            return struct.pack("I", self.state)
        if request == termios.TIOCMSET:
            (self.state,) = struct.unpack("I", argument)
        if request in names:
            self.calls.append((names[request], self.state))
        return b"\0\0\0\0"

    def test_both_move_in_one_call_and_nothing_else_does(self) -> None:
        self.port.set_lines(Lines(dtr=True, rts=True))
        self.assertEqual(self.calls, [("set", TIOCM_CTS | TIOCM_DTR | TIOCM_RTS)])
        self.port.set_lines(Lines(dtr=False))
        self.assertEqual(self.calls[1:], [("set", TIOCM_CTS | TIOCM_RTS)])

    def test_nothing_moves_that_was_not_asked_for(self) -> None:
        self.port.set_lines(Lines())
        self.port.apply(LineSettings())
        self.assertEqual(self.calls, [])

    def test_break(self) -> None:
        self.port.set_lines(Lines(brk=True))
        self.port.set_lines(Lines(brk=False))
        self.assertEqual([name for name, _ in self.calls], ["break on", "break off"])

    def test_a_driver_that_fails_is_told(self) -> None:
        def broken(fd: int, request: int, argument: Any = 0) -> Any:
            raise OSError(5 if request == termios.TIOCMGET else 1, "went wrong")

        self.patch(uart, "ioctl", broken)
        self.port.set_lines(Lines(dtr=True))
        self.assertEqual(self.port.lines(), Lines(dtr=True))
        self.failureResultOf(self.port.set_lines(Lines(brk=True)), PortError)


class HolderTests(TestCase):
    """Who has a port open."""

    def test_we_are_not_counted_and_nobody_else_has_it(self) -> None:
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        self.assertEqual(holders(Path(os.ttyname(slave))), [])
        self.assertEqual(holders(Path("/nowhere")), [])

    async def test_a_port_that_we_have_locked_ourselves_is_not_another_programs(self) -> None:
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        flock(slave, LOCK_EX)
        path = Path(os.ttyname(slave))
        fd = serialport.open_port(path)
        self.addCleanup(os.close, fd)
        with self.assertRaises(PortError) as caught:
            await serialport.keep_others_out(fd, path, reactor)
        self.assertNotIsInstance(caught.exception, PortBusyError)
        self.assertIn("still open for another share", str(caught.exception))
