"""Rules about lengths of other params, bits, dynamic addresses and sequences."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.rulebook import NEXT, TYPE, Case, RuleCases, codes, definition, findings, fixed, param


def params(*made: str) -> str:
    body = "\n".join(made)
    return definition(f"<Params>\n{body}\n</Params>")


def other(id: str, length_type: str = "other param") -> str:
    """A definition with a param whose length is that of another one; 1 is a number, 2 a string."""
    made = (
        f"<Interprete><RawType>other</RawType>\n<LengthType{id}>{length_type}</LengthType>"
        "<Type>string</Type></Interprete>"
    )
    return params(fixed(1, 1, "length", "unsigned number", "double"), param(2), param(3, "read", made))


def bits(inside: str, group: str = "", type: str = "read bit") -> str:
    """A definition with bits of a group of two bytes; `inside` is what is said of the bits, on line 6."""
    bytes_ = fixed(1, 2, "group").replace("<Length>", f"{group}<Length>")
    return params(bytes_, param(2, type, f"<Interprete>{inside}</Interprete>", ' id="1"'))


def at(start: int, count: int = 1) -> str:
    return f"<StartPosition>{start}</StartPosition><NbrOfBits>{count}</NbrOfBits>"


def dynamic(*made: str, options: str = "") -> str:
    type_ = TYPE.replace(">smart", f' communicationOptions="{options}">smart')
    return definition("<Params>\n{}\n</Params>".format("\n".join(made)), type_ if options else TYPE)


def address(id: int = 1, option: str = "dynamic ip", type: str = "read", interprete: str = NEXT) -> str:
    return param(id, type, interprete, f' options="{option}"')


def sequence(element: str) -> str:
    made = "<RawType>unsigned number</RawType><LengthType>fixed</LengthType><Length>1</Length>"
    return params(param(1, "read", f"<Interprete>{made}<Type>double</Type>\n{element}</Interprete>"))


NUMBER = "<Interprete><Type>double</Type></Interprete>"
STEPS = '<Sequence noset="true">factor:2;offset:id:1;div:10</Sequence>'


class NumbersCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("PA15", other(""), other(' id="1"'), "error", line=8, says="id of a param, found nothing"),
        Case("PA15", other(' id="x"'), other(' id="1"'), "error", says="'x'"),
        Case("PA15", other(' id="7"'), other(' id="1"'), "error", says="no param 7"),
        Case("PA15", other(' id="2"'), other(' id="1"'), "error", line=8, says="found param 2, a string"),
        Case("PA15", other(' id="7"', "next param"), other(' id="2"', "next param"), says="no param 7"),
        Case(
            "PA20",
            bits(at(16)),
            bits(at(15)),
            "error",
            line=6,
            says="expected 16 bits, from 0, as group 1 has, found bit 16",
        ),
        Case("PA20", bits(at(14, 3)), bits(at(14, 2)), "error", says="bits 14 to 16"),
        Case("PA20", bits(at(8), "<Bits>4</Bits>"), bits(at(7), "<Bits>4</Bits>"), says="expected 8 bits"),
        Case("PA20", bits(at(-1)), bits(at(0)), "error", says="StartPosition, found '-1'"),
        Case("PA20", bits(at(0, 0)), bits(""), "error", says="1 or more in NbrOfBits, found '0'"),
        Case("PA20", bits("<StartPosition>two</StartPosition>"), bits(at(2)), says="'two'"),
        Case(
            "PA20",
            params(param(1), param(2, "write bit", f"<Interprete>{at(1)}</Interprete>", ' id="1"')),
            bits(at(1), type="write bit"),
            "error",
            line=6,
            says="param 1 of type read",
        ),
        Case(
            "PA23",
            dynamic(address(), address(2, "dynamic ip 0")),
            dynamic(address()),
            "warning",
            line=6,
            says="connection 0, found param 2 beside 1",
        ),
        Case(
            "PA23", dynamic(address(1, "dynamic ip 3")), dynamic(address()), "warning", says="no connection 3"
        ),
        Case("PA23", dynamic(address(1, "dynamic ip x")), dynamic(address()), "warning", says="'x'"),
        Case("PA23", dynamic(address(1, type="write")), dynamic(address()), "warning", says="found write"),
        Case(
            "PA23", dynamic(address(1, interprete=NUMBER)), dynamic(address()), "warning", says="found double"
        ),
        Case(
            "PA23",
            dynamic(address(), options="maxConcurrentConnections:2"),
            dynamic(address(), options="maxReceiveBuffer:2"),
            "warning",
            line=5,
            says="connection 0: a server",
        ),
        Case(
            "PA25",
            sequence("<Sequence>factor:2</Sequence>"),
            sequence(STEPS),
            "warning",
            line=6,
            says='noset="true"',
        ),
        Case(
            "PA25",
            sequence('<Sequence noset="true">twice:2</Sequence>'),
            sequence('<Sequence noset="true"> </Sequence>'),
            "warning",
            says="'twice'",
        ),
        Case(
            "PA25",
            sequence('<Sequence noset="true">offset:id:7;min:id:7</Sequence>'),
            sequence('<Sequence noset="true">offset:id:65017;min:param:1</Sequence>'),
            "warning",
            line=6,
            says="no param 7",
        ),
    )

    def test_a_half_byte_is_a_number(self) -> None:
        text = other(' id="1"').replace("<Type>double</Type>", "<Type>high nibble</Type>")
        self.assertEqual(codes(text), [])

    def test_a_built_in_param_tells_a_length(self) -> None:
        self.assertEqual(codes(other(' id="65017"')), [])

    def test_a_param_without_bytes_tells_none(self) -> None:
        text = other(' id="2"').replace(param(2), param(2, interprete=""))
        self.assertEqual(codes(text), ["PA15"])

    def test_a_wrong_group_is_the_cause(self) -> None:
        text = bits(at(99)).replace("<Length>2</Length>", "<Length>two</Length>")
        self.assertNotIn("PA20", codes(text))
        self.assertEqual(codes(bits(at(1)).replace('id="1">read bit', 'id="7">read bit')), ["PA03"])

    def test_two_connections_have_an_address_each(self) -> None:
        two = '<Type relativeTimers="true" advanced="smart-serial:IP Connection - B">smart-serial</Type>'
        made = f"<Params>{address()}{address(2, 'dynamic ip 1')}</Params>"
        found = codes(definition(made, two))
        self.assertEqual([code for code in found if code.startswith("PA")], [])

    def test_all_that_is_wrong_with_an_address(self) -> None:
        text = dynamic(address(1, "dynamic ip 5", "write", NUMBER))
        self.assertEqual([one.code for one in findings(text)], ["PA23"] * 3)
