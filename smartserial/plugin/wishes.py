"""What a reaction may yield, and what it is given back.

Each function makes one value; whoever runs the reaction does what it says, and goes on with the reaction
when that is done. A value that cannot be right is a TypeError or a ValueError where it is made.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from math import isfinite

from smartserial.definition.action import EXECUTE_TYPES, Action, ActionType
from smartserial.definition.flow import Group, Trigger
from smartserial.definition.message import Command, Pair, Response
from smartserial.definition.param import Param
from smartserial.definition.values.value import Value
from smartserial.errors import SmartSerialError

LEVELS = ("debug", "info", "warn", "error")
"""How loud a line of the log is."""
LONGEST_SLEEP = 366 * 86400.0
"""Seconds."""
Item = Param | Command | Response | Pair | Group | Trigger | Action
"""What a definition has, with an id."""


class WishError(SmartSerialError):
    """What was yielded cannot be done; it is raised where it was yielded."""


def id_of(item: Item | int, *kinds: type) -> int:
    """Return the id of one of these kinds, given as itself or as its id.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(item, Item):
        if isinstance(item, kinds):
            return item.id
    elif isinstance(item, int) and not isinstance(item, bool):
        return item
    names = " or ".join(kind.__name__.lower() for kind in kinds)
    raise TypeError(f"expected a {names} or its id, found {item!r:.60}")


def _connection(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected the number of a connection, found {value!r:.60}")
    return value


def _seconds(value: object, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected seconds, found {value!r:.60}")
    if not isfinite(value) or not least <= value <= LONGEST_SLEEP:
        raise ValueError(f"expected {least:g} to {LONGEST_SLEEP:g} seconds, found {value!r:.60}")
    return float(value)


@dataclass(frozen=True, slots=True)
class SetValue:
    """A value for a param."""

    param: int
    value: Value


@dataclass(frozen=True, slots=True)
class SetRaw:
    """Bytes for a param."""

    param: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class CheckTrigger:
    """A trigger to fire."""

    trigger: int


@dataclass(frozen=True, slots=True)
class RunAction:
    """An action to do."""

    action: int


@dataclass(frozen=True, slots=True)
class Execute:
    """A group to put into its queue, in one of the ways of actions."""

    group: int
    way: ActionType


@dataclass(frozen=True, slots=True)
class Log:
    """A line for the log."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class SetConnectionState:
    """What is to be held of a connection: whether the device answers."""

    responding: bool
    connection: int


@dataclass(frozen=True, slots=True)
class Send:
    """A command to send when the line is free; None is the connection of the first pair that sends it."""

    command: int
    connection: int | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    """Seconds to wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: a pair, or a command with the responses that answer it."""

    pair: int | None
    command: int | None = None
    responses: tuple[int, ...] = ()
    connection: int | None = None


Wish = SetValue | SetRaw | CheckTrigger | RunAction | Execute | Log | SetConnectionState | Send | Sleep | Ask


@dataclass(frozen=True, slots=True)
class Answer:
    """What answered a question.

    Args:
        response: the id of the response.
        values: what its params held when it had been taken, by id; None is no value.
        raw: their bytes, by id.
        refused: it is an answer to a bad command.
    """

    response: int
    values: Mapping[int, Value | None]
    raw: Mapping[int, bytes]
    refused: bool = False

    def get(self, param: Param | int) -> Value | None:
        """Return the value of one param of the response; None if it has none, or is not in it."""
        return self.values.get(id_of(param, Param))


Steps = Generator[Wish, Answer | None, None]
"""What a reaction is: it yields wishes, and is given the answers to its questions, else None."""


def set_value(param: Param | int, value: Value) -> SetValue:
    """Give a param a value; what this triggers is done before the reaction goes on."""
    if not isinstance(value, str | int | float):
        raise TypeError(f"expected a text or a number, found {value!r:.60}")
    return SetValue(id_of(param, Param), int(value) if isinstance(value, bool) else value)


def set_raw(param: Param | int, raw: bytes | bytearray | memoryview) -> SetRaw:
    """Give a param bytes; what this triggers is done before the reaction goes on."""
    if not isinstance(raw, bytes | bytearray | memoryview):
        raise TypeError(f"expected bytes, found {raw!r:.60}")
    return SetRaw(id_of(param, Param), bytes(raw))


def check_trigger(trigger: Trigger | int) -> CheckTrigger:
    """Fire a trigger, if its condition holds; the reaction goes on after it."""
    return CheckTrigger(id_of(trigger, Trigger))


def run_action(action: Action | int) -> RunAction:
    """Do an action, if its condition holds; the reaction goes on after it."""
    return RunAction(id_of(action, Action))


def execute(group: Group | int, way: str = "execute") -> Execute:
    """Put a group into its queue; `way` is the type of an action on groups, as ``execute one top``."""
    ways = {type.value: type for type in EXECUTE_TYPES}
    if way not in ways:
        raise ValueError(f"expected one of {', '.join(sorted(ways))}, found {way!r:.60}")
    return Execute(id_of(group, Group), ways[way])


def log(level: str, text: str) -> Log:
    """Put a line into the log; `level` is ``debug``, ``info``, ``warn`` or ``error``."""
    if level not in LEVELS:
        raise ValueError(f"expected one of {', '.join(LEVELS)}, found {level!r:.60}")
    if not isinstance(text, str):
        raise TypeError(f"expected a text, found {text!r:.60}")
    return Log(level, text)


def set_connection_state(responding: bool, connection: int = 0) -> SetConnectionState:
    """Say that a device answers, or does not; what it does itself afterwards counts again."""
    if not isinstance(responding, bool):
        raise TypeError(f"expected True or False, found {responding!r:.60}")
    return SetConnectionState(responding, _connection(connection))


def send(command: Command | int, connection: int | None = None) -> Send:
    """Send a command when the line is free, and wait for no answer."""
    return Send(id_of(command, Command), None if connection is None else _connection(connection))


def sleep(seconds: float) -> Sleep:
    """Wait for so many seconds, one millisecond at least; only this reaction waits, and what waits for it."""
    return Sleep(_seconds(seconds, 0.0))


def ask(question: Pair | Command | int, *responses: Response | int, connection: int | None = None) -> Ask:
    """Send a command when the line is free, and wait for the answer as pairs do.

    Args:
        question: a pair, as itself or as its id; or a command.
        responses: what may answer a command; without them, what answers the first pair that sends it.
        connection: where a command is sent; None is that of the first pair that sends it, or 0.

    Returns:
        What is to be yielded; the answer is None if none came.
    """
    answers = tuple(id_of(response, Response) for response in responses)
    if isinstance(question, Command):
        where = None if connection is None else _connection(connection)
        return Ask(None, question.id, answers, where)
    if answers or connection is not None:
        raise TypeError(f"expected a Command before what answers it, found {question!r:.60}")
    return Ask(id_of(question, Pair))
