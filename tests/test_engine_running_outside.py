"""What is done from outside: addresses that are bound, commands that are sent, rights that are granted."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import poll, serial, smart_serial
from smartserial.definition.flow import Trigger
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.languages.pairoptions import parse_pair_options
from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol, Thread
from smartserial.engine.effects import ConnectionState, Peer
from smartserial.engine.engine import Settings
from smartserial.engine.running.asking import Patience
from tests.enginestage import At, Do, On, Stage, act, at, world

G, P = ActionOn.GROUP, ActionOn.PROTOCOL
NOW = Settings({0: Patience(1.0, 0), 1: Patience(1.0, 0)})
UDP = replace(NOW, datagrams=frozenset({0}))
REPLY = at(1, On.RESPONSE, At.AFTER, 1, 10)
EXECUTE = act(10, G, Do.EXECUTE, 2)
NOTIFYING = CommunicationOptions(notify_connection_pids=(301, 302))


def second(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return the second pair alone, so that response 1 answers nothing."""
    return pairs[1:]


class DatagramsTest(SynchronousTestCase):
    def stage(self, settings: Settings = UDP) -> Stage:
        connection = smart_serial("IP", communication=NOTIFYING)
        stage = Stage(
            world(triggers=(REPLY,), actions=(EXECUTE,), pairs=second, connections=(connection,)), settings
        )
        for number, name in enumerate("ABC"):
            stage.peers[name] = 0, Peer("10.0.0.5", 4000 + number, number + 1)
        return stage

    def test_an_address_that_is_bound(self) -> None:
        """Datagrams may come from then on; of sessions, none is there yet."""
        for settings, state in ((UDP, ConnectionState.CONNECTED), (NOW, ConnectionState.UNDEFINED)):
            stage = self.stage(settings)
            stage.bind()
            self.assertIs(stage.engine.state(0), state)
        stage = Stage(world(connections=(serial("S"),)), UDP)
        stage.bind()
        self.assertIs(stage.engine.state(0), ConnectionState.UNDEFINED)

    def test_an_address_that_cannot_be_had_any_more(self) -> None:
        stage = self.stage()
        stage.bind()
        stage._take(stage.engine.disconnected(0, Peer(), 0.0))
        self.assertEqual(stage.told("state"), ["state 0 connected", "state 0 disconnected"])

    def test_a_sender_that_is_forgotten(self) -> None:
        """What it left is lost, and that is all."""
        stage = self.stage()
        stage.bind()
        stage.say("R1", "A")
        stage.told()
        stage.leave("A")
        self.assertEqual(stage.told(), ["dropped 2 unfinished"])
        self.assertEqual(stage.told("state"), [])
        self.assertEqual(stage.engine._intake.kept, 0)
        self.assertIsNone(stage.value(302))

    def test_the_others_are_still_there(self) -> None:
        stage = self.stage()
        stage.bind()
        for name in "AB":
            stage.say("zz\n", name)
        stage.leave("A")
        stage.say("R1:x\n", "B")
        self.assertEqual(stage.sent(), ["B> C2"])

    def test_one_that_was_never_told_of(self) -> None:
        """Of datagrams a session says nothing about who else may send them."""
        stage = self.stage()
        stage._take(stage.engine.connected(0, stage.peers["A"][1], 0.0))
        stage.say("R1:x\n", "B")
        self.assertEqual(stage.sent(), ["B> C2"])

    def test_a_client(self) -> None:
        """It has a session, which ends as others do."""
        stage = self.stage()
        stage.connect("A")
        stage.leave("A")
        told = stage.told("state", "302")
        self.assertEqual(told, ["state 0 connected", "state 0 disconnected", "302=10.0.0.5:4000"])

    def test_one_that_is_forgotten_while_it_is_waited_for(self) -> None:
        stage = self.stage()
        stage.say("R1:x\n", "B")
        stage.told()
        stage.leave("B")
        self.assertEqual(stage.told("pair"), ["pair 2 timed out 1", "pair 2 given up 1"])


def both(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return the pairs, the second one on connection 1."""
    return pairs[0], replace(pairs[1], options=parse_pair_options("connection:1").value)


class CommandTest(SynchronousTestCase):
    AROUND = (at(1, On.COMMAND, At.BEFORE, 1, 401), at(2, On.COMMAND, At.AFTER, 1, 402))

    def test_it_is_made_and_sent_to_all(self) -> None:
        stage = Stage(world(triggers=self.AROUND), NOW)
        for name in "AB":
            stage.connect(name)
        stage.told()
        stage.set(501, "x")
        stage.command(1)
        self.assertEqual(stage.told(), ["501=x", "401=1", "> C1x", "402=1"])

    def test_nothing_answers_it(self) -> None:
        """It is done when it is sent: what the device says is heard by itself."""
        stage = Stage(world(), NOW)
        stage.command(1)
        stage.say("R1:x\n")
        stage.wait(5)
        told = stage.told("pair", "heard")
        self.assertEqual([line.split(" ", 2)[-1] for line in told], ["begun 1", "succeeded 1", "1"])

    def test_where(self) -> None:
        two = (smart_serial("A"), smart_serial("B"))
        for more, expected in (
            ({"pairs": both}, ["> C1", "1> C2", "> C3"]),
            ({"groups": (poll(2, "g", 2, connection=1),)}, ["> C1", "1> C2", "> C3"]),
            ({}, ["> C1", "> C2", "> C3"]),
        ):
            protocol = world(3, connections=two, **more)  # type: ignore[arg-type]
            protocol = replace(
                protocol, pairs=protocol.pairs[:2], groups=tuple(g for g in protocol.groups if g.id < 3)
            )
            stage = Stage(protocol, NOW)
            for number in (1, 2, 3):
                stage.command(number)
            self.assertEqual(stage.sent(), expected)

    def test_it_waits_for_its_turn(self) -> None:
        stage = Stage(world(), NOW)
        stage.run(1)
        stage.command(2)
        self.assertEqual(stage.sent(), ["> C1"])
        stage.say("R1:x\n")
        self.assertEqual(stage.sent(), ["> C2"])

    def test_one_that_there_is_not(self) -> None:
        stage = Stage(world())
        stage.command(9)
        self.assertEqual(stage.told(), ["note command 9: there is no command 9"])

    def test_after_the_end(self) -> None:
        stage = Stage(world())
        stage.engine.stop(0.0)
        stage.command(1)
        self.assertEqual(stage.told(), [])


class SettingsTest(SynchronousTestCase):
    def test_other_patience(self) -> None:
        """From the next command on, of those connections that are said."""
        stage = Stage(world(connections=(serial("A"), serial("B")), pairs=both), NOW)
        stage.engine.use({0: Patience(3.0, 1)})
        stage.run(1)
        stage.wait(2.9)
        self.assertEqual(stage.told("pair"), ["pair 1 begun 1"])
        stage.wait(0.1)
        self.assertEqual(stage.told("pair"), ["pair 1 timed out 1", "pair 1 begun 2"])
        stage.wait(3)
        self.assertEqual(stage.told("pair"), ["pair 1 timed out 2", "pair 1 given up 2"])
        stage.run(2)
        stage.wait(1)
        self.assertEqual(stage.told("pair")[1:], ["pair 2 timed out 1", "pair 2 given up 1"])

    def test_a_pair_that_waits_goes_on_as_it_began(self) -> None:
        stage = Stage(world(), NOW)
        stage.run(1)
        stage.engine.use({0: Patience(60.0, 9)})
        stage.wait(1)
        self.assertEqual(stage.told("pair")[1:], ["pair 1 timed out 1", "pair 1 given up 1"])

    def test_what_is_told_only_to_those_who_look(self) -> None:
        stage = Stage(world(triggers=(at(1, On.PARAMETER, At.CHANGE, 501, 401),)))
        for on in (False, True, False):
            stage.engine.trace(on)
            stage.set(501, "x")
            told = stage.told("trigger", "action")
            self.assertEqual(told, ["trigger 1 of None", "action 401 of 1"] if on else [])


class LockTest(SynchronousTestCase):
    """Each write of param 500+n has the actions n0, n1, ... done, then counts 400+n."""

    def stage(self, *lists: tuple[str, ...], protocol: Protocol | None = None) -> Stage:
        types = {"lock": Do.LOCK, "unlock": Do.UNLOCK, "first": Do.PRIORITY_LOCK, "last": Do.PRIORITY_UNLOCK}
        actions, triggers = [], []
        for number, words in enumerate(lists, 1):
            mine = [act(10 * number + n, P, types[word], type_nr=0) for n, word in enumerate(words)]
            actions += mine
            ids = [one.id for one in mine]
            triggers.append(at(number, On.PARAMETER, At.CHANGE, 500 + number, *ids, 400 + number))
        stage = Stage(world(4, triggers=triggers, actions=actions), NOW)
        stage.told()
        return stage

    def write(self, stage: Stage, number: int) -> list[str]:
        stage.set(500 + number, "x")
        return stage.told()[1:]

    def test_it_waits_until_it_is_granted(self) -> None:
        for word, line in (("lock", "lock 0"), ("first", "lock 0 first")):
            stage = self.stage((word,), ())
            self.assertEqual(self.write(stage, 1), [line])
            stage.wait(1000)
            stage.grant(1)
            self.assertEqual(stage.told(), [])
            self.assertEqual(self.write(stage, 2), ["402=1"])  # others go on
            stage.grant()
            self.assertEqual(stage.told(), ["401=1"])

    def test_one_that_is_held_is_had_again_at_once(self) -> None:
        """It is given back when it was given back as often as it was taken."""
        stage = self.stage(("lock", "lock"), ("lock",), ("unlock",))
        self.assertEqual(self.write(stage, 1), ["lock 0"])
        stage.grant()
        self.assertEqual(stage.told(), ["401=1"])
        self.assertEqual(self.write(stage, 2), ["402=1"])
        told = [self.write(stage, 3) for _ in range(4)]
        self.assertEqual(told, [["403=1"], ["403=2"], ["unlock 0", "403=3"], ["403=4"]])
        self.assertEqual(self.write(stage, 2), ["lock 0"])  # that must be granted again

    def test_all_that_wait_for_it_go_on(self) -> None:
        stage = self.stage(("lock",), ("first",))
        self.assertEqual(self.write(stage, 1) + self.write(stage, 2), ["lock 0"])
        stage.grant()
        self.assertEqual(stage.told(), ["401=1", "402=1"])

    def test_one_that_is_not_wanted_any_more(self) -> None:
        stage = self.stage(("lock",), ("last",))
        self.write(stage, 1)
        self.assertEqual(self.write(stage, 2), ["unlock 0 first", "401=1", "402=1"])
        stage.grant()  # too late
        self.assertEqual(self.write(stage, 1), ["lock 0"])

    def test_who_goes_on_may_wait_for_something_else(self) -> None:
        """One grant has each chain go on once."""
        sleep = act(30, P, Do.SLEEP, type_value="1000")
        actions = (act(10, P, Do.LOCK, type_nr=0), act(11, P, Do.UNLOCK, type_nr=0), sleep)
        triggers = (
            at(1, On.PARAMETER, At.CHANGE, 501, 10, 30, 401),
            at(2, On.PARAMETER, At.CHANGE, 502, 10, 11, 402),
        )
        stage = Stage(world(triggers=triggers, actions=actions))
        for number in (1, 2):
            stage.set(500 + number, "x")
        stage.told()
        stage.grant()
        self.assertEqual(stage.told(), ["402=1"])
        stage.wait(0.9)
        self.assertEqual(stage.told(), [])
        stage.wait(0.1)
        self.assertEqual(stage.told(), ["401=1"])

    def test_the_other_queue_goes_on(self) -> None:
        locks = Trigger(1, "t1", On.GROUP, 1, At.BEFORE, content=at(0, On.GROUP, At.BEFORE, 1, 10).content)
        protocol = world(
            triggers=(locks,),
            actions=(act(10, P, Do.LOCK, type_nr=0),),
            groups=(poll(2, "g", 2, connection=1),),
            connections=(smart_serial("A"), smart_serial("B")),
            threads=(Thread((1,)),),
        )
        stage = Stage(protocol, NOW)
        stage.run(1)
        stage.run(2)
        self.assertEqual(stage.told("lock", "1>", ">"), ["lock 0", "1> C2"])
        stage.grant()
        self.assertEqual(stage.told(">"), ["> C1"])

    def test_the_end_while_one_waits(self) -> None:
        stage = self.stage(("lock",))
        self.write(stage, 1)
        stage._take(stage.engine.stop(0.0))
        stage.grant()
        self.assertEqual(stage.told(), [])
        self.assertIsNone(stage.engine.next_wake)


def but_the_last(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return all pairs but the last one, so that its response answers nothing."""
    return pairs[:-1]


class LeaveTest(SynchronousTestCase):
    """A group is left also by what it has not brought about itself."""

    def stage(self, trigger: Trigger) -> Stage:
        group = poll(9, "both", 1, 2)
        leave = act(10, P, Do.STOP_CURRENT_GROUP)
        stage = Stage(
            world(3, triggers=(trigger,), actions=(leave,), groups=(group,), pairs=but_the_last), NOW
        )
        stage.connect()
        stage.run(9)
        self.assertEqual(stage.sent(), ["> C1"])
        return stage

    def test_a_write(self) -> None:
        stage = self.stage(at(1, On.PARAMETER, At.CHANGE, 503, 10))
        stage.set(503, "x")
        stage.say("R1:a\n")
        self.assertEqual(stage.told(">", "note", "301", "group"), ["301=a", "group 9 done"])

    def test_a_message_that_nobody_asked_for(self) -> None:
        stage = self.stage(at(1, On.RESPONSE, At.AFTER, 3, 10))
        stage.say("R3:now\nR1:a\n")
        self.assertEqual(stage.told(">", "note", "303", "301"), ["303=now", "301=a"])

    def test_the_next_one_is_another_one(self) -> None:
        stage = self.stage(at(1, On.PARAMETER, At.CHANGE, 503, 10))
        stage.set(503, "x")
        stage.say("R1:a\n")
        stage.run(9)
        stage.say("R1:b\nR2:c\n")
        self.assertEqual(stage.told(">"), ["> C1", "> C2"])

    def test_a_forced_one_is_left_alone(self) -> None:
        """Of groups in one another, the innermost is left."""
        group, leave = poll(9, "both", 1, 2), act(10, P, Do.STOP_CURRENT_GROUP)
        triggers = (at(1, On.PARAMETER, At.CHANGE, 503, 10), at(2, On.PAIR, At.SUCCEEDED, 1, 11))
        force = act(11, G, Do.FORCE_EXECUTE, 8)
        groups = (group, poll(8, "forced", 3, 3))
        stage = Stage(world(3, triggers=triggers, actions=(leave, force), groups=groups), NOW)
        stage.run(9)
        stage.say("R1:a\n")
        stage.set(503, "x")
        stage.say("R3:a\n")
        self.assertEqual(stage.sent(), ["> C1", "> C3", "> C2"])

    def test_the_queue_of_the_connection(self) -> None:
        """A message leaves the group of its own connection; what is set from outside, that of the element."""
        two = (smart_serial("A"), smart_serial("B"))
        protocol = world(
            4,
            triggers=(at(1, On.RESPONSE, At.AFTER, 4, 10),),
            actions=(act(10, P, Do.STOP_CURRENT_GROUP),),
            groups=(poll(8, "own", 3, 3, connection=1), poll(9, "main", 1, 2)),
            connections=two,
            threads=(Thread((1,)),),
            pairs=but_the_last,
        )
        heard = (*protocol.responses[:2], *(replace(one, connection=1) for one in protocol.responses[2:]))
        stage = Stage(replace(protocol, responses=heard), NOW)
        stage.connect("A", 0)
        stage.connect("B", 1)
        stage.run(8)
        stage.run(9)
        self.assertEqual(stage.sent(), ["1> C3", "> C1"])
        stage.say("R4:stop\nR3:a\n", "B")
        stage.say("R1:a\n", "A")
        self.assertEqual(stage.sent(), ["> C2"])

    def test_nothing_runs(self) -> None:
        stage = Stage(
            world(
                triggers=(at(1, On.PARAMETER, At.CHANGE, 501, 10),),
                actions=(act(10, P, Do.STOP_CURRENT_GROUP),),
            )
        )
        stage.set(501, "x")
        self.assertEqual(stage.told()[1:], ["note trigger 1: action 10 failed: expected a group that runs"])
