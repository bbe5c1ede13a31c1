"""Characters that conserver replaces in the names of devices, as in ``&=cs,%=p02d``."""

from __future__ import annotations

import re
from collections.abc import Mapping

_RULE = re.compile(r"(.)=([chrbpP])([0-9]{0,3})([sdxXaA])", re.DOTALL)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASES = {"d": 10, "x": 16, "X": 16, "a": 36, "A": 36}


def substituted(text: str, rules: str, values: Mapping[str, str | int]) -> str:
    """Return `text` with characters replaced.

    Args:
        text: such as ``/dev/tty&``.
        rules: such as ``&=cs``, with commas between them.
        values: by their letters: texts for ``c h r``, numbers for ``b p P``.

    Raises:
        ValueError: a rule has not this form, or has no value though it is used; the text says what was
            expected.
    """
    replacements: dict[str, str] = {}
    for rule in filter(None, (part.strip() for part in rules.split(","))):
        match = _RULE.fullmatch(rule)
        value = values.get(match[2]) if match else None
        if match is not None and match[1] not in text:
            continue  # one of a default that this console has no use for, and perhaps no value
        if match is None or value is None or (match[4] == "s") != isinstance(value, str):
            raise ValueError(f"expected a substitution such as &=cs, found {rule[:20]!r}")
        width = int(match[3] or 0)
        fill = "0" if match[3].startswith("0") and not isinstance(value, str) else " "
        replacements[match[1]] = _shown(value, match[4]).rjust(min(width, 100), fill)
    return "".join(replacements.get(character, character) for character in text)


def _shown(value: str | int, form: str) -> str:
    if isinstance(value, str):
        return value
    base, digits = _BASES[form], ""
    while value or not digits:
        value, digit = divmod(value, base)
        digits = _DIGITS[digit] + digits
    return digits.upper() if form.isupper() else digits
