"""G9: very many clients, one after the other and all at once."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator

from probes.row import Row, Scale
from probes.site import site
from rig.wire import Failure, connect

_SETTLED = 6.0  # seconds after which clients that left are forgotten: they might have waited for an answer
_SLOW = 0.5  # seconds


def churn(scale: Scale) -> Iterator[Row]:
    """Each client brings one byte to the device and goes."""
    with site(scale, max_clients=64) as s:
        for _ in range(50):
            s.client().close()
        time.sleep(_SETTLED)
        memory, files = s.gateway.rss(), s.gateway.open_files()
        began = time.monotonic()
        for _ in range(scale.connects):
            with connect(s.port) as sock:
                sock.sendall(b"<")
                if not s.device.got(1, 10):
                    raise Failure("a byte of a client did not reach the device")
        rate = scale.connects / (time.monotonic() - began)
        time.sleep(_SETTLED)
        yield Row("G9", f"{scale.connects} connects", f"{rate:.0f} /s", ">= 1000 /s")
        yield Row("G9", "memory growth after them", f"{s.gateway.rss() - memory:+.1f} MiB", "<= +2 MB")
        yield Row("G9", "descriptors more after them", f"{s.gateway.open_files() - files:+d}", "0")


def at_once(scale: Scale) -> Iterator[Row]:
    """All connect within one moment, and bring one byte each."""
    with site(scale, max_clients=scale.crowd + 8) as s:
        began = time.monotonic()
        socks = [_begin(s.port) for _ in range(scale.crowd)]
        taken = _connected(socks, began)
        served = s.device.got(scale.crowd, 20)
        seconds = time.monotonic() - began
        for sock in socks:
            sock.close()
        slow = sum(one > _SLOW for one in taken) + scale.crowd - len(taken)
        yield Row("G9", f"{scale.crowd} at once: over {_SLOW} s", f"{slow}", "<= 5")
        yield Row("G9", "the slowest of them", f"{max(taken, default=float('inf')):.3f} s")
        yield Row("G9", "all of them served", f"{seconds:.3f} s" if served else "no")


def _begin(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    sock.connect_ex(("127.0.0.1", port))
    return sock


def _connected(socks: list[socket.socket], began: float) -> list[float]:
    """Let each send one byte as soon as it is connected; return the seconds that each took."""
    waiting = {sock.fileno(): sock for sock in socks}
    poller = select.poll()
    for fd in waiting:
        poller.register(fd, select.POLLOUT)
    taken = []
    while waiting and time.monotonic() < began + 20:
        for fd, events in poller.poll(100):
            poller.unregister(fd)
            sock = waiting.pop(fd)
            if events == select.POLLOUT:
                taken.append(time.monotonic() - began)
                sock.send(b"<")
    return taken
