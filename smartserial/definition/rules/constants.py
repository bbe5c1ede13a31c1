"""Rules about values that a definition gives: constants, defaults and exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from smartserial.definition.node import Node
from smartserial.definition.param import CONSTANT_TYPES, LengthType, Param, ParamType, ValueType
from smartserial.definition.reading.texts import decimal
from smartserial.definition.rules.elements import shown
from smartserial.definition.rules.interprete import encoding_of, interpreted
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.values.codec import ParamCodec
from smartserial.definition.values.constant import fixed_length
from smartserial.definition.values.value import NotAValueError
from smartserial.findings import ERROR, WARNING

_DEFAULTS = {ParamType.READ, ParamType.WRITE}
_WRITTEN = {ParamType.WRITE, ParamType.WRITE_BIT}


def constant_value(subject: Subject) -> Iterator[Found]:
    """A constant has a value, and a value has the length that is said."""
    for param, interprete, inner in interpreted(subject):
        if not interprete.value:
            if param.type in CONSTANT_TYPES:
                place = (inner.first("Value") or inner).place
                yield Found(place, f"expected Value for the type {param.type.value}, found nothing")
            continue
        length = interprete.length
        if interprete.length_type is not LengthType.FIXED or length is None or length < 0:
            continue
        width = fixed_length(replace(interprete, length=None), encoding_of(subject))
        if width is not None and width != length:
            becomes = "blanks are put before it" if width < length else "it becomes blanks"
            message = f"expected a Value of {length} bytes, as Length says, found {width}: {becomes}"
            yield Found((inner.first("Value") or inner).place, message, severity=WARNING)


def defaults(subject: Subject) -> Iterator[Found]:
    """A default is the value of a param that stands alone, and exceptions are values that can come in."""
    columns = {
        number
        for param in subject.protocol.params
        if param.type is ParamType.ARRAY
        for number in param.type_id
    }
    for param, interprete, inner in interpreted(subject):
        is_number = interprete.type is not ValueType.STRING
        default = inner.first("DefaultValue")
        if default is not None:
            if param.type not in _DEFAULTS:
                message = (
                    f"expected no DefaultValue for the type {param.type.value}: it is for read and write"
                )
                yield Found(default.place, message)
            elif param.id in columns:
                yield Found(default.place, "expected no DefaultValue for a column")
            elif is_number and decimal(default.text) is None:
                yield Found(default.place, f"expected a number in DefaultValue, found {shown(default.text)}")
            elif (why := _misfit(subject, param)) is not None:
                yield Found(default.place, f"expected a DefaultValue that the param can hold: {why}")
        exceptions = inner.first("Exceptions")
        if exceptions is None:
            continue
        if param.type in _WRITTEN:
            message = f"expected no Exceptions for the type {param.type.value}: they are for what comes in"
            yield Found(exceptions.place, message)
        else:
            yield from _exceptions(exceptions, is_number)


def _misfit(subject: Subject, param: Param) -> str | None:
    """Return why the default of a param cannot be its bytes; None if it can.

    What other params hold is not known yet: it is taken to be what fits.
    """
    interprete = param.interprete
    if not subject.sound(param) or interprete is None or interprete.value is not None:
        return None
    try:
        codec = ParamCodec(param, encoding_of(subject), lambda _: 1, lambda _: b"")
        codec.encode(interprete.default_value or "")
    except NotAValueError as error:
        return str(error)
    return None


def _exceptions(exceptions: Node, is_number: bool) -> Iterator[Found]:
    for node in exceptions.all("Exception"):
        value, internal = node.attributes.get("value"), node.text_at("Value")
        if value is None:
            yield Found(node.place, "expected the attribute value, found none")
        elif is_number and decimal(value) is None:
            yield Found(node.place, f"expected a number in the attribute value, found {shown(value)}")
        if is_number and internal and decimal(internal) is None:
            place = (node.first("Value") or node).place
            yield Found(place, f"expected a number in Value, found {shown(internal)}")


RULES: tuple[Rule, ...] = (
    Rule(
        "PA17",
        ERROR,
        "a constant has no value, or one that is not as long as is said",
        "write the bytes in Value, and their number in Length",
        constant_value,
    ),
    Rule(
        "PA22",
        WARNING,
        "a default or an exception does not fit its param",
        "give defaults to read and write params, exceptions to read params, numbers to what holds numbers",
        defaults,
    ),
)
