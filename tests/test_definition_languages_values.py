"""Bytes, ids and numbers in a definition: what texts mean, what is wrong with them, how they are written."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.languages.constant import parse_constant, parse_hex, print_constant
from smartserial.definition.languages.ids import parse_id, parse_ids, print_ids
from smartserial.definition.languages.optional import Optional, parse_optional, print_optional
from smartserial.definition.languages.problem import Parsed, quoted
from smartserial.definition.languages.replacing import ReplaceData, parse_replace_data, print_replace_data
from smartserial.definition.languages.scale import Scale, parse_scale, print_scale
from smartserial.definition.languages.sequence import Operation, Step, parse_sequence, print_sequence
from tests.test_definition_languages import LanguageTestCase


class ConstantTest(LanguageTestCase):
    def test_hex_and_text(self) -> None:
        for text, value in (
            ("0x0D0x0A", b"\r\n"),
            (" 0x0D0A\n", b"\r\n"),
            ("0xff0xFE", b"\xff\xfe"),
            ("0x000x00", b"\0\0"),
            ("", ""),
            (" ", " "),
            (" OK ", " OK "),
            ("0x", "0x"),
            ("0x0", "0x0"),
            ("0x0D0", "0x0D0"),
            ("0x0D 0x0A", "0x0D 0x0A"),
            ("0x0DA0xZZ", "0x0DA0xZZ"),
            ("0X0D", "0X0D"),
            ("0D0A", "0D0A"),
            ("0x\uff11\uff11", "0x\uff11\uff11"),
        ):
            self.assertEqual(parse_constant(text), value, repr(text))

    def test_only_hex(self) -> None:
        for text, value in (
            ("0x10", b"\x10"),
            (" 0X1003 ", b"\x10\x03"),
            ("", None),
            ("10", None),
            ("0x1", None),
            ("0x1g", None),
            ("0x10,0x11", None),
        ):
            self.assertEqual(parse_hex(text), value, repr(text))

    def test_printing(self) -> None:
        self.written(print_constant, ((b"\r\n\xab", "0x0D0x0A0xAB"), ("", ""), (" x ", " x "), ("0x", "0x")))
        for value in ("0x0D", " 0x0d0A ", b""):
            with self.assertRaises(ValueError):
                print_constant(value)


class IdsTest(LanguageTestCase):
    def test_one(self) -> None:
        for text, value in (
            ("0", 0),
            (" 31\n", 31),
            ("1000000", 1000000),
            ("", None),
            ("007", None),
            ("00", None),
            ("-1", None),
            ("+1", None),
            ("1_0", None),
            ("1.0", None),
            ("\u0663", None),
            ("\u00b2", None),
            ("9" * 18, 10**18 - 1),
            ("9" * 19, None),
            ("9" * 9999, None),
        ):
            self.assertEqual(parse_id(text), value, repr(text[:30]))

    def test_list(self) -> None:
        self.means(parse_ids, (("", ()), ("5", (5,)), (" 5 ; 6;5;", (5, 6, 5)), (";;", ())))
        self.means(lambda text: parse_ids(text, ","), (("5,6", (5, 6)),))
        self.wrong(parse_ids, (("5;x;07;8", (5, 8), (("ID02", "found 'x'"), ("ID02", "found '07'"))),))
        self.wrong(lambda text: parse_ids(text, code="QA01"), (("5,6", (), (("QA01", "'5,6'"),)),))
        self.written(print_ids, (((), ""), ((5, 6), "5;6")))
        self.assertEqual(print_ids((5, 6), ","), "5,6")


class ReplacingTest(LanguageTestCase):
    def test_meaning(self) -> None:
        self.means(
            parse_replace_data,
            (
                ("0D;0A", ReplaceData(((b"\r", b"\n"),))),
                (" 0x0d0A - 20 ; 0x410x42-ff ; USE_OFFSET ;", _two(True)),
                ("0D0A-20;4142-FF", _two(False)),
                ("41;", ReplaceData(((b"A", b""),))),
                ("41-42;-;use_offset", ReplaceData(((b"A", b""), (b"B", b"")), True)),
            ),
        )

    def test_problems(self) -> None:
        nothing = ReplaceData()
        self.wrong(
            parse_replace_data,
            (
                ("", nothing, (("AC12", "old;new in hex, found nothing"),)),
                ("41", nothing, (("AC12", "found '41'"),)),
                (";41", nothing, (("AC12", "old;new"),)),
                ("41-42;43", nothing, (("AC12", "found 2 and 1"),)),
                ("41-;43-44", nothing, (("AC12", "expected bytes to replace"),)),
                ("411;42", nothing, (("AC12", "pairs of hex digits, found '411'"),)),
                ("0x;42", nothing, (("AC12", "found '0x'"),)),
                ("4 1;42", nothing, (("AC12", "found '4 1'"),)),
                ("zz-41;x", nothing, (("AC12", "'zz'"), ("AC12", "'x'"), ("AC12", "2 and 1"))),
                ("41;42;offset", nothing, (("AC12", "expected use_offset, found 'offset'"),)),
            ),
        )

    def test_printing(self) -> None:
        self.written(
            print_replace_data,
            (
                (_two(True), "0x0D0x0A-0x20;0x410x42-0xFF;use_offset"),
                (ReplaceData(((b"A", b""),)), "0x41;"),
            ),
        )


def _two(use_offset: bool) -> ReplaceData:
    return ReplaceData(((b"\r\n", b"AB"), (b" ", b"\xff")), use_offset)


class SequenceTest(LanguageTestCase):
    def test_meaning(self) -> None:
        words = ("factor", "offset", "min", "pow", "div", "rest", "log10", "log20")
        symbols = ("*", "+", "-", "^", "div", "%", "log10", "log20")
        for word, symbol, operation in zip(words, symbols, Operation, strict=True):
            for spelling in (word, word.upper(), symbol):
                self.assertEqual(parse_sequence(f"{spelling}:2"), Parsed((Step(operation, 2.0),)))
        self.means(
            parse_sequence,
            (
                ("", ()),
                (" * : -0.5 ; ", (Step(Operation.FACTOR, -0.5),)),
                ("log10;LOG20:", (Step(Operation.LOG10), Step(Operation.LOG20))),
                ("offset", (Step(Operation.OFFSET),)),
                ("-:id:31", (Step(Operation.MIN, param=31),)),
                ("div:Param:31", (Step(Operation.DIV, param=31),)),
                ("^:+1e-3;%:.5", (Step(Operation.POW, 0.001), Step(Operation.REST, 0.5))),
            ),
        )

    def test_problems(self) -> None:
        factor = (Step(Operation.FACTOR, 2.0),)
        self.wrong(
            parse_sequence,
            (
                ("plus:1;*:2", factor, (("PA25", "found 'plus'"),)),
                ("*", (), (("PA25", "found nothing"),)),
                ("*:", (), (("PA25", "expected a number"),)),
                ("*:x;*:2;*:1,5", factor, (("PA25", "'x'"), ("PA25", "'1,5'"))),
                ("*:id", (), (("PA25", "found 'id'"),)),
                ("*:id:", (), (("PA25", "found 'id:'"),)),
                ("*:id:01", (), (("PA25", "'id:01'"),)),
                ("*:pid:1", (), (("PA25", "'pid:1'"),)),
                ("*:id:1:2", (), (("PA25", "'id:1:2'"),)),
                ("*:1e999", (), (("PA25", "'1e999'"),)),
                ("*:nan;*:inf;*:0x10", (), (("PA25", "nan"), ("PA25", "inf"), ("PA25", "0x10"))),
            ),
        )

    def test_of_many_steps_the_first_count(self) -> None:
        self.assertEqual(parse_sequence("*:2;" * 1000), Parsed((Step(Operation.FACTOR, 2.0),) * 1000))
        parsed = parse_sequence("*:2;" * 999 + "*:3;*:4")
        self.assertEqual((len(parsed.value), parsed.value[-1].value), (1000, 3.0))
        self.assertEqual([one.message[:30] for one in parsed.problems], ["expected 1000 steps at most, f"])
        wrong = parse_sequence("x;" * 300).problems
        self.assertEqual(
            (len(wrong), wrong[-1].message), (101, "and 200 more such mistakes in the same text")
        )

    def test_printing(self) -> None:
        self.written(
            print_sequence,
            (
                ((), ""),
                ((Step(Operation.FACTOR, 2.0), Step(Operation.LOG10)), "factor:2;log10"),
                ((Step(Operation.MIN, param=31), Step(Operation.REST, 0.5)), "min:id:31;rest:0.5"),
            ),
        )
        with self.assertRaises(ValueError):
            print_sequence((Step(Operation.FACTOR, float("nan")),))


class ScaleTest(LanguageTestCase):
    def test_meaning(self) -> None:
        self.means(parse_scale, ((" 0;4095 ; -40;85.5", Scale(0, 4095, -40, 85.5)),))
        self.wrong(
            parse_scale,
            (
                ("", None, (("PA25", "4 numbers with semicolons, found nothing"),)),
                ("1;2;3", None, (("PA25", "'1;2;3'"),)),
                ("0;1;2;3;", None, (("PA25", "4 numbers"),)),
                ("x;2;;4", None, (("PA25", "lowData: "), ("PA25", "low: expected a number, found nothing"))),
                ("5;5.0;0;1", None, (("PA25", "lowData other than highData"),)),
            ),
        )
        self.written(print_scale, ((Scale(0, 4095, -40, 85.5), "0;4095;-40;85.5"),))


class OptionalTest(LanguageTestCase):
    def test_meaning(self) -> None:
        self.means(
            parse_optional,
            (
                ("", ()),
                ("0+++;4", (Optional(0, 3), Optional(4))),
                (" 3* ; 05 + ;", (Optional(3, to_next=True), Optional(5, 1))),
            ),
        )

    def test_a_wrong_list_is_ignored(self) -> None:
        self.wrong(
            parse_optional,
            (
                ("0;x", (), (("RE12", "found 'x'"),)),
                ("-1;+", (), (("RE12", "'-1'"), ("RE12", "'+'"))),
                ("0+*", (), (("RE12", "'0+*'"),)),
                ("0**", (), (("RE12", "'0**'"),)),
                ("1;2;1+", (), (("RE12", "each position once, found 1 again"),)),
                ("0,1", (), (("RE12", "'0,1'"),)),
            ),
        )
        self.written(print_optional, (((Optional(0, 2), Optional(5), Optional(6, 0, True)), "0++;5;6*"),))


class QuotedTest(SynchronousTestCase):
    def test_messages_stay_short(self) -> None:
        self.assertEqual(quoted("  "), "nothing")
        self.assertEqual(quoted(" a'b\n"), '"a\'b"')
        self.assertEqual(quoted("x" * 41), repr("x" * 40 + "..."))
