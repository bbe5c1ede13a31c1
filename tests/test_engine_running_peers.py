"""Sessions: who is heard, who is answered, what becomes of those who leave, and how connections stand."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import command, fixed, pair, poll, response, serial, text, trailer
from smartserial.definition.connection import Connection, ConnectionType
from smartserial.definition.flow import Initial, Timer
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol
from smartserial.engine.builtin import CONNECTION_STATE
from smartserial.engine.effects import ConnectionState, Peer, Send
from smartserial.engine.engine import Settings
from smartserial.engine.running.asking import Patience
from tests.enginestage import At, Do, On, Stage, act, at, read_each, smart_serial, world

G = ActionOn.GROUP
NOW = Settings({0: Patience(1.0, 0), 1: Patience(1.0, 0)})
REPLY = at(1, On.RESPONSE, At.AFTER, 1, 10)
EXECUTE = act(10, G, Do.EXECUTE, 2)
GONE = "note pair 2 has nobody to answer it: 10.0.0.5:4000 is gone"


def second(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return the second pair alone, so that response 1 answers nothing."""
    return pairs[1:]


def options(**more: object) -> Connection:
    said = CommunicationOptions(**more)  # type: ignore[arg-type]
    return replace(smart_serial("IP Connection"), communication=said)


class WorkedTest(SynchronousTestCase):
    """A server with two clients: what one causes is for it alone, what a timer causes is for both."""

    def protocol(self) -> Protocol:
        end = trailer(12, "end", b"\n", link=1)
        trigger, action = read_each()
        return Protocol(
            "Server",
            connections=(options(max_concurrent_connections=2, notify_connection_pids=(90, 91)),),
            params=(text(10, "said"), end, fixed(20, "ack", "ACK"), fixed(21, "time", "TIME"),
                    text(90, "came"), text(91, "left")),
            commands=(command(2, "ack", 20, end), command(3, "time", 21, end)),
            responses=(response(1, "said", 10, end),),
            pairs=(pair(2, "ack", 2), pair(3, "time", 3)),
            groups=(poll(2, "ack", 2), poll(3, "time", 3)),
            triggers=(at(1, On.RESPONSE, At.AFTER, 1, 1), trigger),
            actions=(act(1, G, Do.EXECUTE, 2), action),
            timers=(Timer(1, "t", 60_000, (3,), 75, Initial(True, 60, 60)),),
        )  # fmt: skip

    def test_it(self) -> None:
        stage = Stage(self.protocol())
        stage.connect("A")
        self.assertEqual(stage.told("90", "state"), ["state 0 connected", "90=10.0.0.5:4000"])
        stage.connect("B")
        self.assertEqual(stage.told("90", "state"), ["90=10.0.0.5:4001"])
        stage.say("hi\n", "A")
        self.assertEqual(stage.told(), ["heard 1", "10=hi", "A> ACK"])
        stage.wait(60)
        self.assertEqual(stage.told(), ["> TIME"])
        stage.wait(0.1)  # the interval of the timer
        stage.leave("A")
        self.assertEqual(stage.told(), ["91=10.0.0.5:4000"])
        stage.say("hi\n", "B")
        self.assertEqual(stage.told(), ["heard 1", "B> ACK"])
        stage.leave("B")
        self.assertEqual(stage.told("91", "state"), ["state 0 disconnected", "91=10.0.0.5:4001"])


class ReplyTest(SynchronousTestCase):
    # What brings about that group 2 is asked for when A says something; its command goes to A alone.
    CHAINS = (
        (REPLY,),
        (at(1, On.PARAMETER, At.CHANGE, 301, 10),),
        (at(1, On.PARAMETER, At.CHANGE_AFTER_RESPONSE, 301, 10),),
        (at(1, On.RESPONSE, At.BEFORE, 1, 900, 10),),
        (at(1, On.RESPONSE, At.AFTER, 1, 401), at(2, On.PARAMETER, At.CHANGE, 401, 10)),
        (at(1, On.RESPONSE, At.AFTER, 1, 11, 10),),
    )
    SLEEP = act(11, ActionOn.PROTOCOL, Do.SLEEP, type_value="100")

    def test_chains(self) -> None:
        for number, triggers in enumerate(self.CHAINS):
            with self.subTest(number=number):
                stage = Stage(world(triggers=triggers, actions=(EXECUTE, self.SLEEP)), NOW)
                for name in "AB":
                    stage.connect(name)
                stage.say("R1:x\n", "B")
                stage.wait(0.2)
                self.assertEqual(stage.sent(), ["B> C2"])

    def test_what_is_set_from_outside_is_for_all(self) -> None:
        stage = Stage(
            world(triggers=(REPLY, at(2, On.PARAMETER, At.CHANGE, 501, 10)), actions=(EXECUTE,)), NOW
        )
        for name in "AB":
            stage.connect(name)
        stage.set(501, "x")
        self.assertEqual(stage.sent(), ["> C2"])

    def test_a_group_that_a_reply_brings_about_keeps_it(self) -> None:
        """From group to group: the one that was asked answers, and what follows is for it as well."""
        triggers = (REPLY, at(2, On.PAIR, At.TIMEOUT, 2, 11))
        stage = Stage(world(3, triggers=triggers, actions=(EXECUTE, act(11, G, Do.EXECUTE, 3))), NOW)
        for name in "AB":
            stage.connect(name)
        stage.say("R1:x\n", "A")
        stage.wait(1.5)
        self.assertEqual(stage.sent(), ["A> C2", "A> C3"])

    def test_only_the_one_that_was_asked_answers(self) -> None:
        stage = Stage(world(triggers=(REPLY,), actions=(EXECUTE,)), NOW)
        for name in "AB":
            stage.connect(name)
        stage.say("R1:x\n", "A")
        stage.told()
        stage.say("R2:mine\n", "B")
        self.assertEqual(stage.told("heard", "302", "pair"), ["heard 2", "302=mine"])
        stage.say("R2:yours\n", "A")
        self.assertEqual(stage.told("heard", "302", "pair"), ["heard 2", "302=yours", "pair 2 succeeded 1"])

    def test_of_all_the_first_that_answers(self) -> None:
        stage = Stage(world(), NOW)
        for name in "AB":
            stage.connect(name)
        stage.run(1)
        stage.told()
        stage.say("zz\n", "A")
        self.assertEqual(stage.told("pair"), [])
        stage.say("R1:b\n", "B")
        stage.say("R1:a\n", "A")
        self.assertEqual(stage.told("pair", "301"), ["301=b", "pair 1 succeeded 1", "301=a"])

    def test_one_that_is_gone_gets_nothing_and_nobody_else_does(self) -> None:
        stage = Stage(world(triggers=(REPLY,), actions=(EXECUTE,), pairs=second), NOW)
        for name in "AB":
            stage.connect(name)
        stage.run(2)
        stage.say("R1:x\n", "A")
        stage.told()
        stage.leave("A")
        stage.wait(1)
        self.assertEqual(stage.told(">", "note", "A>"), [GONE])

    def test_the_same_address_again_is_another_session(self) -> None:
        stage = Stage(world(triggers=(REPLY,), actions=(EXECUTE,), pairs=second), NOW)
        stage.connect("A")
        stage.run(2)
        stage.say("R1:x\n", "A")
        stage.leave("A")
        stage.connect("A")
        stage.told()
        stage.wait(1)
        self.assertEqual(stage.told(">", "note", "A>"), [GONE])

    def test_nobody_answers_for_those_who_are_gone(self) -> None:
        """It is as if the time were over, for the last time; the connection is not to blame."""
        triggers = (
            REPLY,
            at(2, On.PAIR, At.TIMEOUT, 2, 402),
            at(3, On.PAIR, At.TIMEOUT_AFTER_RETRIES, 2, 403),
        )
        patient = Settings({0: Patience(2.0, 3)}, element_timeout=5.0)
        for before in (True, False):
            with self.subTest(before=before):
                stage = Stage(world(triggers=triggers, actions=(EXECUTE,), pairs=second), patient)
                for name in "AB":
                    stage.connect(name)
                if before:  # the answer to another one is awaited first
                    stage.run(2)
                stage.say("R1:x\n", "A")
                stage.leave("A")
                if before:
                    stage.say("R2:y\n", "B")
                told = stage.told("pair", "note", "402", "403", "A>")
                sent = [] if before else ["pair 2 begun 1", "A> C2"]
                gone = [GONE, "pair 2 timed out 1"] if before else ["pair 2 timed out 1", GONE]
                self.assertEqual(told[2 * before :], [*sent, *gone, "402=1", "pair 2 given up 1", "403=1"])
                stage.wait(20)
                self.assertEqual(stage.told("timeout", "pair"), [])

    def test_one_that_leaves_while_it_is_waited_for(self) -> None:
        """The pair does not wait for its time, and does not ask again."""
        patient = replace(NOW, patience={0: Patience(60.0, 3)})
        stage = Stage(world(triggers=(REPLY,), actions=(EXECUTE,)), patient)
        for name in "AB":
            stage.connect(name)
        stage.say("R1:x\n", "A")
        stage.told()
        stage.leave("A")
        told = stage.told("pair", "note", "A>", ">", "group")
        self.assertEqual(told, ["pair 2 timed out 1", GONE, "pair 2 given up 1", "group 2 done"])

    def test_where_no_session_is_told_of(self) -> None:
        """Then nobody knows who is gone."""
        stage = Stage(world(triggers=(REPLY,), actions=(EXECUTE,)), NOW)
        stage.peers["A"] = 0, Peer("10.0.0.5", 4000, 1)
        stage.say("R1:x\n", "A")
        self.assertEqual(stage.sent(), ["A> C2"])

    def test_another_connection(self) -> None:
        """A session of one connection is nobody on another one: what is sent there is for all."""
        two = (smart_serial("IP Connection"), smart_serial("Second"))
        protocol = world(
            triggers=(REPLY,), actions=(EXECUTE,), groups=(poll(2, "g", 2, connection=1),), connections=two
        )
        stage = Stage(protocol, NOW)
        stage.connect("A")
        stage.say("R1:x\n", "A")
        self.assertEqual(stage.sent(), ["1> C2"])

    def test_a_line_answers_only_whom_it_was_asked_for(self) -> None:
        """Bytes of a session that was not asked are not part of the answer."""
        stage = Stage(world(triggers=(REPLY,), actions=(EXECUTE,), connections=(serial("S"),)), NOW)
        for name in "AB":
            stage.connect(name)
        stage.run(1)
        stage.say("R1:x\n", "B")
        self.assertEqual(stage.told("B>", "heard"), ["heard 1", "B> C2"])
        stage.say("R2:no\n", "A")
        stage.say("R2:ye", "B")
        stage.say("s\n", "B")
        self.assertEqual(stage.told("dropped", "302"), ["dropped 6 unasked", "302=yes"])


class LeavingTest(SynchronousTestCase):
    def test_what_it_left_unfinished(self) -> None:
        stage = Stage(world(), NOW)
        stage.connect()
        stage.say("R1:x")
        stage.told()
        stage.leave()
        self.assertEqual(stage.told("dropped", "heard"), ["dropped 4 unfinished"])

    def test_a_line_that_breaks_in_an_answer(self) -> None:
        """What came is taken for the answer, as if the time were over."""
        for said, steps in (("R1:x", ["pair 1 timed out 1", "pair 1 given up 1"]), ("", [])):
            stage = Stage(world(connections=(serial("S"),)), NOW)
            stage.connect()
            stage.run(1)
            stage.say(said)
            stage.told()
            stage.leave()
            self.assertEqual(stage.told("pair"), steps)

    def test_one_that_never_came(self) -> None:
        """A connection that cannot be opened is disconnected; no session is told of."""
        stage = Stage(world(connections=(options(notify_connection_pids=(301, 302)),)), NOW)
        stage.peers["A"] = 0, Peer("10.0.0.5", 4000, 1)
        stage.leave("A")
        self.assertEqual(stage.told("state", "302"), ["state 0 disconnected"])

    def test_nothing_is_kept_of_those_who_left(self) -> None:
        for kind in (smart_serial("IP"), serial("S")):
            stage = Stage(world(connections=(kind,)), NOW)
            for _ in range(200):
                stage.connect()
                stage.say("R1:")
                stage.leave()
            engine = stage.engine
            self.assertEqual((engine._intake.kept, engine._machine.sessions[0]), (0, {}))


class NotifyTest(SynchronousTestCase):
    def test_each_one_is_a_change(self) -> None:
        trigger = at(1, On.PARAMETER, At.CHANGE, 301, 401)
        stage = Stage(
            world(triggers=(trigger,), connections=(options(notify_connection_pids=(301, 302)),)), NOW
        )
        for _ in range(3):
            stage.connect("A")
            stage.leave("A")
        self.assertEqual(stage.value(401), 3)

    def test_ipv6(self) -> None:
        stage = Stage(world(connections=(options(notify_connection_pids=(301, 302)),)), NOW)
        stage._take(stage.engine.connected(0, Peer("fe80::1", 4000, 1), 0.0))
        self.assertEqual(stage.value(301), "[fe80::1]:4000")

    def test_one_that_cannot_hold_it(self) -> None:
        stage = Stage(world(connections=(options(notify_connection_pids=(401, 777)),)), NOW)
        stage.connect("A")
        stage.leave("A")
        notes = stage.told("note")
        self.assertEqual(
            [note[:34] for note in notes],
            ["note param 401 cannot hold the add", "note param 777 cannot hold the add"],
        )


class HeaderTest(SynchronousTestCase):
    def stage(self, *datagrams: int) -> Stage:
        shape = text(31, "all")
        trigger, action = read_each()
        protocol = Protocol(
            "H",
            connections=(options(smart_ip_header=True, max_receive_buffer=2),),
            params=(shape,),
            responses=(response(1, "r", 31),),
            triggers=(trigger,),
            actions=(action,),
        )
        return Stage(protocol, replace(NOW, datagrams=frozenset(datagrams)))

    def test_addresses(self) -> None:
        for datagrams, expected in (
            ((), ["0fa00a0000050000000000000000", "0fa00a0000050100000000000000"]),
            ((0,), ["0a0000050fa0", "0a0000050fa0"]),
        ):
            stage = self.stage(*datagrams)
            stage.connect("A")
            for word, header in zip((b"HI", b"HO"), expected, strict=True):
                stage.say(word)
                self.assertEqual(stage.engine.store.raw(31), bytes.fromhex(header) + word)

    def test_one_without(self) -> None:
        """Its units are dropped, and the log says so once; they have no number."""
        stage = self.stage()
        stage.connect("A")
        stage.peers["B"] = 0, Peer("fe80::1", 4000, 1)
        for name in "BBA":
            stage.say("HI", name)
        self.assertEqual(
            stage.told("note", "unheard", "heard"),
            ["note [fe80::1]:4000 has no address that smartIpHeader could tell: its units are dropped",
             "unheard", "unheard", "heard 1"],
        )  # fmt: skip
        self.assertEqual(stage.engine.store.raw(31)[6:14], bytes(8))


class StateTest(SynchronousTestCase):
    def test_a_line(self) -> None:
        stage = Stage(world(connections=(serial("S"),)), NOW)
        self.assertEqual(
            (stage.value(CONNECTION_STATE), stage.engine.state(0)), (2, ConnectionState.UNDEFINED)
        )
        stage.connect()
        self.assertEqual(stage.told("state"), [])
        for says, expected in (
            ("R1:x\n", ["responding"]),
            ("R1:y\n", []),
            ("", ["not_responding"]),
            ("R1:z\n", ["responding"]),
        ):
            stage.run(1)
            if says:
                stage.say(says)
            stage.wait(1)
            self.assertEqual(stage.told("state"), [f"state 0 {word}" for word in expected])
        self.assertEqual(stage.value(CONNECTION_STATE), 0)

    def test_a_line_that_is_closed_after_each_answer(self) -> None:
        said = CommunicationOptions(close_connection_on_response=True)
        stage = Stage(world(connections=(Connection(ConnectionType.SERIAL, communication=said),)), NOW)
        stage.run(1)
        stage.wait(2)
        self.assertEqual(stage.value(CONNECTION_STATE), 2)

    def test_a_change_fires_triggers(self) -> None:
        stage = Stage(world(triggers=(at(1, On.PARAMETER, At.CHANGE, CONNECTION_STATE, 401),)), NOW)
        stage.connect()
        stage.connect("B")
        stage.leave("B")
        stage.leave()
        self.assertEqual(
            stage.told("401", "65045", "state"),
            ["state 0 connected", "65045=3", "401=1", "state 0 disconnected", "65045=4", "401=2"],
        )

    def test_the_param_is_that_of_the_first_connection(self) -> None:
        two = (smart_serial("IP Connection"), smart_serial("Second"))
        stage = Stage(world(connections=two), NOW)
        stage.connect("A", 1)
        self.assertEqual((stage.value(CONNECTION_STATE), stage.told("state")), (2, ["state 1 connected"]))

    def test_a_reply_names_its_session(self) -> None:
        stage = Stage(world(triggers=(REPLY,), actions=(EXECUTE,)), NOW)
        stage.connect()
        stage.say("R1:x\n")
        self.assertEqual([one.to for one in stage.effects if isinstance(one, Send)], [stage.peers["A"][1]])
