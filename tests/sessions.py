"""What the tests with other people's clients share: a gateway, its port, and a client written by hand."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import termios
from collections import Counter
from contextlib import suppress
from unittest import TestCase

from smartserial.channels.serial import termios2
from tests.fakeport import FakePort
from tests.support import GUARD, Program, Pty, read_exactly, receive, until
from tests.telnetpeer import com_port

ALL = bytes(range(256))
_DRIVEN = ("TIOCMSET", "TIOCMBIS", "TIOCMBIC", "TIOCSBRK", "TIOCCBRK")
_ASK_SETTINGS = com_port(1, bytes(4)) + b"".join(com_port(code, b"\0") for code in (2, 3, 4, 5))
_MESSAGE = re.compile(rb"\xff\xfa\x2c(.)((?:[^\xff]|\xff\xff)*)\xff\xf0", re.DOTALL)
_PARITY = " NOEMS"
_STOPBITS = {1: "1", 2: "2", 3: "1.5"}
_FLOW = {1: "none", 2: "xonxoff", 3: "rtscts"}


class Probe:
    """A client written by hand: what it sends and gets are bytes, just as they go over the wire.

    Args:
        number: the TCP port.
    """

    def __init__(self, number: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", number), GUARD)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def exchange(self, *requests: bytes) -> bytes:
        """Send requests in one piece, and return all that comes until they and one more are answered."""
        self.sock.sendall(b"".join(requests) + com_port(0))
        start, end = com_port(100, b"smartserial")[:-2], b"\xff\xf0"
        heard = bytearray()
        while start not in heard or end not in heard[heard.index(start) :]:
            heard += receive(self.sock, 1)
        return bytes(heard[: heard.index(start)])

    def settings(self) -> str:
        """Return the settings that it is told, such as ``115200 8N1 none``: the last is the flow control."""
        told = {code[0]: value for code, value in _MESSAGE.findall(self.exchange(_ASK_SETTINGS))}
        numbers = (
            int.from_bytes(told[code].replace(b"\xff\xff", b"\xff"), "big") for code in range(101, 106)
        )
        speed, size, parity, stop, flow = numbers
        return f"{speed} {size}{_PARITY[parity]}{_STOPBITS[stop]} {_FLOW[flow]}"


class GatewayCase(TestCase):
    """One share, `x`, at 9600 8N1: on a port that is a UART to it, or on a bare pty where `uart` is off.

    On a bare pty speeds are set; the rest, lines and breaks included, is acknowledged and kept in mind.
    """

    uart = True
    sharing = "{}"

    def setUp(self) -> None:
        self.fake = FakePort(self) if self.uart else None
        self.port: FakePort | Pty = self.fake or Pty(self)
        self.pty = self.port.pty if isinstance(self.port, FakePort) else self.port
        self.program = Program(
            self,
            f"""
            shares:
              x:
                device: {{port: {self.port.path}, baudrate: 9600}}
                listen: [{{mode: rfc2217, port: 0}}, {{mode: raw, port: 0}}]
                sharing: {self.sharing}
            """,
            env=self.fake.env if self.fake else {},
        )
        self.program.wait_for("x: opened")
        self.number = self.program.ports("x")[0]
        if self.fake:
            self.fake.clear()
        self._seen: Counter[tuple[str, ...]] = Counter()

    def probe(self) -> Probe:
        """Return a client written by hand, which is closed after the test."""
        probe = Probe(self.number)
        self.addCleanup(probe.sock.close)
        return probe

    def in_force(self, told: str, driver: str = "") -> None:
        """Check the settings that clients are told; `driver` is what the driver has, where that differs."""
        if self.fake:
            self.assertEqual(self.fake.settings(), driver or told)
        with Probe(self.number) as probe:
            self.assertEqual(probe.settings(), told)

    def restored(self) -> None:
        """Wait until nobody's settings are in force any more."""
        until(lambda: termios2.read(self.pty.slave).ospeed == 9600, "the configured speed")
        self.in_force("9600 8N1 none")

    def took(self, *calls: str) -> None:
        """Wait until the driver was told exactly this about lines and breaks, since the last time."""
        if self.fake:
            self._calls(self.fake, _DRIVEN, calls)

    def flushed(self, *queues: str) -> None:
        """Wait until the driver was told exactly this about its queues, since the last time."""
        if self.fake:
            self._calls(self.fake, ("TCFLSH",), tuple(f"TCFLSH {queue}" for queue in queues))

    def _calls(self, fake: FakePort, names: tuple[str, ...], expected: tuple[str, ...]) -> None:
        def told() -> list[str]:
            all_of_them = fake.calls(*names)
            return [f"{call.name} {call.argument}".rstrip() for call in all_of_them[self._seen[names] :]]

        with suppress(AssertionError):
            until(lambda: len(told()) >= len(expected))
        self.assertEqual(told(), list(expected))
        self._seen[names] += len(expected)

    def start(self, *command: str, stderr: int = subprocess.STDOUT) -> subprocess.Popen[bytes]:
        """Start a client with pipes; it is killed after the test if it has not ended."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=stderr)

        def end() -> None:
            process.kill()
            process.communicate()

        self.addCleanup(end)
        return process


def hear(process: subprocess.Popen[bytes], end: bytes) -> bytes:
    """Read what a client says, up to and including `end`."""
    assert process.stdout is not None
    fd = process.stdout.fileno()
    heard = b""
    while not heard.endswith(end):
        heard += read_exactly(fd, 1, lambda count: os.read(fd, count))
    return heard


def tell(process: subprocess.Popen[bytes], words: bytes) -> None:
    """Give a client something to read."""
    assert process.stdin is not None
    process.stdin.write(words)
    process.stdin.flush()


class Terminal:
    """A terminal with a client at it, which the test types at.

    Args:
        test: closes it in the end.
        command: the client.
    """

    def __init__(self, test: TestCase, *command: str) -> None:
        self.screen, self.line = os.openpty()
        test.addCleanup(os.close, self.screen)
        test.addCleanup(os.close, self.line)
        self.process = subprocess.Popen(
            command,
            stdin=self.line,
            stdout=self.line,
            stderr=self.line,
            env={**os.environ, "TERM": "dumb", "HOME": "/nonexistent"},
            start_new_session=True,
        )
        test.addCleanup(self.process.wait)
        test.addCleanup(self.process.kill)

    def shows(self, end: bytes) -> None:
        """Wait until what it shows ends in this."""
        shown = b""
        while not shown.endswith(end):
            shown += read_exactly(self.screen, 1, lambda count: os.read(self.screen, count))

    def types(self, typed: bytes) -> None:
        """Type something."""
        os.write(self.screen, typed)

    def keys(self, typed: bytes) -> None:
        """Type at what is connected, which gets each key as it is."""
        until(lambda: not termios.tcgetattr(self.line)[3] & termios.ICANON, "the session")
        self.types(typed)
