"""VP: many virtual ports: what they cost while no program has them open, and that one is noticed at once."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from probes.gateway import Gateway
from probes.row import Row, Scale
from rig.wire import free_port

_REST = 20.0  # seconds for which nothing happens
_STARTS = 3  # of which the quickest counts
_OPENS = 9  # the log has twenty such lines a second at most


@contextmanager
def _ports(count: int) -> Iterator[tuple[Gateway, Path]]:
    """Run a gateway with so many virtual ports `pN` in a folder; all of them are made."""
    with tempfile.TemporaryDirectory(prefix="limits-") as name:
        folder, numbers = Path(name), [free_port() for _ in range(count)]
        shares = "".join(
            f"  p{n}: {{device: {{virtual: {folder}/p{n}}}, listen: [{{port: {port}}}]}}\n"
            for n, port in enumerate(numbers)
        )
        with Gateway(f"shares:\n{shares}", set(numbers)) as gateway:
            gateway.wait_listening()
            gateway.wait_logged("opened virtual", count)
            yield gateway, folder


def many(scale: Scale) -> Iterator[Row]:
    """Compare one port with many, which then rest, and are opened one after the other."""
    count = scale.ports
    one, all_of_them = (min(_start(number) for _ in range(_STARTS)) for number in (1, count))
    yield Row("VP", f"{count} virtual ports: start, with one", f"{all_of_them:.2f} s, {one:.2f} s", "<= 5 s")
    with _ports(1) as (gateway, _):
        before, files = gateway.rss(), gateway.open_files()
    with _ports(count) as (gateway, folder):
        each = (gateway.rss() - before) * 1024 / (count - 1)
        yield Row("VP", "memory for each further one", f"{each:.0f} KiB", "<= 64 KiB")
        more = (gateway.open_files() - files) / (count - 1)
        yield Row("VP", "descriptors for each further one", f"{more:.2f}", "3")
        woken = gateway.wakeups()
        cpu = gateway.cpu_percent(_REST)
        yield Row("VP", f"{count} at rest: CPU", f"{cpu:.2f} %", "<= 0.5 %")
        yield Row("VP", f"{count} at rest: woken", f"{(gateway.wakeups() - woken) / _REST:.1f} /s")
        delays = sorted(_noticed(gateway, folder / f"p{n % count}", n + 1) for n in range(_OPENS))
        yield Row(
            "VP", "an open is in the log after, median", f"{1000 * delays[_OPENS // 2]:.1f} ms", "<= 50 ms"
        )


def _start(count: int) -> float:
    """Return the seconds until so many ports are made, and listened for."""
    began = time.monotonic()
    with _ports(count):
        return time.monotonic() - began


def _noticed(gateway: Gateway, path: Path, count: int) -> float:
    """Open and close a port; return the seconds until that was in the log, which is looked at each 5 ms."""
    began = time.monotonic()
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    gateway.wait_logged("a program opened the port", count)
    seconds = time.monotonic() - began
    os.close(fd)
    gateway.wait_logged("a program closed the port", count)
    return seconds
