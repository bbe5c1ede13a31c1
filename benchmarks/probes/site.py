"""A gateway with one device, as most checks want it."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from probes.gateway import Gateway, one_share
from rig.wire import Failure, Pty, connect, free_port, readable


class Device:
    """A pty behind a link that stays the same, as udev makes it for an adapter."""

    def __init__(self, plugged: bool = True) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="limits-")
        self.path = str(Path(self._folder.name) / "device")
        self._pty: Pty | None = None
        if plugged:
            self.plug()

    @property
    def master(self) -> int:
        """The device's own side."""
        if self._pty is None:
            raise Failure("the device is unplugged")
        return self._pty.master

    def plug(self) -> None:
        """Make a new pty and put the link on it."""
        self._pty = Pty()
        os.set_blocking(self._pty.master, False)
        os.symlink(self._pty.path, self.path)

    def unplug(self) -> None:
        """Take the link and the pty away."""
        if self._pty is not None:
            os.unlink(self.path)
            self._pty.close()
            self._pty = None

    def close(self) -> None:
        """Unplug it, and remove its folder."""
        self.unplug()
        self._folder.cleanup()

    def got(self, count: int, seconds: float) -> bool:
        """Read `count` bytes and throw them away; False: they did not come in time."""
        end = time.monotonic() + seconds
        while count > 0 and readable(self.master, end - time.monotonic()):
            with suppress(BlockingIOError):
                count -= len(os.read(self.master, count))
        return count <= 0


class Site:
    """A gateway, its device and its port."""

    def __init__(self, device: Device, gateway: Gateway, port: int) -> None:
        self.device = device
        self.gateway = gateway
        self.port = port

    def client(self, receive_buffer: int = 0) -> socket.socket:
        """Return a client that is proved to be served; with a small buffer its kernel holds little."""
        sock = _with_buffer(self.port, receive_buffer) if receive_buffer else connect(self.port)
        sock.sendall(b"<")
        if not self.device.got(1, 5):
            raise Failure("a byte of a client did not reach the device")
        sock.setblocking(False)
        return sock

    def until_served(self, seconds: float = 10.0) -> float:
        """Connect again and again until a byte reaches the device; return after how many seconds."""
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            with suppress(OSError), connect(self.port) as sock:
                sock.sendall(b"<")
                if self.device.got(1, 0.1):
                    return time.monotonic() - began
            time.sleep(0.005)
        return float("inf")


def _with_buffer(port: int, size: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    sock.connect(("127.0.0.1", port))
    return sock


@contextmanager
def site(max_clients: int = 16, open_files: int = 0, plugged: bool = True) -> Iterator[Site]:
    """Run a gateway with one device; it has opened the device, if that is plugged."""
    device, port = Device(plugged), free_port()
    try:
        with Gateway(one_share(device.path, port, max_clients), {port}, open_files) as gateway:
            gateway.wait_listening()
            if plugged:
                gateway.wait_logged("opened port")
            yield Site(device, gateway, port)
    finally:
        device.close()
