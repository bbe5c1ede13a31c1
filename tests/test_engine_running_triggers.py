"""Triggers: each moment, each way to choose, and what ends those that never end."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import response, serial, text
from smartserial.definition.condition import parse_condition
from smartserial.definition.flow import (
    MOMENTS,
    Case,
    Comparison,
    Step,
    Timer,
    Trigger,
    TriggerType,
)
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.message import Pair
from smartserial.definition.param import ParamType
from smartserial.engine.engine import Settings
from smartserial.engine.running.asking import Patience
from smartserial.engine.running.scene import Scene
from tests.enginestage import At, Do, On, Stage, act, at, smart_serial, world

A, R = ActionOn.PARAMETER, ActionOn.RESPONSE
NOW = Settings({0: Patience(1.0, 1)})
LINE = (serial("Serial Connection"),)


def either(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return pairs that both responses answer."""
    return tuple(replace(one, responses=(1, 2)) for one in pairs)


class MomentsTest(SynchronousTestCase):
    # A moment of thing 1, and how often it comes: in a group that asks in vain, in one that is answered.
    TABLE = (
        (On.COMMAND, At.BEFORE, 1, 2, 1),
        (On.COMMAND, At.AFTER, 1, 2, 1),
        (On.RESPONSE, At.BEFORE, 1, 0, 1),
        (On.RESPONSE, At.AFTER, 1, 0, 1),
        (On.PAIR, At.SUCCEEDED, 1, 0, 1),
        (On.PAIR, At.TIMEOUT, 1, 2, 0),
        (On.PAIR, At.TIMEOUT_AFTER_RETRIES, 1, 1, 0),
        (On.GROUP, At.BEFORE, 1, 1, 1),
        (On.GROUP, At.AFTER, 1, 1, 1),
        (On.PARAMETER, At.CHANGE, 301, 0, 1),
        (On.PARAMETER, At.CHANGE_AFTER_RESPONSE, 301, 0, 1),
        (On.PARAMETER, At.TIMEOUT, 301, 2, 0),
        (On.PARAMETER, At.TIMEOUT_AFTER_RETRIES, 301, 1, 0),
        (On.PROTOCOL, At.AFTER_STARTUP, None, 1, 1),
        (On.TIMER, At.BEFORE, 1, 1, 1),
    )
    NOT_OURS = {(On.PROTOCOL, At.LINK_FILE_CHANGE), (On.SESSION, At.TIMEOUT)}

    def test_all_are_here(self) -> None:
        known = {(on, time) for on, times in MOMENTS.items() for time in times}
        self.assertEqual(known - self.NOT_OURS, {(on, time) for on, time, *_ in self.TABLE})

    def test_table(self) -> None:
        for on, time, which, in_vain, answered in self.TABLE:
            for said, expected in (("", in_vain), ("R1:5\n", answered)):
                with self.subTest(on=on, time=time, said=said):
                    trigger = Trigger(1, "t", on, which, time, content=(Step(900), Step(401)))
                    if on is not On.RESPONSE or time is not At.BEFORE:
                        trigger = replace(trigger, content=(Step(401),))
                    timers = (Timer(1, "t", 100_000, (1,)),)
                    stage = Stage(world(triggers=(trigger,), timers=timers), NOW)
                    if said:
                        stage.say(said)
                    stage.wait(3)
                    self.assertEqual(stage.value(401), expected)

    def test_what_a_connection_reports(self) -> None:
        for data, says, expected in (("TIMEOUT", "", 2), (b"R1:5\n", "R1:5\n", 1), ("R1", "R1:5\n", 0)):
            trigger = Trigger(1, "t", On.COMMUNICATION, data=data, content=(Step(401),))
            stage = Stage(world(triggers=(trigger,)), NOW)
            stage.run(1)
            if says:
                stage.say(says)
            stage.wait(3)
            self.assertEqual(stage.value(401), expected)

    def test_each_is_for_what_no_trigger_names(self) -> None:
        triggers = (at(1, On.GROUP, At.BEFORE, None, 401), at(2, On.GROUP, At.BEFORE, 2, 402))
        stage = Stage(world(triggers=triggers), replace(NOW, patience={0: Patience(0.1, 0)}))
        stage.run(1)
        stage.run(2)
        stage.wait(1)
        self.assertEqual(stage.told("401", "402"), ["401=1", "402=1"])

    def test_they_fire_in_the_order_of_their_ids(self) -> None:
        """So the order of the document is that of the ids, as far as authors care."""
        triggers = [at(n, On.PARAMETER, At.CHANGE, 501, 400 + n) for n in (1, 2, 3)]
        stage = Stage(world(triggers=triggers))
        stage.set(501, "x")
        self.assertEqual(stage.told(), ["501=x", "401=1", "402=1", "403=1"])


class ChoiceTest(SynchronousTestCase):
    def test_conditions_and_else(self) -> None:
        content = (Step(401), Step(402, otherwise=True), Step(403))
        for value, expected in (("yes", ["401=1", "403=1"]), ("no", ["402=1"])):
            trigger = replace(
                at(1, On.PARAMETER, At.CHANGE, 501),
                content=content,
                condition=parse_condition('id:501 == "yes"'),
            )
            stage = Stage(world(triggers=(trigger,)))
            stage.set(501, value)
            self.assertEqual(stage.told()[1:], expected)

    def test_comparisons(self) -> None:
        for case, value, given, expected in (
            (Case.EQUAL, "5", "5", 1), (Case.EQUAL, "5", "6", 0), (Case.EQUAL, "5", "5.0", 1),
            (Case.NOT_EQUAL, "5", "6", 1), (Case.NOT_EQUAL, "5", "5", 0), (Case.EQUAL, "on", "on", 1),
            (Case.GREATER, "5", "6", 1), (Case.GREATER, "5", "5", 0),
            (Case.LESS, "5", "4", 1), (Case.LESS, "5", "x", 0),
        ):  # fmt: skip
            with self.subTest(case=case, given=given):
                for comparison in (Comparison(case, value), Comparison(case, param=502)):
                    trigger = replace(at(1, On.PARAMETER, At.CHANGE, 501, 401), comparison=comparison)
                    stage = Stage(world(triggers=(trigger,)))
                    stage.set(502, value)
                    stage.set(501, given)
                    self.assertEqual(stage.value(401), expected)

    def test_triggers_of_triggers(self) -> None:
        """What fires is the thing that fired the first one."""
        outer = replace(at(1, On.PARAMETER, At.CHANGE, 501, 2), type=TriggerType.TRIGGER)
        inner = Trigger(2, "t", content=(Step(10),), condition=parse_condition('id:501 != "no"'))
        clear = act(10, A, Do.CLEAR)
        for value, expected in (("x", None), ("no", "no")):
            stage = Stage(world(triggers=(outer, inner), actions=(clear,)))
            stage.set(501, value)
            self.assertEqual(stage.value(501), expected)

    def test_actions_and_triggers_that_do_not_exist(self) -> None:
        triggers = (
            at(1, On.PARAMETER, At.CHANGE, 501, 77, 401),
            replace(at(2, On.PARAMETER, At.CHANGE, 501, 78), type=TriggerType.TRIGGER),
        )
        stage = Stage(world(triggers=triggers))
        stage.set(501, "x")
        self.assertEqual(stage.told(), ["501=x", "401=1"])


class ChangeTest(SynchronousTestCase):
    def test_when_an_equal_value_is_a_change(self) -> None:
        """Never for responses and actions; always for what is there to be written, set from outside."""
        copy = act(10, A, Do.COPY, 502, type_id=501)
        go = act(11, A, Do.GO, 501)
        triggers = (
            at(1, On.PARAMETER, At.CHANGE, 301, 401),
            at(2, On.PARAMETER, At.CHANGE, 501, 402, 10),
            at(3, On.PARAMETER, At.CHANGE, 502, 403),
            at(4, On.PARAMETER, At.CHANGE, 302, 11),
        )
        stage = Stage(world(triggers=triggers, actions=(copy, go)))
        for said in ("R1:5\n", "R1:6\n", "R1:6\n", "R1:5\n"):
            stage.say(said)
        self.assertEqual(stage.value(401), 3)
        stage.set(501, "x")
        stage.set(501, "x")
        self.assertEqual((stage.value(402), stage.value(403)), (2, 1))
        stage.say("R2:a\n")  # "go" enters it again
        self.assertEqual((stage.value(402), stage.value(403)), (3, 1))

    def test_an_equal_unit_is_heard_and_answers(self) -> None:
        """Also where it is dropped: whoever watches sees it, and the pair is not asked again."""
        for ignoring in (False, True):
            stage = Stage(world(connections=LINE, ignore_equal_response=ignoring), NOW)
            for _ in range(2):
                stage.run(1)
                stage.say("R1:5\n")
                stage.wait(9)
                told = stage.told("heard", "pair", ">", "unheard", "dropped")
                expected = ["pair 1 begun 1", "> C1", "heard 1", "pair 1 succeeded 1"]
                self.assertEqual(told, expected)
            self.assertEqual(stage.engine.state(0).name, "RESPONDING")

    def test_an_equal_unit_that_nobody_asked_for_is_heard(self) -> None:
        for ignoring in (False, True):
            stage = Stage(world(ignore_equal_response=ignoring))
            for _ in range(3):
                stage.say("R1:5\n")
            self.assertEqual(stage.told("heard", "unheard"), ["heard 1"] * 3)

    def test_equal_units(self) -> None:
        """The second one is not stored, even if the value is another one meanwhile; what follows it comes."""
        for ignoring, expected in (
            (False, ["301=5", "401=1", "402=1", "403=1", "402=2"]),
            (True, ["301=5", "401=1", "402=1", "403=1"]),
        ):
            triggers = (
                at(1, On.PARAMETER, At.CHANGE, 301, 401),
                at(2, On.RESPONSE, At.AFTER, 1, 402),
                at(3, On.PARAMETER, At.CHANGE_AFTER_RESPONSE, 301, 403),
            )
            stage = Stage(world(triggers=triggers, ignore_equal_response=ignoring), NOW)
            stage.run(1)
            stage.say("R1:5\n")
            stage.engine.store.set(301, "other")
            stage.run(1)
            stage.say("R1:5\n")
            told = stage.told("301", "401", "402", "403", "pair")
            self.assertEqual(
                [line for line in told if line[0] == "4" or line[0] == "3"][:2], ["301=5", "401=1"]
            )
            self.assertEqual(sorted(line for line in told if line[:4] != "pair"), sorted(expected))
            self.assertEqual(told[-1], "pair 1 succeeded 1")
            self.assertEqual(stage.value(301), "other")

    def test_equal_answers(self) -> None:
        """What is ignored is an answer that equals the one before to the same pair."""
        triggers = (at(1, On.RESPONSE, At.AFTER, 1, 401), at(2, On.RESPONSE, At.AFTER, 2, 402))
        for ignoring, counts in ((True, ["401=1", "402=1", "401=2"]), (False, None)):
            answers = world(triggers=triggers, ignore_equal_response=ignoring, pairs=either)
            stage = Stage(answers, NOW)
            for says in ("R1:a\n", "R2:b\n", "R1:a\n", "R1:a\n"):
                stage.run(1)
                stage.say(says)
            told = stage.told("401", "402", "pair", "301")
            self.assertEqual(told.count("pair 1 succeeded 1"), 4)
            self.assertEqual(told.count("301=a"), 1)
            found = [line for line in told if line[:2] == "40"]
            self.assertEqual(found, counts or ["401=1", "402=1", "401=2", "401=3"])

    def test_equal_answers_of_two_pairs(self) -> None:
        def same(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
            return tuple(replace(one, responses=(1,)) for one in pairs)

        triggers = (at(1, On.RESPONSE, At.AFTER, 1, 401),)
        stage = Stage(world(triggers=triggers, ignore_equal_response=True, pairs=same), NOW)
        for number in (1, 2, 1, 2):
            stage.run(number)
            stage.say("R1:a\n")
        self.assertEqual(stage.told("401", "301"), ["301=a", "401=1", "401=2"])

    def test_equal_units_that_nobody_asked_for(self) -> None:
        """They are held against the last one of their response."""
        triggers = (at(1, On.RESPONSE, At.AFTER, 1, 401), at(2, On.RESPONSE, At.AFTER, 2, 402))
        stage = Stage(world(triggers=triggers, ignore_equal_response=True, pairs=lambda pairs: ()), NOW)
        for says in ("R1:a\n", "R2:b\n", "R1:a\n", "R1:c\n"):
            stage.say(says)
        self.assertEqual(stage.told("401", "402"), ["401=1", "402=1", "401=2"])

    def test_params_whose_values_do_not_come(self) -> None:
        """Those of the answers, in their order there, after what the pair fires; no constant."""
        triggers = (
            at(1, On.PARAMETER, At.TIMEOUT, None, 401),
            at(2, On.PARAMETER, At.TIMEOUT, 302, 402),
            at(3, On.PAIR, At.TIMEOUT, 1, 403),
            at(4, On.PARAMETER, At.TIMEOUT_AFTER_RETRIES, 301, 404),
            at(5, On.PAIR, At.TIMEOUT_AFTER_RETRIES, 1, 405),
            at(6, On.PARAMETER, At.TIMEOUT_AFTER_RETRIES, 303, 406),
            Trigger(
                7, "t7", On.COMMUNICATION, data="TIMEOUT", content=at(0, On.PAIR, At.TIMEOUT, 1, 407).content
            ),
        )

        def answers(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
            return replace(pairs[0], responses=(2, 1), bad_responses=(3,)), *pairs[1:]

        protocol = world(3, triggers=triggers, pairs=answers)
        both = response(1, "both", 201, 301, 302, 1)
        stage = Stage(replace(protocol, responses=(both, *protocol.responses[1:])), NOW)
        stage.run(1)
        stage.wait(9)
        once = ["403=1", "402=1", "401=1", "407=1"]
        again = [line.replace("=1", "=2") for line in once]
        self.assertEqual(stage.told(), ["> C1", *once, "> C1", *again, "405=1", "404=1"])

    def test_several_of_one_moment(self) -> None:
        """They fire in the order in which the definition has them."""
        triggers = tuple(at(n, On.RESPONSE, At.AFTER, 1, 400 + n) for n in (7, 2, 9, 4))
        stage = Stage(world(triggers=triggers))
        stage.say("R1:5\n")
        self.assertEqual(stage.told(), ["heard 1", "301=5", "407=1", "402=1", "409=1", "404=1"])

    def test_clear_of_a_response(self) -> None:
        """After it, the same is stored again, and is a change if the param was cleared as well."""
        forget, clear = act(10, R, Do.CLEAR), act(11, A, Do.CLEAR, 301)
        for on, actions, expected in (
            (At.AFTER, (10,), ["301=5"]),
            (At.AFTER, (10, 11), ["301=5", "301=5"]),
            (At.CHANGE, (10, 11), ["301=5"]),
        ):  # fmt: skip
            first = at(1, On.RESPONSE, At.AFTER, 1, *actions)
            if on is At.CHANGE:  # what it forgets there is remembered right after
                first = at(1, On.PARAMETER, At.CHANGE, 301, *actions)
            stage = Stage(world(triggers=(first,), actions=(replace(forget, on_ids=(1,)), clear)))
            stage.say("R1:5\n")
            stage.say("R1:5\n")
            self.assertEqual(stage.told("301"), expected)

    def test_the_worked_example(self) -> None:
        stage = Stage(
            world(
                triggers=(at(1, On.RESPONSE, At.AFTER, 1, 401), at(2, On.PARAMETER, At.CHANGE, 501, 10, 11)),
                actions=(act(10, R, Do.CLEAR, 1), act(11, A, Do.CLEAR, 301)),
            )
        )
        stage.say("R1:5\n")
        self.assertEqual(stage.told(), ["heard 1", "301=5", "401=1"])
        stage.say("R1:5\n")
        self.assertEqual(stage.told(), ["heard 1", "401=2"])
        stage.set(501, "x")
        stage.say("R1:5\n")
        self.assertEqual(stage.told(), ["501=x", "silent 301=", "heard 1", "301=5", "401=3"])

    def test_saved_values(self) -> None:
        param = replace(text(9, "kept", kind=ParamType.WRITE), save=True)
        stage = Stage(world(params=(param,)))
        stage.set(9, "x")
        self.assertEqual(stage.told(), ["9=x", "save 9 x"])
        self.assertEqual(Stage(world(params=(param,)), saved={9: b"y"}).value(9), "y")


class EndlessTest(SynchronousTestCase):
    """Chains that never end are ended, with one line in the log."""

    def ended(self, stage: Stage) -> None:
        notes = stage.told("note")
        self.assertEqual(len(notes), 1, notes)
        self.assertIn("this is a loop", notes[0])

    def test_a_change_that_changes_itself(self) -> None:
        stage = Stage(world(triggers=(at(1, On.PARAMETER, At.CHANGE, 401, 401),)))
        machine = stage.engine._machine
        machine.start("x", machine.act(machine.protocol.action[401], Scene()))
        stage._take(stage.engine.wake(0.0))
        self.ended(stage)
        self.assertTrue(30 < stage.value(401) < 100)  # type: ignore[operator]

    def test_branches(self) -> None:
        """Two changes for each change: there would be more of them than anything can do."""
        triggers = (
            at(1, On.PARAMETER, At.CHANGE, 501, 401),
            at(2, On.PARAMETER, At.CHANGE, 401, 402, 403),
            at(3, On.PARAMETER, At.CHANGE, 402, 401, 403),
            at(4, On.PARAMETER, At.CHANGE, 403, 401, 402),
        )
        stage = Stage(world(triggers=triggers))
        stage.set(501, "x")
        self.ended(stage)

    def test_triggers_that_fire_themselves(self) -> None:
        trigger = replace(at(1, On.PARAMETER, At.CHANGE, 501, 1, 1), type=TriggerType.TRIGGER)
        stage = Stage(world(triggers=(trigger,)))
        stage.set(501, "x")
        self.ended(stage)

    def test_a_response_that_holds_itself(self) -> None:
        for twice in (False, True):
            inner = replace(text(8, "inner"), type=ParamType.RESPONSE, type_id=(8,))
            other = replace(text(9, "other", 1), type=ParamType.RESPONSE, type_id=(8,))
            content = (other, inner) if twice else (inner,)
            stage = Stage(replace(world(params=(inner, other)), responses=(response(8, "r", *content),)))
            stage.say("abc" * 50 + "\n")
            notes = stage.told("note")
            self.assertLessEqual(len(notes), 1)

    def test_making_that_queues_itself(self) -> None:
        """A group that is asked for while its command is made early."""
        early = smart_serial("IP", communication=CommunicationOptions(make_command_by_protocol=True))
        trigger = at(1, On.COMMAND, At.BEFORE, 1, 10)
        execute = act(10, ActionOn.GROUP, Do.EXECUTE, 1)
        stage = Stage(world(triggers=(trigger,), actions=(execute,), connections=(early,)))
        stage.run(1)
        self.ended(stage)

    def test_a_long_wait_in_one_cause_is_no_loop(self) -> None:
        """Many units for one pair that waits are many causes."""
        stage = Stage(
            world(triggers=(at(1, On.RESPONSE, At.BEFORE, 1, 900, 10),), actions=(act(10, R, Do.CRC),)), NOW
        )
        stage.run(2)
        for number in range(11_000):
            stage.say(f"R1:{number}\n")
            stage.effects.clear()
        stage.say("R2:x\n")
        self.assertEqual(stage.told("pair", "note"), ["pair 2 succeeded 1"])


class TraceTest(SynchronousTestCase):
    """What is told of triggers and actions to those who ask for it."""

    def stage(self, trace: bool = True) -> Stage:
        triggers = (
            at(1, On.RESPONSE, At.AFTER, 1, 401, 10, condition='id:501 != "quiet"'),
            replace(at(2, On.PAIR, At.TIMEOUT, 1), type=TriggerType.TRIGGER, content=(Step(3),)),
            at(3, On.PAIR, At.SUCCEEDED, None, 402),
            at(4, On.PARAMETER, At.CHANGE, 401, 11),
        )
        actions = (
            act(10, A, Do.COPY, 999, type_id=501),
            act(11, A, Do.INCREMENT, 403, condition="id:401 > 1"),
        )
        return Stage(world(triggers=triggers, actions=actions), replace(NOW, trace=trace))

    def test_of_a_session(self) -> None:
        stage = self.stage()
        stage.connect()
        stage.told()
        stage.say("R1:5\n")
        told = stage.told("trigger", "action", "heard", "401")
        self.assertEqual(
            told,
            [
                "trigger 900 of 0", "action 900 of 900", "heard 1",
                "trigger 1 of 0", "401=1", "trigger 4 of 0", "action 401 of 1", "action 10 of 1 failed",
            ],
        )  # fmt: skip
        stage.say("R1:5\n")
        told = stage.told("trigger", "action")
        self.assertEqual(told[3:5], ["trigger 4 of 0", "action 11 of 4"])

    def test_of_nobody(self) -> None:
        stage = self.stage()
        stage.run(1)
        stage.wait(1.5)
        told = stage.told("trigger", "action", "402")
        self.assertEqual(told, ["trigger 2 of None", "trigger 3 of None", "402=1", "action 402 of 3"])

    def test_what_does_nothing_is_not_told(self) -> None:
        stage = self.stage()
        stage.set(501, "quiet")
        stage.say("R1:5\n")
        self.assertEqual(stage.told("trigger", "action"), ["trigger 900 of 0", "action 900 of 900"])

    def test_others_are_not_told(self) -> None:
        stage = self.stage(False)
        stage.say("R1:5\n")
        stage.run(1)
        stage.wait(9)
        self.assertEqual(stage.told("trigger", "action"), [])

    def test_checks_that_wait_for_the_comparison_are_told_then(self) -> None:
        before = at(1, On.RESPONSE, At.BEFORE, 1, 900, 401, 10)
        stage = Stage(world(1, triggers=(before,), actions=(act(10, R, Do.LENGTH),)), Settings(trace=True))
        stage.say("R1:5\n")
        told = stage.told("trigger", "action", "heard")
        self.assertEqual(
            told, ["trigger 1 of 0", "action 900 of 1", "action 401 of 1", "action 10 of 1", "heard 1"]
        )
        stage.say("what\n")
        told = stage.told("trigger", "action", "unheard")
        expected = [
            "trigger 1 of 0",
            "action 900 of 1",
            "action 401 of 1",
            "unheard other bytes than the constant",
        ]
        self.assertEqual(told, expected)


class ReportTest(SynchronousTestCase):
    """What a connection reports: the units that it makes, and that nothing came."""

    def stage(self, data: str, line: bool) -> Stage:
        reported = Trigger(1, "t", On.COMMUNICATION, data=data, content=(Step(401),))
        connection = serial("S") if line else smart_serial("IP")
        return Stage(world(triggers=(reported,), connections=(connection,)), NOW)

    def test_all_kinds_of_connections(self) -> None:
        for line in (False, True):
            for data, says, often in (
                ("hi\n", "hi\n", 1),
                ("hi\n", "ho\n", 0),
                ("R1:x\n", "R1:x\n", 1),
                ("TIMEOUT", "", 2),
            ):
                with self.subTest(line=line, data=data, says=says):
                    stage = self.stage(data, line)
                    stage.run(1)
                    if says:
                        stage.say(says)
                    stage.wait(2)
                    self.assertEqual(stage.value(401) or 0, often)

    def test_what_time_ends(self) -> None:
        """A line forwards what came when the time is over."""
        stage = self.stage("hi", line=True)
        stage.run(1)
        stage.say("hi")
        self.assertEqual(stage.told("401"), [])
        stage.wait(1)
        self.assertEqual(stage.told("401", "unheard"), ["401=1", "unheard other bytes than the constant"])

    def test_what_nobody_asked_for_is_not_looked_at_on_a_line(self) -> None:
        stage = self.stage("hi\n", line=True)
        stage.say("hi\n")
        self.assertEqual(stage.told("401", "dropped"), ["dropped 3 unasked"])
