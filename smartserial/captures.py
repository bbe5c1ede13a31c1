"""Captured bytes, in the forms in which people keep them.

::

    raw     the bytes themselves, as one piece
    hex     pairs of hex digits; blanks, colons, commas and 0x between; a piece a line, # begins a comment
    json    {"time": 12.5, "direction": "up", "peer": "10.0.0.5:4001", "bytes": "02 41 03"}, one a line;
            all but "bytes" may be left out; "direction": "lost" says how many pieces are missing, as "lost"

They are read as they come: a piece is there as soon as its line is. A crash may tear a line of JSON: it is
passed over, if that is wanted.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import BinaryIO

from smartserial.errors import SmartSerialError
from smartserial.files import UnreadableError

UP = "up"
"""The direction from the device."""
LOST = "lost"
"""The direction of a piece without bytes that stands for those that could not be written."""
MOST_NOTED = 20
"""Lines that are passed over and told of one by one."""
MOST_LINE = 1 << 24
"""Bytes of the longest line."""
_CHUNK = 1 << 16  # bytes that are read at once, if so many are there
_MARK = b"\xef\xbb\xbf"
_BETWEEN = re.compile(r"0[xX](?=[0-9A-Fa-f]{2})|[\s:,]+")
_PAIRS = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_NO_HEX = re.compile(rb"[^0-9A-Fa-fxX\s:,]|\r(?!\Z)")
_NO_COMMENT = re.compile(rb"#\S")  # many a device begins its lines so
_OURS = b'{"time": '
_OBJECT = re.compile(rb'\{\s*(?:"|\Z)')
_MOST_BAD = 100  # lines of JSON that are none of a capture, before the first one that is
_MOST_GUESSED = 1 << 16  # bytes of a line that may be hex


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
        direction: `UP`, or another word; `LOST`.
        part: the bytes go on in the next piece; where this one ends, nothing has ended.
        lost: how many pieces are missing here, if the direction is `LOST`.
    """

    data: bytes
    time: float | None = None
    peer: str = ""
    direction: str = UP
    part: bool = False
    lost: int = 0


def bytes_of_hex(text: str) -> bytes | None:
    """Return the bytes that hex digits say, or None."""
    digits = _BETWEEN.sub("", text)
    return bytes.fromhex(digits) if _PAIRS.fullmatch(digits) else None


def _raw(chunks: Iterable[bytes]) -> Iterator[Piece]:
    for chunk in chunks:
        if chunk:
            yield Piece(chunk, 0.0, part=True)


def _lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers, each as soon as it is complete."""
    kept, number = bytearray(), 0
    for chunk in chunks:
        kept += chunk
        if b"\n" in chunk:
            *lines, rest = bytes(kept).split(b"\n")
            for line in lines:
                number += 1
                yield number, _text(line, number)
            kept = bytearray(rest)
        if len(kept) > MOST_LINE:
            raise CaptureError(f"expected at most {MOST_LINE} bytes in a line", number + 1)
    if kept:
        yield number + 1, _text(bytes(kept), number + 1)


def _text(line: bytes, number: int) -> str:
    return (line.removeprefix(_MARK) if number == 1 else line).decode("utf-8", "replace")


def _hex(chunks: Iterable[bytes]) -> Iterator[Piece]:
    for number, line in _lines(chunks):
        said = line.partition("#")[0]
        piece = bytes_of_hex(said)
        if piece is None:
            raise CaptureError(f"expected pairs of hex digits, found {said.strip()[:60]!r}", number)
        if piece:
            yield Piece(piece)


def _json(chunks: Iterable[bytes], skipped: Callable[[int], object] | None = None) -> Iterator[Piece]:
    bad: list[CaptureError] = []
    good = False
    for number, line in _lines(chunks):
        if not line.strip():
            continue
        piece: Piece | None
        try:
            piece = _object(line, number)
        except CaptureError as error:
            bad.append(error)
            if skipped is None or (len(bad) > _MOST_BAD and not good):
                raise bad[0] from error
            piece = None
        else:
            good = True
        while good and bad and skipped is not None:
            skipped(bad.pop(0).line)
        if piece is not None:
            yield piece
    if bad:
        raise bad[0]


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
    if not isinstance(peer, str) or not isinstance(direction, str):
        raise CaptureError('expected texts as "peer" and "direction"', number)
    lost = _count(said.get("lost", 0), number) if direction == LOST else 0
    return Piece(found, None if time is None else _seconds(time, number), peer, direction, lost=lost)


def _count(said: object, number: int) -> int:
    if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
        return said
    raise CaptureError('expected a number of pieces as "lost"', number)


def _seconds(said: object, number: int) -> float:
    try:
        if isinstance(said, int | float) and not isinstance(said, bool) and isfinite(said):
            return float(said)
    except OverflowError:  # an integer that no float holds
        pass
    raise CaptureError('expected seconds as "time"', number)


class Skipped:
    """Tells of lines that are passed over, of the first `MOST_NOTED` one by one.

    Args:
        name: of the file.
        tell: takes a line for people.
    """

    def __init__(self, name: str, tell: Callable[[str], object]) -> None:
        self._name = name
        self._tell = tell
        self._count = 0

    def __call__(self, number: int) -> None:
        """Tell of the line with this number."""
        self._count += 1
        if self._count <= MOST_NOTED:
            self._tell(f"{self._name}:{number}: not a line of a capture, skipped")

    def sum_up(self) -> None:
        """Tell how many more there were."""
        if self._count > MOST_NOTED:
            self._tell(f"{self._name}: {self._count - MOST_NOTED} more lines skipped")


FORMS: Mapping[str, Callable[[Iterable[bytes]], Iterator[Piece]]] = {"raw": _raw, "hex": _hex, "json": _json}
"""The forms, by name."""


def form_of(start: bytes, *, ended: bool = True) -> str:
    """Guess the form of a capture by its first line that has something to say.

    JSON begins with a bracket, hex holds nothing but hex, and all else is raw.

    Args:
        start: what has come of it.
        ended: there is no more.

    Returns:
        One of `FORMS`; empty if more has to come before that is clear.
    """
    if not ended and _MARK.startswith(start):
        return ""
    *lines, rest = start.removeprefix(_MARK).split(b"\n")
    for line in lines:
        if form := _form_of(line, ended=True):
            return form
    found = _form_of(rest, ended=ended or len(start) > _MOST_GUESSED)
    return found or ("raw" if ended else "")


def _form_of(line: bytes, *, ended: bool) -> str:
    """Guess the form of a line; empty if it is blank or a comment, or if the rest of it may tell more."""
    text = line.strip()
    if text.startswith(b"{"):
        if not _OBJECT.match(text):
            return "raw"
        if not ended or (text.startswith(_OURS) and not text.endswith(b"}")):  # torn: the next one may tell
            return ""
        return "json" if b'"bytes"' in text else "raw"
    said = text.partition(b"#")[0]
    if _NO_HEX.search(said) or _NO_COMMENT.match(text):
        return "raw"
    if not ended or not said:
        return ""
    return "hex" if len(line) > _MOST_GUESSED or bytes_of_hex(said.decode("ascii")) else "raw"


def pieces_of(
    chunks: Iterable[bytes], form: str = "", skipped: Callable[[int], object] | None = None
) -> Iterator[Piece]:
    """Read a capture as it comes.

    Args:
        chunks: what is in the file, cut anywhere.
        form: one of `FORMS`; empty guesses.
        skipped: is told the number of each line of JSON that is none of a capture, and is passed over as
            others are; None: the first one is an error.

    Raises:
        CaptureError: it is not of that form; what came before is read.
    """
    source, start = iter(chunks), bytearray()
    while not form:
        chunk = next(source, None)
        start += chunk or b""
        form = form_of(bytes(start), ended=chunk is None)
    whole = chain([bytes(start)], source)
    return _json(whole, skipped) if form == "json" else FORMS[form](whole)


def chunks_of(path: Path | None, before: Callable[[], object]) -> Iterator[bytes]:
    """Yield what is in a file, or in stdin, as it comes.

    Args:
        path: of the file; None is stdin.
        before: called before each wait for more; what it raises is not caught.

    Raises:
        UnreadableError: it cannot be read; the text has no name.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb")) if path is not None else _stdin()
            descriptor = file.fileno()
        except (OSError, ValueError) as error:
            raise UnreadableError(getattr(error, "strerror", None) or str(error)) from error
        while True:
            before()
            try:
                chunk = os.read(descriptor, _CHUNK)
            except OSError as error:
                raise UnreadableError(error.strerror or str(error)) from error
            if not chunk:
                return
            yield chunk


def _stdin() -> BinaryIO:
    if not sys.stdin:
        raise ValueError("it is closed")
    return sys.stdin.buffer
