"""Loops that do not end, and those that only look like it."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.rules.effects import Spot
from smartserial.definition.rules.loops import _parts
from tests.flowtexts import action, group, pair, told, trigger, waiting
from tests.rulebook import Case, RuleCases, codes, findings, fixed, param

CONDITION = "<Condition>id:4 == 1</Condition>"
EXECUTE = action(1, "group", "execute", 1)
COUNT = action(1, "parameter", "increment", 4)
AFTER = waiting(1, "group", 1, "after")
SELF = group(1, "<Action>1</Action>", "poll action")
FIRE = group(1, "<Trigger>1</Trigger>", "poll trigger")
LIST = "<Id>1</Id><Id>2</Id>"


def circle(length: int, condition: str = "") -> str:
    """Triggers that fire one another, the last one the first; the first may have a condition."""
    return "".join(
        trigger(
            number,
            fires=f"<Id>{number % length + 1}</Id>",
            type="trigger",
            condition=condition if number == 1 else "",
        )
        for number in range(1, length + 1)
    )


def change(id: int | str, fires: str = "<Id>1</Id>", number: int = 1, **more: str) -> str:
    """A trigger at the change of a param."""
    return waiting(number, "parameter", id, "change", fires, **more)


def calculate(type: str, id: int = 4, said: str = "", number: int = 1, condition: str = "") -> str:
    """An action on a param."""
    return action(number, "parameter", type, id, said, condition)


def copy(source: int, target: int, number: int) -> str:
    """An action that copies a param."""
    return calculate("copy", target, f'id="{source}"', number)


def holder(id: int, response: int) -> str:
    """A param that is a response by itself."""
    return param(id, "response", attributes=f' id="{response}"')


def hearing(params: str, *contents: tuple[int, ...], attributes: str = "") -> str:
    """A definition with more params, and with more responses, from 3 on, that hold them; 3 is awaited."""
    made = ""
    for number, content in enumerate(contents, 3):
        held = "".join(f"<Param>{id}</Param>" for id in content)
        made += f'<Response id="{number}"><Name>r{number}</Name>'
        made += f"<Content{attributes}>{held}</Content></Response>"
    pairs = "".join(pair(number, 1, number) for number in (1, 2, 3))
    return told(added=params, pairs=pairs).replace("</Responses>", f"{made}</Responses>")


def bit(id: int, type: str) -> str:
    """The first bit of param 6."""
    said = (
        "<Interprete><RawType>unsigned number</RawType><LengthType>fixed</LengthType><Type>double</Type>"
        "<StartPosition>0</StartPosition></Interprete>"
    )
    return param(id, type, said, ' id="6"')


TIMER = '<Timer id="1"><Name>m</Name><Time>1000</Time><Content><Group>1</Group></Content></Timer>'

# What goes around without end, and the same with a way out or without the last step.
CERTAIN = (
    ("a trigger fires itself", told(circle(1)), told(trigger(1), COUNT), "trigger 1 fires trigger 1"),
    (
        "three triggers",
        told(circle(3)),
        told(trigger(1), COUNT),
        "trigger 1 fires trigger 2, which fires trigger 3",
    ),
    (
        "a group after itself",
        told(AFTER, EXECUTE),
        told(AFTER, COUNT),
        "runs action 1, which executes group 1, which fires trigger 1",
    ),
    (
        "each group",
        told(waiting(1, "group", "each", "before"), EXECUTE),
        told(
            waiting(1, "group", "each", "before") + waiting(2, "group", 1, "before", "<Id>2</Id>"),
            EXECUTE + calculate("increment", number=2),
        ),
        "group 1",
    ),
    (
        "an action of a group",
        told(actions=EXECUTE, groups=SELF),
        told(actions=COUNT, groups=SELF),
        "action 1 executes group 1, which runs action 1",
    ),
    ("a trigger of a group", told(trigger(1), EXECUTE, FIRE), told(trigger(1), COUNT, FIRE), "group 1"),
    (
        "before a command",
        told(waiting(1, "command", 1, "before"), EXECUTE),
        told(waiting(1, "command", 2, "before"), EXECUTE),
        "which runs pair 1, which sends command 1, which fires trigger 1",
    ),
    ("a counter", told(change(4), COUNT), told(change(5), COUNT), "changes param 4, which fires trigger 1"),
    (
        "a counter that names no param",
        told(change(4), action(1, "parameter", "increment")),
        told(waiting(1, "group", 1, "after"), action(1, "parameter", "increment")),
        "param 4",
    ),
    (
        "a write param",
        told(change(6), calculate("go", 6), added=param(6, "write")),
        told(change(2), calculate("go", 2)),
        "param 6",
    ),
    (
        "a response that holds itself",
        hearing(holder(6, 3), (1, 6)),
        hearing(holder(6, 4), (1, 6), (1, 2)),
        "response 3 holds response 3",
    ),
    (
        "two responses that hold each other",
        hearing(holder(6, 3) + holder(7, 4), (1, 7), (1, 6)),
        hearing(holder(6, 3) + holder(7, 4), (1, 2), (1, 6)),
        "response 3 holds response 4, which holds response 3",
    ),
    (
        "both ways",
        told(trigger(1, fires='<Id>1</Id><Id else="true">1</Id>', type="trigger", condition=CONDITION)),
        told(trigger(1, condition=CONDITION), COUNT),
        "trigger 1",
    ),
)
# What may go around for ever, if a condition, the device or a value is so.
POSSIBLE = (
    (
        "a condition of a trigger",
        told(circle(2, CONDITION)),
        told(trigger(1), COUNT),
        "trigger 1 fires trigger 2",
    ),
    (
        "a condition of an action",
        told(AFTER, action(1, "group", "execute", 1, condition=CONDITION)),
        told(AFTER, COUNT),
        "group 1",
    ),
    (
        "a condition of a group",
        told(AFTER, EXECUTE, group(1, "<Pair>1</Pair>", condition=CONDITION)),
        told(AFTER, COUNT),
        "group 1",
    ),
    (
        "a condition of a pair",
        told(waiting(1, "command", 1, "after"), EXECUTE, pairs=pair(1, 1, condition=CONDITION)),
        told(AFTER, COUNT),
        "pair 1",
    ),
    (
        "a comparison",
        told(change(4).replace("<Time>", '<Time case="less" value="9">'), COUNT),
        told(change(5), COUNT),
        "param 4",
    ),
    (
        "the other way",
        told(trigger(1, fires='<Id else="true">1</Id>', type="trigger", condition=CONDITION)),
        told(trigger(1), COUNT),
        "trigger 1",
    ),
    (
        "after a response",
        told(waiting(1, "response", 1, "after"), EXECUTE),
        told(waiting(1, "response", 2, "after"), EXECUTE),
        "which hears response 1, which fires trigger 1",
    ),
    (
        "after a pair",
        told(waiting(1, "pair", 1, "succeeded"), EXECUTE),
        told(waiting(1, "pair", 2, "succeeded"), EXECUTE),
        "which runs pair 1, which fires trigger 1",
    ),
    (
        "a param that the device sets",
        told(change(2), EXECUTE),
        told(change(3), EXECUTE),
        "response 1, which sets param 2",
    ),
    (
        "change after response",
        told(waiting(1, "parameter", 2, "change after response"), EXECUTE),
        told(waiting(1, "parameter", 3, "change after response"), EXECUTE),
        "response 1",
    ),
    (
        "a response that may hold itself",
        hearing(holder(6, 3), (1, 6), attributes=' optional="1"'),
        hearing(holder(6, 3), (1, 2), attributes=' optional="1"'),
        "response 3 holds response 3",
    ),
    (
        "a bit of a group",
        told(change(6), calculate("increment", 7), added=fixed(6, 1, "group") + bit(7, "write bit")),
        told(change(6), calculate("increment", 7), added=fixed(6, 1, "group") + bit(7, "read bit")),
        "action 1, which changes param 7, which changes param 6, which fires trigger 1",
    ),
    (
        "a timer that is run again before it runs",
        told(waiting(1, "timer", 1, "before"), action(1, "timer", "reschedule", 1), timers=TIMER),
        told(waiting(1, "timer", 1, "before"), action(1, "timer", "stop", 1), timers=TIMER),
        "action 1, which reschedules timer 1, which fires trigger 1",
    ),
    ("a product", told(change(4), calculate("multiply")), told(change(5), calculate("multiply")), "param 4"),
    (
        "a sum with a param",
        told(change(4), calculate("increment", said='id="5"')),
        told(change(5), calculate("increment")),
        "param 4",
    ),
    (
        "a text that grows",
        told(change(2), calculate("append", 2, 'id="3"')),
        told(change(2), calculate("append", 3, 'id="2"')),
        "param 2",
    ),
    (
        "a copy of a counter",
        told(change(4, LIST), calculate("increment", 5) + copy(5, 4, 2)),
        told(change(4, LIST), calculate("increment", 5) + copy(2, 3, 2)),
        "param 4",
    ),
    (
        "a copy on the way",
        told(change(4) + change(5, "<Id>2</Id>", 2), copy(4, 5, 1) + calculate("multiply", number=2)),
        told(
            change(4) + change(5, "<Id>2</Id>", 2),
            copy(4, 5, 1)
            + calculate("multiply", 4, "", 2).replace('<On id="4"', '<On id="2"').replace("multiply", "save"),
        ),
        "param 5",
    ),
)
# What ends by itself: what is copied back is no change.
ENDING = (
    ("a copy to itself", told(change(4), copy(4, 4, 1))),
    (
        "two params that are kept alike",
        told(change(4) + change(5, "<Id>2</Id>", 2), copy(4, 5, 1) + copy(5, 4, 2)),
    ),
    (
        "and a counter that a timer moves",
        told(
            change(4) + change(5, "<Id>2</Id>", 2) + waiting(3, "group", 1, "after", "<Id>3</Id>"),
            copy(4, 5, 1) + copy(5, 4, 2) + calculate("increment", 4, "", 3),
        ),
    ),
    ("clearing", told(change(4), calculate("clear"))),
    ("nothing is added", told(change(4, "<Id>1</Id>"), calculate("save"))),
    (
        "an action that has an error",
        told(AFTER, action(1, "group", "execute", 1, condition="<Condition>id:4 ==</Condition>")),
    ),
)


def cases() -> Iterator[Case]:
    for severity, table in (("error", CERTAIN), ("warning", POSSIBLE)):
        for _, failing, passing, says in table:
            yield Case("XM06", failing, passing, severity, says=says)


class LoopCases(RuleCases, SynchronousTestCase):
    CASES = tuple(cases())


class LoopsTest(SynchronousTestCase):
    def test_what_ends(self) -> None:
        for name, text in ENDING:
            with self.subTest(name):
                self.assertNotIn("XM06", codes(text))

    def test_the_place_is_that_of_the_first_trigger(self) -> None:
        [found] = findings(told(trigger(9) + waiting(1, "group", 1, "after"), EXECUTE))
        self.assertEqual((found.line, found.path), (13, "Protocol/Triggers/Trigger[1]"))

    def test_two_loops_are_two_findings(self) -> None:
        text = told(circle(2) + trigger(3, fires="<Id>3</Id>", type="trigger"))
        self.assertEqual(codes(text), ["XM06", "XM06"])

    def test_a_certain_loop_hides_possible_ones_with_it(self) -> None:
        both = trigger(1, fires=LIST, type="trigger") + trigger(2, type="trigger", condition=CONDITION)
        [found] = findings(told(both))
        self.assertEqual(found.severity, "error")
        self.assertIn("trigger 1 fires trigger 1", found.message)

    def test_a_long_way_is_cut(self) -> None:
        [found] = findings(told(circle(3000)))
        self.assertIn("which fires trigger 13, which comes back after 2988 more steps", found.message)

    def test_what_is_shared_by_many(self) -> None:
        """A trigger on each of many params, and many triggers on it, take no longer than their sum."""
        more = "".join(param(number, "dummy") for number in range(10, 3000))
        triggers = "".join(change("each", number=number, condition=CONDITION) for number in range(1, 1000))
        found = [one for one in findings(told(triggers, COUNT, added=more)) if one.code == "XM06"]
        self.assertEqual([one.severity for one in found], ["warning"])


Graph = dict[int, list[int]]


def reachable(graph: Graph, start: int) -> set[int]:
    """What can be reached from a number, in one step or more."""
    found: set[int] = set()
    waiting_ = list(graph[start])
    while waiting_:
        number = waiting_.pop()
        if number not in found:
            found.add(number)
            waiting_.extend(graph[number])
    return found


class PartsTest(SynchronousTestCase):
    @given(st.lists(st.lists(st.integers(0, 7), max_size=4), min_size=8, max_size=8))
    def test_parts_are_what_leads_back(self, edges: list[list[int]]) -> None:
        graph = dict(enumerate(edges))
        spots = {Spot("trigger", n): [Spot("trigger", m) for m in targets] for n, targets in graph.items()}
        parts = [{spot.id for spot in part} for part in _parts(spots)]
        expected = {
            frozenset(m for m in reachable(graph, n) if n in reachable(graph, m))
            for n in graph
            if n in reachable(graph, n)
        }
        self.assertEqual({frozenset(part) for part in parts}, expected)
        self.assertEqual(len(parts), len(expected))
