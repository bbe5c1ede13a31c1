"""Two ends of our own talk to each other, each word as late as hypothesis likes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import product

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.telnet.codes import Option
from smartserial.telnet.connection import Connection
from smartserial.telnet.options import CLIENT, SERVER, WINDOW, Agreed, Negotiator, Policy, Side, State
from tests.telnetinput import DATA

OURS, PEER = Side.OURS, Side.PEER
EVERYTHING = frozenset(product(Side, Option))
ALL = Policy((), EVERYTHING)
OPPOSITE = {OURS: PEER, PEER: OURS}


@dataclass(frozen=True)
class Wish:
    """The first or the second end asks for an option, or for its end."""

    by: bool
    side: Side
    option: Option
    on: bool


@dataclass(frozen=True)
class Delivery:
    """The oldest word of the first or the second end arrives."""

    of: bool


@dataclass(frozen=True)
class Data:
    """The first or the second end sends data."""

    of: bool
    data: bytes


Step = Wish | Delivery
WISHES = st.builds(Wish, st.booleans(), st.sampled_from(Side), st.sampled_from(Option), st.booleans())
DELIVERIES = st.builds(Delivery, st.booleans())
STEPS: st.SearchStrategy[list[Step]] = st.lists(WISHES | DELIVERIES, max_size=60)


class Negotiation:
    """Two negotiators; what one says waits until it is delivered."""

    def __init__(self, *policies: Policy) -> None:
        self.ends = [Negotiator(policy) for policy in policies]
        self.wires = [deque(end.greet()) for end in self.ends]  # what each has said
        self.delivered = 0

    def run(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case Wish():
                    self.wires[step.by] += self.ends[step.by].wish(step.side, step.option, step.on)
                case Delivery():
                    self.deliver(step.of)
        while any(self.wires):
            self.deliver(True)
            self.deliver(False)
            assert self.delivered < 4 * len(steps) + 50, "they talk for ever"

    def deliver(self, of: bool) -> None:
        if self.wires[of]:
            self.delivered += 1
            now = self.delivered * WINDOW  # so that no limit of answers ends a loop
            _, said = self.ends[not of].hear(self.wires[of].popleft(), now)
            self.wires[not of] += [] if said is None else [said]

    def states(self) -> list[tuple[State, State]]:
        """Return what both ends say about each side of each option, the one whose side it is first."""
        pairs = (self.ends, self.ends[::-1])
        return [(one.state(OURS, o), other.state(PEER, o)) for (one, other), o in product(pairs, Option)]


class NegotiatorsTest(SynchronousTestCase):
    @settings(max_examples=400)
    @given(STEPS)
    def test_willing_ends_agree(self, steps: list[Step]) -> None:
        talk = Negotiation(ALL, ALL)
        talk.run(steps)
        settled = {(State.YES, State.YES), (State.NO, State.NO)}
        self.assertEqual(set(talk.states()) - settled, set())

    @given(STEPS)
    def test_the_ends_of_the_program_agree(self, steps: list[Step]) -> None:
        """Who asks again for what was refused hears nothing; then neither end has it on."""
        talk = Negotiation(SERVER, CLIENT)
        talk.run(steps)
        for own, others in talk.states():
            self.assertEqual(own is State.YES, others is State.YES)

    @given(st.sets(st.sampled_from(sorted(EVERYTHING, key=repr))), st.lists(DELIVERIES))
    def test_what_one_refuses_is_off_for_both(
        self, agreed: set[tuple[Side, Option]], steps: list[Step]
    ) -> None:
        talk = Negotiation(Policy(tuple(product(Side, Option)), EVERYTHING), Policy((), frozenset(agreed)))
        talk.run(steps)
        for side, option in product(Side, Option):
            state = State.YES if (side, option) in agreed else State.NO
            self.assertIs(talk.ends[1].state(side, option), state)
            self.assertIs(talk.ends[0].state(OPPOSITE[side], option), state)

    def test_who_changes_its_mind_gets_what_it_wished_last(self) -> None:
        for side, wishes, patient in product(Side, product((True, False), repeat=4), (False, True)):
            steps: list[Step] = []
            for on in wishes:
                steps += [Wish(True, side, Option.BINARY, on), *[Delivery(True), Delivery(False)] * patient]
            talk = Negotiation(ALL, ALL)
            talk.run(steps)
            self.assertEqual(talk.ends[1].on(side, Option.BINARY), wishes[-1], (side, wishes))
            self.assertEqual(talk.ends[0].on(OPPOSITE[side], Option.BINARY), wishes[-1], (side, wishes))


class Connections:
    """Two connections; what one writes waits until it is delivered, data while it is undecided."""

    def __init__(self, *policies: Policy) -> None:
        self.ends = [Connection(policy) for policy in policies]
        self.wires = [deque([end.greet()]) for end in self.ends]
        self.outboxes: list[list[bytes]] = [[], []]
        self.sent = [b"", b""]
        self.got = [b"", b""]
        self.switched: list[list[Agreed]] = [[], []]
        self.delivered = 0

    def run(self, steps: list[Wish | Delivery | Data]) -> None:
        for step in steps:
            match step:
                case Wish():
                    self.wires[step.by].append(self.ends[step.by].wish(step.side, step.option, step.on))
                case Delivery():
                    self.deliver(step.of)
                case Data():
                    self.sent[step.of] += step.data
                    self.outboxes[step.of].append(step.data)
                    self.send()
        while any(self.wires):
            self.deliver(True)
            self.deliver(False)

    def send(self) -> None:
        for end, outbox, wire in zip(self.ends, self.outboxes, self.wires, strict=True):
            while outbox and not end.undecided:
                wire.append(end.encode(outbox.pop(0)))

    def deliver(self, of: bool) -> None:
        if self.wires[of]:
            self.delivered += 1
            end, wire = self.ends[not of], self.wires[not of]
            for event in end.receive(self.wires[of].popleft(), self.delivered * WINDOW):
                answers, end.answers = end.answers, b""
                wire.append(answers)
                if isinstance(event, bytes):
                    self.got[of] += event
                elif isinstance(event, Agreed):
                    self.switched[not of].append(event)
            answers, end.answers = end.answers, b""
            if answers:
                wire.append(answers)
            self.send()


BINARY_WISHES = st.builds(Wish, st.booleans(), st.sampled_from(Side), st.just(Option.BINARY), st.booleans())
DATA_STEPS = st.builds(Data, st.booleans(), DATA)
OFF = [Wish(True, side, Option.BINARY, False) for side in Side]
BOTH_WAYS = [Delivery(of) for of in (True, False) * 4]


class ConnectionsTest(SynchronousTestCase):
    @settings(max_examples=400)
    @given(st.lists(BINARY_WISHES | DELIVERIES | DATA_STEPS, max_size=30), st.booleans())
    @example([*BOTH_WAYS, OFF[0], Data(True, b"\r\0")], True)
    @example([*BOTH_WAYS, OFF[1], *BOTH_WAYS, Data(False, b"\r")], True)
    @example([Wish(True, OURS, Option.BINARY, True), OFF[0], Data(True, b"\r")], False)
    @example([Wish(True, PEER, Option.BINARY, True), OFF[1], Delivery(True), Data(False, b"\r\0")], False)
    def test_data_arrives_whatever_is_wished_about_binary(
        self, steps: list[Wish | Delivery | Data], greet: bool
    ) -> None:
        talk = Connections(*((SERVER, CLIENT) if greet else (ALL, ALL)))
        talk.run(steps)
        self.assertEqual(talk.got, talk.sent)

    @given(st.lists(WISHES | DELIVERIES, max_size=30))
    @example([Wish(True, side, Option.BINARY, on) for side in Side for on in (True, False)])
    @example([Wish(True, OURS, Option.SGA, True), *BOTH_WAYS, Wish(True, OURS, Option.SGA, False)])
    def test_each_switch_is_told_until_the_last_word(self, steps: list[Wish | Delivery | Data]) -> None:
        talk = Connections(ALL, ALL)
        talk.run(steps)
        for end, switched in zip(talk.ends, talk.switched, strict=True):
            last = {(agreed.side, agreed.option): agreed.on for agreed in switched}
            for side, option in product(Side, Option):
                self.assertEqual(last.get((side, option), False), end.on(side, option))

    def test_the_ends_of_the_program_go_over_to_binary(self) -> None:
        talk = Connections(SERVER, CLIENT)
        talk.run([])
        for end in talk.ends:
            self.assertFalse(end.undecided)
            self.assertEqual(end.encode(b"\r"), b"\r")
            self.assertTrue(end.just_data(b"\r\0"))
