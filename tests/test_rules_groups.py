"""Groups: their items, and where they are sent."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.findings import ERROR, INFO, WARNING
from tests.rulebook import Case, RuleCases, codes, constant, definition, fixed, serial

HELD = (
    f"<Params>{fixed(1, 2)}{constant(9, '0x0A')}</Params>"
    '<Commands><Command id="1"><Name>c1</Name><Content><Param>9</Param></Content></Command></Commands>'
    '<Pairs><Pair id="1"><Name>q1</Name><Content><Command>1</Command></Content></Pair></Pairs>'
    '<Triggers><Trigger id="1"><Name>t1</Name><Type>action</Type><Content><Id>1</Id></Content></Trigger>'
    "</Triggers>"
    '<Actions><Action id="1"><Name>a1</Name><On id="1">parameter</On><Type>clear</Type></Action></Actions>\n'
)
PAIR, ACTION, TRIGGER = "<Pair>1</Pair>", "<Action>1</Action>", "<Trigger>1</Trigger>"


def group(
    *items: str, type: str = "<Type>poll</Type>", id: int = 1, attributes: str = "", content: bool = True
) -> str:
    """One group."""
    held = f"<Content>{''.join(items)}</Content>" if content else ""
    return f'<Group id="{id}"{attributes}><Name>g{id}</Name>{type}{held}</Group>'


def body(*groups: str, more: str = "") -> str:
    """The groups are on line 5."""
    return f"{HELD}<Groups>{''.join(groups)}</Groups>{more}"


def of(type: str, *items: str) -> str:
    """A definition with one group of a type."""
    return serial(body(group(*items, type=f"<Type>{type}</Type>")))


GOOD = serial(body(group(PAIR)))
SESSION = '<HTTP><Session id="1"><Name>s</Name></Session></HTTP>'
ACT = "<Type>action</Type>"
VIRTUAL = '<Type relativeTimers="true">virtual</Type>'


class GroupsCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("GR01", serial(body(group(content=False))), GOOD, WARNING, line=5),
        Case("GR01", serial(body(group())), GOOD, WARNING, line=5),
        Case(
            "GR01",
            definition(body(group(content=False), group(ACTION, type=ACT, id=2)), VIRTUAL),
            definition(f"<Groups>{group(content=False)}</Groups>", VIRTUAL),
            WARNING,
        ),
        Case(
            "GR02",
            of("poll", PAIR, ACTION),
            of("poll", PAIR, PAIR),
            ERROR,
            line=5,
            says="found Action beside Pair",
        ),
        Case("GR02", of("poll", ACTION), of("poll action", ACTION), ERROR, says="in a group of type poll"),
        Case("GR02", of("action", PAIR), of("action", ACTION), ERROR, says="expected Action in"),
        Case("GR02", of("poll trigger", ACTION), of("Poll Trigger", TRIGGER), ERROR),
        Case("GR02", of("trigger", PAIR), of("trigger", TRIGGER), ERROR),
        Case("GR02", serial(body(group(TRIGGER, type=""))), serial(body(group(PAIR, type=""))), ERROR),
        Case("GR02", of("polls", PAIR), of("poll", PAIR), ERROR, says="'polls'"),
        Case("GR03", of("poll", *[PAIR] * 11), of("poll", *[PAIR] * 10), INFO, line=5, says="found 11"),
        Case("GR04", of("poll", "<Pair/>"), of("poll", PAIR), ERROR, line=5, says="found nothing"),
        Case("GR04", of("poll", "<Pair>a</Pair>"), of("poll", PAIR), ERROR, says="'a'"),
        Case("GR04", of("poll", "<Pair>6</Pair>"), of("poll", PAIR), ERROR, says="there is no pair 6"),
        Case("GR04", of("action", "<Action>6</Action>"), of("action", ACTION), ERROR, says="no action 6"),
        Case(
            "GR04", of("trigger", "<Trigger>6</Trigger>"), of("trigger", TRIGGER), ERROR, says="no trigger 6"
        ),
        Case(
            "GR04", of("poll", "<Param>6</Param>"), of("poll", "<Param>1</Param>"), ERROR, says="no param 6"
        ),
        Case(
            "GR04",
            of("poll", "<Session>6</Session>").replace("<Groups>", f"{SESSION}<Groups>"),
            of("poll", "<Session>1</Session>").replace("<Groups>", f"{SESSION}<Groups>"),
            ERROR,
            also=("XM07",),  # a notice about HTTP
            says="no session 6",
        ),
        Case(
            "GR04",
            of("poll", '<Pair next="soon">1</Pair>'),
            of("poll", '<Pair next="500">1</Pair>'),
            WARNING,
            says="'soon'",
        ),
        Case(
            "GR06",
            serial(body(group(PAIR, attributes=' connection="1"'))),
            serial(body(group(PAIR, attributes=' connection="0"'))),
            ERROR,
            line=5,
            says="there is no connection 1",
        ),
        Case(
            "GR06",
            serial(body(group(PAIR, attributes=' connection="1001"'))),
            serial(
                body(
                    group(PAIR, attributes=' connection="1001"'),
                    more='<Threads><Thread connection="1000,1001"/></Threads>',
                )
            ),
            ERROR,
        ),
        Case(
            "GR06",
            serial(body(group(PAIR, attributes=' connection=""'))),
            GOOD,
            ERROR,
            says="expected the id of a connection, found nothing",
        ),
        Case(
            "GR07",
            serial(body(group(ACTION, type="<Type>poll action</Type>", id=-1))),
            serial(body(group(PAIR, id=-1))),
            ERROR,
            line=5,
        ),
        Case(
            "GR07",
            serial(body(group(id=-1))),
            definition(body(group(ACTION, type="<Type>poll action</Type>", id=-1))),
            ERROR,
        ),
    )

    def test_a_pair_with_mistakes_exists(self) -> None:
        """It is told there, and not once more where it is named."""
        text = serial(body(group(PAIR)).replace("<Command>1</Command>", ""))
        self.assertEqual(codes(text), ["PR01"])

    def test_an_action_that_is_not_understood_exists(self) -> None:
        text = serial(body(group(ACTION, type=ACT)).replace("<Type>clear", "<Type>clean"))
        self.assertNotIn("GR04", codes(text))

    def test_groups_of_timers_for_tables_may_be_empty(self) -> None:
        timer = (
            '<Timers><Timer id="1" options="ip:100,1"><Name>t</Name><Time>5000</Time>'
            "<Content><Group>1</Group></Content></Timer></Timers>"
        )
        self.assertEqual(codes(serial(body(group(content=False), more=timer))), ["TI06"])

    def test_a_group_may_name_a_param_of_every_element(self) -> None:
        self.assertEqual(codes(of("poll", "<Param>65008</Param>")), [])
