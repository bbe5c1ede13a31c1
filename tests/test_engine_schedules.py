"""Random lives of an engine: after each call every effect is explained by laws, and by a model of the queues.

``python -m tests.test_engine_schedules 0 10000`` lives through more of them than a test run does.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionType
from smartserial.definition.check import check_protocol
from smartserial.definition.flow import Timer, TriggerOn, TriggerTime
from smartserial.engine import engine
from smartserial.engine import queue as bands
from smartserial.engine.effects import (
    Changed,
    Dropped,
    Effect,
    GroupStep,
    Heard,
    PairStep,
    Peer,
    Send,
    Step,
    Unheard,
)
from smartserial.engine.framing.window import Window
from smartserial.engine.queue import Place, Request
from smartserial.engine.running import asking, deeds, timers
from smartserial.engine.running.asking import Patience
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.unit import Unit
from smartserial.findings import ERROR
from tests.schedules import AFTER, CONNECTION, ONCE, SWITCH, VALUES, Life, Lived, Mark

SEEDS = 600
CLOSE = 1e-6
MOST_STRANDS = 2000
BANDS = {
    ActionType.ADD_TO_EXECUTE: "timer", ActionType.EXECUTE_ONE: "timer",
    ActionType.EXECUTE: "normal", ActionType.EXECUTE_ONE_NOW: "normal",
    ActionType.EXECUTE_NEXT: "front", ActionType.EXECUTE_ONE_TOP: "front",
    ActionType.FORCE_EXECUTE: "forced",
}  # fmt: skip
TIMERS = (ActionType.START, ActionType.STOP, ActionType.RESTART_TIMER)


@dataclass
class Attempt:
    """A pair that was begun: when, and how often; `silent` if it is to be begun again."""

    pair: int
    began: float
    number: int
    refused: bool = False
    silent: bool = False


@dataclass(eq=False)
class Entry:
    """A group that waits, or runs."""

    group: int
    reply_to: Peer | None
    timer: int | None = None
    items: int = 0
    """Pairs that it has begun."""
    attempt: Attempt | None = None
    asked_at: int = 0
    """Of one that is forced: the pairs that the running group had begun."""


@dataclass(eq=False)
class Queue:
    """One protocol thread, in the words of the rules."""

    forced: list[Entry] = field(default_factory=list)
    waiting: list[Entry] = field(default_factory=list)
    """Those of actions, then those of timers."""
    normal: int = 0
    """How many of them are of actions."""
    running: list[Entry] = field(default_factory=list)

    def all(self) -> list[Entry]:
        return self.forced + self.waiting

    def add(self, band: str, entry: Entry) -> None:
        if band == "forced":
            entry.asked_at = self.running[-1].items if self.running else 0
            self.forced.append(entry)
        elif band == "timer":
            self.waiting.append(entry)
        else:
            self.waiting.insert(0 if band == "front" else self.normal, entry)
            self.normal += 1

    def next(self) -> Entry | None:
        return next(iter(self.all()), None)

    def take(self) -> Entry:
        if self.forced:
            return self.forced.pop(0)
        self.normal = max(0, self.normal - 1)
        return self.waiting.pop(0)

    def drop(self, timer: int) -> None:
        self.normal -= sum(entry.timer == timer for entry in self.waiting[: self.normal])
        self.forced = [entry for entry in self.forced if entry.timer != timer]
        self.waiting = [entry for entry in self.waiting if entry.timer != timer]


class Laws:
    """What must hold in one life; `see` is told of each call."""

    def __init__(self) -> None:
        self.queues: defaultdict[int, Queue] = defaultdict(Queue)
        self.values: dict[int, object] = {}
        self.replies: dict[int, Peer | None] = {}
        self.sessions: defaultdict[int, set[Peer]] = defaultdict(set)
        self.gone: set[Peer] = set()
        self.unit: Heard | Unheard | None = None
        self.begun: PairStep | None = None
        self.received: defaultdict[tuple[int, Peer], int] = defaultdict(int)
        self.pieces: defaultdict[tuple[int, Peer], list[tuple[int, int]]] = defaultdict(list)
        self.runs: dict[int, float] = {}
        self.changed_timers: set[int] = set()
        self.now = 0.0

    def of(self, life: Life) -> None:
        """Watch a life."""
        self.life = life
        self.definition = life.definition
        self.protocol = life.definition.protocol

    def see(self, lived: Lived) -> None:
        """Hold a call against the laws."""
        assert lived.now >= self.now
        self.now = lived.now
        self._given(lived)
        for effect in lived.effects:
            self._effect(effect)
        due = self.life.engine.next_wake
        if lived.name == "wake":
            assert due is None or due >= self.now, "it was to be woken before now"
        if due is None or due > self.now:
            self._at_rest()
        machine = self.life.engine._machine
        assert len(machine.strands._heap) < MOST_STRANDS, "too much goes on"

    def _given(self, lived: Lived) -> None:
        match lived.name, lived.given:
            case "connected", (int(connection), Peer() as peer):
                self.sessions[connection].add(peer)
            case "disconnected", (int(connection), Peer() as peer):
                self.sessions[connection].discard(peer)
                self.gone.add(peer)
            case "received", (int(connection), Peer() as peer, bytes(data)):
                self.received[connection, peer] += len(data)

    def _effect(self, effect: Effect) -> None:
        match effect:
            case Changed():
                self._changed(effect)
            case GroupStep() if effect.group not in self.definition.at_once:
                self._group(effect)
            case PairStep():
                self._pair(effect)
            case Send():
                self._send(effect)
            case Heard() | Unheard():
                self._unit(effect)
            case Dropped(connection, peer, lost):
                self.pieces[connection, peer].append((lost.offset, lost.length))

    # Changes, and what marks among them ask for.

    def _changed(self, change: Changed) -> None:
        assert self.values.get(change.param, change.old) == change.old, f"{change}: a change was not told"
        self.values[change.param] = change.new
        self.replies[change.param] = change.reply_to
        if change.param in self.definition.marks:
            self._marked(self.definition.marks[change.param], change)
        elif VALUES <= change.param < VALUES + 100:
            assert self.unit is not None
            assert change.reply_to == self.unit.peer, f"{change} is not on behalf of {self.unit.peer}"
            if change.silent:
                assert isinstance(self.unit, Unheard), f"{change}: nothing failed"
                return
            said = self.unit.unit.data.partition(b":")[2].removesuffix(b"\n")
            if AFTER in self.protocol.response[change.param - VALUES].content:
                said = said.partition(b";x")[0]
            whole = said if isinstance(self.unit, Heard) else self.unit.unit.data
            assert isinstance(change.new, str)
            fits = change.new.encode("latin-1") == said or whole is not said
            assert fits and change.new.encode("latin-1") in whole, f"{change}: {whole!r} was heard"

    def _marked(self, mark: Mark, change: Changed) -> None:
        if mark.needs is not None and not mark.slept:
            assert (self.values.get(SWITCH) == 1) is mark.needs, f"{mark}: the condition does not hold"
        if mark.most is not None:
            assert isinstance(change.new, int | float)
            assert self.definition.sleepy or change.new <= mark.most, f"{mark} too often: {change}"
        if not self.definition.sleepy:
            causes = self._causes(mark)
            assert change.reply_to in causes, f"{mark}: {change} is on behalf of none of {causes}"
        if mark.on is TriggerOn.TIMER:
            assert isinstance(mark.about, int)
            self._ran(mark.about)
            for group in mark.groups:
                if group not in self.definition.at_once:
                    self._ask("timer", Entry(group, None, mark.about), once=True)
        elif mark.request in BANDS:
            for group in mark.groups:
                self._ask(BANDS[mark.request], Entry(group, change.reply_to), mark.request in ONCE)
        elif mark.timer is not None and mark.request in TIMERS:
            self.changed_timers.add(mark.timer)
            self.runs.pop(mark.timer, None)
            if mark.request is ActionType.RESTART_TIMER:
                for queue in self.queues.values():
                    queue.drop(mark.timer)

    def _causes(self, mark: Mark) -> set[Peer | None]:
        """Return on whose behalf a mark may be changed."""
        match mark.on, mark.time:
            case (TriggerOn.RESPONSE, _) | (_, TriggerTime.CHANGE_AFTER_RESPONSE):
                return {self.unit.peer if self.unit else None}
            case TriggerOn.PARAMETER, _:
                assert isinstance(mark.about, int)
                return {self.replies[mark.about]}
            case ((TriggerOn.PROTOCOL | TriggerOn.TIMER), _):
                return {None}
        if mark.about in self.definition.at_once:
            return {None}
        if isinstance(mark.about, int):
            connection = mark.about // CONNECTION
            thread = int(self.definition.own_thread and connection == 1)
            return {entry.reply_to for entry in self.queues[thread].running[-1:]}
        return {entry.reply_to for entry in self._served()} | ({None} if self.definition.at_once else set())

    def _ask(self, band: str, entry: Entry, once: bool) -> None:
        queue = self.queues[self.definition.thread(entry.group)]
        if not once or all(other.group != entry.group for other in queue.all()):
            queue.add(band, entry)

    # Groups.

    def _left_out(self, entry: Entry) -> bool:
        return self.protocol.group[entry.group].condition is not None and self.values.get(SWITCH) != 1

    def _group(self, step: GroupStep) -> None:
        queue = self.queues[step.thread]
        assert step.thread == self.definition.thread(step.group)
        if step.step is Step.DONE:
            entry = queue.running.pop()
            assert entry.group == step.group, f"{step}, but {entry.group} runs"
            assert entry.attempt is None or self._in_vain(entry), f"{step}: {entry.attempt} is not over"
            return
        while (entry_or_none := queue.next()) is not None and self._left_out(entry_or_none):
            queue.take()
        assert queue.next() is not None, f"{step}: it does not wait"
        assert not queue.running or queue.forced, (
            f"{step}: {queue.running[-1].group} runs, and it is not forced"
        )
        entry = queue.take()
        assert entry.group == step.group, f"{step}: {entry.group} was first"
        queue.running.append(entry)

    def _at_rest(self) -> None:
        """Nothing that could be done now is left."""
        for queue in self.queues.values():
            while not queue.running and (entry := queue.next()) is not None:
                assert self._left_out(entry), f"group {entry.group} waits, and nothing runs"
                queue.take()
        if self.definition.sleepy:
            return
        for entry in self._served():
            if entry.attempt is not None and not self._in_vain(entry):
                due = entry.attempt.began + self._timeout(entry.attempt.pair)
                assert due > self.now - CLOSE, f"{entry.attempt} waits too long"
        for number, began in self.runs.items():
            timer = self.protocol.timer[number]
            busy = any(entry.timer == number for q in self.queues.values() for entry in q.all() + q.running)
            at_once = set(timer.groups) & self.definition.at_once
            if not busy and not at_once and number not in self.changed_timers and timer.condition is None:
                assert timer.time is not None
                assert began + timer.time / 1000 > self.now - CLOSE, f"timer {number} does not run"

    def _served(self) -> list[Entry]:
        return [entry for queue in self.queues.values() for entry in queue.running]

    def _ran(self, number: int) -> None:
        timer = self.protocol.timer[number]
        assert timer.time is not None
        if number in self.runs:
            since = self.now - self.runs[number]
            assert since >= timer.time / 1000 - CLOSE, f"timer {number} runs again after {since}"
        self.runs[number] = self.now

    # Pairs.

    def _timeout(self, number: int) -> float:
        timeout = self.protocol.pair[number].timeout
        return self.life.patience.timeout if timeout is None else timeout / 1000

    def _pair(self, step: PairStep) -> None:
        pair = self.protocol.pair[step.pair]
        entry = self._running(step.pair)
        attempt, entry.attempt = entry.attempt, None
        self.begun = step if step.step is Step.BEGUN else None
        if self._to(entry, step.connection) in self.gone:
            return  # nothing is sent to those who left
        retries = self.life.patience.retries if pair.options.retries is None else pair.options.retries
        if step.step is Step.BEGUN:
            assert step.attempt <= 1 + retries, f"{step} is one too many"
            again = attempt is not None and attempt.silent and attempt.pair == step.pair
            assert attempt is None or (again and step.attempt == attempt.number + 1), step
            assert attempt is not None or step.attempt == 1, step
            entry.attempt = Attempt(step.pair, self.now, step.attempt)
            return
        assert attempt is not None and attempt.pair == step.pair, f"{step}: it was not begun"
        if step.step is Step.TIMED_OUT:
            late = self.now >= attempt.began + self._timeout(step.pair) - CLOSE
            assert late or attempt.refused or self.definition.sleepy, f"{step} too early"
            entry.attempt = replace(attempt, silent=True, began=self.now)
        elif step.step is Step.GIVEN_UP:
            assert attempt.silent and attempt.number == step.attempt == 1 + retries, step
        elif pair.responses or pair.bad_responses:
            self._answered(step)

    def _answered(self, step: PairStep) -> None:
        pair, entry = self.protocol.pair[step.pair], self._running(step.pair)
        if self.definition.sleepy or self.protocol.ignore_equal_response:
            return
        assert isinstance(self.unit, Heard), f"{step}: nothing was heard"
        answers = pair.responses if step.step is Step.SUCCEEDED else pair.bad_responses
        assert self.unit.match.response.id in answers, f"{step}: response {self.unit.match.response.id}"
        assert self.unit.connection == step.connection
        asked = self._to(entry, step.connection)
        assert asked in (None, self.unit.peer), f"{step}: {asked} was asked, {self.unit.peer} answered"

    def _running(self, pair: int) -> Entry:
        thread = int(self.definition.own_thread and pair >= CONNECTION)
        entry = self.queues[thread].running[-1]
        assert pair in {item.id for item in self.protocol.group[entry.group].content}, f"{pair} in {entry}"
        return entry

    def _to(self, entry: Entry, connection: int) -> Peer | None:
        """Return who is to get what a group sends: the address of another connection means nothing."""
        if entry.reply_to is None or entry.reply_to.port // 1000 != 4 + connection:
            return None
        return entry.reply_to

    def _in_vain(self, entry: Entry) -> bool:
        """Tell whether what a group asks is for somebody who left."""
        return entry.attempt is not None and self._to(entry, entry.attempt.pair // CONNECTION) in self.gone

    def _send(self, send: Send) -> None:
        begun, self.begun = self.begun, None
        assert begun is not None, f"{send} without a pair"
        number = int(send.data[1:].split(b";")[0])
        assert (number, send.connection) == (begun.pair, begun.connection), send
        entry = self._running(number)
        to = self._to(entry, send.connection)
        assert send.to == to, f"{send}: it is for {to}, who asked for group {entry.group}"
        assert send.to is None or send.to in self.sessions[send.connection], f"{send}: gone"
        if begun.attempt == 1:
            entry.items += 1
            thread = self.queues[self.definition.thread(entry.group)]
            for forced in thread.forced:
                assert self._left_out(forced) or entry.items <= forced.asked_at + 1, (
                    f"{forced} does not cut in"
                )

    # Units.

    def _unit(self, unit: Heard | Unheard) -> None:
        self.unit = unit
        self.pieces[unit.connection, unit.peer].append((unit.unit.offset, unit.unit.length))
        data = unit.unit.data
        if isinstance(unit, Heard):
            response = unit.match.response
            tail = b";x\n" if AFTER in response.content else b"\n"
            assert data.startswith(b"R%d:" % response.id) and data.endswith(tail), unit
            assert response.connection == unit.connection
            return
        attempts = [entry.attempt for entry in self._served() if entry.attempt is not None]
        for attempt in attempts:
            attempt.refused = True
        if (
            not any(attempt.pair // CONNECTION == unit.connection for attempt in attempts)
            and not self.definition.sleepy
        ):
            for response in self.protocol.responses:
                begin, tail = b"R%d:" % response.id, b";x\n" if AFTER in response.content else b"\n"
                fits = data.startswith(begin) and data.endswith(tail) and data.count(b"\n") == 1
                fits = fits and data.count(b";x") <= (AFTER in response.content)
                assert not fits or response.connection != unit.connection, f"{unit} is {response.id}"

    def end(self) -> None:
        """Hold what is left against the laws."""
        engine = self.life.engine
        assert not engine._intake.kept, "something is kept of those who left"
        assert not any(engine._machine.sessions.values())
        for param, value in self.values.items():
            assert engine.store.value(param) == value, f"{param} is not {value}, as was told"
        if self.protocol.ignore_equal_response:
            return  # an equal answer is dropped without a word
        for (connection, peer), count in self.received.items():
            pieces = sorted(self.pieces[connection, peer])
            got = sum(length for _, length in pieces)
            assert got == count, f"{peer}: {count} bytes, of which {got} are explained"
            place = 0
            for offset, length in pieces:
                assert offset == place, f"{peer}: a piece at {offset}, after {place}"
                place += length


def live(seed: int) -> list[Lived]:
    """Live by a seed, within the laws; return all calls."""
    laws = Laws()
    life = Life(seed, laws.see)
    laws.of(life)
    life.run()
    laws.end()
    return life.calls


class DefinitionsTest(SynchronousTestCase):
    def test_they_can_be_used(self) -> None:
        for seed in range(0, SEEDS, 20):
            protocol = Life(seed).definition.protocol
            wrong = [finding for finding in check_protocol(protocol) if finding.severity == ERROR]
            self.assertEqual(wrong, [], f"seed {seed}")


class LivesTest(SynchronousTestCase):
    def test_no_life_breaks_a_law(self) -> None:
        seen = Counter[str]()
        for seed in range(SEEDS):
            with self.subTest(seed=seed):
                calls = live(seed)
                seen.update(type(effect).__name__ for call in calls for effect in call.effects)
        for kind in (Changed, Dropped, GroupStep, Heard, PairStep, Send, Unheard):
            self.assertGreater(seen[kind.__name__], SEEDS, kind.__name__)

    def test_the_same_life_twice_is_the_same(self) -> None:
        for seed in range(0, SEEDS, 10):
            first, second = Life(seed), Life(seed)
            first.run()
            second.run()
            self.assertEqual(first.calls, second.calls, f"seed {seed}")


class FaultsTest(SynchronousTestCase):
    """Faults that are made on purpose do not go unnoticed."""

    def _broken(self, most: int = 400) -> str:
        for seed in range(most):
            try:
                live(seed)
            except AssertionError as error:
                return str(error)
        raise LookupError("nothing was noticed")

    def test_a_reply_to_everybody(self) -> None:
        def send(connection: int, data: bytes, to: Peer | None = None, gap: float = 0.0) -> Send:
            return Send(connection, data, None, gap)

        with patch.object(asking, "Send", send):
            self.assertIn("it is for", self._broken())

    def test_a_group_at_the_wrong_place(self) -> None:
        for kind, right in bands.REQUESTS.items():
            place = Place.NORMAL if right.place is Place.TIMER else Place.TIMER
            with patch.object(deeds, "REQUESTS", {**bands.REQUESTS, kind: Request(place, right.once)}):
                self.assertTrue(self._broken(), kind.value)

    def test_a_group_that_waits_twice(self) -> None:
        for kind in ONCE:
            twice = Request(bands.REQUESTS[kind].place)
            with patch.object(deeds, "REQUESTS", {**bands.REQUESTS, kind: twice}):
                self.assertTrue(self._broken(), kind.value)

    def test_a_timer_that_hurries(self) -> None:
        class Hasty(timers.Timers):
            def _run(self, timer: Timer) -> Chain:
                assert timer.time is not None
                return super()._run(replace(timer, time=timer.time * 9 // 10))

        with patch.object(engine, "Timers", Hasty):
            self.assertIn("runs again after", self._broken())

    def test_bytes_that_are_lost(self) -> None:
        def unit(self: Window, end: int) -> Unit:
            start = self.start
            return Unit(self.take(end), start, end - start - 1)

        with patch.object(Window, "unit", unit):
            self.assertIn("are explained", self._broken())

    def test_a_command_too_many(self) -> None:
        patience = asking.Asking.__init__

        def more(
            self: asking.Asking, machine: Machine, patient: Mapping[int, Patience], *others: Any
        ) -> None:
            more = {n: replace(one, retries=one.retries + 1) for n, one in patient.items()}
            patience(self, machine, more, *others)

        with patch.object(asking.Asking, "__init__", more):
            self.assertRegex(self._broken(), "one too many|GIVEN_UP")


def main(first: int, last: int) -> int:
    """Live through many seeds; return how many broke a law."""
    broken = 0
    for seed in range(first, last):
        try:
            live(seed)
        except Exception as error:
            broken += 1
            print(f"seed {seed}: {error!r}")
    print(f"{last - first} lives, {broken} against a law")
    return broken


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]))))
