"""What the action "replace data" replaces: ``0x0D-0x0A;0x20-0x21;use_offset``, old ones, then new ones."""

from __future__ import annotations

import re
from dataclasses import dataclass

from smartserial.definition.languages.constant import print_hex
from smartserial.definition.languages.problem import Parsed, Problem, quoted

_CODE = "AC12"
_HEX = re.compile(r"(?:(?:0x)?[0-9a-f]{2})*+")
_USE_OFFSET = "use_offset"


@dataclass(frozen=True, slots=True)
class ReplaceData:
    """Bytes and what they become.

    Args:
        replacements: at least one; old bytes, never none, and new bytes, which may be none.
        use_offset: only inside the first `startoffset` and the last `endoffset` bytes; else between them.
    """

    replacements: tuple[tuple[bytes, bytes], ...] = ()
    use_offset: bool = False


def _bytes(text: str) -> bytes | None:
    text = text.strip().lower()
    return bytes.fromhex(text.replace("0x", "")) if _HEX.fullmatch(text) else None


def _list(text: str, problems: list[Problem]) -> list[bytes]:
    found = []
    for part in text.split("-"):
        read = _bytes(part)
        if read is None:
            problems.append(Problem(_CODE, f"expected pairs of hex digits, found {quoted(part)}"))
        found.append(read or b"")
    return found


def parse_replace_data(text: str) -> Parsed[ReplaceData]:
    """Read what is replaced; where a part is wrong there are no replacements at all."""
    old_text, separator, rest = text.partition(";")
    if not separator or not old_text.strip():
        return Parsed(ReplaceData(), (Problem(_CODE, f"expected old;new in hex, found {quoted(text)}"),))
    new_text, *words = rest.split(";")
    problems: list[Problem] = []
    old, new = _list(old_text, problems), _list(new_text, problems)
    if len(old) != len(new):
        problems.append(Problem(_CODE, f"expected as many new as old ones, found {len(old)} and {len(new)}"))
    if not problems and b"" in old:
        problems.append(Problem(_CODE, f"expected bytes to replace, found nothing in {quoted(old_text)}"))
    options = [word.strip().lower() for word in words if word.strip()]
    unknown = [word for word in options if word != _USE_OFFSET]
    problems += [Problem(_CODE, f"expected use_offset, found {quoted(word)}") for word in unknown]
    replacements = () if problems else tuple(zip(old, new, strict=True))
    return Parsed(ReplaceData(replacements, _USE_OFFSET in options), tuple(problems))


def print_replace_data(data: ReplaceData) -> str:
    """Write what is replaced."""
    lists = ("-".join(print_hex(pair[side]) for pair in data.replacements) for side in (0, 1))
    return ";".join((*lists, _USE_OFFSET) if data.use_offset else lists)
