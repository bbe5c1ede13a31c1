"""What one param holds: its bytes, and beside them the value that these mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import Step
from smartserial.definition.param import (
    BIT_TYPES,
    CONSTANT_TYPES,
    NUMERIC_TYPES,
    Interprete,
    LengthType,
    Param,
    ParamType,
    RawType,
    ValueType,
)
from smartserial.definition.values.codec import ParamCodec, outgoing_bytes
from smartserial.definition.values.constant import constant_bytes, fixed_length
from smartserial.definition.values.display import display
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, Value, same_value

MOST_BYTES = 1 << 20
"""The longest value, in bytes."""
_NOTHING = Interprete()


class Held:
    """One param and what it holds.

    The bytes of a bit param are those of its number, the low one first.

    Args:
        param: the param.
        encoding: of texts.
        codec_of: makes the codec of a param.

    Raises:
        NotAValueError: the definition makes no sense, or its length is more than `MOST_BYTES`.

    Attributes:
        param: as it is now; actions may change its length and its arithmetic.
        raw: the bytes.
        value: what they mean; None is no value.
        known: something was set, and not cleared since.
        shown: people see it.
        counter: where a counter stood that starts again.
    """

    __slots__ = ("_codec_of", "_encoding", "codec", "counter", "known", "param", "raw", "shown", "value")

    def __init__(self, param: Param, encoding: Encoding, codec_of: Callable[[Param], ParamCodec]) -> None:
        self._encoding = encoding
        self._codec_of = codec_of
        self.codec = codec_of(_as_number(_bounded(param)))
        self.param = param
        self.raw = b""
        self.value: Value | None = None
        self.known = self.shown = False
        self.counter: int | float | None = None
        self.forget()

    @property
    def interprete(self) -> Interprete:
        """How bytes are read; that of a param without is any text."""
        return self.param.interprete or _NOTHING

    @property
    def fixed(self) -> bool:
        """Whether it always has bytes."""
        return self.interprete.length_type is LengthType.FIXED

    @property
    def is_bit(self) -> bool:
        """Whether it is part of a group."""
        return self.param.type in BIT_TYPES

    @property
    def is_empty(self) -> bool:
        """Whether it has no value; one of fixed length always has its bytes."""
        if self.fixed:
            return False
        return self.value is None or (self.value == "" and self.interprete.type is not ValueType.STRING)

    @property
    def equals_empty(self) -> bool:
        """Whether a condition calls it ``empty``: so is a number of fixed length that is 0."""
        if not self.fixed or self.interprete.raw_type not in NUMERIC_TYPES:
            return self.is_empty
        return self.value is None or same_value(self.value, "0")

    @property
    def display(self) -> str:
        """What people see; nothing while it is not initialized."""
        return display(self.param, "" if self.value is None else self.value) if self.shown else ""

    def forget(self) -> None:
        """Hold what was there at start: constant bytes, or the fill of a fixed length; bits are 0."""
        self.raw = self._start()
        self.known = self.shown = self.param.type in CONSTANT_TYPES
        self.counter = None
        self.value = None
        if self.raw:
            try:
                decoded = self.codec.decode(self.raw)
                self.value = decoded.value if decoded.ignored is None else None
            except NotAValueError:  # a fill without a logarithm, or a constant of other bytes than its type
                self.value = self._encoding.decode(self.raw) if self.known else None

    def encode(self, value: Value) -> bytes:
        """Return the bytes of a value; for the empty text those of a param without one.

        Raises:
            NotAValueError: it does not fit.
        """
        return (
            self._start() if value == "" and self.param.type is ParamType.GROUP else self.codec.encode(value)
        )

    def _start(self) -> bytes:
        if self.is_bit:
            return b""
        if self.param.type is ParamType.GROUP and self.interprete.value is None:
            # Blanks, the fill of other bytes, would be bits that nobody has set.
            nothing = bytes(fixed_length(self.interprete, self._encoding) or 0)
            return nothing.translate(outgoing_bytes(self.interprete))
        return constant_bytes(self.param, self._encoding)

    def put(self, raw: bytes, value: Value) -> bool:
        """Hold these; tell whether the value differs from the one before.

        Raises:
            NotAValueError: the bytes are too many.
        """
        if len(raw) > MOST_BYTES:
            raise NotAValueError(f"expected at most {MOST_BYTES} bytes, not {len(raw)}")
        differs = not self.known or self.value != value
        self.raw, self.value = raw, value
        self.known = self.shown = True
        return differs

    def meaning(self, raw: bytes, value: Value) -> Value:
        """Return what the bytes of a value mean: mostly that value, in the form in which it is held."""
        try:
            return self.codec.decode(raw).value
        except NotAValueError:  # what has no way back
            return value

    def resize(self, length: int) -> Value | None:
        """Have another length, at most `MOST_BYTES`, where it is fixed; the caller forgets what is held.

        Returns:
            The value that somebody set, which is to be put again; None if there is none.

        Raises:
            NotAValueError: the length is not fixed, or is below 0.
        """
        if not self.fixed or self.is_bit or length < 0:
            found = f"{self.param.id} and {length}"
            raise NotAValueError(f"expected a param of fixed length and 0 bytes or more, not {found}")
        value = self.value if self.known and self.param.type not in CONSTANT_TYPES else None
        self.become(replace(self.interprete, length=min(length, MOST_BYTES)))
        return value

    def calculate(
        self, scale: Scale | None, sequence: tuple[Step, ...] | None, disabled: frozenset[str]
    ) -> None:
        """Have other arithmetic from the next value on, as `Store.set_info` says.

        Raises:
            NotAValueError: it makes no sense.
        """
        interprete = self.interprete
        if scale is not None or "scale" in disabled:
            interprete = replace(interprete, scale=None if "scale" in disabled else scale)
        if sequence is not None or "sequence" in disabled:
            steps = () if "sequence" in disabled or sequence is None else sequence
            interprete = replace(interprete, sequence=steps, sequence_noset=True)
        self.become(interprete)

    def become(self, interprete: Interprete) -> None:
        """Read and write bytes in another way from now on.

        Raises:
            NotAValueError: it makes no sense; nothing has changed then.
        """
        param = replace(self.param, interprete=interprete)
        self.codec = self._codec_of(_as_number(_bounded(param)))
        self.param = param


def _bounded(param: Param) -> Param:
    length = (param.interprete or _NOTHING).length
    if length is not None and not 0 <= length <= MOST_BYTES:
        raise NotAValueError(f"expected a length of 0 to {MOST_BYTES} bytes, not {length}")
    return param


def _as_number(param: Param) -> Param:
    """Return a bit param as a number of its own; other params as they are."""
    if param.type not in BIT_TYPES:
        return param
    interprete = param.interprete or _NOTHING
    held = ValueType.STRING if interprete.type is ValueType.STRING else ValueType.DOUBLE
    plain = replace(
        interprete,
        raw_type=RawType.UNSIGNED_NUMBER,
        length_type=LengthType.NEXT_PARAM,
        length=None,
        value=None,
        endian=None,
        type=held,
    )
    return replace(param, interprete=plain)
