"""Captured bytes, in the forms in which people keep them.

::

    raw     the bytes themselves, as one piece
    hex     pairs of hex digits; blanks, colons, commas and 0x between; a piece a line, # begins a comment
    json    {"time": 12.5, "direction": "up", "peer": "10.0.0.5:4001", "bytes": "02 41 03"}, one a line;
            all but "bytes" may be left out
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from smartserial.errors import SmartSerialError

UP = "up"
"""The direction from the device."""
_BETWEEN = re.compile(r"0[xX](?=[0-9A-Fa-f]{2})|[\s:,]+")
_PAIRS = re.compile(r"(?:[0-9A-Fa-f]{2})*")


class CaptureError(SmartSerialError):
    """A capture that cannot be read; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that came at once.

    Args:
        data: the bytes.
        time: seconds from whatever the capture counts from; None if it does not tell.
        peer: who sent them; empty if it does not tell.
        direction: `UP`, or another word.
    """

    data: bytes
    time: float | None = None
    peer: str = ""
    direction: str = UP


def bytes_of_hex(text: str) -> bytes | None:
    """Return the bytes that hex digits say, or None."""
    digits = _BETWEEN.sub("", text)
    return bytes.fromhex(digits) if _PAIRS.fullmatch(digits) else None


def _raw(data: bytes) -> Iterator[Piece]:
    if data:
        yield Piece(data)


def _hex(data: bytes) -> Iterator[Piece]:
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), 1):
        said = line.partition("#")[0]
        piece = bytes_of_hex(said)
        if piece is None:
            raise CaptureError(f"expected pairs of hex digits, found {said.strip()[:60]!r}", number)
        if piece:
            yield Piece(piece)


def _json(data: bytes) -> Iterator[Piece]:
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), 1):
        if line.strip():
            yield _object(line, number)


def _object(line: str, number: int) -> Piece:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CaptureError(f"expected JSON: {error}", number) from error
    data = said.get("bytes") if isinstance(said, dict) else None
    found = bytes_of_hex(data) if isinstance(data, str) else None
    if found is None:
        raise CaptureError('expected an object with "bytes", pairs of hex digits', number)
    time, peer, direction = said.get("time"), said.get("peer", ""), said.get("direction", UP)
    if isinstance(time, bool) or not isinstance(time, int | float | None):
        raise CaptureError('expected seconds as "time"', number)
    if not isinstance(peer, str) or not isinstance(direction, str):
        raise CaptureError('expected texts as "peer" and "direction"', number)
    return Piece(found, None if time is None else float(time), peer, direction)


FORMS: Mapping[str, Callable[[bytes], Iterator[Piece]]] = {"raw": _raw, "hex": _hex, "json": _json}
"""The forms, by name."""


def form_of(data: bytes) -> str:
    """Guess the form of a capture: JSON begins with a bracket, hex holds nothing but hex."""
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    first = start.partition(b"\n")[0]
    if first.startswith(b"{") and b'"bytes"' in first:
        return "json"
    return "hex" if _is_hex(start) else "raw"


def _is_hex(data: bytes) -> bool:
    """Tell whether there are pairs of hex digits, and nothing else but comments."""
    found = False
    for line in data.split(b"\n"):
        piece = bytes_of_hex(line.partition(b"#")[0].decode("latin-1"))
        if piece is None:
            return False
        found = found or bool(piece)
    return found


def pieces_of(data: bytes, form: str = "") -> Iterator[Piece]:
    """Read a capture.

    Args:
        data: what the file holds.
        form: one of `FORMS`; empty guesses.

    Raises:
        CaptureError: it is not of that form; what came before is read.
    """
    return FORMS[form or form_of(data)](data)
