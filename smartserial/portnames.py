"""How a serial port is named: by its path, by a pattern of paths, or by its USB adapter."""

from __future__ import annotations

import re
from dataclasses import dataclass

USB = "usb:"
"""What a name begins with that means an adapter: then come ``SERIAL``, ``VID:PID`` or ``VID:PID:SERIAL``."""

_IDS = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?", re.DOTALL)
_OPEN_BRACKET = re.compile(r"\[[^\]]*$")
_WILD = re.compile(r"[*?\[]")
_NO_PORT = re.compile(
    r"(?:.*/)?\.{0,2}|/+dev/+tty[^/]*/.*", re.DOTALL
)  # a folder, or something in a terminal


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

    Serial numbers may have colons: some adapters give their hardware address, which has five.

    Raises:
        ValueError: it asks nothing, or nothing that can be; the text says what was expected.
    """
    if not name.startswith(USB):
        return None
    rest = name.removeprefix(USB)
    ids = _IDS.fullmatch(rest)
    if ids is not None:
        return UsbName(ids[1].lower(), ids[2].lower(), ids[3] or "")
    if not rest.strip() or rest.count(":") in (1, 2) or rest.endswith(":"):
        raise ValueError(f"expected usb:SERIAL, usb:VID:PID or usb:VID:PID:SERIAL, found {name!r}")
    if _WILD.search(rest):
        raise ValueError(f"expected a serial number, which is no pattern, found {name!r}")
    return UsbName(serial=rest)


def check_name(name: str) -> None:
    """See whether a name can mean a port.

    Raises:
        ValueError: it cannot; the text says what was expected.
    """
    if usb_name(name) is not None:
        return
    if _NO_PORT.fullmatch(name):
        raise ValueError(f"expected the name or the path of a port, found {name!r}")
    if _OPEN_BRACKET.search(name):
        raise ValueError(f"expected a ] for each [ of a pattern, found {name!r}")


def is_pattern(name: str) -> bool:
    """Tell whether a name has to be looked for, because it may mean one port today and another tomorrow."""
    return name.startswith(USB) or _WILD.search(name) is not None
