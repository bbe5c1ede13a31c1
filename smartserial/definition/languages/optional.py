"""The parts of a response that may be absent, as ``Content@optional`` says it: ``0+++;4*``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from smartserial.definition.languages.number import parse_whole
from smartserial.definition.languages.problem import Parsed, Problem, quoted

_CODE = "RE12"
_PART = re.compile(r"([0-9]++)\s*+(\++|\*|)")


@dataclass(frozen=True, slots=True)
class Optional:
    """A param that may be absent, and where reading goes on then.

    Args:
        index: its 0-based position in the content.
        skip: how many further params are absent with it.
        to_next: all up to the next optional one are absent with it; `skip` is 0 then.
    """

    index: int
    skip: int = 0
    to_next: bool = False


def _optional(text: str) -> Optional | str:
    """Return one optional param, or the words for what is wrong."""
    found = _PART.fullmatch(text.strip())
    index = parse_whole(found[1]) if found else None
    if found is None or index is None:
        return f"expected a position with + or * after it, found {quoted(text)}"
    return Optional(index, found[2].count("+"), found[2] == "*")


def parse_optional(text: str) -> Parsed[tuple[Optional, ...]]:
    """Read which params may be absent; a list with something wrong is ignored as a whole."""
    read = [_optional(part) for part in text.split(";") if part.strip()]
    problems = [Problem(_CODE, wrong) for wrong in read if isinstance(wrong, str)]
    named: set[int] = set()
    for part in read:
        if isinstance(part, Optional) and part.index in named:
            problems.append(Problem(_CODE, f"expected each position once, found {part.index} again"))
        elif isinstance(part, Optional):
            named.add(part.index)
    return Parsed(
        tuple(part for part in read if isinstance(part, Optional)) if not problems else (), tuple(problems)
    )


def print_optional(optional: Iterable[Optional]) -> str:
    """Write which params may be absent."""
    return ";".join(f"{part.index}{'*' if part.to_next else '+' * part.skip}" for part in optional)
