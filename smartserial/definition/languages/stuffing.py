"""Bytes that are escaped on the wire: ``on=command;escape=0x10;stuffing=0x10``, in ``Advanced@stuffing``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smartserial.definition.languages.constant import parse_hex, print_hex
from smartserial.definition.languages.options import Keyword, OptionList, integer, split_options
from smartserial.definition.languages.problem import Parsed, Problem, quoted

_CODE = "AD01"


@dataclass(frozen=True, slots=True)
class Stuffing:
    """How bytes are escaped.

    Args:
        escape: one or more bytes that are put before `stuffing`.
        stuffing: one or more bytes that are escaped.
        command: what is sent is escaped; of this and `response` at least one is.
        response: what is received is taken to be escaped.
        allowed: where one of these follows `stuffing`, it is not escaped.
        start_offset: bytes at the start of a packet that are left alone.
        end_offset: bytes at its end that are left alone.
    """

    escape: bytes
    stuffing: bytes
    command: bool
    response: bool
    allowed: tuple[bytes, ...] = ()
    start_offset: int = 0
    end_offset: int = 0


def _bytes(text: str) -> Parsed[object]:
    found = parse_hex(text)
    wrong = f"expected bytes as in 0x10, found {quoted(text)}"
    return Parsed(found, () if found is not None else (Problem(_CODE, wrong),))


def _list(text: str) -> Parsed[object]:
    read = [_bytes(part) for part in text.split(",")]
    return Parsed(tuple(part.value for part in read), tuple(p for part in read for p in part.problems))


def _directions(text: str) -> Parsed[object]:
    found = frozenset(part.strip().lower() for part in text.split(","))
    wrong = f"expected command, response or both with a comma, found {quoted(text)}"
    return Parsed(found, () if found <= {"command", "response"} else (Problem(_CODE, wrong),))


_OPTIONS = OptionList(
    (
        Keyword("on", "on", _CODE, _directions),
        Keyword("escape", "escape", _CODE, _bytes),
        Keyword("stuffing", "stuffing", _CODE, _bytes),
        Keyword("allowed", "allowed", _CODE, _list),
        Keyword("startoffset", "start_offset", _CODE, integer(_CODE)),
        Keyword("endoffset", "end_offset", _CODE, integer(_CODE)),
    ),
    unknown=_CODE,
)
_NEEDED = ("on", "escape", "stuffing")


def parse_stuffing(text: str) -> Parsed[Stuffing | None]:
    """Read how bytes are escaped.

    Returns:
        None where the text is empty, which is no problem, and where escape or stuffing are not understood.
        Without a direction that is understood nothing is escaped.
    """
    if not text.strip():
        return Parsed(None)
    options = _OPTIONS.read(split_options(text))
    missing = (name for name in _NEEDED if name not in options.named)
    problems = (*options.problems, *(Problem(_CODE, f"expected {name}=, found none") for name in missing))
    fields: dict[str, Any] = options.fields
    on = fields.pop("on", frozenset())
    if "escape" not in fields or "stuffing" not in fields:
        return Parsed(None, problems)
    return Parsed(Stuffing(command="command" in on, response="response" in on, **fields), problems)


def print_stuffing(stuffing: Stuffing | None) -> str:
    """Write how bytes are escaped; offsets of 0 are left out."""
    if stuffing is None:
        return ""
    on = ",".join(name for name in ("command", "response") if getattr(stuffing, name))
    parts = [f"on={on}", f"escape={print_hex(stuffing.escape)}", f"stuffing={print_hex(stuffing.stuffing)}"]
    if stuffing.allowed:
        parts.append(f"allowed={','.join(map(print_hex, stuffing.allowed))}")
    if stuffing.start_offset:
        parts.append(f"startoffset={stuffing.start_offset}")
    if stuffing.end_offset:
        parts.append(f"endoffset={stuffing.end_offset}")
    return ";".join(parts)
