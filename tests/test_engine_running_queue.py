"""Groups that wait and groups that run: order, items, threads, and what asks for them."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import poll, smart_serial
from smartserial.definition.condition import parse_condition
from smartserial.definition.flow import Group, GroupType, Item, ItemKind
from smartserial.definition.protocol import Thread
from smartserial.engine.effects import Note
from smartserial.engine.engine import Settings
from smartserial.engine.queue import MOST_ENTRIES
from smartserial.engine.running.asking import Patience
from tests.enginestage import At, Do, On, Stage, act, at, world

A, G, P = ActionOn.PARAMETER, ActionOn.GROUP, ActionOn.PROTOCOL
NOW = Settings({0: Patience(1.0, 0), 1: Patience(1.0, 0)})
TWO = (smart_serial("IP Connection"), smart_serial("Second"))
WAYS = {
    "add": Do.ADD_TO_EXECUTE, "one": Do.EXECUTE_ONE, "execute": Do.EXECUTE, "one now": Do.EXECUTE_ONE_NOW,
    "next": Do.EXECUTE_NEXT, "top": Do.EXECUTE_ONE_TOP, "force": Do.FORCE_EXECUTE,
}  # fmt: skip


def items(kind: ItemKind, *ids: int, next: int | None = None) -> tuple[Item, ...]:
    return tuple(Item(kind, number, next) for number in ids)


class RunningTest(SynchronousTestCase):
    # What is asked for while group 1 runs, which has two pairs: the order in which groups begin.
    ORDERS = (
        ("add 2, execute 3", "3 2"),
        ("add 2, add 2", "2 2"),
        ("one 2, one 2", "2"),
        ("execute 2, execute 3, execute 2", "2 3 2"),
        ("one now 2, one now 2", "2"),
        ("execute 2, next 3", "3 2"),
        ("execute 2, top 3, top 3", "3 2"),
        ("execute 2, force 3", "*3 2"),
        ("force 2, force 3, next 4", "*2 *3 4"),
        ("one 1, one now 1", "1"),  # one that runs does not wait
    )

    def test_orders(self) -> None:
        """A star is a group that begins while group 1 is not over: right after its item."""
        for text, expected in self.ORDERS:
            with self.subTest(text=text):
                asked = [one.rsplit(" ", 1) for one in text.split(", ")]
                actions = [act(10 + n, G, WAYS[way], int(group)) for n, (way, group) in enumerate(asked)]
                trigger = at(1, On.PARAMETER, At.CHANGE, 501, *(one.id for one in actions))
                group = poll(1, "two", 1, 2)
                stage = Stage(world(4, triggers=(trigger,), actions=actions, groups=(group,)), NOW)
                stage.run(1)
                stage.set(501, "x")
                stage.told()
                stage.wait(20)
                running, found = 1, []
                for line in stage.told("group"):
                    _, number, step = line.split(" ")
                    if step == "begun":
                        found.append(("*" if running else "") + number)
                    running += 1 if step == "begun" else -1
                self.assertEqual(" ".join(found), expected)

    def test_a_forced_group_cuts_in_after_the_item(self) -> None:
        trigger = at(1, On.PAIR, At.TIMEOUT, 1, 10)
        groups = (poll(5, "three", 1, 2, 3),)
        stage = Stage(
            world(4, triggers=(trigger,), actions=(act(10, G, Do.FORCE_EXECUTE, 4),), groups=groups), NOW
        )
        stage.run(5)
        stage.wait(20)
        self.assertEqual(stage.sent(), ["> C1", "> C4", "> C2", "> C3"])

    def test_forced_and_idle(self) -> None:
        triggers = (at(1, On.PARAMETER, At.CHANGE, 501, 10, 11),)
        actions = (act(10, G, Do.EXECUTE, 2), act(11, G, Do.FORCE_EXECUTE, 1))
        stage = Stage(world(triggers=triggers, actions=actions), NOW)
        stage.set(501, "x")
        stage.wait(9)
        self.assertEqual(stage.sent(), ["> C1x", "> C2"])

    def test_a_group_from_outside(self) -> None:
        stage = Stage(world(groups=(poll(-1, "ping", 2),)), NOW)
        stage.run(1)
        stage.run(-1)
        stage.run(7)
        stage.wait(2)
        self.assertEqual(stage.told(">", "note"), ["> C1", "note there is no group 7", "> C2"])

    def test_the_ping_group_by_an_action(self) -> None:
        trigger = at(1, On.PARAMETER, At.CHANGE, 501, 10)
        stage = Stage(
            world(triggers=(trigger,), actions=(act(10, G, Do.EXECUTE, -1),), groups=(poll(-1, "ping", 2),)),
            NOW,
        )
        stage.set(501, "x")
        self.assertEqual(stage.sent(), ["> C2"])

    def test_the_condition_counts_when_its_turn_comes(self) -> None:
        triggers = (at(1, On.GROUP, At.BEFORE, 2, 401), at(2, On.GROUP, At.AFTER, 2, 402))
        for value, expected in (("yes", ["> C1", "401=1", "> C2", "402=1"]), ("no", ["> C1"])):
            group = replace(poll(2, "g", 2), condition=parse_condition('id:502 == "yes"'))
            protocol = world(triggers=triggers, groups=(group,))
            group2 = replace(protocol.pairs[1], responses=())
            stage = Stage(replace(protocol, pairs=(protocol.pairs[0], group2)), NOW)
            stage.set(502, "no")
            stage.run(1)
            stage.run(2)
            stage.set(502, value)
            stage.wait(2)
            self.assertEqual(
                [line.replace("C2yes", "C2") for line in stage.told(">", "401", "402")], expected
            )

    def test_a_full_queue_refuses(self) -> None:
        many = tuple(act(10 + n, G, Do.EXECUTE, 2) for n in range(2))
        stage = Stage(world(triggers=(at(1, On.PARAMETER, At.CHANGE, 501, 10, 11),), actions=many), NOW)
        stage.run(1)
        thread = stage.engine._machine.threads.thread(0)
        thread.queue._most = 1
        stage.set(501, "x")
        self.assertEqual(stage.told("note"), ["note group 2 is refused: 1 groups wait already"])
        self.assertGreaterEqual(MOST_ENTRIES, 1000)


class ItemsTest(SynchronousTestCase):
    def test_kinds(self) -> None:
        actions = (act(10, P, Do.SLEEP, type_value="50"),)
        for type, kind in (
            (GroupType.POLL_ACTION, ItemKind.ACTION), (GroupType.ACTION, ItemKind.ACTION),
            (GroupType.POLL_TRIGGER, ItemKind.TRIGGER), (GroupType.TRIGGER, ItemKind.TRIGGER),
        ):  # fmt: skip
            ids = (401, 10, 402) if kind is ItemKind.ACTION else (1, 2, 3)
            triggers = [
                at(n, On.SESSION, At.TIMEOUT, None, number) for n, number in enumerate((401, 10, 402), 1)
            ]
            group = Group(5, "g", type, items(kind, *ids))
            stage = Stage(world(triggers=triggers, actions=actions, groups=(group,)))
            stage.run(5)
            self.assertEqual(stage.told(), ["401=1"], type)
            stage.wait(0.05)
            self.assertEqual(stage.told(), ["402=1"], type)

    def test_waits_between_items(self) -> None:
        """What an item says, else nothing where no timer asked; also after the last one."""
        content = (
            Item(ItemKind.ACTION, 401, 100),
            Item(ItemKind.ACTION, 402),
            Item(ItemKind.ACTION, 403, 50),
        )
        stage = Stage(world(groups=(Group(5, "g", GroupType.POLL_ACTION, content),)))
        stage.run(5)
        stage.run(5)
        found = []
        for _ in range(8):
            found += [f"{stage.now:.2f} {line}" for line in stage.told()]
            stage.wait(0.05)
        self.assertEqual(
            found,
            ["0.00 401=1", "0.10 402=1", "0.10 403=1", "0.15 401=2", "0.25 402=2", "0.25 403=2"],
        )

    def test_set_next(self) -> None:
        """Positions count from 1; a param wins over what the action says."""
        for more, expected in (({"type_value": "70"}, 0.07), ({"type_value": "70", "type_id": 501}, 0.3)):
            actions = (act(10, ActionOn.PAIR, Do.SET_NEXT, on_nr=(1,), **more),)
            trigger = at(1, On.GROUP, At.BEFORE, None, 10)
            group = Group(5, "g", GroupType.POLL_ACTION, items(ItemKind.ACTION, 401, 402))
            stage = Stage(world(triggers=(trigger,), actions=actions, groups=(group,)))
            stage.set(501, "300")
            stage.run(5)
            stage.wait(expected - 0.001)
            self.assertEqual(stage.told("402"), [])
            stage.wait(0.002)
            self.assertEqual(stage.told("402"), ["402=1"])

    def test_stop_current_group(self) -> None:
        stop = act(10, P, Do.STOP_CURRENT_GROUP)
        triggers = (at(1, On.PAIR, At.TIMEOUT, 1, 10), at(2, On.GROUP, At.AFTER, None, 401))
        stage = Stage(world(triggers=triggers, actions=(stop,), groups=(poll(5, "g", 1, 2),)), NOW)
        stage.run(5)
        stage.run(5)
        stage.wait(9)
        self.assertEqual(stage.told(">", "401"), ["> C1", "401=1", "> C1", "401=2"])

    def test_a_forced_group_stops_only_itself(self) -> None:
        stop, force = act(10, P, Do.STOP_CURRENT_GROUP), act(11, G, Do.FORCE_EXECUTE, 6)
        triggers = (at(1, On.PAIR, At.TIMEOUT, 3, 10), at(2, On.PAIR, At.TIMEOUT, 1, 11))
        groups = (poll(5, "g", 1, 2), poll(6, "f", 3, 4))
        stage = Stage(world(4, triggers=triggers, actions=(stop, force), groups=groups), NOW)
        stage.run(5)
        stage.wait(9)
        self.assertEqual(stage.sent(), ["> C1", "> C3", "> C2"])

    def test_nothing_to_stop(self) -> None:
        for kind, on in ((Do.STOP_CURRENT_GROUP, P), (Do.SET_NEXT, ActionOn.PAIR)):
            trigger = at(1, On.PARAMETER, At.CHANGE, 501, 10)
            stage = Stage(
                world(triggers=(trigger,), actions=(act(10, on, kind, on_nr=(1,), type_value="1"),))
            )
            stage.set(501, "x")
            self.assertEqual(
                stage.told("note"), ["note trigger 1: action 10 failed: expected a group that runs"]
            )

    def test_before_and_after_a_group(self) -> None:
        triggers = (at(1, On.GROUP, At.BEFORE, 1, 401), at(2, On.GROUP, At.AFTER, 1, 402))
        stage = Stage(world(triggers=triggers), NOW)
        stage.run(1)
        self.assertEqual(stage.told(">", "401", "402", "group"), ["group 1 begun", "401=1", "> C1"])
        stage.wait(1)
        self.assertEqual(stage.told(">", "401", "402", "group"), ["402=1", "group 1 done"])


class ThreadsTest(SynchronousTestCase):
    def test_a_connection_with_a_queue_of_its_own(self) -> None:
        groups = (poll(5, "other", 2, connection=1), poll(6, "main", 3))
        for threads, expected in (((), ["> C1"]), ((Thread((1,)),), ["> C1", "1> C2"])):
            stage = Stage(world(3, groups=groups, connections=TWO, threads=threads), NOW)
            for number in (1, 5, 6):
                stage.run(number)
            self.assertEqual(stage.sent(), expected)
            stage.wait(1)
            self.assertEqual(stage.sent(), ["1> C2"] if not threads else ["> C3"])

    def test_a_virtual_number_is_no_connection(self) -> None:
        groups = (poll(5, "other", 2, connection=1001),)
        stage = Stage(world(groups=groups, threads=(Thread((1001,)),)), NOW)
        stage.run(1)
        stage.run(5)
        self.assertEqual(stage.sent(), ["> C1", "> C2"])

    def test_where_a_pair_is_sent(self) -> None:
        """As its option says, else as its group does, else on connection 0."""
        for option, group, expected in (
            (None, None, "> C1"),
            (None, 1, "1> C1"),
            (1, 0, "1> C1"),
            (0, 1, "> C1"),
        ):
            protocol = world(groups=(poll(1, "g", 1, connection=group),), connections=TWO)
            pair = protocol.pairs[0]
            pair = replace(pair, options=replace(pair.options, connection=option))
            stage = Stage(replace(protocol, pairs=(pair,)), NOW)
            stage.run(1)
            self.assertEqual(stage.sent(), [expected])

    def test_two_pairs_wait_on_one_connection(self) -> None:
        """A unit is for the one whose answer it is, whoever asked first."""
        groups = (poll(5, "other", 2, connection=1001),)
        stage = Stage(world(3, groups=groups, threads=(Thread((1001,)),)), NOW)
        stage.connect()
        stage.run(1)
        stage.run(5)
        stage.say("R3:x\nR2:a\nR1:b\n")
        told = stage.told("heard", "unheard", "pair")
        self.assertEqual(
            told,
            ["pair 1 begun 1", "pair 2 begun 1", "unheard other bytes than the constant", "heard 2",
             "pair 2 succeeded 1", "heard 1", "pair 1 succeeded 1"],
        )  # fmt: skip

    def test_both_are_refused_what_is_nobodys(self) -> None:
        stage = Stage(world(groups=(poll(5, "o", 2, connection=1001),), threads=(Thread((1001,)),)), NOW)
        stage.run(1)
        stage.run(5)
        stage.say("zz\n")
        self.assertEqual(stage.told("unheard"), ["unheard other bytes than the constant"])
        stage.wait(1)
        self.assertEqual(
            sorted(stage.told("pair")),
            ["pair 1 given up 1", "pair 1 timed out 1", "pair 2 given up 1", "pair 2 timed out 1"],
        )


class LoopTest(SynchronousTestCase):
    """Groups that ask for themselves do not keep the engine busy for ever."""

    def test_loops(self) -> None:
        for kind in (Do.EXECUTE, Do.EXECUTE_NEXT, Do.FORCE_EXECUTE, Do.EXECUTE_ONE):
            with self.subTest(kind=kind):
                group = Group(5, "g", GroupType.POLL_ACTION, items(ItemKind.ACTION, 401, 10))
                stage = Stage(world(actions=(act(10, G, kind, 5),), groups=(group,)))
                stage.run(5)
                assert stage.engine.next_wake is not None
                self.assertGreater(stage.engine.next_wake, stage.now)
                ran = stage.value(401)
                assert isinstance(ran, int)
                self.assertLessEqual(ran, 400)
                stage.wait(0.001)
                self.assertGreater(stage.value(401), ran)  # type: ignore[operator]
                self.assertFalse([one for one in stage.effects if isinstance(one, Note)])
