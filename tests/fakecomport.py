"""A serial port in memory for one RFC 2217 client, and the server of that client with its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from smartserial.lines import Lines, LineSettings
from smartserial.telnet.comport import Code, Purge, decode
from smartserial.telnet.server import ComPortServer

AT_REST = Lines(dtr=True, rts=True, brk=False)
ANSWERED = {*Code} - {Code.FLOWCONTROL_SUSPEND, Code.FLOWCONTROL_RESUME}


def answered(payloads: Iterable[bytes]) -> list[Code]:
    """Return the codes of requests that are to be answered."""
    messages = [message for message in map(decode, payloads) if message and not message.of_server]
    return [m.code for m in messages if m.code in ANSWERED and not (m.code is Code.SIGNATURE and m.value)]


class FakePort:
    """Records what is called; performs changes at once, or when `perform` is called."""

    signature = b"a fake"
    announces = False

    def __init__(self, settings: LineSettings | None = None) -> None:
        self.settings = settings or LineSettings()
        self.lines = AT_REST
        self.calls: list[tuple[str, Any]] = []
        self.refused: set[tuple[str, Any]] = set()  # names of settings and lines with values that do not act
        self.later = False
        self.tail = 0x60
        self._waiting: list[Callable[[], None]] = []

    def change(self, settings: Mapping[str, Any], done: Callable[[], None]) -> None:
        self.calls.append(("change", dict(settings)))

        def act() -> None:
            self.settings = replace(self.settings, **self._allowed(settings))

        self._begin(act, done)

    def drive(self, lines: Lines, done: Callable[[], None]) -> None:
        named = {name: getattr(lines, name) for name in ("dtr", "rts", "brk")}
        levels = {name: level for name, level in named.items() if level is not None}
        self.calls.append(("drive", levels))

        def act() -> None:
            self.lines = Lines(**self._allowed(levels)).over(self.lines)

        self._begin(act, done)

    def _allowed(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in wanted.items() if (name, value) not in self.refused}

    def _begin(self, act: Callable[[], None], done: Callable[[], None]) -> None:
        def perform() -> None:
            act()
            done()

        if self.later:
            self._waiting.append(perform)
        else:
            perform()

    def perform(self) -> int:
        """Perform the changes that wait; return how many those were."""
        waiting, self._waiting = self._waiting, []
        for perform in waiting:
            perform()
        return len(waiting)

    def single_changes(self) -> list[tuple[str, Any]]:
        """Return what was called, each setting and line by itself, and lines in a row by their names."""
        single: list[tuple[str, Any]] = []
        for kind, calls in groupby(self.calls, itemgetter(0)):
            wanted = [w.items() if isinstance(w, dict) else [(kind, w)] for _, w in calls]
            changes = [change for items in wanted for change in items]
            single += sorted(changes, key=itemgetter(0)) if kind == "drive" else changes
        return single

    def purge(self, buffers: Purge) -> None:
        self.calls.append(("purge", int(buffers)))

    def suspend(self, suspended: bool) -> None:
        self.calls.append(("suspend", suspended))

    def introduced(self, signature: bytes) -> None:
        self.calls.append(("introduced", signature))

    def line_state(self) -> int:
        return self.tail


class Served:
    """A client and its server; payloads are written in hexadecimal digits."""

    def __init__(self, port: FakePort | None = None, *, opened: bool = True) -> None:
        self.port = port or FakePort()
        self.said: list[bytes] = []
        self.idles = 0
        self.server = ComPortServer(self.port, self.said.append, self._idle)
        if opened:
            self.server.open()
            self.said.clear()

    def _idle(self) -> None:
        self.idles += 1

    def hear(self, *payloads: str | bytes) -> None:
        """Let the server have messages that come together."""
        for payload in payloads:
            self.server.receive(bytes.fromhex(payload) if isinstance(payload, str) else payload)
        self.server.flush()

    def take(self) -> str:
        """Return what was said since the last look, with blanks between messages."""
        said = " ".join(payload.hex() for payload in self.said)
        self.said.clear()
        return said

    def ask(self, *payloads: str | bytes) -> str:
        """Return the answers to messages that come together."""
        self.hear(*payloads)
        return self.take()
