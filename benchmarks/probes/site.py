"""A gateway with one device, as most checks want it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from probes.client import Client
from probes.gateway import Gateway, one_share
from probes.row import Scale
from rig.wire import Failure, Pty, free_port, readable


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

    def __init__(self, device: Device, gateway: Gateway, port: int, telnet: bool) -> None:
        self.device = device
        self.gateway = gateway
        self.port = port
        self._telnet = telnet

    def connect(self, receive_buffer: int = 0, settle: bool = True) -> Client:
        """Return a client; `settle`: whether its options are to be settled, where it has some."""
        return Client(self.port, self._telnet, receive_buffer, settle)

    def client(self, receive_buffer: int = 0) -> Client:
        """Return a client that is proved to be served; with a small buffer its kernel holds little."""
        client = self.connect(receive_buffer)
        client.send(b"<")
        if not self.device.got(1, 5):
            raise Failure("a byte of a client did not reach the device")
        return client

    def until_served(self, seconds: float = 10.0) -> float:
        """Connect again and again until a byte reaches the device; return after how many seconds."""
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            with suppress(OSError), self.connect(settle=False) as client:
                client.send(b"<")
                if self.device.got(1, 0.1):
                    return time.monotonic() - began
            time.sleep(0.005)
        return float("inf")


@contextmanager
def site(
    scale: Scale, max_clients: int = 16, open_files: int = 0, plugged: bool = True, telnet: bool = False
) -> Iterator[Site]:
    """Run a gateway with one device; it has opened the device, if that is plugged.

    Args:
        scale: says whether clients speak telnet.
        max_clients: how many it lets in.
        open_files: the limit of descriptors; 0: as it is.
        plugged: whether the device is there.
        telnet: have them speak it in any case.
    """
    device, port, telnet = Device(plugged), free_port(), telnet or scale.telnet
    try:
        config = one_share(device.path, port, max_clients, telnet)
        with Gateway(config, {port}, open_files) as gateway:
            gateway.wait_listening()
            if plugged:
                gateway.wait_logged("opened port")
            yield Site(device, gateway, port, telnet)
    finally:
        device.close()
