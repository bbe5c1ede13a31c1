"""Any definition: strategies for all its kinds, without the values for which the format has no words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import TypeVar

from hypothesis import strategies as st

from smartserial.definition.action import Action, ActionOn, ActionType, QAction
from smartserial.definition.condition import Expression, parse_condition
from smartserial.definition.connection import (
    SERIAL_TYPES,
    Connection,
    ConnectionType,
    FlowControl,
    Parity,
    PortSettings,
    PortType,
    Setting,
    SlowPollBase,
    SshSettings,
)
from smartserial.definition.flow import (
    EACH,
    Case,
    Comparison,
    Each,
    Group,
    GroupType,
    Initial,
    Item,
    ItemKind,
    Step,
    Timer,
    Trigger,
    TriggerOn,
    TriggerTime,
    TriggerType,
)
from smartserial.definition.languages.communication import CommunicationOptions, PacketInfo
from smartserial.definition.languages.constant import parse_constant
from smartserial.definition.languages.optional import Optional
from smartserial.definition.languages.pairoptions import PairOptions
from smartserial.definition.languages.replacing import ReplaceData
from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import Operation
from smartserial.definition.languages.sequence import Step as SequenceStep
from smartserial.definition.languages.stuffing import Stuffing
from smartserial.definition.languages.typeoptions import Ssh, TypeOptions
from smartserial.definition.measurement import Discreet, Display, Measurement
from smartserial.definition.message import Command, Pair, Response
from smartserial.definition.param import (
    Crc,
    Endian,
    Interprete,
    LengthType,
    Other,
    Param,
    ParamType,
    RawType,
    Rounding,
    Side,
    ValueException,
    ValueType,
)
from smartserial.definition.protocol import Protocol, Thread
from smartserial.definition.reading.connections import KINDS
from smartserial.definition.reading.flows import LONGEST

T = TypeVar("T")
S = st.SearchStrategy

# What can stand in XML; blanks too, which are kept in values and dropped around names.
CHARACTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn"), include_characters="\t\n\r")
RAW = st.text(CHARACTERS, max_size=8) | st.sampled_from((" ", "&<>\"'", "\r\n", "]]>", "0x", "0x0D 0x0A"))
WORDS = RAW.map(str.strip)
LISTED = WORDS.map(lambda text: text.replace(";", "").strip()).filter(bool)
"""One of a list; the separator cannot be said."""
FLAGS = st.booleans()
IDS = st.integers(0, 9_999_999) | st.just(-1)
POSITIONS = st.integers(0, 20)
COUNTS = st.integers(1, 10**6)
WHOLE = st.integers(-(10**18) + 1, 10**18 - 1)
UNSIGNED = st.integers(0, 10**18 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-99, 99).map(float)
BYTES = st.binary(min_size=1, max_size=4)
# A text that looks like bytes can only be said as the bytes that it looks like.
CONSTANTS = BYTES | RAW.filter(lambda text: parse_constant(text) == text)
CONDITIONS: S[Expression] = st.sampled_from(
    (
        "id:1 == 2",
        '(id:5 + 1) >= 10 AND id:7 != " off; "',
        "id:1 == empty OR id:2 == emptystring",
        'id:3 == "é<&>"',
    )
).map(parse_condition)


def maybe(values: S[T]) -> S[T | None]:
    """A value, or None."""
    return st.none() | values


def some(values: S[T], least: int = 0) -> S[tuple[T, ...]]:
    """A few values."""
    return st.lists(values, min_size=least, max_size=3).map(tuple)


def stable(change: Callable[[str], str]) -> S[frozenset[str]]:
    """Options that are all upper case, or all lower case."""
    words = LISTED.map(change).filter(lambda text: text == change(text) == text.strip() and ";" not in text)
    return st.frozensets(words, max_size=3)


E = TypeVar("E", bound=Enum)


def one(kind: type[E]) -> S[E]:
    """A member."""
    return st.sampled_from(kind)


def setting(values: S[T]) -> S[Setting[T] | None]:
    """A setting, or None."""
    return maybe(
        st.builds(Setting, maybe(values), FLAGS, low=maybe(values), high=maybe(values), values=some(values))
    )


OBSOLETE = ("close_connection_on_response", "chunked_html", "postpone_port_initialisation")
PACKET_INFO = st.builds(PacketInfo, UNSIGNED, st.sampled_from((1, 2, 4)), FLAGS, FLAGS)
PIDS = st.tuples(st.integers(0, 9999), st.integers(0, 9999))


def communication(obsolete: S[bool]) -> S[CommunicationOptions]:
    """Options; `obsolete` draws those for which only one of the syntaxes has words."""
    return st.builds(
        CommunicationOptions,
        maybe(COUNTS),
        maybe(PACKET_INFO),
        FLAGS,
        maybe(COUNTS),
        maybe(PIDS),
        FLAGS,
        FLAGS,
        obsolete,
        obsolete,
        obsolete,
    )


SSH = st.builds(SshSettings, maybe(IDS), maybe(IDS), maybe(IDS))
PORTS = st.builds(
    PortSettings,
    name=WORDS,
    type=setting(one(PortType)),
    port_type_ip=setting(FLAGS),
    port_type_udp=setting(FLAGS),
    port_type_serial=setting(FLAGS),
    ip_port=setting(WHOLE),
    local_ip_port=setting(WHOLE),
    bus_address=setting(WORDS.filter(lambda text: text.lower() not in ("", "false"))),
    baudrate=setting(WHOLE),
    databits=setting(WHOLE),
    parity=setting(one(Parity)),
    stopbits=setting(FLOATS),
    flowcontrol=setting(one(FlowControl)),
    timeout_time=setting(WHOLE),
    retries=setting(WHOLE),
    timeout_time_element=setting(WHOLE),
    slow_poll=setting(WHOLE),
    slow_poll_base=setting(one(SlowPollBase)),
    ping_interval=setting(WHOLE),
    flush_per_datagram=FLAGS,
    ssh=maybe(SSH),
    skip_certificate_verification=setting(FLAGS),
)


@st.composite
def connections(draw: st.DrawFn) -> tuple[Connection, ...]:
    """Connections; what only ``communicationOptions`` can say is the same for all."""
    options = st.just(CommunicationOptions()) | communication(st.just(False))
    common = draw(options | communication(FLAGS))
    plain = draw(FLAGS)  # what the older syntax says by itself
    found = []
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(sorted(SERIAL_TYPES, key=str)) | one(ConnectionType))
        serial = kind in SERIAL_TYPES
        port = draw(st.just(PortSettings()) | PORTS)
        name = draw(st.just(port.name) | WORDS)
        single = draw(FLAGS) and kind in KINDS.values()
        if plain:
            communicates = common if serial else CommunicationOptions()
            name = name if number else port.name
            found.append(Connection(kind, name, single and serial, communicates, port))
        else:
            own = draw(st.just(common) | options)
            obsolete = {name: serial and getattr(common, name) for name in OBSOLETE}
            own = replace(own, **obsolete)
            tls = draw(setting(FLAGS))
            found.append(Connection(kind, name, single, own, port, draw(FLAGS), tls))
    return tuple(found)


SCALES = st.builds(Scale, FLOATS, FLOATS, FLOATS, FLOATS).filter(
    lambda found: found.low_data != found.high_data
)
STEPS = (
    st.builds(SequenceStep, one(Operation), FLOATS)
    | st.builds(SequenceStep, one(Operation), param=st.integers(0, 9999))
    | st.sampled_from((SequenceStep(Operation.OFFSET), SequenceStep(Operation.LOG10)))
)
TYPE_OPTIONS = st.builds(
    TypeOptions, maybe(st.integers(0, 32767)), maybe(UNSIGNED), maybe(UNSIGNED), maybe(one(Ssh))
)
INTERPRETES = st.builds(
    Interprete,
    raw_type=one(RawType),
    length_type=one(LengthType),
    length=maybe(WHOLE),
    length_id=maybe(IDS),
    length_times=COUNTS,
    type=one(ValueType),
    trim=st.frozensets(one(Side)),
    filter=FLAGS,
    value=maybe(CONSTANTS),
    default_value=maybe(RAW),
    endian=one(Endian),
    base=WHOLE,
    decimals=WHOLE,
    rounding=one(Rounding),
    factor=maybe(FLOATS),
    offset=maybe(FLOATS),
    offset_id=maybe(IDS),
    scale=maybe(SCALES),
    sequence=some(STEPS),
    sequence_noset=FLAGS,
    sequence_loop=maybe(FLOATS),
    low=maybe(FLOATS),
    high=maybe(FLOATS),
    exceptions=some(st.builds(ValueException, RAW, WORDS, WORDS)),
    others=some(st.builds(Other, IDS, WORDS, WORDS)),
    alignment=maybe(one(Side)),
    bits=maybe(WHOLE),
    byte_offset=WHOLE,
    start_position=maybe(WHOLE),
    nbr_of_bits=WHOLE,
)
CRCS = st.builds(
    Crc,
    WORDS,
    some(POSITIONS),
    byte_offset=WHOLE,
    group_bytes=COUNTS,
    binary=FLAGS,
    mod=maybe(WHOLE),
    off=WHOLE,
    off_per_byte=FLAGS,
    total_offset=WHOLE,
    options=stable(str.upper).map(lambda options: options - {"OFF PER BYTE"}),
)
PARAMS = st.builds(
    Param,
    IDS,
    WORDS,
    one(ParamType),
    maybe(INTERPRETES),
    WORDS,
    some(IDS),
    TYPE_OPTIONS,
    COUNTS,
    maybe(CRCS),
    maybe(some(POSITIONS)),
    maybe(st.builds(Measurement, WORDS, some(st.builds(Discreet, WORDS, WORDS, some(LISTED))), maybe(IDS))),
    maybe(st.builds(Display, FLAGS, WORDS, maybe(WHOLE), maybe(FLOATS), maybe(FLOATS))),
    FLAGS,
    FLAGS,
)
# An empty list of ids would be no attribute, which says False.
COMMANDS = st.builds(Command, IDS, WORDS, some(IDS), FLAGS | some(IDS, 1), WORDS)
OPTIONALS = st.builds(Optional, POSITIONS, st.integers(0, 3)) | st.builds(
    Optional, POSITIONS, to_next=st.just(True)
)
RESPONSES = st.builds(
    Response,
    IDS,
    WORDS,
    some(IDS),
    maybe(UNSIGNED),
    st.lists(OPTIONALS, max_size=3, unique_by=lambda found: found.index).map(tuple),
    WORDS,
)
PAIR_OPTIONS = st.builds(
    PairOptions, maybe(UNSIGNED), maybe(UNSIGNED), FLAGS, maybe(UNSIGNED), maybe(UNSIGNED), maybe(UNSIGNED)
)
PAIRS = st.builds(
    Pair, IDS, WORDS, IDS, some(IDS), some(IDS), maybe(CONDITIONS), FLAGS, maybe(WHOLE), PAIR_OPTIONS, WORDS
)
ITEMS = st.builds(Item, one(ItemKind), IDS, maybe(WHOLE))
GROUPS = st.builds(
    Group, IDS, WORDS, one(GroupType), some(ITEMS), maybe(CONDITIONS), maybe(WHOLE), FLAGS, WORDS
)
SECONDS = st.floats(0, 1e6)
INITIALS = st.just(Initial(False)) | st.tuples(SECONDS, SECONDS).map(
    lambda both: Initial(True, min(both), max(both))
)
TIMERS = st.builds(
    Timer,
    IDS,
    WORDS,
    maybe(st.integers(1, LONGEST)),
    some(IDS),
    UNSIGNED,
    INITIALS,
    FLAGS,
    maybe(CONDITIONS),
)
# Of a value and a param only one can be meant.
COMPARISONS = st.builds(Comparison, one(Case), RAW) | st.builds(Comparison, one(Case), param=maybe(IDS))
_OTHERS = st.sampled_from([None, *(on for on in TriggerOn if on is not TriggerOn.COMMUNICATION)])


def triggers() -> S[Trigger]:
    """Triggers: what a connection reports stands where others have their moment."""
    ids: S[int | Each | None] = maybe(IDS | st.just(EACH))
    common = {
        "type": one(TriggerType),
        "content": some(st.builds(Step, IDS, FLAGS)),
        "condition": maybe(CONDITIONS),
    }
    others = st.builds(
        Trigger, IDS, WORDS, _OTHERS, ids, maybe(one(TriggerTime)), comparison=maybe(COMPARISONS), **common
    )
    kind = st.just(TriggerOn.COMMUNICATION)
    reports = st.builds(
        Trigger, IDS, WORDS, kind, ids, data=CONSTANTS, comparison=maybe(COMPARISONS), **common
    )
    return others | reports | st.builds(Trigger, IDS, WORDS, kind, ids, **common)


def actions() -> S[Action]:
    """Actions; options that have a meaning of their own are said by it alone."""
    replacing = st.builds(ReplaceData, some(st.tuples(BYTES, st.binary(max_size=3)), 1), FLAGS)
    common = {
        "on_ids": some(IDS),
        "on_nr": some(IDS),
        "type_id": maybe(IDS),
        "type_nr": maybe(WHOLE),
        "type_value": RAW,
        "start_offset": UNSIGNED,
        "end_offset": UNSIGNED,
        "allowed": st.binary(max_size=3),
        "condition": maybe(CONDITIONS),
    }
    own = (ActionType.REPLACE_DATA, ActionType.SET_INFO)
    plain = st.sampled_from([kind for kind in ActionType if kind not in own])
    replace = st.just(ActionType.REPLACE_DATA)
    info = st.just(ActionType.SET_INFO)
    off = {name: st.just(frozenset({name})) for name in ("scale", "sequence")}
    on = one(ActionOn)
    sequences = maybe(some(STEPS, 1))
    return (
        st.builds(Action, IDS, WORDS, on, plain, options=WORDS, **common)
        | st.builds(Action, IDS, WORDS, on, replace, replace=replacing, **common)
        | st.builds(
            Action, IDS, WORDS, on, info, options=WORDS, scale=maybe(SCALES), sequence=sequences, **common
        )
        | st.builds(Action, IDS, WORDS, on, info, disabled=off["scale"], sequence=sequences, **common)
        | st.builds(Action, IDS, WORDS, on, info, disabled=off["sequence"], scale=maybe(SCALES), **common)
    )


QACTIONS = st.builds(
    QAction, IDS, WORDS, some(IDS), some(LISTED), some(IDS), stable(str.lower), WORDS, maybe(CONDITIONS)
)
STUFFINGS = st.builds(
    Stuffing, BYTES, BYTES, st.just(True), FLAGS, some(BYTES), UNSIGNED, UNSIGNED
) | st.builds(Stuffing, BYTES, BYTES, st.just(False), st.just(True))
KIND_STRATEGIES: dict[str, S[object]] = {
    "params": PARAMS,
    "commands": COMMANDS,
    "responses": RESPONSES,
    "pairs": PAIRS,
    "groups": GROUPS,
    "triggers": triggers(),
    "actions": actions(),
    "timers": TIMERS,
    "qactions": QACTIONS,
    "threads": st.builds(Thread, some(IDS)),
    "no_timeouts": CONSTANTS,
}
"""For each list of a protocol what may be in it."""


@st.composite
def headed(draw: st.DrawFn) -> Protocol:
    """A definition with connections; without any there is nothing that could say how timers run."""
    found = draw(connections())
    relative = draw(maybe(FLAGS)) if found else None
    return Protocol(
        draw(WORDS),
        draw(WORDS),
        found,
        description=draw(WORDS),
        relative_timers=relative,
        timers_reset=bool(relative) and draw(FLAGS),
        unicode=draw(FLAGS) and bool(found),
        stuffing=draw(maybe(STUFFINGS)),
        ignore_equal_response=draw(FLAGS),
    )


@st.composite
def bodies(draw: st.DrawFn) -> Protocol:
    """A definition with a few values of a few kinds."""
    kinds = draw(st.lists(st.sampled_from(sorted(KIND_STRATEGIES)), min_size=1, max_size=3, unique=True))
    lists = {kind: draw(some(KIND_STRATEGIES[kind], 1)) for kind in kinds}
    return Protocol("any", connections=(Connection(ConnectionType.SERIAL),), **lists)  # type: ignore[arg-type]
