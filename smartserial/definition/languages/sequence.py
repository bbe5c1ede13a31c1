"""Steps of arithmetic that a value goes through: ``factor:2;offset:id:31;log10``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from smartserial.definition.languages.ids import parse_id
from smartserial.definition.languages.number import parse_decimal, print_decimal
from smartserial.definition.languages.problem import MOST_PROBLEMS, Parsed, Problem, and_more, quoted

_CODE = "PA25"


class Operation(Enum):
    """What a step does to a value; the member's value is the word for it."""

    FACTOR = "factor"
    OFFSET = "offset"
    MIN = "min"  # takes the operand away from the value
    POW = "pow"
    DIV = "div"
    REST = "rest"
    LOG10 = "log10"  # 10 times the logarithm
    LOG20 = "log20"  # 20 times the logarithm


_SYMBOLS = {
    "*": Operation.FACTOR,
    "+": Operation.OFFSET,
    "-": Operation.MIN,
    "^": Operation.POW,
    "%": Operation.REST,
}
_OPERATIONS = {**{operation.value: operation for operation in Operation}, **_SYMBOLS}
_MOST_STEPS = 1000
_KNOWN = ", ".join(_OPERATIONS)
_ALONE = frozenset({Operation.LOG10, Operation.LOG20, Operation.OFFSET})


@dataclass(frozen=True, slots=True)
class Step:
    """One step; of `value` and `param` at most one is given.

    Args:
        operation: what is done; logarithms need no operand, and an offset without one is that of the param.
        value: the operand, finite.
        param: the id of the param whose value is the operand.
    """

    operation: Operation
    value: float | None = None
    param: int | None = None


def _step(text: str) -> Step | str:
    """Return a step, or the words for what is wrong."""
    word, *operand = (part.strip().lower() for part in text.split(":"))
    operation = _OPERATIONS.get(word)
    if operation is None:
        return f"expected one of {_KNOWN}, found {quoted(word)}"
    if not any(operand) and operation in _ALONE:
        return Step(operation)
    if len(operand) == 1 and (value := parse_decimal(operand[0])) is not None:
        return Step(operation, value)
    if len(operand) == 2 and operand[0] in ("id", "param") and (param := parse_id(operand[1])) is not None:
        return Step(operation, param=param)
    return f"{word}: expected a number, or id: and the id of a param, found {quoted(':'.join(operand))}"


def parse_sequence(text: str) -> Parsed[tuple[Step, ...]]:
    """Read steps; wrong ones, and those beyond 1,000, are left out, and empty parts are passed over."""
    parts = text.split(";", _MOST_STEPS)
    read = [_step(part) for part in parts[:_MOST_STEPS] if part.strip()]
    wrong = [step for step in read if isinstance(step, str)]
    if len(wrong) > MOST_PROBLEMS:
        wrong[MOST_PROBLEMS:] = [and_more(len(wrong) - MOST_PROBLEMS)]
    if parts[_MOST_STEPS:] and parts[_MOST_STEPS].strip():
        wrong.append(f"expected {_MOST_STEPS} steps at most, found more: they are left out")
    return Parsed(
        tuple(step for step in read if isinstance(step, Step)),
        tuple(Problem(_CODE, message) for message in wrong),
    )


def print_sequence(steps: Iterable[Step]) -> str:
    """Write steps, with words for the operations."""
    return ";".join(map(_text, steps))


def _text(step: Step) -> str:
    if step.param is not None:
        return f"{step.operation.value}:id:{step.param}"
    return (
        step.operation.value if step.value is None else f"{step.operation.value}:{print_decimal(step.value)}"
    )
