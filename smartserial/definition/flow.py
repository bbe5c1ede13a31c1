"""What happens when: groups, timers and triggers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from smartserial.definition.condition import Expression
from smartserial.definition.place import Place, placed


class GroupType(Enum):
    """What a group does, and whether it waits its turn."""

    POLL = "poll"
    POLL_ACTION = "poll action"
    POLL_TRIGGER = "poll trigger"
    ACTION = "action"
    TRIGGER = "trigger"


POLL_TYPES = frozenset({GroupType.POLL, GroupType.POLL_ACTION, GroupType.POLL_TRIGGER})
"""Groups that are queued."""


class ItemKind(Enum):
    """What a group's items are; the value is the name of their elements."""

    PAIR = "Pair"
    ACTION = "Action"
    TRIGGER = "Trigger"
    PARAM = "Param"
    SESSION = "Session"


@dataclass(frozen=True, slots=True)
class Item:
    """One step of a group; `next` is the wait after it in ms, None that of the timer."""

    kind: ItemKind
    id: int
    next: int | None = None
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Group:
    """Steps that are done one after the other.

    Args:
        id: its number; -1 is what is sent in slow poll.
        name: its name.
        type: what its items are, and whether it is queued.
        content: the items, all of one kind.
        condition: it is dropped unless this holds when its turn comes.
        connection: where it is sent; None leaves that to the pairs.
        ping: a test of the connection.
    """

    id: int
    name: str
    type: GroupType = GroupType.POLL
    content: tuple[Item, ...] = ()
    condition: Expression | None = None
    connection: int | None = None
    ping: bool = False
    description: str = ""
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Initial:
    """When a timer runs first: at once, only when started (not `run`), or after `low` to `high` seconds."""

    run: bool = True
    low: float = 0
    high: float = 0


@dataclass(frozen=True, slots=True)
class Timer:
    """Groups that are run again and again.

    Args:
        id: its number.
        name: its name.
        time: ms between two runs; None is a loop: again as soon as it is done.
        interval: ms between its groups, and between the pairs of a group.
        groups: what it runs.
        initial: when it runs first.
        fixed: not stretched by the timer base of the element.
        condition: it is left out unless this holds.
    """

    id: int
    name: str
    time: int | None
    groups: tuple[int, ...] = ()
    interval: int = 0
    initial: Initial = Initial()
    fixed: bool = False
    condition: Expression | None = None
    place: Place = placed()


class TriggerOn(Enum):
    """What a trigger waits for."""

    COMMAND = "command"
    RESPONSE = "response"
    PAIR = "pair"
    GROUP = "group"
    PARAMETER = "parameter"
    PROTOCOL = "protocol"
    TIMER = "timer"
    SESSION = "session"
    COMMUNICATION = "communication"


class TriggerTime(Enum):
    """Which moment of it."""

    BEFORE = "before"
    AFTER = "after"
    SUCCEEDED = "succeeded"
    TIMEOUT = "timeout"
    TIMEOUT_AFTER_RETRIES = "timeout after retries"
    CHANGE = "change"
    CHANGE_AFTER_RESPONSE = "change after response"
    AFTER_STARTUP = "after startup"
    LINK_FILE_CHANGE = "link file change"


MOMENTS: dict[TriggerOn, frozenset[TriggerTime]] = {
    TriggerOn.COMMAND: frozenset({TriggerTime.BEFORE, TriggerTime.AFTER}),
    TriggerOn.RESPONSE: frozenset({TriggerTime.BEFORE, TriggerTime.AFTER}),
    TriggerOn.PAIR: frozenset(
        {TriggerTime.SUCCEEDED, TriggerTime.TIMEOUT, TriggerTime.TIMEOUT_AFTER_RETRIES}
    ),
    TriggerOn.GROUP: frozenset({TriggerTime.BEFORE, TriggerTime.AFTER}),
    TriggerOn.PARAMETER: frozenset(
        {
            TriggerTime.CHANGE,
            TriggerTime.CHANGE_AFTER_RESPONSE,
            TriggerTime.TIMEOUT,
            TriggerTime.TIMEOUT_AFTER_RETRIES,
        }
    ),
    TriggerOn.PROTOCOL: frozenset({TriggerTime.AFTER_STARTUP, TriggerTime.LINK_FILE_CHANGE}),
    TriggerOn.TIMER: frozenset({TriggerTime.BEFORE}),
    TriggerOn.SESSION: frozenset({TriggerTime.TIMEOUT}),
    TriggerOn.COMMUNICATION: frozenset(),  # any data may be named
}
"""The moments of each kind."""


class TriggerType(Enum):
    """What a trigger fires."""

    ACTION = "action"
    TRIGGER = "trigger"


class Each(Enum):
    """In place of an id: everything of the kind that no trigger names for the same moment."""

    EACH = "each"


EACH = Each.EACH


class Case(Enum):
    """How a change trigger compares the new value."""

    EQUAL = "equal"
    NOT_EQUAL = "not equal"
    GREATER = "greater"
    LESS = "less"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the new value of a param is held against: a text, or the value of the param `param`."""

    case: Case
    value: str = ""
    param: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a trigger fires; `otherwise` when its condition does not hold."""

    id: int
    otherwise: bool = False
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Trigger:
    """What is done when something happens.

    Args:
        id: its number.
        name: its name.
        on: the kind of thing that it waits for; None waits for other triggers only.
        on_id: which one, or `EACH`.
        time: the moment.
        data: of a trigger on communication, what must be reported.
        type: whether `content` names actions or triggers.
        content: what is fired, in this order.
        condition: decides between the steps and those marked `otherwise`.
        comparison: decides on a change, beside the condition.
    """

    id: int
    name: str
    on: TriggerOn | None = None
    on_id: int | Each | None = None
    time: TriggerTime | None = None
    type: TriggerType = TriggerType.ACTION
    content: tuple[Step, ...] = ()
    condition: Expression | None = None
    comparison: Comparison | None = None
    data: str | bytes | None = None
    place: Place = placed()
