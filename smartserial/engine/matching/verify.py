"""Whether the lengths and checksums in a response are right; only what triggers ask for is verified."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from smartserial.definition.checksum import UndefinedChecksumError, param_checksum
from smartserial.definition.message import Response
from smartserial.definition.param import Crc, Interprete, Param, ParamType, RawType
from smartserial.definition.values.codec import ParamCodec
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, to_decimal
from smartserial.engine.matching.item import Params
from smartserial.engine.matching.result import Field, Mismatch, Reason

_CP1252 = Encoding()
_Spans = Mapping[int, Field]


def verify_length(
    response: Response, fields: Sequence[Field], data: bytes, params: Params, encoding: Encoding = _CP1252
) -> Mismatch | None:
    """Do what `Verifier.length` does, once."""
    return Verifier(params, encoding).length(response, fields, data)


def verify_crc(
    response: Response, fields: Sequence[Field], data: bytes, params: Params, encoding: Encoding = _CP1252
) -> Mismatch | None:
    """Do what `Verifier.crc` does, once."""
    return Verifier(params, encoding).crc(response, fields, data)


class Verifier:
    """Verifies what is told about the other params of a response; an absent param has no bytes.

    Args:
        params: those of the definition.
        encoding: of texts.
    """

    __slots__ = ("_codecs", "_encoding", "_params")

    def __init__(self, params: Params, encoding: Encoding = _CP1252) -> None:
        self._params = params
        self._encoding = encoding
        self._codecs: dict[int, ParamCodec] = {}

    def length(self, response: Response, fields: Sequence[Field], data: bytes) -> Mismatch | None:
        """Compare each param of type length with what it counts.

        Args:
            response: what the unit is.
            fields: where its params stand.
            data: the unit.

        Returns:
            None if all are right; else the first that is wrong, with the fields up to itself.
        """

        def is_right(param: Param, field: Field, spans: _Spans) -> bool:
            counted = _counted(param, response, self._params)
            told = self._codec(param).decode(data[field.start : field.end]).value
            return to_decimal(told) == sum(spans[n].end - spans[n].start for n in counted if n in spans)

        wrong = self._first_wrong(ParamType.LENGTH, fields, is_right)
        return None if wrong is None else _mismatch(response, fields, wrong, Reason.LENGTH, kept=1)

    def crc(self, response: Response, fields: Sequence[Field], data: bytes) -> Mismatch | None:
        """Compare each param of type crc with what is worked out from the bytes that it covers.

        Args:
            response: what the unit is.
            fields: where its params stand.
            data: the unit.

        Returns:
            None if all are right; else the first that is wrong, or that cannot be worked out.
        """

        def is_right(param: Param, field: Field, spans: _Spans) -> bool:
            if param.crc is None:
                return True
            pieces = [data[spans[n].start : spans[n].end] for n in param.crc.content if n in spans]
            told = data[field.start : field.end]
            return _says(param, param.crc, told, b"".join(pieces), self._codec(param))

        wrong = self._first_wrong(ParamType.CRC, fields, is_right)
        return None if wrong is None else _mismatch(response, fields, wrong, Reason.CRC, kept=0)

    def _codec(self, param: Param) -> ParamCodec:
        codec = self._codecs.get(param.id)
        if codec is None:
            codec = self._codecs[param.id] = ParamCodec(param, self._encoding)
        return codec

    def _first_wrong(
        self, kind: ParamType, fields: Iterable[Field], is_right: Callable[[Param, Field, _Spans], bool]
    ) -> Field | None:
        """Return the first field of a type that is not right, or that says nothing."""
        spans = {field.position: field for field in fields}
        for field in fields:
            param = self._params[field.param]
            if param.type is kind:
                try:
                    if not is_right(param, field, spans):
                        return field
                except (NotAValueError, UndefinedChecksumError):
                    return field
        return None


def _mismatch(
    response: Response, fields: Sequence[Field], wrong: Field, reason: Reason, kept: int
) -> Mismatch:
    before = tuple(field for field in fields if field.position < wrong.position + kept)
    return Mismatch(response, before, wrong.position, wrong.param, wrong.start, reason)


def _counted(param: Param, response: Response, params: Params) -> Iterable[int]:
    """Return the positions whose bytes a length counts: those that it lists, or all but the lengths."""
    if param.length_content is not None:
        return param.length_content
    return (n for n, number in enumerate(response.content) if params[number].type is not ParamType.LENGTH)


def _says(param: Param, crc: Crc, data: bytes, covered: bytes, codec: ParamCodec) -> bool:
    """Tell whether `data` is the checksum of the covered bytes, however its digits are written."""
    interprete = param.interprete or Interprete()
    made = param_checksum(crc, covered, interprete, len(data))
    value = codec.decode(data).value
    if isinstance(value, str):
        digits = data.upper() if interprete.raw_type is RawType.NUMERIC_TEXT else data
        return digits == codec.encode(made)
    signed = interprete.raw_type is RawType.SIGNED_NUMBER
    return value == made or (signed and value == made - (1 << 8 * len(data)))
