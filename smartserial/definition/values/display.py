"""Values for people: words in place of numbers, decimals, units; and what people type."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal

from smartserial.definition.param import Interprete, Param, ValueException, ValueType
from smartserial.definition.values.value import (
    MOST_DIGITS,
    NotAValueError,
    Value,
    as_number,
    as_text,
    parse_number,
    same_value,
    shown,
    to_decimal,
)

_CHOICES = {"button", "discreet", "pagebutton", "togglebutton"}
_LONG = Context(prec=MOST_DIGITS, rounding=ROUND_HALF_UP)
_MOST_DECIMALS = 30


def exception_of(param: Param, value: Value) -> ValueException | None:
    """Return the exception that `value` is, numbers compared as numbers; None if it is an ordinary one."""
    exceptions = param.interprete.exceptions if param.interprete else ()
    return next((one for one in exceptions if _is(param, value, one.value)), None)


def display(param: Param, value: Value, *, units: bool = True) -> str:
    """Return what people see.

    Args:
        param: says the words of exceptions, of other states and of choices, decimals and units.
        value: what the param holds; the empty text is no value, and is shown as that.
        units: they follow a number.
    """
    word = next((word for known, word in _words(param) if _is(param, value, known)), None)
    if word is not None:
        return word
    if isinstance(value, str):
        is_filtered = param.interprete is not None and param.interprete.filter
        return "".join(filter(str.isprintable, value)) if is_filtered else value
    text = _number_text(param, value)
    return f"{text} {param.display.units}" if units and param.display and param.display.units else text


def parse_display(param: Param, text: str) -> Value:
    """Return the value that an operator means.

    Args:
        param: says what can be meant.
        text: a word that `display` gives, or the value itself; units may follow a number.

    Returns:
        The value: a number where the param holds numbers.

    Raises:
        NotAValueError: none of the choices, no number, or one out of the range that people may enter.
    """
    known = _meant(param, text)
    if known is not None:
        return _held(param, known)
    measurement = param.measurement
    if measurement and measurement.discreets and measurement.dependency_id is None:
        for choice in measurement.discreets:
            if _is(param, text.strip(), choice.value):
                return _held(param, choice.value)
        if measurement.type.casefold() in _CHOICES:
            choices = ", ".join(repr(choice.display) for choice in measurement.discreets)
            raise NotAValueError(f"expected one of {choices}, not {shown(text)}")
    if not _holds_numbers(param):
        return text
    return _in_range(param, parse_number(_without_units(param, text)))


def _is(param: Param, value: Value, text: str) -> bool:
    """Tell whether `value` is what a definition writes as `text`; texts are compared as such."""
    if isinstance(value, str) and not _holds_numbers(param):
        return value == text
    return same_value(value, text)


def _words(param: Param) -> Iterator[tuple[str, str]]:
    """Yield values and their words; the first of a value stands."""
    said: list[tuple[str, str]] = []
    if param.interprete:
        said += [(one.value, one.display) for one in param.interprete.exceptions]
        said += [(one.value, one.display) for one in param.interprete.others]
    if param.measurement:
        said += [(one.value, one.display) for one in param.measurement.discreets]
    return ((value, word) for value, word in said if word)


def _meant(param: Param, text: str) -> str | None:
    """Return the value whose word `text` is: exactly, else whatever the case of its letters."""
    words = list(_words(param))
    for wanted, form in ((text, str), (text.strip().casefold(), str.casefold)):
        for known, word in words:
            if form(word) == wanted:
                return known
    return None


def _holds_numbers(param: Param) -> bool:
    return (param.interprete or Interprete()).type is not ValueType.STRING


def _held(param: Param, text: str) -> Value:
    return parse_number(text) if _holds_numbers(param) else text


def _number_text(param: Param, value: int | float) -> str:
    decimals = param.display.decimals if param.display else None
    if decimals is None:
        return as_text(value)
    number = to_decimal(as_number(value))
    exponent = Decimal(1).scaleb(-min(max(0, decimals), _MOST_DECIMALS))
    return format(_LONG.plus(number.quantize(exponent, context=_LONG)), "f")  # plus makes 0 of -0


def _without_units(param: Param, text: str) -> str:
    units = param.display.units if param.display else ""
    text = text.strip()
    return text[: -len(units)] if units and text.casefold().endswith(units.casefold()) else text


def _in_range(param: Param, number: int | float) -> int | float:
    low, high = (param.display.low, param.display.high) if param.display else (None, None)
    if (low is not None and number < low) or (high is not None and number > high):
        least = "" if low is None else f" from {as_text(low)}"
        most = "" if high is None else f" up to {as_text(high)}"
        raise NotAValueError(f"expected a number{least}{most}, not {as_text(number)}")
    return number
