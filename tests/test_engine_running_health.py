"""Elements that do not answer: their timeout, and slow poll."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import every, poll, serial, smart_serial
from smartserial.definition.connection import PortSettings, Setting, SlowPollBase
from smartserial.definition.flow import Group, GroupType, Item, ItemKind
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.languages.pairoptions import parse_pair_options
from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol
from smartserial.engine.engine import Settings
from smartserial.engine.running.asking import Patience
from smartserial.engine.running.slowpoll import Slowing
from smartserial.engine.settings import element_timeout_of, ping_interval_of, slowing_of
from smartserial.plugin.reaction import Moment, Reaction
from smartserial.plugin.wishes import SetConnectionState
from tests.enginestage import At, Do, On, Stage, act, at, world

LINES = (serial("A"), serial("B"))
FAST = Settings({0: Patience(1.0, 1), 1: Patience(1.0, 1)}, element_timeout=10.0)
SLOW = replace(FAST, slow_poll=Slowing(3), ping_interval=5.0)


class ElementTimeoutTest(SynchronousTestCase):
    def times(self, stage: Stage, kind: str, seconds: float = 60.0) -> list[str]:
        """Return the lines of one kind, each with its second."""
        found, end = [], stage.now + seconds
        while stage.now < end:
            found += [f"{stage.now:g} {line}" for line in stage.told(kind)]
            due = stage.engine.next_wake
            stage.wait(min(end, due if due is not None else end) - stage.now)
        return found + [f"{stage.now:g} {line}" for line in stage.told(kind)]

    def test_it_begins_with_the_first_sending(self) -> None:
        """Of a pair that was given up: nothing that was asked before and answered counts."""
        stage = Stage(world(connections=LINES), FAST)
        stage.run(1)
        stage.say("R1:5\n")
        stage.wait(5)
        stage.run(1)
        self.assertEqual(self.times(stage, "timeout"), ["15 timeout True"])
        stage.run(1)
        stage.wait(0.5)
        stage.say("R1:6\n")
        self.assertEqual(stage.told("timeout"), ["timeout False"])

    def test_an_answer_in_between_ends_it(self) -> None:
        for answer, expected in (("R1:5\n", []), ("noise\n", ["10 timeout True"])):
            stage = Stage(world(connections=LINES), FAST)
            stage.run(1)
            stage.wait(4)
            stage.run(1)
            stage.say(answer)
            self.assertEqual(self.times(stage, "timeout"), expected)

    def test_a_time_that_is_over_already(self) -> None:
        stage = Stage(world(connections=LINES), replace(FAST, element_timeout=0.5))
        stage.run(1)
        self.assertEqual(self.times(stage, "timeout"), ["2 timeout True"])

    def test_nothing_asked_is_no_failure(self) -> None:
        silent = lambda pairs: tuple(replace(pair, responses=()) for pair in pairs)  # noqa: E731
        stage = Stage(world(connections=LINES, pairs=silent), FAST)
        stage.run(1)
        self.assertEqual(self.times(stage, "timeout"), [])

    def test_pairs_that_do_not_count(self) -> None:
        ignoring = parse_pair_options("ignoreTimeout").value
        for protocol in (
            world(connections=LINES, pairs=lambda pairs: tuple(replace(p, options=ignoring) for p in pairs)),
            world(connections=LINES, no_timeouts=("BUSY\n",)),
        ):
            stage = Stage(protocol, FAST)
            stage.run(1)
            for _ in range(2):
                stage.say("BUSY\n")
            self.assertEqual(self.times(stage, "timeout"), [])

    def test_one_of_two_connections_is_enough(self) -> None:
        there = parse_pair_options("connection:1").value
        pairs = lambda pairs: (pairs[0], replace(pairs[1], options=there))  # noqa: E731
        stage = Stage(world(connections=(smart_serial("A"), smart_serial("B")), pairs=pairs), FAST)
        stage.connect("A", 0)
        stage.connect("B", 1)
        stage.run(2)
        stage.wait(3)
        for _ in range(10):
            stage.say("R1:5\n", "A")
            stage.wait(1)
        self.assertEqual(stage.told("timeout"), ["timeout True"])
        stage.say("R2:5\n", "B")  # nobody hears that there
        self.assertEqual(stage.told("timeout"), [])
        stage.run(2)
        stage.say("R2:5\n", "B")
        self.assertEqual(stage.told("timeout"), ["timeout False"])

    def test_what_code_says(self) -> None:
        """It counts until there is traffic; what no connection is stays as it was said."""

        def call(view, *inputs):  # type: ignore[no-untyped-def]
            number, responding = {"x": (0, False), "y": (-1, False), "z": (-1, True)}[view.get(502)]
            yield SetConnectionState(responding, number)

        reaction = Reaction("p", "r", Moment.CHANGE, call, 502)
        for value, heard, after in (("x", ["timeout True"], ["timeout False"]), ("y", ["timeout True"], [])):
            stage = Stage(world(connections=LINES), FAST, reactions=(reaction,))
            for _ in range(2):
                stage.set(502, value)
            self.assertEqual(stage.told("timeout", "note"), heard)
            stage.run(1)
            stage.say("R1:5\n")
            self.assertEqual(stage.told("timeout"), after)
            stage.set(502, "z")
            self.assertEqual(stage.told("timeout"), [] if after else ["timeout False"])


class SlowPollTest(SynchronousTestCase):
    def world(self, *pings: int, **more: object) -> Protocol:
        def pinging(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
            return tuple(replace(pair, ping=pair.id in pings) for pair in pairs)

        return world(3, **{"connections": LINES, "pairs": pinging, **more})  # type: ignore[arg-type]

    def slow(self, protocol: Protocol, settings: Settings = SLOW) -> Stage:
        """Return a stage in slow poll, one second after that began."""
        stage = Stage(protocol, settings)
        stage.run(2)
        stage.run(2)
        stage.wait(4)
        self.assertIn("slow True", stage.told())
        return stage

    def test_after_so_many_timeouts(self) -> None:
        stage = Stage(self.world(), SLOW)
        stage.run(2)
        stage.wait(3)
        stage.run(2)
        stage.say("R2:5\n")  # they are counted anew
        stage.run(1)
        stage.run(2)
        stage.wait(2.5)
        self.assertEqual(stage.told("slow"), [])
        stage.wait(0.5)
        self.assertEqual(stage.told("slow"), ["slow True"])

    def test_after_so_long_in_timeout(self) -> None:
        stage = Stage(self.world(), replace(SLOW, slow_poll=Slowing(seconds=20)))
        for _ in range(14):
            stage.run(2)
        stage.wait(29.9)
        self.assertEqual(stage.told("timeout", "slow"), ["timeout True"])
        stage.wait(0.2)
        self.assertEqual(stage.told("slow"), ["slow True"])

    def test_an_answer_before_that(self) -> None:
        stage = Stage(self.world(), replace(SLOW, slow_poll=Slowing(seconds=20)))
        stage.run(2)
        stage.wait(25)
        stage.run(2)
        stage.say("R2:5\n")
        stage.wait(60)
        self.assertEqual(stage.told("timeout", "slow"), ["timeout True", "timeout False"])

    def test_groups_rest_and_pings_go(self) -> None:
        stage = self.slow(self.world(3))
        stage.run(1)
        stage.set(501, "B")
        stage.run(1)
        stage.wait(3.9)
        self.assertEqual(stage.sent(), [])
        stage.wait(0.2)
        self.assertEqual(stage.sent(), ["> C3"])
        stage.wait(1)
        self.assertEqual(stage.sent(), ["> C3"])  # sent again, as each pair is
        stage.wait(3.7)
        self.assertEqual(stage.sent(), [])
        stage.wait(0.2)
        self.assertEqual(stage.sent(), ["> C3"])
        stage.say("R3:5\n")
        self.assertEqual(stage.told("slow", ">"), ["slow False", "> C1B"])
        stage.say("R1:5\n")
        stage.say("R1:5\n")
        stage.wait(60)
        self.assertEqual(stage.sent(), ["> C1B"])

    def test_which_pair_it_is(self) -> None:
        def without(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
            return pairs[2], replace(pairs[0], responses=()), pairs[1]

        group = Group(-1, "ping", content=(Item(ItemKind.PAIR, 3), Item(ItemKind.PAIR, 1)))
        for protocol, expected in (
            (self.world(), "> C1"),
            (self.world(3), "> C3"),
            (self.world(pairs=without), "> C2"),
            (self.world(2, groups=(group,)), "> C3"),
        ):
            stage = self.slow(protocol)
            stage.wait(6)
            self.assertEqual(stage.sent()[0], expected)

    def test_a_ping_that_hangs_is_not_doubled(self) -> None:
        stage = self.slow(self.world(), replace(SLOW, patience={0: Patience(1.0, 1)}, ping_interval=1.5))
        stage.wait(1.6)
        for _ in range(20):
            stage.wait(1.5)
            self.assertLessEqual(len(stage.sent()), 2)

    def test_without_a_ping_it_does_not_begin(self) -> None:
        silent = lambda pairs: tuple(replace(p, responses=(), bad_responses=(p.id,)) for p in pairs)  # noqa: E731
        stage = Stage(self.world(pairs=silent), SLOW)
        for _ in range(3):
            stage.run(2)
        stage.wait(60)
        self.assertEqual(stage.told("slow"), [])

    def test_any_response_ends_it(self) -> None:
        stage = self.slow(self.world(connections=(smart_serial("A"), serial("B"))))
        stage.say("R3:unasked\n")
        self.assertEqual(stage.told("slow", ">"), ["slow False"])
        stage.wait(60)
        self.assertEqual(stage.told("slow", ">"), [])

    def test_timers_add_nothing(self) -> None:
        timer = every(1, "t", 1000, 1)
        protocol = self.world(3, timers=(timer,))
        stage = Stage(protocol, SLOW)
        stage.wait(4)
        self.assertIn("slow True", stage.told())
        queue = stage.engine._machine.threads.thread(0).queue
        stage.wait(40)
        self.assertEqual(len(queue), 0)
        self.assertEqual({*stage.sent()}, {"> C3"})
        stage.say("R3:5\n")
        stage.wait(1.1)
        self.assertEqual(stage.told("slow", ">")[0:2], ["slow False", "> C1"])

    def test_a_loop_does_not_run_on_the_spot(self) -> None:
        timer = replace(every(1, "t", 1000, 1), time=None)
        stage = Stage(self.world(3, timers=(timer,)), SLOW)
        stage.wait(4)
        self.assertIn("slow True", stage.told())
        woken = 0
        while stage.now < 24:
            due = stage.engine.next_wake
            assert due is not None
            stage.wait(due - stage.now)
            woken += 1
        self.assertLess(woken, 60)

    def test_other_connections_go_on(self) -> None:
        groups = (poll(4, "there", 2, connection=1), poll(5, "there too", 3))
        there = parse_pair_options("connection:1").value
        pairs = lambda pairs: (*pairs[:2], replace(pairs[2], options=there))  # noqa: E731
        stage = self.slow(self.world(groups=groups, pairs=pairs), replace(SLOW, ping_interval=50.0))
        stage.run(1)
        stage.run(4)
        stage.wait(2)
        stage.run(5)
        stage.wait(2)
        self.assertEqual(stage.sent(), ["1> C2", "1> C2", "1> C3", "1> C3"])

    def test_groups_of_actions_rest_too(self) -> None:
        group = Group(6, "count", GroupType.POLL_ACTION, (Item(ItemKind.ACTION, 401),))
        stage = self.slow(self.world(groups=(group,)))
        stage.run(6)
        self.assertEqual(stage.value(401), 0)

    def test_what_was_forced_rests_too(self) -> None:
        """Also when it comes while a ping waits for its answer."""
        force = act(10, ActionOn.GROUP, Do.FORCE_EXECUTE, 1)
        group = Group(-1, "ping", content=(Item(ItemKind.PAIR, 3), Item(ItemKind.PAIR, 3)))
        triggers = (at(1, On.PARAMETER, At.CHANGE, 502, 10),)
        stage = self.slow(self.world(triggers=triggers, actions=(force,), groups=(group,)))
        stage.set(502, "go")
        stage.wait(4.5)
        stage.set(502, "again")
        stage.wait(4)
        self.assertEqual(stage.sent(), ["> C3"] * 4)

    def test_its_command_is_made_when_it_is_sent(self) -> None:
        """Even where others are made before their group waits."""
        early = CommunicationOptions(make_command_by_protocol=True)
        line = replace(serial("A"), communication=early)
        for groups in ((), (Group(-1, "ping", content=(Item(ItemKind.PAIR, 1),)),)):
            stage = Stage(self.world(connections=(line,), groups=groups), SLOW)
            stage.set(501, "new")
            stage.run(1)
            stage.run(1)
            stage.wait(4)
            self.assertEqual(stage.sent(), ["> C1"] * 4)
            stage.wait(4.5)
            self.assertEqual(stage.sent(), ["> C1new"])

    def test_a_full_queue_does_not_keep_the_ping(self) -> None:
        stage = self.slow(self.world())
        queue = stage.engine._machine.threads.thread(0).queue
        for _ in range(10_001):
            stage.engine.run_group(2, stage.now)
        self.assertTrue(queue.full)
        stage.wait(4.5)
        self.assertEqual(stage.sent(), ["> C1"])


class SettingsTest(SynchronousTestCase):
    # SlowPoll and its base; what that means.
    TABLE = (
        (None, None, Slowing()),
        (3, None, Slowing(3)),
        (20_000, None, Slowing(seconds=20.0)),
        (500, SlowPollBase.NUMBER, Slowing(500)),
        (1000, SlowPollBase.TIME, Slowing(seconds=1.0)),
        (0, SlowPollBase.NUMBER, Slowing(1)),
    )

    def test_of_the_definition(self) -> None:
        for said, base, expected in self.TABLE:
            port = PortSettings(
                slow_poll=Setting(said) if said is not None else None,
                slow_poll_base=Setting(base) if base is not None else None,
                timeout_time_element=Setting(7000),
                ping_interval=Setting(9000),
            )
            protocol = Protocol("p", connections=(replace(serial("A"), port=port), serial("B")))
            usual = Settings()
            self.assertEqual(slowing_of(protocol, usual), expected)
            self.assertEqual(element_timeout_of(protocol, usual), 7.0)
            self.assertEqual(ping_interval_of(protocol, usual), 9.0)

    def test_the_operator_says_otherwise(self) -> None:
        port = PortSettings(
            slow_poll=Setting(3), timeout_time_element=Setting(7000), ping_interval=Setting(9000)
        )
        protocol = Protocol("p", connections=(replace(serial("A"), port=port),))
        said = Settings(element_timeout=1.5, slow_poll=Slowing(), ping_interval=2.5)
        self.assertEqual(slowing_of(protocol, said), Slowing())
        self.assertEqual((element_timeout_of(protocol, said), ping_interval_of(protocol, said)), (1.5, 2.5))

    def test_nobody_says_anything(self) -> None:
        for protocol in (Protocol("p"), Protocol("p", connections=(serial("A"),))):
            found = slowing_of(protocol, Settings()), element_timeout_of(protocol, Settings())
            self.assertEqual(found, (Slowing(), 30.0))
            self.assertEqual(ping_interval_of(protocol, Settings()), 30.0)
