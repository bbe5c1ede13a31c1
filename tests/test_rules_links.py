"""Rules about headers and trailers."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.rulebook import PORT, TYPE, Case, RuleCases, codes, definition, findings, param, serial

TWO = '<Type relativeTimers="true" advanced="{}:IP Connection - B">smart-serial</Type>'
TWO_PORTS = f"{PORT}<Ports>{PORT.replace('IP Connection', 'IP Connection - B')}</Ports>"
DATA = param(9)


def end(id: int, type: str, options: str = "", value: str = "") -> str:
    """A header or trailer of one byte, on a line of its own."""
    made = (
        "<Interprete><RawType>other</RawType><LengthType>fixed</LengthType><Length>1</Length>"
        f"<Type>string</Type><Value>0x{value or f'{id:02}'}</Value></Interprete>"
    )
    return param(id, type, made, f' options="{options}"' if options else "") + "\n"


def response(id: int, *params: int, connection: int | None = None) -> str:
    options = f' options="Connection:{connection}"' if connection is not None else ""
    content = "".join(f"<Param>{number}</Param>" for number in params)
    return f'<Response id="{id}"{options}><Name>r{id}</Name><Content>{content}</Content></Response>'


def body(params: str, *responses: str) -> str:
    return f"<Params>\n{params}{DATA}</Params><Responses>{''.join(responses)}</Responses>"


def smart(params: str, *responses: str) -> str:
    return definition(body(params, *responses))


def two(params: str, *responses: str, type: str = "smart-serial") -> str:
    """The same with two connections; the second is of any type."""
    return definition(body(params, *responses), TWO.format(type), TWO_PORTS)


LINK = "headerTrailerLink=1"
PAIR = end(1, "header", LINK) + end(2, "trailer", LINK)
BOTH = response(1, 1, 9, 2)
GOOD = smart(PAIR, BOTH)
PARTS = (response(1, 1, 9, 2, connection=0), response(2, 3, 9, 4, connection=1))


def parted(first: str, second: str) -> str:
    """Two connections, each with a header and a trailer; the options of each."""
    ends = (
        end(1, "header", first)
        + end(2, "trailer", first)
        + end(3, "header", second)
        + end(4, "trailer", second)
    )
    return two(ends, *PARTS)


ON_0, ON_1 = "headerTrailerLink=1;connection=0", "headerTrailerLink=2;connection=1"
PARTED = parted(ON_0, ON_1)


class LinksCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case(
            "PA04",
            smart(end(2, "trailer"), response(1, 9, 2)),
            smart(end(2, "trailer", LINK), response(1, 9, 2)),
            "warning",
            line=5,
            says="options of a trailer",
        ),
        Case(
            "PA05",
            smart(end(2, "trailer", "headerTrailerLink=one"), response(1, 9, 2)),
            smart(end(2, "trailer", "HEADERTRAILERLINK = 0"), response(1, 9, 2)),
            "error",
            line=5,
            says="'one'",
        ),
        Case(
            "PA05",
            smart(end(2, "trailer", "headerTrailerLink=-1"), response(1, 9, 2)),
            smart(end(2, "trailer", "headerTrailerLink=4294967295"), response(1, 9, 2)),
            "error",
            says="'-1'",
        ),
        Case(
            "PA06",
            smart(param(1, attributes=f' options="{LINK}"'), response(1, 1)),
            smart(param(1), response(1, 1)),
            "info",
            line=5,
            says="found it for read",
        ),
        Case(
            "PA06",
            serial(body(end(2, "trailer", LINK), response(1, 9, 2))),
            serial(body(end(2, "trailer"), response(1, 9, 2))),
            "info",
            says="without a smart-serial connection",
        ),
        Case(
            "PA07",
            smart(PAIR + end(3, "header", LINK), response(1, 1, 9, 2), response(2, 3, 9, 2)),
            smart(
                PAIR + end(3, "header", "headerTrailerLink=2") + end(4, "trailer", "headerTrailerLink=2"),
                response(1, 1, 9, 2),
                response(2, 3, 9, 4),
            ),
            "error",
            line=7,
            says="one header with the link id 1, found param 3 beside 1",
        ),
        Case(
            "PA07",
            smart(PAIR + end(3, "trailer", LINK), response(1, 1, 9, 2), response(2, 1, 9, 3)),
            GOOD,
            "error",
            says="one trailer",
        ),
        Case(
            "PA08",
            two(end(2, "trailer", LINK), response(1, 9, 2, connection=0), response(2, 9, 2, connection=1)),
            two(
                end(2, "trailer", f"{LINK};connection=-1"),
                response(1, 9, 2, connection=0),
                response(2, 9, 2, connection=1),
            ),
            "warning",
            line=5,
            says="there are 2 serial connections",
        ),
        Case(
            "PA09",
            smart(end(2, "trailer", f"{LINK};connection=3"), response(1, 9, 2)),
            smart(end(2, "trailer", f"{LINK};connection=0"), response(1, 9, 2)),
            "warning",
            line=5,
            says="no connection 3",
        ),
        Case(
            "PA09",
            smart(end(2, "trailer", f"{LINK};connection=main"), response(1, 9, 2)),
            smart(end(2, "trailer", f"{LINK};connection=-1"), response(1, 9, 2)),
            "warning",
            says="'main'",
        ),
        Case(
            "PA10",
            smart(end(1, "header", LINK), response(1, 1, 9)),
            GOOD,
            "error",
            line=5,
            says="a trailer with the link id 1, found none",
        ),
        Case(
            "PA10",
            smart(end(1, "header", LINK) + end(2, "trailer", "headerTrailerLink=2"), response(1, 1, 9, 2)),
            GOOD,
            "error",
            says="link id 1",
        ),
        Case(
            "PA11",
            smart(PAIR, response(1, 9, 2)),
            GOOD,
            "warning",
            line=5,
            also=("RE03",),
            says="this header",
        ),
        Case(
            "PA11",
            smart(end(2, "trailer", LINK), response(1, 9)),
            GOOD,
            "warning",
            also=("RE03",),
            says="trailer",
        ),
    )

    def test_several_without_a_link(self) -> None:
        text = smart(end(2, "trailer") + end(3, "trailer"), response(1, 9, 2), response(2, 9, 3))
        found = [one for one in findings(text) if one.code == "PA04"]
        self.assertEqual([(one.severity, one.line) for one in found], [("error", 5), ("error", 6)])

    def test_one_header_and_one_trailer_without_a_link(self) -> None:
        found = findings(smart(end(1, "header") + end(2, "trailer"), BOTH))
        self.assertEqual([(one.code, one.severity) for one in found], [("PA04", "warning")] * 2)

    def test_each_connection_has_its_own(self) -> None:
        ends = [end(2, "trailer", "connection=0"), end(4, "trailer", "connection=1")]
        text = two("".join(ends), response(1, 9, 2, connection=0), response(2, 9, 4, connection=1))
        self.assertEqual([(one.code, one.severity) for one in findings(text)], [("PA04", "warning")] * 2)
        ends[1] = end(4, "trailer", "connection=-1")
        text = two("".join(ends), response(1, 9, 2, connection=0), response(2, 9, 4, connection=1))
        found = [one.severity for one in findings(text) if one.code == "PA04"]
        self.assertEqual(found, ["error"] * 2)

    def test_any_smart_serial_connection_wants_links(self) -> None:
        ends = end(2, "trailer", "connection=1")
        text = two(ends, response(1, 9, connection=0), response(2, 9, 2, connection=1), type="serial")
        self.assertEqual([one.code for one in findings(text) if one.code.startswith("PA")], ["PA04"])

    def test_stuffing_wants_none(self) -> None:
        stuffing = '<Advanced stuffing="on=command,response;escape=0x10;stuffing=0x10"/>'
        text = definition(body(end(2, "trailer"), response(1, 9, 2)), TYPE, head=stuffing)
        self.assertEqual(codes(text), [])

    def test_serial_wants_none(self) -> None:
        ends = end(1, "header") + end(2, "trailer") + end(3, "trailer")
        text = serial(body(ends, response(1, 1, 9, 2), response(2, 9, 3)))
        self.assertEqual([code for code in codes(text) if code.startswith("PA")], [])

    def test_one_link_on_two_connections(self) -> None:
        """Each connection has links of its own."""
        self.assertEqual(codes(PARTED), [])
        self.assertEqual(codes(parted(ON_0, "headerTrailerLink=1;connection=1")), [])

    def test_one_that_is_for_all_clashes_with_each(self) -> None:
        for first, second in (
            (LINK + ";connection=-1", "{};connection=1"),
            ("{};connection=1", LINK + ";connection=-1"),
        ):
            found = findings(parted(first.format(LINK), second.format(LINK)))
            clashes = [(one.line, one.severity) for one in found if one.code == "PA07"]
            self.assertEqual(clashes, [(7, "error"), (8, "error")])

    def test_a_connection_that_is_not_serial(self) -> None:
        ends = end(2, "trailer", f"{LINK};connection=1")
        found = findings(two(ends, response(1, 9, 2), type="http"))
        [one] = [one for one in found if one.code == "PA09"]
        self.assertIn("connection 1: http", one.message)

    def test_unknown_connections_are_the_cause(self) -> None:
        ends = end(2, "trailer", f"{LINK};connection=0")
        text = definition(body(ends, response(1, 9, 2)), '<Type relativeTimers="true">smart</Type>')
        self.assertEqual([code for code in codes(text) if code.startswith("PA")], [])

    def test_a_trailer_on_another_connection(self) -> None:
        ends = end(1, "header", f"{LINK};connection=0") + end(2, "trailer", f"{LINK};connection=1")
        found = findings(two(ends, response(1, 1, 9, connection=0), response(2, 9, 2, connection=1)))
        [one] = [one for one in found if one.code == "PA10"]
        self.assertIn("on connection 0", one.message)
        ends = end(1, "header", f"{LINK};connection=-1") + end(2, "trailer", f"{LINK};connection=0")
        found = findings(two(ends, response(1, 1, 9, 2, connection=0), response(2, 1, 9, connection=1)))
        [one] = [one for one in found if one.code == "PA10"]
        self.assertIn("on connection 1", one.message)

    def test_a_wrong_trailer_may_be_the_one(self) -> None:
        for trailer in (end(2, "trailer", "headerTrailerLink=x"), end(2, "trialer", LINK)):
            found = codes(smart(end(1, "header", LINK) + trailer, BOTH))
            self.assertNotIn("PA10", found)

    def test_a_command_is_a_use(self) -> None:
        command = (
            '<Command id="1"><Name>c</Name><Content><Param>9</Param><Param>2</Param></Content></Command>'
        )
        text = definition(f"{body(end(2, 'trailer', LINK), response(1, 9))}<Commands>{command}</Commands>")
        self.assertNotIn("PA11", codes(text))

    def test_on_serial_it_may_be_unused(self) -> None:
        self.assertEqual(codes(serial(body(end(2, "trailer"), response(1, 9)))), [])
