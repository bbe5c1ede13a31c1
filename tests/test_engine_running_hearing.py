"""Units: candidates, what is stored, what a failure leaves, and several messages."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import Action, ActionOn
from smartserial.definition.authoring import (
    command,
    crc,
    fixed,
    number,
    pair,
    poll,
    response,
    serial,
    text,
    trailer,
)
from smartserial.definition.connection import Connection, ConnectionType
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.languages.replacing import parse_replace_data
from smartserial.definition.message import Response
from smartserial.definition.param import Interprete, LengthType, Param, ParamType, RawType
from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import Heard
from smartserial.engine.engine import Settings
from smartserial.engine.running.asking import Patience
from smartserial.engine.store import Store
from smartserial.trace.convert import Teller
from smartserial.trace.events import Matched
from tests.enginestage import At, Do, On, Stage, act, at, read_each, smart_serial, world

NOW = Settings({0: Patience(1.0, 0)})
STRICT = replace(NOW, strict=True)


def hearing(
    *responses: Response, params: tuple[Param, ...], triggers=(), actions=(), **more: object
) -> Protocol:  # type: ignore[no-untyped-def]
    trigger, action = read_each()
    return Protocol(
        "H",
        connections=more.pop("connections", (smart_serial("IP Connection"),)),  # type: ignore[arg-type]
        params=params,
        responses=responses,
        triggers=(trigger, *triggers),
        actions=(action, *actions),
        **more,  # type: ignore[arg-type]
    )


class LeftTest(SynchronousTestCase):
    """Response 300 is V301 ``:`` ``?`` V304 ``;`` ``!``."""

    PARAMS = (
        text(301, "a"), fixed(302, "colon", ":"), fixed(303, "what", "?"), text(304, "b"),
        fixed(305, "semicolon", ";"), fixed(306, "end", "!"),
    )  # fmt: skip
    # What comes, whether it is accepted, and both values then; they were "old" before.
    TABLE = (
        ("a:?b;!", True, "a", "b"),
        (":?;!", True, "", ""),
        ("?x;!", False, None, None),
        ("a:?!", False, None, None),
        ("a:b;!", False, "a", None),
        ("a:?b;", False, "a", "b"),
    )

    def stage(self, *more: Response, **named: object) -> Stage:
        protocol = hearing(response(300, "r", *self.PARAMS), *more, params=self.PARAMS, **named)
        stage = Stage(
            replace(protocol, triggers=(*protocol.triggers, at(1, On.RESPONSE, At.AFTER, None, 10))), NOW
        )
        for id in (301, 304):
            stage.engine.store.set(id, "old")
        return stage

    def test_the_worked_example(self) -> None:
        lone = Connection(
            ConnectionType.SMART_SERIAL, communication=CommunicationOptions(max_receive_buffer=1 << 16)
        )
        for says, accepted, first, second in self.TABLE:
            with self.subTest(says=says):
                stage = self.stage(
                    connections=(lone,), actions=(act(10, ActionOn.PARAMETER, Do.COPY, 304, type_id=304),)
                )
                stage.say(says)
                stage.wait(0.02)
                told = stage.told("heard", "unheard", "301", "304")
                self.assertEqual(told[0].split(" ")[0], "heard" if accepted else "unheard")
                self.assertEqual((stage.value(301), stage.value(304)), (first, second))
                changes = [f"{n}={v}" for n, v in ((301, first), (304, second)) if v is not None]
                self.assertEqual(told[1:], changes)

    def test_only_the_last_one_that_was_tried_leaves_something(self) -> None:
        """Response 301 is tried after it, and takes the unit or fails by itself."""
        other = response(301, "s", 304, 306)
        stage = self.stage(other)
        stage.say("a:b;!")
        stage.wait(0.02)
        self.assertEqual((stage.value(301), stage.value(304)), ("old", "a:b;"))
        stage = self.stage(other)
        stage.say("a:b;")
        stage.wait(0.02)
        self.assertEqual((stage.value(301), stage.value(304)), ("old", None))

    def test_what_a_failure_emptied_is_stored_again(self) -> None:
        """Else the values would stay away while the device says the same."""
        for wrong, silent, again in (
            ("?x;!", ["silent 301=", "silent 304="], ["301=a", "304=b"]),
            ("a:b;!", ["silent 304="], ["304=b"]),
            ("x:?b;", ["301=x"], ["301=a"]),
            ("a:?b;", [], []),
        ):
            with self.subTest(wrong=wrong):
                stage = self.stage()
                for says in ("a:?b;!", wrong):
                    stage.told()
                    stage.say(says)
                    stage.wait(0.02)
                told = [line for line in stage.told() if not line.startswith(("heard", "unheard", "note"))]
                self.assertEqual(told, silent)
                stage.say("a:?b;!")
                stage.wait(0.02)
                self.assertEqual(stage.told("301", "304"), again)
                self.assertEqual((stage.value(301), stage.value(304)), ("a", "b"))

    def test_what_is_not_read_is_left_alone(self) -> None:
        protocol = hearing(response(300, "r", *self.PARAMS), params=self.PARAMS)
        stage = Stage(replace(protocol, triggers=(at(1, On.RESPONSE, At.AFTER, None, 900),)), NOW)
        stage.engine.store.set(301, "old")
        for says in ("?x;!", "a:b;!", "a:?b;!"):
            stage.say(says)
            stage.wait(0.02)
        self.assertEqual(stage.value(301), "old")

    def test_without_triggers_it_is_read_by_itself(self) -> None:
        stage = Stage(
            Protocol(
                "H",
                connections=(smart_serial("IP"),),
                params=self.PARAMS,
                responses=(response(300, "r", *self.PARAMS),),
            )
        )
        stage.say("a:?b;!")
        stage.wait(0.02)
        self.assertEqual((stage.value(301), stage.value(304)), ("a", "b"))


class CandidatesTest(SynchronousTestCase):
    """Response 1 is ``<T,`` V11 CR; response 2 is ``<A,`` V21 CR."""

    PARAMS = (
        fixed(10, "t", "<T,"), text(11, "t value"), trailer(12, "end", b"\r", link=1),
        fixed(20, "a", "<A,"), text(21, "a value"), text(31, "all"),
    )  # fmt: skip

    def test_the_worked_example(self) -> None:
        both = (response(1, "t", 10, 11, 12), response(2, "a", 20, 21, 12))
        for more, expected in (
            ((), ["heard 2", "21=7", "heard 1", "11=21.5"]),
            ((response(3, "all", 31),), ["heard 3", "31=<A,7\r", "heard 3", "31=<T,21.5\r"]),
        ):
            stage = Stage(hearing(*both, *more, params=self.PARAMS))
            stage.say("<A,7\r<T,2")
            stage.say("1.5\r")
            self.assertEqual(stage.told(), expected)

    def test_each_connection_hears_its_own(self) -> None:
        responses = (response(1, "t", 10, 11, 12), response(2, "a", 20, 21, 12, connection=1))
        two = (smart_serial("IP Connection"), smart_serial("Second"))
        stage = Stage(hearing(*responses, params=self.PARAMS, connections=two))
        stage.connect("A", 0)
        stage.connect("B", 1)
        stage.told()
        for name in "AB":
            stage.say("<A,7\r", name)
            stage.say("<T,7\r", name)
        told = [line for line in stage.told() if line.startswith(("heard", "unheard"))]
        self.assertEqual([line.split(" ")[0] for line in told], ["unheard", "heard", "heard", "unheard"])

    def test_while_a_pair_waits(self) -> None:
        """What is not its answer is heard by itself, and the pair waits on; if strict, its wait is over."""
        for settings, expected in (
            (NOW, ["heard 2", "unheard other bytes than the constant", "heard 1", "pair 1 succeeded 1"]),
            (STRICT, ["unheard other bytes than the constant", "pair 1 timed out 1", "pair 1 given up 1"]),
        ):
            protocol = world(3)
            stage = Stage(replace(protocol, pairs=protocol.pairs[:1], groups=protocol.groups[:1]), settings)
            stage.run(1)
            stage.told()
            stage.say("R2:x\n")
            if settings is NOW:
                stage.say("zz\nR1:y\n")
            self.assertEqual(stage.told("heard", "unheard", "pair"), expected)

    def test_answers_of_other_pairs_are_not_heard_meanwhile(self) -> None:
        stage = Stage(world(), NOW)
        stage.say("R2:x\n")
        stage.run(1)
        stage.say("R2:y\n")
        told = stage.told("heard", "unheard")
        self.assertEqual(told, ["heard 2", "unheard other bytes than the constant"])

    def test_a_wrong_checksum_is_asked_again_at_once(self) -> None:
        trigger = at(1, On.RESPONSE, At.BEFORE, 1, 900, 10)
        stage = Stage(
            world(triggers=(trigger,), actions=(act(10, ActionOn.PARAMETER, Do.COPY, 999),)),
            replace(NOW, patience={0: Patience(1, 1)}),
        )
        stage.run(1)
        stage.say("R1:y\n")
        self.assertEqual(stage.sent(), ["> C1", "> C1"])

    def test_checks_decide_between_two(self) -> None:
        """The first one that fits is rejected: the next one is tried."""
        other = response(9, "same", 201, 302, 1)
        trigger = at(1, On.RESPONSE, At.BEFORE, 1, 900, 10)
        protocol = world(triggers=(trigger,), actions=(act(10, ActionOn.PARAMETER, Do.COPY, 999),))
        stage = Stage(replace(protocol, responses=(*protocol.responses, other)))
        stage.say("R1:y\n")
        self.assertEqual(stage.told("heard", "301", "302"), ["heard 9", "302=y"])


class InnerTest(SynchronousTestCase):
    def test_a_response_in_a_response(self) -> None:
        inner = replace(text(7, "inner"), type=ParamType.RESPONSE, type_id=(9,))
        parts = (text(8, "left"), fixed(6, "dash", "-"), text(5, "right"), inner)
        protocol = world(params=parts, triggers=(at(1, On.RESPONSE, At.AFTER, None, 401),))
        responses = (response(1, "outer", 201, 7, 1), response(9, "inner", 8, 6, 5))
        stage = Stage(replace(protocol, responses=responses))
        stage.say("R1:a-b\n")
        self.assertEqual(stage.told(), ["heard 1", "7=a-b", "heard 9", "8=a", "5=b", "401=1", "401=2"])
        stage.say("R1:ab\n")
        told = ["heard 1", "7=ab", "unheard no end found", "silent 8=", "silent 5=", "401=3"]
        self.assertEqual(stage.told(), told)


class BusTest(SynchronousTestCase):
    def test_only_what_is_for_this_address(self) -> None:
        bus = Param(7, "bus", ParamType.BUS, Interprete(RawType.OTHER, LengthType.FIXED, 2))
        protocol = world(params=(bus,))
        protocol = replace(
            protocol,
            commands=(command(1, "c", 7, 101, 1),),
            responses=(response(1, "r", 7, 201, 301, 1),),
        )
        stage = Stage(protocol, replace(NOW, given={ParamType.BUS: "17"}))
        stage.run(1)
        stage.say("18R1:no\n17R1:yes\n")
        told = stage.told(">", "heard", "unheard", "301")
        self.assertEqual(told, ["> 17C1", "unheard other bytes than the constant", "heard 1", "301=yes"])


def as_text(param: Param) -> Param:
    """Return a constant as a text, not as bytes."""
    shape = param.interprete
    if shape is None or shape.value is None:
        return param
    value = shape.value.decode("ascii") if isinstance(shape.value, bytes) else shape.value
    return replace(param, interprete=replace(shape, length=None, value=value))


class UnicodeTest(SynchronousTestCase):
    def test_texts_on_the_wire(self) -> None:
        protocol = replace(world(), unicode=True)
        stage = Stage(replace(protocol, params=tuple(map(as_text, protocol.params))), NOW)
        stage.set(501, "\u20ac")
        stage.run(1)
        sent = stage.sent()
        self.assertEqual(sent[0][2:].encode("latin-1"), "C1\u20ac\n".encode("utf-16-le"))
        stage.say("R1:\u03b1\n".encode("utf-16-le"))
        self.assertEqual(stage.value(301), "\u03b1")


class WholeTest(SynchronousTestCase):
    """The worked example of a whole chain: a param is written, a group is asked for, checks decide."""

    def protocol(self, *before: int) -> Protocol:
        end = trailer(2, "end", b"\r", link=1)
        content = (fixed(1, "begin", b"\x02"), 0, crc(3, "sum", "sum", (0, 1)), end)
        written, read = text(20, "level", kind=ParamType.WRITE), number(21, "level", 1)
        ask = pair(1, "p", 1, 1)
        return Protocol(
            "W",
            connections=(smart_serial("IP Connection"),),
            params=(*(one for one in content if isinstance(one, Param)), written, read),
            commands=(command(1, "c", *(one or written for one in content)),),
            responses=(response(1, "r", *(one or read for one in content)),),
            pairs=(replace(ask, options=replace(ask.options, retries=1)),),
            groups=(poll(2, "g", 1),),
            triggers=(
                at(1, On.COMMAND, At.BEFORE, None, 1, 2),
                at(2, On.RESPONSE, At.BEFORE, None, *before),
                at(3, On.PARAMETER, At.CHANGE, 20, 5),
            ),
            actions=(
                act(1, ActionOn.COMMAND, Do.MAKE),
                act(2, ActionOn.COMMAND, Do.CRC),
                act(3, ActionOn.RESPONSE, Do.READ),
                act(4, ActionOn.RESPONSE, Do.CRC),
                act(5, ActionOn.GROUP, Do.EXECUTE_ONE_TOP, 2),
            ),
        )

    def test_both_orders(self) -> None:
        for order, accepted in (((3, 4), False), ((4, 3), True)):
            with self.subTest(order=order):
                stage = Stage(self.protocol(*order), NOW)
                stage.set(20, "A")
                self.assertEqual(stage.sent(), ["> \x02A\x43\r"])
                stage.say(b"\x02\x05\x09\r")  # the sum is 7
                told = stage.told("heard", "unheard", "21", ">")
                if accepted:
                    self.assertEqual(told, ["heard 1", "21=5"])
                else:
                    self.assertEqual(told, ["unheard a wrong checksum", "> \x02A\x43\r"])
                    stage.say(b"\x02\x05\x07\r")
                    self.assertEqual(stage.told("heard", "unheard", "21", ">"), ["heard 1", "21=5"])


class ChunksTest(SynchronousTestCase):
    @given(st.lists(st.integers(1, 12), max_size=40), st.data())
    def test_any_chunks_give_the_same(self, sizes: list[int], data: st.DataObject) -> None:
        stream = b"R1:5\nnoise\nR2:6\nR1:5\nR1:\nR2:7\n"
        for kind in ((smart_serial("IP"),), (serial("S"),)):
            found = []
            for cut in (sizes, [len(stream)]):
                stage = Stage(
                    world(triggers=(at(1, On.RESPONSE, At.AFTER, None, 401),), connections=kind), NOW
                )
                stage.run(1)
                place = 0
                for size in [*cut, len(stream)]:
                    stage.say(stream[place : place + size])
                    place += size
                lines = stage.told()
                lost = sum(int(line.split(" ")[1]) for line in lines if line.startswith("dropped"))
                found.append(([line for line in lines if not line.startswith("dropped")], lost))
            self.assertEqual(found[0], found[1])


class HeardTest(SynchronousTestCase):
    """What is told of a response: the bytes as they came, and as they were compared."""

    def heard(self, *actions: Action, says: str) -> Heard:
        before = at(1, On.RESPONSE, At.BEFORE, 1, *(one.id for one in actions), 900)
        stage = Stage(world(triggers=(before,), actions=actions))
        stage.say(says)
        (found,) = (one for one in stage.effects if isinstance(one, Heard))
        return found

    def test_its_bytes(self) -> None:
        change = act(10, ActionOn.RESPONSE, Do.REPLACE_DATA, replace=parse_replace_data("6162;78").value)
        plain = self.heard(says="R1:ab-cd\n")
        self.assertEqual((plain.unit.data, plain.data), (b"R1:ab-cd\n", b"R1:ab-cd\n"))
        for loud in ((), (act(401, ActionOn.PARAMETER, Do.INCREMENT, 401),)):
            found = self.heard(change, *loud, says="R1:ab-cd\n")
            self.assertEqual((found.unit.data, found.data), (b"R1:ab-cd\n", b"R1:x-cd\n"))
            field = found.match.fields[1]
            self.assertEqual(found.data[field.start : field.end], b"x-cd")

    def test_a_trace_reads_those(self) -> None:
        change = act(10, ActionOn.RESPONSE, Do.REPLACE_DATA, replace=parse_replace_data("6162;78").value)
        teller = Teller("mast", world(), Store(world()))
        _, matched = teller.of(1.0, self.heard(change, says="R1:ab-cd\n"))
        assert isinstance(matched, Matched)
        self.assertEqual([(one.value, one.raw) for one in matched.params], [("x-cd", b"x-cd")])


class AnsweredTest(SynchronousTestCase):
    def test_a_line_responds_before_what_follows_its_answer(self) -> None:
        """Conditions and code find the state that the answer has brought."""
        held = "id:65045 == 0"
        triggers = (
            at(1, On.RESPONSE, At.AFTER, 1, 401, condition=held),
            at(2, On.PAIR, At.SUCCEEDED, 1, 402, condition=held),
            at(3, On.PARAMETER, At.CHANGE, 301, 403, condition=held),
        )
        stage = Stage(world(triggers=triggers, connections=(serial("S"),)), NOW)
        stage.run(1)
        stage.say("R1:a\n")
        told = stage.told("state", "301", "401", "402", "403")
        self.assertEqual(told, ["state 0 responding", "301=a", "403=1", "401=1", "402=1"])

    def test_a_wrong_answer_does_not_count(self) -> None:
        stage = Stage(world(connections=(serial("S"),)), NOW)
        stage.run(1)
        stage.say("X1:a\n")
        self.assertEqual(stage.told("state"), ["state 0 not_responding"])
