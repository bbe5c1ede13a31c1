"""The serial ports of this machine, and which of them a name means.

The kernel lists them in ``/sys/class/tty``, udev gives them further names below ``/dev/serial``. All of it
reads files, and is to be called in a thread where time matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from smartserial.errors import PortError
from smartserial.portnames import UsbName, is_pattern, usb_name

SYSFS = Path("/sys/class/tty")
DEV = Path("/dev")
FOLDERS = (DEV, DEV / "serial/by-id", DEV / "serial/by-path")
"""Where a name without a slash is looked for."""

_UNKNOWN_UART = "0"  # the type of a UART that the driver reserves and did not find


@dataclass(frozen=True, slots=True)
class ListedPort:
    """A serial port; an empty text is not known.

    Args:
        path: of its node, such as ``/dev/ttyUSB0``.
        vendor: of its USB adapter, four hexadecimal digits; empty: it is none.
        product: likewise.
        serial: the adapter's serial number.
        what: the adapter in its own words.
        links: its further names, below ``/dev/serial``.
    """

    path: Path
    vendor: str = ""
    product: str = ""
    serial: str = ""
    what: str = ""
    links: tuple[Path, ...] = ()

    @property
    def usb(self) -> str:
        """Vendor and product, as in ``0403:6001``."""
        return f"{self.vendor}:{self.product}" if self.vendor else ""


def list_ports() -> list[ListedPort]:
    """Return the serial ports that there are, in the order of their names."""
    links: dict[Path, list[Path]] = {}
    for folder in FOLDERS[1:]:
        for link in sorted(folder.glob("*")):
            with suppress(OSError):
                links.setdefault(link.resolve(strict=True), []).append(link)
    found = [_listed(entry, links) for entry in SYSFS.glob("*") if _is_port(entry)]
    return sorted((port for port in found if port.path.exists()), key=lambda port: _natural(port.path.name))


def _is_port(entry: Path) -> bool:
    return (entry / "device").exists() and _read(entry / "type") != _UNKNOWN_UART


def _listed(entry: Path, links: dict[Path, list[Path]]) -> ListedPort:
    path = DEV / entry.name
    names = tuple(links.get(path.resolve(), ()))
    device = (entry / "device").resolve()
    for folder in (device, *device.parents):
        if (folder / "idVendor").exists():
            words = (_read(folder / "manufacturer"), _read(folder / "product"))
            return ListedPort(
                path,
                _read(folder / "idVendor").lower(),
                _read(folder / "idProduct").lower(),
                _read(folder / "serial"),
                " ".join(filter(None, words)),
                names,
            )
    return ListedPort(path, links=names)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort ``ttyUSB10`` behind ``ttyUSB9``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def find_port(name: str) -> Path:
    """Return the path of the one port that a name means.

    Raises:
        PortError: there is none, or there are several; the text names them.
    """
    wanted = usb_name(name)
    if wanted is not None:
        return _only(name, [(port.path, _serial(port)) for port in list_ports() if _fits(wanted, port)])
    places = [Path(name)] if "/" in name else [folder / name for folder in FOLDERS]
    for path in places:
        if path.exists():
            return path
    if not is_pattern(name):
        raise PortError(f"there is no port {name}")
    return _only(name, [(path, "") for place in places for path in _fitting(place)])


def _fits(wanted: UsbName, port: ListedPort) -> bool:
    return bool(port.vendor) and wanted.fits(port.vendor, port.product, port.serial)


def _serial(port: ListedPort) -> str:
    return f" (serial number {port.serial})" if port.serial else ""


def _fitting(place: Path) -> Iterator[Path]:
    """Yield what a pattern fits, without folders and links that lead nowhere."""
    pattern = re.sub(r"\*+", "*", str(place.relative_to(place.anchor)))  # never whole trees
    for path in sorted(Path(place.anchor).glob(pattern)):
        if path.exists() and not path.is_dir():
            yield path


def _only(name: str, found: list[tuple[Path, str]]) -> Path:
    """Return the one that was found; links to the same port are one."""
    ports = {path.resolve(): (path, word) for path, word in reversed(found)}
    if not ports:
        raise PortError(f"there is no port {name}")
    if len(ports) > 1:
        words = ", ".join(f"{path}{word}" for path, word in reversed(ports.values()))
        raise PortError(f"expected one port {name}, found {words}")
    ((path, _),) = ports.values()
    return path


def folders_of(name: str) -> tuple[Path, ...]:
    """Return the folders in which a port of this name will appear."""
    if usb_name(name) is not None:
        return (DEV,)
    return (Path(name).parent, DEV) if "/" in name else FOLDERS
