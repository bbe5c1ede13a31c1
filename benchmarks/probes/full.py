"""G10: one client too many, and not enough descriptors."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

from probes.client import Client
from probes.row import Row, Scale
from probes.site import site
from rig.wire import readable

_FILES = 24  # descriptors that the gateway may have
_CLIENTS = 60


def over_max(scale: Scale) -> Iterator[Row]:
    """The second client of a port for one."""
    with site(scale, max_clients=1) as s:
        first = s.client()
        began = time.monotonic()
        with s.connect(settle=False) as second:
            words = second.hear(5).decode("ascii", "replace").strip() or "nothing"
            told = time.monotonic() - began
            while readable(second.fileno(), 5) and second.receive() is not None:
                pass
            closed = time.monotonic() - began
        yield Row("G10", "one too many: told", f"{told:.3f} s: {words}", "<= 0.2 s, in plain words")
        yield Row("G10", "one too many: closed", f"{closed:.3f} s")
        first.close()
        yield Row("G10", "its place used again", f"{s.until_served():.3f} s", "<= 0.5 s")


def no_descriptors(scale: Scale) -> Iterator[Row]:
    """More clients than descriptors."""
    with site(scale, max_clients=100, open_files=_FILES) as s:
        clients: list[Client] = []
        for _ in range(_CLIENTS):
            with suppress(OSError):
                clients.append(s.connect(settle=False))
        time.sleep(0.3)
        cpu = s.gateway.cpu_percent(2)
        closed = sum(client.ended() for client in clients)
        yield Row("G10", f"{_FILES} descriptors, {_CLIENTS} clients: CPU", f"{cpu:.1f} %", "<= 10 %")
        yield Row("G10", "of the clients", f"{len(clients)} connected, {closed} closed again")
        for client in clients:
            client.close()
        yield Row("G10", "works again", f"{s.until_served():.3f} s", "<= 1 s")
        alive = "yes" if s.gateway.process.poll() is None else "no"
        yield Row("G10", "the program still runs", alive, "yes")
