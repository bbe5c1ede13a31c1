"""Doubling each 255 of the data, and undoing that: the part of telnet that every byte goes through.

What is fast hangs on how 255 is spread. Where it is rare, one ``bytes.replace`` doubles it, and cutting at
each 255 and joining every second piece undoes that. Long runs of it, such as images of erased flash, are
found by one regular expression and handled as a whole.
"""

from __future__ import annotations

import re

from smartserial.telnet.codes import IAC, IAC_IAC

_RUN = re.compile(IAC * 8 + IAC + b"*")  # what begins with a literal is found five times as fast as "{8,}"
_SAMPLE = 1024
_DENSE = 8  # one byte of so many is 255


def escape(data: bytes) -> bytes:
    """Return `data` with each 255 doubled."""
    if IAC not in data:
        return data
    if not _is_dense(data):
        return data.replace(IAC, IAC_IAC)
    pieces: list[bytes] = []
    done = 0
    for run in _RUN.finditer(data):
        pieces += (data[done : run.start()].replace(IAC, IAC_IAC), run[0] * 2)
        done = run.end()
    pieces.append(data[done:].replace(IAC, IAC_IAC))
    return b"".join(pieces)


def unescape(data: bytes) -> bytes:
    """Return `data` with each two 255 side by side made one."""
    return data.replace(IAC_IAC, IAC)


def unescape_all(data: bytes) -> tuple[bytes, int] | None:
    """Undo the doubling where there is nothing but data, which is found out on the way.

    Returns:
        The data, and how many bytes it took: all, or all but a last 255 whose other half is still to come.
        None where a 255 is alone: there is a command.
    """
    if IAC not in data:
        return data, len(data)
    if not _is_dense(data):
        most = len(data) // _DENSE
        pieces = data.split(IAC, most)
        if len(pieces) <= most:  # else it was dense after all
            used = len(data) - 1 + len(pieces) % 2
            return None if any(pieces[1::2]) else (IAC.join(pieces[::2]), used)
    return _unescape_runs(data)


def _is_dense(data: bytes) -> bool:
    return data.count(IAC, 0, _SAMPLE) >= _SAMPLE // _DENSE


def _unescape_runs(data: bytes) -> tuple[bytes, int] | None:
    pieces: list[bytes] = []
    done = half = 0
    for run in _RUN.finditer(data):
        start, end = run.span()
        between = _unescape_pairs(data[done:start])
        half = (end - start) % 2
        if between is None or (half and end < len(data)):
            return None
        pieces += (between, data[start : start + (end - start) // 2])
        done = end
    rest = data[done:]
    if rest.endswith(IAC) and rest.count(IAC) % 2:
        rest, half = rest[:-1], 1
    last = _unescape_pairs(rest)
    return None if last is None else (b"".join((*pieces, last)), len(data) - half)


def _unescape_pairs(data: bytes) -> bytes | None:
    if IAC not in data:
        return data
    clean = data.replace(IAC_IAC, IAC)
    return clean if 2 * (len(data) - len(clean)) == data.count(IAC) else None
