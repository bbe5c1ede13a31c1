"""A stage for an engine: a clock, peers with names, and what it wants done as lines.

A line is one of these; the connection is left out if it is 0, the peer if all are meant::

    > C1        1> C1       A> C1       bytes that are sent, without the end of the line
    break 0.005             301=abc     a param that changed
    silent 301=             a value that is another one, though nothing fires
    heard 1                 unheard wrong checksum
    dropped 3 unasked       pair 1 timed out 2
    group 1 begun           note ...
    state 0 connected       open 0, close 0, close 0 A, lock 0, unlock 0, save 301 ...
    timeout True            slow True
    redirect 1 host:4001    trigger 5 of 0, action 7 of 5, action 7 of 5 failed
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.authoring import (
    command,
    fixed,
    numeric_text,
    pair,
    poll,
    response,
    smart_serial,
    text,
    trailer,
    when,
)
from smartserial.definition.condition import parse_condition
from smartserial.definition.connection import Connection
from smartserial.definition.flow import EACH, Group, Timer, Trigger, TriggerOn, TriggerTime
from smartserial.definition.message import Pair
from smartserial.definition.param import Interprete, Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.value import Value
from smartserial.engine.effects import (
    ActionDone,
    Break,
    Changed,
    Close,
    Dropped,
    Effect,
    ElementTimeout,
    GroupStep,
    Heard,
    Lock,
    Note,
    Open,
    PairStep,
    Peer,
    Redirect,
    Save,
    Send,
    SlowPoll,
    StateChanged,
    TriggerFired,
    Unheard,
)
from smartserial.engine.engine import Engine, Settings
from smartserial.plugin.reaction import Reaction

READ = 900
On, At, Do = TriggerOn, TriggerTime, ActionType


def read_each() -> tuple[Trigger, Action]:
    """A trigger that has each response read, and its action."""
    return when(READ, "read", On.RESPONSE, At.BEFORE, READ), Action(
        READ, "read", ActionOn.RESPONSE, ActionType.READ
    )


def act(id: int, on: ActionOn, type: ActionType, *ids: int, condition: str = "", **more: object) -> Action:
    """One action; what it is done to are `ids`."""
    held = parse_condition(condition) if condition else None
    return Action(id, f"a{id}", on, type, ids, condition=held, **more)  # type: ignore[arg-type]


def counts(*numbers: int) -> tuple[tuple[Param, ...], tuple[Action, ...]]:
    """Params 400 and more, and the actions of the same ids that count there."""
    shape = replace(numeric_text(0, "").interprete or Interprete(), default_value="0")
    params = tuple(Param(400 + n, f"count {n}", interprete=shape) for n in numbers)
    return params, tuple(act(400 + n, ActionOn.PARAMETER, Do.INCREMENT, 400 + n) for n in numbers)


def world(
    count: int = 2,
    triggers: Iterable[Trigger] = (),
    actions: Iterable[Action] = (),
    groups: Iterable[Group] = (),
    timers: Iterable[Timer] = (),
    params: Iterable[Param] = (),
    connections: tuple[Connection, ...] = (smart_serial("IP Connection"),),
    pairs: Callable[[tuple[Pair, ...]], tuple[Pair, ...]] | None = None,
    **more: object,
) -> Protocol:
    """A definition that asks and hears: command n is ``Cn`` and the value of param 500+n, a line.

    Response n is ``Rn:`` and the value of param 300+n, a line; pair n has both, and group n is that pair.
    Params 401 to 409 count, by the actions of the same ids. Each response is read.
    """
    numbers = range(1, count + 1)
    counted, counting = counts(*range(1, 10))
    end = trailer(1, "end", b"\n", link=1)
    known: list[Param] = [end, *counted]
    for n in numbers:
        known += [fixed(100 + n, f"say {n}", f"C{n}"), fixed(200 + n, f"hear {n}", f"R{n}:")]
        known += [text(300 + n, f"value {n}"), text(500 + n, f"set {n}", kind=ParamType.WRITE)]
    trigger, action = read_each()
    protocol = Protocol(
        "World",
        connections=connections,
        params=(*known, *params),
        commands=tuple(command(n, f"c{n}", 100 + n, 500 + n, end) for n in numbers),
        responses=tuple(response(n, f"r{n}", 200 + n, 300 + n, end) for n in numbers),
        pairs=tuple(pair(n, f"p{n}", n, n) for n in numbers),
        groups=(*(poll(n, f"g{n}", n) for n in numbers if n not in {g.id for g in groups}), *groups),
        triggers=(trigger, *triggers),
        actions=(action, *counting, *actions),
        timers=tuple(timers),
        relative_timers=True,
        **more,  # type: ignore[arg-type]
    )
    return protocol if pairs is None else replace(protocol, pairs=pairs(protocol.pairs))


def at(
    id: int, on: TriggerOn, time: TriggerTime, which: int | None, *actions: int, condition: str = ""
) -> Trigger:
    """A trigger that does actions at a moment; `which` None is each."""
    found = when(id, f"t{id}", on, time, *actions, which=EACH if which is None else which)
    return replace(found, condition=parse_condition(condition)) if condition else found


_USUAL = Settings()


class Stage:
    """An engine that was started, and what it said since it was last asked."""

    def __init__(
        self,
        protocol: Protocol,
        settings: Settings = _USUAL,
        start: bool = True,
        saved: dict[int, bytes] | None = None,
        reactions: Sequence[Reaction] = (),
    ) -> None:
        self.engine = Engine(protocol, settings, saved, reactions)
        self.now = 0.0
        self.effects: list[Effect] = []
        self.peers: dict[str, tuple[int, Peer]] = {}
        self._sessions = 0
        if start:
            self._take(self.engine.start(self.now))

    def _take(self, effects: list[Effect]) -> None:
        self.effects += effects
        for _ in range(100):
            due = self.engine.next_wake
            if due is None or due > self.now:
                return
            self.effects += self.engine.wake(self.now)

    def connect(self, name: str = "A", connection: int = 0) -> None:
        self._sessions += 1
        peer = Peer("10.0.0.5", 4000 + ord(name) - 65, self._sessions)
        self.peers[name] = connection, peer
        self._take(self.engine.connected(connection, peer, self.now))

    def leave(self, name: str = "A") -> None:
        connection, peer = self.peers[name]
        self._take(self.engine.disconnected(connection, peer, self.now))

    def say(self, data: str | bytes, name: str = "A") -> None:
        connection, peer = self.peers.get(name) or (0, Peer("", 0, 0))
        raw = data if isinstance(data, bytes) else data.encode("latin-1")
        self._take(self.engine.received(connection, peer, raw, self.now))

    def set(self, param: int, value: Value) -> None:
        self._take(self.engine.set(param, value, self.now))

    def run(self, group: int) -> None:
        self._take(self.engine.run_group(group, self.now))

    def command(self, command: int) -> None:
        self._take(self.engine.run_command(command, self.now))

    def grant(self, connection: int = 0) -> None:
        self._take(self.engine.granted(connection, self.now))

    def bind(self, connection: int = 0) -> None:
        self._take(self.engine.bound(connection, self.now))

    def wait(self, seconds: float) -> None:
        """Let time pass, and wake the engine whenever it wants."""
        end = self.now + seconds
        while (due := self.engine.next_wake) is not None and due <= end + 1e-9:
            self.now = max(self.now, due)
            self._take(self.engine.wake(self.now))
        self.now = end

    def told(self, *kinds: str) -> list[str]:
        """Return the lines since the last time of `kinds`, or all but of groups, pairs and states."""
        lines = [self._line(effect) for effect in self.effects]
        self.effects = []
        if kinds:
            return [line for line in lines if line.split(" ")[0] in kinds or line.split("=")[0] in kinds]
        return [line for line in lines if line.split(" ")[0] not in ("pair", "group", "state", "65045=3")]

    def sent(self) -> list[str]:
        """Return what was sent since the last time."""
        lines = [self._line(effect) for effect in self.effects if isinstance(effect, Send)]
        self.effects = []
        return lines

    def value(self, param: int) -> Value | None:
        return self.engine.store.value(param)

    def _name(self, peer: Peer | None) -> str:
        return next((name for name, (_, one) in self.peers.items() if one == peer), "")

    def _line(self, effect: Effect) -> str:
        match effect:
            case Send():
                where = f"{effect.connection}" if effect.connection else ""
                said = effect.data.decode("latin-1").removesuffix("\n")
                return f"{where}{self._name(effect.to)}> {said}"
            case Changed():
                said = f"{effect.param}={'' if effect.new is None else effect.new}"
                return f"silent {said}" if effect.silent else said
            case Heard():
                return f"heard {effect.match.response.id}"
            case Unheard():
                return f"unheard {effect.failure.reason.value if effect.failure else ''}".strip()
            case Dropped():
                return f"dropped {effect.lost.length} {effect.lost.reason.value}"
            case PairStep():
                return f"pair {effect.pair} {effect.step.value} {effect.attempt}"
            case GroupStep():
                return f"group {effect.group} {effect.step.value}"
            case Note():
                return f"note {effect.text}"
            case StateChanged():
                return f"state {effect.connection} {effect.state.name.lower()}"
            case Break():
                return f"break {effect.duration:g}"
            case Open():
                return f"open {effect.connection}"
            case Close():
                return f"close {effect.connection} {self._name(effect.peer)}".strip()
            case Lock():
                word = "lock" if effect.held else "unlock"
                return f"{word} {effect.connection}{' first' if effect.priority else ''}"
            case Save():
                return f"save {effect.param} {effect.raw.decode('latin-1')}"
            case ElementTimeout():
                return f"timeout {effect.timed_out}"
            case SlowPoll():
                return f"slow {effect.on}"
            case Redirect():
                return f"redirect {effect.connection} {effect.host}{f':{effect.port}' if effect.port else ''}"
            case TriggerFired():
                return f"trigger {effect.trigger} of {effect.connection}"
            case ActionDone():
                return f"action {effect.action} of {effect.trigger}{'' if effect.ok else ' failed'}"
