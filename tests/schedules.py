"""Random definitions and random lives of an engine: each is told by a seed.

Each trigger counts itself in a param of its own, a mark, right before what it asks for. So all that an engine
decides can be followed in its effects: a change of a mark says what is asked for now, and on whose behalf.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from smartserial.definition.action import EXECUTE_TYPES, Action, ActionOn, ActionType
from smartserial.definition.authoring import fixed, numeric_text, serial, smart_serial, text, trailer
from smartserial.definition.condition import Expression, parse_condition
from smartserial.definition.flow import (
    EACH,
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
from smartserial.definition.languages.pairoptions import PairOptions
from smartserial.definition.message import Command, Pair, Response
from smartserial.definition.param import Param, ParamType
from smartserial.definition.protocol import Protocol, Thread
from smartserial.engine.effects import Effect, Peer, Send
from smartserial.engine.engine import Engine, Settings
from smartserial.engine.running.asking import Patience

NEWLINE, SWITCH, FIRST_WRITE, AFTER = 1, 9, 30, 2
COMMANDS, RESPONSES, VALUES, MARKS, TIMER_MARKS = 100, 200, 300, 10_000, 20_000
READ = 2000
CONNECTION = 50
"""Ids of things on connection 1 begin so much higher than those on connection 0."""
ONCE = frozenset({ActionType.EXECUTE_ONE, ActionType.EXECUTE_ONE_NOW, ActionType.EXECUTE_ONE_TOP})
ON = parse_condition(f"id:{SWITCH} == 1")
On, At = TriggerOn, TriggerTime
MOMENTS = (
    *((On.COMMAND, time) for time in (At.BEFORE, At.AFTER)),
    *((On.RESPONSE, At.AFTER),) * 3,
    *((On.PAIR, time) for time in (At.SUCCEEDED, At.TIMEOUT, At.TIMEOUT_AFTER_RETRIES)),
    *((On.GROUP, time) for time in (At.BEFORE, At.AFTER)),
    *((On.PARAMETER, time) for time in (At.CHANGE, At.CHANGE, At.CHANGE_AFTER_RESPONSE)),
    (On.PROTOCOL, At.AFTER_STARTUP),
    (On.COMMUNICATION, None),
)


@dataclass(frozen=True)
class Mark:
    """What a change of a mark says: which moment it was, and what is asked for right after it."""

    on: TriggerOn
    time: TriggerTime | None
    about: int | Each | None = None
    request: ActionType | None = None
    groups: tuple[int, ...] = ()
    timer: int | None = None
    most: int | None = None
    needs: bool | None = None
    slept: bool = False


class Definition:
    """A definition by chance, with what its marks say."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.sleepy = chance.random() < 0.3
        self.timed = chance.random() < 0.2
        self.marks: dict[int, Mark] = {}
        self.params: list[Param] = []
        self.actions: list[Action] = []
        self.triggers: list[Trigger] = []
        self.kinds = [chance.choice(("smart", "smart", "serial"))]
        if chance.random() < 0.4:
            self.kinds.append(chance.choice(("smart", "serial")))
        self.commands: list[Command] = []
        self.responses: list[Response] = []
        self.pairs: list[Pair] = []
        self.groups: list[Group] = []
        self.timers: list[Timer] = []
        self.at_once: set[int] = set()
        self.own_thread = len(self.kinds) > 1 and chance.random() < 0.5
        self._params()
        for number in range(len(self.kinds)):
            self._messages(number)
        for number in range(len(self.kinds)):
            self._groups(number)
        self._timers()
        for number in range(chance.randint(2, 9)):
            self._trigger(number + 1)
        self.actions.append(Action(READ, "", ActionOn.RESPONSE, ActionType.READ))
        self.triggers.append(Trigger(READ, "", On.RESPONSE, EACH, At.BEFORE, content=(Step(READ),)))
        make = {"smart": smart_serial, "serial": serial}
        self.protocol = Protocol(
            "any",
            connections=tuple(make[kind](f"{kind} {n}") for n, kind in enumerate(self.kinds)),
            params=tuple(self.params),
            commands=tuple(self.commands),
            responses=tuple(self.responses),
            pairs=tuple(self.pairs),
            groups=tuple(self.groups),
            timers=tuple(self.timers),
            triggers=tuple(self.triggers),
            actions=tuple(self.actions),
            threads=(Thread((1,)),) if self.own_thread else (),
            relative_timers=True,
            ignore_equal_response=chance.random() < 0.1,
        )

    def thread(self, group: int) -> int:
        """Return the number of the queue that a group waits in."""
        return int(self.own_thread and self.protocol.group[group].connection == 1)

    def _params(self) -> None:
        end = fixed if self.timed else trailer
        link = {} if self.timed else {"link": 1}
        self.params += [end(NEWLINE, "end", b"\n", **link), fixed(AFTER, "after", b";x")]
        self.params.append(replace(numeric_text(SWITCH, "switch"), type=ParamType.WRITE))
        self.params += [text(FIRST_WRITE + n, f"write {n}", kind=ParamType.WRITE) for n in range(3)]

    def _messages(self, connection: int) -> None:
        """Add pairs, each with a command of its own, and responses."""
        chance, base = self.chance, connection * CONNECTION
        heard = []
        for number in range(base, base + chance.randint(1, 3)):
            self.params.append(fixed(RESPONSES + number, f"begin {number}", b"R%d:" % number))
            self.params.append(text(VALUES + number, f"value {number}"))
            tail = (AFTER, NEWLINE) if chance.random() < 0.3 else (NEWLINE,)
            content = (RESPONSES + number, VALUES + number, *tail)
            self.responses.append(Response(number, f"response {number}", content, connection))
            heard.append(number)
        for number in range(base + 1, base + 1 + chance.randint(1, 3)):
            self.params.append(fixed(COMMANDS + number, f"say {number}", b"C%d;" % number))
            content = (COMMANDS + number, FIRST_WRITE + number % 3, NEWLINE)
            self.commands.append(Command(number, f"command {number}", content))
            answers = chance.sample(heard, chance.randint(0, min(2, len(heard))))
            refusals = answers[1:] if chance.random() < 0.3 else []
            options = PairOptions(
                connection or None,
                chance.choice((None, 0, 1, 3)),
                comm_break=chance.choice((None, None, None, 5)),
                receive_interval=chance.choice((None, None, 40))
                if self.kinds[connection] == "serial"
                else None,
            )
            self.pairs.append(
                Pair(
                    number,
                    f"pair {number}",
                    number,
                    tuple(one for one in answers if one not in refusals),
                    tuple(refusals),
                    timeout=chance.choice((None, 50, 400)),
                    options=options,
                )
            )

    def _groups(self, connection: int) -> None:
        chance, base = self.chance, connection * CONNECTION
        own = [pair.id for pair in self.pairs if pair.id // CONNECTION == connection]
        for number in range(base + 1, base + 1 + chance.randint(2, 4)):
            items = tuple(
                Item(ItemKind.PAIR, chance.choice(own), chance.choice((None, 0, 0, 20, 100)))
                for _ in range(chance.randint(1, 3))
            )
            condition = ON if chance.random() < 0.2 else None
            self.groups.append(Group(number, f"group {number}", GroupType.POLL, items, condition, connection))

    def _timers(self) -> None:
        chance = self.chance
        always = [group.id for group in self.groups if group.condition is None]
        for number in range(1, chance.randint(0, 2) + 1):
            groups = tuple(chance.sample(always, min(len(always), chance.randint(1, 2))))
            if chance.random() < 0.2:
                groups = (self._group_at_once(number),)
            time = chance.choice((100, 500, 1000, 3000))
            initial = Initial(chance.random() < 0.8)
            condition = ON if chance.random() < 0.2 else None
            interval = chance.choice((0, 10))
            self.timers.append(
                Timer(number, f"timer {number}", time, groups, interval, initial, True, condition)
            )
            mark = self._mark(
                TIMER_MARKS + number,
                Mark(On.TIMER, At.BEFORE, number, groups=groups, needs=True if condition else None),
            )
            trigger = Trigger(1000 + number, "", On.TIMER, number, At.BEFORE, content=(Step(mark),))
            self.triggers.append(trigger)

    def _group_at_once(self, number: int) -> int:
        """Add a group that a timer runs without a queue."""
        action = Action(
            900 + number, "", ActionOn.PARAMETER, ActionType.COPY, (FIRST_WRITE,), type_id=FIRST_WRITE + 1
        )
        self.actions.append(action)
        items = (Item(ItemKind.ACTION, action.id, self.chance.choice((None, 0, 30))),)
        self.groups.append(Group(20 + number, f"group at once {number}", GroupType.ACTION, items))
        self.at_once.add(20 + number)
        return 20 + number

    def _mark(self, number: int, mark: Mark) -> int:
        """Add a mark, and return the action that counts it."""
        self.marks[number] = mark
        param = numeric_text(number, f"mark {number}")
        assert param.interprete is not None
        self.params.append(replace(param, interprete=replace(param.interprete, default_value="0")))
        self.actions.append(Action(number, "", ActionOn.PARAMETER, ActionType.INCREMENT, (number,)))
        return number

    def _about(self, on: TriggerOn) -> int | Each | None:
        chance = self.chance
        if on in (On.PROTOCOL, On.COMMUNICATION):
            return None
        if on is On.PARAMETER:
            return chance.choice([FIRST_WRITE, *(VALUES + response.id for response in self.responses)])
        if chance.random() < 0.4:
            return EACH
        things = {On.COMMAND: self.commands, On.RESPONSE: self.responses, On.PAIR: self.pairs}
        one: Command | Response | Pair | Group = chance.choice(things.get(on, self.groups))  # type: ignore[arg-type]
        return one.id

    def _trigger(self, number: int) -> None:
        """Add a trigger, sometimes behind another one."""
        chance = self.chance
        on, time = chance.choice(MOMENTS)
        about = self._about(on)
        most = chance.choice((1, 5, 20))
        needs = True if chance.random() < 0.2 else None
        mark = MARKS + 10 * number
        said = f"id:{mark} < {most}" + (f" AND id:{SWITCH} == 1" if needs else "")
        steps = self._steps(mark, Mark(on, time, about, most=most, needs=needs))
        condition: Expression | None = parse_condition(said)
        data = b"TIMEOUT" if on is On.COMMUNICATION else None
        if chance.random() < 0.2:
            inner = Trigger(100 + number, "", content=steps, condition=condition)
            self.triggers.append(inner)
            outer = (Step(inner.id),)
            self.triggers.append(Trigger(number, "", on, about, time, TriggerType.TRIGGER, outer, data=data))
        else:
            self.triggers.append(
                Trigger(number, "", on, about, time, content=steps, condition=condition, data=data)
            )

    def _steps(self, number: int, mark: Mark) -> tuple[Step, ...]:
        chance = self.chance
        found = chance.choices(
            ("request", "sleep", "timer", "leave", "copy", "wait", "forget"), (10, 2, 2, 1, 2, 1, 1)
        )[0]
        if found == "request":
            return self._request(number, mark)
        if found == "sleep" and self.sleepy:
            first = self._mark(number, mark)
            action = Action(
                number + 1, "", ActionOn.PROTOCOL, ActionType.SLEEP, type_value=chance.choice(("15", "200"))
            )
            self.actions.append(action)
            return (Step(first), Step(action.id), *self._request(number + 2, replace(mark, slept=True)))
        action = self._deed(number + 1, found)
        if action.on is ActionOn.TIMER:
            mark = replace(mark, request=action.type, timer=action.on_ids[0])
        self.actions.append(action)
        return Step(self._mark(number, mark)), Step(action.id)

    def _request(self, number: int, mark: Mark) -> tuple[Step, ...]:
        chance = self.chance
        kind = chance.choice(sorted(EXECUTE_TYPES, key=str))
        asked = [g.id for g in self.groups if g.id not in self.at_once]
        if (
            kind in ONCE or kind is ActionType.FORCE_EXECUTE
        ):  # whether one that is left out still waits could not be seen
            asked = [number for number in asked if self._group(number).condition is None] or asked[:0]
        groups = tuple(chance.sample(asked, min(len(asked), chance.choice((1, 1, 1, 2)))))
        if not groups:
            return (Step(self._mark(number, mark)),)
        first = self._mark(number, replace(mark, request=kind, groups=groups))
        self.actions.append(Action(number + 1, "", ActionOn.GROUP, kind, groups))
        return Step(first), Step(number + 1)

    def _group(self, number: int) -> Group:
        return next(group for group in self.groups if group.id == number)

    def _deed(self, number: int, found: str) -> Action:
        chance = self.chance
        if found == "timer" and self.timers:
            kind = chance.choice((ActionType.START, ActionType.STOP, ActionType.RESTART_TIMER))
            return Action(number, "", ActionOn.TIMER, kind, (chance.choice(self.timers).id,))
        if found == "leave":
            return Action(number, "", ActionOn.PROTOCOL, ActionType.STOP_CURRENT_GROUP)
        if found == "forget":
            return Action(
                number, "", ActionOn.RESPONSE, ActionType.CLEAR, (chance.choice(self.responses).id,)
            )
        if found == "wait":
            return Action(number, "", ActionOn.PAIR, ActionType.SET_NEXT, on_nr=(1,), type_value="30")
        source = chance.choice((FIRST_WRITE + 1, *(VALUES + response.id for response in self.responses)))
        return Action(number, "", ActionOn.PARAMETER, ActionType.COPY, (FIRST_WRITE,), type_id=source)


@dataclass(frozen=True)
class Lived:
    """A call of an engine: its name, what it was given, when, and what was to be done then."""

    name: str
    given: tuple[object, ...]
    now: float
    effects: tuple[Effect, ...]


class Life:
    """One life of an engine by a seed.

    Args:
        seed: tells all that happens.
        watch: is told of each call after it.
    """

    def __init__(self, seed: int, watch: Callable[[Lived], None] | None = None) -> None:
        self.chance = chance = Random(seed)
        self.definition = Definition(chance)
        self.patience = Patience(chance.choice((0.1, 0.5)), chance.choice((0, 1, 2)))
        self.strict = chance.random() < 0.2
        numbers = range(len(self.definition.kinds))
        settings = Settings(dict.fromkeys(numbers, self.patience), strict=self.strict, seed=seed)
        self.engine = Engine(self.definition.protocol, settings)
        self.watch = watch
        self.now = 1000.0
        self.peers: dict[int, list[Peer]] = {number: [] for number in numbers}
        self.count = 0
        self.calls: list[Lived] = []
        self.unanswered: list[Send] = []
        self.open = True

    def call(self, name: str, *given: object) -> None:
        """Call the engine, and keep what it wants."""
        effects = getattr(self.engine, name)(*given, self.now)
        lived = Lived(name, given, self.now, tuple(effects))
        self.calls.append(lived)
        self.unanswered = [*self.unanswered, *(one for one in effects if isinstance(one, Send))][-5:]
        if self.watch is not None:
            self.watch(lived)

    def settle(self) -> None:
        """Wake the engine until it waits for later."""
        for _ in range(200):
            due = self.engine.next_wake
            if due is None or due > self.now:
                return
            self.call("wake")
        raise AssertionError("it does not come to rest")

    def run(self) -> None:
        """Live."""
        chance = self.chance
        self.call("start")
        self.settle()
        steps = {
            self.connect: 3, self.leave: 1, self.hear: 6, self.answer: 8, self.set: 4,
            self.wait: 10, self.sleep: 2,
        }  # fmt: skip
        for step in chance.choices(list(steps), list(steps.values()), k=chance.randrange(70)):
            step()
            self.settle()
        self.end()

    def end(self) -> None:
        """Let all sessions end, and what still goes on come to its end."""
        for connection, peers in self.peers.items():
            for peer in list(peers):
                peers.remove(peer)
                self.call("disconnected", connection, peer)
                self.settle()
        self.open = False
        until = self.now + 3.0
        while (due := self.engine.next_wake) is not None and due < until:
            self.now = max(self.now, due)
            self.call("wake")
            self.settle()

    def connect(self) -> None:
        connection = self.chance.choice(list(self.peers))
        most = 4 if self.definition.kinds[connection] == "smart" else 1
        if len(self.peers[connection]) < most:
            self.count += 1
            peer = Peer("10.0.0.1", 4000 + connection * 1000 + self.chance.randrange(3), self.count)
            self.peers[connection].append(peer)
            self.call("connected", connection, peer)

    def leave(self) -> None:
        if (found := self.pick()) is not None and self.chance.random() < 0.5:
            self.peers[found[0]].remove(found[1])
            self.call("disconnected", *found)

    def pick(self) -> tuple[int, Peer] | None:
        found = [(connection, peer) for connection, peers in self.peers.items() for peer in peers]
        return self.chance.choice(found) if found else None

    def message(self, connection: int) -> bytes:
        """Return what a device may say."""
        chance = self.chance
        own = [one for one in self.definition.responses if one.connection == connection]
        response = chance.choice(own if chance.random() < 0.9 else self.definition.responses)
        tail = b";x" if AFTER in response.content else b""
        value = b"%d" % chance.randrange(4) if chance.random() < 0.8 else b""
        return b"R%d:" % response.id + value + chance.choice((tail, tail, tail, b";x", b"")) + b"\n"

    def say(self, connection: int, peer: Peer, data: bytes) -> None:
        """Let a peer say something in one or more pieces."""
        place = 0
        while place < len(data) and peer in self.peers[connection]:
            size = self.chance.choice((1, 4, 100))
            self.call("received", connection, peer, data[place : place + size])
            place += size

    def hear(self) -> None:
        found = self.pick()
        if found is None:
            return
        data = b"".join(self.message(found[0]) for _ in range(self.chance.choice((1, 1, 2, 5))))
        if self.chance.random() < 0.3:
            data = self.chance.choice((data[:3], data[2:], data + b"R0:", b"junk\n", b"\n", b"\0\xff"))
        self.say(*found, data)

    def answer(self) -> None:
        """Let somebody answer what was sent: mostly the one who was asked, and mostly right."""
        if not self.unanswered:
            return
        sent = self.unanswered.pop(self.chance.randrange(len(self.unanswered)))
        peers = self.peers[sent.connection]
        if not peers:
            return
        peer = sent.to if sent.to in peers and self.chance.random() < 0.8 else self.chance.choice(peers)
        number = int(sent.data[1:].split(b";")[0])
        pair = self.definition.protocol.pair[number]
        answers = (*pair.responses, *pair.bad_responses)
        if not answers or peer is None:
            return
        response = self.definition.protocol.response[self.chance.choice(answers)]
        tail = b";x" if AFTER in response.content else b""
        self.say(sent.connection, peer, b"R%d:%d%s\n" % (response.id, self.chance.randrange(3), tail))

    def set(self) -> None:
        chance = self.chance
        if chance.random() < 0.3:
            self.call("set", SWITCH, float(chance.randrange(2)))
        else:
            self.call("set", FIRST_WRITE + chance.randrange(3), chance.choice(("a", "b", "")))

    def wait(self) -> None:
        """Go on to the next thing that waits, or a little further than that."""
        due = self.engine.next_wake
        if due is not None and due - self.now < 5:
            self.now = due + self.chance.choice((0, 0, 0, 0.001, 0.05))
            self.call("wake")

    def sleep(self) -> None:
        """Let time pass; whoever owns the engine may be late."""
        self.now += self.chance.choice((0.001, 0.02, 0.3, 2.5))
        if self.chance.random() < 0.7:
            self.call("wake")
