"""Bytes and values of one param: everything that its `Interprete` says, both ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from smartserial.definition.param import Interprete, LengthType, Other, Param, ParamType, ValueType
from smartserial.definition.values.constant import constant_bytes, fill_bytes
from smartserial.definition.values.conversion import Conversion, ValueOf, is_numeric
from smartserial.definition.values.raw import raw_codec
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, Value, as_text, parse_number, same_value

RawOf = Callable[[int], bytes]
"""Gives the bytes of another param, by id."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What bytes say.

    Args:
        value: the value; empty text where there were no bytes.
        data: the bytes, as they came.
        ignored: why the value does not count, or None: the param keeps the value that it has.
        counter: what `decode` wants as `last` the next time, of a counter that starts again.
    """

    value: Value
    data: bytes
    ignored: str | None = None
    counter: int | float | None = None


def no_value(param: int) -> Value:
    """Stand in for the values of other params: there are none."""
    raise NotAValueError(f"expected a value of param {param}: it has none")


def no_bytes(param: int) -> bytes:
    """Stand in for the bytes of other params: there are none."""
    raise NotAValueError(f"expected bytes of param {param}: it has none")


class ParamCodec:
    """Turns bytes into the values of one param, and values into bytes.

    What the definition says is worked out once, here.

    Args:
        param: the param; one without `Interprete` holds any text.
        encoding: of texts.
        value_of: the values of params that a sequence names; it may raise `NotAValueError`.
        raw_of: the bytes of params that `Others` names; it may raise `NotAValueError`.

    Raises:
        NotAValueError: the definition makes no sense: a base of 40, a length of -1, a step without a number.
    """

    __slots__ = (
        "_byte_in",
        "_byte_out",
        "_conversion",
        "_fill",
        "_held",
        "_high",
        "_low",
        "_numeric",
        "_others",
        "_raw",
        "_raw_of",
        "_sized",
    )

    def __init__(
        self, param: Param, encoding: Encoding, value_of: ValueOf = no_value, raw_of: RawOf = no_bytes
    ) -> None:
        interprete = param.interprete or Interprete()
        self._held = interprete.type
        self._numeric = is_numeric(interprete)
        self._raw = raw_codec(interprete, encoding, numeric=self._numeric)
        self._conversion = Conversion(param, value_of)
        self._low, self._high = interprete.low, interprete.high
        self._others = interprete.others
        self._raw_of = raw_of
        self._fill = fill_bytes(interprete, encoding)
        self._sized = interprete.length_type is LengthType.FIXED
        is_group = param.type is ParamType.GROUP
        self._byte_in = incoming_bytes(interprete) if is_group else None
        self._byte_out = outgoing_bytes(interprete) if is_group else None

    def decode(self, data: bytes, last: Value | None = None) -> Decoded:
        """Return what `data` says.

        Args:
            data: all bytes of the param.
            last: the counter that this gave before; None is the first time.

        Raises:
            NotAValueError: the bytes do not fit the param.
        """
        if not data and not self._sized:
            return Decoded("", data)
        try:
            raw = self._raw.decode(data if self._byte_in is None else data.translate(self._byte_in))
        except NotAValueError:
            other = next((other for other in self._others if self._raw_of(other.param) == data), None)
            if other is None:
                raise
            return Decoded(self._state(other), data)
        if isinstance(raw, str):
            return Decoded(raw, data)
        value, counter = self._conversion.inward(raw, last)
        ignored = None
        if self._low is not None and value < self._low:
            ignored = f"{value} is below {as_text(self._low)}"
        elif self._high is not None and value > self._high:
            ignored = f"{value} is above {as_text(self._high)}"
        return Decoded(as_text(value) if self._held is ValueType.STRING else value, data, ignored, counter)

    def encode(self, value: Value) -> bytes:
        """Return the bytes of `value`; those of a param without a value for the empty text.

        Raises:
            NotAValueError: it does not fit the param.
        """
        if value == "":
            return self._fill
        try:
            data = self._raw.encode(self._conversion.outward(value) if self._numeric else value)
        except NotAValueError:
            other = next((other for other in self._others if same_value(value, other.value)), None)
            if other is None:
                raise
            return self._raw_of(other.param)
        return data if self._byte_out is None else data.translate(self._byte_out)

    def _state(self, other: Other) -> Value:
        return other.value if self._held is ValueType.STRING else parse_number(other.value)


def initial_bytes(param: Param, encoding: Encoding) -> bytes:
    """Return a param's bytes at start: those of `Value`, else of the default value, else the fill.

    Raises:
        NotAValueError: the default value does not fit, or the definition makes no sense.
    """
    interprete = param.interprete
    if interprete is None or interprete.value is not None or interprete.default_value is None:
        return constant_bytes(param, encoding)
    return ParamCodec(param, encoding).encode(interprete.default_value)


def incoming_bytes(interprete: Interprete) -> bytes | None:
    """Return what each byte of a group becomes on the way in, 256 of them; None where it stays."""
    if not interprete.byte_offset and interprete.bits is None:
        return None
    mask = _mask(interprete)
    return bytes((byte - interprete.byte_offset) & mask for byte in range(256))


def outgoing_bytes(interprete: Interprete) -> bytes | None:
    """Return what each byte of a group becomes on the way out, 256 of them; None where it stays."""
    if not interprete.byte_offset and interprete.bits is None:
        return None
    mask = _mask(interprete)
    return bytes(((byte & mask) + interprete.byte_offset) & 255 for byte in range(256))


def _mask(interprete: Interprete) -> int:
    return (1 << min(8, max(0, 8 if interprete.bits is None else interprete.bits))) - 1
