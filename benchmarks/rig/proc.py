"""What /proc tells about processes, and about who listens."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_COARSE = 0.05  # seconds that clock ticks may lag behind
_LISTEN = "0A"  # TCP_LISTEN in linux/net/tcp_states.h


class Memory(NamedTuple):
    """KiB of some processes: resident, and with common pages shared out fairly."""

    rss: int
    pss: int


def descendants(pids: Iterable[int]) -> list[int]:
    """Return the given processes and all that they have started."""
    found, todo = [], list(pids)
    while todo:
        pid = todo.pop()
        found.append(pid)
        with suppress(OSError):
            for task in (_PROC / str(pid) / "task").iterdir():
                todo += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return user plus system time, that of children which have ended included."""
    total = 0.0
    for pid in pids:
        with suppress(OSError):
            total += _cpu_seconds(_PROC / str(pid))
    return total


def _cpu_seconds(process: Path) -> float:
    """Take the scheduler's nanoseconds, unless threads have ended and only the ticks remember them."""
    fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
    ticks, reaped = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    coarse = ticks / _TICKS
    fine = 0.0
    for task in (process / "task").iterdir():
        fine += int((task / "schedstat").read_text().split()[0]) / 1e9
    return reaped / _TICKS + (fine if fine >= coarse - _COARSE else coarse)


def memory(pids: Iterable[int]) -> Memory:
    """Return the memory of some processes together."""
    sums = {"Rss:": 0, "Pss:": 0}
    for pid in pids:
        with suppress(OSError):
            for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
                name, *values = line.split()
                if name in sums:
                    sums[name] += int(values[0])
    return Memory(sums["Rss:"], sums["Pss:"])


def open_files(pid: int) -> int:
    """Return how many descriptors a process has open."""
    return len(os.listdir(_PROC / str(pid) / "fd"))


def listening() -> set[int]:
    """Return the TCP ports that somebody listens on."""
    ports = set()
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / name).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == _LISTEN:
                    ports.add(int(columns[1].rsplit(":", 1)[1], 16))
    return ports
