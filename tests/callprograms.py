"""Two gateways that are two programs, one of which calls the other; and far sides that are sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any
from unittest import TestCase

from tests.support import GUARD, Program, Pty, make_folder, until

SPEEDS = {getattr(termios, f"B{speed}"): speed for speed in (1200, 4800, 9600, 19200, 57600, 115200)}


def speed_of(pty: Pty) -> int:
    """Return the speed that a pseudo-terminal has been set to."""
    return SPEEDS[termios.tcgetattr(pty.slave)[5]]


class CallCase(TestCase):
    """Has a folder, and starts gateways."""

    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.pty = Pty(self)
        self.link = self.folder / "far"

    def gateway(self, name: str, share: str, head: str = "", **how: Any) -> Program:
        """Start a gateway of one share, `s`."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return Program(self, f"{head}\nshares:\n  s: {share}\n", folder=folder, **how)

    def far(self, device: str, more: str = "", *, mode: str = "rfc2217", head: str = "") -> int:
        """Start the gateway that is called; return its port."""
        self.there = self.gateway(
            "there", f"{{device: {{{device}}}, listen: [{{port: 0, mode: {mode}}}]{more}}}", head
        )
        return self.there.ports("s")[0]

    def near(self, device: str, connect: str, more: str = "", head: str = "") -> Program:
        """Start the gateway that calls."""
        self.here = self.gateway("here", f"{{device: {{{device}}}, connect: {{{connect}}}{more}}}", head)
        return self.here

    def real(self, more: str = "") -> str:
        """Return the keys of a real port."""
        return f"port: {self.pty.path}, baudrate: 9600{more}"

    def virtual(self, link: str = "far") -> str:
        """Return the keys of a virtual port."""
        return f"virtual: {self.folder / link}"

    def open(self) -> int:
        """Open the virtual port as a program does."""
        until(self.link.exists)
        descriptor = os.open(self.link, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, descriptor)
        return descriptor

    def ctl(self, program: Program, *words: str) -> str:
        """Ask a gateway's console; return what it says."""
        command = Path(sys.executable).with_name("smartserial")
        done = subprocess.run(
            [command, "ctl", *words],
            env={**os.environ, "RUNTIME_DIRECTORY": str(program.folder)},
            capture_output=True,
            text=True,
            timeout=GUARD,
        )
        return done.stdout + done.stderr


class Far:
    """A far side that is a listening socket of the test."""

    def __init__(self, test: TestCase) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(GUARD)
        self.port = self.listener.getsockname()[1]
        test.addCleanup(self.listener.close)
        self._test = test

    def accept(self) -> socket.socket:
        """Wait for a call."""
        connection, _ = self.listener.accept()
        connection.settimeout(GUARD)
        self._test.addCleanup(connection.close)
        return connection
