"""A serial port with modem lines: a pty that a preloaded library makes look like a UART."""

from __future__ import annotations

import atexit
import ctypes
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from fcntl import ioctl
from functools import cache
from mmap import mmap
from pathlib import Path
from termios import TIOCM_CAR, TIOCM_CTS, TIOCM_DSR, TIOCM_DTR, TIOCM_RNG, TIOCM_RTS
from unittest import TestCase

from smartserial.channels.serial.termios2 import TCGETS2
from tests.support import Pty, make_folder

_COUNTERS = ("cts", "dsr", "rng", "dcd", "rx", "tx", "frame", "overrun", "parity", "brk", "buf_overrun")
_INPUTS = {"cts": TIOCM_CTS, "dsr": TIOCM_DSR, "rng": TIOCM_RNG, "dcd": TIOCM_CAR}
_TERMIOS2_SIZE = 44


@dataclass(frozen=True, slots=True)
class Call:
    """An ioctl that the program has made, at `time.monotonic()` seconds, such as ``TIOCMSET dtr=1 rts=0``."""

    at: float
    name: str
    argument: str


class _Counts(ctypes.Structure):
    """``struct serial_icounter_struct``."""

    _fields_ = [*((name, ctypes.c_int) for name in _COUNTERS), ("reserved", ctypes.c_int * 9)]


class _State(ctypes.Structure):
    """``struct state`` of fakeport.c."""

    outputs: int
    inputs: int
    max_baudrate: int
    refused_parities: bytes
    counts: _Counts
    termios: ctypes.Array[ctypes.c_ubyte]
    settings: bytes

    _fields_ = [
        ("outputs", ctypes.c_uint),
        ("inputs", ctypes.c_uint),
        ("max_baudrate", ctypes.c_uint),
        ("refused_parities", ctypes.c_char * 8),
        ("counts", _Counts),
        ("termios", ctypes.c_ubyte * _TERMIOS2_SIZE),
        ("settings", ctypes.c_char * 40),
    ]


@cache
def _library() -> Path:
    folder = tempfile.mkdtemp(prefix="fakeport-")
    atexit.register(shutil.rmtree, folder)
    library, source = Path(folder) / "fakeport.so", Path(__file__).with_suffix(".c")
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-o", str(library), str(source), "-ldl"], check=True
    )
    return library


class FakePort:
    """A serial port for a program that is started with `env`; DTR and RTS are on, its inputs off.

    It begins at 38400 8N1. A call is listed once it has taken effect, with the time at which it began.
    """

    def __init__(self, test: TestCase) -> None:
        self.pty = Pty(test)
        self.path, self.read, self.write = self.pty.path, self.pty.read, self.pty.write
        folder = Path(make_folder(test))
        self._log = folder / "log"
        self._log.touch()
        state = folder / "state"
        state.write_bytes(bytes(ctypes.sizeof(_State)))
        with state.open("r+b") as file:
            self._state = _State.from_buffer(mmap(file.fileno(), 0))
        self._state.outputs = TIOCM_DTR | TIOCM_RTS
        self._state.termios[:] = list(ioctl(self.pty.slave, TCGETS2, bytes(_TERMIOS2_SIZE)))
        self._state.settings = b"38400 8N1 none"
        self.env = {
            "LD_PRELOAD": str(_library()),
            "FAKEPORT_TTY": str(self.path),
            "FAKEPORT_STATE": str(state),
            "FAKEPORT_LOG": str(self._log),
        }

    def set_inputs(
        self,
        *,
        cts: bool | None = None,
        dsr: bool | None = None,
        ri: bool | None = None,
        cd: bool | None = None,
    ) -> None:
        """Set the lines that the far side drives, all at once, and count their edges; None leaves one."""
        before = after = self._state.inputs
        for bit, level in zip(_INPUTS.values(), (cts, dsr, ri, cd), strict=True):
            if level is not None:
                after = after | bit if level else after & ~bit
        self._state.inputs = after
        for name, bit in _INPUTS.items():
            if (before ^ after) & bit and not (name == "rng" and after & bit):  # of a ring only the end
                self.count(**{name: 1})

    def count(self, **more: int) -> None:
        """Add to the driver's counters, such as ``frame=1``; the names are the kernel's."""
        for name, number in more.items():
            setattr(self._state.counts, name, getattr(self._state.counts, name) + number)

    def outputs(self) -> tuple[bool, bool]:
        """Return the states of DTR and RTS."""
        return bool(self._state.outputs & TIOCM_DTR), bool(self._state.outputs & TIOCM_RTS)

    def settings(self) -> str:
        """Return what is in force, such as ``115200 8N1 none``: the last is the flow control."""
        return self._state.settings.decode()

    def refuse(self, *, max_baudrate: int = 0, parities: str = "") -> None:
        """From now on silently keep what is in force instead of higher rates (0: any) and of these parities.

        Args:
            max_baudrate: bits a second.
            parities: letters of ``NOEMS``.
        """
        self._state.max_baudrate, self._state.refused_parities = max_baudrate, parities.encode()

    def calls(self, *names: str) -> list[Call]:
        """Return what was called, of these names if there are any, in order."""
        lines = self._log.read_text().rpartition("\n")[0].splitlines()
        words = (line.split(" ", 2) for line in lines)
        calls = (Call(float(at), name, "".join(argument)) for at, name, *argument in words)
        return [call for call in calls if not names or call.name in names]

    def clear(self) -> None:
        """Forget the calls so far."""
        os.truncate(self._log, 0)
