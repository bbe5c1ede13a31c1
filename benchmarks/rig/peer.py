"""What a server under test is: something that serves links, and can be stopped."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rig import proc

RAW = frozenset({"raw", "fanout", "many", "accept", "idle"})
EVERYTHING = RAW | {"telnet"}


@dataclass(frozen=True, slots=True)
class Link:
    """One device and the way to it.

    Args:
        device: path of the tty that the server opens.
        port: TCP port of 127.0.0.1 that it listens on.
    """

    device: str
    port: int


@dataclass(frozen=True, slots=True)
class Task:
    """What a server has to do.

    Args:
        links: what it serves.
        telnet: carry RFC 2217 instead of the plain bytes.
        max_clients: how many clients of each link it must let in.
    """

    links: Sequence[Link]
    telnet: bool = False
    max_clients: int = 1


@dataclass(slots=True)
class Server:
    """Running processes, and the files and folders that go when they are stopped."""

    processes: list[subprocess.Popen[bytes]]
    scratch: list[Path] = field(default_factory=list)

    def pids(self) -> list[int]:
        """Return the processes and all their descendants."""
        return proc.descendants(process.pid for process in self.processes)

    def failed(self) -> bool:
        """Tell whether one has ended with an error."""
        return any(process.poll() not in (None, 0) for process in self.processes)

    def stop(self) -> None:
        """End the processes, by force if they take their time."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for path in self.scratch:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def spawn(command: Sequence[str | Path], cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a server; what it says goes to the file ``$RIG_SERVER_LOG``, or nowhere."""
    with open(os.environ.get("RIG_SERVER_LOG", os.devnull), "ab") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd)


def config_file(text: str, suffix: str) -> Path:
    """Write a temporary configuration file."""
    fd, path = tempfile.mkstemp(suffix=suffix, prefix="rig-")
    with os.fdopen(fd, "w") as file:
        file.write(text)
    return Path(path)


class Peer:
    """A server that can be measured; `can` says which scenarios make sense for it."""

    name = "?"
    can: frozenset[str] = frozenset()
    codec = ""  # which one of rig/codecs.py is its own
    max_ports = 500

    def available(self) -> bool:
        """Tell whether it is installed."""
        return True

    def version(self) -> str:
        """Return its version, or an empty text."""
        return ""

    def start(self, task: Task) -> Server:
        """Start it; it may take its time to listen."""
        raise NotImplementedError
