"""Responses: what they hold, where they are heard, and what is done before they are accepted."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.findings import ERROR, INFO, WARNING
from tests.rulebook import PORT, Case, RuleCases, codes, constant, definition, findings, fixed, param, serial

LINK = ' options="headerTrailerLink=1"'
LF, END = constant(9, "0x0A"), constant(9, "0x0A", "trailer", LINK)
START = constant(8, "0x02", "header", LINK)
READ = (
    '<Triggers><Trigger id="1"><Name>t1</Name><On id="each">response</On><Time>before</Time>'
    "<Type>action</Type><Content>{ids}</Content></Trigger></Triggers><Actions>"
    '<Action id="1"><Name>a1</Name><On>response</On><Type>read</Type></Action>'
    '<Action id="2"><Name>a2</Name><On>response</On><Type>crc</Type></Action>'
    '<Action id="3"><Name>a3</Name><On>response</On><Type>length</Type></Action>'
    '<Action id="4"><Name>a4</Name><On id="1">parameter</On><Type>clear</Type></Action>'
    '<Action id="5"><Name>a5</Name><On id="1">parameter</On><Type>read</Type></Action></Actions>'
)
CRC = (
    '<Param id="7"><Name>p7</Name><Type>crc</Type><Interprete><RawType>unsigned number</RawType>'
    "<LengthType>fixed</LengthType><Length>1</Length><Type>double</Type></Interprete>"
    "<CRC><Type>sum</Type><Content><Param>0</Param></Content></CRC></Param>"
)
TWO = '<Type relativeTimers="true" advanced="{advanced}">{main}</Type>'
SECOND = "<Ports>" + PORT.replace("IP Connection", "IP Connection - B") + "</Ports>"


def before(*ids: int) -> str:
    """A trigger before each response that runs these actions: 1 read, 2 crc, 3 length, 4 another one."""
    return READ.format(ids="".join(f"<Id>{number}</Id>" for number in ids))


def response(id: int, *content: object, attributes: str = "", optional: str = "") -> str:
    """One response."""
    items = "".join(f"<Param>{number}</Param>" for number in content)
    return (
        f'<Response id="{id}"{attributes}><Name>r{id}</Name><Content{optional}>{items}</Content></Response>'
    )


def on(*responses: str) -> str:
    return f"<Responses>{''.join(responses)}</Responses>"


def params(*params: str) -> str:
    return f"<Params>{''.join(params)}</Params>\n"


def pair(*responses: int, options: str = "") -> str:
    """A command, and a pair that awaits these responses."""
    answers = "".join(f"<Response>{number}</Response>" for number in responses)
    return (
        '<Commands><Command id="1"><Name>c1</Name><Content><Param>9</Param></Content></Command></Commands>'
        f'<Pairs><Pair id="1"{options}><Name>q1</Name><Content><Command>1</Command>{answers}</Content></Pair>'
        "</Pairs>"
    )


def two(body: str, main: str = "smart-serial", second: str = "smart-serial") -> str:
    """A definition with two connections."""
    advanced = f"{second}:IP Connection - B"
    return definition(body + SECOND, TWO.format(advanced=advanced, main=main))


FRAMED = params(param(1), START, END)
CLOSED = params(fixed(1, 2), CRC)
HELD = params(param(1), fixed(2, 1), constant(3, "0x3A"), LF)
LONE = params(param(1), param(2), END)


def last(trailer: str = END, raw: str = "other", type_: str = "last next param", attributes: str = "") -> str:
    """A param that ends at a trailer, and the response that holds both."""
    held = (
        f"<Interprete><RawType>{raw}</RawType><LengthType{attributes}>{type_}</LengthType>"
        f"<Type>{'double' if raw == 'numeric text' else 'string'}</Type></Interprete>"
    )
    return params(param(1, interprete=held), trailer) + on(response(1, 1, 9))


class ResponsesCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case(
            "RE01",
            definition(params(param(1)) + on(response(1, ""))),
            definition(params(param(1)) + on(response(1, 1))),
            ERROR,
            line=5,
            says="found nothing",
        ),
        Case(
            "RE01",
            definition(params(param(1)) + on(response(1, "x1"))),
            definition(params(param(1)) + on(response(1, "1"))),
            ERROR,
            says="'x1'",
        ),
        Case(
            "RE01",
            definition(params(LF) + on(response(1, 4, 9), "\n", response(2, 4, 9))),
            definition(params(param(4), LF) + on(response(1, 4, 9), response(2, 4, 9))),
            ERROR,
            says="there is no param 4; it is also named at line 6",
        ),
        Case(
            "RE01",
            definition(params(LF) + on(response(1, 65045, 9))),
            definition(params(LF) + on(response(1, 9))),
            ERROR,
            says="65045, which has no bytes",
        ),
        Case(
            "RE08",
            serial(params(param(1), LF) + on(response(1, 1)) + pair(1)),
            serial(params(param(1), LF) + on(response(1, 1))),
            WARNING,
            line=5,
            says="response 1 'r1'",
        ),
        Case(
            "RE08",
            serial(params(param(1), LF, CRC) + on(response(1, 1, 9)) + pair(1)),
            serial(
                params(param(1), constant(9, "0x0A", "trailer")) + on(response(1, 1, 9)) + pair(1),
            ),
            WARNING,
        ),
        Case(
            "RE08",
            serial(params(param(1), LF) + on(response(1, 1)) + pair(1)),
            serial(
                params(param(1), LF) + on(response(1, 1)) + pair(1, options=' options="receiveInterval:50"')
            ),
            WARNING,
        ),
        Case(
            "RE08",
            serial(params(fixed(1, 2), param(2), LF) + on(response(1, 1, 9, 2)) + pair(1)),
            serial(params(fixed(1, 2), param(2), LF) + on(response(1, 1, 9)) + pair(1)),
            WARNING,
        ),
        Case(
            "RE10",
            definition(LONE + on(response(1, 1, 9), response(2, 2), response(3, 9))),
            definition(LONE + on(response(1, 1, 9), response(3, 9))),
            WARNING,
            also=("RE03",),
            line=5,
            says="never heard: response 1, 3",
        ),
        Case(
            "RE10",
            definition(params(param(1), LF) + on(response(1, 1), response(2, 9))),
            two(
                params(param(1), LF)
                + on(
                    response(1, 1, attributes=' options="Connection:0"'),
                    response(2, 9, attributes=' options="connection:1"'),
                )
            ),
            WARNING,
        ),
        Case(
            "RE10",
            definition(params(param(1), LF) + on(response(1, 1), response(2, 9))),
            serial(params(param(1), LF) + on(response(1, 1), response(2, 9))),
            WARNING,
        ),
        Case(
            "RE10",
            definition(params(param(1), LF) + on(response(1, 1), response(2, 9))),
            definition(
                params(param(1), fixed(2, 4, "response").replace("<Type>", '<Type id="1">', 1), LF)
                + on(response(1, 1), response(2, 2, 9))
            ),
            WARNING,
        ),
        Case(
            "RE11",
            definition(params(LF) + on(response(1, 9, attributes=' options="Connection:1"'))),
            definition(params(LF) + on(response(1, 9, attributes=' options="Connection:0"'))),
            ERROR,
            line=5,
            says="there is no connection 1",
        ),
        Case(
            "RE11",
            definition(params(LF) + on(response(1, 9, attributes=' options="Connection:x"'))),
            definition(params(LF) + on(response(1, 9, attributes=' options=" connection = 0 ;"'))),
            ERROR,
            says="'x'",
        ),
        Case(
            "RE11",
            definition(params(LF) + on(response(1, 9, attributes=' options="conection:0"'))),
            definition(params(LF) + on(response(1, 9, attributes=' options="connection:0"'))),
            WARNING,
            line=5,
            says="found 'conection'; did you mean Connection?",
        ),
        Case(
            "RE11",
            two(params(LF) + on(response(1, 9))),
            two(params(LF) + on(response(1, 9, attributes=' options="Connection:1"'))),
            WARNING,
            says="there are 2 connections",
        ),
        Case(
            "RE11",
            two(params(LF) + on(response(1, 9))),
            two(params(LF) + on(response(1, 9)), second="virtual"),
            WARNING,
        ),
        Case(
            "RE12",
            definition(params(LF) + on(response(1, 9, optional=' optional="0-"'))),
            definition(params(LF) + on(response(1, 9, optional=' optional="0"'))),
            WARNING,
            line=5,
            says="'0-'",
        ),
        Case(
            "RE12",
            definition(params(LF, fixed(1, 2)) + on(response(1, 9, 1, optional=' optional="2"'))),
            definition(params(LF, fixed(1, 2)) + on(response(1, 9, 1, optional=' optional="0+;1*"'))),
            WARNING,
            says="from 0 to 1, found 2",
        ),
        Case(
            "RE12",
            definition(params(LF, fixed(1, 2)) + on(response(1, 9, 1, optional=' optional="1++"'))),
            definition(params(LF, fixed(1, 2)) + on(response(1, 9, 1, optional=' optional="0+"'))),
            WARNING,
            says="1 and the 2 after it",
        ),
    )

    def test_a_length_shows_where_an_answer_ends(self) -> None:
        length = fixed(2, 1, "length", "unsigned number", "double")
        text = serial(params(length, param(1), LF) + on(response(1, 2, 1)) + pair(1))
        self.assertEqual(codes(text), [])

    def test_a_trailer_and_a_checksum_show_where_an_answer_ends(self) -> None:
        text = serial(
            params(param(1), constant(9, "0x0A", "trailer"), CRC)
            + on(response(1, 1, 9, 7))
            + pair(1)
            + before(1, 2)
        )
        self.assertEqual(codes(text), [])

    def test_what_a_param_holds_need_not_say_its_connection(self) -> None:
        """It is never heard by itself."""
        holder = fixed(2, 4, "response").replace("<Type>", '<Type id="1">', 1)
        body = params(holder, fixed(1, 4), LF) + on(
            response(1, 1), response(2, 2, 9, attributes=' options="Connection:1"')
        )
        self.assertEqual(codes(two(body)), [])

    def test_redundant_connections_are_one(self) -> None:
        type_ = TWO.format(advanced="smart-serial:IP Connection - B", main="smart-serial").replace(
            "<Type ", '<Type communicationOptions="redundantPolling" '
        )
        body = params(LF, fixed(1, 4)) + on(response(1, 1, 9)) + pair(1)
        self.assertEqual(codes(definition(body + SECOND, type_)), [])

    def test_a_wrong_response_is_not_judged_further(self) -> None:
        """The missing param may well be the trailer that would be missed."""
        text = definition(params(param(1), param(2), END) + on(response(1, 1, 2, 3)))
        self.assertEqual(codes(text).count("RE01"), 1)
        self.assertNotIn("RE03", codes(text))
        self.assertNotIn("RE07", codes(text))


class FramesCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case(
            "RE03",
            definition(FRAMED + on(response(1, 8, 1, 9), response(2, 1, 9))),
            definition(FRAMED + on(response(1, 8, 1, 9), response(2, 8, 9))),
            WARNING,
            line=5,
            says="connection 0, with its header, in response 2 'r2'",
        ),
        Case(
            "RE03",
            definition(
                params(fixed(1, 4), END, LF.replace('"9"', '"5"')) + on(response(1, 9), response(2, 1, 5))
            ),
            definition(
                params(fixed(1, 4), END, LF.replace('"9"', '"5"')) + on(response(1, 9), response(2, 5, 9))
            ),
            WARNING,
        ),
        Case(
            "RE03",
            two(
                params(
                    constant(9, "0x0A", "trailer", ' options="connection=1;headerTrailerLink=1"'), fixed(1, 4)
                )
                + on(
                    response(1, 9, attributes=' options="Connection:1"'),
                    response(2, 1, attributes=' options="Connection:1"'),
                )
            ),
            two(
                params(
                    constant(9, "0x0A", "trailer", ' options="connection=1;headerTrailerLink=1"'), fixed(1, 4)
                )
                + on(
                    response(1, 9, attributes=' options="Connection:1"'),
                    response(2, 1, attributes=' options="Connection:0"'),
                )
            ),
            WARNING,
            says="of connection 1",
        ),
        Case(
            "RE13",
            definition(last()),
            definition(last(type_="next param")),
            WARNING,
            line=5,
            says="the last param 9 'p9', which may come again",
        ),
        Case(
            "RE13",
            definition(last(raw="numeric text", trailer=constant(9, "E", "trailer", LINK))),
            definition(last(raw="numeric text")),
            WARNING,
        ),
        Case(
            "RE13",
            definition(last(raw="text", trailer=constant(9, "!", "trailer", LINK))),
            definition(last(raw="text")),
            WARNING,
        ),
        Case(
            "RE13",
            definition(last(constant(9, "0x0A", "trailer", LINK + ' times="2"'), type_="next param")),
            definition(
                last(
                    constant(9, "0x0A", "trailer", LINK + ' times="2"'),
                    type_="next param",
                    attributes=' times="2"',
                )
            ),
            WARNING,
            says="number 1 of param 9 'p9', but number 2",
        ),
        Case(
            "RE15",
            definition(FRAMED + on(response(1, 1, 8, 9))),
            definition(FRAMED + on(response(1, 8, 1, 9))),
            WARNING,
            line=5,
            says="found it at position 1",
        ),
        Case(
            "RE15",
            definition(FRAMED + on(response(1, 8, 1, 8, 9))),
            definition(FRAMED + on(response(1, 8, 1, 9, 9))),
            WARNING,
            line=5,
            says="found it at position 2",
        ),
        Case(
            "RE15",
            serial(
                params(constant(7, "0x01", "header"), constant(8, "0x02", "header")) + on(response(1, 7, 8))
            ),
            serial(params(constant(7, "0x01", "header"), constant(8, "0x02")) + on(response(1, 7, 8))),
            WARNING,
            says="expected the header param 8 'p8' first in response 1 'r1', found it at position 1",
        ),
        Case(
            "RE15",
            definition(
                params(START, END, constant(7, "0x03", "trailer", ' options="headerTrailerLink=2"'))
                + on(response(1, 8, 9, 7))
            ),
            definition(
                params(START, END, constant(7, "0x03", "trailer", ' options="headerTrailerLink=2"'))
                + on(response(1, 8, 9), response(2, 7))
            ),
            WARNING,
            says="expected link 1 only in response 1 'r1', found param 7 'p7' of link 2",
        ),
    )

    def test_stuffing_makes_the_last_trailer_the_right_one(self) -> None:
        """The documented pattern: the trailer may stand in the data, with what escapes it."""
        stuffing = '<Advanced stuffing="on=command,response;escape=0x10;stuffing=0x0A"/>'
        text = definition(last(constant(9, "0x0A", "trailer")) + stuffing)
        self.assertNotIn("RE13", codes(text))
        self.assertIn("RE13", codes(text.replace("command,response", "command")))

    def test_a_packet_that_says_its_length_needs_no_trailer(self) -> None:
        type_ = '<Type relativeTimers="true" communicationOptions="packetInfo:0,2">smart-serial</Type>'
        text = definition(params(param(1), END) + on(response(1, 1), response(2, 9)), type_)
        self.assertNotIn("RE03", codes(text))

    def test_a_trailer_that_comes_twice_in_a_response(self) -> None:
        """The second one ends what is received, the first one the param."""
        twice = constant(9, "0x0A", "trailer", LINK + ' times="2"')
        body = params(param(1), param(2), twice) + on(response(1, 1, 9, 2, 9))
        self.assertEqual(codes(definition(body)), [])


class VerifyingCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case(
            "RE02",
            definition(CLOSED + on(response(1, 1, 7)) + before(1)),
            definition(CLOSED + on(response(1, 1, 7)) + before(1, 2)),
            WARNING,
            line=5,
            says="found action 1 read",
        ),
        Case(
            "RE02",
            definition(CLOSED + on(response(1, 1, 7))),
            definition(CLOSED + on(response(1, 1))),
            WARNING,
            says="no trigger does anything",
        ),
        Case(
            "RE09",
            definition(params(param(1), LF) + on(response(1, 1, 9)) + before(4)),
            definition(params(param(1), LF) + on(response(1, 1, 9)) + before(1)),
            WARNING,
            line=5,
            says="to fill param 1 'p1'; found action 4 clear",
        ),
        Case(
            "RE09",
            definition(params(param(1), param(2), LF) + on(response(1, 1, 9, 2)) + before(5)),
            definition(params(param(1), fixed(2, 1), LF) + on(response(1, 1, 9, 2)) + before(5)),
            WARNING,
        ),
        Case(
            "RE09",
            definition(params(param(1), LF) + on(response(1, 1, 9)) + before(4)),
            definition(params(param(1), LF) + on(response(1, 1, 9))),
            WARNING,
        ),
        Case(
            "RE14",
            definition(CLOSED + on(response(1, 1, 7)) + before(1, 2, 4)),
            definition(CLOSED + on(response(1, 1, 7)) + before(4, 1, 3, 2)),
            WARNING,
            line=5,
            says="found action 4 clear after action 2 crc",
        ),
        Case(
            "RE14",
            definition(CLOSED + on(response(1, 1, 7), response(2, 1, 7)) + before(2, 1)),
            definition(CLOSED + on(response(1, 1, 7), response(2, 1, 7)) + before(1, 2)),
            WARNING,
            says="expected action 1 read before action 2 crc",
        ),
    )

    def test_a_trigger_on_one_response_hides_the_one_on_each(self) -> None:
        own = (
            '<Trigger id="2"><Name>t2</Name><On id="2">response</On><Time>before</Time><Type>action</Type>'
            "<Content><Id>1</Id></Content></Trigger></Triggers>"
        )
        body = CLOSED + on(response(1, 1, 7), response(2, 1, 7)) + before(1, 2).replace("</Triggers>", own)
        found = findings(definition(body))
        self.assertEqual([one.code for one in found], ["RE02"])
        self.assertIn("response 2", found[0].message)

    def test_a_trigger_with_mistakes_is_the_only_finding(self) -> None:
        """What it does is known when it is cured."""
        text = definition(params(param(1), CRC, LF) + on(response(1, 1, 9, 7)) + before(99))
        self.assertEqual(set(codes(text)) & {"RE02", "RE09", "RE14"}, set())

    def test_an_action_on_another_response_does_not_count(self) -> None:
        text = before(1, 2).replace("<On>response</On><Type>crc", '<On id="2">response</On><Type>crc')
        found = findings(definition(CLOSED + on(response(1, 1, 7), response(2, 1, 7)) + text))
        self.assertEqual([one.code for one in found], ["RE02"])
        self.assertIn("response 1", found[0].message)


class CleanTest(SynchronousTestCase):
    def test_params_and_responses_are_enough(self) -> None:
        """A definition of these alone reads by itself, on each kind of connection."""
        body = HELD + on(response(1, 1, 3, 2, 9), response(2, 2, 9))
        for text in (definition(body), serial(body), definition(FRAMED + on(response(1, 8, 1, 9)))):
            self.assertEqual([one for one in findings(text) if one.severity != INFO], [], text)

    def test_an_empty_response_disturbs_nothing(self) -> None:
        text = definition(
            params(param(1), CRC, END) + on(response(1), '<Response id="2"><Name>r</Name></Response>')
        )
        self.assertEqual(set(codes(text)), {"PA11", "RE03"})
