"""Rules about how the bytes of params look."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.rulebook import NEXT, Case, RuleCases, codes, definition, findings, param

RAW, LENGTH, HELD = "<RawType>other</RawType>", "<LengthType>next param</LengthType>", "<Type>string</Type>"


def alone(interprete: str, type: str = "dummy", attributes: str = "") -> str:
    """A definition with one param; its `Interprete` is on line 5."""
    made = param(5, type, f"\n{interprete}", attributes)
    return definition(f"<Params>{made}</Params>")


def one(*children: str, type: str = "dummy") -> str:
    return alone(f"<Interprete>{''.join(children)}</Interprete>", type)


def used(interprete: str) -> str:
    """A definition with a read param that a response has."""
    response = "<Response id='1'><Name>r</Name><Content><Param>5</Param></Content></Response>"
    return definition(f"<Params>{param(5, 'read', interprete)}</Params><Responses>{response}</Responses>")


def sent(interprete: str) -> str:
    """The same with a command."""
    command = "<Command id='1'><Name>c</Name><Content><Param>5</Param></Content></Command>"
    return definition(f"<Params>{param(5, 'write', interprete)}</Params><Commands>{command}</Commands>")


GOOD = one(RAW, LENGTH, HELD)


class InterpreteCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("PA12", alone(""), alone(NEXT), "error", line=4, says="Interprete for the type dummy"),
        Case("PA12", one(LENGTH, HELD), GOOD, "error", line=5, says="element RawType"),
        Case("PA12", one(RAW, HELD), GOOD, "error", line=5, says="element LengthType"),
        Case("PA12", one(RAW, LENGTH), GOOD, "error", line=5, says="element Type"),
        Case("PA12", one("<RawType> </RawType>", LENGTH, HELD), GOOD, "error", says="RawType, found nothing"),
        Case("PA12", one("<RawType>txt</RawType>", LENGTH, HELD), GOOD, "error", says="found 'txt'"),
        Case("PA12", one(RAW, "<LengthType>next</LengthType>", HELD), GOOD, says="found 'next'"),
        Case("PA12", one(RAW, LENGTH, "<Type>int</Type>"), GOOD, says="one of string, double"),
        Case("PA12", used(""), used(NEXT), "error", says="type read"),
        Case("PA12", used(f"<Interprete>{RAW}{LENGTH}</Interprete>"), used(NEXT), says="element Type"),
        Case("PA12", sent(""), sent(NEXT), says="type write"),
        Case(
            "PA12",
            one("<Type>flaot</Type>", type="read"),
            one("<Type>double</Type>", type="read"),
            says="'flaot'",
        ),
        Case(
            "PA21",
            one(RAW, LENGTH, "<Type>double</Type>", type="read"),
            one(RAW, LENGTH, HELD, type="read"),
            "warning",
            line=5,
            says="raw type other, found double",
        ),
        Case(
            "PA21",
            one("<RawType>numeric text</RawType>", LENGTH, HELD, type="write"),
            one("<RawType>numeric text</RawType>", LENGTH, "<Type>double</Type>", type="write"),
            "warning",
            says="raw type numeric text, found string",
        ),
    )

    def test_what_is_never_sent_needs_no_bytes(self) -> None:
        for type in ("read", "write", "bus", "array", "ip", "elementname"):
            self.assertEqual(codes(alone("", type)), [], type)
            self.assertEqual(codes(one("<Type>double</Type>", type=type)), [], type)

    def test_what_is_always_bytes(self) -> None:
        for type in ("header", "trailer", "fixed", "length", "crc", "dummy", "group"):
            self.assertIn("PA12", codes(alone("", type)), type)

    def test_a_bit_needs_no_raw_type(self) -> None:
        group = "<Interprete><RawType>other</RawType><LengthType>fixed</LengthType><Length>1</Length>"
        group = param(1, "group", f"{group}<Type>string</Type></Interprete>")
        for bit, expected in (("", ["PA12"]), ("<Interprete/>", [])):
            made = param(2, "read bit", bit, ' id="1"')
            self.assertEqual(codes(definition(f"<Params>{group}{made}</Params>")), expected)

    def test_an_unknown_type_is_the_cause(self) -> None:
        self.assertEqual(codes(alone("", "dumy")), ["PA01"])

    def test_all_that_is_missing_is_told(self) -> None:
        self.assertEqual(codes(one()), ["PA12"] * 3)

    def test_a_hint(self) -> None:
        [found] = findings(one("<RawType>unsigned numbers</RawType>", LENGTH, HELD))
        self.assertIn("unsigned number", found.hint)
        self.assertEqual((found.line, found.path.rpartition("/")[2]), (5, "RawType"))

    def test_constants_are_held_as_they_like(self) -> None:
        value = "<LengthType>fixed</LengthType><Length>1</Length><Type>double</Type><Value>1</Value>"
        self.assertEqual(codes(one(RAW, value, type="fixed")), [])
