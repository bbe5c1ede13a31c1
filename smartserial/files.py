"""Reading files that somebody else names."""

from __future__ import annotations

from pathlib import Path

from smartserial.errors import SmartSerialError


class UnreadableError(SmartSerialError):
    """A file that cannot be read; the text says why, without its name."""


class TooLargeError(UnreadableError):
    """A file that is larger than it may be."""


def read_bounded(path: Path, most: int) -> bytes:
    """Return what a file holds.

    Args:
        path: of the file.
        most: bytes; no more than that, and one, are read.

    Raises:
        UnreadableError: it is not there, is a pipe, may not be read, or is larger.
    """
    if path.is_fifo():
        raise UnreadableError("expected a file, found a pipe")
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise UnreadableError(getattr(error, "strerror", None) or str(error)) from error
    if len(data) > most:
        raise TooLargeError(f"expected at most {most} bytes")
    return data
