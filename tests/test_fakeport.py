"""The fake serial port does what a real one does, for pyserial, for bare ioctls and for the program."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from unittest import TestCase

from tests.fakeport import FakePort
from tests.support import GUARD, Program, receive, until

# What the test says is done in a process that has the port open, and its outcome is told.
INTERPRETER = """
import os, struct, sys, termios
from fcntl import ioctl
import serial
from smartserial.channels.serial import termios2
from smartserial.lines import Flow, LineSettings, Parity

port = serial.Serial(sys.argv[1], 19200, parity="E", bytesize=7, timeout=30)

def settings(wanted):
    termios2.write(port.fd, termios2.encode(wanted, termios2.read(port.fd)))
    return str(termios2.decode(termios2.read(port.fd)))

for line in sys.stdin:
    try:
        print(repr(eval(line)), flush=True)
    except Exception as error:
        print(repr(error), flush=True)
"""


class Opened:
    """pyserial with the port open, in a process of its own."""

    def __init__(self, test: TestCase, port: FakePort) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", INTERPRETER, str(port.path)],
            env={**os.environ, **port.env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        test.addCleanup(self.end)

    def do(self, expression: str) -> str:
        """Have `expression` evaluated, and return what it gives, as Python writes it."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(expression + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def set(self, name: str, value: bool) -> None:
        """Set an attribute of the port."""
        self.do(f"setattr(port, {name!r}, {value!r})")

    def end(self) -> None:
        """Let it come to its end."""
        self.process.communicate(timeout=GUARD)


class FakePortTests(TestCase):
    def setUp(self) -> None:
        self.port = FakePort(self)
        self.opened = Opened(self, self.port)
        self.opened.do("None")  # it is open

    def called(self, *names: str) -> list[str]:
        return [f"{call.name} {call.argument}".rstrip() for call in self.port.calls(*names)]

    def test_its_descriptor_is_a_uart_and_no_other_is(self) -> None:
        number = "(os.major(n := os.fstat({}).st_rdev), os.minor(n))"
        self.assertEqual(self.opened.do(number.format("port.fd")), "(4, 64)")
        self.assertEqual(self.opened.do("os.stat(port.port).st_rdev"), str(self.port.path.stat().st_rdev))
        self.assertEqual(self.opened.do("os.major(os.fstat(os.openpty()[1]).st_rdev)"), "136")
        self.assertEqual(self.opened.do("ioctl(os.openpty()[1], termios.TIOCMGET)")[:12], "OSError(25, ")

    def test_what_pyserial_does_on_opening(self) -> None:
        self.assertEqual(self.called(), ["TIOCMBIS dtr=1", "TIOCMBIS rts=1", "TCFLSH in"])

    def test_outputs(self) -> None:
        self.assertEqual(self.port.outputs(), (True, True))
        self.port.clear()
        self.opened.set("dtr", False)
        self.assertEqual(self.port.outputs(), (False, True))
        self.opened.set("rts", False)
        self.opened.set("dtr", True)
        self.assertEqual(self.port.outputs(), (True, False))
        self.assertEqual(self.called(), ["TIOCMBIC dtr=0", "TIOCMBIC rts=0", "TIOCMBIS dtr=1"])

    def test_both_outputs_at_once(self) -> None:
        self.port.clear()
        self.opened.do("ioctl(port.fd, termios.TIOCMSET, struct.pack('i', termios.TIOCM_RTS))")
        self.assertEqual(self.called(), ["TIOCMSET dtr=0 rts=1"])
        self.assertEqual(self.port.outputs(), (False, True))
        self.opened.do("ioctl(port.fd, termios.TIOCMGET, bytes(4))")
        self.assertEqual(self.called("TIOCMGET"), ["TIOCMGET dtr=0 rts=1 cts=0 dsr=0 ri=0 cd=0"])

    def test_break(self) -> None:
        before = time.monotonic()
        self.port.clear()
        self.opened.set("break_condition", True)
        self.opened.set("break_condition", False)
        self.assertEqual(self.called(), ["TIOCSBRK", "TIOCCBRK"])
        times = [call.at for call in self.port.calls()]
        self.assertEqual([before, *times], sorted([before, *times]))

    def test_inputs(self) -> None:
        lines = "(port.cts, port.dsr, port.ri, port.cd)"
        self.assertEqual(self.opened.do(lines), "(False, False, False, False)")
        self.port.set_inputs(cts=True, cd=True)
        self.assertEqual(self.opened.do(lines), "(True, False, False, True)")
        self.port.set_inputs(cts=False, dsr=True, ri=True)
        self.assertEqual(self.opened.do(lines), "(False, True, True, True)")

    def test_counters(self) -> None:
        counts = "struct.unpack('=11i', ioctl(port.fd, termios.TIOCGICOUNT, bytes(80))[:44])"
        self.port.set_inputs(cts=True, ri=True)
        self.port.set_inputs(cts=False, cd=True)
        self.port.set_inputs(cts=False, ri=True)
        self.assertEqual(self.opened.do(counts), "(2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)")
        self.port.set_inputs(ri=False, dsr=True)
        self.port.count(rx=5, frame=1, parity=2, buf_overrun=1)
        self.port.count(frame=1)
        self.assertEqual(self.opened.do(counts), "(2, 1, 1, 1, 5, 0, 2, 0, 2, 0, 1)")
        with self.assertRaises(AttributeError):
            self.port.count(nonsense=1)

    def test_settings(self) -> None:
        self.assertEqual(self.port.settings(), "38400 8N1 none")
        forms = [
            ("19200, 7, Parity.EVEN", "19200 7E1", "none"),
            ("250000, 5, Parity.MARK, 1.5", "250000 5M1.5", "none"),
            ("300, 6, Parity.SPACE, 2, Flow.RTSCTS", "300 6S2 rtscts", ""),
            ("921600, 8, Parity.ODD, 1, Flow.XONXOFF", "921600 8O1 xonxoff", ""),
            ("115200", "115200 8N1", "none"),
        ]
        for wanted, found, flow in forms:
            with self.subTest(wanted=wanted):
                self.port.clear()
                self.assertEqual(self.opened.do(f"settings(LineSettings({wanted}))"), repr(found))
                text = f"{found} {flow}".rstrip()
                self.assertEqual(self.called("TCSETS2"), [f"TCSETS2 {text}"])
                self.assertEqual(self.called("TCGETS2")[-1], f"TCGETS2 {text}")
                self.assertEqual(self.port.settings(), text)

    def test_rates_of_pyserial_that_have_no_name(self) -> None:
        self.opened.do("setattr(port, 'baudrate', 12345)")
        self.assertEqual(self.called("TCSETS2"), ["TCSETS2 12345 8N1 none"])
        self.assertEqual(self.port.settings(), "12345 8N1 none")

    def test_refused_settings_stay_as_they_were(self) -> None:
        self.opened.do("settings(LineSettings(9600, 7, Parity.EVEN))")
        self.port.refuse(max_baudrate=115200, parities="MS")
        self.port.clear()
        self.assertEqual(self.opened.do("settings(LineSettings(230400, 8, Parity.MARK))"), "'9600 8E1'")
        self.assertEqual(self.opened.do("settings(LineSettings(115200, 8, Parity.ODD))"), "'115200 8O1'")
        self.assertEqual(self.opened.do("settings(LineSettings(250000, 8, Parity.SPACE))"), "'115200 8O1'")
        self.assertEqual(
            self.called("TCSETS2"),
            ["TCSETS2 230400 8M1 none", "TCSETS2 115200 8O1 none", "TCSETS2 250000 8S1 none"],
        )
        self.assertEqual(self.port.settings(), "115200 8O1 none")
        self.port.refuse()
        self.assertEqual(self.opened.do("settings(LineSettings(250000, 8, Parity.SPACE))"), "'250000 8S1'")

    def test_flushing(self) -> None:
        self.port.clear()
        self.port.write(b"lost")
        until(lambda: self.opened.do("port.in_waiting") == "4")
        self.opened.do("port.reset_input_buffer()")
        self.opened.do("port.reset_output_buffer()")
        self.opened.do("ioctl(port.fd, termios.TCFLSH, termios.TCIOFLUSH)")
        self.assertEqual(self.called(), ["TCFLSH in", "TCFLSH out", "TCFLSH both"])
        self.port.write(b"kept")
        self.assertEqual(self.opened.do("port.read(4)"), "b'kept'")
        self.opened.do("port.write(b'\\r\\n\\xff\\0')")
        self.assertEqual(self.port.read(4), b"\r\n\xff\0")

    def test_rs485(self) -> None:
        self.opened.do("ioctl(port.fd, 0x542F, struct.pack('=8I', 3, 10, 20, 0, 0, 0, 0, 0))")
        self.assertEqual(self.called("TIOCSRS485"), ["TIOCSRS485 flags=3 before=10 after=20"])

    def test_an_unplugged_port_fails(self) -> None:
        self.port.clear()
        self.port.pty.close()
        for call in ("port.cts", "setattr(port, 'dtr', True)", "settings(LineSettings())"):
            self.assertEqual(self.opened.do(call)[:11], "OSError(5, ", call)
        self.assertEqual(self.called(), [])


class ProgramTests(TestCase):
    def test_the_program_takes_it_for_a_port_with_lines(self) -> None:
        port = FakePort(self)
        program = Program(
            self,
            f"""
            shares:
              x:
                device:
                  port: {port.path}
                  line: 19200 7E1
                  lines: {{connected: {{dtr: true, rts: false}}}}
                listen:
                  - {{port: 0}}
            """,
            env=port.env,
        )
        program.wait_for("x: opened")
        self.assertEqual(port.settings(), "19200 7E1 none")
        self.assertEqual(port.outputs(), (True, True))
        client = program.connect("x")
        self.addCleanup(client.close)
        until(lambda: port.calls("TIOCMSET"))
        client.sendall(b"question\r")
        self.assertEqual(port.read(9), b"question\r")
        port.write(b"answer\r")
        self.assertEqual(receive(client, 7), b"answer\r")
        self.assertEqual(program.stop(), 0)
        self.assertEqual([call.argument for call in port.calls("TIOCMSET")], ["dtr=1 rts=0"])
        self.assertEqual(port.outputs(), (True, False))
