"""Whose bytes a stream has sent, when several channels write to it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from smartserial.channels.elements.channel import Tally


@dataclass(slots=True)
class _Part:
    tally: Tally
    end: int  # bytes of the stream up to and with this part


class Authors:
    """Books the bytes of one stream on the tallies of those who wrote them, in order."""

    __slots__ = ("_parts", "_settled", "_written")

    def __init__(self) -> None:
        self._parts: deque[_Part] = deque()
        self._written = 0
        self._settled = 0

    def wrote(self, tally: Tally, count: int) -> None:
        """Note that the stream was given `count` bytes, which are pending."""
        self._written += count
        tally.pending += count
        if self._parts and self._parts[-1].tally is tally:
            self._parts[-1].end = self._written
        elif count:
            self._parts.append(_Part(tally, self._written))

    def settle(self, sent: int) -> None:
        """Note that the stream has sent `sent` bytes since it began."""
        while self._settled < sent and self._parts:
            part = self._parts[0]
            count = min(sent, part.end) - self._settled
            part.tally.pending -= count
            part.tally.sent += count
            self._settled += count
            if self._settled == part.end:
                self._parts.popleft()

    def lost(self) -> None:
        """Note that the stream is gone: what it has not sent is dropped."""
        for part in self._parts:
            count = part.end - self._settled
            part.tally.pending -= count
            part.tally.dropped += count
            self._settled = part.end
        self._parts.clear()
