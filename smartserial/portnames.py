"""How a serial port is named: by its path, by a pattern of paths, or by its USB adapter."""

from __future__ import annotations

import re
from dataclasses import dataclass

USB = "usb:"
"""What a name begins with that means an adapter: then come ``SERIAL``, ``VID:PID`` or ``VID:PID:SERIAL``."""

_IDS = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?", re.DOTALL)
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class UsbName:
    """What is asked of a USB adapter; an empty text is not asked.

    Args:
        vendor: four hexadecimal digits in lower case.
        product: likewise.
        serial: the serial number, as the adapter says it.
    """

    vendor: str = ""
    product: str = ""
    serial: str = ""

    def fits(self, vendor: str, product: str, serial: str) -> bool:
        """Tell whether an adapter is meant."""
        wanted = (self.vendor, self.product, self.serial)
        return all(
            not one or one == found for one, found in zip(wanted, (vendor, product, serial), strict=True)
        )


def usb_name(name: str) -> UsbName | None:
    """Return what a name asks of a USB adapter; None if it means a path.

    Raises:
        ValueError: it asks nothing; the text says what was expected.
    """
    if not name.startswith(USB):
        return None
    rest = name.removeprefix(USB)
    if not rest.strip():
        raise ValueError(f"expected usb:SERIAL, usb:VID:PID or usb:VID:PID:SERIAL, found {name!r}")
    ids = _IDS.fullmatch(rest)
    if ids is None:
        return UsbName(serial=rest)
    return UsbName(ids[1].lower(), ids[2].lower(), ids[3] or "")


def is_pattern(name: str) -> bool:
    """Tell whether a name has to be looked for, because it may mean one port today and another tomorrow."""
    return name.startswith(USB) or _WILD.search(name) is not None
