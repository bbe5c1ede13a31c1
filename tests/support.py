"""What the tests on the real program share: the program, a pty that plays the device, clients."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import tty
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from io import StringIO
from pathlib import Path
from textwrap import dedent
from typing import Any
from unittest import TestCase

from ruamel.yaml import YAML

from tests.canary import CANARY, left_behind
from tests.telnetsocket import telnet

GUARD = 30.0  # seconds after which a test that hangs is given up
TWISTD = str(Path(sys.executable).with_name("twistd"))

_SERVES = re.compile(r"(\S+): serves .* on (\S+:\d+(?:, \S+:\d+)*)$")
_ACCOUNT = re.compile(r"(\w+) (\d+)")


class Program:
    """A running `twistd -n smartserial`, with its log.

    Args:
        test: stops it in the end.
        config: the YAML text, or a list of options.
        env: more environment variables.
        wrapper: words before the command, such as a limiter.

    For a test whose class has ``telnet = True``, all listeners speak RFC 2217, and so do the clients; with
    ``full = True``, all that can be switched on without another meaning of the bytes is switched on.
    """

    def __init__(
        self,
        test: TestCase,
        config: str | list[str],
        *,
        env: dict[str, str] | None = None,
        wrapper: list[str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.folder = folder or Path(make_folder(test))
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._telnet = getattr(test, "telnet", False)
        self._full = getattr(test, "full", False)
        options = config if isinstance(config, list) else ["--config", "config.yaml"]
        if isinstance(config, str):
            self.configure(config)
        self.process = subprocess.Popen(
            [*(wrapper or []), TWISTD, "-n", "--pidfile=", "smartserial", *options],
            cwd=self.folder,
            env={**os.environ, "RUNTIME_DIRECTORY": str(self.folder), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        test.addCleanup(self._end)

    def configure(self, text: str) -> None:
        """Write the configuration file."""
        if self._telnet:
            text = text.replace("{port: ", "{mode: rfc2217, port: ").replace(
                "device: {mode: rfc2217, port:", "device: {port:"
            )
        text = dedent(text)
        (self.folder / "config.yaml").write_text(with_everything(text) if self._full else text)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.decode().rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self.lines.append("END")
            self._news.notify_all()

    def _end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        told = [str(path) for path in left_behind([self.folder])] + ["the log"] * (CANARY in self.log)
        assert not told, f"a password came out in {', '.join(told)}"

    @property
    def log(self) -> str:
        """Everything that it has said."""
        return "\n".join(self.lines)

    def wait_for(self, pattern: str, count: int = 1) -> re.Match[str]:
        """Wait until so many log lines have matched `pattern`; return the last match."""

        def found() -> list[re.Match[str]]:
            return [m for line in self.lines if (m := re.search(pattern, line))]

        with self._news:
            self._news.wait_for(lambda: len(found()) >= count or "END" in self.lines, GUARD)
            matches = found()
        if len(matches) < count:
            raise AssertionError(f"no {pattern!r} in:\n{self.log}")
        return matches[count - 1]

    def ports(self, share: str) -> list[int]:
        """Return the TCP ports of a share, in the order of its listeners."""
        match = self.wait_for(rf"\b{share}: serves .* on ")
        serves = _SERVES.search(match.string)
        assert serves is not None
        return [int(where.rpartition(":")[2]) for where in serves[2].split(", ")]

    def connect(self, share: str, listener: int = 0, *, source: str = "127.0.0.1") -> socket.socket:
        """Connect a client; its reads give up after the guard."""
        sock = socket.create_connection(
            ("127.0.0.1", self.ports(share)[listener]), timeout=GUARD, source_address=(source, 0)
        )
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return telnet(sock) if self._telnet else sock

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(GUARD)
        self._reader.join(GUARD)
        return code

    def accounts(self, share: str) -> tuple[dict[str, int], dict[str, int]]:
        """Return the final accounts, from the device and to the device, once they are in the log."""
        line = self.wait_for(rf"\b{share}: stopped; ").string
        assert "UNEXPLAINED" not in line, line
        _, up, down = re.split(r"; (?:up|down): ", line)
        return _figures(up), _figures(down)

    def fds(self) -> list[str]:
        """Return what its descriptors lead to."""
        found = []
        for entry in Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                found.append(str(entry.readlink()))
            except FileNotFoundError:
                continue
        return found

    def bytes_read(self) -> int:
        """Return how many bytes it has read so far, from whatever."""
        match = re.search(r"rchar: (\d+)", Path(f"/proc/{self.process.pid}/io").read_text())
        assert match is not None
        return int(match[1])

    def memory(self) -> int:
        """Return its resident memory in KiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        match = re.search(r"VmRSS:\s+(\d+)", status)
        assert match is not None
        return int(match[1])


def _figures(text: str) -> dict[str, int]:
    return {name: int(figure) for name, figure in _ACCOUNT.findall(text)}


def make_folder(test: Any) -> str:
    """Return a new folder that is removed after the test."""
    folder = tempfile.TemporaryDirectory(prefix="smartserial-")
    test.addCleanup(folder.cleanup)
    return folder.name


class Pty:
    """A pseudo-terminal whose master plays the device; the program opens `path`.

    A program that wants an unplugged one back looks for its path, and the kernel would give that to the next
    pseudo-terminal of anybody: another test would find its device taken. So our end stays open until the
    tests of the class are through, for as long no other one gets the path.
    """

    def __init__(self, test: TestCase, link: Path | None = None) -> None:
        self.master, slave = os.openpty()
        test.addClassCleanup(os.close, slave)
        tty.setraw(slave)
        self.slave = slave
        self.path = Path(os.ttyname(slave))
        self._open = True
        test.addCleanup(self.close)
        if link is not None:
            temporary = link.with_name(link.name + ".new")
            temporary.symlink_to(self.path)
            temporary.replace(link)

    def close(self) -> None:
        """Unplug the device."""
        if self._open:
            self._open = False
            os.close(self.master)

    def read(self, count: int) -> bytes:
        """Read exactly `count` bytes that the program has written."""
        return read_exactly(self.master, count, lambda n: os.read(self.master, n))

    def write(self, data: bytes) -> None:
        """Send all of `data` to the program."""
        view = memoryview(data)
        while view:
            if not select.select([], [self.master], [], GUARD)[1]:
                raise AssertionError(f"{len(view)} bytes were not taken")
            view = view[os.write(self.master, view[:4096]) :]

    def quiet(self) -> bool:
        """Tell whether nothing is waiting to be read."""
        return not select.select([self.master], [], [], 0)[0]


def read_exactly(fd: Any, count: int, read: Callable[[int], bytes]) -> bytes:
    """Read `count` bytes, waiting for each; fail at an end, or when nothing comes any more."""
    data = bytearray()
    while len(data) < count:
        if not select.select([fd], [], [], GUARD)[0]:
            raise AssertionError(f"only {len(data)} of {count} bytes came: {bytes(data[-80:])!r}")
        piece = read(count - len(data))
        if not piece:
            raise AssertionError(f"the end after {len(data)} of {count} bytes: {bytes(data[-80:])!r}")
        data += piece
    return bytes(data)


def ioctl_int(fd: int, request: int) -> int:
    """Return what an ioctl says as one int."""
    return int(struct.unpack("i", ioctl(fd, request, b"\0\0\0\0"))[0])


def receive(sock: socket.socket, count: int) -> bytes:
    """Read exactly `count` bytes from a client's connection."""
    return read_exactly(sock, count, sock.recv)


def receive_all(sock: socket.socket) -> bytes:
    """Read until the program closes the connection."""
    data = bytearray()
    while piece := sock.recv(65536):
        data += piece
    return bytes(data)


def in_background(test: TestCase, call: Callable[[], Any]) -> threading.Thread:
    """Run `call` in a thread that is joined after the test; an error in it ends it quietly."""

    def run() -> None:
        with suppress(OSError):
            call()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    test.addCleanup(thread.join, GUARD)
    return thread


def until(condition: Callable[[], Any], what: str = "") -> Any:
    """Wait until `condition` holds, looking each few milliseconds; return its value."""
    pause = threading.Event()
    for _ in range(int(GUARD / 0.005)):
        value = condition()
        if value:
            return value
        pause.wait(0.005)
    raise AssertionError(f"it never came: {what or condition}")


def pattern(size: int, seed: int = 1) -> bytes:
    """Return bytes of every value in an order that shows each loss and each swap."""
    return b"".join(
        (n * 2654435761 + seed * 40503 & 0xFFFFFFFF).to_bytes(4, "big") for n in range((size + 3) // 4)
    )[:size]


def with_everything(text: str) -> str:
    """Return a configuration with packets, captures and an audit."""
    yaml = YAML(typ="safe")
    config = yaml.load(text)
    config["audit"] = "audit.jsonl"
    for name, share in config["shares"].items():
        share.setdefault("capture", {"file": f"{name}.jsonl", "size": "1MiB", "keep": 1})
        share.setdefault("packets", {"hold": "1ms", "size": "4KiB"})
    written = StringIO()
    yaml.dump(config, written)
    return written.getvalue()
