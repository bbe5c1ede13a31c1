"""G5: a device that is unplugged and comes back, or that is not there at the start."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress

from probes.client import Client
from probes.row import Row, Scale
from probes.site import Site, site

_GONE = 0.3  # seconds without the device in one of many cycles


def unplug(scale: Scale) -> Iterator[Row]:
    """The client stays; how soon does it hear the device that came back?"""
    with site(scale) as s, s.client() as client:
        before = s.gateway.open_files()
        s.device.unplug()
        time.sleep(1.0)
        yield Row("G5", "CPU while the device is gone", f"{s.gateway.cpu_percent(3):.2f} %", "<= 2 %")
        yield Row("G5", "flows again, gone for 4 s", f"{_replug(s, client):.2f} s", "<= 1.5 s")
        longest = 0.0
        for _ in range(scale.cycles):
            s.device.unplug()
            time.sleep(_GONE)
            longest = max(longest, _replug(s, client))
        yield Row("G5", f"flows again, worst of {scale.cycles}", f"{longest:.2f} s", "<= 1.5 s")
        growth = s.gateway.open_files() - before
        yield Row("G5", f"descriptors more after {scale.cycles} cycles", f"{growth:+d}", "0")


def no_device(scale: Scale) -> Iterator[Row]:
    """The device comes after the start."""
    with site(scale, plugged=False) as s:
        time.sleep(2.0)
        with s.connect() as client:
            yield Row("G5", "flows after a start without device", f"{_replug(s, client):.2f} s", "<= 1.5 s")


def _replug(s: Site, client: Client) -> float:
    """Plug the device in and let it speak; return the seconds until the client hears it."""
    s.device.plug()
    began = time.monotonic()
    while time.monotonic() < began + 10:
        with suppress(BlockingIOError):
            os.write(s.device.master, b"!")
        if client.hear(0.005):
            heard = time.monotonic() - began
            time.sleep(0.05)
            client.drain()
            return heard
    return float("inf")
