"""The arithmetic between raw values and values: factor, scale, sequence, rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)
from types import MappingProxyType

from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import Operation, Step
from smartserial.definition.param import NUMERIC_TYPES, Interprete, Param, ParamType, Rounding, ValueType
from smartserial.definition.values.value import (
    EXACT,
    NotAValueError,
    Value,
    as_number,
    shown,
    to_decimal,
    to_number,
)

ValueOf = Callable[[int], Value]
"""Gives the value of another param, by id."""
_Number = int | float
_Map = Callable[[Decimal], Decimal]
_Binary = Callable[[Decimal, Decimal], Decimal]

# Ten digits less than in the arithmetic: a third, times three, is 1 again before it is rounded down.
_SETTLED = 30
_SETTLE = Context(prec=_SETTLED, Emin=-999, Emax=999)
_MOST_DECIMALS = 999  # as far down as the arithmetic goes
_FLOAT_WHOLE = 1 << 53  # from here on, floats leave out whole numbers
_ONE, _TEN, _TWENTY = Decimal(1), Decimal(10), Decimal(20)
_MODES: Mapping[Rounding, tuple[str, str]] = MappingProxyType(  # of numbers above 0, and below
    {
        Rounding.DOWN: (ROUND_FLOOR, ROUND_FLOOR),
        Rounding.UP: (ROUND_CEILING, ROUND_CEILING),
        Rounding.TO_ZERO: (ROUND_DOWN, ROUND_DOWN),
        Rounding.TO_INFINITY: (ROUND_UP, ROUND_UP),
        Rounding.HALF_DOWN: (ROUND_HALF_DOWN, ROUND_HALF_UP),
        Rounding.HALF_UP: (ROUND_HALF_UP, ROUND_HALF_DOWN),
        Rounding.HALF_TO_ZERO: (ROUND_HALF_DOWN, ROUND_HALF_DOWN),
        Rounding.HALF_TO_INFINITY: (ROUND_HALF_UP, ROUND_HALF_UP),
    }
)


def _log(times: Decimal) -> tuple[_Binary, _Binary]:
    """Return ``times * log10(x)`` and what undoes it; there is no operand."""

    def forward(number: Decimal, operand: Decimal) -> Decimal:
        return EXACT.multiply(times, EXACT.log10(number))

    def backward(number: Decimal, operand: Decimal) -> Decimal:
        return EXACT.power(_TEN, EXACT.divide(number, times))

    return forward, backward


def _root(number: Decimal, operand: Decimal) -> Decimal:
    return EXACT.power(number, EXACT.divide(_ONE, operand))


def _same(number: Decimal, operand: Decimal) -> Decimal:
    return number


_OPERATIONS: Mapping[Operation, tuple[_Binary, _Binary]] = MappingProxyType(  # and what undoes each
    {
        Operation.FACTOR: (EXACT.multiply, EXACT.divide),
        Operation.OFFSET: (EXACT.add, EXACT.subtract),
        Operation.MIN: (EXACT.subtract, EXACT.add),
        Operation.POW: (EXACT.power, _root),
        Operation.DIV: (EXACT.divide, EXACT.multiply),
        Operation.REST: (EXACT.remainder, _same),
        Operation.LOG10: _log(_TEN),
        Operation.LOG20: _log(_TWENTY),
    }
)
_LOGS = {Operation.LOG10, Operation.LOG20}


def converts(interprete: Interprete) -> bool:
    """Tell whether values differ from raw values, or only some of them count."""
    if interprete.sequence_noset and (interprete.sequence or interprete.sequence_loop is not None):
        return True
    linear = (interprete.factor, interprete.scale, interprete.low, interprete.high)
    return any(said is not None for said in linear)


def is_numeric(interprete: Interprete) -> bool:
    """Tell whether raw values are numbers: held as such, or digits that arithmetic is done on."""
    return interprete.type is not ValueType.STRING or (
        interprete.raw_type in NUMERIC_TYPES and converts(interprete)
    )


class Conversion:
    """The way of numbers from the wire to the value, and back.

    In: factor, scale, sequence, rounding. Out: the same backwards, each undone, and nothing is rounded. The
    sequence of a write param is the author's own way out: it is worked as written there, and undone on the
    way in. What has no inverse, the rest of a division, is left out of the way back. A sequence that is not
    `sequence_noset` counts for nothing, nor does the counter that it says.

    Args:
        param: says what is done.
        value_of: the values of params that a sequence names.

    Raises:
        NotAValueError: a factor, offset or the like that is not finite.
    """

    __slots__ = ("_after", "_before", "_decimals", "_exponent", "_loop", "_modes", "_out", "_value_of")

    def __init__(self, param: Param, value_of: ValueOf) -> None:
        interprete = param.interprete or Interprete()
        self._value_of = value_of
        linear = [*_factor(interprete.factor), *_scale(interprete.scale)]
        steps, loop = interprete.sequence, interprete.sequence_loop
        if not interprete.sequence_noset:
            steps, loop = (), None
        sequence = [self._step(step, interprete) for step in steps]
        if param.type in (ParamType.WRITE, ParamType.WRITE_BIT):
            sequence = [(undo, do) for do, undo in reversed(sequence)]
        self._before = tuple(do for do, _ in linear)
        self._after = tuple(do for do, _ in sequence)
        self._out = tuple(undo for _, undo in reversed([*linear, *sequence]))
        self._loop = None if loop is None else to_decimal(loop)
        self._decimals = min(max(0, interprete.decimals), _MOST_DECIMALS)
        self._exponent = _ONE.scaleb(-self._decimals)
        self._modes = _MODES[interprete.rounding]

    def inward(self, raw: Value, last: Value | None = None) -> tuple[_Number, _Number | None]:
        """Return the value of a raw number.

        Args:
            raw: the number.
            last: what this gave before as the counter.

        Returns:
            The value, and what a counter that starts again stands at, where there is one.

        Raises:
            NotAValueError: there is no such number: a division by zero, the logarithm of what is not above
                zero, a number too large, or a param in the sequence that holds no number.
        """
        if not self._out and self._loop is None and not isinstance(raw, str):
            if isinstance(raw, int):
                return raw, None
            if raw.is_integer():  # nothing to round
                return int(raw) if abs(raw) < _FLOAT_WHOLE else raw, None
        counter: Decimal | None = None
        try:
            number = _through(self._before, to_decimal(raw))
            if self._loop is not None:
                counter = number
                if last is not None and number < (previous := to_decimal(last)):
                    number = EXACT.add(number, EXACT.subtract(self._loop, previous))
            number = self._rounded(_through(self._after, number))
        except ArithmeticError as error:
            raise NotAValueError(f"expected a number that can be converted, not {shown(raw)}") from error
        return to_number(number), None if counter is None else to_number(counter)

    def outward(self, value: Value) -> _Number:
        """Return the raw number of a value.

        Raises:
            NotAValueError: it is no number, or there is none that would become this value.
        """
        if not self._out:
            return as_number(value)
        try:
            number = _SETTLE.plus(_through(self._out, to_decimal(value)))
        except ArithmeticError as error:
            raise NotAValueError(f"expected a number that can be converted, not {shown(value)}") from error
        return to_number(_finite(number))

    def _rounded(self, number: Decimal) -> Decimal:
        number = _SETTLE.plus(_finite(number))
        if number.adjusted() + self._decimals >= _SETTLED:  # there are no digits so far down
            return number
        return number.quantize(self._exponent, self._modes[number < 0], EXACT)

    def _step(self, step: Step, interprete: Interprete) -> tuple[_Map, _Map]:
        """Return a step of the sequence, and what undoes it."""
        do, undo = _OPERATIONS[step.operation]
        value, source = step.value, step.param
        if step.operation is Operation.OFFSET and value is None and source is None:
            value, source = interprete.offset, interprete.offset_id
        if source is not None:
            other, value_of = source, self._value_of
            return (
                lambda number: do(number, to_decimal(value_of(other))),
                lambda number: undo(number, to_decimal(value_of(other))),
            )
        if value is None and step.operation not in _LOGS:
            raise NotAValueError(f"expected a number in the sequence after {step.operation.name}")
        operand = to_decimal(value or 0)
        return lambda number: do(number, operand), lambda number: undo(number, operand)


def _factor(factor: float | None) -> list[tuple[_Map, _Map]]:
    if factor is None:
        return []
    times = to_decimal(factor)
    return [(lambda number: EXACT.multiply(number, times), lambda number: EXACT.divide(number, times))]


def _scale(scale: Scale | None) -> list[tuple[_Map, _Map]]:
    if scale is None:
        return []
    data = to_decimal(scale.low_data), to_decimal(scale.high_data)
    values = to_decimal(scale.low), to_decimal(scale.high)
    return [(_line(data, values), _line(values, data))]


def _line(ends: tuple[Decimal, Decimal], becoming: tuple[Decimal, Decimal]) -> _Map:
    """Return the line on which the first numbers become the second ones."""
    width, height = EXACT.subtract(ends[1], ends[0]), EXACT.subtract(becoming[1], becoming[0])

    def along(number: Decimal) -> Decimal:
        rise = EXACT.divide(EXACT.multiply(EXACT.subtract(number, ends[0]), height), width)
        return EXACT.add(becoming[0], rise)

    return along


def _through(steps: tuple[_Map, ...], number: Decimal) -> Decimal:
    for step in steps:
        number = step(number)
    return number


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise NotAValueError(f"expected a number that can be converted: the result is {number}")
    return number
