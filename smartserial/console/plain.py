"""Consoles without a terminal: lines as they are, for pipes, scripts, nc, and `smartserial ctl`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.console.desk import Desk, Operator
from smartserial.console.output import FAILED, OK
from smartserial.console.session import MOST_LINE, PROMPT, Session
from smartserial.console.terminal import EditingTerminal, editing


@implementer(IHalfCloseableProtocol, IPushProducer)
class PlainConsole(LineOnlyReceiver):
    """Lines in, lines out, and a prompt.

    Two first lines are not verbs: ``ctl LIST``, in JSON, a form and words, does one verb, without a prompt,
    and tells by a last line how it ended; ``terminal COLUMNSxROWS`` goes over to line editing.

    Args:
        desk: what verbs work on.
        operator: who types.
        local: whether those first lines are looked for.
    """

    delimiter = b"\n"
    MAX_LENGTH = MOST_LINE

    def __init__(self, desk: Desk, operator: Operator, *, local: bool = False) -> None:
        self._session = Session(desk, operator, self)
        self._desk = desk
        self._operator = operator
        self._terminal: EditingTerminal | None = None
        self._first = local
        self._begun = b""
        self._once = False
        self._full = self._after_cr = self._held = False

    def rename(self, name: str) -> None:
        """Call the operator by another name, now that it is known."""
        self._session.closed()
        self._operator = replace(self._operator, name=name)
        self._session = Session(self._desk, self._operator, self)

    @override
    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.registerProducer(self, True)
        if not self._first:
            self._prompt()

    @override
    def dataReceived(self, data: bytes) -> None:
        if self._terminal is not None:
            self._terminal.dataReceived(data)
        else:
            if self._first and (data := self._first_line(data)) == b"":
                return
            if self._after_cr and data.startswith(b"\n"):
                data = data[1:]
            self._after_cr = data.endswith(b"\r")
            super().dataReceived(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
            self._read_on()

    def _first_line(self, data: bytes) -> bytes:
        """Look for one of the first lines that are no verbs; return what is still to be read as lines."""
        self._begun += data
        line, end, rest = self._begun.partition(b"\n")
        if not end and len(line) <= MOST_LINE and b"\r" not in line:
            return b""
        self._first = False
        text = line.decode("utf-8", "replace").rstrip("\r")
        if end and text.startswith("ctl "):
            self._once = True
            self._session.line(_words(text.removeprefix("ctl ")))
        elif end and text.startswith("terminal "):
            self._edit(text)
            if rest and self._terminal is not None:
                self._terminal.dataReceived(rest)
        else:
            return self._begun
        return b""

    @override
    def lineReceived(self, line: bytes) -> None:
        if not self._once:
            self._session.line(line.decode("utf-8", "replace"))

    def interrupt(self) -> None:
        """End what comes by, or forget the line that has been begun."""
        if self._session.following:
            self._session.interrupt()
        else:
            self._buffer = b""
            self.show([""])
            self._prompt()

    def _edit(self, text: str) -> None:
        columns, _, rows = text.removeprefix("terminal ").partition("x")
        fits = all(word.isascii() and word.isdigit() and len(word) < 5 for word in (columns, rows))
        size = (int(columns), int(rows)) if fits else (80, 24)
        self._session.hand_on()
        self._terminal = editing(self._desk, self._operator, size, self.room)
        self._terminal.makeConnection(self.transport)

    def _read_on(self) -> None:
        """Read only while what was typed ahead is not too much, and what was shown is taken."""
        held = self._full or self._session.crowded
        if held != self._held:
            self._held = held
            transport: Any = self.transport
            (transport.pauseProducing if held else transport.resumeProducing)()

    def readConnectionLost(self) -> None:
        """Be told that no more is typed; what was is still done."""
        self._held = True  # there is nothing to read any more
        if self._terminal is not None:
            self.leave()
        else:
            self._session.no_more()

    def writeConnectionLost(self) -> None:
        """Be told that nobody reads any more."""
        self.leave()

    def _prompt(self) -> None:
        self._write(PROMPT)

    def _write(self, text: str) -> None:
        transport: Any = self.transport
        transport.write(text.encode("ascii", "backslashreplace"))

    def show(self, lines: list[str]) -> None:
        """Write lines."""
        self._write("".join(f"{line}\r\n" for line in lines))

    def room(self) -> bool:
        """Tell whether the peer keeps up."""
        return not self._full

    def ready(self, error: str) -> None:
        """Prompt again, or tell how it ended and close."""
        if self._once:
            self.show([f"{FAILED}{line}" for line in error.splitlines()] or [OK])
            self.leave()
            return
        self.show(error.splitlines())
        self._prompt()
        self._read_on()

    def leave(self) -> None:
        """Close."""
        transport: Any = self.transport
        transport.unregisterProducer()
        transport.loseConnection()

    def pauseProducing(self) -> None:
        """Be told by the transport that too much waits: nothing is read until it has gone."""
        self._full = True
        self._read_on()

    def resumeProducing(self) -> None:
        """Be told by the transport that little waits."""
        self._full = False
        if self._terminal is None:
            self._session.go_on()
        else:
            self._terminal.resumed()
        self._read_on()

    def stopProducing(self) -> None:
        """Be told by the transport that it is closing."""

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._terminal is not None:
            self._terminal.connectionLost(reason)
        else:
            self._session.closed()


def _words(text: str) -> list[str]:
    """Return a JSON list of a form and words; what is none is one word, which is no verb."""
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        words = None
    return (
        words if isinstance(words, list) and all(isinstance(word, str) for word in words) else ["text", text]
    )
