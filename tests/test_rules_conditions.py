"""Conditions that make no sense, and conditions that say nothing."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.flowtexts import action, group, pair, told, trigger, waiting
from tests.rulebook import Case, RuleCases, codes, findings, fixed, param

NUMBER = action(1, "parameter", "increment", 4)
EXECUTE = action(1, "group", "execute", 1)
GOOD = 'id:4 == 1 AND id:2 != "x"'


def condition(text: str) -> str:
    """The element of a condition."""
    return f"<Condition>{text.replace('<', '&lt;')}</Condition>"


def of_pair(text: str) -> str:
    return told(pairs=pair(1, 1, 1, condition=condition(text)) + pair(2, 2, 2))


def of_group(text: str) -> str:
    return told(groups=group(1, "<Pair>1</Pair>", condition=condition(text)))


def of_timer(text: str) -> str:
    rest = "<Content><Group>1</Group></Content></Timer>"
    return told(timers=f'<Timer id="1"><Name>timer1</Name><Time>1000</Time>{condition(text)}{rest}')


def of_trigger(text: str, time: str = "") -> str:
    changed = waiting(1, "parameter", 4, "change", condition=condition(text) if text else "")
    return told(changed.replace("<Time>", f"<Time {time}>") if time else changed, EXECUTE)


def of_action(text: str) -> str:
    return told(actions=action(1, "group", "execute", 1, condition=condition(text)))


def of_code(text: str) -> str:
    return told(
        more=f'<QActions><QAction id="1" name="q" triggers="2">{condition(text)}</QAction></QActions>'
    )


class ConditionCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("PR04", of_pair("id:9 == 1"), of_pair(GOOD), "error", says="there is no param 9"),
        Case("GR05", of_group("id:9 == 1"), of_group(GOOD), "error", says="there is no param 9"),
        Case("GR05", of_group("id:9 == 1 AND id:9 &gt; 0"), of_group("id:65008 == 1"), "error"),
        Case("TI05", of_timer("id:9 == 1"), of_timer(""), "error", says="there is no param 9"),
        Case("TI05", of_timer(GOOD), told(), "info", says="at the groups"),
        Case("TR07", of_trigger("id:9 == 1"), of_trigger(GOOD), "error", line=12, says="there is no param 9"),
        Case("TR07", of_trigger("", 'case="equal" nr="9"'), of_trigger("", 'case="equal" nr="4"'), "error"),
        Case("TR07", of_trigger("", 'case="same" value="1"'), of_trigger("", 'case="not equal" value="1"')),
        Case("TR07", of_trigger("", 'case="less" nr="x"'), of_trigger("", 'case="less" nr="" value="1"')),
        Case("TR07", of_trigger("", 'case="less" nr="x" value="1"'), of_trigger("", 'case="less" value="1"')),
        Case(
            "TR07",
            of_trigger("", 'case="less" nr="4" value="1"'),
            of_trigger("", 'case="less" nr="4" value="4"'),
            "warning",
            says="param 4 is what counts",
        ),
        Case("AC09", of_action("id:9 == 1"), of_action(GOOD), "error", line=12, says="there is no param 9"),
        Case(
            "CD01", of_pair("id:4 == "), of_pair("id:4 == 2"), "error", says="found the end, at character 8"
        ),
        Case("CD01", of_group("(id:4 == 2"), of_group("(id:4 == 2)"), says="closing bracket"),
        Case("CD01", of_timer("id:4 == 2)"), of_timer(""), says="opening bracket"),
        Case("CD01", of_trigger("id:4 = 2"), of_trigger("id:4 &gt; 2"), line=12, says="did you mean ==?"),
        Case("CD01", of_action("id:4 == 2 and id:5 == 1"), of_action("id:4 == 2 OR id:5 == 1"), line=12),
        Case("CD01", of_action("id:4 == 2 == 1"), of_action("(id:4 + 1) == 2"), says="one comparison"),
        Case("CD01", of_action("id:4"), of_action("id:4 != 0"), says="found a number"),
        Case("CD01", of_action("id:4 AND id:5 == 1"), of_action("id:4 == 1 AND id:5 == 1"), says="AND"),
        Case("CD01", of_action("id:2 + 1 == 3"), of_action('id:2 + "1" == "3"'), says="a number and a text"),
        Case("CD01", of_action("id:4 == 1e999"), of_action("id:4 == 1e99"), says="fits in a double"),
        Case("CD01", of_action("id:4 == #"), of_action('id:2 == "#"'), says="#"),
        Case(
            "CD01",
            told(
                actions=action(1, "group", "execute", 1, condition=condition("id:6 == 1")),
                added=param(6, "ip", ""),
            ),
            told(
                actions=action(1, "group", "execute", 1, condition=condition("id:6 == 1")), added=fixed(6, 1)
            ),
            says="param 6",
        ),
        Case("CD02", of_pair("1 == 1"), of_pair("id:4 == 1"), "info", says="always true"),
        Case(
            "CD02",
            of_action("id:4 == 1 AND 1 == 2"),
            of_action("id:4 == 1 AND id:5 == 2"),
            says="always false",
        ),
        Case(
            "CD02", of_group("id:4 == 1 OR id:4 == 1"), of_group("id:4 == 1 OR id:4 == 2"), says="id:4 == 1"
        ),
        Case("CD02", of_trigger("id:4 == 1 + 1"), of_trigger("id:4 == id:5 + 1"), says="id:4 == 2"),
        Case(
            "CD02",
            of_group("id:4 == 1 AND id:4 == 2"),
            of_group("id:4 &gt; 1 AND id:4 < 2"),
            says="always false",
        ),
        Case(
            "CD02",
            of_group("id:4 &gt; 5 OR id:4 <= 5"),
            of_group("id:4 &gt; 5 OR id:4 < 5"),
            says="always true",
        ),
        Case("CD02", of_group('id:2 == "a" AND id:2 == "b"'), of_group('id:2 == "a" OR id:2 == "b"'), "info"),
        Case("CD02", of_group("id:4 + 0 == 1"), of_group("id:4 + 1 == 0"), "info", says="as in 'id:4 == 1'"),
        Case("CD02", of_group("1 * id:4 &gt; id:5"), of_group("2 * id:4 &gt; id:5"), says="'id:4 > id:5'"),
        Case("CD02", of_group("( (id:4 == 1) )"), of_group("(id:4 == 1)"), says="'id:4 == 1'"),
        # Called code has no rule of its own for this, and QA03 tells that nothing of a file is bound.
        Case(
            "CD01", of_code("id:9 == 1"), of_code(GOOD), "error", also=("QA03",), says="there is no param 9"
        ),
        Case("CD02", of_code("1 == 2"), of_code(GOOD), "info", also=("QA03",)),
        Case("TI05", of_timer("1 == 1"), told(), "info", also=("CD02",)),
    )


class ConditionsTest(SynchronousTestCase):
    def test_an_empty_condition_is_none(self) -> None:
        for made in (of_pair, of_group, of_timer, of_action):
            self.assertEqual(codes(made(" ")), [])

    def test_a_text_that_is_compared_with_numbers_may_be_none(self) -> None:
        """Then nothing holds, so that the condition tells whether it is one."""
        self.assertEqual(codes(of_group("id:2 &gt; 5 OR id:2 <= 5")), [])
        self.assertEqual(codes(of_group("id:65008 &gt; 5 OR id:65008 <= 5")), [])

    def test_one_missing_param_is_told_once(self) -> None:
        """Though a pair, an action and a trigger name it."""
        wrong = condition("id:9 == 1")
        text = told(
            waiting(1, "parameter", 9, "change", condition=wrong),
            action(1, "parameter", "save", 9, condition=wrong),
            pairs=pair(1, 1, 1, condition=wrong) + pair(2, 2, 2),
        )
        [found] = findings(text)
        self.assertEqual(found.code, "PR04")
        self.assertIn("it is also named at line 12, line 14", found.message)

    def test_two_missing_params_are_two_findings(self) -> None:
        self.assertEqual(codes(of_action("id:8 == 1 AND id:9 == 1")), ["AC09", "AC09"])

    def test_what_is_missing_hides_types(self) -> None:
        """Nobody knows whether a param that is not there would fit."""
        self.assertEqual(codes(of_action("id:9 AND 1")), ["AC09"])

    def test_what_is_wrong_with_a_param_hides_types(self) -> None:
        broken = fixed(6, 1).replace("<Type>string</Type>", "<Type>strin</Type>")
        text = told(
            actions=action(1, "group", "execute", 1, condition=condition("id:6 + 1 == 2")), added=broken
        )
        self.assertNotIn("CD01", codes(text))

    def test_where_it_stands(self) -> None:
        [found] = findings(of_action("id:4 =="))
        self.assertEqual(found.path, "Protocol/Actions/Action[1]/Condition")

    def test_triggers_that_are_fired_by_others(self) -> None:
        self.assertEqual(codes(told(trigger(1, condition=condition("id:4 == ")), NUMBER)), ["CD01"])

    def test_hostile_conditions(self) -> None:
        for text in ("(" * 5000, "id:4 + " * 1400, '"', "1 " * 4000, "AND " * 2000, "x" * 20_000):
            self.assertEqual(codes(of_action(text)), ["CD01"])
