"""Triggers that wait for nothing, and triggers that fire nothing."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.flowtexts import action, group, told, trigger, waiting
from tests.rulebook import Case, RuleCases, codes, findings, fixed, param

NUMBER = action(1, "parameter", "increment", 4)
EXECUTE = action(1, "group", "execute", 1)
NAMED = '<On id="{}">{}</On>'
AFTER_STARTUP = "<On>protocol</On>", "<Time>after startup</Time>"
GOOD = told(waiting(1, "group", 1, "after"), NUMBER)
CHAIN = (
    waiting(1, "parameter", 2, "change", "<Id>2</Id>", type="trigger")
    + trigger(2, fires="<Id>3</Id>", type="trigger")
    + trigger(3)
)
LONG_NAME = "x" * 200


def on(element: str, time: str = "after", fires: str = "<Id>1</Id>") -> str:
    """A definition with one trigger, which has this On."""
    return told(trigger(1, element, f"<Time>{time}</Time>", fires), NUMBER)


def at_startup(*more: str, actions: str = EXECUTE, groups: str = "", condition: str = "") -> str:
    """A definition with a trigger after startup."""
    return told(trigger(1, *AFTER_STARTUP, condition=condition) + "".join(more), actions, groups)


def clears(id: int | str, items: int | str = 1, triggers: str = "", added: str = "") -> str:
    """A definition in which the change of a param clears responses."""
    cleared = action(1, "response", "clear", items)
    return told(triggers or waiting(1, "parameter", id, "change"), cleared, added=added)


class TriggerCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case(
            "TR01",
            on("<On>group</On>"),
            GOOD,
            "error",
            line=12,
            says="expected the id of a group in On, or each",
        ),
        Case(
            "TR01", on('<On id=" ">group</On>'), on('<On id="each">group</On>'), "error", says="found nothing"
        ),
        Case("TR01", on('<On id="1;1">group</On>'), on('<On id="EACH">group</On>'), says="one id of a group"),
        Case("TR01", on('<On id="x">group</On>'), GOOD, says="found 'x'"),
        Case("TR01", on('<On id="9">group</On>'), GOOD, says="there is no group 9"),
        Case("TR01", on('<On id="-1">group</On>'), GOOD, says="there is no group -1"),
        Case("TR01", on('<On id="-1">command</On>'), on('<On id="1">command</On>'), says="found '-1'"),
        Case("TR01", on('<On id="9">response</On>'), on('<On id="1">response</On>'), says="no response 9"),
        Case("TR01", on('<On id="9">pair</On>', "timeout"), on('<On id="1">pair</On>', "timeout")),
        Case("TR01", on('<On id="9">timer</On>', "before"), on("<On>communication</On>", "TIMEOUT")),
        Case(
            "TR01",
            on('<On id="each">timer</On>', "before"),
            on('<On id="each">command</On>', "before"),
            "error",
            says="the id of a timer, found 'each'",
        ),
        Case("TR01", on("<On>timer</On>", "before"), GOOD, says="the id of a timer in On, found nothing"),
        Case("TR01", on('<On id="each">session</On>', "timeout"), GOOD, says="found 'each'"),
        Case(
            "TR01",
            on('<On id="9">parameter</On>', "change"),
            on('<On id="65008">parameter</On>', "change"),
            says="no param 9",
        ),
        Case(
            "TR02",
            told(trigger(1, '<On id="1">protocol</On>', AFTER_STARTUP[1]), EXECUTE),
            at_startup(),
            "info",
            says="found id '1'",
        ),
        Case(
            "TR02",
            on('<On id="">communication</On>', "TIMEOUT"),
            on("<On>communication</On>", "TIMEOUT"),
            says="found id nothing",
        ),
        Case("TR03", on("<On/>"), GOOD, "error", says="found nothing"),
        Case("TR03", on('<On id="1">grup</On>'), GOOD, says="one of command, response, pair, group"),
        Case(
            "TR03",
            told(trigger(1, time="<Time>after</Time>"), NUMBER),
            told(trigger(1), NUMBER),
            says="expected On",
        ),
        Case("TR03", told(trigger(1, NAMED.format(1, "group")), NUMBER), GOOD, says="before, after"),
        Case("TR03", on(NAMED.format(1, "group"), "ifnot"), GOOD, says="found 'ifnot'"),
        Case("TR03", on(NAMED.format(2, "parameter"), "after"), on(NAMED.format(2, "parameter"), "Change")),
        Case(
            "TR03", on("<On>communication</On>", " "), on("<On>communication</On>", "0x15"), says="the data"
        ),
        Case(
            "TR04",
            told(waiting(1, "group", 1, "after") + waiting(2, "group", 1, "After"), NUMBER),
            told(waiting(1, "group", 1, "after") + waiting(2, "group", 1, "before"), NUMBER),
            "warning",
            line=13,
            says="trigger 1 (t1) waits for it too",
        ),
        Case(
            "TR04",
            told("".join(waiting(number, "group", "each", "after") for number in (1, 2, 3)), NUMBER),
            told(waiting(1, "group", "each", "after") + waiting(2, "group", 1, "after"), NUMBER),
            says="as 1 more do",
        ),
        Case(
            "TR04",
            told(
                waiting(1, "group", 1, "after", condition="<Condition>id:4 == 1</Condition>")
                + waiting(2, "group", 1, "after", condition="<Condition>id:4 == 2</Condition>"),
                NUMBER,
            ),
            told(
                waiting(1, "group", 1, "after", condition="<Condition>id:4 == 1</Condition>")
                + waiting(2, "group", 1, "before", condition="<Condition>id:4 == 2</Condition>"),
                NUMBER,
            ),
            "warning",
            says="it is uncertain",
        ),
        Case(
            "TR04",
            told(
                waiting(1, "group", 1, "after", "<Id>3</Id>", type="trigger")
                + waiting(2, "group", 1, "after")
                + trigger(3),
                NUMBER,
            ),
            told(waiting(1, "group", 1, "after", "<Id>3</Id>", type="trigger") + trigger(3), NUMBER),
            "warning",
            line=13,
        ),
        Case(
            "TR04",
            told(trigger(1, "<On>communication</On>", "<Time>A</Time>") * 2, NUMBER).replace(
                'id="1"><Name>t1</Name>', 'id="2"><Name>t2</Name>', 1
            ),
            told(
                trigger(1, "<On>communication</On>", "<Time>A</Time>")
                + trigger(2, "<On>communication</On>", "<Time>B</Time>"),
                NUMBER,
            ),
            "warning",
        ),
        Case(
            "TR05",
            told(trigger(1, fires="<Id>9</Id>"), NUMBER),
            told(trigger(1), NUMBER),
            "error",
            says="no action 9",
        ),
        Case(
            "TR05", told(trigger(1, fires="<Id/>"), NUMBER), GOOD, says="the id of an action, found nothing"
        ),
        Case("TR05", told(trigger(1, fires="<Id>one</Id>"), NUMBER), GOOD, says="found 'one'"),
        Case("TR05", told(trigger(1, fires="")), GOOD, says="found none"),
        Case("TR05", told(trigger(1).replace("Content", "Contents"), NUMBER), GOOD, also=("XM07",)),
        Case(
            "TR05",
            told(trigger(1, fires="<Id>9</Id>", type="trigger")),
            told(trigger(1, fires="<Id>2</Id>", type="trigger") + trigger(2), NUMBER),
            says="no trigger 9",
        ),
        Case(
            "TR05",
            told(trigger(1, type="actions"), NUMBER),
            told(trigger(1, type=""), NUMBER),
            says="found 'actions'",
        ),
        Case(
            "TR06",
            at_startup(
                trigger(2, "<On>protocol</On>", AFTER_STARTUP[1], "<Id>2</Id>", "action"),
                actions=EXECUTE + action(2, "group", "execute", 1),
            ),
            at_startup(),
            "warning",
            also=("TR04",),
            says="found trigger 1 (t1) before it",
        ),
        Case(
            "TR06",
            at_startup(condition="<Condition>id:4 == 1</Condition>"),
            at_startup(),
            says="no condition on trigger 1",
        ),
        Case(
            "TR06",
            at_startup(
                actions=action(1, "group", "execute", 1, condition="<Condition>id:4 == 1</Condition>")
            ),
            at_startup(actions=action(1, "group", "execute one top", 1)),
            says="no condition on action 1",
        ),
        Case("TR06", at_startup(actions=NUMBER), at_startup(), line=12, says="found increment on parameter"),
        Case(
            "TR06",
            at_startup(actions=action(1, "group", "add to execute", 1)),
            at_startup(actions=action(1, "group", "execute one now", 1)),
            says="found add to execute on group",
        ),
        Case(
            "TR06",
            at_startup(
                actions=EXECUTE + NUMBER.replace('id="1"', 'id="2"', 1).replace("a1", "a2"),
                groups=group(1, "<Action>2</Action>", "action"),
            ),
            at_startup(
                actions=EXECUTE + NUMBER.replace('id="1"', 'id="2"', 1).replace("a1", "a2"),
                groups=group(1, "<Action>2</Action>", "poll action"),
            ),
            says="group 1 of type action",
        ),
        Case(
            "TR06",
            told(trigger(1, *AFTER_STARTUP, "<Id>2</Id>", "trigger") + trigger(2), EXECUTE),
            told(trigger(1, *AFTER_STARTUP), EXECUTE),
            says="that it fires triggers",
        ),
        Case("TR08", clears(2), clears(2, 2), "warning", line=12, says="action 1 (a1)"),
        Case("TR08", clears("each"), clears(3, 1)),
        Case("TR08", clears(3, ""), clears(4)),
        Case("TR08", clears(2, triggers=CHAIN), clears(2, triggers=waiting(1, "response", 1, "after"))),
        Case("TR08", clears(2), clears(2, triggers=waiting(1, "parameter", 2, "change after response"))),
        Case(
            "TR09",
            told(trigger(1, "<On>protocol</On>", "<Time>link file change</Time>"), NUMBER),
            at_startup(),
            "warning",
            line=12,
            says="there are no link files here",
        ),
        Case(
            "TR09",
            on('<On id="1">session</On>', "timeout"),
            on('<On id="1">pair</On>', "timeout"),
            says="there are no sessions of HTTP here",
        ),
    )


class TriggersTest(SynchronousTestCase):
    def test_a_moment_that_is_wrong_anyway(self) -> None:
        self.assertEqual(codes(on('<On id="1">session</On>', "after")), ["TR03"])
        self.assertEqual(codes(on("<On>session</On>", "timeout")), ["TR01"])

    def test_any_session_may_be_named(self) -> None:
        """They are nobody's here: that they never time out is all that is told."""
        self.assertEqual(codes(on('<On id="9">session</On>', "timeout")), ["TR09"])

    def test_a_group_for_slow_poll(self) -> None:
        text = told(
            waiting(1, "group", -1, "after"), NUMBER, group(1, "<Pair>1</Pair>") + group(-1, "<Pair>1</Pair>")
        )
        self.assertEqual([code for code in codes(text) if code.startswith("TR")], [])

    def test_what_is_wrong_is_not_doubled(self) -> None:
        """Both name the same missing group: that is told once, and not that they are two."""
        text = told(waiting(1, "group", 9, "after") + waiting(2, "group", 9, "after"), NUMBER)
        [found] = findings(text)
        self.assertEqual((found.code, found.line), ("TR01", 12))
        self.assertIn("also named at line 13", found.message)

    def test_one_condition_of_two_decides_nothing(self) -> None:
        first = waiting(1, "group", 1, "after", condition="<Condition>id:4 == 1</Condition>")
        [found] = findings(told(first + waiting(2, "group", 1, "after"), NUMBER))
        self.assertNotIn("uncertain", found.message)

    def test_an_action_that_cannot_be_read_still_exists(self) -> None:
        text = told(waiting(1, "group", 1, "after"), action(1, "parameter", "incremen", 4))
        self.assertEqual(codes(text), ["AC01"])

    def test_a_bit_is_set_with_its_group(self) -> None:
        bit = (
            "<Interprete><RawType>unsigned number</RawType><LengthType>fixed</LengthType>"
            "<Type>double</Type><StartPosition>0</StartPosition></Interprete>"
        )
        more = fixed(6, 1, "group") + param(7, "read bit", bit, ' id="6"')
        text = clears(7, added=more).replace("<Param>2</Param>", "<Param>6</Param>")
        self.assertIn("TR08", codes(text))

    def test_a_long_chain_is_followed_for_a_while(self) -> None:
        """And triggers that fire one another come to an end here."""
        many = "".join(
            trigger(number, fires=f"<Id>{number + 1}</Id>", type="trigger") for number in range(2, 900)
        )
        text = clears(
            2,
            triggers=waiting(1, "parameter", 2, "change", "<Id>2</Id>", type="trigger") + many + trigger(900),
        )
        self.assertEqual(codes(text), [])
        circle = waiting(1, "parameter", 2, "change", "<Id>2</Id>", type="trigger") + trigger(
            2, fires="<Id>1</Id>", type="trigger"
        )
        self.assertEqual(codes(clears(2, triggers=circle)), ["XM06"])

    def test_long_texts_are_cut(self) -> None:
        [found] = findings(on(f'<On id="{LONG_NAME};1">group</On>'))
        self.assertLess(len(found.message), 150)
