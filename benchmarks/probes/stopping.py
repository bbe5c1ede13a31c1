"""G6: the end of the program with much on its way, and its start after a sudden death."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from probes.flow import Reader, Writer, pump, stuck
from probes.row import Row, Scale
from probes.site import Site, site

_BACKLOG = 1_200_000  # bytes
_SMALL = 16 * 1024  # receive buffer of a client, so that the bytes wait in the gateway
_LATE = 1.0  # seconds after the signal that the other side begins to read
_GRACE = 5.0  # seconds that a stop waits for bytes to be taken


def to_client(scale: Scale) -> Iterator[Row]:
    """The client begins to read after the signal."""
    with site(scale) as s, s.client(_SMALL) as client:
        writer, reader = Writer(s.device.master, _BACKLOG), client.reader()
        pump([writer], [], stuck(writer, 0.5))
        yield from _stop("backlog to a client that reads late", s, writer, reader)


def to_device(scale: Scale) -> Iterator[Row]:
    """The device begins to read after the signal."""
    with site(scale) as s, s.client() as client:
        writer, reader = client.writer(_BACKLOG), Reader(s.device.master)
        pump([writer], [], stuck(writer, 0.5))
        yield from _stop("backlog to a device that reads late", s, writer, reader)


def _stop(what: str, s: Site, writer: Writer, reader: Reader) -> Iterator[Row]:
    s.gateway.terminate()
    began = time.monotonic()
    time.sleep(_LATE)
    pump([writer], [reader], lambda: s.gateway.process.poll() is not None, 20)
    seconds, code = time.monotonic() - began, s.gateway.wait()
    pump([], [reader], lambda: reader.finished or reader.done >= writer.done, 2)
    yield Row("G6", f"{what}: exit", f"{seconds:.2f} s, rc {code}", f"<= {_GRACE + 1:.0f} s, rc 0")
    lost = f"{writer.done - reader.done} of {writer.done} B, {reader.damaged} damaged"
    yield Row("G6", f"{what}: lost", lost, "0 B")


def never_read(scale: Scale) -> Iterator[Row]:
    """Nobody ever reads: the grace is the limit."""
    with site(scale) as s, s.client(_SMALL) as client:
        up, down = Writer(s.device.master, _BACKLOG), client.writer(_BACKLOG)
        pump([up, down], [], lambda: stuck(up, 0.5)() and stuck(down, 0.5)())
        s.gateway.terminate()
        began = time.monotonic()
        code = s.gateway.wait()
        yield Row("G6", "nobody reads: exit", f"{time.monotonic() - began:.2f} s, rc {code}", "<= 6 s, rc 0")
        counted = s.gateway.logged("stop_deadline") > 0
        unexplained = s.gateway.logged("UNEXPLAINED")
        text = f"{'counted' if counted else 'not counted'}, {unexplained} unexplained"
        yield Row("G6", "nobody reads: the rest", text, "counted, 0 unexplained")


def killed(scale: Scale) -> Iterator[Row]:
    """SIGKILL, then a new start on the same port."""
    with site(scale) as s:
        with s.client():
            s.gateway.kill()
        began = time.monotonic()
        s.gateway.restart()
        os.write(s.device.master, b"!")
        heard = float("inf")
        while time.monotonic() < began + 10 and heard == float("inf"):
            try:
                with s.connect(settle=False) as client:
                    if client.hear(5):
                        heard = time.monotonic() - began
            except OSError:
                time.sleep(0.005)
        yield Row("G6", "restart after SIGKILL: first data", f"{heard:.2f} s", "<= 1.5 s")
