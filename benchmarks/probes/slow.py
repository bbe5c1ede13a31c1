"""G2 and G3: a device, and a client, that do not read, or that vanish, while the other side floods."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator

from probes.client import Client
from probes.flow import Reader, Writer, arrived, pump, stuck
from probes.row import Row, Scale
from probes.site import Site, site


def slow_device(scale: Scale) -> Iterator[Row]:
    """A client sends a flood to a device that does not read; later the device reads it all."""
    with site(scale) as s, s.client() as client:
        before = s.gateway.rss()
        writer = client.writer(scale.flood)
        pump([writer], [], stuck(writer))
        yield Row("G2", "taken while the device does not read", f"{writer.done / 1e6:.1f} MB")
        yield Row("G2", "device to client meanwhile", f"{_reverse(s, client):.4f} s", "alive")
        reader = Reader(s.device.master)
        pump([writer], [reader], arrived(writer, reader), 120)
        yield Row("G2", "lost after the drain", f"{scale.flood - reader.done} B", "0 B")
        yield Row("G2", "pieces damaged", f"{reader.damaged}", "0")
        yield Row("G2", "memory growth", f"{s.gateway.peak() - before:+.1f} MiB", "<= +8 MB")


def _reverse(s: Site, client: Client) -> float:
    """Return the seconds that one byte takes from the device to the client."""
    began = time.monotonic()
    os.write(s.device.master, b"r")
    return time.monotonic() - began if client.hear(5) == b"r" else float("inf")


def slow_reader(scale: Scale) -> Iterator[Row]:
    """One of two clients does not read while the device sends a flood."""
    with site(scale) as s, s.client() as healthy, s.client() as slow:
        before = s.gateway.rss()
        writer, reader = Writer(s.device.master, scale.flood), healthy.reader()
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
        rest = slow.reader()
        ended = pump([], [rest], lambda: rest.finished, 5)
        text = f"{rest.done / 1e6:.1f} MB, {rest.damaged} damaged, {'closed' if ended else 'open'}"
        yield Row("G3", "what the slow client still reads", text)


def slow_alone(scale: Scale) -> Iterator[Row]:
    """The only client does not read: the device is held back, and nothing is lost."""
    with site(scale) as s, s.client() as client:
        before = s.gateway.rss()
        writer, reader = Writer(s.device.master, scale.flood), client.reader()
        pump([writer], [], stuck(writer))
        yield Row("G3", "alone: taken while it does not read", f"{writer.done / 1e6:.1f} MB")
        yield Row("G3", "alone: memory growth", f"{s.gateway.peak() - before:+.1f} MiB", "<= +8 MB")
        pump([writer], [reader], arrived(writer, reader), 120)
        yield Row("G3", "alone: lost", f"{scale.flood - reader.done} B", "0 B")
        yield Row("G3", "alone: pieces damaged", f"{reader.damaged}", "0")


def vanish(scale: Scale) -> Iterator[Row]:
    """One of two clients vanishes without a word while the device sends a flood."""
    with site(scale) as s, s.client() as healthy, s.client() as other:
        before = s.gateway.rss()
        writer, reader = Writer(s.device.master, scale.flood), healthy.reader()
        pump([writer], [reader], lambda: reader.done > scale.flood // 10)
        other.vanish()
        pump([writer], [reader], arrived(writer, reader), 120)
        yield Row("G3", "one vanishes: longest gap of the other", f"{reader.longest_gap:.3f} s", "<= 0.5 s")
        lost = f"{scale.flood - reader.done} B, {reader.damaged} damaged"
        yield Row("G3", "one vanishes: lost for the other", lost, "0 B")
        yield Row("G3", "one vanishes: memory growth", f"{s.gateway.peak() - before:+.1f} MiB", "<= +8 MB")
        s.gateway.wait_logged("is gone: ", seconds=20)
        yield Row("G3", "one vanishes: told in the log", _reason(s), "a reason")


def vanish_alone(scale: Scale) -> Iterator[Row]:
    """The only client vanishes: the device is held back until its place is free."""
    with site(scale, max_clients=1) as s, s.client() as client:
        before = s.gateway.rss()
        writer, reader = Writer(s.device.master, scale.flood), client.reader()
        pump([writer], [reader], lambda: reader.done > scale.flood // 10)
        client.vanish()
        began = time.monotonic()
        pump([writer], [], lambda: s.gateway.logged("is gone: ") > 0, 30)
        seconds = time.monotonic() - began
        yield Row("G3", "the only one vanishes: its place is free", f"{seconds:.1f} s", "<= 15 s")
        yield Row(
            "G3", "the only one vanishes: memory growth", f"{s.gateway.peak() - before:+.1f} MiB", "<= +8 MB"
        )
        yield Row("G3", "the only one vanishes: told in the log", _reason(s), "a reason")


def _reason(s: Site) -> str:
    found = re.search(r"is gone: (.*?);", s.gateway.log.read_text())
    return found[1] if found else "nothing"
