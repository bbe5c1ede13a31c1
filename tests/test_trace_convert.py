"""What an engine does and tells, as events: with names, at any later time."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.authoring import fixed, numeric_text, response
from smartserial.definition.flow import Group, GroupType, Item, ItemKind
from smartserial.definition.languages.sequence import Operation
from smartserial.definition.languages.sequence import Step as Sum
from smartserial.definition.measurement import Discreet, Measurement
from smartserial.definition.param import (
    Interprete,
    LengthType,
    Param,
    ParamType,
    RawType,
    ValueType,
)
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.text import Encoding
from smartserial.engine import effects
from smartserial.engine.effects import Effect, Level, Peer, Step
from smartserial.engine.engine import Engine
from smartserial.engine.matching.result import Field, Match
from smartserial.engine.store import Store
from smartserial.engine.unit import Loss, Lost, Unit
from smartserial.trace.convert import Teller, peer_text
from smartserial.trace.events import (
    ActionDone,
    Connected,
    ConnectionStateChanged,
    Disconnected,
    Dropped,
    ElementStateChanged,
    GroupStep,
    Matched,
    Mismatched,
    Named,
    Noted,
    PairStep,
    ParamChanged,
    Rx,
    TimedOut,
    TraceEvent,
    TriggerFired,
    Tx,
    UnitMade,
)
from smartserial.trace.readings import Reading
from smartserial.trace.ring import Ring

from .enginestage import world
from .test_trace import EVENTS

PEER = Peer("10.0.0.5", 4000, 1)
AT = "10.0.0.5:4000"


def number(id: int, name: str, length: int = 1) -> Param:
    shape = Interprete(RawType.UNSIGNED_NUMBER, LengthType.FIXED, length, type=ValueType.DOUBLE)
    return Param(id, name, interprete=shape)


def bit(id: int, name: str, position: int, group: int) -> Param:
    shape = Interprete(start_position=position, type=ValueType.DOUBLE)
    return Param(id, name, ParamType.READ_BIT, shape, type_id=(group,))


class MessagesTest(SynchronousTestCase):
    maxDiff = None

    def engine(self, protocol: Protocol, *heard: bytes) -> list[Effect]:
        engine = Engine(protocol)
        told = engine.start(0.0) + engine.connected(0, PEER, 0.0)
        for data in heard:
            told += engine.received(0, PEER, data, 0.0)
        return told

    def test_each_message_has_its_own_values(self) -> None:
        """However late somebody looks."""
        protocol = world(2)
        teller = Teller("mast", protocol, Store(protocol))
        told = self.engine(protocol, b"R1:one\n", b"R1:two\n", b"R2:three\nR1:one\n")
        for _ in range(2):
            found = [event for effect in told for event in teller.of(5.0, effect)]
            messages = [event for event in found if isinstance(event, Matched)]
            self.assertEqual(
                [(one.response, one.params) for one in messages],
                [
                    (Named(1, "r1"), (Reading(301, "value 1", "one", b"one", "one"),)),
                    (Named(1, "r1"), (Reading(301, "value 1", "two", b"two", "two"),)),
                    (Named(2, "r2"), (Reading(302, "value 2", "three", b"three", "three"),)),
                    (Named(1, "r1"), (Reading(301, "value 1", "one", b"one", "one"),)),
                ],
            )
            units = [event for event in found if isinstance(event, UnitMade)]
            self.assertEqual(
                [(unit.data, unit.offset) for unit in units],
                [(b"R1:one\n", 0), (b"R1:two\n", 7), (b"R2:three\n", 14), (b"R1:one\n", 23)],
            )
            self.assertEqual(found[found.index(units[0]) + 1], messages[0])
            self.assertEqual((messages[0].element, messages[0].time), ("mast", 5.0))
            self.assertEqual((messages[0].connection, messages[0].peer), (0, AT))

    def test_what_is_none(self) -> None:
        protocol = world(1)
        teller = Teller("mast", protocol, Store(protocol))
        found = [event for effect in self.engine(protocol, b"R1x\n") for event in teller.of(5.0, effect)]
        where = ("mast", 5.0, 0, AT)
        self.assertEqual(
            [event for event in found if isinstance(event, UnitMade | Mismatched)],
            [
                UnitMade(*where, b"R1x\n", 0),
                Mismatched(
                    *where, b"R1x\n", Named(1, "r1"), Named(201, "hear 1"), 2, "other bytes than the constant"
                ),
            ],
        )

    def test_nothing_to_try(self) -> None:
        teller = Teller("mast", world(1), Store(world(1)))
        unit, missed = teller.of(1.0, effects.Unheard(0, Peer(), Unit(b"X", 3, 1), None))
        self.assertEqual(unit, UnitMade("mast", 1.0, 0, "", b"X", 3))
        self.assertEqual(missed, Mismatched("mast", 1.0, 0, "", b"X", None, None, None, "no response"))

    def heard(self, params: tuple[Param, ...], data: bytes, *fields: tuple[int, int, int]) -> Matched:
        """Return a message of these params, of which (id, start, end) are in the data."""
        one = response(1, "all", *(id for id, _, _ in fields))
        protocol = Protocol("P", params=params, responses=(one,))
        placed = tuple(Field(at, *field) for at, field in enumerate(fields))
        heard = effects.Heard(0, PEER, Unit(data, 0, len(data)), Match(one, placed), data)
        teller = Teller("mast", protocol, Store(protocol, Encoding("cp437")))
        for _ in range(2):
            _, found = teller.of(1.0, heard)
        assert isinstance(found, Matched)
        return found

    def test_bits(self) -> None:
        group = replace(number(1, "flags"), type=ParamType.GROUP)
        found = self.heard((group, bit(2, "hot", 7, 1), bit(3, "", 0, 1)), b"\x01", (1, 0, 1))
        self.assertEqual(
            [(one.name, one.value, one.raw) for one in found.params],
            [("flags", 1, b"\x01"), ("hot", 1, b"\x01"), ("3", 0, b"\x00")],
        )

    def test_words_and_code_pages(self) -> None:
        mode = replace(
            number(1, "mode"), measurement=Measurement("discreet", discreets=(Discreet("1", "on"),))
        )
        text = Param(2, "text", interprete=Interprete())
        found = self.heard((mode, text, fixed(3, "end", "x")), b"\x01\x81x", (1, 0, 1), (2, 1, 2), (3, 2, 3))
        self.assertEqual([(one.name, one.display) for one in found.params], [("mode", "on"), ("text", "ü")])

    def test_one_name_twice(self) -> None:
        found = self.heard((number(1, "a"), number(2, "a")), b"\x01\x02", (1, 0, 1), (2, 1, 2))
        self.assertEqual([(one.name, one.value) for one in found.params], [("a", 1), ("a 2", 2)])

    def test_one_param_thrice(self) -> None:
        found = self.heard((number(1, "a"),), b"\x01\x02\x03", (1, 0, 1), (1, 1, 2), (1, 2, 3))
        self.assertEqual([(one.name, one.value) for one in found.params], [("a", 1), ("a#2", 2), ("a#3", 3)])

    def test_bytes_that_do_not_fit(self) -> None:
        """No value, and not that of another message."""
        found = self.heard((numeric_text(1, "level"),), b"5a", (1, 0, 2))
        self.assertEqual(found.params, (Reading(1, "level", None, b"5a", ""),))

    def test_arithmetic_with_other_params(self) -> None:
        """What the bytes alone do not tell is asked of the values that there are: here none is set."""
        shape = replace(number(1, "").interprete or Interprete(), sequence=(Sum(Operation.FACTOR, param=2),))
        found = self.heard((Param(1, "level", interprete=shape), number(2, "factor")), b"\x05", (1, 0, 1))
        self.assertEqual(found.params, (Reading(1, "level", 0, b"\x05", "0"),))


class TableTest(SynchronousTestCase):
    maxDiff = None

    def setUp(self) -> None:
        poll = Group(9, "all", GroupType.POLL, (Item(ItemKind.PAIR, 1),), connection=0)
        self.teller = Teller("mast", world(1, groups=(poll,)), Store(world(1)))

    def one(self, effect: Effect) -> TraceEvent:
        [event] = self.teller.of(5.0, effect)
        return event

    def test_values(self) -> None:
        self.assertEqual(
            self.one(effects.Changed(301, None, "abc", PEER)),
            ParamChanged("mast", 5.0, None, AT, Named(301, "value 1"), None, "abc", "abc", AT),
        )
        state = self.one(effects.Changed(65045, 4, 3))
        assert isinstance(state, ParamChanged)
        self.assertEqual((state.param, state.display), (Named(65045, "connection state"), "3"))
        unknown = self.one(effects.Changed(7, 1 << 9000, None))
        self.assertEqual(unknown, ParamChanged("mast", 5.0, None, "", Named(7, ""), 1 << 9000, None, "", ""))
        long = self.one(effects.Changed(401, None, 1 << 9000))
        assert isinstance(long, ParamChanged)
        self.assertEqual(long.display, "a number of 9001 bits")

    def test_steps(self) -> None:
        where = ("mast", 5.0, 0, "")
        pair = Named(1, "p1")
        begun = effects.PairStep(1, 0, Step.BEGUN, 2)
        self.assertEqual(self.one(begun), PairStep(*where, pair, Step.BEGUN, 2))
        self.assertEqual(self.one(effects.PairStep(1, 0, Step.TIMED_OUT, 2)), TimedOut(*where, pair, 2))
        group = effects.GroupStep(9, 0, Step.DONE)
        self.assertEqual(self.one(group), GroupStep(*where, Named(9, "all"), Step.DONE))
        other = GroupStep("mast", 5.0, None, "", Named(77, ""), Step.DONE)
        self.assertEqual(self.one(effects.GroupStep(77, 0, Step.DONE)), other)

    def test_triggers_and_actions(self) -> None:
        read, nowhere = Named(900, "read"), ("mast", 5.0, None, "")
        self.assertEqual(self.one(effects.TriggerFired(900, 0)), TriggerFired("mast", 5.0, 0, "", read))
        self.assertEqual(self.one(effects.ActionDone(900, 900, True)), ActionDone(*nowhere, read, read, True))
        failed = ActionDone(*nowhere, read, None, False)
        self.assertEqual(self.one(effects.ActionDone(900, None, False)), failed)

    def test_states(self) -> None:
        state = effects.StateChanged(0, effects.ConnectionState.NOT_RESPONDING)
        self.assertEqual(self.one(state), ConnectionStateChanged("mast", 5.0, 0, "", "not responding"))
        timeout = ElementStateChanged("mast", 5.0, None, "", "timeout", "no answer")
        self.assertEqual(self.one(effects.ElementTimeout(True)), timeout)
        active = ElementStateChanged("mast", 5.0, None, "", "active", "")
        self.assertEqual(self.one(effects.ElementTimeout(False)), active)
        slow = [self.one(effects.SlowPoll(on)) for on in (True, False)]
        self.assertEqual([type(one) for one in slow], [Noted, Noted])
        self.assertNotEqual(*slow)

    def test_others(self) -> None:
        dropped = effects.Dropped(0, PEER, Lost(5, 3, Loss.BEFORE_HEADER))
        self.assertEqual(self.one(dropped), Dropped("mast", 5.0, 0, AT, 5, 3, "before header"))
        note = Noted("mast", 5.0, None, "", Level.WARN, "odd")
        self.assertEqual(self.one(effects.Note(Level.WARN, "odd")), note)
        self.assertEqual(self.teller.of(9.0, note), (note,))
        silent: list[Effect] = [
            effects.Send(0, b"A"),
            effects.Break(0, 0.1),
            effects.Open(0),
            effects.Close(0),
            effects.Redirect(0, "x"),
            effects.Lock(0, True),
            effects.Save(1, b""),
        ]
        self.assertEqual([self.teller.of(1.0, effect) for effect in silent], [()] * len(silent))

    def test_sessions(self) -> None:
        teller, where = self.teller, ("mast", 2.0, 1)
        self.assertEqual(teller.rx(2.0, 1, PEER, b"A"), Rx(*where, AT, b"A"))
        self.assertEqual(teller.tx(2.0, 1, None, b"A", 3), Tx(*where, "", b"A", 3))
        self.assertEqual(teller.tx(2.0, 1, PEER, b"A", 1).to, AT)
        self.assertEqual(teller.connected(2.0, 1, PEER), Connected(*where, AT))
        self.assertEqual(
            teller.disconnected(2.0, 1, PEER, "it closed"), Disconnected(*where, AT, "it closed")
        )
        self.assertEqual([peer_text(Peer()), peer_text(Peer("::1", 5))], ["", "[::1]:5"])


class RingTest(SynchronousTestCase):
    def test_the_last_ones(self) -> None:
        ring = Ring(3)
        for number in range(5):
            ring.append(float(number), effects.Open(number))
        self.assertEqual(list(ring), [(float(number), effects.Open(number)) for number in (2, 3, 4)])
        self.assertEqual((len(ring), len(Ring())), (3, 0))
        ring.clear()
        self.assertEqual(list(ring), [])

    def test_bytes_are_bounded(self) -> None:
        ring = Ring(100, most=1000)
        unit = Unit(bytes(400), 0, 400)
        for time in range(4):
            ring.append(time, effects.Unheard(0, PEER, unit, None))
        self.assertEqual([time for time, _ in ring], [2, 3])
        ring.append(4, Rx("mast", 4.0, 0, "", bytes(5000)))
        self.assertEqual([time for time, _ in ring], [4])
        ring.append(5, effects.Changed(1, "a" * 10, 5))
        ring.append(6, effects.Note(Level.INFO, "b"))
        self.assertEqual([time for time, _ in ring], [5, 6])

    def test_what_comes_while_somebody_looks(self) -> None:
        ring = Ring(3)
        for number in range(3):
            ring.append(number, effects.Open(number))
        for time, thing in ring:
            ring.append(time + 3, thing)
        self.assertEqual([time for time, _ in ring], [3, 4, 5])

    def test_each_kind_can_be_weighed(self) -> None:
        ring = Ring(100, most=1_000_000)
        for event, *_ in EVENTS:
            ring.append(event.time, event)
        self.assertEqual([event for _, event in ring], [event for event, *_ in EVENTS])
