"""Conditions, as in ``(id:5 + 1) >= 10 AND id:7 != "off"``: how they are read, and whether they make sense.

A condition that is read has a limited height, so that whoever walks through it may use the stack.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum
from typing import NoReturn

from smartserial.definition.languages.expression import (
    EQUALITY,
    LOGICAL,
    RELATIONAL,
    Binary,
    Empty,
    EmptyString,
    Expression,
    Number,
    Operator,
    ParamValue,
    Text,
    params_of,
    print_condition,
)
from smartserial.definition.languages.ids import parse_id
from smartserial.definition.languages.number import DECIMAL, parse_decimal
from smartserial.definition.languages.problem import quoted
from smartserial.errors import SmartSerialError

__all__ = [
    "Binary",
    "ConditionError",
    "Empty",
    "EmptyString",
    "Expression",
    "Kind",
    "Number",
    "Operator",
    "ParamValue",
    "Text",
    "kind_of",
    "params_of",
    "parse_condition",
    "print_condition",
]

MOST_CHARACTERS = 10_000
DEEPEST = 64
"""Brackets in one another."""
HIGHEST = 128
"""Operators on one another, which is also how many may stand in a row."""


class ConditionError(SmartSerialError):
    """A text that is no condition, or one that makes no sense; `offset` counts its characters from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


_WORD = r"[^\s\"()*/+\-<>=!&|^\#$]"
_OPERAND = re.compile(
    rf"""(?P<open>\() | "(?P<text>[^"]*+)" | (?P<number>{DECIMAL})(?!{_WORD})
    | (?ai:id):(?P<id>[0-9]++)(?!{_WORD}) | (?P<word>(?ai:empty(?:string)?+))(?!{_WORD})""",
    re.VERBOSE,
)
_OPERATOR = re.compile(
    r"""(?P<close>\)) | (?P<symbol>[<>=!]=|<(?!>)|&(?!&)|\|(?!\|)|[>*/+\-^])
    | (?<=\s)(?P<word>AND|OR)(?=\s|\Z)""",
    re.VERBOSE,
)
_BLANKS = re.compile(r"\s*+")
_TOKEN = re.compile(rf"""(?:{_WORD})++|<>|[<>=!]=|&&|\|\||.""", re.DOTALL)
_GLUED = re.compile(r"(?:[0-9]|(?i:empty|string))(?:AND|OR)|(?:AND|OR)(?:[0-9]|(?i:id:|empty))")
_SAID_ELSEWHERE = {"=": "==", "<>": "!=", "!": "!=", "and": "AND", "&&": "AND", "or": "OR", "||": "OR"}


def parse_condition(text: str) -> Expression:
    """Read a condition; whether its types fit is not looked at.

    Raises:
        ConditionError: it breaks the grammar, or it is longer or higher than a condition may be.
    """
    if len(text) > MOST_CHARACTERS:
        raise ConditionError(f"expected at most {MOST_CHARACTERS} characters, found {len(text)}", 0)
    return _Parser(text).parse()


class _Parser:
    """Two stacks: of what is complete, each with its height, and of operators and brackets that wait."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._done: list[tuple[Expression, int]] = []
        self._waiting: list[tuple[Operator | None, int]] = []  # None is a bracket; and where it stands
        self._deep = 0

    def parse(self) -> Expression:
        place, operand_next = self._skip_blanks(0), True
        while operand_next or place < len(self._text):
            found = (_OPERAND if operand_next else _OPERATOR).match(self._text, place)
            if found is None:
                self._refuse(place, operand_next)
            operand_next = self._operand(found) if operand_next else self._operator(found)
            place = self._skip_blanks(found.end())
        self._join(-1)
        if self._waiting:
            raise ConditionError("expected a closing bracket for this one", self._waiting[-1][1])
        return self._done[0][0]

    def _skip_blanks(self, place: int) -> int:
        found = _BLANKS.match(self._text, place)
        return found.end() if found else place

    def _operand(self, found: re.Match[str]) -> bool:
        """Take an operand or an opening bracket; tell whether an operand comes next."""
        kind, place = found.lastgroup, found.start()
        if kind == "open":
            self._deep += 1
            if self._deep > DEEPEST:
                raise ConditionError(f"expected at most {DEEPEST} brackets in one another", place)
            self._waiting.append((None, place))
            return True
        if kind == "text":
            self._done.append((Text(found["text"], offset=place), 0))
        elif kind == "number":
            self._done.append((Number(float(found["number"]), offset=place), 0))
        elif kind == "word":
            empty = Empty if found["word"].lower() == "empty" else EmptyString
            self._done.append((empty(offset=place), 0))
        else:
            number = parse_id(found["id"])
            if number is None:
                self._refuse(place, True)
            self._done.append((ParamValue(number, offset=place), 0))
        return False

    def _operator(self, found: re.Match[str]) -> bool:
        """Take an operator or a closing bracket; tell whether an operand comes next."""
        if found.lastgroup == "close":
            self._join(-1)
            if not self._waiting:
                raise ConditionError("expected an opening bracket before this one", found.start())
            self._waiting.pop()
            self._deep -= 1
            return False
        operator = Operator(found[0])
        self._join(operator.precedence)
        self._waiting.append((operator, found.start()))
        return True

    def _join(self, precedence: int) -> None:
        """Join what waits since the last bracket and binds at least so tightly."""
        while self._waiting:
            operator, place = self._waiting[-1]
            if operator is None or operator.precedence < precedence:
                return
            self._waiting.pop()
            right, left = self._done.pop(), self._done.pop()
            height = max(left[1], right[1]) + 1
            if height > HIGHEST:
                raise ConditionError(f"expected at most {HIGHEST} operators on one another", place)
            self._done.append((Binary(operator, left[0], right[0], offset=place), height))

    def _refuse(self, place: int, operand: bool) -> NoReturn:
        found = _TOKEN.match(self._text, place)
        raise ConditionError(_wrong(found[0] if found else "", operand, self._text[:place]), place)


def _wrong(token: str, operand: bool, before: str) -> str:
    """Return the words for a token where an operand, or else an operator, is expected."""
    if token == '"' and operand:
        return "expected a quotation mark that closes this text, found the end"
    if token in ("#", "$"):
        return f"expected {token} in a text only"
    wanted = 'id:N, a number, "text", empty or emptystring' if operand else "an operator"
    found = quoted(token) if token else "the end" if before.strip() else "nothing"
    hint = _hint(token, operand)
    return f"expected {wanted}, found {found}{'; ' if hint else ''}{hint}"


def _hint(token: str, operand: bool) -> str:
    word = token.lower()
    if _GLUED.search(token) or (not operand and token in ("AND", "OR")):
        return "AND and OR need a blank on each side"
    if not operand:
        return f"did you mean {_SAID_ELSEWHERE[word]}?" if word in _SAID_ELSEWHERE else ""
    if word == "id" or word.startswith("id:"):
        return "the id follows at once, without leading zeros"
    return "a text needs quotation marks" if word.isalpha() and word not in ("and", "or") else ""


class Kind(Enum):
    """What a value is."""

    NUMBER = "a number"
    TEXT = "a text"
    BOOLEAN = "true or false"


def kind_of(expression: Expression, kinds: Mapping[int, Kind | None]) -> Kind:
    """Tell that a condition makes sense.

    Args:
        expression: the whole condition.
        kinds: those of params, by id; None is a param that does not say its kind, which is an error. A param
            that is not in it fits everywhere.

    Returns:
        `Kind.BOOLEAN`.

    Raises:
        ConditionError: kinds do not fit, or the whole is not true or false.
    """
    kind = _kind(expression, kinds)
    if kind is Kind.BOOLEAN:
        return kind
    found = kind.value if kind is not None else "a value"
    raise ConditionError(f"expected a condition that is true or false, found {found}", _start(expression))


def _start(expression: Expression) -> int:
    while isinstance(expression, Binary):
        expression = expression.left
    return expression.offset


def _kind(expression: Expression, kinds: Mapping[int, Kind | None]) -> Kind | None:
    """Return the kind of a part; None fits everywhere."""
    match expression:
        case Number(value):
            if not math.isfinite(value):
                raise ConditionError("expected a number that fits in a double", expression.offset)
            return Kind.NUMBER
        case Text():
            return Kind.TEXT
        case ParamValue(id):
            if id in kinds and kinds[id] is None:
                message = f"expected a param with a type in its Interprete, found param {id}"
                raise ConditionError(message, expression.offset)
            return kinds.get(id)
        case Binary(operator, left, right):
            if operator not in EQUALITY:
                _refuse_empty(expression)
            sides = _kind(left, kinds), _kind(right, kinds)
            if operator in LOGICAL:
                return _logical(expression, sides)
            return _relational(expression, sides) if operator in RELATIONAL else _computed(expression, sides)
        case Empty() | EmptyString():
            return None


_Sides = tuple[Kind | None, Kind | None]


def _refuse_empty(expression: Binary) -> None:
    for side in (expression.left, expression.right):
        if isinstance(side, Empty | EmptyString):
            message = f"expected {print_condition(side)} beside == or !=, found {expression.operator.value}"
            raise ConditionError(message, side.offset)


def _logical(expression: Binary, sides: _Sides) -> Kind:
    for side, kind in zip((expression.left, expression.right), sides, strict=True):
        if kind is not Kind.BOOLEAN:
            found = kind.value if kind is not None else "a value"
            message = f"{expression.operator.value}: expected two sides that are true or false, found {found}"
            raise ConditionError(message, _start(side))
    return Kind.BOOLEAN


def _relational(expression: Binary, sides: _Sides) -> Kind:
    if Kind.BOOLEAN in sides:
        message = f"expected one comparison between AND and OR, found {expression.operator.value} as well"
        raise ConditionError(message, expression.offset)
    pair = expression.left, expression.right
    for text, other, kind in zip(pair, reversed(pair), reversed(sides), strict=True):
        if not isinstance(text, Text) or kind is not Kind.NUMBER or isinstance(other, ParamValue):
            continue
        if parse_decimal(text.value) is None:
            raise ConditionError(f"expected a text that is a number, found {quoted(text.value)}", text.offset)
    return Kind.BOOLEAN


def _computed(expression: Binary, sides: _Sides) -> Kind | None:
    """Return the kind of what is calculated: texts can be joined, and all else wants numbers."""
    known = {kind for kind in sides if kind is not None}
    if Kind.BOOLEAN in known:
        found = Kind.BOOLEAN.value
    elif len(known) == 2:
        found = "a number and a text"
    elif known == {Kind.TEXT} and expression.operator is not Operator.ADD:
        found = Kind.TEXT.value
    elif expression.operator is Operator.ADD:
        return next(iter(known), None)
    else:
        return Kind.NUMBER
    wanted = "two numbers or two texts" if expression.operator is Operator.ADD else "two numbers"
    raise ConditionError(f"{expression.operator.value}: expected {wanted}, found {found}", expression.offset)
