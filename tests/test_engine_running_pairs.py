"""Pairs: what is sent, what answers it, and what becomes of it when nothing does."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import fixed, poll, serial, smart_serial
from smartserial.definition.condition import parse_condition
from smartserial.definition.flow import Group, Item, ItemKind, Trigger
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.languages.pairoptions import parse_pair_options
from smartserial.definition.message import Pair
from smartserial.engine.effects import Send
from smartserial.engine.engine import Settings
from smartserial.engine.running.asking import Patience
from tests.enginestage import At, Do, On, Stage, act, at, world

LINE = (serial("Serial Connection"),)
EARLY = smart_serial("IP Connection", communication=CommunicationOptions(make_command_by_protocol=True))
SLEEP = act(10, ActionOn.PROTOCOL, Do.SLEEP, type_value="100")
AFTER = (
    at(1, On.PAIR, At.SUCCEEDED, 1, 401),
    at(2, On.PAIR, At.TIMEOUT, 1, 402),
    at(3, On.PAIR, At.TIMEOUT_AFTER_RETRIES, 1, 403),
    Trigger(4, "t4", On.COMMUNICATION, data="TIMEOUT", content=at(0, On.PAIR, At.TIMEOUT, 1, 404).content),
)
TWO = Settings({0: Patience(1.0, 1), 1: Patience(1.0, 1)})


def first(**changes: object):  # type: ignore[no-untyped-def]
    """Return what changes the first pair."""

    def change(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
        return replace(pairs[0], **changes), *pairs[1:]  # type: ignore[arg-type]

    return change


def options(text: str):  # type: ignore[no-untyped-def]
    return first(options=parse_pair_options(text).value)


class AnswerTest(SynchronousTestCase):
    # What the device says in which second, and what is told of it.
    STORIES = (
        ("an answer", ("R1:5\n",), "> C1|heard 1|301=5|401=1"),
        ("silence", (), "> C1|402=1|404=1|> C1|402=2|404=2|403=1"),
        ("an answer to the second", ("", "R1:5\n"), "> C1|402=1|404=1|> C1|heard 1|301=5|401=1"),
        ("a refusal", ("R2:no\n",), "> C1|heard 2|302=no"),
        ("noise before", ("x\nR1:5\n",), "> C1|unheard other bytes than the constant|heard 1|301=5|401=1"),
    )

    def test_stories(self) -> None:
        for kind in ("IP", "serial"):
            for name, says, expected in self.STORIES:
                if kind == "serial" and name == "noise before":
                    continue
                with self.subTest(kind=kind, name=name):
                    more = {} if kind == "IP" else {"connections": LINE}
                    stage = Stage(world(triggers=AFTER, pairs=first(bad_responses=(2,)), **more), TWO)
                    stage.run(1)
                    for said in says:
                        if said:
                            stage.say(said)
                        stage.wait(1.0)
                    stage.wait(5.0)
                    self.assertEqual(
                        [line for line in stage.told() if line[:6] != "65045="], expected.split("|")
                    )

    def test_the_steps_of_a_pair(self) -> None:
        stage = Stage(world(pairs=first(bad_responses=(2,))), TWO)
        stage.run(1)
        stage.wait(3.0)
        steps = ["begun 1", "timed out 1", "begun 2", "timed out 2", "given up 2"]
        self.assertEqual(stage.told("pair"), [f"pair 1 {step}" for step in steps])
        stage.run(1)
        stage.say("R2:no\n")
        self.assertEqual(stage.told("pair"), ["pair 1 begun 1", "pair 1 refused 1"])

    def test_without_answers_it_is_over_when_it_is_sent(self) -> None:
        stage = Stage(world(triggers=AFTER, pairs=first(responses=())), TWO)
        stage.run(1)
        stage.wait(9)
        self.assertEqual(stage.told(), ["> C1", "401=1"])

    def test_the_next_pair_follows_one_that_is_given_up(self) -> None:
        stage = Stage(world(groups=(poll(3, "both", 1, 2),)), TWO)
        stage.run(3)
        stage.wait(2.0)
        self.assertEqual(stage.sent(), ["> C1", "> C1", "> C2"])

    def test_a_wrong_answer_of_a_line_is_asked_again_at_once(self) -> None:
        stage = Stage(world(connections=LINE), TWO)
        stage.run(1)
        stage.say("Rx:5\n")
        self.assertEqual(
            stage.told("unheard", ">"), ["> C1", "unheard other bytes than the constant", "> C1"]
        )

    def test_what_is_after_an_answer_is_lost(self) -> None:
        stage = Stage(world(connections=LINE), TWO)
        stage.say("early\n")
        stage.run(1)
        stage.say("R1:5\nmore")
        stage.say("later")
        self.assertEqual(
            stage.told("dropped", "301"),
            ["dropped 6 unasked", "dropped 4 unfinished", "301=5", "dropped 5 unasked"],
        )
        offsets = []
        stage.run(1)
        stage.say("R1:6\n")
        offsets = [effect.unit.offset for effect in stage.effects if hasattr(effect, "unit")]
        self.assertEqual(offsets, [20])


class OptionsTest(SynchronousTestCase):
    def test_options(self) -> None:
        for text, expected in (
            ("retries:0", "0 > C1"),
            ("retries:2", "0 > C1|1 > C1|2 > C1"),
            ("connection:1", "0 1> C1|1 1> C1"),
            ("commBreak", "0 break 0.005|0.005 > C1|1.005 break 0.005|1.01 > C1"),
            ("commBreak:200", "0 break 0.2|0.2 > C1|1.2 break 0.2|1.4 > C1"),
            ("oneByte", "0 > C1|1.01 > C1"),
            ("ignoreTimeout", "0 > C1|1 > C1"),
        ):
            with self.subTest(text=text):
                stage = Stage(world(pairs=options(text), connections=(*LINE, *LINE)), TWO)
                found = []
                stage.run(1)
                while True:
                    found += [
                        f"{stage.now:g} {line}" for line in stage.told() if ">" in line or "break" in line
                    ]
                    due = stage.engine.next_wake
                    if due is None:
                        break
                    stage.wait(due - stage.now)
                self.assertEqual(found, expected.split("|"))

    def test_bytes_one_by_one(self) -> None:
        for text, gap in (("oneByte", 0.005), ("oneByte:20", 0.02), ("", 0.0)):
            stage = Stage(world(pairs=options(text)))
            stage.run(1)
            self.assertEqual([one.gap for one in stage.effects if isinstance(one, Send)], [gap])

    def test_the_time_begins_with_the_last_byte(self) -> None:
        """33 bytes, one each 100 ms, are out after 3.2 s; also what nothing answers is not over before."""
        stage = Stage(world(pairs=options("oneByte:100;retries:0")), TWO)
        stage.set(501, "x" * 30)
        stage.run(1)
        stage.wait(4.15)
        self.assertEqual(stage.told("pair"), ["pair 1 begun 1"])
        stage.wait(0.1)
        self.assertEqual(stage.told("pair"), ["pair 1 timed out 1", "pair 1 given up 1"])

    def test_a_command_without_answer_that_takes_its_time(self) -> None:
        slow = first(options=parse_pair_options("oneByte:100").value, responses=())
        stage = Stage(world(pairs=slow, groups=(poll(9, "both", 1, 2),)), TWO)
        stage.run(9)
        self.assertEqual(stage.told(">"), ["> C1"])
        stage.wait(0.15)
        self.assertEqual(stage.told(">"), [])
        stage.wait(0.1)
        self.assertEqual(stage.told(">"), ["> C2"])

    def test_silence_ends_an_answer(self) -> None:
        stage = Stage(
            world(connections=LINE, pairs=options("receiveInterval:50"), params=(fixed(9, "x", "x"),)), TWO
        )
        stage.run(1)
        stage.say("R1:5")
        stage.wait(0.04)
        stage.say("!")
        stage.wait(0.04)
        self.assertEqual(stage.told("unheard", "pair"), ["pair 1 begun 1"])
        stage.wait(0.02)
        self.assertEqual(stage.told("unheard", ">"), ["unheard no end found", "> C1"])

    def test_ignored_timeouts_and_excuses_leave_the_state_alone(self) -> None:
        for changes, says, expected in (
            ({}, "", ["state 0 not_responding"]),
            ({"options": parse_pair_options("ignoreTimeout").value}, "", []),
            ({}, "BUSY\n", []),
            ({}, "LAZY\n", ["state 0 not_responding"]),
        ):
            with self.subTest(changes=changes, says=says):
                protocol = world(
                    triggers=AFTER, connections=LINE, pairs=first(**changes), no_timeouts=("BUSY\n",)
                )
                stage = Stage(protocol, TWO)
                stage.run(1)
                for _ in range(2 if says else 0):
                    stage.say(says)
                stage.wait(2)
                told = stage.told("state", "402", "403")
                self.assertEqual(told, ["402=1", "402=2", *expected, "403=1"])

    def test_timeouts(self) -> None:
        """Of the connection, of the pair, and of the action that changes it."""
        change = act(10, ActionOn.PAIR, Do.TIMEOUT, 1, type_id=501)
        for timeout, given, expected in ((None, "", 1.0), (300, "", 0.3), (300, "700", 0.7), (300, "x", 0.3)):
            with self.subTest(timeout=timeout, given=given):
                protocol = world(
                    triggers=(at(1, On.PARAMETER, At.CHANGE, 501, 10),),
                    actions=(change,),
                    pairs=first(timeout=timeout),
                )
                stage = Stage(protocol, TWO)
                if given:
                    stage.set(501, given)
                stage.run(1)
                stage.wait(expected - 0.01)
                self.assertEqual(len(stage.sent()), 1)
                stage.wait(0.02)
                self.assertEqual(len(stage.sent()), 1)

    def test_a_condition(self) -> None:
        pairs = first(condition=parse_condition("id:401 > 0"))
        items = tuple(Item(ItemKind.PAIR, number, 50) for number in (1, 2))
        stage = Stage(world(pairs=pairs, groups=(Group(3, "both", content=items),)), TWO)
        stage.run(3)
        self.assertEqual(stage.sent(), ["> C2"])  # at once: nothing is waited for after what is left out


class MakingTest(SynchronousTestCase):
    def protocol(self, early: bool, make: bool, connection: bool = True):  # type: ignore[no-untyped-def]
        triggers = (at(1, On.COMMAND, At.BEFORE, None, 10),) if make else ()
        actions = (act(10, ActionOn.COMMAND, Do.MAKE),)
        more = {"connections": (EARLY,)} if early else {}
        return world(triggers=triggers, actions=actions, groups=(poll(7, "g", 2, 1),), **more)

    def test_when_a_command_is_made(self) -> None:
        """A value that changes while the group waits counts, unless commands are made when it is queued."""
        for early, make, expected in (
            (False, False, "> C1B"), (False, True, "> C1B"), (True, True, "> C1A"), (True, False, "> C1"),
        ):  # fmt: skip
            with self.subTest(early=early, make=make):
                stage = Stage(self.protocol(early, make), TWO)
                stage.set(501, "A")
                stage.run(2)
                stage.run(1)
                stage.set(501, "B")
                stage.say("R2:\n")
                self.assertEqual(stage.sent()[-1], expected)

    def test_before_command_comes_before_the_group_then(self) -> None:
        for early, expected in ((False, ["402=1", "401=1"]), (True, ["401=1", "402=1"])):
            triggers = (at(1, On.COMMAND, At.BEFORE, None, 401), at(2, On.GROUP, At.BEFORE, None, 402))
            stage = Stage(world(triggers=triggers, connections=(EARLY,) if early else (smart_serial("IP"),)))
            stage.run(1)
            self.assertEqual(stage.told("401", "402"), expected)

    def test_each_attempt_is_made_anew(self) -> None:
        for early, expected in ((False, ["> C1A", "> C1B"]), (True, ["> C1A", "> C1A"])):
            stage = Stage(self.protocol(early, True), TWO)
            stage.set(501, "A")
            stage.run(1)
            stage.set(501, "B")
            stage.wait(1)
            self.assertEqual(stage.sent(), expected)

    def test_one_that_waits_already_is_not_made_again(self) -> None:
        again = act(11, ActionOn.GROUP, Do.EXECUTE_ONE, 1)
        triggers = (at(1, On.COMMAND, At.BEFORE, 1, 401), at(2, On.PARAMETER, At.CHANGE, 502, 11))
        stage = Stage(world(triggers=triggers, actions=(again,), connections=(EARLY,)))
        stage.run(2)
        for value in "xy":
            stage.set(502, value)
        self.assertEqual(stage.told("401"), ["401=1"])

    def test_a_command_that_cannot_be_worked_on_is_sent_all_the_same(self) -> None:
        broken = act(10, ActionOn.COMMAND, Do.REPLACE_DATA)
        stage = Stage(world(triggers=(at(1, On.COMMAND, At.BEFORE, 1, 10, 401),), actions=(broken,)))
        stage.run(1)
        told = stage.told("note", "401", ">")
        self.assertIn("note trigger 1: action 10 failed", told[0])
        self.assertEqual(told[1:], ["401=1", "> C1"])

    def test_make_by_name_is_for_what_waits(self) -> None:
        """Commands that are made early are made again by an action that names them."""
        make = act(10, ActionOn.COMMAND, Do.MAKE, 1)
        protocol = world(
            triggers=(at(1, On.PARAMETER, At.CHANGE, 501, 10),), actions=(make,), connections=(EARLY,)
        )
        stage = Stage(protocol)
        stage.set(501, "A")
        stage.run(1)
        self.assertEqual(stage.sent(), ["> C1A"])


class SleepTest(SynchronousTestCase):
    """The chain of a pair sleeps, and units come meanwhile."""

    def test_after_the_command(self) -> None:
        for kind in ((smart_serial("IP"),), LINE):
            triggers = (at(1, On.COMMAND, At.AFTER, 1, 10),)
            stage = Stage(world(triggers=triggers, actions=(SLEEP,), connections=kind), TWO)
            stage.run(1)
            stage.say("R1:5\n")
            self.assertEqual(stage.told("heard"), [])
            stage.wait(0.1)
            self.assertEqual(stage.told("heard", "pair"), ["heard 1", "pair 1 succeeded 1"])

    def test_while_an_answer_is_looked_at(self) -> None:
        """The second answer is kept; as nobody waits for it then, it is heard by itself."""
        action = replace(SLEEP, id=11, condition=parse_condition("id:301 == empty"))
        triggers = (at(1, On.RESPONSE, At.BEFORE, 1, 900, 11, 401),)
        stage = Stage(world(triggers=triggers, actions=(action,)), TWO)
        stage.connect()
        stage.run(1)
        stage.say("R1:5\nR1:6\n")
        self.assertEqual(stage.told("heard", "301"), [])
        stage.wait(0.1)
        self.assertEqual(stage.told("heard", "301"), ["heard 1", "301=5", "heard 1", "301=6"])
        self.assertEqual(stage.value(301), "6")

    def test_once_it_is_accepted_others_are_heard(self) -> None:
        triggers = (at(1, On.RESPONSE, At.AFTER, 1, 10, 401),)
        stage = Stage(world(triggers=triggers, actions=(SLEEP,)), TWO)
        stage.run(1)
        stage.say("R1:5\nR2:6\n")
        self.assertEqual(stage.told("heard", "401"), ["heard 1", "heard 2"])
        stage.wait(0.1)
        self.assertEqual(stage.told("401", "pair"), ["401=1", "pair 1 succeeded 1"])

    def test_its_peer_leaves_meanwhile(self) -> None:
        for moment in (At.BEFORE, At.AFTER):
            triggers = (at(1, On.RESPONSE, moment, 1, 900, 10, 401),)
            stage = Stage(world(triggers=triggers, actions=(SLEEP,)), TWO)
            stage.connect()
            stage.run(1)
            stage.say("R1:5\n")
            stage.leave()
            stage.wait(9)
            self.assertEqual(
                stage.told("401", "301"), ["301=5", "401=1"] if moment is At.AFTER else ["401=1", "301=5"]
            )
