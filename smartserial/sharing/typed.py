"""Lines that somebody types, or a program sends, before there is a session.

CR LF, CR NUL, LF and a CR alone end a line. What is behind a line is not looked at: it may be anything.
"""

from __future__ import annotations

from enum import Enum

MOST = 256
"""Bytes that a line may have, with what was taken back of it."""
_BACK = b"\b\x7f"
_ANEW = b"\x15"


class Overlong(Enum):
    """What is told in the place of a line that is too long."""

    OVERLONG = "overlong"


class TypedLine:
    """Puts one line together, and then the next.

    Backspace and delete take back the last byte, and Ctrl-U all of them, for terminals that send each key as
    it is typed.
    """

    def __init__(self) -> None:
        self._begun = b""
        self._after_cr = False

    def take(self, data: bytes) -> tuple[bytes | Overlong | None, bytes]:
        """Take what came.

        Returns:
            The line without its end, once that is there, and what is behind it; None: there is no end yet,
            and nothing is left.
        """
        data = self.behind(data)
        ends = [at for at in map(data.find, (b"\r", b"\n")) if at >= 0]
        end = min(ends, default=len(data))
        if len(self._begun) + end > MOST:
            return Overlong.OVERLONG, b""
        self._begun += data[:end]
        if not ends:
            return None, b""
        line, self._begun = _edited(self._begun), b""
        self._after_cr = data[end : end + 1] == b"\r"
        return line, self.behind(data[end + 1 :])

    def behind(self, data: bytes) -> bytes:
        """Return what came without the LF or NUL that still belongs to the last line's CR."""
        if not data or not self._after_cr:
            return data
        self._after_cr = False
        return data[1:] if data[0] in b"\n\0" else data


def _edited(typed: bytes) -> bytes:
    if not any(key in typed for key in _BACK + _ANEW):
        return typed
    line = bytearray()
    for key in typed.rpartition(_ANEW)[2]:
        if key not in _BACK:
            line.append(key)
        elif line:
            line.pop()
    return bytes(line)
