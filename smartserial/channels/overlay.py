"""A virtual port under the name of a real device, which stands at ``NAME.real`` meanwhile."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from smartserial.channels.note import Note
from smartserial.channels.ptywatch import IGNORED, NAMES, OVERFLOW, Watch, inotify
from smartserial.errors import PortError

AGAIN = 1.0  # seconds until a name is tried again that could not be had
_log = Logger()


class Overlay:
    """Moves a real device aside, and puts it back.

    Args:
        note: beside the path, claimed: it says what was done, also after a crash.
    """

    def __init__(self, note: Note) -> None:
        self._note = note
        self.path = note.path
        self.real = note.path.with_name(f"{note.path.name}.real")

    @property
    def begun(self) -> bool:
        """Whether a device has given its name."""
        return self._note.overlays

    @property
    def in_place(self) -> bool:
        """Whether the link has the path."""
        return self._note.leads_here

    def begin(self, wanted: bool) -> None:
        """Make the path free for a link; `wanted`: also from a real device.

        Raises:
            PortError: something stands there that is not to be moved.
            OSError: we may not rename there.
        """
        if self._note.overlays and not wanted:
            self.end()
        if wanted:
            if not self._note.overlays:
                self._find_device()
                self._note.overlays = True
                self._note.write(self._note.target)  # before anything is moved
            self.move_aside()
        elif os.path.lexists(self.path) and not self._note.leads_here:
            raise PortError(
                f"cannot make a virtual port at {self.path}: something that smartserial did not make is there"
            )

    def _find_device(self) -> None:
        if self._note.leads_here or not os.path.lexists(self.path):
            raise PortError(f"cannot overlay {self.path}: there is no such device")
        if os.path.lexists(self.real):
            raise PortError(f"cannot overlay {self.path}: {self.real} is in the way")

    def move_aside(self) -> None:
        """Rename the device that has the path, if one has: it stands at ``NAME.real`` from now on.

        Raises:
            PortError: it is no device.
            OSError: we may not rename there.
        """
        if not os.path.lexists(self.path) or self._note.leads_here:
            return
        if not self.path.exists() or not stat.S_ISCHR(self.path.stat().st_mode):
            raise PortError(f"cannot overlay {self.path}: it is no serial device")
        self.path.replace(self.real)

    def end(self) -> None:
        """Put the device back, in the place of the link; a newer one that has its name already stays."""
        if not self._note.overlays:
            return
        try:
            if os.path.lexists(self.path) and not self._note.leads_here:
                self.real.unlink(missing_ok=True)
            elif os.path.lexists(self.real):
                self.real.replace(self.path)
        except OSError as error:
            _log.error("cannot put back {real}: {error}", real=str(self.real), error=str(error))
        self._note.overlays = False


class OverlayKeeper:
    """Keeps the name for the link while devices come and go.

    A device that is plugged in again gets its name from the system; it is moved aside too.

    Args:
        overlay: begun.
        put_link: makes the link anew.
        reactor: watches the folder.
    """

    def __init__(self, overlay: Overlay, put_link: Callable[[], None], reactor: Any) -> None:
        self._overlay = overlay
        self._put_link = put_link
        self._reactor = reactor
        self._watch: Watch | None = None
        self._later: IDelayedCall | None = None
        self._said = ""
        self._look()

    def _look(self) -> None:
        self._later = None
        try:
            if self._watch is None:
                folder = self._overlay.path.parent
                folder.mkdir(parents=True, exist_ok=True)  # the last device may have taken its folder away
                self._watch = inotify(self._reactor).watch_or_look(folder, NAMES, self._told)
            if not self._overlay.in_place:
                self._overlay.move_aside()
                self._put_link()
            self._said = ""
        except (PortError, OSError) as error:
            if str(error) != self._said:
                _log.warn("{error}; trying again", error=str(error))
            self._said = str(error)
            self._later = self._reactor.callLater(AGAIN, self._look)

    def _told(self, mask: int, name: str) -> None:
        if mask & IGNORED:
            self._watch = None
        if mask & (IGNORED | OVERFLOW) or name == self._overlay.path.name:
            self._stop_waiting()
            self._look()

    def _stop_waiting(self) -> None:
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._later = None

    def stop(self) -> None:
        """Keep the name no more."""
        self._stop_waiting()
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
