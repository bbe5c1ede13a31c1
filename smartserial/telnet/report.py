"""What one client has been told of bits that change, and when it is told again.

A change is told once: a report with deltas is not followed by one that takes them back.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

from smartserial.lines import LineCounts, ModemLines
from smartserial.telnet.comport import LineState, ModemState

_LEVELS = {
    "cts": (ModemState.CTS, ModemState.CTS_CHANGED),
    "dsr": (ModemState.DSR, ModemState.DSR_CHANGED),
    "ri": (ModemState.RI, ModemState.RI_ENDED),
    "cd": (ModemState.CD, ModemState.CD_CHANGED),
}
_ERRORS = {
    "frame": LineState.FRAMING,
    "overrun": LineState.OVERRUN,
    "parity": LineState.PARITY,
    "brk": LineState.BREAK,
}


def modem_levels(lines: ModemLines) -> ModemState:
    """Return the bits for what is on."""
    return reduce(or_, (level for name, (level, _) in _LEVELS.items() if getattr(lines, name)), ModemState(0))


def modem_deltas(before: ModemLines, now: ModemLines, counted: LineCounts) -> ModemState:
    """Return the bits for what has changed; RI is told when it ends.

    Args:
        before: the levels at the last look.
        now: the levels.
        counted: what a driver has counted since, which tells of pulses between two looks.
    """
    changed = ModemState(0)
    for name, (_, delta) in _LEVELS.items():
        was, is_ = getattr(before, name), getattr(now, name)
        if getattr(counted, name) or (was and not is_ if name == "ri" else was != is_):
            changed |= delta
    return changed


def line_errors(counted: LineCounts) -> LineState:
    """Return the bits for what a driver has counted since the last look."""
    return reduce(or_, (bit for name, bit in _ERRORS.items() if getattr(counted, name)), LineState(0))


class Report:
    """One byte of bits as one client sees it.

    Args:
        mask: the bits that it wants to be told of.
    """

    __slots__ = ("_deltas", "_levels", "mask")

    def __init__(self, mask: int) -> None:
        self.mask = mask
        self._levels = 0
        self._deltas = 0

    def observe(self, levels: int, deltas: int) -> int | None:
        """Take a new state.

        Args:
            levels: bits that are on now.
            deltas: bits for what happened since the last look.

        Returns:
            The value to tell the client, or None.
        """
        changed = (levels ^ self._levels) | deltas
        self._levels = levels
        self._deltas |= deltas
        return self.poll() & self.mask if changed & self.mask else None

    def poll(self) -> int:
        """Return the value now, all bits of it; what has changed is told by that."""
        deltas, self._deltas = self._deltas, 0
        return self._levels | deltas
