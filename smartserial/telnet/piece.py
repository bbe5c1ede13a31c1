"""Data as it went over the wire, and how much of it is whole in a part of that."""

from __future__ import annotations

from typing import NamedTuple

from smartserial.telnet.codes import CR, IAC, NUL


class Piece(NamedTuple):
    """Data as it went to the wire: from where on, how much, encoded, and whether by the rules of NVT."""

    start: int
    size: int
    encoded: bytes
    nvt: bool

    @property
    def end(self) -> int:
        """The place behind it."""
        return self.start + len(self.encoded)

    def data_in(self, taken: int) -> int:
        """Return how many bytes of data are whole in the first `taken` bytes."""
        begun = self.encoded[: max(0, taken)]
        pairs = begun.count(IAC)
        whole = len(begun) - pairs + pairs // 2
        if not self.nvt:
            return whole
        added = len(self.encoded) - self.size - self.encoded.count(IAC) // 2 - self.encoded.count(CR + NUL)
        return max(0, whole - begun.count(CR + NUL) - added)  # a NUL before is of another piece's CR
