"""Laws of the small languages: what is written is read as the same, and no text does harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.languages.communication import (
    CommunicationOptions,
    PacketInfo,
    parse_communication_options,
    print_communication_options,
)
from smartserial.definition.languages.constant import parse_constant, parse_hex, print_constant, print_hex
from smartserial.definition.languages.ids import parse_id, parse_ids, print_ids
from smartserial.definition.languages.number import parse_decimal, parse_whole, print_decimal
from smartserial.definition.languages.optional import Optional, parse_optional, print_optional
from smartserial.definition.languages.pairoptions import PairOptions, parse_pair_options, print_pair_options
from smartserial.definition.languages.problem import Parsed
from smartserial.definition.languages.replacing import ReplaceData, parse_replace_data, print_replace_data
from smartserial.definition.languages.responseoptions import parse_response_options, print_response_options
from smartserial.definition.languages.scale import Scale, parse_scale, print_scale
from smartserial.definition.languages.sequence import Operation, Step, parse_sequence, print_sequence
from smartserial.definition.languages.stuffing import Stuffing, parse_stuffing, print_stuffing
from smartserial.definition.languages.typeoptions import (
    Ssh,
    TypeOptions,
    parse_type_options,
    print_type_options,
)

T = TypeVar("T")
Parse = Callable[[str], Parsed[object]]

WHOLE = st.integers(0, 10**18 - 1)
POSITIVE = st.integers(1, 10**18 - 1)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
BYTES = st.binary(min_size=1, max_size=6)
COMMUNICATION = st.builds(
    CommunicationOptions,
    st.none() | POSITIVE,
    st.none() | st.builds(PacketInfo, WHOLE, st.sampled_from((1, 2, 4)), st.booleans(), st.booleans()),
    st.booleans(),
    st.none() | POSITIVE,
    st.none() | st.tuples(WHOLE, WHOLE),
    *[st.booleans()] * 5,
)
TYPE_OPTIONS = st.builds(
    TypeOptions,
    st.none() | st.integers(0, 32767),
    st.none() | WHOLE,
    st.none() | WHOLE,
    st.none() | st.sampled_from(Ssh),
)
PAIR_OPTIONS = st.builds(
    PairOptions, st.none() | WHOLE, st.none() | WHOLE, st.booleans(), *[st.none() | WHOLE] * 3
)
STUFFING = st.builds(
    Stuffing,
    BYTES,
    BYTES,
    st.booleans(),
    st.booleans(),
    st.lists(BYTES, max_size=3).map(tuple),
    WHOLE,
    WHOLE,
).filter(lambda stuffing: stuffing.command or stuffing.response)
REPLACING = st.builds(
    ReplaceData,
    st.lists(st.tuples(BYTES, st.binary(max_size=6)), min_size=1, max_size=4).map(tuple),
    st.booleans(),
)
STEPS = (
    st.builds(Step, st.sampled_from(Operation), FINITE)
    | st.builds(Step, st.sampled_from(Operation), st.none(), WHOLE)
    | st.builds(Step, st.sampled_from((Operation.LOG10, Operation.LOG20, Operation.OFFSET)))
)
SCALES = st.builds(Scale, FINITE, FINITE, FINITE, FINITE).filter(
    lambda scale: scale.low_data != scale.high_data
)
OPTIONALS = st.builds(Optional, WHOLE, st.integers(0, 9)) | st.builds(
    Optional, WHOLE, st.just(0), st.just(True)
)
PARSERS: tuple[tuple[Parse, str], ...] = (
    (parse_communication_options, "CO01 CO03 CO04 CO05"),
    (parse_ids, "ID02"),
    (parse_optional, "RE12"),
    (parse_pair_options, "PR07"),
    (parse_replace_data, "AC12"),
    (parse_response_options, "RE11"),
    (parse_scale, "PA25"),
    (parse_sequence, "PA25"),
    (parse_stuffing, "AD01"),
    (parse_type_options, "PA05 PA09 PA23 PS07"),
)
# Words and signs of all languages, so that texts are nearly right.
_WORDS = """
    ; : = , - + * ^ % 0x10 0X1 0 1 -1 07 1.5 1e999 \u0663 true FALSE littleEndian command id param x
    packetInfo maxReceiveBuffer maxConcurrentConnections notifyConnectionPIDs smartIpHeader progid
    connection headerTrailerLink retries ignoreTimeout oneByte commBreak Connection use_offset
    on escape stuffing allowed startoffset endoffset factor offset pow div log10 41
"""
WORDS = (*_WORDS.split(), " ", "dynamic ip", "ssh pwd", "\n", "\0", "\ud800")
TEXTS = st.text(max_size=40) | st.lists(st.sampled_from(WORDS), max_size=14).map("".join)


class RoundTripTest(SynchronousTestCase):
    def same(self, parse: Callable[[str], Parsed[T]], text: str, value: T) -> None:
        self.assertEqual(parse(text), Parsed(value))
        self.assertEqual(parse(f" {text.upper().replace('0X', '0x')} "), Parsed(value))

    @given(COMMUNICATION)
    def test_communication(self, value: CommunicationOptions) -> None:
        self.same(parse_communication_options, print_communication_options(value), value)

    @given(TYPE_OPTIONS)
    def test_type_options(self, value: TypeOptions) -> None:
        self.same(parse_type_options, print_type_options(value), value)

    @given(PAIR_OPTIONS)
    def test_pair_options(self, value: PairOptions) -> None:
        self.same(parse_pair_options, print_pair_options(value), value)

    @given(st.none() | WHOLE)
    def test_response_options(self, value: int | None) -> None:
        self.same(parse_response_options, print_response_options(value), value)

    @given(st.none() | STUFFING)
    def test_stuffing(self, value: Stuffing | None) -> None:
        self.same(parse_stuffing, print_stuffing(value), value)

    @given(REPLACING)
    def test_replacing(self, value: ReplaceData) -> None:
        self.same(parse_replace_data, print_replace_data(value), value)

    @given(st.lists(STEPS, max_size=5).map(tuple))
    def test_sequence(self, value: tuple[Step, ...]) -> None:
        self.same(parse_sequence, print_sequence(value), value)

    @given(SCALES)
    def test_scale(self, value: Scale) -> None:
        self.same(parse_scale, print_scale(value), value)

    @given(st.lists(OPTIONALS, max_size=5, unique_by=lambda value: value.index).map(tuple))
    def test_optional(self, value: tuple[Optional, ...]) -> None:
        self.same(parse_optional, print_optional(value), value)

    @given(st.lists(WHOLE, max_size=5).map(tuple), st.sampled_from(";,| "))
    def test_ids(self, value: tuple[int, ...], separator: str) -> None:
        self.same(lambda text: parse_ids(text, separator), print_ids(value, separator), value)

    @given(BYTES | st.text() | TEXTS)
    def test_constant(self, value: str | bytes) -> None:
        if isinstance(value, str) and isinstance(parse_constant(value), bytes):
            with self.assertRaises(ValueError):
                print_constant(value)
        else:
            self.assertEqual(parse_constant(print_constant(value)), value)

    @given(BYTES)
    def test_hex(self, value: bytes) -> None:
        for text in (print_hex(value), f"0x{value.hex()}", print_hex(value).upper()):
            self.assertEqual(parse_hex(text), value)

    @given(FINITE)
    def test_numbers(self, value: float) -> None:
        self.assertEqual(parse_decimal(print_decimal(value)), value)

    @given(WHOLE, st.integers(0, 30))
    def test_zeros_before_an_integer(self, value: int, zeros: int) -> None:
        text = "0" * zeros + str(value)
        self.assertEqual(parse_whole(text), value)
        self.assertEqual(parse_id(text), value if text == str(value) else None)


class AnyTextTest(SynchronousTestCase):
    @given(TEXTS)
    def test_parsers_only_tell(self, text: str) -> None:
        for parse, codes in PARSERS:
            parsed = parse(text)
            hash(parsed.value)
            for problem in parsed.problems:
                self.assertIn(problem.code, codes.split())
                self.assertIn("expected" if "twice" not in problem.message else "twice", problem.message)
                self.assertLess(len(problem.message), 400)

    @given(TEXTS)
    def test_what_is_right_is_written_and_read_again(self, text: str) -> None:
        printers: tuple[tuple[Parse, Callable[..., str]], ...] = (
            (parse_communication_options, print_communication_options),
            (parse_ids, print_ids),
            (parse_optional, print_optional),
            (parse_pair_options, print_pair_options),
            (parse_replace_data, print_replace_data),
            (parse_response_options, print_response_options),
            (parse_sequence, print_sequence),
            (parse_stuffing, print_stuffing),
            (parse_type_options, print_type_options),
        )
        for parse, write in printers:
            parsed = parse(text)
            if not parsed.problems:
                self.assertEqual(parse(write(parsed.value)), parsed)

    @given(TEXTS)
    def test_single_values(self, text: str) -> None:
        self.assertIsInstance(parse_constant(text), str | bytes)
        self.assertIsInstance(parse_hex(text), bytes | None)
        self.assertIsInstance(parse_id(text), int | None)
        self.assertIsInstance(parse_decimal(text), float | None)

    def test_long_texts(self) -> None:
        """Of each of these, a careless pattern would take years."""
        for text in ("0x" + "00" * 100_000 + "x", "0" * 200_000, "1." + "0" * 200_000 + "x", "1+" * 50_000):
            for parse, _ in PARSERS:
                parse(text)
                parse(f"connection:{text}")
            self.assertIsInstance(parse_constant(text), str)
            self.assertIsNone(parse_hex(text))
            parse_decimal(text)
