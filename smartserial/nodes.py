"""Device nodes as the kernel knows them: which are serial ports, and which are left of devices that are gone.

A node is a name and two numbers. What has these numbers is known in sysfs, and by the list of the drivers of
terminals, which a service may be kept from; pseudo-terminals are in the list alone, and have numbers of their
own.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

SYSFS = Path("/sys/dev/char")
DRIVERS = Path("/proc/tty/drivers")
_PSEUDO = range(136, 144)  # majors of pseudo-terminals, of which sysfs does not know
_MACHINE = 5  # the major of doors to terminals, and of the console: /dev/tty, /dev/ptmx
_SCREENS = (4, range(64))  # the screens of this machine: /dev/tty0 and on; serial ports follow
_DRIVER = re.compile(r".*\s([0-9]{1,9})\s+([0-9]{1,9})(?:-([0-9]{1,9}))?\s+(\S+)\s*")
_NO_PORTS = ("system:", "console", "pty:master")


def is_serial(path: Path) -> bool:
    """Tell whether a path leads to a node of a serial port, see `is_serial_number`."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISCHR(status.st_mode) and is_serial_number(status.st_rdev)


def is_serial_number(device: int) -> bool:
    """Tell whether a device is a serial port, or a pseudo-terminal, which may stand for one.

    Other devices are none, and neither are this machine's screens and the doors to its terminals.

    Args:
        device: the number of a character device, as in ``st_rdev``.
    """
    major, minor = os.major(device), os.minor(device)
    if major in _PSEUDO:
        return True
    if major == _MACHINE or (major == _SCREENS[0] and minor in _SCREENS[1]):
        return False
    return _class(major, minor) == "tty" or any(
        major == found and minor in minors for found, minors in _drivers()
    )


def is_left(path: Path) -> bool:
    """Tell whether a node was left behind by a device that is gone."""
    try:
        status = path.lstat()
    except OSError:
        return False
    major, minor = os.major(status.st_rdev), os.minor(status.st_rdev)
    known = stat.S_ISCHR(status.st_mode) and major not in _PSEUDO and SYSFS.is_dir()
    return known and not os.path.lexists(SYSFS / f"{major}:{minor}")


def _class(major: int, minor: int) -> str:
    """Return what kind of device has these numbers, as in ``tty``; empty: none, or nobody knows."""
    try:
        return (SYSFS / f"{major}:{minor}" / "subsystem").readlink().name
    except OSError:
        return ""


def _drivers() -> Iterator[tuple[int, range]]:
    """Yield the numbers of serial ports: a major, and minors.

    A line is a name, where its nodes are, a major, a minor or two with a dash between, and a kind.
    """
    try:
        lines = DRIVERS.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for found in map(_DRIVER.fullmatch, lines):
        if found is not None and not found[4].startswith(_NO_PORTS):
            yield int(found[1]), range(int(found[2]), int(found[3] or found[2]) + 1)
