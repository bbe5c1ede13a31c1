"""Rules about how many bytes params have."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.rulebook import Case, RuleCases, codes, definition, param

FLOAT = "<RawType>double</RawType>"


def one(
    length: str, type: str = "dummy", raw_type: str = "other", held: str = "string", more: str = ""
) -> str:
    """A definition with one param of fixed length; `length` is the whole element, on line 5."""
    return of(f"<LengthType>fixed</LengthType>\n{length}", type, raw_type, held, more)


def of(
    length: str, type: str = "dummy", raw_type: str = "other", held: str = "string", more: str = ""
) -> str:
    made = f"<Interprete><RawType>{raw_type}</RawType>{length}<Type>{held}</Type>{more}</Interprete>"
    return definition(f"<Params>{param(5, type, made)}</Params>")


def number(length: int, raw_type: str = "unsigned number", type: str = "read") -> str:
    return one(f"<Length>{length}</Length>", type, raw_type, "double")


GOOD = one("<Length>2</Length>")
VALUE = "<Value>0x0D0x0A</Value>"


class LengthsCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("PA13", one(""), GOOD, "error", line=4, says="Length in bytes, found none"),
        Case("PA13", one("<Length> </Length>"), GOOD, "error", line=5, says="found none"),
        Case("PA13", one("<Length>two</Length>"), GOOD, "error", line=5, says="'two'"),
        Case("PA13", one("<Length>2.0</Length>"), one("<Length>002</Length>"), "error", says="'2.0'"),
        Case("PA13", one("<Length>-1</Length>"), one("<Length>0</Length>"), "error", says="'-1'"),
        Case(
            "PA13",
            one("<Length>1048577</Length>"),
            one("<Length>1048576</Length>"),
            "error",
            says="0 to 1048576 bytes",
        ),
        Case(
            "PA13",
            one("", "fixed", more=VALUE),
            one("<Length>2</Length>", "fixed", more=VALUE),
            "warning",
            says="the 2 of Value are taken",
        ),
        Case(
            "PA14",
            one("<Length>5</Length>", "length", "numeric text", "double"),
            one("<Length>4</Length>", "length", "numeric text", "double"),
            "error",
            line=5,
            says="at most 4 bytes, found 5",
        ),
        Case(
            "PA16", number(3), number(4), "error", line=5, says="1, 2, 4 or 8 bytes for the raw type unsigned"
        ),
        Case("PA16", number(0), number(1), "error", says="found 0"),
        Case(
            "PA16", number(9, "signed number", "write"), number(8, "signed number", "write"), says="found 9"
        ),
        Case("PA16", number(3, type="crc"), number(2, type="crc"), also=("PA18",), says="found 3"),
        Case("PA16", number(2, "double"), number(4, "double"), "error", line=5, says="4 or 8 bytes"),
        Case(
            "PA16",
            of("<LengthType>next param</LengthType>", "read", "double", "double"),
            number(8, "double"),
            "error",
            says="length type next param",
        ),
    )

    def test_lengths_that_do_not_count(self) -> None:
        for length in ("", "<Length/>", "<Length>two</Length>"):
            self.assertEqual(codes(of(f"<LengthType>next param</LengthType>{length}")), [])

    def test_a_bit_needs_no_length(self) -> None:
        group = "<Interprete><RawType>other</RawType><LengthType>fixed</LengthType><Length>1</Length>"
        group = param(1, "group", f"{group}<Type>string</Type></Interprete>")
        bit = "<Interprete><RawType>unsigned number</RawType><LengthType>fixed</LengthType>"
        for type in ("read bit", "write bit"):
            made = param(2, type, f"{bit}<Type>double</Type></Interprete>", ' id="1"')
            self.assertEqual(codes(definition(f"<Params>{group}{made}</Params>")), [])

    def test_what_is_no_number_has_any_width(self) -> None:
        for type in ("dummy", "group"):
            self.assertEqual(codes(number(3, type=type)), [], type)
        self.assertEqual(
            codes(one("<Length>3</Length>", "fixed", "unsigned number", more="<Value>abc</Value>")), []
        )

    def test_other_numbers_have_any_width(self) -> None:
        for raw_type in ("numeric text", "bcd"):
            self.assertEqual(codes(number(3, raw_type)), [], raw_type)
        variable = of("<LengthType>next param</LengthType>", "read", "unsigned number", "double")
        self.assertEqual(codes(variable), [])

    def test_an_unknown_length_type_is_the_cause(self) -> None:
        wrong = of("<LengthType>fix</LengthType>", "read", "double", "double")
        self.assertEqual(codes(wrong), ["PA12"])

    def test_a_length_of_any_bytes(self) -> None:
        variable = of("<LengthType>next param</LengthType>", "length", "numeric text", "double")
        self.assertEqual(codes(variable), [])
