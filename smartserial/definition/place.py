"""Where something was said: each value of a definition remembers it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a definition's text; `line` and `column` count from 1, 0 is a value made in Python.

    Args:
        line: of the ``<`` of the element.
        column: of the same, in characters.
        path: the elements on the way, as in ``Protocol/Params/Param[31]/Interprete/RawType``.
    """

    line: int = 0
    column: int = 0
    path: str = ""


NOWHERE = Place()


def placed() -> Place:
    """Return the field for a value's place; values that say the same are equal wherever they stand."""
    place: Place = field(default=NOWHERE, compare=False, repr=False, kw_only=True)
    return place
