"""pyserial's `rfc2217://`, without any option that makes it forgiving."""

from __future__ import annotations

import re
import warnings

import serial
from serial.rfc2217 import SET_MODEMSTATE_MASK, Serial

from tests.sessions import ALL, GatewayCase
from tests.support import GUARD, receive, until

# What is set, what is told then, and what the driver has where that is something else.
SETTINGS = [
    ("baudrate", 300, "300 8N1 none", ""),
    ("baudrate", 12345, "12345 8N1 none", ""),
    ("baudrate", 65280, "65280 8N1 none", ""),  # two bytes of 255 go over the wire
    ("baudrate", 3000000, "3000000 8N1 none", ""),
    ("baudrate", 250000, "250000 8N1 none", ""),
    ("bytesize", 7, "250000 7N1 none", ""),
    ("parity", "E", "250000 7E1 none", ""),
    ("parity", "O", "250000 7O1 none", ""),
    ("parity", "M", "250000 7M1 none", ""),
    ("parity", "S", "250000 7S1 none", ""),
    ("parity", "N", "250000 7N1 none", ""),
    ("bytesize", 6, "250000 6N1 none", ""),
    ("bytesize", 5, "250000 5N1 none", ""),
    ("stopbits", 1.5, "250000 5N1.5 none", ""),
    ("stopbits", 1, "250000 5N1 none", ""),
    ("bytesize", 8, "250000 8N1 none", ""),
    ("stopbits", 1.5, "250000 8N1.5 none", "250000 8N2 none"),
    ("stopbits", 2, "250000 8N2 none", ""),
    ("xonxoff", True, "250000 8N2 xonxoff", ""),
    ("xonxoff", False, "250000 8N2 none", ""),
    ("rtscts", True, "250000 8N2 rtscts", ""),
    ("rtscts", False, "250000 8N2 none", ""),
]
OPENING = ("TIOCMSET dtr=1 rts=1", "TIOCMSET dtr=1 rts=1")


class PyserialCase(GatewayCase):
    def open(self, query: str = "", baudrate: int = 9600) -> Serial:
        """Return an open port; it is closed after the test."""
        with warnings.catch_warnings():  # it calls Thread.setDaemon
            warnings.simplefilter("ignore", DeprecationWarning)
            url = f"rfc2217://127.0.0.1:{self.number}{query}"
            port: Serial = serial.serial_for_url(  # type: ignore[assignment]
                url, baudrate, timeout=GUARD
            )
        self.addCleanup(port.close)
        return port

    def reopen(self, port: Serial) -> None:
        """Open a port again at once."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            port.open()


class PyserialTests(PyserialCase):
    def test_settings(self) -> None:
        port = self.open(baudrate=115200)
        self.in_force("115200 8N1 none")
        for name, value, told, driver in SETTINGS:
            with self.subTest(f"{name} {value}"):
                setattr(port, name, value)
                self.in_force(told, driver)
        port.close()
        self.restored()

    def test_lines_breaks_buffers_and_bytes(self) -> None:
        port = self.open(baudrate=115200)
        self.took(*OPENING)
        self.flushed("in", "out")
        self.drive(port)
        self.flush(port)
        self.pass_bytes(port)
        port.break_condition = True
        port.close()
        self.took("TIOCSBRK", "TIOCCBRK")
        self.restored()
        port.dtr, port.rts = False, False
        self.reopen(port)
        self.took("TIOCMSET dtr=0 rts=1", "TIOCMSET dtr=0 rts=0")
        self.in_force("115200 8N1 none")
        self.pass_bytes(port)

    def drive(self, port: Serial) -> None:
        port.dtr = False
        port.rts = False
        port.dtr = True
        port.rts = True
        self.took(*(f"TIOCMSET dtr={dtr} rts={rts}" for dtr, rts in ((0, 1), (0, 0), (1, 0), (1, 1))))
        port.send_break(0.01)
        port.break_condition = True
        port.break_condition = False
        self.took("TIOCSBRK", "TIOCCBRK", "TIOCSBRK", "TIOCCBRK")

    def flush(self, port: Serial) -> None:
        self.port.write(b"stale")
        until(lambda: port.in_waiting == 5, "what is waiting")
        port.reset_input_buffer()
        self.assertEqual(port.in_waiting, 0)
        port.reset_output_buffer()
        self.flushed("in", "out")
        port.write(b"fresh")
        port.flush()
        self.assertEqual(self.port.read(5), b"fresh")

    def pass_bytes(self, port: Serial) -> None:
        port.write(ALL * 8)
        self.assertEqual(self.port.read(2048), ALL * 8)
        self.port.write(ALL * 8)
        self.assertEqual(port.read(2048), ALL * 8)

    def lines(self, port: Serial) -> tuple[bool, bool, bool, bool]:
        return port.cts, port.dsr, port.ri, port.cd

    def test_modem_lines_told_and_polled(self) -> None:
        if self.fake:
            self.fake.set_inputs(ri=True)
        told, polled = self.open(), self.open("?poll_modem")
        polled.rfc2217_send_subnegotiation(
            SET_MODEMSTATE_MASK, b"\0"
        )  # it is told nothing by itself any more
        if self.fake is None:  # what is told of a port without such lines
            self.assertEqual(self.lines(told), (True, True, False, True))
            self.assertEqual(self.lines(polled), (True, True, False, True))
            return
        self.assertEqual(self.lines(told), (False, False, True, False))
        self.assertEqual(self.lines(polled), (False, False, True, False))
        self.fake.set_inputs(cts=True, ri=False, cd=True)
        until(lambda: self.lines(told) == (True, False, False, True), "a notification")
        until(lambda: self.lines(polled) == (True, False, False, True), "the answer to a poll")
        self.fake.set_inputs(cts=False, dsr=True)
        until(lambda: self.lines(told) == (False, True, False, True), "a notification")
        until(lambda: self.lines(polled) == (False, True, False, True), "the answer to a poll")


class PyserialOnAPtyTests(PyserialTests):
    uart = False


class ControlTests(PyserialCase):
    """Two programs ask for different settings at the same time."""

    def share(self, control: str, refused: str = "acknowledge") -> None:
        """Start a gateway with these rules."""
        self.sharing = f"{{control: {control}, refused: {refused}}}"
        super().setUp()

    def setUp(self) -> None:
        """Each test starts its own."""

    def both_hear(self, first: Serial, second: Serial) -> None:
        self.port.write(ALL)
        self.assertEqual(first.read(256), ALL)
        self.assertEqual(second.read(256), ALL)
        first.write(b"first")
        self.assertEqual(self.port.read(5), b"first")
        second.write(b"second")
        self.assertEqual(self.port.read(6), b"second")

    def takes_control(self, port: Serial, baudrate: int) -> bool:
        """Ask for a speed, and tell whether that gave it control; the one before it is about to leave."""
        port.baudrate = baudrate
        return len(re.findall(r"\d holds control$", self.program.log, re.MULTILINE)) == 2

    def test_first(self) -> None:
        self.share("first")
        first = self.open(baudrate=115200)
        second = self.open(baudrate=19200)
        self.took(*OPENING)
        second.parity = "E"
        second.dtr = False
        second.break_condition = True
        second.break_condition = False
        self.took()
        self.in_force("115200 8N1 none")
        self.program.wait_for("may not change settings: another client holds control")
        self.program.wait_for("may not change break: another client holds control")
        self.both_hear(first, second)
        first.close()
        until(lambda: self.takes_control(second, 38400), "control for the second")
        self.in_force("38400 8E1 none")
        second.close()
        self.restored()

    def test_first_where_a_refusal_is_told(self) -> None:
        self.share("first", "actual")
        first = self.open(baudrate=115200)
        with self.assertRaisesRegex(ValueError, "rejected value for option 'baudrate'"):
            self.open(baudrate=19200)
        second = self.open(baudrate=115200)  # wants what is in force
        with self.assertRaisesRegex(ValueError, "rejected value for option 'control'"):
            second.rts = False
        self.took(*OPENING)
        self.both_hear(first, second)

    def test_last(self) -> None:
        self.share("last", "actual")
        first = self.open(baudrate=115200)
        second = self.open(baudrate=19200)
        self.took(*OPENING, *OPENING)
        self.in_force("19200 8N1 none")
        first.baudrate = 57600
        first.rts = False
        self.took("TIOCMSET dtr=1 rts=0")
        self.in_force("57600 8N1 none")
        self.both_hear(first, second)

    def test_anyone(self) -> None:
        self.share("anyone", "actual")
        first = self.open(baudrate=115200)
        second = self.open(baudrate=19200)
        first.dtr = False
        second.dtr = True
        self.took(*OPENING, *OPENING, "TIOCMSET dtr=0 rts=1", "TIOCMSET dtr=1 rts=1")
        first.baudrate = 57600
        self.in_force("57600 8N1 none")
        second.bytesize = 7  # it sends its speed with it
        self.in_force("19200 7N1 none")
        self.assertNotIn("holds control", self.program.log)

    def test_none(self) -> None:
        self.share("none")
        first, second = self.open(baudrate=115200), self.open(baudrate=19200)
        first.send_break(0.01)
        self.took()
        self.in_force("9600 8N1 none")
        self.program.wait_for("may not change settings: nobody may", 2)
        self.both_hear(first, second)

    def test_none_where_a_refusal_is_told(self) -> None:
        self.share("none", "actual")
        with self.assertRaisesRegex(ValueError, "rejected value for option 'baudrate'"):
            self.open(baudrate=19200)
        port = self.open(baudrate=9600)
        with self.assertRaisesRegex(ValueError, "rejected value for option 'control'"):
            port.dtr = False
        self.took()

    def test_a_speed_that_the_driver_refuses(self) -> None:
        self.share("first")
        assert self.fake is not None
        self.fake.refuse(max_baudrate=115200)
        with self.assertRaisesRegex(ValueError, "rejected value for option 'baudrate'"):
            self.open(baudrate=230400)
        self.open(baudrate=115200)
        self.in_force("115200 8N1 none")

    def test_beside_a_raw_client(self) -> None:
        self.share("first")
        raw = self.program.connect("x", 1)
        self.addCleanup(raw.close)
        port = self.open(baudrate=19200)
        self.flushed()  # what waits may be the other's
        for writer in (raw.sendall, port.write):
            writer(b"\xff\x00\r")
            self.assertEqual(self.port.read(3), b"\xff\x00\r")
        self.port.write(b"\r\x00\xff")
        self.assertEqual(receive(raw, 3), b"\r\x00\xff")
        self.assertEqual(port.read(3), b"\r\x00\xff")
