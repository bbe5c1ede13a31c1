"""Rules about how many bytes params have."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.param import BIT_TYPES, CONSTANT_TYPES, LengthType, ParamType, RawType
from smartserial.definition.reading.texts import choice, whole
from smartserial.definition.rules.elements import shown
from smartserial.definition.rules.interprete import encoding_of, interpreted
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.values.constant import fixed_length
from smartserial.findings import ERROR, WARNING

MOST_LENGTH = 1_048_576
"""The longest that a param of fixed length can be, in bytes."""
# Params whose bytes are not taken for a number, whatever their raw type says.
_NO_NUMBER = CONSTANT_TYPES | BIT_TYPES | {ParamType.DUMMY, ParamType.GROUP, ParamType.RESPONSE}
_WHOLE_TYPES = {RawType.UNSIGNED_NUMBER, RawType.SIGNED_NUMBER}
_WHOLE_WIDTHS = (1, 2, 4, 8)
_FLOAT_WIDTHS = (4, 8)
_LENGTH_WIDTH = 4


def fixed_has_length(subject: Subject) -> Iterator[Found]:
    """A param of fixed length gives its length in bytes."""
    for param, interprete, inner in interpreted(subject):
        if interprete.length_type is not LengthType.FIXED:
            continue
        length = inner.first("Length")
        text = length.text.strip() if length is not None else ""
        if length is not None and text:
            number = whole(text)
            if number is None or not 0 <= number <= MOST_LENGTH:
                message = f"expected a length of 0 to {MOST_LENGTH} bytes, found {shown(text)}"
                yield Found(length.place, message)
        elif param.type not in BIT_TYPES:
            place = length.place if length is not None else inner.place
            if interprete.value:
                width = fixed_length(interprete, encoding_of(subject))
                message = f"expected Length in bytes, found none: the {width} of Value are taken"
                yield Found(place, message, severity=WARNING)
            else:
                yield Found(place, "expected Length in bytes, found none")


def length_width(subject: Subject) -> Iterator[Found]:
    """A param of type length has at most four bytes."""
    for param, interprete, inner in interpreted(subject):
        width = fixed_length(interprete, encoding_of(subject))
        if param.type is ParamType.LENGTH and width is not None and width > _LENGTH_WIDTH:
            place = (inner.first("Length") or inner).place
            yield Found(place, f"expected a length of at most {_LENGTH_WIDTH} bytes, found {width}")


def number_width(subject: Subject) -> Iterator[Found]:
    """A binary number of fixed length has 1, 2, 4 or 8 bytes; a floating one is fixed, and has 4 or 8."""
    for param, interprete, inner in interpreted(subject):
        raw = interprete.raw_type
        if param.type in _NO_NUMBER or choice(LengthType, inner.text_at("LengthType")) is None:
            continue
        width = fixed_length(interprete, encoding_of(subject))
        widths = _FLOAT_WIDTHS if raw is RawType.DOUBLE else _WHOLE_WIDTHS
        among = (
            f"expected {', '.join(map(str, widths[:-1]))} or {widths[-1]} bytes for the raw type {raw.value}"
        )
        place = (inner.first("Length") or inner.first("LengthType") or inner).place
        if raw is RawType.DOUBLE and interprete.length_type is not LengthType.FIXED:
            yield Found(place, f"{among}, found the length type {interprete.length_type.value}")
        elif (raw is RawType.DOUBLE or raw in _WHOLE_TYPES) and width is not None and width not in widths:
            yield Found(place, f"{among}, found {width}")


RULES: tuple[Rule, ...] = (
    Rule(
        "PA13",
        ERROR,
        "a fixed length is missing or is no length",
        "write the number of bytes, as in <Length>2</Length>",
        fixed_has_length,
    ),
    Rule(
        "PA14", ERROR, "a length param is wider than 4 bytes", "give it a Length of 4 at most", length_width
    ),
    Rule(
        "PA16",
        ERROR,
        "a binary number has a width that there is not",
        "take 1, 2, 4 or 8 bytes for whole numbers, 4 or 8 for double",
        number_width,
    ),
)
