"""Matching by example: each way in which a param ends, what fails and where, and which response wins."""

from __future__ import annotations

from collections.abc import Iterable

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.languages.optional import parse_optional
from smartserial.definition.message import Pair, Response
from smartserial.definition.param import (
    Crc,
    Endian,
    Interprete,
    LengthType,
    Other,
    Param,
    ParamType,
    RawType,
    Side,
    ValueType,
)
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.text import Encoding
from smartserial.engine.matching.generate import plan_of
from smartserial.engine.matching.interpreter import Reader, common, first_match, interpret
from smartserial.engine.matching.matcher import Plans, candidates_of, compile_matcher
from smartserial.engine.matching.result import Field, Match, Mismatch, Reason
from smartserial.engine.matching.tree import Tree

NEXT, LAST, OTHER_PARAM = LengthType.NEXT_PARAM, LengthType.LAST_NEXT_PARAM, LengthType.OTHER_PARAM


def constant(number: int, value: bytes, kind: ParamType = ParamType.FIXED) -> Param:
    return Param(number, "constant", kind, Interprete(length_type=LengthType.FIXED, value=value))


def fixed(number: int, length: int, raw: RawType = RawType.OTHER, **more: object) -> Param:
    said = Interprete(raw, LengthType.FIXED, length, **more)  # type: ignore[arg-type]
    return Param(number, "fixed", ParamType.READ, said)


def variable(number: int, length_type: LengthType = NEXT, **more: object) -> Param:
    return Param(number, "open", ParamType.READ, Interprete(length_type=length_type, **more))  # type: ignore[arg-type]


class Device:
    """A definition of one connection, and what its params hold."""

    def __init__(self, params: Iterable[Param], *contents: tuple[int, ...], optional: str = "") -> None:
        told = parse_optional(optional).value
        responses = tuple(Response(n, f"R{n}", one, optional=told) for n, one in enumerate(contents, 1))
        self.protocol = Protocol("device", params=tuple(params), responses=responses)
        self.raws = {
            p.id: p.interprete.value if p.interprete and isinstance(p.interprete.value, bytes) else b""
            for p in self.protocol.params
        }

    def raw_of(self, number: int) -> bytes:
        return self.raws[number]

    def match(self, unit: bytes, encoding: Encoding | None = None) -> Match | Mismatch:
        """Match a unit both ways."""
        found = compile_matcher(self.protocol, 0, self.raw_of, encoding).match(unit, self.raw_of)
        candidates = candidates_of(self.protocol, 0)
        step_by_step = first_match(candidates, unit, self.protocol.param, self.raw_of, encoding or Encoding())
        assert found == step_by_step, (found, step_by_step)
        assert found is not None
        return found


class MatchingTest(SynchronousTestCase):
    maxDiff = None

    def matches(self, device: Device, unit: bytes, *pieces: bytes, response: int = 1) -> None:
        """Expect a match with these fields."""
        found = device.match(unit)
        assert isinstance(found, Match), found
        self.assertEqual(tuple(unit[field.start : field.end] for field in found.fields), pieces)
        self.assertEqual(found.response.id, response)

    def fails(self, device: Device, unit: bytes, reason: Reason, param: int, at: int) -> Mismatch:
        found = device.match(unit)
        assert isinstance(found, Mismatch), found
        self.assertEqual((found.reason, found.param, found.at), (reason, param, at))
        return found


class EndsTest(MatchingTest):
    """Where a param ends, by its length type."""

    def test_fixed(self) -> None:
        device = Device([fixed(1, 2), fixed(2, 1)], (1, 2))
        self.matches(device, b"abc", b"ab", b"c")
        self.fails(device, b"ab", Reason.SHORT, 2, 2)
        self.fails(device, b"a", Reason.SHORT, 1, 0)
        self.fails(device, b"abcd", Reason.SURPLUS, 2, 3)

    def test_next_param(self) -> None:
        device = Device([variable(1), constant(2, b","), variable(3), constant(4, b"\r")], (1, 2, 3, 4))
        self.matches(device, b"ab,c\r", b"ab", b",", b"c", b"\r")
        self.matches(device, b",\r", b"", b",", b"", b"\r")
        self.fails(device, b"ab\r", Reason.VARIABLE, 1, 0)
        self.fails(device, b"ab,c", Reason.VARIABLE, 3, 3)
        self.fails(device, b"ab,c\r\r", Reason.SURPLUS, 4, 5)

    def test_the_last_takes_all(self) -> None:
        device = Device([constant(1, b"#"), variable(2)], (1, 2))
        self.matches(device, b"#\0\r,", b"#", b"\0\r,")
        self.matches(device, b"#", b"#", b"")

    def test_times(self) -> None:
        device = Device([variable(1, length_times=3), constant(2, b",")], (1, 2))
        self.matches(device, b"a,b,c,", b"a,b,c", b",")
        self.fails(device, b"a,b,", Reason.VARIABLE, 1, 0)
        self.fails(device, b"a,b,c,d,", Reason.SURPLUS, 2, 6)

    def test_times_of_what_overlaps(self) -> None:
        device = Device([variable(1, length_times=2), constant(2, b"aa")], (1, 2))
        self.fails(device, b"aaa", Reason.VARIABLE, 1, 0)
        self.matches(device, b"aaaa", b"aa", b"aa")

    def test_last_next_param(self) -> None:
        device = Device([variable(1, LAST), constant(2, b"\x03")], (1, 2))
        self.matches(device, b"a\x03b\x03", b"a\x03b", b"\x03")
        self.fails(device, b"a\x03b", Reason.SURPLUS, 2, 2)

    def test_named_end(self) -> None:
        """What stands between is cut off the end."""
        params = [constant(1, b"\x02"), variable(2, length_id=4), fixed(3, 2), constant(4, b"\x03")]
        device = Device(params, (1, 2, 3, 4))
        self.matches(device, b"\x02abcdXY\x03", b"\x02", b"abcd", b"XY", b"\x03")
        self.matches(device, b"\x02XY\x03", b"\x02", b"", b"XY", b"\x03")
        self.fails(device, b"\x02X\x03", Reason.VARIABLE, 2, 1)

    def test_named_end_behind_another_constant(self) -> None:
        device = Device([variable(1, length_id=3), constant(2, b";"), constant(3, b"!")], (1, 2, 3))
        self.matches(device, b"a;b;!", b"a;b", b";", b"!")

    def test_known_checksum_ends(self) -> None:
        """A checksum of constants is known before anything comes, and so is a length of fixed lengths."""
        said = Interprete(RawType.UNSIGNED_NUMBER, LengthType.FIXED, 1, type=ValueType.DOUBLE)
        crc = Param(3, "crc", ParamType.CRC, said, crc=Crc("sum", (0,)))
        device = Device([constant(1, b"\x21"), variable(2), crc], (1, 2, 3))
        self.matches(device, b"!abc!", b"!", b"abc", b"!")
        self.fails(device, b"!abc", Reason.VARIABLE, 2, 1)
        length = Param(3, "length", ParamType.LENGTH, said, length_content=(0, 2))
        device = Device([constant(1, b"!"), variable(2), length], (1, 2, 3))
        self.matches(device, b"!abc\x02", b"!", b"abc", b"\x02")

    def test_nothing_ends_it(self) -> None:
        device = Device([variable(1), variable(2), constant(3, b"!")], (1, 2, 3))
        self.fails(device, b"ab!", Reason.VARIABLE, 1, 0)

    def test_other_param_of_the_unit(self) -> None:
        number = fixed(1, 2, RawType.UNSIGNED_NUMBER, type=ValueType.DOUBLE, endian=Endian.BIG)
        device = Device([number, variable(2, OTHER_PARAM, length_id=1), constant(3, b"!")], (1, 2, 3))
        self.matches(device, b"\0\x03abc!", b"\0\x03", b"abc", b"!")
        self.matches(device, b"\0\0!", b"\0\0", b"", b"!")
        self.fails(device, b"\0\x09abc!", Reason.VARIABLE, 2, 2)
        self.fails(device, b"\0\x02abc!", Reason.CONSTANT, 3, 4)

    def test_other_param_that_came_twice(self) -> None:
        """The last one counts."""
        number = fixed(1, 1, RawType.UNSIGNED_NUMBER, type=ValueType.DOUBLE)
        device = Device([number, variable(2, OTHER_PARAM, length_id=1)], (1, 1, 2))
        self.matches(device, b"\x09\x02ab", b"\x09", b"\x02", b"ab")
        self.fails(device, b"\x02\x09ab", Reason.VARIABLE, 2, 2)

    def test_other_param_as_text(self) -> None:
        number = fixed(1, 2, RawType.NUMERIC_TEXT, type=ValueType.DOUBLE, factor=2.0)
        device = Device([number, variable(2, OTHER_PARAM, length_id=1)], (1, 2))
        self.matches(device, b"02abcd", b"02", b"abcd")
        self.fails(device, b"--abcd", Reason.VARIABLE, 2, 2)
        self.fails(device, b"-2abcd", Reason.VARIABLE, 2, 2)

    def test_other_param_out_of_range(self) -> None:
        number = fixed(1, 1, RawType.UNSIGNED_NUMBER, type=ValueType.DOUBLE, high=3.0)
        device = Device([number, variable(2, OTHER_PARAM, length_id=1)], (1, 2))
        self.matches(device, b"\x03abc", b"\x03", b"abc")
        self.fails(device, b"\x04abcd", Reason.VARIABLE, 2, 1)

    def test_other_param_as_stored(self) -> None:
        number = fixed(1, 1, RawType.UNSIGNED_NUMBER, type=ValueType.DOUBLE)
        device = Device([number, variable(2, OTHER_PARAM, length_id=1), constant(3, b"!")], (2, 3), (2, 3, 1))
        device.raws[1] = b"\x02"
        self.matches(device, b"ab!", b"ab", b"!")
        self.matches(device, b"ab!\x07", b"ab", b"!", b"\x07", response=2)
        device.raws[1] = b""
        self.fails(device, b"ab!", Reason.VARIABLE, 2, 0)

    def test_other_param_that_is_not_there(self) -> None:
        for told in (None, 77):
            device = Device([variable(2, OTHER_PARAM, length_id=told)], (2,))
            self.fails(device, b"ab", Reason.VARIABLE, 2, 0)


class ConstantsTest(MatchingTest):
    def test_case_counts(self) -> None:
        device = Device([constant(1, b"OK"), constant(2, b"\r")], (1, 2))
        self.matches(device, b"OK\r", b"OK", b"\r")
        self.fails(device, b"Ok\r", Reason.CONSTANT, 1, 1)
        self.fails(device, b"OK\n", Reason.CONSTANT, 2, 2)
        self.fails(device, b"O", Reason.CONSTANT, 1, 1)
        self.fails(device, b"OK\r\r", Reason.SURPLUS, 2, 3)

    def test_header_drops_what_leads(self) -> None:
        device = Device([constant(1, b"\x02", ParamType.HEADER), fixed(2, 1)], (1, 2))
        self.matches(device, b"\x02a", b"\x02", b"a")
        found = device.match(b"junk\x02a")
        assert isinstance(found, Match)
        self.assertEqual(found.fields, (Field(0, 1, 4, 5), Field(1, 2, 5, 6)))
        self.fails(device, b"junk\x02ab", Reason.SURPLUS, 2, 6)
        self.fails(device, b"junk", Reason.CONSTANT, 1, 0)
        self.fails(device, b"a\x02\x02a", Reason.SURPLUS, 2, 3)  # the first one counts

    def test_a_header_elsewhere_is_a_constant(self) -> None:
        device = Device([fixed(1, 1), constant(2, b"\x02", ParamType.HEADER)], (1, 2))
        self.matches(device, b"a\x02", b"a", b"\x02")
        self.fails(device, b"ab\x02", Reason.CONSTANT, 2, 1)

    def test_bus(self) -> None:
        """The address of the element is what must come."""
        device = Device([Param(1, "unit", ParamType.BUS, Interprete(RawType.OTHER)), fixed(2, 1)], (1, 2))
        device.raws[1] = b"\x11"
        self.matches(device, b"\x11a", b"\x11", b"a")
        self.fails(device, b"\x12a", Reason.CONSTANT, 1, 0)


class RawTypeTest(MatchingTest):
    """Bytes that a raw type does not have are no match."""

    def judged(self, param: Param, right: Iterable[bytes], wrong: Iterable[bytes]) -> None:
        device = Device([param, constant(90, b"!"), constant(91, b"???"), constant(92, b"\xbb")], (1, 90))
        for unit in right:
            self.assertIsInstance(device.match(unit + b"!"), Match, unit)
        for unit in wrong:
            self.fails(device, unit + b"!", Reason.RAW_TYPE, 1, 0)

    def test_text(self) -> None:
        wrong = (b"ab_", b"a\0b", b"\xe9aa")
        self.judged(fixed(1, 3, RawType.TEXT), (b"aZ9", b"-.;", b",? "), wrong)
        self.judged(variable(1, raw_type=RawType.TEXT), (b"", b"a", b"abc.;"), wrong)

    def test_numeric_text(self) -> None:
        for held in ValueType.STRING, ValueType.DOUBLE:
            right = (b"-1,5e+3 .E", b"")
            self.judged(
                variable(1, raw_type=RawType.NUMERIC_TEXT, type=held), right, (b"1a", b"\x31\0", b"F")
            )
            hexadecimal = variable(1, raw_type=RawType.NUMERIC_TEXT, base=16, type=held)
            self.judged(hexadecimal, (b"6D", b"6d", b"+ff"), (b"6G", b"0x12"))

    def test_bcd(self) -> None:
        self.judged(fixed(1, 2, RawType.BCD), (b"\x12\x99",), (b"\x1a\x99", b"\x12\xa0"))
        for side, endian, right, wrong in (
            (Side.LEFT, None, b"\xf1\x23", b"\x1f\x23"),
            (Side.RIGHT, None, b"\x12\x3f", b"\x12\xf3"),
            (Side.LEFT, Endian.LITTLE, b"\x23\xf1", b"\xf1\x23"),
            (Side.RIGHT, Endian.LITTLE, b"\x3f\x12", b"\x12\x3f"),
        ):
            self.judged(fixed(1, 2, RawType.BCD, alignment=side, endian=endian), (right,), (wrong,))

    def test_others(self) -> None:
        """The bytes of another param are let through."""
        others = (Other(91), Other(92))
        self.judged(fixed(1, 3, RawType.NUMERIC_TEXT, others=others), (b"123", b"???"), (b"??1",))
        self.judged(fixed(1, 1, RawType.ONLY_OTHERS, others=others), (b"\xbb",), (b"1", b"\xaa"))
        aligned = fixed(1, 1, RawType.BCD, alignment=Side.LEFT, others=others)
        self.judged(aligned, (b"\xf1", b"\xbb"), (b"\x1f",))

    def test_any_bytes(self) -> None:
        for raw in (RawType.OTHER, RawType.UNSIGNED_NUMBER, RawType.SIGNED_NUMBER, RawType.DOUBLE):
            self.judged(fixed(1, 4, raw), (b"\0\xff\x80 ",), ())

    def test_groups(self) -> None:
        """The offset is taken off each byte first."""
        said = Interprete(RawType.NUMERIC_TEXT, LengthType.FIXED, 2, byte_offset=0x20)
        self.judged(Param(1, "group", ParamType.GROUP, said), (b"QY",), (b"19",))

    def test_utf16(self) -> None:
        device = Device([fixed(1, 4, RawType.TEXT), constant(2, b"!")], (1, 2))
        unicode = Encoding(unicode=True)
        self.assertIsInstance(device.match("ab".encode("utf-16-le") + b"!", unicode), Match)
        wrong = device.match("a_".encode("utf-16-le") + b"!", unicode)
        assert isinstance(wrong, Mismatch)
        self.assertEqual(wrong.reason, Reason.RAW_TYPE)

    def test_code_page(self) -> None:
        """Which bytes are letters depends on it."""
        device = Device([fixed(1, 2, RawType.TEXT)], (1,))
        self.assertIsInstance(device.match("ab".encode("cp037"), Encoding("cp037")), Match)
        self.assertIsInstance(device.match(b"ab", Encoding("cp037")), Mismatch)


class StoredTest(MatchingTest):
    """What is stored when a response fails: the example of the format, `a:?b;!`."""

    def setUp(self) -> None:
        params = [variable(301), constant(302, b":"), constant(303, b"?"), variable(304)]
        params += [constant(305, b";"), constant(306, b"!")]
        self.device = Device(params, (301, 302, 303, 304, 305, 306))

    def stored(self, unit: bytes) -> dict[int, bytes] | None:
        """Return what the two variable params become; None is a match."""
        found = self.device.match(unit)
        if isinstance(found, Match):
            return None
        self.assertTrue(found.reason.empties_others)
        kept = found.fields if found.reason.keeps_matched else ()
        filled = {field.param: unit[field.start : field.end] for field in kept}
        return {number: filled.get(number, b"") for number in (301, 304)}

    def test_example(self) -> None:
        self.assertIsNone(self.stored(b"a:?b;!"))
        self.assertIsNone(self.stored(b":?;!"))
        self.assertEqual(self.stored(b"?x;!"), {301: b"", 304: b""})
        self.assertEqual(self.stored(b"a:?!"), {301: b"", 304: b""})
        self.assertEqual(self.stored(b"a:b;!"), {301: b"a", 304: b""})
        self.assertEqual(self.stored(b"a:?b;"), {301: b"a", 304: b"b"})

    def test_reasons(self) -> None:
        keeping = {Reason.CONSTANT, Reason.SHORT, Reason.SURPLUS, Reason.LENGTH}
        self.assertEqual({reason for reason in Reason if reason.keeps_matched}, keeping)
        self.assertEqual({r for r in Reason if not r.empties_others}, {Reason.LENGTH, Reason.CRC})


class OptionalTest(MatchingTest):
    def device(self, optional: str) -> Device:
        params = [
            constant(67, b"G"),
            constant(62, b","),
            fixed(1001, 2),
            constant(2002, b";"),
            constant(74, b"."),
        ]
        return Device(params, (67, 62, 1001, 2002, 74), optional=optional)

    def test_example(self) -> None:
        device = self.device("0+++;4")
        self.matches(device, b"G,ab;.", b"G", b",", b"ab", b";", b".")
        self.matches(device, b".", b".")
        self.matches(device, b"G,ab;", b"G", b",", b"ab", b";")
        self.matches(device, b"")
        self.fails(device, b"G;", Reason.CONSTANT, 62, 1)
        self.fails(device, b"x", Reason.SURPLUS, 74, 0)

    def test_positions_are_those_of_the_content(self) -> None:
        found = self.device("0+++;4").match(b".")
        assert isinstance(found, Match)
        self.assertEqual(found.fields, (Field(4, 74, 0, 1),))

    def test_to_the_next(self) -> None:
        device = self.device("0*;3*")
        self.matches(device, b";.", b";", b".")
        self.matches(device, b"G,ab", b"G", b",", b"ab")

    def test_beyond_the_end(self) -> None:
        self.matches(self.device("2+++++++"), b"G,", b"G", b",")
        self.fails(self.device("99"), b"G,", Reason.SHORT, 1001, 2)

    def test_end_that_is_optional(self) -> None:
        """A param ends where what follows begins, whichever that is."""
        params = [variable(1), constant(2, b","), fixed(3, 1), constant(4, b"\r")]
        device = Device(params, (1, 2, 3, 4), optional="1+")
        self.matches(device, b"abc,d\r", b"abc", b",", b"d", b"\r")
        self.matches(device, b"abc\r", b"abc", b"\r")
        self.matches(Device(params[:2], (1, 2), optional="1"), b"abc", b"abc")

    def test_optional_header(self) -> None:
        params = [constant(1, b"$", ParamType.HEADER), fixed(2, 1)]
        device = Device(params, (1, 2), optional="0")
        self.matches(device, b"$a", b"$", b"a")
        self.matches(device, b"a", b"a")


class CandidatesTest(MatchingTest):
    """Which response wins, and which came closest."""

    def test_example(self) -> None:
        params = [
            constant(10, b"<T,"),
            variable(11),
            constant(12, b"\r", ParamType.TRAILER),
            constant(20, b"<A,"),
        ]
        device = Device([*params, variable(21), variable(30)], (10, 11, 12), (20, 21, 12))
        self.matches(device, b"<A,7\r", b"<A,", b"7", b"\r", response=2)
        self.matches(device, b"<T,21.5\r", b"<T,", b"21.5", b"\r")
        device = Device([*params, variable(21), variable(30)], (10, 11, 12), (20, 21, 12), (30,))
        for unit in (b"<A,7\r", b"<T,21.5\r", b""):
            self.matches(device, unit, unit, response=3)

    def test_first_in_order(self) -> None:
        device = Device([constant(1, b"a"), variable(2), fixed(3, 1)], (1, 2), (1, 3), (2, 1))
        self.matches(device, b"ab", b"a", b"b")
        found = compile_matcher(device.protocol, 0, device.raw_of).matches(b"aa", device.raw_of)
        self.assertEqual([match.response.id for match in found], [1, 2])

    def test_the_lone_one_wins_if_it_fits(self) -> None:
        params = [constant(1, b"ab"), variable(2, raw_type=RawType.NUMERIC_TEXT)]
        device = Device(params, (1,), (2,))
        self.matches(device, b"ab", b"ab")
        self.matches(device, b"12", b"12", response=2)

    def test_a_pair_has_its_own_order(self) -> None:
        device = Device([variable(1), constant(2, b"a")], (2,), (1,))
        plans = Plans(device.protocol, device.raw_of)
        for order in ((1, 2), (2, 1)):
            matcher = plans.among(device.protocol.response[number] for number in order)
            found = matcher.match(b"a", device.raw_of)
            assert isinstance(found, Match)
            self.assertEqual(found.response.id, order[0])

    def test_closest(self) -> None:
        params = [constant(1, b"abc"), constant(2, b"abd"), fixed(3, 1), constant(4, b"!"), variable(5)]
        device = Device(params, (2, 4), (1, 3, 4), (1, 5, 4))
        closest = self.fails(device, b"abcx?", Reason.CONSTANT, 4, 4)
        self.assertEqual(closest.response.id, 2)
        self.assertEqual(self.fails(device, b"abx", Reason.CONSTANT, 2, 2).response.id, 1)
        self.assertEqual(self.fails(device, b"x", Reason.CONSTANT, 2, 0).response.id, 1)
        self.assertEqual(self.fails(device, b"abd", Reason.CONSTANT, 4, 3).response.id, 1)

    def test_other_connections_and_inner_ones(self) -> None:
        inner = Param(3, "inner", ParamType.RESPONSE, Interprete(), type_id=(2,))
        params = (constant(1, b"a"), constant(2, b"b"), inner, constant(4, b"c"))
        responses = (
            Response(1, "outer", (1, 3)),
            Response(2, "inner", (2,)),
            Response(3, "elsewhere", (4,), connection=1),
        )
        protocol = Protocol("any", params=params, responses=responses)
        self.assertEqual([r.id for r in candidates_of(protocol, 0)], [1])
        self.assertEqual([r.id for r in candidates_of(protocol, 1)], [3])
        asked = Protocol("any", params=params, responses=responses, pairs=(Pair(1, "pair", 1, (2,)),))
        self.assertEqual([r.id for r in candidates_of(asked, 0)], [1, 2])

    def test_nothing_is_heard(self) -> None:
        matcher = compile_matcher(Protocol("any"), 0, lambda number: b"")
        self.assertIsNone(matcher.match(b"a", lambda number: b""))

    def test_changed(self) -> None:
        """A constant that is another one now counts as it is, for those that have it."""
        device = Device([constant(1, b"a"), constant(2, b"b")], (1,), (2,))
        matcher = compile_matcher(device.protocol, 0, device.raw_of)
        device.raws[1] = b"xyz"
        found = matcher.match(b"xyz", device.raw_of, {1})
        assert isinstance(found, Match)
        self.assertEqual(found, Match(device.protocol.response[1], (Field(0, 1, 0, 3),)))
        self.assertEqual(list(matcher.matches(b"xyz", device.raw_of, {1})), [found])
        self.assertEqual(list(matcher.matches(b"a", device.raw_of, {1})), [])
        other = matcher.match(b"b", device.raw_of, {1})
        assert isinstance(other, Match)
        self.assertEqual(other.response.id, 2)
        self.assertIsInstance(matcher.match(b"a", device.raw_of, {1}), Mismatch)

    def test_few_of_many_are_tried(self) -> None:
        """The constant that tells them apart need not come first, nor at one place."""
        params = {n: constant(n, n.to_bytes(2, "big")) for n in range(1, 1001)}
        params |= {2001: constant(2001, b"\x02"), 2002: fixed(2002, 3), 2003: variable(2003)}
        contents = [(2001, 2002, n, 2003) if n % 2 else (2001, n, 2003) for n in range(1, 1001)]
        raws = {n: p.interprete.value for n, p in params.items() if p.interprete}

        def raw_of(number: int) -> bytes:
            value = raws[number]
            return value if isinstance(value, bytes) else b""

        readers = [
            Reader(Response(n, "any", one), params, raw_of, Encoding()) for n, one in enumerate(contents)
        ]
        tree = Tree(enumerate(readers))
        self.assertEqual(tree.candidates(b"\x02abc\x00\x07rest"), [6])
        self.assertEqual(tree.candidates(b"\x02\x00\x08rest"), [7])
        self.assertEqual(tree.candidates(b"\x02abc\xff\x08rest"), [])
        self.assertLess(len(tree.closest(b"\x02abc\xff\x08rest", raw_of)), 4)


class PlanTest(SynchronousTestCase):
    """Functions that are made from definitions."""

    def plan(self, params: list[Param]) -> object:
        device = Device(params, tuple(param.id for param in params))
        known = device.protocol.param
        return plan_of(
            Reader(device.protocol.responses[0], known, device.raw_of, Encoding()), known, Encoding()
        )

    def test_one_shape_one_code(self) -> None:
        one = self.plan([constant(1, b"'''\n"), variable(2), constant(3, b"\r")])
        two = self.plan([constant(4, b"abcd"), variable(5), constant(6, b"\n")])
        self.assertIs(one.__code__, two.__code__)  # type: ignore[attr-defined]

    def test_no_bytes_in_the_text(self) -> None:
        plan = self.plan([constant(1, b"__import__"), variable(2), constant(3, b"\r")])
        code = plan.__code__  # type: ignore[attr-defined]
        self.assertFalse([one for one in code.co_consts if isinstance(one, bytes)])
        self.assertEqual(plan.__globals__["__builtins__"], {})  # type: ignore[attr-defined]

    def test_common(self) -> None:
        for one, other, same in ((b"", b"a", 0), (b"abc", b"abd", 2), (b"ab", b"abc", 2), (b"x", b"y", 0)):
            self.assertEqual(common(one, other), same)
            self.assertEqual(common(other, one), same)

    def test_a_long_content(self) -> None:
        """Thousands of params are neither too deep nor too many arguments."""
        params = [constant(1, b"a"), fixed(2, 1), constant(3, b"b")]
        content = (1, 2, 3) * 1000
        device = Device(params, content, (*content, 1))
        for unit in (b"axb" * 1000, b"axb" * 1000 + b"a"):
            self.assertIsInstance(device.match(unit), Match)
        mismatch = interpret(device.protocol.responses[0], b"axb" * 999, device.protocol.param, device.raw_of)
        self.assertEqual((mismatch.fields[-1].end, len(mismatch.fields)), (2997, 2997))
        self.assertIsInstance(device.match(b"axb" * 999), Mismatch)
