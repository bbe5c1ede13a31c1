"""RFC 2217 servers of other people, and ours, each as a process of its own on a port made for it.

The port is a `FakePort`: a pseudo-terminal that has modem lines, breaks and parity for whoever asks by ioctl.
gensio does; sredird asks glibc for its settings, which a pseudo-terminal then refuses in part.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from unittest import TestCase

from tests.fakeport import FakePort
from tests.support import GUARD, TWISTD, make_folder, until

_LISTENING = "0A"
Command = Callable[[str, int, Path], list[str]]  # from the port's path, a TCP port and a folder


@dataclass(frozen=True, slots=True)
class Peer:
    """A server and its ways.

    Args:
        name: what it is.
        command: starts it; the TCP port is 0 where it chooses one itself and prints it.
        refused: names of settings that it does not take on this port, of 38400 7E2 rtscts.
        one_and_a_half: what becomes of 1.5 stop bits: taken, refused or silent.
        strict_lines: it answers each request about a line as the RFC has it.
        has_port: it serves the port that was made for it, not a loop of its own.
        tells_lines: it tells of modem lines by itself.
        tells_at_once: not only when they change.
        real_breaks: breaks reach the driver.
        flushes: what the driver is told for a purge of what was received, and of what is to be sent.
    """

    name: str
    command: Command
    refused: tuple[str, ...] = ()
    one_and_a_half: str = "silent"
    strict_lines: bool = True
    has_port: bool = True
    tells_lines: bool = True
    tells_at_once: bool = True
    real_breaks: bool = True
    flushes: tuple[str, ...] = ("in", "both")

    def __str__(self) -> str:
        return self.name


def _ser2net(port: str, number: int, folder: Path) -> list[str]:
    config = folder / "ser2net.yaml"
    config.write_text(
        "connection: &port\n"
        f"  accepter: telnet(rfc2217),tcp,127.0.0.1,{number}\n"
        f"  connector: serialdev(nouucplock=true),{port},9600n81,local\n"
    )
    return ["/usr/sbin/ser2net", "-n", "-d", "-c", str(config)]


def _gensiot(port: str, number: int, folder: Path) -> list[str]:
    device = f"serialdev(nouucplock=true),{port},9600n81,local"
    return ["gensiot", "--server", "-a", "-i", device, f"telnet(rfc2217),tcp,127.0.0.1,{number}"]


def _sredird(port: str, number: int, folder: Path) -> list[str]:
    listen = f"TCP-LISTEN:{number},bind=127.0.0.1,reuseaddr,fork"
    return ["socat", listen, f"EXEC:/usr/sbin/sredird 3 {port} {folder}/lock"]


def _pyserial(port: str, number: int, folder: Path) -> list[str]:
    return [sys.executable, str(Path(__file__).with_name("pyserial_server.py")), str(number)]


def _smartserial(port: str, number: int, folder: Path) -> list[str]:
    options = ["--device", f"serial:{port}", "--listen", f"127.0.0.1:{number}", "--mode", "rfc2217"]
    return [TWISTD, "-n", "--pidfile=", "smartserial", *options]


SER2NET = Peer("ser2net", _ser2net, strict_lines=False)
GENSIOT = Peer("gensiot", _gensiot, strict_lines=False, tells_lines=False)
SREDIRD = Peer(
    "sredird",
    _sredird,
    refused=("bytesize 7", "parity even"),
    one_and_a_half="refused",
    strict_lines=False,
    tells_at_once=False,
    real_breaks=False,
    flushes=("in", "out"),
)
PYSERIAL = Peer("pyserial", _pyserial, one_and_a_half="taken", has_port=False)


OURS = Peer("smartserial", _smartserial, one_and_a_half="taken", flushes=("in", "out"))


def free_port() -> int:
    """Return the number of a TCP port that nobody uses."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        number: int = sock.getsockname()[1]
        return number


class RunningPeer:
    """A peer that listens; it is ended after the test, with what it has started."""

    def __init__(self, test: TestCase, peer: Peer) -> None:
        self.port = FakePort(test)
        self.number = free_port()
        folder = Path(make_folder(test))
        self._log = folder / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                peer.command(str(self.port.path), self.number, folder),
                env={**os.environ, **self.port.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        test.addCleanup(self._end)
        until(self._listens, f"{peer} listens: {self._log.read_text()}")

    def _listens(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(f"it ended: {self._log.read_text()}")
        rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        return any(row[1].endswith(f":{self.number:04X}") and row[3] == _LISTENING for row in rows)

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(GUARD)
        finally:
            with suppress(ProcessLookupError):  # sredird, for one, heeds no gentler word
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
