"""What values mean: the arithmetic between them and their bytes, and the words for some of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from smartserial.definition.explaining.words import encoding_of, listed, many, named, number, ordinal, sent
from smartserial.definition.languages.sequence import Operation, Step
from smartserial.definition.param import (
    CONSTANT_TYPES,
    Interprete,
    Other,
    Param,
    ParamType,
    Rounding,
    ValueException,
    ValueType,
)
from smartserial.definition.protocol import Protocol

_USUAL = Interprete()
_OPERATIONS: Mapping[Operation, str] = {
    Operation.FACTOR: "times {}",
    Operation.OFFSET: "plus {}",
    Operation.MIN: "less {}",
    Operation.POW: "to the power of {}",
    Operation.DIV: "divided by {}",
    Operation.REST: "modulo {}",
    Operation.LOG10: "10 times its logarithm",
    Operation.LOG20: "20 times its logarithm",
}
_ROUNDED: Mapping[Rounding, str] = {
    Rounding.UP: "up",
    Rounding.TO_ZERO: "towards 0",
    Rounding.TO_INFINITY: "away from 0",
    Rounding.HALF_DOWN: "halves down",
    Rounding.HALF_UP: "halves up",
    Rounding.HALF_TO_ZERO: "halves towards 0",
    Rounding.HALF_TO_INFINITY: "halves away from 0",
}


def meanings(protocol: Protocol, param: Param) -> Iterator[str]:
    """Yield what a param is about, in the order in which its bytes become what people see."""
    if param.description and param.description != param.name:
        yield param.description
    said, shown = param.interprete or _USUAL, param.display
    yield from _arithmetic(protocol, param, said)
    if shown is not None and shown.units:
        yield f"in {shown.units}"
    yield from _range(said)
    if param.measurement is not None and param.measurement.discreets:
        yield listed(f"{one.value} = {one.display}" for one in param.measurement.discreets)
    if said.exceptions:
        yield listed(map(_exception, said.exceptions))
    if said.others:
        yield listed(_other(protocol, other) for other in said.others)
    if param.type is ParamType.TRAILER and param.times > 1:
        yield f"ends the message when it comes the {ordinal(param.times)} time"


def _arithmetic(protocol: Protocol, param: Param, said: Interprete) -> Iterator[str]:
    if said.factor is not None:
        yield f"times {number(said.factor)}"
    if said.scale is not None:
        data = f"{number(said.scale.low_data)} to {number(said.scale.high_data)}"
        yield f"{data} become {number(said.scale.low)} to {number(said.scale.high)}"
    if said.sequence_loop is not None:
        yield f"a counter that starts again at {number(said.sequence_loop)}"
    if said.sequence:
        steps = listed(_step(protocol, said, step) for step in said.sequence)
        is_written = param.type in (ParamType.WRITE, ParamType.WRITE_BIT)
        yield f"before it is sent {steps}" if is_written else steps
    if said.type is not ValueType.STRING:
        yield from _decimals(said)


def _decimals(said: Interprete) -> Iterator[str]:
    """Yield what becomes of decimals, where that is not the usual: six are kept, the others cut."""
    count = many(said.decimals, "decimal") if said.decimals else "no decimals"
    if said.rounding is not Rounding.DOWN:
        yield f"rounded to {count}, {_ROUNDED[said.rounding]}"
    elif said.decimals < _USUAL.decimals:
        yield count


def _step(protocol: Protocol, said: Interprete, step: Step) -> str:
    value, source = step.value, step.param
    if step.operation is Operation.OFFSET and value is None and source is None:
        value, source = said.offset, said.offset_id
    operand = f"param {named(protocol.param, source)}" if source is not None else ""
    if not operand:
        operand = number(value) if value is not None else "nothing"
    return _OPERATIONS[step.operation].format(operand)


def _range(said: Interprete) -> Iterator[str]:
    if said.low is not None and said.high is not None:
        yield f"ignored outside {number(said.low)} to {number(said.high)}"
    elif said.low is not None:
        yield f"ignored below {number(said.low)}"
    elif said.high is not None:
        yield f"ignored above {number(said.high)}"


def _exception(one: ValueException) -> str:
    counts = f" ({one.internal} to alarms)" if one.internal not in ("", one.value) else ""
    return f"{one.value} = {one.display}{counts}"


def _other(protocol: Protocol, other: Other) -> str:
    param = protocol.param.get(other.param)
    is_constant = param is not None and param.type in CONSTANT_TYPES
    data = f" {sent(param, encoding_of(protocol))}" if param is not None and is_constant else ""
    state = f"{other.value} {other.display}".strip()
    return f"the bytes{data} of param {named(protocol.param, other.param)} = {state}"
