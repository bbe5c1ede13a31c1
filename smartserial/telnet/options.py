"""Option negotiation by the Q method of RFC 1143: two tables, and nothing is said twice.

Each option has two sides: ours, which the peer asks for with DO and DONT, and the peer's, about which it
tells with WILL and WONT. Both follow the same tables; "yes" stands for DO or WILL, "no" for DONT or WONT.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

from smartserial.telnet.codec import Request
from smartserial.telnet.codes import Command, Option

MOST_ANSWERS = 20
WINDOW = 2.0  # seconds in which no more than so many answers are given


class State(Enum):
    """One side of one option, as RFC 1143 section 7 names it."""

    NO = "no"
    YES = "yes"
    WANTNO = "wantno"
    WANTNO_OPPOSITE = "wantno/opposite"
    WANTYES = "wantyes"
    WANTYES_OPPOSITE = "wantyes/opposite"


class Side(Enum):
    """Whose side of an option: with the verbs that we say about it, for yes and for no."""

    OURS = (Command.WILL, Command.WONT)
    PEER = (Command.DO, Command.DONT)


_S = State
# What is heard of a side: (state, yes or no) -> (next state, what is answered or None).
# A yes in state NO comes to this table only where the option is agreed to; else it is refused.
HEARD: dict[tuple[State, bool], tuple[State, bool | None]] = {
    (_S.NO, True): (_S.YES, True),
    (_S.NO, False): (_S.NO, None),
    (_S.YES, True): (_S.YES, None),
    (_S.YES, False): (_S.NO, False),
    (_S.WANTNO, True): (_S.NO, None),
    (_S.WANTNO, False): (_S.NO, None),
    (_S.WANTNO_OPPOSITE, True): (_S.YES, None),
    (_S.WANTNO_OPPOSITE, False): (_S.WANTYES, True),
    (_S.WANTYES, True): (_S.YES, None),
    (_S.WANTYES, False): (_S.NO, None),
    (_S.WANTYES_OPPOSITE, True): (_S.WANTNO, False),
    (_S.WANTYES_OPPOSITE, False): (_S.NO, None),
}
# What we wish for a side: (state, on or off) -> (next state, what is said or None).
WISHED: dict[tuple[State, bool], tuple[State, bool | None]] = {
    (_S.NO, True): (_S.WANTYES, True),
    (_S.NO, False): (_S.NO, None),
    (_S.YES, True): (_S.YES, None),
    (_S.YES, False): (_S.WANTNO, False),
    (_S.WANTNO, True): (_S.WANTNO_OPPOSITE, None),
    (_S.WANTNO, False): (_S.WANTNO, None),
    (_S.WANTNO_OPPOSITE, True): (_S.WANTNO_OPPOSITE, None),
    (_S.WANTNO_OPPOSITE, False): (_S.WANTNO, None),
    (_S.WANTYES, True): (_S.WANTYES, None),
    (_S.WANTYES, False): (_S.WANTYES_OPPOSITE, None),
    (_S.WANTYES_OPPOSITE, True): (_S.WANTYES, None),
    (_S.WANTYES_OPPOSITE, False): (_S.WANTYES_OPPOSITE, None),
}
_SIDES = {
    Command.DO: (Side.OURS, True),
    Command.DONT: (Side.OURS, False),
    Command.WILL: (Side.PEER, True),
    Command.WONT: (Side.PEER, False),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What one end of a connection wants, and what else it agrees to.

    Args:
        greeting: what it asks for when the connection begins, in this order.
        agreed: what it agrees to when asked.
    """

    greeting: tuple[tuple[Side, Option], ...]
    agreed: frozenset[tuple[Side, Option]]


_BOTH_WAYS = tuple((side, option) for option in (Option.BINARY, Option.SGA) for side in Side)
SERVER_GREETING = (*_BOTH_WAYS, (Side.OURS, Option.ECHO), (Side.PEER, Option.COM_PORT))
# The RFC gives COM-PORT to the client's side; many programs have it the other way round, or both.
SERVER = Policy(SERVER_GREETING, frozenset((*SERVER_GREETING, (Side.OURS, Option.COM_PORT))))
CLIENT_GREETING = (*_BOTH_WAYS, (Side.OURS, Option.COM_PORT))
CLIENT = Policy(
    CLIENT_GREETING,
    frozenset((*CLIENT_GREETING, (Side.PEER, Option.ECHO), (Side.PEER, Option.COM_PORT))),
)


@dataclass(frozen=True, slots=True)
class Agreed:
    """One side of an option has been switched."""

    side: Side
    option: Option
    on: bool


class Negotiator:
    """The options of one connection."""

    __slots__ = ("_answered", "_policy", "_refused", "_states", "_told", "contrary")

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._states: dict[tuple[Side, int], State] = {}
        self._told: set[tuple[Side, int]] = set()  # what has been told to be in force
        self._refused: set[tuple[Side, int]] = set()
        self._answered: deque[float] = deque(maxlen=MOST_ANSWERS)
        self.contrary = 0  # requests that were not answered, for there were too many

    def state(self, side: Side, option: int) -> State:
        """Return where an option stands."""
        return self._states.get((side, option), State.NO)

    def on(self, side: Side, option: int) -> bool:
        """Tell whether an option is in force."""
        return self.state(side, option) is State.YES

    def greet(self) -> list[Request]:
        """Ask for what is wanted from the beginning."""
        return [said for side, option in self._policy.greeting for said in self.wish(side, option, True)]

    def wish(self, side: Side, option: Option, on: bool) -> list[Request]:
        """Ask for a change of an option; return what is to be sent, nothing or one request."""
        state, said = WISHED[self.state(side, option), on]
        self._states[side, option] = state
        return [] if said is None else [_say(side, option, said)]

    def hear(self, request: Request, now: float) -> tuple[Agreed | None, Request | None]:
        """Take a peer's request.

        Args:
            request: what it said.
            now: seconds, monotonic.

        Returns:
            What has changed by it, and what is to be answered.
        """
        side, yes = _SIDES[request.verb]
        place = side, request.option
        before = self.state(*place)
        if before is State.NO and yes and place not in self._policy.agreed:
            return None, self._refuse(side, request.option, now)
        state, said = HEARD[before, yes]
        if said is not None and not self._may_answer(now):
            return None, None
        self._states[place] = state
        changed = None
        if (state is State.YES) != (place in self._told):
            self._told ^= {place}
            changed = Agreed(side, Option(request.option), state is State.YES)
        return changed, None if said is None else _say(side, request.option, said)

    def _refuse(self, side: Side, option: int, now: float) -> Request | None:
        """Say no once; a peer that asks again has been told."""
        if (side, option) in self._refused or not self._may_answer(now):
            return None
        self._refused.add((side, option))
        return _say(side, option, False)

    def _may_answer(self, now: float) -> bool:
        if len(self._answered) == MOST_ANSWERS and now - self._answered[0] < WINDOW:
            self.contrary += 1
            return False
        self._answered.append(now)
        return True


def _say(side: Side, option: int, yes: bool) -> Request:
    return Request(side.value[0 if yes else 1], option)
