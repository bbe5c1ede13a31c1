"""G2 and G3: a device, and a client, that do not read while the other side floods."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from probes.flow import Reader, Writer, arrived, pump, stuck
from probes.row import Row, Scale
from probes.site import Site, site
from rig.wire import readable


def slow_device(scale: Scale) -> Iterator[Row]:
    """A client sends a flood to a device that does not read; later the device reads it all."""
    with site() as s, s.client() as client:
        before = s.gateway.rss()
        writer = Writer(client.fileno(), scale.flood)
        pump([writer], [], stuck(writer))
        yield Row("G2", "taken while the device does not read", f"{writer.done / 1e6:.1f} MB")
        yield Row("G2", "device to client meanwhile", f"{_reverse(s, client.fileno()):.4f} s", "alive")
        reader = Reader(s.device.master)
        pump([writer], [reader], arrived(writer, reader), 120)
        yield Row("G2", "lost after the drain", f"{scale.flood - reader.done} B", "0 B")
        yield Row("G2", "pieces damaged", f"{reader.damaged}", "0")
        yield Row("G2", "memory growth", f"{s.gateway.peak() - before:+.1f} MiB", "<= +8 MB")


def _reverse(s: Site, client: int) -> float:
    """Return the seconds that one byte takes from the device to the client."""
    began = time.monotonic()
    os.write(s.device.master, b"r")
    if readable(client, 5) and os.read(client, 1) == b"r":
        return time.monotonic() - began
    return float("inf")


def slow_reader(scale: Scale) -> Iterator[Row]:
    """One of two clients does not read while the device sends a flood."""
    with site() as s, s.client() as healthy, s.client() as slow:
        before = s.gateway.rss()
        writer, reader = Writer(s.device.master, scale.flood), Reader(healthy.fileno())
        began = time.monotonic()
        pump([writer], [reader], arrived(writer, reader), 120)
        rate = reader.done / 1e6 / (time.monotonic() - began)
        yield Row("G3", "longest gap of the healthy client", f"{reader.longest_gap:.3f} s", "<= 0.5 s")
        yield Row("G3", "lost for the healthy client", f"{scale.flood - reader.done} B", "0 B")
        yield Row("G3", "pieces damaged for it", f"{reader.damaged}", "0")
        yield Row("G3", "rate of the healthy client", f"{rate:.0f} MB/s")
        yield Row("G3", "memory growth", f"{s.gateway.peak() - before:+.1f} MiB", "<= +8 MB")
        told = s.gateway.logged(r"too slow: \d+ bytes")
        yield Row("G3", "slow client dropped with a reason in the log", "yes" if told else "no", "yes")
        rest = Reader(slow.fileno())
        ended = pump([], [rest], lambda: rest.finished, 5)
        text = f"{rest.done / 1e6:.1f} MB, {rest.damaged} damaged, {'closed' if ended else 'open'}"
        yield Row("G3", "what the slow client still reads", text)


def slow_alone(scale: Scale) -> Iterator[Row]:
    """The only client does not read: the device is held back, and nothing is lost."""
    with site() as s, s.client() as client:
        before = s.gateway.rss()
        writer, reader = Writer(s.device.master, scale.flood), Reader(client.fileno())
        pump([writer], [], stuck(writer))
        yield Row("G3", "alone: taken while it does not read", f"{writer.done / 1e6:.1f} MB")
        yield Row("G3", "alone: memory growth", f"{s.gateway.peak() - before:+.1f} MiB", "<= +8 MB")
        pump([writer], [reader], arrived(writer, reader), 120)
        yield Row("G3", "alone: lost", f"{scale.flood - reader.done} B", "0 B")
        yield Row("G3", "alone: pieces damaged", f"{reader.damaged}", "0")
