"""What the device has sent and somebody may want later: what nobody has got yet, and the last bytes of all.

::

    what the device sent    ....[ past the ring ][ old ][   kept   ][ missed ]
    the ring                                     [--------- last ------------]

*kept* waits for the first client; *missed* came when there was no room to keep more; *old* is what others
have got before. Who comes is given *old*, *kept* and *missed*, as far as each goes, so that nothing is
given twice and nothing stands out of order.
"""

from __future__ import annotations

from typing import NamedTuple

from smartserial.sharing.backlog import Backlog


class Handed(NamedTuple):
    """What somebody who comes is given, in this order; `old` and `missed` are copies."""

    old: bytes
    kept: bytes
    missed: bytes


class Shelf:
    """Holds the device's bytes for those who are not there yet.

    `hear` is called with everything that the device sends, if anything is to be shown to later clients;
    `keep` with those bytes, afterwards, that nobody gets.
    """

    __slots__ = ("_kept", "_last", "_missed", "_most")

    def __init__(self) -> None:
        self._kept = Backlog()
        self._missed = 0
        self._last = bytearray()
        self._most = 0

    @property
    def kept(self) -> int:
        """How many bytes nobody has got yet."""
        return self._kept.size

    def show(self, most: int) -> None:
        """Show so many of the last bytes to later clients from now on."""
        self._most = most
        self._cut()

    def hear(self, data: bytes) -> None:
        """Remember what the device has sent, for later clients."""
        self._last += data
        self._cut()

    def _cut(self) -> None:
        over = len(self._last) - self._most
        if over > 0:
            del self._last[:over]

    def keep(self, data: bytes, limit: int) -> int:
        """Keep the newest of the device's bytes, which nobody gets.

        Args:
            data: the bytes.
            limit: how many may be kept.

        Returns:
            How many of them found no place: always the newest.
        """
        lost = self._kept.append_within(data, limit)
        if self._kept.size:
            self._missed += lost
        return lost

    def take(self) -> Handed:
        """Hand out what is for somebody who has just come; what was kept is not kept any more."""
        missed, self._missed = self._missed, 0
        kept = b"".join(self._kept.take())
        until = max(0, len(self._last) - missed)
        old = bytes(self._last[: max(0, until - len(kept))])
        return Handed(old, kept, bytes(self._last[until:]))

    def clear(self) -> int:
        """Forget everything; return how many bytes nobody has got."""
        self._last.clear()
        self._missed = 0
        return self._kept.clear()
