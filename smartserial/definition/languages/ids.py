"""Ids, and lists of them."""

from __future__ import annotations

from collections.abc import Iterable

from smartserial.definition.languages.number import parse_whole
from smartserial.definition.languages.problem import Parsed, Problem, quoted


def parse_id(text: str) -> int | None:
    """Return the id that a text is, or None: it is unsigned and has no leading zeros."""
    text = text.strip()
    return None if text.startswith("0") and text != "0" else parse_whole(text)


def parse_ids(text: str, separator: str = ";", code: str = "ID02") -> Parsed[tuple[int, ...]]:
    """Read a list of ids; empty parts are passed over.

    Args:
        text: the list.
        separator: one character between ids.
        code: of the rule that a wrong id breaks.

    Returns:
        The ids in their order; wrong ones are left out.
    """
    read = [(part, parse_id(part)) for part in text.split(separator) if part.strip()]
    wrong = (
        Problem(code, f"expected an id, found {quoted(part)}") for part, number in read if number is None
    )
    return Parsed(tuple(number for _, number in read if number is not None), tuple(wrong))


def print_ids(ids: Iterable[int], separator: str = ";") -> str:
    """Write a list of ids."""
    return separator.join(map(str, ids))
