"""Timers: how often they run, and what."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.check import MOST_FINDINGS
from smartserial.findings import ERROR, INFO, WARNING
from tests.rulebook import Case, RuleCases, codes, constant, findings, fixed, serial

HELD = (
    f"<Params>{fixed(1, 2)}{constant(9, '0x0A')}</Params>"
    '<Commands><Command id="1"><Name>c1</Name><Content><Param>9</Param></Content></Command></Commands>'
    '<Pairs><Pair id="1"><Name>q1</Name><Content><Command>1</Command></Content></Pair></Pairs>'
    '<Actions><Action id="1"><Name>a1</Name><On id="1">parameter</On><Type>clear</Type></Action></Actions>'
    '<Groups><Group id="1"><Name>g1</Name><Content><Pair>1</Pair></Content></Group>'
    '<Group id="2"><Name>g2</Name><Type>action</Type><Content><Action>1</Action></Content></Group>'
    '<Group id="-1"><Name>g3</Name><Content><Pair>1</Pair></Content></Group></Groups>\n'
)


def timer(
    time: str = "<Time>5000</Time>", *groups: object, id: int = 1, attributes: str = "", more: str = ""
) -> str:
    """One timer; of group 1 if nothing else is said."""
    items = "".join(f"<Group>{number}</Group>" for number in groups or (1,))
    return f'<Timer id="{id}"{attributes}><Name>t{id}</Name>{time}{more}<Content>{items}</Content></Timer>'


def with_(*timers: str) -> str:
    """A definition; the timers are on line 5."""
    return serial(f"{HELD}<Timers>{''.join(timers)}</Timers>")


def at(text: str, attributes: str = "") -> str:
    return with_(timer(f"<Time{attributes}>{text}</Time>"))


def both(first: object, second: object) -> str:
    """Two timers, on lines 5 and 6."""
    return with_(timer(f"<Time>{first}</Time>"), "\n", timer(f"<Time>{second}</Time>", id=2))


GOOD = with_(timer())


class TimersCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("TI01", with_(timer("")), GOOD, ERROR, line=5, says="found none"),
        Case("TI01", at(""), GOOD, ERROR, line=5, says="found nothing"),
        Case("TI01", at("5s"), at("loop"), ERROR, says="ms, or loop, found '5s'"),
        Case("TI01", at("-1000"), at("LOOP"), ERROR),
        Case("TI01", at("2073600001"), at("2073600000"), ERROR, says="at most 2073600000 ms"),
        Case("TI01", at("9" * 30), GOOD, ERROR, says="at most 2073600000 ms"),
        Case(
            "TI01",
            at("5000", ' initial="random=9:1"'),
            at("5000", ' initial="random=1:9"'),
            WARNING,
            line=5,
            says="'random=9:1'",
        ),
        Case("TI01", at("5000", ' initial="later"'), at("5000", ' initial="false"'), WARNING),
        Case(
            "TI01",
            with_(timer(more="<Interval>quick</Interval>")),
            with_(timer(more="<Interval>75</Interval>")),
            WARNING,
            says="'quick'",
        ),
        Case("TI02", at("999"), at("1000"), INFO, line=5, says="expected 1000 ms or more, found 999"),
        Case("TI02", at("0"), at("loop"), INFO),
        Case("TI02", both(5000, 5000), both(5000, 6000), INFO, line=6, says="5000 beside 5000 of timer 1"),
        Case("TI02", both(5999, 5000), both("loop", "loop"), INFO, line=5, says="of timer 2"),
        Case(
            "TI03",
            with_(timer("<Time>5000</Time>", "")),
            with_(timer("<Time>5000</Time>", 1)),
            ERROR,
            line=5,
            says="found nothing",
        ),
        Case(
            "TI03",
            with_(timer("<Time>5000</Time>", "1:2:3")),
            with_(timer("<Time>5000</Time>", -1)),
            ERROR,
            says="'1:2:3'",
        ),
        Case(
            "TI03",
            with_(timer("<Time>5000</Time>", 4)),
            with_(timer("<Time>5000</Time>", 2)),
            ERROR,
            says="there is no group 4",
        ),
        Case(
            "TI03",
            with_(timer().replace("<Group>1</Group>", "")),
            with_(timer()),
            ERROR,
            line=5,
            says="the groups that the timer runs, found none",
        ),
        Case(
            "TI03",
            with_(timer().replace("<Content><Group>1</Group></Content>", "")),
            with_(timer()),
            ERROR,
            line=5,
        ),
        Case(
            "TI04",
            with_(timer("<Time>5000</Time>", 1, 2)),
            with_(timer("<Time>5000</Time>", 2, 1)),
            WARNING,
            line=5,
            says="found group 2 of type action",
        ),
        Case(
            "TI04",
            with_(timer("<Time>5000</Time>", 2, 1, 2)),
            with_(timer("<Time>5000</Time>", 2, 2)),
            WARNING,
        ),
        Case(
            "TI06",
            with_(timer(attributes=' options="each:100"')),
            with_(timer(attributes=' options=""')),
            ERROR,
            line=5,
            says="'each:100'",
        ),
    )

    def test_of_many_timers_each_has_one_finding_at_most(self) -> None:
        """They are told beside the next shorter one only."""
        timers = (timer(f"<Time>{5000 + number}</Time>", id=number) for number in range(1, 2001))
        found = findings(with_(*timers))
        self.assertEqual([one.code for one in found], ["TI02"] * MOST_FINDINGS + ["XM12"])
        self.assertIn(f"{1999 - MOST_FINDINGS} more", found[-1].message)

    def test_a_short_time_is_told_once(self) -> None:
        self.assertEqual(codes(both(300, 400)), ["TI02", "TI02"])
        self.assertEqual(codes(both(300, 1200)), ["TI02", "TI02"])

    def test_a_wrong_last_group_is_told_there(self) -> None:
        self.assertEqual(codes(with_(timer("<Time>5000</Time>", 1, 4))), ["TI03"])
        text = with_(timer("<Time>5000</Time>", 1, 2)).replace("<Type>action<", "<Type>acts<", 1)
        self.assertEqual(codes(text), ["GR02"])
