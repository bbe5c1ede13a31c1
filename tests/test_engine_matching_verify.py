"""Lengths and checksums of a match: they are told by the unit, and worked out from it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.languages.optional import Optional
from smartserial.definition.message import Response
from smartserial.definition.param import (
    Crc,
    Endian,
    Interprete,
    LengthType,
    Param,
    ParamType,
    RawType,
    ValueType,
)
from smartserial.engine.matching.interpreter import interpret
from smartserial.engine.matching.result import Match, Mismatch, Reason
from smartserial.engine.matching.verify import verify_crc, verify_length


def constant(number: int, value: bytes, kind: ParamType = ParamType.FIXED) -> Param:
    return Param(number, "constant", kind, Interprete(length_type=LengthType.FIXED, value=value))


def told(
    number: int,
    kind: ParamType,
    raw: RawType,
    length: int,
    base: int = 10,
    crc: Crc | None = None,
    content: tuple[int, ...] | None = None,
    held: ValueType = ValueType.DOUBLE,
) -> Param:
    said = Interprete(raw, LengthType.FIXED, length, type=held, base=base)
    return Param(number, "told", kind, said, crc=crc, length_content=content)


REST = Param(50, "data", ParamType.READ, Interprete())


class VerifyTest(SynchronousTestCase):
    def matched(self, params: list[Param], unit: bytes, optional: tuple[Optional, ...] = ()) -> Match:
        self.params = {param.id: param for param in params}
        response = Response(1, "response", tuple(param.id for param in params), optional=optional)
        raws = {
            p.id: p.interprete.value for p in params if p.interprete and isinstance(p.interprete.value, bytes)
        }
        match = interpret(response, unit, self.params, raws.__getitem__)
        assert isinstance(match, Match), match
        return match

    def crc(self, params: list[Param], unit: bytes, optional: tuple[Optional, ...] = ()) -> Mismatch | None:
        match = self.matched(params, unit, optional)
        return verify_crc(*match, unit, self.params)

    def length(self, params: list[Param], unit: bytes) -> Mismatch | None:
        match = self.matched(params, unit)
        return verify_length(*match, unit, self.params)

    def test_algorithms(self) -> None:
        data = told(1, ParamType.READ, RawType.OTHER, 5)
        for crc, last in (
            (Crc("sum", (0,)), "2C"),
            (Crc("exor", (0,)), "66"),
            (Crc("2comp", (0,)), "D4"),
            (Crc("sum", (0,), mod=95, off=-32, total_offset=32), "6E"),
        ):
            params = [data, told(2, ParamType.CRC, RawType.UNSIGNED_NUMBER, 1, crc=crc)]
            self.assertIsNone(self.crc(params, bytes.fromhex("02 50 57 52 31") + bytes.fromhex(last)))
            wrong = self.crc(params, bytes.fromhex("02 50 57 52 31 00"))
            assert wrong is not None
            self.assertEqual((wrong.position, wrong.param, wrong.at, wrong.reason), (1, 2, 5, Reason.CRC))
            self.assertEqual([field.param for field in wrong.fields], [1])

    def test_modbus(self) -> None:
        data = told(1, ParamType.READ, RawType.OTHER, 6)
        crc = told(2, ParamType.CRC, RawType.UNSIGNED_NUMBER, 2, crc=Crc("modbus", (0,)))
        self.assertIsNone(self.crc([data, crc], bytes.fromhex("01 03 00 00 00 02 C4 0B")))
        self.assertIsNotNone(self.crc([data, crc], bytes.fromhex("01 03 00 00 00 02 0B C4")))

    def test_digits_in_any_case(self) -> None:
        """Hexadecimal digits may be small, whether they are held as a number or as a text."""
        data = told(1, ParamType.READ, RawType.OTHER, 1)
        for held in (ValueType.DOUBLE, ValueType.STRING):
            crc = told(2, ParamType.CRC, RawType.NUMERIC_TEXT, 2, 16, Crc("sum", (0,)), held=held)
            for unit, right in ((b"\xabAB", True), (b"\xabab", True), (b"\xabAC", False), (b"\xab--", False)):
                self.assertEqual(self.crc([data, crc], unit) is None, right, unit)

    def test_signed(self) -> None:
        data = told(1, ParamType.READ, RawType.OTHER, 1)
        crc = told(2, ParamType.CRC, RawType.SIGNED_NUMBER, 1, crc=Crc("sum", (0,)))
        self.assertIsNone(self.crc([data, crc], b"\xfe\xfe"))
        self.assertIsNotNone(self.crc([data, crc], b"\xfe\xfd"))

    def test_absent_bytes_are_not_covered(self) -> None:
        params = [
            constant(1, b"a"),
            constant(2, b"b"),
            told(3, ParamType.CRC, RawType.UNSIGNED_NUMBER, 1, crc=Crc("sum", (0, 1))),
        ]
        optional = (Optional(1),)
        self.assertIsNone(self.crc(params, b"ab\xc3", optional))
        self.assertIsNone(self.crc(params, b"aa", optional))
        self.assertIsNotNone(self.crc(params, b"ab\x61", optional))

    def test_what_cannot_be_worked_out_is_wrong(self) -> None:
        data = told(1, ParamType.READ, RawType.OTHER, 2)
        for crc in (Crc("codan", (0,)), Crc("sum", (0,), group_bytes=2)):
            param = told(2, ParamType.CRC, RawType.UNSIGNED_NUMBER, 1, crc=crc)
            self.assertIsNotNone(self.crc([data, param], b"zz\0"))

    def test_a_crc_of_nothing_is_not_verified(self) -> None:
        self.assertIsNone(self.crc([told(1, ParamType.CRC, RawType.UNSIGNED_NUMBER, 1)], b"\x07"))

    def test_length_of_listed(self) -> None:
        params = [
            constant(1, b"#", ParamType.HEADER),
            told(2, ParamType.LENGTH, RawType.NUMERIC_TEXT, 2, content=(3,)),
            constant(3, b":"),
            REST,
            constant(4, b"\r", ParamType.TRAILER),
        ]
        self.assertIsNone(self.length(params, b"#03:abc\r"))
        self.assertIsNone(self.length(params, b"junk#03:abc\r"))
        wrong = self.length(params, b"#04:abc\r")
        assert wrong is not None
        self.assertEqual((wrong.position, wrong.param, wrong.at, wrong.reason), (1, 2, 1, Reason.LENGTH))
        self.assertEqual([field.param for field in wrong.fields], [1, 2])  # it takes what came
        self.assertTrue(wrong.reason.keeps_matched)

    def test_length_of_all(self) -> None:
        """Without a list all count, except lengths."""
        length = told(2, ParamType.LENGTH, RawType.UNSIGNED_NUMBER, 1)
        params = [constant(1, b"\x02"), length, REST]
        self.assertIsNone(self.length(params, b"\x02\x04abc"))
        self.assertIsNotNone(self.length(params, b"\x02\x05abc"))

    def test_endian(self) -> None:
        said = Interprete(
            RawType.UNSIGNED_NUMBER, LengthType.FIXED, 2, type=ValueType.DOUBLE, endian=Endian.BIG
        )
        length = Param(1, "length", ParamType.LENGTH, said, length_content=(1,))
        self.assertIsNone(self.length([length, REST], b"\0\x03abc"))
        self.assertIsNotNone(self.length([length, REST], b"\x03\0abc"))
