"""Rules about checksums and lengths."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.rulebook import Case, RuleCases, definition, findings, fixed, param

BYTE = "<Interprete><RawType>unsigned number</RawType><LengthType>fixed</LengthType><Length>1</Length>"
BYTE = f"{BYTE}<Type>double</Type></Interprete>"
ACTIONS = (
    '<Triggers><Trigger id="1"><Name>t</Name><On id="each">command</On><Time>before</Time><Type>action</Type>'
    "<Content><Id>1</Id><Id>2</Id></Content></Trigger></Triggers><Actions>"
    '<Action id="1"><Name>l</Name><On>command</On><Type>length</Type></Action>'
    '<Action id="2"><Name>c</Name><On>command</On><Type>crc</Type></Action></Actions>'
)


def command(id: int, *params: int) -> str:
    content = "".join(f"<Param>{number}</Param>" for number in params)
    return f'<Command id="{id}"><Name>c{id}</Name><Content>{content}</Content></Command>'


def summed(inside: str, *commands: str, attributes: str = "") -> str:
    """A definition with a checksum, param 3; what is said of it begins on line 5."""
    crc = f"\n<CRC{attributes}>{inside}</CRC>" if inside else ""
    body = fixed(1, 1) + fixed(2, 1) + param(3, "crc", BYTE, more=crc)
    sent = f"<Commands>{''.join(commands or (command(1, 1, 2, 3),))}</Commands>"
    return definition(f"<Params>{body}</Params>{sent}{ACTIONS}")


def crc(*positions: int | str, type: str = "<Type>exor</Type>") -> str:
    return f"{type}<Content>{''.join(f'<Param>{position}</Param>' for position in positions)}</Content>"


def counted(inside: str, *commands: str) -> str:
    """A definition with a length, param 3."""
    body = fixed(1, 1) + fixed(2, 1) + param(3, "length", BYTE, more=f"\n{inside}")
    sent = f"<Commands>{''.join(commands or (command(1, 3, 1, 2),))}</Commands>"
    return definition(f"<Params>{body}</Params>{sent}{ACTIONS}")


def length(*positions: int | str) -> str:
    return f"<Length>{crc(*positions, type='')}</Length>"


GOOD = summed(crc(0, 1))
COUNTED = counted(length(1, 2))


def named(name: str) -> str:
    return summed(crc(0, 1, type=f"<Type>{name}</Type>"))


class ChecksumsCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("PA18", summed(""), GOOD, "error", line=4, says="element CRC"),
        Case("PA18", summed(crc(0, 1, type="")), GOOD, "error", line=5, says="CRC/Type, found nothing"),
        Case("PA18", named(""), named("2comp"), "error", line=5, says="CRC/Type, found nothing"),
        Case("PA18", named("crc32"), named("CRC16"), "error", line=5, says="not one of"),
        Case("PA18", named("crc"), named("SUM"), "error", says="which polynomial"),
        Case("PA18", named("codan"), named("modbus"), "error", says="codan"),
        Case("PA18", named("rcds"), named("lsb after sum"), "error", says="rcds"),
        Case("PA18", summed(crc(0, 3)), GOOD, "error", line=5, says="0 to 2 in command 1, found 3"),
        Case("PA18", summed(crc(0, 2)), GOOD, "error", line=5, says="position 2 in command 1 is that of the"),
        Case("PA18", summed(crc(0, "-1")), GOOD, "error", says="from 0, found '-1'"),
        Case("PA18", summed(crc(0, "x")), GOOD, "error", says="from 0, found 'x'"),
        Case("PA18", summed(crc(0, "")), GOOD, "error", says="from 0, found nothing"),
        Case("PA18", summed(crc()), GOOD, "error", says="Content, found none"),
        Case(
            "PA18",
            summed(crc(0, 1), attributes=' groupbytes="0"'),
            summed(crc(0, 1), attributes=' groupbytes="2;binary"'),
            "error",
            line=5,
            says="groupbytes 1, 2 or 2;binary, found '0'",
        ),
        Case(
            "PA18",
            summed(crc(0, 1), attributes=' groupbytes="3"'),
            summed(crc(0, 1), attributes=' groupbytes="1"'),
            "error",
            says="found '3'",
        ),
        Case(
            "PA18",
            summed(crc(0, 1), attributes=' groupbytes="1;binary"'),
            summed(crc(0, 1), attributes=' groupbytes=" 2 ; Binary "'),
            "error",
        ),
        Case(
            "PA18",
            summed(crc(0, 1), attributes=' groupbytes="2;text"'),
            summed(crc(0, 1, type='<Type groupbytes="2">sum</Type>')),
            "error",
            says="'2;text'",
        ),
        Case(
            "PA18",
            summed(crc(0, 1, type="<Type>modbus</Type>"), attributes=' groupbytes="2"'),
            summed(crc(0, 1, type="<Type>modbus</Type>"), attributes=' groupbytes="1"'),
            "error",
            says="not groups of 2",
        ),
        Case(
            "PA18",
            summed(crc(0, 1, type='<Type mod="0">sum</Type>')),
            summed(crc(0, 1, type='<Type mod="95" off="-32" totaloffset="32">sum</Type>')),
            "error",
            says="mod of 1 or more",
        ),
        Case(
            "PA18",
            summed(crc(0, 1), attributes=' byteoffset="one"'),
            summed(crc(0, 1), attributes=' byteoffset="-1"'),
            "error",
            says="byteoffset, found 'one'",
        ),
        Case("PA19", counted(length(1, 3)), COUNTED, "error", line=5, says="0 to 2 in command 1, found 3"),
        Case("PA19", counted(length("one")), COUNTED, "error", says="'one'"),
        Case("PA19", counted(length("")), COUNTED, "error", says="nothing"),
        Case("PA19", counted("<Length/>"), counted(""), "warning", line=5, says="Content, found none"),
        Case(
            "PA19",
            counted(length(2), command(1, 3, 1, 2), command(2, 3, 1)),
            counted(length(0, 1), command(1, 3, 1, 2), command(2, 3, 1)),
            "error",
            says="0 to 1 in command 2, found 2",
        ),
    )

    def test_every_message_with_it_counts(self) -> None:
        found = findings(summed(crc(0, 2), command(1, 3, 2, 1), command(2, 3, 1)))
        self.assertEqual([(one.code, one.line) for one in found], [("PA18", 5)] * 2)
        self.assertIn("position 0 in command 1 is that of the checksum itself", found[0].message)
        self.assertIn("0 to 1 in command 2, found 2", found[1].message)
        self.assertEqual(findings(summed(crc(1, 2), command(1, 3, 2, 1), command(2, 3, 1, 2))), [])

    def test_a_response_counts_too(self) -> None:
        response = (
            '<Responses><Response id="4"><Name>r</Name><Content><Param>1</Param><Param>3</Param></Content>'
            "</Response></Responses></Protocol>"
        )
        text = summed(crc(0, 2), command(1, 1, 2, 1, 3)).replace("</Protocol>", response)
        [one] = [one for one in findings(text) if one.code == "PA18"]
        self.assertIn("in response 4", one.message)

    def test_where_it_stands_nowhere_positions_are_not_known(self) -> None:
        self.assertEqual(findings(summed(crc(0, 99), command(1, 1, 2))), [])

    def test_an_unreadable_param_keeps_its_position(self) -> None:
        text = summed(crc(0, 3), command(1, 1, 2, 2, 3)).replace("<Param>2</Param>", "<Param/>", 1)
        self.assertIn("position 3 in command 1", "".join(one.message for one in findings(text)))

    def test_foreign_texts_are_cut(self) -> None:
        [one] = findings(named("x" * 500))
        self.assertLess(len(one.message), 300)
