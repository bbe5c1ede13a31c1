"""What the tests on moving in share: the other programs, and ours with what was made of their files."""

from __future__ import annotations

import socket
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest import TestCase

from smartserial.config.source import parse_source
from smartserial.convert.form import Draft
from smartserial.convert.remarks import Place
from smartserial.convert.whole import converted
from tests.support import GUARD, Program, Pty, make_folder, until

SAMPLES = Path(__file__).parent / "convert"
_LISTENS = "0A"


class Converted(NamedTuple):
    """What has become of a text."""

    values: dict  # type: ignore[type-arg]
    remarks: list[str]
    draft: Draft
    text: str

    @property
    def share(self) -> dict:  # type: ignore[type-arg]
        """The first share."""
        return next(iter(self.values["shares"].values()))  # type: ignore[no-any-return]


def no_files(pattern: str, place: Place) -> list[tuple[str, str]]:
    """Other files: there are none."""
    raise AssertionError(f"{pattern} at {place}")


def convert(
    text: str,
    form: str = "ser2net-yaml",
    others: Callable[[str, Place], list[tuple[str, str]]] = no_files,
) -> Converted:
    """Convert a text; remarks are without the name of the file."""
    whole, draft = converted("f", text, form, others, Path("/nowhere"))
    values = parse_source("new", whole.encode()).values if whole else {}
    return Converted(values, [str(one).removeprefix("f:") for one in draft.remarks.in_order()], draft, whole)


class Settings(NamedTuple):
    """What a program has set a pseudo-terminal to, as far as one remembers it."""

    speed: int
    stop_bits: int
    rtscts: bool
    xonxoff: bool
    hupcl: bool
    raw: bool


_SPEEDS = {getattr(termios, f"B{rate}"): rate for rate in (1200, 2400, 4800, 9600, 19200, 38400, 57600)}


def settings_of(pty: Pty) -> Settings:
    """Read the settings that are in force."""
    iflag, oflag, cflag, lflag, _, speed, _ = termios.tcgetattr(pty.slave)
    return Settings(
        _SPEEDS[speed],
        2 if cflag & termios.CSTOPB else 1,
        bool(cflag & termios.CRTSCTS),
        bool(iflag & termios.IXON) and bool(iflag & termios.IXOFF),
        bool(cflag & termios.HUPCL),
        not (oflag & termios.OPOST or lflag & (termios.ECHO | termios.ICANON | termios.ISIG)),
    )


class Site:
    """A folder with pseudo-terminals, ports that are free, and a sample for them."""

    def __init__(self, test: TestCase, sample: str, devices: list[str]) -> None:
        self._test = test
        self.folder = Path(make_folder(test))
        self.ptys = {name: Pty(test, self.folder / name) for name in devices}
        self.ports = _free_ports(8)
        text = (SAMPLES / sample).read_text().replace("@FOLDER@", str(self.folder))
        for number, port in enumerate(self.ports, 1):
            text = text.replace(f"@PORT{number}@", str(port))
        self.file = self.folder / sample
        self.file.write_text(text)
        self.remarks = ""
        self._program: Program | None = None

    def settings(self, name: str) -> Settings:
        """Return what a device is set to.

        Ours sets on a pseudo-terminal only what one has, and says in its log what it would set.
        """
        found = settings_of(self.ptys[name])
        if self._program is None:
            return found
        said = self._program.wait_for(rf"opened port {self.folder / name} (.*)$")[1].split()
        return found._replace(
            stop_bits=int(said[1][2]), rtscts="rtscts" in said[2:], xonxoff="xonxoff" in said[2:]
        )

    @contextmanager
    def theirs(self, command: list[str], port: int) -> Iterator[None]:
        """Run another program until it listens on a port, and end it."""
        with (self.folder / "theirs.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            until(lambda: process.poll() is not None or listens(port), f"{command} on {port}")
            self._test.assertIsNone(process.poll(), (self.folder / "theirs.log").read_text())
            yield
        finally:
            process.terminate()
            process.wait(GUARD)

    @contextmanager
    def ours(self) -> Iterator[Program]:
        """Convert the sample, run our program with what has become of it, and end that."""
        made = subprocess.run(
            [sys.executable, "-m", "smartserial", "convert", str(self.file), "-o", "made.yaml"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=GUARD,
        )
        self._test.assertIn(made.returncode, (0, 1), made.stderr)
        self.remarks = made.stderr
        program = self._program = Program(self._test, ["--config", str(self.folder / "made.yaml")])
        for share in parse_source("made", (self.folder / "made.yaml").read_bytes()).values["shares"]:
            program.wait_for(rf"\b{share}: serves ")
        yield program
        self._program = None
        self._test.assertEqual(program.stop(), 0, program.log)


def _free_ports(count: int) -> list[int]:
    sockets = [
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) for _ in range(count)
    ]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def listens(port: int) -> bool:
    """Tell whether somebody listens on a TCP port, without connecting."""
    for name in ("tcp", "tcp6"):
        for line in Path("/proc/net", name).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == _LISTENS and int(local.rpartition(":")[2], 16) == port:
                return True
    return False


def client(port: int, host: str = "127.0.0.1", source: str = "127.0.0.1") -> socket.socket:
    """Connect; reads give up after the guard."""
    where = (source, 0) if host == "127.0.0.1" else None
    return socket.create_connection((host, port), timeout=GUARD, source_address=where)


def closed(sock: socket.socket) -> bytes:
    """Read to the end of a connection that the other side closes; return what it has said."""
    data = bytearray()
    try:
        while piece := sock.recv(4096):
            data += piece
    except ConnectionResetError:
        pass
    return bytes(data)
