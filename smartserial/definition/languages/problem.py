"""What a parser of a text gives back: what it understood, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)
MOST_PROBLEMS = 100
"""Problems of one kind that are told of one text; of those beyond only how many there are."""
_SHOWN = 40  # characters of a wrong text in a message


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a text.

    Args:
        code: of the rule that it breaks, as in ``CO03``.
        message: what was expected, and what was found.
        warning: True is a warning whatever the rule says; None is as severe as the rule says.
    """

    code: str
    message: str
    warning: bool | None = None


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T_co]):
    """What became of a text.

    Args:
        value: what could be understood; a wrong part is left at its default.
        problems: what is wrong, in the order of the text.
    """

    value: T_co
    problems: tuple[Problem, ...] = ()


def and_more(count: int) -> str:
    """Return the words for problems that are not told one by one."""
    return f"and {count} more such mistakes in the same text"


def quoted(text: str) -> str:
    """Return a text as it is shown in a message: trimmed, in quotes, cut if it is long; or ``nothing``."""
    text = text.strip()
    if not text:
        return "nothing"
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
