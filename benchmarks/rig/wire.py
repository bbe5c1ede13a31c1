"""Ports, pseudo-terminals, and waiting for bytes on a descriptor."""

from __future__ import annotations

import os
import select
import socket
import time
import tty
from collections.abc import Iterator
from itertools import cycle


class Failure(Exception):
    """A server did not do what a measurement needs."""


def _free_ports() -> Iterator[int]:
    """Give TCP ports of the loopback that are free now, below those that the kernel hands out."""
    first = 20000 + os.getpid() % 8000
    for port in cycle([*range(first, 32000), *range(20000, first)]):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port


_ports = _free_ports()


def free_port() -> int:
    """Return a TCP port of the loopback that was not given before."""
    return next(_ports)


class Pty:
    """A raw pseudo-terminal: the test plays the device at `master`, the server opens `path`."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)

    def close(self) -> None:
        """Unplug it."""
        os.close(self.master)
        os.close(self.slave)


def connect(port: int) -> socket.socket:
    """Connect to a server on the loopback."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def readable(fd: int, seconds: float) -> bool:
    """Wait until `fd` can be read, or has ended."""
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    return bool(poller.poll(max(0.0, seconds) * 1000))


def wait_bytes(fd: int, count: int, seconds: float) -> bool:
    """Read `count` bytes and throw them away; False: they did not come in time."""
    end = time.monotonic() + seconds
    while count > 0:
        if not readable(fd, end - time.monotonic()):
            return False
        piece = os.read(fd, count)
        if not piece:
            return False
        count -= len(piece)
    return True


def drain(fd: int) -> None:
    """Throw away what is there to read."""
    while readable(fd, 0):
        if not os.read(fd, 65536):
            break
