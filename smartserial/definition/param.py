"""Params: what a value is called, and how its bytes look."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import Step
from smartserial.definition.languages.typeoptions import TypeOptions
from smartserial.definition.measurement import Display, Measurement
from smartserial.definition.place import Place, placed


class ParamType(Enum):
    """What a param is for; the value is its text in a definition."""

    READ = "read"
    WRITE = "write"
    FIXED = "fixed"
    HEADER = "header"
    TRAILER = "trailer"
    LENGTH = "length"
    CRC = "crc"
    DUMMY = "dummy"
    BUS = "bus"
    GROUP = "group"
    READ_BIT = "read bit"
    WRITE_BIT = "write bit"
    RESPONSE = "response"
    ARRAY = "array"
    MATRIX = "matrix"
    IP = "ip"
    POLLING_IP = "pollingip"
    ELEMENT_ID = "elementid"
    ELEMENT_NAME = "elementname"
    ELEMENT_DMA_ID = "elementdmaid"
    DATAMINER_INFO = "dataminer info"
    DISCREET_INFO = "discreet info"


CONSTANT_TYPES = frozenset({ParamType.FIXED, ParamType.HEADER, ParamType.TRAILER})
"""Params whose bytes are those of their `Value`."""
BIT_TYPES = frozenset({ParamType.READ_BIT, ParamType.WRITE_BIT})
"""Params that are bits of a group."""


class RawType(Enum):
    """What a param's bytes look like."""

    TEXT = "text"
    OTHER = "other"
    NUMERIC_TEXT = "numeric text"
    UNSIGNED_NUMBER = "unsigned number"
    SIGNED_NUMBER = "signed number"
    DOUBLE = "double"
    BCD = "bcd"
    ONLY_OTHERS = "only others"


NUMBER_TYPES = frozenset({RawType.UNSIGNED_NUMBER, RawType.SIGNED_NUMBER, RawType.DOUBLE})
"""Bytes that are a binary number."""
NUMERIC_TYPES = NUMBER_TYPES | {RawType.NUMERIC_TEXT, RawType.BCD}
"""Bytes that give a number."""


class LengthType(Enum):
    """Where a param's bytes end."""

    FIXED = "fixed"
    NEXT_PARAM = "next param"
    LAST_NEXT_PARAM = "last next param"
    OTHER_PARAM = "other param"


NEXT_TYPES = frozenset({LengthType.NEXT_PARAM, LengthType.LAST_NEXT_PARAM})
"""Params that end where another one begins."""


class ValueType(Enum):
    """How a param holds its value."""

    STRING = "string"
    DOUBLE = "double"
    HIGH_NIBBLE = "high nibble"
    LOW_NIBBLE = "low nibble"


class Endian(Enum):
    """Which byte of a number comes first on the wire."""

    LITTLE = "little"
    BIG = "big"


class Rounding(Enum):
    """What becomes of the decimals beyond `decimals`."""

    DOWN = "down"
    UP = "up"
    TO_ZERO = "toZero"
    TO_INFINITY = "toInfinity"
    HALF_DOWN = "halfDown"
    HALF_UP = "halfUp"
    HALF_TO_ZERO = "halfToZero"
    HALF_TO_INFINITY = "halfToInfinity"


class Side(Enum):
    """An end of a text, or of digits."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class ValueException:
    """A value with a meaning of its own.

    Args:
        value: the incoming value that is meant.
        display: what people see in its place.
        internal: what rules and conditions on display see in its place.
    """

    value: str
    display: str = ""
    internal: str = ""
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Other:
    """Bytes that do not fit the raw type, and the state that they mean.

    Args:
        param: its bytes are the ones meant.
        value: the state, as text.
        display: what people see.
    """

    param: int
    value: str = ""
    display: str = ""
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Interprete:
    """How bytes become a value, and a value bytes.

    Args:
        raw_type: what the bytes look like.
        length_type: where they end.
        length: bytes, for `FIXED`; None takes the length of `value`.
        length_id: the param that ends this one, or that tells the length.
        length_times: which occurrence of the end counts.
        type: how the value is held.
        trim: blanks are taken off at these ends of a text.
        filter: only printable characters are displayed.
        value: constant bytes, or text in the definition's encoding.
        default_value: the value at start, as people write it.
        endian: byte order; None is little for numbers and groups of bits, and as it stands for BCD.
        base: 2 to 36, for numeric text.
        decimals: how many are kept.
        rounding: what becomes of the others.
        factor: the value is multiplied by this.
        offset: for the sequence operation of that name.
        offset_id: the param that holds the offset.
        scale: a linear map.
        sequence: arithmetic on the way in, and backwards on the way out.
        sequence_noset: as the attribute says; a sequence needs it.
        sequence_loop: a counter starts again at this value.
        low: incoming values below are ignored.
        high: incoming values above are ignored.
        exceptions: values that mean something else.
        others: bytes that mean something else.
        alignment: the end that holds the odd nibble's padding.
        bits: how many bits of each byte of a group are used.
        byte_offset: taken off each incoming byte of a group.
        start_position: the first bit, of a bit param.
        nbr_of_bits: how many bits, of a bit param.
    """

    raw_type: RawType = RawType.OTHER
    length_type: LengthType = LengthType.NEXT_PARAM
    length: int | None = None
    length_id: int | None = None
    length_times: int = 1
    type: ValueType = ValueType.STRING
    trim: frozenset[Side] = frozenset()
    filter: bool = False
    value: str | bytes | None = None
    default_value: str | None = None
    endian: Endian | None = None
    base: int = 10
    decimals: int = 6
    rounding: Rounding = Rounding.DOWN
    factor: float | None = None
    offset: float | None = None
    offset_id: int | None = None
    scale: Scale | None = None
    sequence: tuple[Step, ...] = ()
    sequence_noset: bool = True
    sequence_loop: float | None = None
    low: float | None = None
    high: float | None = None
    exceptions: tuple[ValueException, ...] = ()
    others: tuple[Other, ...] = ()
    alignment: Side | None = None
    bits: int | None = None
    byte_offset: int = 0
    start_position: int | None = None
    nbr_of_bits: int = 1
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Crc:
    """How a checksum is worked out.

    Args:
        type: the algorithm, as the definition names it.
        content: 0-based positions in the command or response whose bytes are covered.
        byte_offset: added to each covered byte.
        group_bytes: this many bytes are taken at a time; 1 is each by itself.
        binary: groups of bytes are binary numbers, not hex text.
        mod: the result modulo this, or None.
        off: added to the result before `mod`.
        off_per_byte: `off` is added for each byte instead; an extension.
        total_offset: added at the end.
        options: further words, upper case: ``ONES COMPLEMENT``, ``OR TOTALOFFSET``.
    """

    type: str
    content: tuple[int, ...] = ()
    byte_offset: int = 0
    group_bytes: int = 1
    binary: bool = False
    mod: int | None = None
    off: int = 0
    off_per_byte: bool = False
    total_offset: int = 0
    options: frozenset[str] = frozenset()
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Param:
    """One value of a device.

    Args:
        id: its number.
        name: its name; a read and a write param of one name belong together.
        type: what it is for.
        interprete: its bytes; None where it has none.
        description: what people see.
        type_id: of bits the group, of a response the response, of an array the columns.
        options: of its type.
        times: a trailer counts when it came this often.
        crc: how a checksum is worked out.
        length_content: 0-based positions whose lengths are added up; None is all but those of type length.
        measurement: how it is shown.
        display: what a console shows.
        save: the value survives a restart.
        setter: what is written is also what was read.
    """

    id: int
    name: str
    type: ParamType = ParamType.READ
    interprete: Interprete | None = None
    description: str = ""
    type_id: tuple[int, ...] = ()
    options: TypeOptions = TypeOptions()
    times: int = 1
    crc: Crc | None = None
    length_content: tuple[int, ...] | None = None
    measurement: Measurement | None = None
    display: Display | None = None
    save: bool = False
    setter: bool = False
    place: Place = placed()
