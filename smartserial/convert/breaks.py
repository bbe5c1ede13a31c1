"""Break sequences of conserver, as sequences of lines and times."""

from __future__ import annotations

import re

from smartserial.sequences import parse_sequence

_PART = re.compile(r"\\([zd])")
_MOST = 50  # breaks and delays in one
_BREAK = "break=on 250ms break=off"


def sequences_of(items: dict[str, str]) -> tuple[str, str]:
    """Return the sequence for a block `break`, empty if there is none, and why.

    Args:
        items: its keywords and values: ``string``, ``delay`` in milliseconds.
    """
    text, delay = items.get("string", ""), items.get("delay", "250")
    if not delay.isdecimal() or not 1 <= int(delay[:6]) <= 10_000:
        return "", "expected a delay from 1 to 10000 milliseconds"
    parts = _PART.findall(text)
    if _PART.sub("", text) or "z" not in parts or len(parts) > _MOST:
        return "", "it sends characters, and a sequence moves lines"
    steps: list[str] = []
    for part in parts:
        if part == "z" and steps and steps[-1] == _BREAK:
            steps.append(f"{int(delay)}ms")  # a pause between two breaks
        steps.append(_BREAK if part == "z" else f"{int(delay)}ms")
    sequence = " ".join(_joined(steps))
    try:
        parse_sequence("", sequence)
    except ValueError as error:
        return "", str(error)
    return sequence, ""


def _joined(steps: list[str]) -> list[str]:
    """Add up times that follow each other; a sequence begins and ends with a break."""
    joined: list[str] = []
    for step in steps:
        if step != _BREAK and (not joined or joined[-1] != _BREAK):
            if joined:
                joined[-1] = f"{int(joined[-1][:-2]) + int(step[:-2])}ms"
            continue
        joined.append(step)
    return joined if joined[-1] == _BREAK else joined[:-1]
