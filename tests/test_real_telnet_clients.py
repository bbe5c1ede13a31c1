"""Debian's telnet, at a terminal of its own that the test types at."""

from __future__ import annotations

from tests.sessions import ALL, GatewayCase, Terminal
from tests.support import GUARD

ESCAPE = b"\x1d"


class Telnet(Terminal):
    """Debian's telnet."""

    def __init__(self, case: GatewayCase) -> None:
        super().__init__(case, "telnet", "127.0.0.1", str(case.number))
        self.shows(b"Escape character is '^]'.\r\n")

    def command(self, words: str) -> None:
        """Give telnet itself a command."""
        self.keys(ESCAPE)
        self.shows(b"telnet> ")
        self.types(words.encode() + b"\r")
        self.shows(words.encode() + b"\r\n")


class TelnetTests(GatewayCase):
    def arrives(self, terminal: Telnet, typed: bytes, arrived: bytes) -> None:
        """Type something, and check what the device gets of it."""
        terminal.keys(typed)
        self.assertEqual(self.port.read(len(arrived)), arrived)

    def test_a_session(self) -> None:
        terminal = Telnet(self)
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
        terminal = Telnet(self)
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
        terminal = Telnet(self)  # where nobody speaks telnet to it, it sends whole lines
        terminal.types(b"hello\r")
        self.assertEqual(self.port.read(7), b"hello\r\n")
        self.port.write(b"back\r\n")
        terminal.shows(b"back\r\n")


class TelnetOnAPtyTests(TelnetTests):
    uart = False
