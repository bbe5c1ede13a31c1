"""Who hears the device of a share without being a client: operators, and elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol as Shape

from smartserial.channels.elements.netlock import SendRight

Tap = Callable[[str, str, bytes], None]
"""Sees all data: what direction it goes (``up`` is from the device), whose it is, and the bytes."""


class Attendant(Shape):
    """An element beside the clients of a share."""

    def from_device(self, data: bytes) -> None:
        """Take what the device has sent."""

    def device_changed(self) -> None:
        """Take note that the device is open now, or not any more."""

    def device_missing(self, why: str, news: bool) -> None:
        """Take note that the device cannot be opened; `news`: for another reason than before."""

    def share_ended(self) -> None:
        """Take note that the share is no more."""


class Audience:
    """Everybody who hears a device beside its clients; nobody may fail on that.

    Args:
        changed: is called when there are more attendants, or fewer.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.taps: dict[object, Tap] = {}
        self.attendants: dict[Attendant, None] = {}
        self.right = SendRight()
        """Which of them may send."""
        self._changed = changed

    def __len__(self) -> int:
        """How many attend: who only taps does not need the device."""
        return len(self.attendants)

    def attend(self, attendant: Attendant) -> None:
        """Let one more hear the device, which is open for it as for a client."""
        self.attendants[attendant] = None
        self._changed()

    def leave(self, attendant: Attendant) -> None:
        """Let one less hear it."""
        if attendant in self.attendants:
            del self.attendants[attendant]
            self._changed()

    def dismiss(self) -> None:
        """Tell all attendants that the share is no more."""
        attendants, self.attendants = list(self.attendants), {}
        for attendant in attendants:
            attendant.share_ended()

    def hear(self, data: bytes) -> None:
        """Let all hear what the device has sent."""
        self.tap("up", "", data)
        for attendant in list(self.attendants):
            attendant.from_device(data)

    def tap(self, direction: str, who: str, data: bytes) -> None:
        """Let the taps see data."""
        for tap in list(self.taps.values()):
            tap(direction, who, data)

    def device_changed(self) -> None:
        """Tell the attendants that the device is open now, or not any more."""
        for attendant in list(self.attendants):
            attendant.device_changed()

    def device_missing(self, why: str, news: bool) -> None:
        """Tell the attendants why the device cannot be opened."""
        for attendant in list(self.attendants):
            attendant.device_missing(why, news)
