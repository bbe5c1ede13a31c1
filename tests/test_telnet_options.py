"""Option negotiation: the tables against the rules of RFC 1143, and ends that must not talk for ever."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.telnet.codec import Request
from smartserial.telnet.codes import Command, Option
from smartserial.telnet.options import (
    CLIENT,
    HEARD,
    MOST_ANSWERS,
    SERVER,
    WINDOW,
    WISHED,
    Agreed,
    Negotiator,
    Policy,
    Side,
    State,
)
from tests.telnetinput import REQUESTS, VERBS

WILL, WONT, DO, DONT = VERBS
OURS, PEER = Side.OURS, Side.PEER
EVERYTHING = frozenset(product(Side, Option))
ALL = Policy((), EVERYTHING)

# RFC 1143 section 7, for the peer's side: state and queue, what comes, state and queue then, what is said.
RFC_1143 = """
NO               WILL     YES              DO
NO               WONT     NO               -
YES              WILL     YES              -
YES              WONT     NO               DONT
WANTNO           WILL     NO               -
WANTNO           WONT     NO               -
WANTNO:opposite  WILL     YES              -
WANTNO:opposite  WONT     WANTYES          DO
WANTYES          WILL     YES              -
WANTYES          WONT     NO               -
WANTYES:opposite WILL     WANTNO           DONT
WANTYES:opposite WONT     NO               -
NO               enable   WANTYES          DO
NO               disable  NO               -
YES              enable   YES              -
YES              disable  WANTNO           DONT
WANTNO           enable   WANTNO:opposite  -
WANTNO           disable  WANTNO           -
WANTNO:opposite  enable   WANTNO:opposite  -
WANTNO:opposite  disable  WANTNO           -
WANTYES          enable   WANTYES          -
WANTYES          disable  WANTYES:opposite -
WANTYES:opposite enable   WANTYES          -
WANTYES:opposite disable  WANTYES:opposite -
"""
SAID = {"-": None, "DO": True, "DONT": False}
VERBS_OF_OURS = {"WILL": "DO", "WONT": "DONT", "DO": "WILL", "DONT": "WONT", "-": "-"}
# How a new negotiator comes into each state: by its wishes, and by what it hears (in capitals).
WAYS = {
    State.NO: "",
    State.YES: "WILL",
    State.WANTYES: "enable",
    State.WANTYES_OPPOSITE: "enable disable",
    State.WANTNO: "WILL disable",
    State.WANTNO_OPPOSITE: "WILL disable enable",
}


def rows() -> list[tuple[State, str, State, str]]:
    """Return the rows of the RFC."""
    split = (line.split() for line in RFC_1143.strip().splitlines())
    return [(_state(before), what, _state(after), said) for before, what, after, said in split]


def _state(name: str) -> State:
    return State[name.replace(":", "_").upper()]


def do(negotiator: Negotiator, side: Side, what: str) -> list[Request]:
    """Do what a word of the table says, about BINARY; return what is said."""
    if what in ("enable", "disable"):
        return negotiator.wish(side, Option.BINARY, what == "enable")
    verb = what if side is PEER else VERBS_OF_OURS[what]
    _, said = negotiator.hear(Request(Command[verb], Option.BINARY), 0.0)
    return [] if said is None else [said]


class TablesTest(SynchronousTestCase):
    def test_each_state_meets_yes_and_no(self) -> None:
        for table in (HEARD, WISHED):
            self.assertEqual(set(table), set(product(State, (False, True))))

    def test_as_the_rfc_has_it(self) -> None:
        heard = {"WILL": True, "WONT": False}
        wished = {"enable": True, "disable": False}
        for table, words in ((HEARD, heard), (WISHED, wished)):
            theirs = {
                (before, words[what]): (after, SAID[said])
                for before, what, after, said in rows()
                if what in words
            }
            self.assertEqual(table, theirs)

    def test_a_negotiator_goes_by_them_on_both_sides(self) -> None:
        for (before, what, after, said), side in product(rows(), Side):
            negotiator = Negotiator(ALL)
            for way in WAYS[before].split():
                do(negotiator, side, way)
            self.assertIs(negotiator.state(side, Option.BINARY), before)
            verb = said if side is PEER else VERBS_OF_OURS[said]
            expected = [] if verb == "-" else [Request(Command[verb], Option.BINARY)]
            self.assertEqual(do(negotiator, side, what), expected, (before, what, side))
            self.assertIs(negotiator.state(side, Option.BINARY), after, (before, what, side))
            self.assertEqual(negotiator.on(side, Option.BINARY), after is State.YES)


class PolicyTest(SynchronousTestCase):
    def test_greetings(self) -> None:
        both_ways = [Request(WILL, 0), Request(DO, 0), Request(WILL, 3), Request(DO, 3)]
        for policy, more in ((SERVER, [Request(WILL, 1), Request(DO, 44)]), (CLIENT, [Request(WILL, 44)])):
            self.assertEqual(Negotiator(policy).greet(), both_ways + more)

    def test_what_is_agreed_to(self) -> None:
        for policy, agreed in (
            (SERVER, {(WILL, 0), (DO, 0), (WILL, 3), (DO, 3), (DO, 1), (WILL, 44), (DO, 44)}),
            (CLIENT, {(WILL, 0), (DO, 0), (WILL, 3), (DO, 3), (WILL, 1), (WILL, 44), (DO, 44)}),
        ):
            found = set()
            for verb, option in product((WILL, DO), range(256)):
                changed, said = Negotiator(policy).hear(Request(verb, option), 0.0)
                self.assertIsNotNone(said)
                if changed is not None:
                    found.add((verb, option))
                    self.assertEqual(changed, Agreed(PEER if verb is WILL else OURS, Option(option), True))
            self.assertEqual(found, agreed)

    def test_answers_to_the_greeting_are_not_answered(self) -> None:
        negotiator = Negotiator(SERVER)
        for request in negotiator.greet():
            side, answer = (PEER, WILL) if request.verb is DO else (OURS, DO)
            changed, said = negotiator.hear(Request(answer, request.option), 0.0)
            self.assertEqual((changed, said), (Agreed(side, Option(request.option), True), None))

    def test_the_com_port_option_is_welcome_from_both_sides_once(self) -> None:
        negotiator = Negotiator(SERVER)
        negotiator.greet()
        for request, answer in (
            (Request(DO, 44), Request(WILL, 44)),
            (Request(WILL, 44), None),
            (Request(DO, 44), None),
            (Request(WILL, 44), None),
        ):
            self.assertEqual(negotiator.hear(request, 0.0)[1], answer)

    def test_others_are_refused_once(self) -> None:
        for option in (5, 6, 24, 31, 32, 34, 35, 36, 37, 38, 39, 47, 200, 255):
            negotiator = Negotiator(SERVER)
            for verb, refusal in ((WILL, DONT), (DO, WONT)):
                asked = Request(verb, option)
                self.assertEqual(negotiator.hear(asked, 0.0), (None, Request(refusal, option)))
                self.assertEqual(negotiator.hear(asked, 0.0), (None, None))
                self.assertEqual(negotiator.hear(asked, 99.0), (None, None))
            self.assertEqual(negotiator.contrary, 0)

    def test_no_more_of_what_is_not_there_is_not_answered(self) -> None:
        negotiator = Negotiator(SERVER)
        for verb, option in product((WONT, DONT), range(256)):
            self.assertEqual(negotiator.hear(Request(verb, option), 0.0), (None, None))

    def test_a_refused_wish(self) -> None:
        negotiator = Negotiator(SERVER)
        negotiator.greet()
        self.assertEqual(negotiator.hear(Request(WONT, 44), 0.0), (None, None))
        self.assertFalse(negotiator.on(PEER, Option.COM_PORT))
        changed, said = negotiator.hear(Request(WILL, 44), 0.0)
        self.assertEqual((changed, said), (Agreed(PEER, Option.COM_PORT, True), Request(DO, 44)))

    @given(st.lists(REQUESTS), st.sampled_from((SERVER, CLIENT, ALL)), st.booleans())
    def test_only_a_change_or_a_refusal_is_answered(
        self, requests: list[Request], policy: Policy, greet: bool
    ) -> None:
        negotiator = Negotiator(policy)
        if greet:
            negotiator.greet()
        refused: set[Request] = set()
        for number, request in enumerate(requests):
            side = PEER if request.verb in (WILL, WONT) else OURS
            before = negotiator.state(side, request.option)
            changed, said = negotiator.hear(request, number * WINDOW)
            yes = request.verb in (WILL, DO)
            if said is None:
                continue
            self.assertEqual(said.option, request.option)
            self.assertIs(before, State.NO if yes else State.YES)
            if changed is None:
                self.assertNotIn(request, refused)
                refused.add(request)
                self.assertIs(said.verb, DONT if request.verb is WILL else WONT)
            else:
                self.assertEqual((changed.side, changed.on), (side, yes))
                self.assertIs(said.verb, {WILL: DO, WONT: DONT, DO: WILL, DONT: WONT}[request.verb])


class LimitTest(SynchronousTestCase):
    TOGGLE = (Request(DONT, Option.BINARY), Request(DO, Option.BINARY))

    def test_a_peer_that_toggles_is_not_answered_for_ever(self) -> None:
        negotiator = Negotiator(ALL)
        answers = [negotiator.hear(self.TOGGLE[n % 2], 5.0)[1] for n in range(1, 201)]
        self.assertEqual([answer is not None for answer in answers], [True] * MOST_ANSWERS + [False] * 180)
        self.assertGreater(negotiator.contrary, 80)

    def test_negotiation_works_again_later(self) -> None:
        negotiator = Negotiator(ALL)
        for n in range(1, 201):
            negotiator.hear(self.TOGGLE[n % 2], 5.0)
        silent, told = 5.0 + WINDOW - 0.01, 5.0 + WINDOW
        on = negotiator.on(OURS, Option.BINARY)
        self.assertEqual(negotiator.hear(self.TOGGLE[not on], silent), (None, None))
        for wanted in (not on, on):
            changed, said = negotiator.hear(self.TOGGLE[wanted], told)
            self.assertEqual(changed, Agreed(OURS, Option.BINARY, wanted))
            self.assertEqual(said, Request(WILL if wanted else WONT, Option.BINARY))

    def test_each_answer_makes_room_when_it_is_old(self) -> None:
        negotiator = Negotiator(SERVER)
        for number in range(MOST_ANSWERS):
            self.assertIsNotNone(negotiator.hear(Request(DO, 100 + number), number / 16)[1])
        for now, option, answered in (
            (1.5, 150, False),
            (2.0, 150, True),
            (2.0, 151, False),
            (2.0625, 151, True),
        ):
            self.assertEqual(negotiator.hear(Request(DO, option), now)[1] is not None, answered, now)

    def test_refusals_count(self) -> None:
        negotiator = Negotiator(SERVER)
        answers = [negotiator.hear(Request(DO, option), 0.0)[1] for option in range(100, 150)]
        self.assertEqual(sum(answer is not None for answer in answers), MOST_ANSWERS)
        self.assertEqual(negotiator.contrary, 30)
        self.assertEqual(negotiator.hear(Request(DO, 149), 2.0)[1], Request(WONT, 149))

    @given(st.lists(st.tuples(REQUESTS, st.sampled_from((0.0, 0.0, 0.01, 0.3))), min_size=30, max_size=200))
    def test_no_more_than_so_many_answers_in_any_window(self, steps: list[tuple[Request, float]]) -> None:
        negotiator = Negotiator(ALL)
        now, times = 0.0, []
        for request, pause in steps:
            now += pause
            if negotiator.hear(request, now)[1] is not None:
                times.append(now)
        for first, last in zip(times, times[MOST_ANSWERS:], strict=False):
            self.assertGreaterEqual(last - first, WINDOW)
