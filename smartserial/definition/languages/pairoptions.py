"""What ``Pair@options`` says: ``connection:1;retries:0;ignoreTimeout``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smartserial.definition.languages.options import Keyword, OptionList, flag, integer, split_options
from smartserial.definition.languages.problem import Parsed, Problem

_GAP = 5  # ms, where an option gives none
_CODE = "PR07"


@dataclass(frozen=True, slots=True)
class PairOptions:
    """Options of a pair, None where nothing is said.

    Args:
        connection: where the command is sent; None is connection 0.
        retries: how often it is sent again; 0 is never.
        ignore_timeout: no answer is no timeout of the element.
        receive_interval: ms of silence after which what came is taken as the answer.
        one_byte: the command is sent byte by byte, with so many ms between.
        comm_break: a serial break is sent first, then nothing for so many ms.
    """

    connection: int | None = None
    retries: int | None = None
    ignore_timeout: bool = False
    receive_interval: int | None = None
    one_byte: int | None = None
    comm_break: int | None = None


_OPTIONS = OptionList(
    (
        Keyword("connection", "connection", _CODE, integer(_CODE)),
        Keyword("retries", "retries", _CODE, integer(_CODE)),
        Keyword("ignoreTimeout", "ignore_timeout", _CODE, flag(_CODE)),
        Keyword("receiveInterval", "receive_interval", _CODE, integer(_CODE)),
        Keyword("oneByte", "one_byte", _CODE, integer(_CODE, default=_GAP)),
        Keyword("commBreak", "comm_break", _CODE, integer(_CODE, default=_GAP)),
    ),
    unknown=_CODE,
    warning=True,
)


def parse_pair_options(text: str) -> Parsed[PairOptions]:
    """Read the options of a pair."""
    options = _OPTIONS.read(split_options(text))
    fields: dict[str, Any] = options.fields
    *parts, _ = text.strip().split(";")  # a separator at the end separates nothing
    if not all(map(str.strip, parts)):
        message = "expected an option before each semicolon, found nothing"
        options.problems.append(Problem(_CODE, message, warning=True))
    return Parsed(PairOptions(**fields), tuple(options.problems))


def print_pair_options(options: PairOptions) -> str:
    """Write options; those that say nothing are left out."""
    parts = []
    for keyword in _OPTIONS.keywords.values():
        value = getattr(options, keyword.field)
        if value is True:
            parts.append(keyword.spelling)
        elif value is not None and value is not False:
            parts.append(f"{keyword.spelling}:{value}")
    return ";".join(parts)
