"""Numbered messages between elements, and a ledger that shows each that is lost, doubled or misrouted.

A message is ``client.number.payload``; the letter before it says by which way it is answered::

    client -> hub -> client
    M         m         a group that "after response" executes
    N         n         the same, three triggers deep
    C         c         a group that the change of a param executes
    S         s         Python that sets a param, whose change executes a group
    P  Q  Y   p         Python that asks that client for its name, and answers with it
    Y                   nothing: its name though nobody has asked it

    hub -> each client
    B                   what an operator sets

Numbers count from 1 for each client and letter, so within one session none may be missing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.authoring import (
    command,
    fixed,
    pair,
    poll,
    response,
    smart_serial,
    text,
    trailer,
    when,
)
from smartserial.definition.flow import Step, Trigger, TriggerOn, TriggerTime, TriggerType
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.element import operating
from smartserial.element.service import Element
from smartserial.engine.effects import Peer
from smartserial.events import ElementState, ElementStateChanged, Event, PeerConnected, PeerDisconnected
from smartserial.plugin import View, ask, execute, set_value
from smartserial.plugin.reaction import Moment, Reaction
from smartserial.plugin.wishes import Steps
from tests.enginestage import read_each

On, At = TriggerOn, TriggerTime
KINDS = "MNCSP"
"""What clients say of themselves."""
_HEARD, _SAID, _WORD = 100, 200, 300
"""A letter's param that is heard, and that which is said, is this and its code; so is that of the letter."""
HUB = "hub"
SIZES = (0, 0, 1, 5, 30, 30, 200, 900, 4000)


def _end() -> Any:
    return trailer(1, "end", b"\n", link=1)


def _content(letter: str) -> int:
    """The param that a letter's command tells: what was heard is said again, all else is set before."""
    return _HEARD + ord(letter.upper()) if letter in "mnc" else _SAID + ord(letter)


def _protocol(
    name: str, hears: str, says: str, triggers: Sequence[Trigger], actions: Sequence[Action]
) -> Protocol:
    """A definition that hears some letters and says others; the id of all that belongs to one is its code.

    Commands are made when their group is queued, so that each tells what was known then.
    """
    read, reading = read_each()
    making = Action(901, "make", ActionOn.COMMAND, ActionType.MAKE)
    codes = {letter: ord(letter) for letter in hears + says}
    end = _end()
    return Protocol(
        name,
        connections=(smart_serial("IP", communication=CommunicationOptions(make_command_by_protocol=True)),),
        params=(
            end,
            *(fixed(_WORD + code, letter, f"{letter} ") for letter, code in codes.items()),
            *(text(_HEARD + ord(one), f"heard {one}") for one in hears),
            *(text(_SAID + ord(one), f"said {one}", kind=ParamType.WRITE) for one in says),
        ),
        commands=tuple(command(ord(one), one, _WORD + ord(one), _content(one), end) for one in says),
        responses=tuple(response(ord(one), one, _WORD + ord(one), _HEARD + ord(one), end) for one in hears),
        pairs=tuple(pair(ord(one), one, ord(one), *([ord("Y")] if one == "Q" else [])) for one in says),
        groups=tuple(poll(ord(one), one, ord(one)) for one in says),
        triggers=(read, when(901, "make", On.COMMAND, At.BEFORE, 901), *triggers),
        actions=(reading, making, *actions),
    )


def _execute(letter: str) -> Action:
    return Action(ord(letter), f"say {letter}", ActionOn.GROUP, ActionType.EXECUTE, (ord(letter),))


def _changes(letter: str) -> Trigger:
    """Whatever is to be said is said when an operator, or Python, has set it."""
    return when(ord(letter), f"say {letter}", On.PARAMETER, At.CHANGE, ord(letter), which=_SAID + ord(letter))


def _nested() -> tuple[Trigger, ...]:
    first = Trigger(
        801, "1", On.RESPONSE, ord("N"), At.AFTER, TriggerType.TRIGGER, (Step(802),)
    )  # three in one another
    return (
        first,
        Trigger(802, "2", type=TriggerType.TRIGGER, content=(Step(803),)),
        Trigger(803, "3", content=(Step(ord("n")),)),
    )


def hub_protocol() -> Protocol:
    """What the server runs."""
    return _protocol(
        HUB,
        KINDS + "Y",
        "mncspQB",
        (
            when(800, "m", On.RESPONSE, At.AFTER, ord("m"), which=ord("M")),
            *_nested(),
            when(804, "c", On.PARAMETER, At.CHANGE, ord("c"), which=_HEARD + ord("C")),
            _changes("s"),
            _changes("B"),
        ),
        [_execute(one) for one in "mncspB"],
    )


def client_protocol() -> Protocol:
    """What a client runs; its socket is its own."""
    says = KINDS + "Y"
    protocol = _protocol(
        "client", "mncspQB", says, [_changes(one) for one in says], [_execute(one) for one in says]
    )
    return replace(protocol, connections=(replace(protocol.connections[0], single=True),))


HUB_PROTOCOL, CLIENT_PROTOCOL = hub_protocol(), client_protocol()
OTHER_PROTOCOL = _protocol("other", KINDS + "Y", "", (), ())
"""What a server runs that only hears."""


def payload(kind: str, number: int, size: int) -> str:
    """What a message carries beside its number: each has other letters."""
    start = (number * 7 + ord(kind)) % 26
    return ("ABCDEFGHIJKLMNOPQRSTUVWXYZ" * (size // 26 + 3))[start : start + size]


@dataclass
class Findings:
    """What was found; only what was lost at the end of a session may be more than nothing.

    Args:
        heard: messages.
        lost: that are missing in a session that went on, and was told later ones.
        doubled: that were heard again.
        swapped: that were heard after a later one.
        misrouted: that were heard by somebody whom they were not for.
        damaged: that are none, or were not said.
        cut: that the hub missed between two sessions.
    """

    heard: int = 0
    lost: int = 0
    doubled: int = 0
    swapped: int = 0
    misrouted: int = 0
    damaged: int = 0
    cut: int = 0

    @property
    def wrong(self) -> int:
        """What must not be."""
        return self.lost + self.doubled + self.swapped + self.misrouted + self.damaged


_Stream = tuple[str, str, str]  # who hears, of which letter, of which client


class Ledger:
    """All messages of some elements."""

    def __init__(self) -> None:
        self.said: Counter[tuple[str, str]] = Counter()
        self.sizes: dict[tuple[str, str, int], int] = {}
        self.lines: dict[tuple[str, Peer | None], Counter[str]] = defaultdict(Counter)
        """What each element heard in each session."""
        self.found = Findings()
        self.notes: list[str] = []
        self._begun: Counter[tuple[str, str]] = Counter()
        self._pauses = 0  # of the hub, or of one of its sessions, while another element keeps the connection
        self._told_in: dict[int, int] = {}
        self._last: dict[_Stream, tuple[int, Hashable]] = {}
        self._taken_in: dict[tuple[str, str, int], Hashable] = {}  # the hub's session, by message

    def take_note(self, event: Event) -> None:
        """Be told of all events: which sessions begin, and when the hub has none."""
        if isinstance(event, PeerConnected):
            self._begun[event.name, event.peer] += 1
        elif isinstance(event, ElementStateChanged) and event.name == HUB:
            self._pauses += event.state is not ElementState.ACTIVE
        elif isinstance(event, PeerDisconnected) and event.name == HUB:
            self._pauses += "not allowed" in event.why

    def _session(self, who: str, peer: Peer | None) -> Hashable:
        """Name the session that an element has with a peer; a peer that it had before may be back."""
        return peer, self._begun[who, str(peer)]

    # ---- saying

    def say(self, element: Element, kind: str, size: int) -> bool:
        """Have an element say the next message of a kind; tell whether it could."""
        who = element.settings.name
        number = self.said[who, kind] + 1
        param = element.settings.definition.param[_SAID + ord(kind)]
        self.said[who, kind] = number
        self.sizes[who, kind, number] = size
        if who == HUB:
            self._told_in[number] = self._pauses
        try:
            operating.set_param(element, param, f"{who}.{number}.{payload(kind, number, size)}", "test")
        except operating.OperatorError:
            self.said[who, kind] = number - 1
            return False
        return True

    def reactions(self, who: str) -> tuple[Reaction, ...]:
        """Return what hears for an element, and what Python it has."""
        server = who == HUB or who.startswith("other")
        hears = KINDS + "Y" if server else "mncspQB"
        found = [_reaction(f"hear {one}", ord(one), partial(self._hear, who, one)) for one in hears]
        if who == HUB:
            found += [_reaction("set", ord("S"), _set), _reaction("ask", ord("P"), self._ask)]
        elif not server:
            found.append(_reaction("name", ord("Q"), partial(self._name, who)))
        return tuple(found)

    def _ask(self, view: View) -> Steps:
        said = str(view.get(_HEARD + ord("P")) or "")
        answer = yield ask(ord("Q"))
        if answer is None:
            return  # it is gone, and so is whom to answer
        name = str(answer.get(_HEARD + ord("Y")) or "").split(".")[0]
        if name != said.split(".")[0]:
            self._wrong("misrouted", f"{said:.40} was asked who it is: {name}")
        yield set_value(_SAID + ord("p"), said)
        yield execute(ord("p"))

    def _name(self, who: str, view: View) -> Steps:
        number = self.said[who, "Y"] = self.said[who, "Y"] + 1
        self.sizes[who, "Y", number] = 3
        yield set_value(_SAID + ord("Y"), f"{who}.{number}.{payload('Y', number, 3)}")

    # ---- hearing

    def _hear(self, who: str, letter: str, view: View) -> None:
        self.hear(who, letter, str(view.get(_HEARD + ord(letter)) or ""), view.reply_to)

    def hear(self, who: str, letter: str, said: str, session: Peer | None) -> None:
        """Note what somebody heard, and in which session."""
        self.lines[who, session][f"{letter} {said}"] += 1
        self.found.heard += 1
        if letter == "Q":
            return
        kind = letter.upper()
        name, number, wanted = self._read(said, kind)
        if wanted != said or not 1 <= number <= self.said[name, kind]:
            self._wrong("damaged", f"{who} heard {letter} {said:.60}, of {self.said[name, kind]}")
        elif letter.islower() and name != who:
            self._wrong("misrouted", f"{who} heard {letter} {said:.60}")
        else:
            where = self._session(who, session)
            if who == HUB:
                self._taken_in[name, kind, number] = where
            elif letter == "B":
                where = where, self._told_in.get(number)
            elif letter.islower():  # an answer can only come in order as far as the hub has heard in order
                where = where, self._taken_in.get((name, kind, number))
            self._count((who, letter, name), number, where)

    def _read(self, said: str, kind: str) -> tuple[str, int, str]:
        """Return who said a message, its number, and the whole of it as it should be."""
        name, _, rest = said.partition(".")
        digits = rest.partition(".")[0]
        number = int(digits) if digits.isdigit() else 0
        size = self.sizes.get((name, kind, number), 0)
        return name, number, f"{name}.{number}.{payload(kind, number, size)}"

    def _count(self, stream: _Stream, number: int, session: Hashable) -> None:
        last, where = self._last.get(stream, (0, None))
        missing = number - last - 1
        if missing < 0:
            what = "doubled" if number == last else "swapped"
            self._wrong(what, f"{stream}: {number} after {last}, {session} after {where}")
            return
        self._last[stream] = number, session
        if missing and where == session:
            self._wrong("lost", f"{stream}: {number} after {last} in {session}", missing)
        elif missing:
            self.found.cut += missing * (stream[0] == HUB)

    def _wrong(self, what: str, text: str, count: int = 1) -> None:
        setattr(self.found, what, getattr(self.found, what) + count)
        if len(self.notes) < 20:
            self.notes.append(f"{what}: {text}")

    def unanswered(self, clients: Sequence[str], *, of: str = KINDS, everywhere: bool = True) -> list[str]:
        """Return what is still to be heard: the last message of each kind at the hub, and its answer."""
        found = []
        for who in clients:
            for kind in of:
                number = self.said[who, kind]
                for stream in ((HUB, kind, who), (who, kind.lower(), who)):
                    if self._last.get(stream, (0, None))[0] != number:
                        found.append(f"{stream}: {self._last.get(stream, (0, None))[0]} of {number}")
            told = self.said[HUB, "B"]
            if everywhere and self._last.get((who, "B", HUB), (0, None))[0] != told:
                found.append(f"{who}: B {self._last.get((who, 'B', HUB), (0, None))[0]} of {told}")
        return found


def _reaction(name: str, which: int, call: Any) -> Reaction:
    return Reaction("ledger@1.0.0.0", name, Moment.AFTER, call, which)


def _set(view: View) -> Steps:
    yield set_value(_SAID + ord("s"), str(view.get(_HEARD + ord("S")) or ""))
