"""Actions that cannot be done, and actions that are done to nothing."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import SUPPORTED, UNSUPPORTED, ActionOn, ActionType
from tests.flowtexts import action, byte, flow, group, pair, told, trigger, waiting
from tests.rulebook import Case, RuleCases, codes, findings, serial

NUMBER = action(1, "parameter", "increment", 4)
GOOD = told(actions=NUMBER)
STUFF = 'value="0x10"'
ADVANCED = '<Advanced stuffing="on=command;escape=0x10;stuffing=0x10"/>'
CLOSED = byte(9, "0x0D", "trailer", ' options="headerTrailerLink=1"')


def act(on: str, type: str, items: int | str = "", said: str = "", extra: str = "") -> str:
    """A definition with one action; `extra` are further attributes of On."""
    text = action(1, on, type, items, said)
    return told(actions=text.replace("<On", f"<On {extra}", 1) if extra else text)


def plain(*parts: str, **named: str) -> str:
    """A definition with a serial connection."""
    return serial(flow(*parts, **named))


def stuffed(triggers: str, actions: str, pairs: str = "", groups: str = "") -> str:
    """A definition in which Advanced stuffs commands."""
    text = told(triggers, actions, groups, pairs=pairs, added=CLOSED)
    return (
        text.replace("<Params>", f"{ADVANCED}<Params>")
        .replace("<Param>1</Param><Param>2</Param>", "<Param>1</Param><Param>9</Param>")
        .replace("<Param>1</Param><Param>3</Param>", "<Param>1</Param><Param>9</Param>")
    )


def next_wait(extra: str = 'nr="1"', said: str = 'value="100"') -> str:
    """A definition with an action that sets the wait after an item."""
    return act("pair", "set next", "", said, extra)


def at_group(number: int, items: int, item: int | str = 1, more: str = "", on: str = "group") -> str:
    """A definition whose group, or its pair, sets the wait after one of its items."""
    text = action(1, "pair", "set next", "", 'value="100"').replace("<On", f'<On nr="1;{number}"', 1)
    moment = "before" if on == "group" else "succeeded"
    return told(waiting(1, on, item, moment), text, group(1, "<Pair>1</Pair>" * items) + more)


class ActionCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case(
            "AC01",
            told(actions=NUMBER.replace("<On", "<In").replace("</On", "</In")),
            GOOD,
            "error",
            also=("XM07",),
            says="expected the element On",
        ),
        Case("AC01", act("", "make"), act("command", "make"), line=12, says="in On, found nothing"),
        Case("AC01", act("param", "increment", 4), GOOD, says="response, parameter, pair"),
        Case("AC01", act("command", ""), act("command", "MAKE"), says="in Type, found nothing"),
        Case("AC01", act("command", "mak"), act("Command", "Make"), says="found 'mak'"),
        Case(
            "AC01",
            told(actions=NUMBER.replace("<Type>increment</Type>", "")),
            GOOD,
            says="expected the element Type",
        ),
        Case(
            "AC02", act("command", "open"), act("protocol", "open"), "error", says="on a command, found open"
        ),
        Case(
            "AC02", act("pair", "execute", 1), act("group", "execute", 1), says="set next, timeout on a pair"
        ),
        Case(
            "AC03",
            act("group", "execute"),
            act("group", "execute", 1),
            "error",
            line=12,
            says="id of a group in On",
        ),
        Case("AC03", act("timer", "start"), act("command", "make"), says="id of a timer"),
        Case(
            "AC03",
            act("pair", "timeout", "", 'id="4"'),
            act("pair", "timeout", 1, 'id="4"'),
            says="for timeout",
        ),
        Case(
            "AC03",
            act("group", "execute", " "),
            act("group", "execute", "1;1"),
            says="ids of groups, found nothing",
        ),
        Case("AC03", act("group", "execute", "one"), act("group", "execute", "1;"), says="found 'one'"),
        Case(
            "AC03",
            act("group", "execute", "1;9"),
            act("protocol", "stop current group", 9),
            says="no group 9",
        ),
        Case("AC03", act("command", "make", 9), act("command", "make", 2), says="no command 9"),
        Case("AC03", act("response", "read", 9), act("response", "read", 2), says="no response 9"),
        Case("AC03", act("parameter", "save", 9), act("parameter", "save", 65008), says="no param 9"),
        Case(
            "AC03",
            act("group", "execute", -1),
            told(actions=action(1, "group", "execute", -1), groups=group(-1, "<Pair>1</Pair>")),
            says="no group -1",
        ),
        Case(
            "AC04",
            act("pair", "timeout", 1),
            act("pair", "timeout", 1, 'id="4"'),
            "error",
            says="for timeout",
        ),
        Case("AC04", act("parameter", "change length", 2), act("parameter", "change length", 2, 'id="4"')),
        Case(
            "AC04",
            act("command", "replace", 1, 'nr="0"'),
            act("command", "replace", 1, 'nr="0" id="4"'),
            says="for replace",
        ),
        Case(
            "AC04",
            act("command", "replace", 1, 'id="4" nr="first"'),
            act("command", "replace", 1, 'id="4" nr="1"'),
            says="found 'first'",
        ),
        Case(
            "AC04",
            act("command", "replace", 1, 'id="4"'),
            act("command", "replace", 1, 'id="4" nr="1"'),
            says="a position from 0",
        ),
        Case(
            "AC04",
            act("parameter", "increment", 4, 'id="9"'),
            act("parameter", "increment", 4, 'id="5"'),
            says="no param 9",
        ),
        Case("AC04", act("parameter", "increment", 4, 'id=""'), GOOD, says="found nothing"),
        Case("AC05", next_wait(""), next_wait(), "error", line=12, says="expected positions from 1"),
        Case("AC05", next_wait('nr="0"'), next_wait('nr="1;2"'), says="found '0'"),
        Case("AC05", next_wait('nr="1;x"'), next_wait('nr="2"'), says="found '1;x'"),
        Case("AC05", next_wait(said=""), next_wait(said='id="4"'), says="found none"),
        Case("AC05", next_wait(said='id="4" value="100"'), next_wait(), says="found both"),
        Case("AC05", next_wait(said='value="soon"'), next_wait(said='value="0"'), says="found 'soon'"),
        Case(
            "AC05",
            at_group(3, 2),
            at_group(2, 2),
            says="expected positions up to 2, the items of group 1, found 3",
        ),
        Case(
            "AC05",
            at_group(3, 2, "each"),
            at_group(3, 2, "each", group(2, "<Pair>1</Pair>" * 3)),
            "error",
            line=14,
            says="expected positions up to 2, the items of the largest group that may run it, found 3",
        ),
        Case(
            "AC05",
            at_group(3, 2, on="pair"),
            at_group(3, 2, on="pair", more=group(2, "<Pair>1</Pair>" * 3)),
            "error",
            says="up to 2",
        ),
        Case("AC05", at_group(3, 2, "each", on="pair"), at_group(2, 2, "each", on="pair"), "error"),
        Case(
            "AC05",
            at_group(3, 2, on="pair", more=group(2, "<Pair>2</Pair>" * 3)),
            at_group(3, 2, "each", on="pair", more=group(2, "<Pair>2</Pair>" * 3)),
            "error",
        ),
        Case(
            "AC06",
            act("protocol", "open", said='nr="1"'),
            act("protocol", "open", said='nr="0"'),
            "error",
            says="expected connection 0",
        ),
        Case("AC06", act("protocol", "lock", said='nr="-1"'), act("protocol", "lock"), says="found '-1'"),
        Case(
            "AC06",
            act("protocol", "close", said='nr=""'),
            act("command", "replace", 1, 'nr="7" id="4"'),
            says="found nothing",
        ),
        Case(
            "AC07",
            act("command", "make", 1, extra='nr="1"'),
            act("parameter", "reverse", 2, extra='nr="1"'),
            "info",
            says="for make, found nr '1'",
        ),
        Case(
            "AC08",
            act("parameter", "copy", 2),
            act("parameter", "copy", 2, 'id="3"'),
            "error",
            says="in Type, found none",
        ),
        Case(
            "AC08",
            act("parameter", "copy reverse", "", 'id="3"'),
            act("parameter", "copy reverse", 2, 'id="3"'),
            says="in On, found none",
        ),
        Case(
            "AC08",
            told(waiting(1, "parameter", 2, "change"), action(1, "parameter", "copy")),
            told(waiting(1, "parameter", 2, "change"), action(1, "parameter", "copy", 3)),
            says="copied to itself",
        ),
        Case(
            "AC08",
            told(waiting(1, "group", 1, "after"), action(1, "parameter", "copy", "", 'id="3"')),
            told(
                waiting(1, "parameter", 2, "change", "<Id>2</Id>", type="trigger") + trigger(2),
                action(1, "parameter", "copy", "", 'id="3"'),
            ),
            says="no trigger on a param runs it",
        ),
        Case(
            "AC08",
            act("parameter", "copy", 2, 'id="9"'),
            act("parameter", "copy", 2, 'id="65008"'),
            says="no param 9",
        ),
        Case(
            "AC08",
            act("parameter", "copy", 9, 'id="2"'),
            act("parameter", "copy", "2;3", 'id="4"'),
            says="no param 9",
        ),
        Case(
            "AC08",
            act("parameter", "copy", 2, 'id=""'),
            act("parameter", "copy", 2, 'id="3"'),
            says="found nothing",
        ),
        Case(
            "AC10",
            act("response", "read stuffing", 1, STUFF),
            plain(actions=action(1, "response", "read stuffing", 1, STUFF)),
            "warning",
            line=12,
            says="response 1 is heard",
        ),
        Case(
            "AC10",
            act("response", "read stuffing", "", STUFF),
            plain(actions=action(1, "response", "read stuffing", "", STUFF)),
            says="there is none",
        ),
        Case(
            "AC10",
            told(waiting(1, "response", "each", "before"), action(1, "response", "read stuffing", "", STUFF)),
            plain(
                waiting(1, "response", "each", "before"), action(1, "response", "read stuffing", "", STUFF)
            ),
            says="response 1 is heard",
        ),
        Case(
            "AC10",
            stuffed("", action(1, "command", "stuffing", 1, STUFF)),
            told(actions=action(1, "command", "stuffing", 1, STUFF)),
            says="command 1 is stuffed once",
        ),
        Case(
            "AC10",
            stuffed(waiting(1, "command", 2, "before"), action(1, "command", "stuffing", "", STUFF)),
            stuffed(waiting(1, "command", 2, "before"), action(1, "command", "make")),
            says="command 2 is stuffed once",
        ),
        Case(
            "AC10",
            stuffed("", action(1, "command", "stuffing", "", STUFF)),
            stuffed("", action(1, "response", "stuffing", 1, STUFF)),
            says="each command",
        ),
        Case(
            "AC11",
            act("parameter", "set", 2),
            act("parameter", "save", 2),
            "warning",
            line=12,
            says="found set on a parameter",
        ),
        Case("AC11", act("command", "create element"), act("command", "make"), says="found create element"),
        Case(
            "AC12",
            act("command", "replace data", 1, 'options="41-42;43"'),
            act("command", "replace data", 1, 'options="41-42;43-44;use_offset"'),
            "error",
            says="found 2 and 1",
        ),
        Case(
            "AC12",
            act("command", "replace data", 1, 'options="4;43"'),
            act("command", "replace data", 1, 'options="0x41;"'),
            says="found '4'",
        ),
        Case(
            "AC12",
            act("command", "replace data", 1),
            act("command", "replace data", 1, 'options="41;"'),
            says="found nothing",
        ),
        Case(
            "AC12",
            act("command", "stuffing", 1),
            act("command", "stuffing", 1, STUFF),
            "warning",
            says="in value, found nothing",
        ),
        Case(
            "AC12",
            act("command", "stuffing", 1, 'value="0x1"'),
            act("command", "stuffing", 1, 'value="0x1003"'),
            says="found '0x1'",
        ),
        Case(
            "AC12",
            act("command", "stuffing", 1, f'{STUFF} allowed="0x02,0x03"'),
            act("command", "stuffing", 1, f'{STUFF} allowed="0x020x03"'),
            "warning",
            says="in allowed",
        ),
        Case(
            "AC12",
            act("command", "stuffing", 1, f'{STUFF} startoffset="-1"'),
            act("command", "stuffing", 1, f'{STUFF} startoffset="1"'),
            "warning",
            says="in startoffset, found '-1'",
        ),
        Case(
            "AC12",
            act("parameter", "multiply", 4, 'value="two"'),
            act("parameter", "multiply", 4, 'value="-2.5"'),
            "warning",
            says="found 'two'",
        ),
        Case(
            "AC12",
            act("protocol", "sleep", said='value="1s"'),
            act("protocol", "sleep", said='value="1000"'),
            "warning",
        ),
        Case(
            "AC12",
            act("parameter", "set info", 4, 'scale="1;2;3"'),
            act("parameter", "set info", 4, 'scale="0;1;0;2" sequence="-"'),
            "warning",
            says="4 numbers",
        ),
        Case(
            "AC12",
            act("parameter", "set info", 4, 'sequence="times:3"'),
            act("parameter", "set info", 4, 'scale="-" sequence="*:3"'),
            "warning",
        ),
    )


class ActionsTest(SynchronousTestCase):
    def test_each_number_has_its_own_hint(self) -> None:
        for kind, done, hint in (("protocol", "sleep", "write ms"), ("parameter", "pow", "write a number")):
            [found] = [one for one in findings(act(kind, done, 4, 'value="abc"')) if one.code == "AC12"]
            self.assertIn(hint, found.hint)

    def test_both_elements_may_be_wrong(self) -> None:
        neither = NUMBER.replace('<On id="4">parameter</On><Type>increment</Type>', "")
        for text, words in (
            (act("paramter", "incremen", 4), ("'paramter'", "'incremen'")),
            (told(actions=neither), ("the element On, found none", "the element Type, found none")),
        ):
            [found] = findings(text)
            self.assertEqual((found.code, found.line), ("AC01", 12))
            for word in words:
                self.assertIn(word, found.message)
        [found] = findings(act("paramter", "incremen", 4))
        self.assertEqual(found.hint, "did you mean parameter?; did you mean increment?")
        [found] = findings(
            told(actions=NUMBER.replace('<On id="4">parameter</On>', "").replace("ment<", "<"))
        )
        self.assertEqual(found.path, "Protocol/Actions/Action[1]/Type")

    def test_a_hint(self) -> None:
        [found] = findings(act("group", "execut", 1))
        self.assertEqual(found.hint, "did you mean execute?")

    def test_each_combination_is_judged_by_one_rule(self) -> None:
        """What can be done is no finding, what is left out is AC11, and all else AC02."""
        for on in ActionOn:
            for type in ActionType:
                found = {
                    code for code in codes(act(on.value, type.value)) if code in ("AC01", "AC02", "AC11")
                }
                left_out = type in UNSUPPORTED[on] or type is ActionType.CREATE_ELEMENT
                expected = set() if type in SUPPORTED[on] else {"AC11"} if left_out else {"AC02"}
                self.assertEqual(found, expected, (on, type))

    def test_what_is_missing_is_told_once(self) -> None:
        text = told(actions=action(1, "group", "execute", 9) + action(2, "group", "execute next", "9;1"))
        [found] = findings(text)
        self.assertEqual(found.code, "AC03")
        self.assertIn("it is also named at line 13", found.message)

    def test_on_which_connection_a_command_is_stuffed(self) -> None:
        """The option of a pair counts more than its group; here connection 1 is serial."""
        stuff = action(1, "command", "stuffing", 1, STUFF)
        other = ' options="connection:1"'
        grouped = group(1, "<Pair>1</Pair>").replace('id="1"', 'id="1" connection="1"', 1)
        for pairs, groups, expected in (
            (pair(1, 1), group(1, "<Pair>1</Pair>"), True),
            (pair(1, 1, attributes=other), group(1, "<Pair>1</Pair>"), False),
            (pair(1, 1), grouped, False),
            (pair(1, 1, attributes=' options="connection:0"'), grouped, True),
        ):
            text = stuffed("", stuff, pairs, groups).replace(
                '"true">smart', '"true" advanced="serial:Two">smart'
            )
            self.assertEqual("AC10" in codes(text), expected, text)
