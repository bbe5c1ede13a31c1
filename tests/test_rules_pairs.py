"""Pairs: their commands and answers, their options, and where they are sent."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.findings import ERROR, INFO, WARNING
from tests.rulebook import PORT, Case, RuleCases, codes, constant, definition, findings, fixed, serial

HELD = (
    f"<Params>{fixed(1, 2)}{constant(9, '0x0A')}</Params>"
    '<Commands><Command id="1"><Name>c1</Name><Content><Param>9</Param></Content></Command></Commands>'
    "<Responses>{responses}</Responses>\n"
)


def response(id: int, attributes: str = "") -> str:
    return (
        f'<Response id="{id}"{attributes}><Name>r{id}</Name><Content><Param>1</Param><Param>9</Param>'
        "</Content></Response>"
    )


def pair(*content: str, id: int = 1, attributes: str = "") -> str:
    """One pair; `content` are its elements."""
    items = "".join(content)
    return f'<Pair id="{id}"{attributes}><Name>q{id}</Name><Content>{items}</Content></Pair>'


COMMAND, ONE, TWO = "<Command>1</Command>", "<Response>1</Response>", "<Response>2</Response>"
BAD = "<ResponseOnBadCommand>{}</ResponseOnBadCommand>"


def body(*pairs: str, responses: str = response(1) + response(2), more: str = "") -> str:
    """The pairs are on line 5."""
    return HELD.format(responses=responses) + f"<Pairs>{''.join(pairs)}</Pairs>" + more


def on(connection: int, id: int = 1) -> str:
    return response(id, f' options="Connection:{connection}"')


def two(text: str, main: str = "smart-serial", second: str = "smart-serial") -> str:
    """A definition with two connections."""
    name = "Serial Connection - B" if second == "serial" else "IP Connection - B"
    type_ = f'<Type relativeTimers="true" advanced="{second}:{name}">{main}</Type>'
    return definition(text + f"<Ports>{PORT.replace('IP Connection', name)}</Ports>", type_)


def group(connection: int, pair: int | str = 1) -> str:
    return (
        f'<Groups><Group id="1" connection="{connection}"><Name>g1</Name><Type>poll</Type>'
        f"<Content><Pair>{pair}</Pair></Content></Group></Groups>"
    )


def after(*clears: str, on_each: bool = True) -> str:
    """Triggers after responses, each with one action clear; a trigger on each, or on response 1, 2, ..."""
    triggers, actions = "", ""
    for number, named in enumerate(clears, 1):
        id_ = "each" if on_each else str(number)
        triggers += (
            f'<Trigger id="{number}"><Name>t{number}</Name><On id="{id_}">response</On><Time>after</Time>'
            f"<Type>action</Type><Content><Id>{number}</Id></Content></Trigger>"
        )
        actions += (
            f'<Action id="{number}"><Name>a{number}</Name><On{named}>response</On><Type>clear</Type></Action>'
        )
    return f"<Triggers>{triggers}</Triggers><Actions>{actions}</Actions>"


BOTH = pair(COMMAND, ONE, TWO)
PINGS = (
    pair(COMMAND, ONE, attributes=' ping="true"'),
    pair(COMMAND, TWO, id=2, attributes=' ping="true"'),
)
APART = after(' id="2"', ' id="1"', on_each=False)


class PairsCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case(
            "PR01",
            serial(body(pair(ONE))),
            serial(body(pair(COMMAND, ONE))),
            ERROR,
            line=5,
            says="found none",
        ),
        Case(
            "PR01",
            serial(body('<Pair id="1"><Name>q1</Name></Pair>')),
            serial(body(pair(COMMAND))),
            ERROR,
            line=5,
        ),
        Case(
            "PR01",
            serial(body(pair("<Command></Command>"))),
            serial(body(pair(COMMAND))),
            ERROR,
            says="found nothing",
        ),
        Case(
            "PR01",
            serial(body(pair("<Command>one</Command>"))),
            serial(body(pair(COMMAND))),
            ERROR,
            says="'one'",
        ),
        Case(
            "PR01",
            serial(body(pair("<Command>7</Command>"))),
            serial(body(pair(COMMAND))),
            ERROR,
            says="there is no command 7",
        ),
        Case(
            "PR01",
            serial(body(pair(COMMAND, "<Command>2</Command>"))),
            serial(body(pair(COMMAND))),
            ERROR,
            says="found another: '2'",
        ),
        Case(
            "PR02",
            serial(body(pair(COMMAND, "<Response/>"))),
            serial(body(pair(COMMAND, ONE))),
            ERROR,
            line=5,
            says="found nothing",
        ),
        Case(
            "PR02",
            serial(body(pair(COMMAND, "<Response>02</Response>"))),
            serial(body(pair(COMMAND, TWO))),
            ERROR,
            says="'02'",
        ),
        Case(
            "PR02",
            serial(body(pair(COMMAND, ONE, BAD.format(8)))),
            serial(body(pair(COMMAND, ONE))),
            ERROR,
            says="there is no response 8",
        ),
        Case(
            "PR03",
            serial(body(BOTH)),
            serial(body(BOTH, more=after(""))),
            WARNING,
            line=5,
            says="after each response of pair 1 'q1', found none after response 1, 2",
        ),
        Case(
            "PR03",
            serial(body(pair(COMMAND, ONE, BAD.format(2)), more=after(' id="1"'))),
            serial(body(pair(COMMAND, ONE, BAD.format(2)), more=after(' id="1;2"'))),
            WARNING,
            says="found none after response 2",
        ),
        Case(
            "PR03",
            serial(body(BOTH, more=after(' id="2"', on_each=False))),
            serial(body(BOTH, more=APART)),
            WARNING,
        ),
        Case(
            "PR05",
            serial(body(pair(COMMAND, attributes=' ping="true"'))),
            serial(body(pair(COMMAND, ONE, attributes=' ping="true"'))),
            ERROR,
            line=5,
        ),
        Case(
            "PR06",
            serial(
                body(
                    pair(COMMAND, ONE, attributes=' ping="true"'),
                    "\n",
                    pair(COMMAND, TWO, id=2, attributes=' ping="True"'),
                )
            ),
            serial(
                body(
                    pair(COMMAND, ONE, attributes=' ping="true"'),
                    pair(COMMAND, TWO, id=2, attributes=' ping="false"'),
                )
            ),
            WARNING,
            line=6,
            says="on connection 0, found pair 2 'q2' beside pair 1",
        ),
        Case(
            "PR06",
            two(
                body(*PINGS, responses=on(0) + on(1, 2), more=group(0, 2)).replace(
                    "Connection:1", "Connection:0"
                )
            ),
            two(body(*PINGS, responses=on(0) + on(1, 2), more=group(1, 2))),
            WARNING,
            line=5,
        ),
        Case(
            "PR06",
            two(body(*PINGS, responses=on(1) + on(1, 2), more=group(1, "1</Pair><Pair>2"))),
            two(
                body(
                    PINGS[0],
                    pair(COMMAND, TWO, id=2),
                    responses=on(1) + on(1, 2),
                    more=group(1, "1</Pair><Pair>2"),
                )
            ),
            WARNING,
            says="on connection 1, found pair 2",
        ),
        Case(
            "PR07",
            serial(body(pair(COMMAND, attributes=' options=";retries:2"'))),
            serial(body(pair(COMMAND, attributes=' options="retries:2;"'))),
            WARNING,
            line=5,
            says="before each semicolon, found nothing",
        ),
        Case(
            "PR07",
            serial(body(pair(COMMAND, attributes=' options="retries:2; ;oneByte"'))),
            serial(body(pair(COMMAND, attributes=' options=" retries:2;oneByte; "'))),
            WARNING,
        ),
        Case(
            "PR07",
            serial(body(pair(COMMAND, attributes=' options="retries:two"'))),
            serial(body(pair(COMMAND, attributes=' options="retries:2;oneByte;commBreak:10;ignoreTimeout"'))),
            ERROR,
            line=5,
            says="'two'",
        ),
        Case(
            "PR07",
            serial(body(pair(COMMAND, attributes=' options="retry:2"'))),
            serial(body(pair(COMMAND, attributes=' options=""'))),
            WARNING,
            says="'retry'",
        ),
        Case(
            "PR07",
            serial(body(pair(COMMAND, attributes=' options="connection:4"'))),
            serial(body(pair(COMMAND, attributes=' options="connection:0"'))),
            ERROR,
            line=5,
            says="there is no connection 4",
        ),
        Case(
            "PR07",
            serial(body(pair(COMMAND, attributes=' timeout="9"'))),
            serial(body(pair(COMMAND, attributes=' timeout="10"'))),
            WARNING,
            says="from 10 to 120000 ms, found '9'",
        ),
        Case(
            "PR07",
            serial(body(pair(COMMAND, attributes=' timeout="120001"'))),
            serial(body(pair(COMMAND, attributes=' timeout="120000"'))),
            WARNING,
        ),
        Case(
            "PR07",
            serial(body(pair(COMMAND, attributes=' timeout="-5"'))),
            serial(body(pair(COMMAND, attributes=' timeout=" 500 "'))),
            ERROR,
        ),
        Case(
            "PR08",
            definition(body(pair(COMMAND, ONE))),
            definition(body(pair(COMMAND))),
            INFO,
            line=5,
            says="on connection 0, where response 2 may come at any time",
        ),
        Case(
            "PR08",
            definition(body(pair(COMMAND, ONE))),
            definition(body(pair(COMMAND, ONE), responses=response(1))),
            INFO,
        ),
        Case(
            "PR08",
            definition(body(pair(COMMAND, ONE))),
            serial(body(pair(COMMAND, ONE))),
            INFO,
        ),
        Case(
            "PR08",
            two(body(pair(COMMAND, ONE), responses=on(0) + on(0, 2))),
            two(body(pair(COMMAND, ONE), responses=on(0) + on(1, 2))),
            INFO,
        ),
        Case(
            "PR09",
            two(body(pair(COMMAND, ONE), responses=on(1))),
            two(body(pair(COMMAND, ONE, attributes=' options="connection:1"'), responses=on(1))),
            ERROR,
            line=5,
            says="pair 1 'q1' is sent on connection 0, response 1 'r1' is heard on connection 1",
        ),
        Case(
            "PR09",
            two(body(pair(COMMAND, ONE), responses=on(0), more=group(1))),
            two(body(pair(COMMAND, ONE), responses=on(1), more=group(1))),
            ERROR,
        ),
        Case(
            "PR09",
            two(body(pair(COMMAND, BAD.format(1), attributes=' options="connection:1"'), responses=on(0))),
            two(body(pair(COMMAND, BAD.format(1)), responses=on(0))),
            ERROR,
        ),
        Case(
            "PR09",
            two(body(pair(COMMAND, ONE, attributes=' options="connection:1"'), responses=response(1))),
            two(body(pair(COMMAND, ONE), responses=response(1))),
            ERROR,
            also=("RE11",),
        ),
    )

    def test_on_a_serial_connection_an_answer_need_not_say_where(self) -> None:
        """There only the pair that waits hears anything."""
        text = two(
            body(pair(COMMAND, ONE, attributes=' options="connection:1"'), responses=response(1)),
            second="serial",
        )
        self.assertEqual([code for code in codes(text) if code == "PR09"], [])

    def test_the_option_wins_over_the_group(self) -> None:
        text = body(pair(COMMAND, ONE, attributes=' options="connection:0"'), responses=on(0), more=group(1))
        self.assertEqual(codes(two(text)), [])

    def test_pings_of_different_connections(self) -> None:
        text = body(
            pair(COMMAND, ONE, attributes=' ping="true"'),
            pair(COMMAND, TWO, id=2, attributes=' ping="true" options="connection:1"'),
            responses=on(0) + on(1, 2),
        )
        self.assertEqual(codes(two(text)), [])

    def test_a_trigger_on_one_response_replaces_the_one_on_each(self) -> None:
        more = after("").replace(
            "</Triggers>",
            '<Trigger id="2"><Name>t2</Name><On id="2">response</On><Time>after</Time><Type>action</Type>'
            "<Content><Id>2</Id></Content></Trigger></Triggers>",
        )
        more = more.replace(
            "</Actions>",
            '<Action id="2"><Name>a2</Name><On id="1">response</On><Type>clear</Type></Action></Actions>',
        )
        [found] = findings(serial(body(BOTH, more=more)))
        self.assertEqual((found.code, found.message[-10:]), ("PR03", "response 2"))

    def test_of_three_answers_each_clears_the_two_others(self) -> None:
        three = pair(COMMAND, ONE, TWO, "<Response>3</Response>")
        responses = response(1) + response(2) + response(3)
        complete = after(' id="2;3"', ' id="1;3"', ' id="1;2"', on_each=False)
        self.assertEqual(codes(serial(body(three, responses=responses, more=complete))), [])
        gap = after(' id="2;3"', ' id="1;3"', ' id="1"', on_each=False)
        self.assertEqual(codes(serial(body(three, responses=responses, more=gap))), ["PR03"])

    def test_many_options_that_are_wrong_are_all_told_in_one(self) -> None:
        for options, severity, words in (
            ("retries:x;what;connection:", ERROR, ("retries: ", "'what'", "connection: ")),
            ("connection:4;what", ERROR, ("there is no connection 4", "'what'")),
            ("oneByte;what;oneByte", WARNING, ("'what'", "oneByte is given twice")),
        ):
            [found] = findings(serial(body(pair(COMMAND, attributes=f' options="{options}"'))))
            self.assertEqual((found.code, found.severity), ("PR07", severity))
            for word in words:
                self.assertIn(word, found.message)

    def test_options_and_timeout_are_two_texts(self) -> None:
        text = serial(body(pair(COMMAND, attributes=' options="what" timeout="soon"')))
        self.assertEqual(
            [(one.code, one.severity) for one in findings(text)], [("PR07", WARNING), ("PR07", ERROR)]
        )

    def test_a_ping_of_several_groups_counts_on_each_connection(self) -> None:
        both = group(0) + group(1).replace('id="1"', 'id="2"', 1).replace("g1", "g2")
        pairs = (
            pair(COMMAND, ONE, attributes=' ping="true"'),
            pair(COMMAND, TWO, id=2, attributes=' ping="true" options="connection:1"'),
        )
        more = both.replace("</Groups><Groups>", "")
        found = findings(two(body(*pairs, responses=response(1) + on(1, 2), more=more)))
        self.assertIn("on connection 1, found pair 2 'q2' beside pair 1", found[-1].message)

    def test_a_pair_with_many_answers_costs_little(self) -> None:
        many = range(1, 3001)
        answers = (f"<Response>{number}</Response>" for number in many)
        text = body(
            pair(COMMAND, *answers),
            responses="".join(response(number) for number in many),
            more=after(f' id="{";".join(map(str, many))}"'),
        )
        self.assertNotIn("PR03", codes(serial(text)))
