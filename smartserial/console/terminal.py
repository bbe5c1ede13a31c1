"""A console on a terminal: line editing, history, completion and pages."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.conch.insults.insults import ServerProtocol, modes
from twisted.conch.recvline import HistoricRecvLine
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.console.desk import Desk, Operator
from smartserial.console.session import MOST_LINE, PROMPT, Session
from smartserial.console.verbs import completions

_MOST_HISTORY = 200
_KEYS = 256  # bytes that are taken at a time
_MOST_SEQUENCE = 32  # bytes of a control sequence; nobody sends longer ones
_MORE = b"-- more: any key, or q --"
_INTERRUPTS = (b"\x03", b"\x04", b"q")


class Terminal(HistoricRecvLine):
    """What the operator sees and types.

    Args:
        desk: what verbs work on.
        operator: who types.
        width: columns.
        height: rows.
        room: tells whether what was written has been taken.
    """

    def __init__(
        self, desk: Desk, operator: Operator, width: int, height: int, room: Callable[[], bool]
    ) -> None:
        self._desk = desk
        self._operator = operator
        self._session = Session(desk, operator, self)
        self.resize(width, height)
        self.ps = (PROMPT.encode(), b"")
        self._has_room = room
        self._page: list[str] = []  # what is still to be shown

    @override
    def initializeScreen(self) -> None:
        self.setInsertMode()
        self.terminal.write(self.ps[0])

    @override
    def connectionMade(self) -> None:
        super().connectionMade()
        self.keyHandlers |= {
            b"\x03": self._cancel,
            b"\x04": self._end_of_input,
            b"\x08": self.handle_BACKSPACE,
        }
        self.keyHandlers |= {b"\x01": self.handle_HOME, b"\x05": self.handle_END}

    @override
    def keystrokeReceived(self, keyID: bytes, modifier: object) -> None:
        if self._session.following:
            self._session.interrupt()
        elif self._page:
            self.terminal.eraseLine()
            self.terminal.write(b"\r")
            self._page = [] if keyID in _INTERRUPTS else self._page
            self._show_page()
        elif keyID in self.keyHandlers or (_is_text(keyID) and len(self.lineBuffer) < MOST_LINE):
            super().keystrokeReceived(keyID, modifier)

    @override
    def lineReceived(self, line: bytes) -> None:
        del self.historyLines[:-_MOST_HISTORY]
        self.historyPosition = len(self.historyLines)
        self._session.line(line.decode("ascii", "replace"))

    def _cancel(self) -> None:
        self.lineBuffer, self.lineBufferIndex = [], 0
        self.terminal.nextLine()
        self.drawInputLine()

    def _end_of_input(self) -> None:
        if not self.lineBuffer:
            self.leave()

    @override
    def handle_TAB(self) -> None:
        begun = b"".join(self.lineBuffer[: self.lineBufferIndex]).decode("ascii", "replace")
        choices = completions(self._desk.seen_by(self._operator), begun)
        word = begun.rpartition(" ")[2]
        common = [len(set(letters)) == 1 for letters in zip(*choices, strict=False)]
        more = choices[0][len(word) : [*common, False].index(False)] if choices else ""
        more += " " if len(choices) == 1 else ""
        for character in more:
            self.characterReceived(character.encode(), True)
        if not more and len(choices) > 1:
            self.terminal.nextLine()
            self.terminal.write("  ".join(choices).encode())
            self.terminal.nextLine()
            self.drawInputLine()
            if behind := len(self.lineBuffer) - self.lineBufferIndex:
                self.terminal.cursorBackward(behind)

    # ---- the door of the session

    def show(self, lines: list[str]) -> None:
        """Show what comes by at once; what answers a verb, a page at a time when it is complete."""
        if self._session.following:
            for line in lines:
                self._write_line(line)
        else:
            self._page += lines

    def ready(self, error: str) -> None:
        """Show what there is, and prompt again."""
        self._page += error.splitlines()
        self._show_page()

    def _show_page(self) -> None:
        rows = 0
        while self._page and rows < self.height - 1:
            line = self._page.pop(0)
            rows += 1 + max(0, len(line) - 1) // self.width
            self._write_line(line)
        if self._page:
            self.terminal.write(_MORE)
        else:
            self.drawInputLine()
            self._session.go_on()

    def _write_line(self, line: str) -> None:
        self.terminal.write(line.encode("ascii", "backslashreplace"))
        self.terminal.nextLine()

    def resize(self, width: int, height: int) -> None:
        """Take note that the terminal has so many columns and rows now."""
        self.width, self.height = max(20, width), max(5, height)

    def resumed(self) -> None:
        """Take note that the terminal keeps up again."""
        self._session.go_on()

    def room(self) -> bool:
        """Tell whether the terminal keeps up, and its operator."""
        return self._has_room() and not self._page

    def leave(self) -> None:
        """Close."""
        self.terminal.loseConnection()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._session.closed()


def _is_text(key: object) -> bool:
    return isinstance(key, bytes) and len(key) == 1 and 0x20 <= key[0] < 0x7F


class EditingTerminal(ServerProtocol):
    """Cuts what a terminal sends into keys; what is no key is dropped."""

    _after_cr = False
    _typed = b""
    has_room: Callable[[], bool]

    def resumed(self) -> None:
        """Take note that the terminal keeps up again."""
        terminal: Any = self.terminalProtocol
        terminal.resumed()
        self._act()

    def resize(self, columns: int, rows: int) -> None:
        """Take note that the terminal has so many columns and rows now."""
        terminal: Any = self.terminalProtocol
        terminal.resize(columns, rows)

    @override
    def dataReceived(self, data: bytes) -> None:
        self._typed += data
        self._act()

    def _act(self) -> None:
        """Take what was typed: one small piece, and more while what is shown is taken."""
        first = True
        while self._typed and (first or self.has_room()):
            first = False
            data, self._typed = self._typed[:_KEYS], self._typed[_KEYS:]
            if self._after_cr and data.startswith(b"\n"):
                data = data[1:]
            self._after_cr = data.endswith(b"\r")
            super().dataReceived(data.replace(b"\r\n", b"\r"))
            if self.state == b"bracket-escaped" and len(self.escBuf) > _MOST_SEQUENCE:
                self.state = b"data"

    @override
    def loseConnection(self) -> None:
        """Close, and leave the terminal as it was; a reset would clear the operator's screen."""
        self.resetModes([modes.IRM])
        transport: Any = self.transport
        with suppress(RuntimeError):  # there is none
            transport.unregisterProducer()  # nothing more is written, and a transport waits for its producer
        transport.loseConnection()

    @override
    def _handleControlSequence(self, buf: bytes) -> None:
        if len(buf) <= _MOST_SEQUENCE:
            with suppress(ValueError, IndexError):
                super()._handleControlSequence(buf)


def editing(
    desk: Desk, operator: Operator, size: tuple[int, int], room: Callable[[], bool]
) -> EditingTerminal:
    """Return a protocol for a terminal of so many columns and rows."""
    terminal = EditingTerminal(Terminal, desk, operator, *size, room)
    terminal.has_room = room
    return terminal
