"""Names, bytes and times, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol as Shape

from smartserial.definition.flow import EACH, Each
from smartserial.definition.param import LengthType, Param, RawType

_MINUTE, _SECOND = 60_000, 1000
RAW_WORDS: Mapping[RawType, str] = {
    RawType.TEXT: "text",
    RawType.OTHER: "bytes",
    RawType.NUMERIC_TEXT: "number in digits",
    RawType.UNSIGNED_NUMBER: "unsigned number",
    RawType.SIGNED_NUMBER: "signed number",
    RawType.DOUBLE: "floating-point number",
    RawType.BCD: "number in BCD",
    RawType.ONLY_OTHERS: "one of the listed states",
}


class Named(Shape):
    """What has a number and a name."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def name(self) -> str:
        """Its name."""


def named(values: Mapping[int, Named], number: int) -> str:
    """Return an id with its name."""
    value = values.get(number)
    return f"{number} {value.name}".rstrip() if value is not None else f"{number} (missing)"


def target(kind: str, values: Mapping[int, Named], number: int | Each | None) -> str:
    """Return which thing of a kind is meant."""
    if number is EACH:
        return f"any {kind}"
    return f"{kind} {named(values, number)}" if isinstance(number, int) else kind


def _quoted(text: str) -> str:
    mark = "'" if '"' in text else '"'
    return f"{mark}{text}{mark}"


def constant(value: str | bytes | None) -> str:
    """Return constant bytes as people read them."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return _quoted(value)
    text = value.decode("latin-1")
    spelled = f" {_quoted(text)}" if text.isascii() and text.isprintable() else ""
    return f"{value.hex(' ').upper()}{spelled}"


def milliseconds(time: int) -> str:
    """Return a time in its most fitting unit."""
    if time and time % _MINUTE == 0:
        return f"{time // _MINUTE} min"
    return f"{time / _SECOND:g} s" if time >= _SECOND else f"{time} ms"


def listed(parts: Iterable[str]) -> str:
    """Join parts; a dash if there are none."""
    return ", ".join(parts) or "-"


def width(param: Param) -> int | None:
    """Return how many bytes a param always has; None if that varies."""
    said = param.interprete
    if said is None or said.length_type is not LengthType.FIXED:
        return None
    if said.length is not None:
        return said.length
    return len(said.value) if said.value is not None else None
