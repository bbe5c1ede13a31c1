"""Sequences: lines and times, such as ``dtr=off rts=on 100ms dtr=on rts=off 50ms dtr=off``.

Lines without a time between them are set together; a time is how long they stay so. A sequence leaves the
lines as its last words say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from smartserial.lines import LINE_NAMES, Lines

LONGEST = 60.0
"""Seconds that a whole sequence may take."""

LONGEST_BREAK = 10.0
"""Seconds that a break may take."""

_WORD = re.compile(r"\S+")
_LINE = re.compile(r"(\w+)=(\w+)")
_TIME = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s)", re.ASCII)
_FIELDS = dict(zip(LINE_NAMES, ("dtr", "rts", "brk"), strict=True))
_LEVELS = {"on": True, "off": False}
_EXPECTED = "expected a line such as dtr=on or rts=off, or a time such as 100ms"


@dataclass(frozen=True, slots=True)
class Step:
    """Lines that are set together, `at` so many seconds after the beginning."""

    at: float
    lines: Lines


@dataclass(frozen=True, slots=True)
class Sequence:
    """One sequence.

    Args:
        name: what the operator calls it.
        text: as it is written.
        steps: in the order of their times; one at least.
        seconds: how long it takes; a time at its end counts too.
    """

    name: str
    text: str
    steps: tuple[Step, ...] = field(compare=False, repr=False)
    seconds: float = field(compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


def parse_sequence(name: str, text: str) -> Sequence:
    """Read a sequence.

    Raises:
        ValueError: it is not one; the text says what was expected, what was found, and at which character.
    """
    now, pending, steps = 0.0, Lines(), list[Step]()
    for match in _WORD.finditer(text):
        word, where = match[0], f"at character {match.start() + 1}"
        if time := _TIME.fullmatch(word):
            seconds = float(time[1]) * (0.001 if time[2] == "ms" else 1.0)
            if not seconds:
                raise ValueError(f"expected a time of more than nothing, found {word} {where}")
            if pending:
                steps.append(Step(round(now, 9), pending))
            now, pending = now + seconds, Lines()
        else:
            pending = _line(word, where).over(_not_twice(pending, word, where))
    if pending:
        steps.append(Step(round(now, 9), pending))
    _judge(steps, round(now, 9), text)
    return Sequence(name, text, tuple(steps), round(now, 9))


def _line(word: str, where: str) -> Lines:
    match = _LINE.fullmatch(word)
    if match is None or match[1] not in _FIELDS or match[2] not in _LEVELS:
        raise ValueError(f"{_EXPECTED}, found {word} {where}")
    return Lines(**{_FIELDS[match[1]]: _LEVELS[match[2]]})


def _not_twice(pending: Lines, word: str, where: str) -> Lines:
    name = word.partition("=")[0]
    if name in _FIELDS and getattr(pending, _FIELDS[name]) is not None:
        raise ValueError(f"expected a time before {name} changes again, found {word} {where}")
    return pending


def _judge(steps: list[Step], seconds: float, text: str) -> None:
    if not steps:
        raise ValueError(f"{_EXPECTED}, found {'only times' if text.strip() else 'nothing'}")
    if seconds > LONGEST:
        raise ValueError(f"expected times of {LONGEST:g}s together at most, found {seconds:g}s")
    breaks = [step for step in steps if step.lines.brk is not None]
    for began, ended in zip(breaks, [*breaks[1:], None], strict=False):
        if began.lines.brk and (ended is None or ended.lines.brk or ended.at - began.at > LONGEST_BREAK):
            raise ValueError(f"expected break=off within {LONGEST_BREAK:g}s of each break=on")
