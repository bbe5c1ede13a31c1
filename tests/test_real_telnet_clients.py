"""Debian's telnet, at a terminal of its own that the test types at."""

from __future__ import annotations

import os
import subprocess
import termios

from tests.sessions import ALL, GatewayCase
from tests.support import GUARD, read_exactly, until

ESCAPE = b"\x1d"


class Terminal:
    """A terminal with telnet at it.

    Args:
        case: closes it in the end.
    """

    def __init__(self, case: GatewayCase) -> None:
        self.screen, self.line = os.openpty()
        case.addCleanup(os.close, self.screen)
        case.addCleanup(os.close, self.line)
        self.process = subprocess.Popen(
            ["telnet", "127.0.0.1", str(case.number)],
            stdin=self.line,
            stdout=self.line,
            stderr=self.line,
            env={**os.environ, "TERM": "dumb", "HOME": "/nonexistent"},
            start_new_session=True,
        )
        case.addCleanup(self.process.wait)
        case.addCleanup(self.process.kill)
        self.shows(b"Escape character is '^]'.\r\n")

    def shows(self, end: bytes) -> None:
        """Wait until what it shows ends in this."""
        shown = b""
        while not shown.endswith(end):
            shown += read_exactly(self.screen, 1, lambda count: os.read(self.screen, count))

    def keys(self, typed: bytes) -> None:
        """Type at what is connected, each key as it is."""
        until(lambda: not termios.tcgetattr(self.line)[3] & termios.ICANON, "the session")
        os.write(self.screen, typed)

    def command(self, words: str) -> None:
        """Give telnet itself a command."""
        self.keys(ESCAPE)
        self.shows(b"telnet> ")
        os.write(self.screen, words.encode() + b"\r")
        self.shows(words.encode() + b"\r\n")


class TelnetTests(GatewayCase):
    def arrives(self, terminal: Terminal, typed: bytes, arrived: bytes) -> None:
        """Type something, and check what the device gets of it."""
        terminal.keys(typed)
        self.assertEqual(self.port.read(len(arrived)), arrived)

    def test_a_session(self) -> None:
        terminal = Terminal(self)
        self.arrives(terminal, b"hello\r", b"hello\r")
        self.arrives(terminal, ALL.replace(ESCAPE, b""), ALL.replace(ESCAPE, b""))
        self.port.write(ALL + b"end")
        terminal.shows(ALL + b"end")
        for signal in ("ayt", "nop", "synch", "ao", "ip", "ec", "el", "ga", "eor", "abort", "susp", "eof"):
            terminal.command(f"send {signal}")
            self.arrives(terminal, b"still", b"still")
        self.took()
        terminal.command("send brk")
        self.took("TIOCSBRK", "TIOCCBRK")
        terminal.command("send escape")
        self.arrives(terminal, b"escaped", b"\x1descaped")
        self.port.write(b"prompt> ")
        terminal.shows(b"prompt> ")
        terminal.command("quit")
        terminal.shows(b"Connection closed.\r\n")
        self.assertEqual(terminal.process.wait(GUARD), 0)
        self.in_force("9600 8N1 none")

    def test_a_session_that_is_not_binary(self) -> None:
        terminal = Terminal(self)
        terminal.command("unset binary")
        self.arrives(terminal, b"one\r", b"one\r")  # CR NUL
        self.arrives(terminal, b"\n\xff\x80\r\n", b"\n\xff\x80\r\n")
        self.port.write(b"a\rb\r\nc\xff\r")
        terminal.shows(b"a\rb\r\nc\xff\r")
        terminal.command("toggle crlf")
        self.arrives(terminal, b"two\r", b"two\r\n")
        terminal.command("toggle binary")
        self.arrives(terminal, b"three\r\xff\r\n", b"three\r\xff\r\n")
        self.port.write(b"a\rb\r\n\xff\r")
        terminal.shows(b"a\rb\r\n\xff\r")
        terminal.command("unset inbinary")
        self.arrives(terminal, b"four\r", b"four\r")
        self.port.write(b"a\rb\xff\r")
        terminal.shows(b"a\rb\xff\r")

    def test_a_raw_listener(self) -> None:
        self.number = self.program.ports("x")[1]
        terminal = Terminal(self)  # where nobody speaks telnet to it, it sends whole lines
        os.write(terminal.screen, b"hello\r")
        self.assertEqual(self.port.read(7), b"hello\r\n")
        self.port.write(b"back\r\n")
        terminal.shows(b"back\r\n")


class TelnetOnAPtyTests(TelnetTests):
    uart = False
