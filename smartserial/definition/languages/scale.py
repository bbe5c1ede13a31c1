"""A linear map from raw values to shown ones: ``0;4095;-40;85``."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from smartserial.definition.languages.number import parse_decimal, print_decimal
from smartserial.definition.languages.problem import Parsed, Problem, quoted

_CODE = "PA25"
_NAMES = ("lowData", "highData", "low", "high")


@dataclass(frozen=True, slots=True)
class Scale:
    """A line: `low_data` becomes `low`, `high_data`, which is another, becomes `high`."""

    low_data: float
    high_data: float
    low: float
    high: float


def parse_scale(text: str) -> Parsed[Scale | None]:
    """Read four numbers; None where one is wrong."""
    parts = text.split(";")
    if len(parts) != len(_NAMES):
        return Parsed(None, (Problem(_CODE, f"expected 4 numbers with semicolons, found {quoted(text)}"),))
    numbers = [parse_decimal(part) for part in parts]
    problems = [
        Problem(_CODE, f"{name}: expected a number, found {quoted(part)}")
        for name, part, number in zip(_NAMES, parts, numbers, strict=True)
        if number is None
    ]
    low_data, high_data, low, high = numbers
    if low_data is None or high_data is None or low is None or high is None:
        return Parsed(None, tuple(problems))
    if low_data == high_data:
        return Parsed(None, (Problem(_CODE, f"expected lowData other than highData, found {quoted(text)}"),))
    return Parsed(Scale(low_data, high_data, low, high))


def print_scale(scale: Scale) -> str:
    """Write the four numbers."""
    return ";".join(map(print_decimal, astuple(scale)))
