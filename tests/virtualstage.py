"""A virtual port in this process, what it tells, and programs that open it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from smartserial.channels.endpoints import VirtualEndpoint
from smartserial.settings import VirtualDevice
from tests.support import make_folder

_LOOK, _LOOKS = 0.005, 4000
_HOLDER = """
import os, sys
fds = [os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY) for _ in range(int(sys.argv[2]))]
print("open", flush=True)
sys.stdin.read()
"""


class Recorder(Protocol):
    """Remembers what comes from the port."""

    def __init__(self) -> None:
        self.data = b""
        self.ended: Failure | None = None

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.ended = reason


class Stage:
    """One virtual port.

    Args:
        test: ends it.
        keys: of the device, beside its path.
    """

    def __init__(self, test: TestCase, path: Path | None = None, **keys: Any) -> None:
        self.test = test
        self.path = path or Path(make_folder(test)) / "port"
        self.device = VirtualDevice(self.path, **keys)
        self.told: list[int] = []
        self.unread = 0
        self.drains = 0
        self.changes: list[str] = []
        self.open()
        test.addCleanup(self.close)

    def open(self) -> None:
        """Make the port."""
        self.recorder = Recorder()
        opened: list[Any] = []
        endpoint = VirtualEndpoint(self.device, reactor)
        endpoint.connect(Factory.forProtocol(lambda: self.recorder)).addBoth(opened.append)
        if isinstance(opened[0], Failure):
            opened[0].raiseException()
        self.port: Any = self.recorder.transport
        self.port.on_programs = self.told.append
        self.port.on_unread = self._unread
        self.port.on_drained = self._drained
        self.port.on_change = lambda: self.changes.append(str(self.port.settings))

    def _unread(self, count: int) -> None:
        self.unread += count

    def _drained(self) -> None:
        self.drains += 1

    async def close(self) -> None:
        """Close it, and wait for that."""
        self.port.abortConnection()
        await until(lambda: self.recorder.ended)

    def program(self) -> int:
        """Open it as a program does; return the descriptor."""
        return os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def holder(self, opens: int = 1) -> subprocess.Popen[bytes]:
        """Start a program that opens it so often, and has done that."""
        process = subprocess.Popen(
            [sys.executable, "-c", _HOLDER, str(self.path), str(opens)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

        def end() -> None:
            process.kill()
            process.wait()
            assert process.stdin is not None and process.stdout is not None
            process.stdin.close()
            process.stdout.close()

        self.test.addCleanup(end)
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        return process


async def until(condition: Callable[[], Any]) -> None:
    """Let the reactor run until `condition` holds."""
    for _ in range(_LOOKS):
        if condition():
            return
        await deferLater(reactor, _LOOK)  # type: ignore[arg-type]
    raise AssertionError("it never came")


def turn(seconds: float = 0.03) -> Deferred[None]:
    """Let the reactor run for a while, in which nothing is to happen."""
    return deferLater(reactor, seconds)  # type: ignore[arg-type]
