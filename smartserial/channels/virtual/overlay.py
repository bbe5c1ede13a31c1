"""A virtual port under the name of a real device, which stands at ``NAME.real`` meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.logger import Logger

from smartserial.channels.virtual.note import Note
from smartserial.errors import PortError
from smartserial.nodes import is_left, is_serial

_log = Logger()


def real_name(path: Path) -> Path:
    """Return where a device stands while a virtual port has its name."""
    return path.with_name(f"{path.name}.real")


class Overlay:
    """Moves a real device aside, and puts it back.

    Args:
        note: beside the path, claimed: it says what was done, also after a crash.
    """

    def __init__(self, note: Note) -> None:
        self._note = note
        self.path = note.path
        self.real = real_name(note.path)

    @property
    def begun(self) -> bool:
        """Whether a device has given its name."""
        return self._note.overlays

    @property
    def unplugged(self) -> bool:
        """Whether a node was left behind by a device that is gone.

        The kernel takes a node away that has its name. It leaves the one that we have renamed; and that is
        right again when a device comes back under this name, for number and name go together.
        """
        return is_left(self.real)

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

    def move_aside(self) -> bool:
        """Rename the device that has the path, if one has: it stands at ``NAME.real`` from now on.

        Returns:
            Whether there was one.

        Raises:
            PortError: it is no serial device: no other is moved, for the whole machine may need it.
            OSError: we may not rename there.
        """
        if not os.path.lexists(self.path) or self._note.leads_here:
            return False
        if not is_serial(self.path):
            raise PortError(f"cannot overlay {self.path}: it is no serial device")
        self.path.replace(self.real)
        return True

    def end(self) -> None:
        """Put the device back, in the place of the link; a newer one that has its name already stays.

        The node of one that is gone is taken away, so that the next one finds its name free.
        """
        if not self._note.overlays:
            return
        try:
            if self.unplugged or (os.path.lexists(self.path) and not self._note.leads_here):
                self.real.unlink(missing_ok=True)
            elif os.path.lexists(self.real):
                self.real.replace(self.path)
        except OSError as error:
            _log.error("cannot put back {real}: {error}", real=str(self.real), error=str(error))
        self._note.overlays = False
