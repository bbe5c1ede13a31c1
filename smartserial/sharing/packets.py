r"""What goes to the clients in one piece, and when.

::

    device      ab  c\r d     e                         char: \r, hold: 20 ms, pause: 50 ms
    time (ms)   0   5   6     12                 55
    packets         abc\r                        de     at 26 it is due, but the pause ends at 55

Each rule holds for each packet, whatever the others say: none is larger than `size`, none has one of `chars`
before its end, none has a silence of `gap` in it, none leaves within `pause` after another one. What no
byte and no silence ends leaves `hold` after its first byte, with all that has come by the time it leaves.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MOST_HELD = 64 * 1024
"""Bytes that are held at most, whatever the rules."""


@dataclass(frozen=True, slots=True)
class PacketRules:
    """When what was held is sent. None, or no bytes, means that there is no such rule.

    With none of the first four, bytes go out as they come, as far as the pause lets them.

    Args:
        size: bytes, from 1 to `MOST_HELD`: so many are sent.
        hold: seconds after the first byte: all that came is sent.
        chars: all up to and including any of these bytes is sent.
        gap: seconds of silence: all that came is sent.
        pause: seconds after each packet in which no other one is sent.
    """

    size: int | None = None
    hold: float | None = None
    chars: bytes = b""
    gap: float | None = None
    pause: float | None = None

    @property
    def at_once(self) -> bool:
        """Whether nothing but the pause makes bytes wait."""
        return self.size is None and self.hold is None and self.gap is None and not self.chars


class Packets:
    """Makes packets of bytes as they come. Times are seconds, monotonic; a late call does no harm.

    Args:
        rules: when what is held is sent.
        most: bytes that are held at most: beyond that the oldest are sent, the pause notwithstanding.
    """

    def __init__(self, rules: PacketRules, most: int = MOST_HELD) -> None:
        self._rules = rules
        self._most = most
        self._size = min(rules.size or most, most)
        self._end = re.compile(b"[" + re.escape(rules.chars) + b"]") if rules.chars else None
        self._ready: deque[bytes] = deque()  # packets that only the pause keeps
        self._open: list[bytes] = []  # what no byte and no silence has ended
        self._open_size = 0
        self._first_at = self._last_at = self._free_at = float("-inf")
        self.held = 0
        """Bytes that are held."""

    def take(self, data: bytes, now: float) -> list[bytes]:
        """Take what came; return the packets to send now, in order."""
        packets = self.wake(now)
        if data:
            self._add(data, now)
            packets += self._due(now)
        return packets

    def wake(self, now: float) -> list[bytes]:
        """Return the packets to send now, in order; none before `next_wake`."""
        gap = self._rules.gap
        if self._open and gap is not None and now >= self._last_at + gap:
            self._close()
        return self._due(now) if self.held else []

    @property
    def next_wake(self) -> float | None:
        """When `wake` is to be called, in seconds; None if nothing depends on time."""
        if self._ready:
            return self._free_at
        due = self._open_due() if self._open else None
        return None if due is None else max(due, self._free_at)

    def flush(self) -> list[bytes]:
        """Return all that is held, in order, cut where the rules have cut it."""
        self._close()
        packets = list(self._ready)
        self._ready.clear()
        self.held = 0
        return packets

    # ---- where packets end

    def _add(self, data: bytes, now: float) -> None:
        if not self._open:
            self._first_at = now
        self._last_at = now
        self.held += len(data)
        place = 0
        for end, ended in self._pieces(data):
            while end - place >= self._size - self._open_size:
                self._put(data, place, place := place + self._size - self._open_size)
                self._close()
                self._first_at = now
            self._put(data, place, end)
            place = end
            if ended:
                self._close()
                self._first_at = now

    def _pieces(self, data: bytes) -> Iterator[tuple[int, bool]]:
        """Yield where each piece ends, and whether that is the end of a packet."""
        if self._end is not None:
            for found in self._end.finditer(data):
                yield found.end(), True
        yield len(data), False

    def _put(self, data: bytes, start: int, end: int) -> None:
        if start < end:
            self._open.append(data[start:end])
            self._open_size += end - start

    def _close(self) -> None:
        if self._open:
            self._ready.append(self._open[0] if len(self._open) == 1 else b"".join(self._open))
            self._open.clear()
            self._open_size = 0

    # ---- when they leave

    def _open_due(self) -> float | None:
        """Return when time alone ends what is open; None: it does not."""
        rules = self._rules
        if rules.at_once:
            return self._first_at
        ends = [self._first_at + rules.hold] if rules.hold is not None else []
        ends += [self._last_at + rules.gap] if rules.gap is not None else []
        return min(ends, default=None)

    def _due(self, now: float) -> list[bytes]:
        packets = []
        while now >= self._free_at or self.held > self._most:
            if not self._ready and self._open:
                due = self._open_due()
                if (due is not None and now >= due) or self.held > self._most:
                    self._close()
            if not self._ready:
                break
            packet = self._ready.popleft()
            self.held -= len(packet)
            packets.append(packet)
            if self._rules.pause is not None:
                self._free_at = now + self._rules.pause
        return packets
