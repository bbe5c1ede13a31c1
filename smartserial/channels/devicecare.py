"""What shares and elements do alike with a device: its lines while it is in use, and words about its end."""

from __future__ import annotations

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from smartserial.channels.link import Link, LinkState
from smartserial.lines import Lines
from smartserial.settings import Device, PortDevice, Rfc2217Device

CLOSED = "closed"
"""Why a device is not open that we have closed."""


class ProfileLines:
    """The lines of one device as they are configured for its use; a break ends with its use."""

    def __init__(self) -> None:
        self._breaks = False  # whether a break is held that was configured

    def lines(self, device: Device, in_use: bool) -> Lines:
        """Return what is to be set for a device that is in use, or not; empty: all stays as it is."""
        wanted = Lines()
        if isinstance(device, PortDevice | Rfc2217Device):
            wanted = device.lines.connected if in_use else device.lines.idle
        return wanted.over(Lines(brk=False)) if self._breaks else wanted

    def set(self, device: Device, link: Link, in_use: bool) -> Deferred[Lines]:
        """Set the lines of an open device for its use.

        Returns:
            Fires with what was set, which is empty if there was nothing to do; fails with a PortError.
        """
        lines = self.lines(device, in_use)
        if not lines or link.state is not LinkState.UP:
            return succeed(Lines())
        self._breaks = bool(lines.brk)
        setting: Deferred[None] = link.stream.set_lines(lines)
        return setting.addCallback(lambda _: lines)

    def closed(self) -> None:
        """Take note that the device is not open any more."""
        self._breaks = False


def why_down(reason: Failure, expected: bool) -> str:
    """Say why a device is not open any more."""
    if expected:
        return CLOSED
    return "it hung up" if reason.check(ConnectionDone) else reason.getErrorMessage()


def why_missing(error: object) -> str:
    """Say why a device cannot be opened."""
    return str(error) or type(error).__name__
