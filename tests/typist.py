"""Somebody at the console of a running gateway: by its socket, by `smartserial ctl`, by nc, by a terminal."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any
from unittest import TestCase

from smartserial.console.session import PROMPT
from tests.support import GUARD, Program, read_exactly, until

SMARTSERIAL = str(Path(sys.executable).with_name("smartserial"))
_PROMPT = PROMPT.encode()


def place(program: Program) -> str:
    """Return where the console's socket of a program is."""
    return str(program.folder / "console.sock")


def telnet_port(program: Program) -> int:
    """Return where the console listens for telnet."""
    return int(program.wait_for(r"_TelnetDoor starting on (\d+)")[1])


def environment(program: Program) -> dict[str, str]:
    """Return the environment in which the commands find that program's socket."""
    return {**os.environ, "RUNTIME_DIRECTORY": str(program.folder), "TERM": "dumb"}


def ctl(program: Program, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `smartserial ctl`."""
    command = [SMARTSERIAL, "ctl", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=GUARD, env=environment(program))


def rows(program: Program, *words: str) -> list[dict[str, Any]]:
    """Return what `smartserial ctl` says as JSON, which is one value a line."""
    done = ctl(program, "--format", "json", *words)
    if done.returncode or done.stderr:
        raise AssertionError(f"{words}: {done}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def buffered(program: Program, direction: str = "up") -> int:
    """Return how many bytes wait in a program with one share, as it says itself."""
    (row,) = (row for row in rows(program, "stats") if row["direction"] == direction)
    return int(row["buffered"])


class Typist:
    """One who types lines at the console's socket, or at another.

    Args:
        test: closes it in the end.
        program: whose console.
        number: the TCP port, if not by the socket.
    """

    def __init__(self, test: TestCase, program: Program, number: int = 0) -> None:
        if number:
            self.sock = socket.create_connection(("127.0.0.1", number), GUARD)
        else:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(GUARD)
            self.sock.connect(place(program))
        test.addCleanup(self.sock.close)

    def types(self, text: str) -> None:
        """Type lines."""
        self.sock.sendall(text.encode())

    def until(self, end: bytes) -> bytes:
        """Return what is shown, up to and including `end`."""
        heard = b""
        while not heard.endswith(end):
            heard += read_exactly(self.sock, 1, self.sock.recv)
        return heard

    def ask(self, text: str) -> str:
        """Type a line, and return what is shown until the next prompt."""
        self.types(f"{text}\n")
        return self.until(_PROMPT).decode("ascii").removesuffix(PROMPT)


class Screen:
    """A terminal of 80 columns and 24 rows, and all that is shown there.

    Args:
        test: closes it in the end.
        command: what runs at it; without any, `run` starts it.
    """

    def __init__(self, test: TestCase, *command: str) -> None:
        self._test = test
        self.screen, self.line = os.openpty()
        test.addCleanup(os.close, self.screen)
        test.addCleanup(os.close, self.line)
        termios.tcsetwinsize(self.line, (24, 80))
        self.shown = b""
        if command:
            self.run(*command)

    def run(self, *command: str) -> None:
        """Start a command at this terminal."""
        self.process = subprocess.Popen(
            command,
            stdin=self.line,
            stdout=self.line,
            stderr=self.line,
            env={**os.environ, "TERM": "dumb", "HOME": "/nonexistent"},
            start_new_session=True,
        )
        self._test.addCleanup(self.process.wait)
        self._test.addCleanup(self.process.kill)

    def types(self, typed: bytes) -> None:
        """Type something."""
        os.write(self.screen, typed)

    def keys(self, typed: bytes) -> None:
        """Type at what gets each key as it is, once it does."""
        until(lambda: not termios.tcgetattr(self.line)[3] & termios.ICANON, "the session")
        self.types(typed)

    def sees(self, pattern: bytes) -> re.Match[bytes]:
        """Wait until something has been shown, forget all up to its end, and return it."""
        while not (match := re.search(pattern, self.shown, re.DOTALL)):
            self.shown += read_exactly(self.screen, 1, lambda count: os.read(self.screen, count))
        self.shown = self.shown[match.end() :]
        return match
