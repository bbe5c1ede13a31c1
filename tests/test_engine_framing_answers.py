"""When an answer is complete."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.languages.optional import Optional
from smartserial.definition.languages.pairoptions import PairOptions
from smartserial.definition.message import Pair, Response
from smartserial.definition.param import Endian, Interprete, LengthType, Param, ParamType, RawType, ValueType
from smartserial.engine.framing.answers import AnswerFramer, answer_plan
from smartserial.engine.framing.framer import Limits
from smartserial.engine.unit import Loss, Lost, Unit
from tests.test_engine_framing import constant, ends, fed, fixed, lost, protocol, units, upto

HEAD, END = ends(1, "<", ">")
OTHER_HEAD, OTHER_END = ends(3, "?", ".")
OK = constant(5, ParamType.FIXED, "OK")
NO = constant(6, ParamType.FIXED, "N")
COLON = constant(7, ParamType.FIXED, ":")
TEXT = upto(10)
TWO = fixed(11, 2)
CRC = fixed(12, 2, ParamType.CRC)
SIZED = Param(13, "p13", ParamType.READ, Interprete(length_type=LengthType.OTHER_PARAM, length_id=20))


def length(id: int, *, among: tuple[int, ...] | None = None, **said: Any) -> Param:
    """A length param; without more, one byte."""
    said = (
        {
            "raw_type": RawType.UNSIGNED_NUMBER,
            "length_type": LengthType.FIXED,
            "type": ValueType.DOUBLE,
            "endian": Endian.BIG,
        }
        | ({"length": 1} if "length_type" not in said and "length" not in said else {})
        | said
    )
    return Param(id, f"p{id}", ParamType.LENGTH, Interprete(**said), length_content=among)


BYTE = length(20, among=(2,))
ALL = length(21)
DIGITS = length(22, among=(2,), raw_type=RawType.NUMERIC_TEXT, length_type=LengthType.NEXT_PARAM)
FOUR = length(23, among=(3,), raw_type=RawType.NUMERIC_TEXT, length=2)
PARAMS = (HEAD, END, OTHER_HEAD, OTHER_END, OK, NO, COLON, TEXT, TWO, CRC, SIZED, BYTE, ALL, DIGITS, FOUR)


def answer(
    *contents: tuple[Param, ...], bad: tuple[Param, ...] = (), most: int = 1000, **said: Any
) -> AnswerFramer:
    """What waits for an answer; each content is a response."""
    fields = {name: said.pop(name) for name in ("optional",) if name in said}
    known = {param.id: param for content in (*contents, bad) for param in content}
    params = {param.id: param for param in PARAMS} | known
    responses = [
        Response(number, f"r{number}", tuple(param.id for param in content), **fields)
        for number, content in enumerate((*contents, bad), 1)
    ]
    count = len(contents)
    pair = Pair(
        1, "p", 1, tuple(range(1, count + 1)), (count + 1,) if bad else (), options=PairOptions(**said)
    )
    plan = answer_plan(
        protocol(params.values(), responses=tuple(responses), pairs=(pair,)), pair, Limits(most)
    )
    return plan()


class TrailerTest(SynchronousTestCase):
    def test_header_and_trailer(self) -> None:
        one = answer((HEAD, TEXT, END))
        self.assertEqual(fed(one, b"ju>nk<a"), [])
        self.assertEqual(
            fed(one, b"b>x"),
            [Lost(0, 5, Loss.BEFORE_HEADER), Unit(b"<ab>", 5, 4), Lost(9, 1, Loss.UNFINISHED)],
        )
        self.assertTrue(one.complete)
        self.assertEqual(fed(one, b"<c>"), [Lost(10, 3, Loss.UNFINISHED)])
        self.assertEqual((one.waiting, one.finish()), (0, []))

    def test_a_trailer_without_its_header_does_not_end(self) -> None:
        one = answer((HEAD, TEXT, END))
        self.assertEqual(fed(one, b"a>b>"), [])
        self.assertEqual((one.complete, one.finish()), (False, [Unit(b"a>b>", 0, 4)]))

    def test_a_trailer_alone(self) -> None:
        self.assertEqual(units(fed(answer((TEXT, END)), b"a", b"b>c")), [b"ab>"])

    def test_times(self) -> None:
        twice = constant(2, ParamType.TRAILER, ">", times=2)
        self.assertEqual(units(fed(answer((TEXT, twice)), b"a>b>c>")), [b"a>b>"])
        self.assertEqual(units(fed(answer((TEXT, END, upto(14), END)), b"a>b>c>")), [b"a>b>"])

    def test_each_response_has_its_own(self) -> None:
        responses = (HEAD, TEXT, END), (OTHER_HEAD, TEXT, OTHER_END)
        for stream, expected in ((b"<a.b>", b"<a.b>"), (b"?a>b.", b"?a>b.")):
            self.assertEqual(units(fed(answer(*responses), stream)), [expected])
            self.assertEqual(units(fed(answer(responses[0], bad=responses[1]), stream)), [expected])

    def test_what_follows_the_trailer(self) -> None:
        one = answer((HEAD, TEXT, END, CRC))
        self.assertEqual(fed(one, b"<a>", b">"), [])
        self.assertEqual(units(fed(one, b"\x01z")), [b"<a>>\x01"])

    def test_an_open_end_waits(self) -> None:
        for content in ((HEAD, TEXT, END, upto(14)), (TEXT, OK), (TEXT, TWO), (HEAD, TEXT), (TEXT,)):
            one = answer(content)
            self.assertEqual(fed(one, b"<a>OK", b"OK"), [])
            self.assertEqual(units(one.finish()), [b"<a>OKOK"])
            self.assertTrue(one.complete)


class FixedTest(SynchronousTestCase):
    def test_so_many_bytes(self) -> None:
        one = answer((OK, TWO))
        self.assertEqual((fed(one, b"OK", b"a"), units(fed(one, b"bc"))), ([], [b"OKab"]))

    def test_what_is_before_the_header_does_not_count(self) -> None:
        found = fed(answer((HEAD, TWO)), b"junk<a", b"bc")
        self.assertEqual((units(found), lost(found)[0]), ([b"<ab"], (0, 4, Loss.BEFORE_HEADER)))

    def test_a_trailer_at_its_place(self) -> None:
        """Its value among the data does not end the answer."""
        self.assertEqual(units(fed(answer((HEAD, TWO, END)), b"<>", b">>")), [b"<>>>"])

    def test_a_shorter_one_does_not_cut_a_longer_one(self) -> None:
        short, long = (NO, fixed(14, 1)), (OK, TWO, CRC)
        for responses in ((short, long), (long, short)):
            self.assertEqual(units(fed(answer(*responses), b"O", b"KabN1")), [b"OKabN1"])

    def test_a_longer_one_does_not_hold_up_a_shorter_one(self) -> None:
        self.assertEqual(units(fed(answer((OK, TWO, CRC), bad=(NO, fixed(14, 1))), b"N", b"1")), [b"N1"])

    def test_another_answer_waits(self) -> None:
        one = answer((OK, TWO))
        self.assertEqual((fed(one, b"NOabcd"), units(one.finish())), ([], [b"NOabcd"]))

    def test_what_may_be_absent(self) -> None:
        self.assertEqual(fed(answer((OK, TWO), optional=(Optional(1),)), b"OKab"), [])

    def test_a_param_that_is_missing(self) -> None:
        definition = protocol((OK,), responses=(Response(1, "r", (5, 99)), Response(2, "r", ())))
        one = answer_plan(definition, Pair(1, "p", 1, (1, 2, 3)))(7)
        self.assertEqual((fed(one, b"OKab"), one.finish()), ([], [Unit(b"OKab", 7, 4)]))


class LengthTest(SynchronousTestCase):
    def test_worked_example(self) -> None:
        one = answer((HEAD, FOUR, COLON, SIZED, END))
        self.assertEqual(fed(one, b"<0", b"3:a>c"), [])
        self.assertEqual(units(fed(one, b">>")), [b"<03:a>c>"])

    def test_binary(self) -> None:
        one = answer((OK, BYTE, SIZED, CRC))
        self.assertEqual(units(fed(one, b"OK\x03abc12", b"34")), [b"OK\x03abc12"])

    def test_all_but_the_length(self) -> None:
        one = answer((OK, ALL, TEXT, END))
        self.assertEqual(fed(one, b"OK\x05ab"), [])
        self.assertEqual(units(fed(one, b">x")), [b"OK\x05ab>"])
        self.assertEqual(units(fed(answer((OK, ALL, TEXT, END)), b"OK\x05>>>>")), [b"OK\x05>>>"])

    def test_digits_up_to_the_trailer(self) -> None:
        """The data come after the trailer."""
        one = answer((DIGITS, END, SIZED))
        self.assertEqual(fed(one, b"12", b">abc"), [])
        self.assertEqual(units(fed(one, b"defghijklm")), [b"12>abcdefghijkl"])
        between = length(24, among=(3,), raw_type=RawType.NUMERIC_TEXT, length_type=LengthType.NEXT_PARAM)
        self.assertEqual(units(fed(answer((OK, between, COLON, SIZED)), b"OK3:abcd")), [b"OK3:abc"])

    def test_what_is_no_length_waits(self) -> None:
        for stream in (b"xy>abc", b"-3>abc", b">abc", b"1" * 50 + b">a"):
            one = answer((DIGITS, END, SIZED))
            self.assertEqual((fed(one, stream), units(one.finish())), ([], [stream]))

    def test_another_answer_waits(self) -> None:
        one = answer((OK, BYTE, SIZED), (NO, fixed(14, 5)))
        self.assertEqual(units(fed(one, b"N\x01\x01abc")), [b"N\x01\x01abc"])

    def test_a_length_at_an_unknown_place(self) -> None:
        for content in ((TEXT, COLON, BYTE, SIZED), (OK, BYTE, SIZED, TEXT), (OK, DIGITS, TEXT)):
            one = answer(content)
            self.assertEqual((fed(one, b"OK:\x01aaa"), one.complete), ([], False))


class SilenceTest(SynchronousTestCase):
    def test_silence(self) -> None:
        one = answer((TEXT,), receive_interval=20)
        self.assertIsNone(one.next_wake)
        self.assertEqual((one.receive(b"ab", 1.0), one.next_wake), ([], 1.02))
        self.assertEqual((one.receive(b"c", 1.01), one.receive(b"", 1.015), one.wake(1.02)), ([], [], []))
        self.assertEqual((one.wake(1.03), one.next_wake, one.complete), ([Unit(b"abc", 0, 3)], None, True))

    def test_data_after_the_silence(self) -> None:
        one = answer((TEXT,), receive_interval=20)
        one.receive(b"ab", 1.0)
        self.assertEqual(one.receive(b"c", 1.5), [Unit(b"ab", 0, 2), Lost(2, 1, Loss.UNFINISHED)])

    def test_the_end_before_it(self) -> None:
        one = answer((TEXT, END), receive_interval=20)
        one.receive(b"a", 1.0)
        self.assertEqual((units(one.receive(b">", 1.01)), one.next_wake), ([b"a>"], None))


class LimitTest(SynchronousTestCase):
    def test_too_long(self) -> None:
        one = answer((TEXT, END), most=4)
        self.assertEqual(fed(one, b"abcd"), [])
        self.assertEqual(fed(one, b"e>", b"f"), [Lost(0, 6, Loss.OVERFLOW), Lost(6, 1, Loss.OVERFLOW)])
        self.assertEqual((one.complete, one.waiting, one.finish()), (True, 0, []))

    def test_exactly_the_most(self) -> None:
        self.assertEqual(units(fed(answer((TEXT, END), most=4), b"abc>x")), [b"abc>"])

    def test_no_answer(self) -> None:
        self.assertEqual(answer((TEXT, END)).finish(), [])
