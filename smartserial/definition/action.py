"""Actions, and code that the definition calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from smartserial.definition.condition import Expression
from smartserial.definition.languages.replacing import ReplaceData
from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import Step
from smartserial.definition.place import Place, placed


class ActionOn(Enum):
    """What an action is done to."""

    COMMAND = "command"
    RESPONSE = "response"
    PARAMETER = "parameter"
    PAIR = "pair"
    GROUP = "group"
    PROTOCOL = "protocol"
    TIMER = "timer"


class ActionType(Enum):
    """What is done; the value is its text in a definition."""

    ADD_TO_EXECUTE = "add to execute"
    AGGREGATE = "aggregate"
    APPEND = "append"
    APPEND_DATA = "append data"
    CHANGE_LENGTH = "change length"
    CLEAR = "clear"
    CLEAR_LENGTH_INFO = "clear length info"
    CLEAR_ON_DISPLAY = "clear on display"
    CLOSE = "close"
    COPY = "copy"
    COPY_REVERSE = "copy reverse"
    CRC = "crc"
    CREATE_ELEMENT = "create element"
    EXECUTE = "execute"
    EXECUTE_NEXT = "execute next"
    EXECUTE_ONE = "execute one"
    EXECUTE_ONE_NOW = "execute one now"
    EXECUTE_ONE_TOP = "execute one top"
    FORCE_EXECUTE = "force execute"
    GO = "go"
    INCREMENT = "increment"
    LENGTH = "length"
    LOCK = "lock"
    MAKE = "make"
    MERGE = "merge"
    MULTIPLY = "multiply"
    NORMALIZE = "normalize"
    OPEN = "open"
    POW = "pow"
    PRIORITY_LOCK = "priority lock"
    PRIORITY_UNLOCK = "priority unlock"
    READ = "read"
    READ_FILE = "read file"
    READ_STUFFING = "read stuffing"
    REPLACE = "replace"
    REPLACE_DATA = "replace data"
    RESCHEDULE = "reschedule"
    RESTART_TIMER = "restart timer"
    REVERSE = "reverse"
    RUN_ACTIONS = "run actions"
    SAVE = "save"
    SET = "set"
    SET_AND_GET_WITH_WAIT = "set and get with wait"
    SET_INFO = "set info"
    SET_NEXT = "set next"
    SET_WITH_WAIT = "set with wait"
    SLEEP = "sleep"
    START = "start"
    STOP = "stop"
    STOP_CURRENT_GROUP = "stop current group"
    STUFFING = "stuffing"
    SWAP_COLUMN = "swap column"
    TIMEOUT = "timeout"
    UNLOCK = "unlock"
    WMI = "wmi"


A = ActionType
EXECUTE_TYPES = frozenset(
    {
        A.ADD_TO_EXECUTE,
        A.EXECUTE,
        A.EXECUTE_NEXT,
        A.EXECUTE_ONE,
        A.EXECUTE_ONE_NOW,
        A.EXECUTE_ONE_TOP,
        A.FORCE_EXECUTE,
    }
)
"""The ways to have a group run."""
_BYTES = frozenset({A.CRC, A.LENGTH, A.REPLACE, A.REPLACE_DATA, A.STUFFING})

SUPPORTED: Mapping[ActionOn, frozenset[ActionType]] = {
    ActionOn.COMMAND: _BYTES | {A.MAKE},
    ActionOn.RESPONSE: _BYTES | {A.CLEAR, A.CLEAR_LENGTH_INFO, A.READ, A.READ_STUFFING},
    ActionOn.PARAMETER: frozenset(
        {
            A.APPEND,
            A.APPEND_DATA,
            A.CHANGE_LENGTH,
            A.CLEAR,
            A.CLEAR_ON_DISPLAY,
            A.COPY,
            A.COPY_REVERSE,
            A.GO,
            A.INCREMENT,
            A.MULTIPLY,
            A.NORMALIZE,
            A.POW,
            A.READ,
            A.REPLACE_DATA,
            A.REVERSE,
            A.RUN_ACTIONS,
            A.SAVE,
            A.SET_INFO,
        }
    ),
    ActionOn.PAIR: frozenset({A.SET_NEXT, A.TIMEOUT}),
    ActionOn.GROUP: EXECUTE_TYPES,
    ActionOn.PROTOCOL: frozenset(
        {
            A.CLOSE,
            A.LOCK,
            A.OPEN,
            A.PRIORITY_LOCK,
            A.PRIORITY_UNLOCK,
            A.SLEEP,
            A.STOP_CURRENT_GROUP,
            A.UNLOCK,
        }
    ),
    ActionOn.TIMER: frozenset({A.RESCHEDULE, A.RESTART_TIMER, A.START, A.STOP}),
}
"""What can be done to what."""

UNSUPPORTED: Mapping[ActionOn, frozenset[ActionType]] = {
    ActionOn.COMMAND: frozenset(),
    ActionOn.RESPONSE: frozenset(),
    ActionOn.PARAMETER: frozenset({A.AGGREGATE, A.SET, A.SET_AND_GET_WITH_WAIT, A.SET_WITH_WAIT}),
    ActionOn.PAIR: frozenset(),
    ActionOn.GROUP: frozenset({A.SET, A.SET_WITH_WAIT}),
    ActionOn.PROTOCOL: frozenset({A.MERGE, A.READ_FILE, A.SWAP_COLUMN, A.WMI}),
    ActionOn.TIMER: frozenset(),
}
"""What definitions may say and smartserial does not do; `CREATE_ELEMENT` is of this kind for everything."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do.

    Args:
        id: its number.
        name: its name.
        on: what it is done to.
        type: what is done.
        on_ids: to which ones; nothing means the one that fired the trigger.
        on_nr: 0-based occurrence for "reverse", 1-based positions in the group for "set next".
        type_id: a param: the source of a copy, the holder of a length, of a timeout, of an address.
        type_nr: a position in a command or response, or a connection.
        type_value: what the `value` attribute says: a number, ms, or bytes as in ``0x10``.
        start_offset: bytes at the start that are left alone.
        end_offset: bytes at the end that are left alone.
        allowed: single bytes of which one may follow what is stuffed.
        replace: for "replace data".
        scale: for "set info"; None leaves it.
        sequence: for "set info"; None leaves it.
        disabled: for "set info": what is switched off, of ``scale`` and ``sequence``.
        options: further options, as written.
        condition: it is done only if this holds.
    """

    id: int
    name: str
    on: ActionOn
    type: ActionType
    on_ids: tuple[int, ...] = ()
    on_nr: tuple[int, ...] = ()
    type_id: int | None = None
    type_nr: int | None = None
    type_value: str = ""
    start_offset: int = 0
    end_offset: int = 0
    allowed: bytes = b""
    replace: ReplaceData | None = None
    scale: Scale | None = None
    sequence: tuple[Step, ...] | None = None
    disabled: frozenset[str] = frozenset()
    options: str = ""
    condition: Expression | None = None
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class QAction:
    """Code that is called; a plugin binds a Python callable to its id or name.

    Args:
        id: its number.
        name: its name.
        triggers: params whose changes call it; groups, with the option ``group``.
        entry_points: names of callables, one for each of `triggers`, or nothing.
        input_parameters: params whose values are handed over.
        options: lower-case words, as ``queued``, ``group``, ``binary``.
        encoding: the language that the definition brings; its text is never run.
        condition: it is not called unless this holds.
    """

    id: int
    name: str
    triggers: tuple[int, ...] = ()
    entry_points: tuple[str, ...] = ()
    input_parameters: tuple[int, ...] = ()
    options: frozenset[str] = frozenset()
    encoding: str = ""
    condition: Expression | None = None
    place: Place = placed()
