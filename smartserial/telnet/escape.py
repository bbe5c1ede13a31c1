"""Doubling each 255 of the data, and undoing that: the part of telnet that every byte goes through.

``bytes.replace`` is the fastest way through data in which 255 is rare, and a slow one through long runs
of it, such as images of erased flash; those are found by one regular expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from smartserial.telnet.codes import IAC, IAC_IAC

_RUN = re.compile(rb"\xff{8,}")
_SAMPLE = 1024
_DENSE = _SAMPLE // 8


def escape(data: bytes) -> bytes:
    """Return `data` with each 255 doubled."""
    if IAC not in data:
        return data
    if data.count(IAC, 0, _SAMPLE) < _DENSE:
        return data.replace(IAC, IAC_IAC)
    return _by_runs(data, IAC, IAC_IAC, lambda run: run * 2)


def unescape(data: bytes) -> bytes:
    """Return `data` with each two 255 side by side made one."""
    if data.count(IAC, 0, _SAMPLE) < _DENSE:
        return data.replace(IAC_IAC, IAC)
    return _by_runs(data, IAC_IAC, IAC, lambda run: run[len(run) // 2 :])


def _by_runs(data: bytes, former: bytes, new: bytes, change: Callable[[bytes], bytes]) -> bytes:
    pieces: list[bytes] = []
    done = 0
    for run in _RUN.finditer(data):
        pieces += (data[done : run.start()].replace(former, new), change(run[0]))
        done = run.end()
    pieces.append(data[done:].replace(former, new))
    return b"".join(pieces)
