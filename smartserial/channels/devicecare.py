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


def lines_for(device: Device, in_use: bool) -> Lines:
    """Return the lines for a device that is in use, or not; empty: they stay as they are."""
    if not isinstance(device, PortDevice | Rfc2217Device):
        return Lines()
    return device.lines.connected if in_use else device.lines.idle


def set_lines(device: Device, link: Link, in_use: bool) -> Deferred[Lines]:
    """Set the lines of an open device for its use.

    Returns:
        Fires with what was set, which is empty if there was nothing to do; fails with a PortError.
    """
    lines = lines_for(device, in_use)
    if not lines or link.state is not LinkState.UP:
        return succeed(Lines())
    setting: Deferred[None] = link.stream.set_lines(lines)
    return setting.addCallback(lambda _: lines)


def why_down(reason: Failure, expected: bool) -> str:
    """Say why a device is not open any more."""
    if expected:
        return CLOSED
    return "it hung up" if reason.check(ConnectionDone) else reason.getErrorMessage()


def why_missing(error: object) -> str:
    """Say why a device cannot be opened."""
    return str(error) or type(error).__name__
