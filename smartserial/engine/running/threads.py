"""Groups at work: one queue for the element, and one for each thread that the definition names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from smartserial.definition.action import ActionType
from smartserial.definition.flow import Group, Item, ItemKind, TriggerOn, TriggerTime
from smartserial.engine.buffer import Buffer
from smartserial.engine.effects import GroupStep, Level, Step
from smartserial.engine.queue import MOST_ENTRIES, REQUESTS, GroupQueue, Request
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.running.routes import MAIN as MAIN_CONNECTION
from smartserial.engine.running.scene import Run, Scene
from smartserial.engine.strands import Strand

MAIN = 0
"""The queue of all that has none of its own."""
MOST_INSIDE = 64
"""Groups that were forced into one another; one more waits until the innermost is over."""
_AT_ONCE = 100  # groups that one thread runs at one time
_BREATH = 0.001  # seconds until it goes on then


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A group that waits.

    Args:
        group: its id.
        scene: on whose behalf.
        interval: ms after each of its items that says nothing else.
        timer: the timer that asked for it, or None.
        made: its commands, by pair, if they are made when the group is queued; what is not made when its turn
            comes is made then.
        done: called when it is over, or dropped.
        work: what is done in place of a group's items.
        connection: where that is sent.
    """

    group: int
    scene: Scene
    interval: int = 0
    timer: int | None = None
    made: dict[int, Buffer] | None = None
    done: Callable[[], None] | None = None
    work: Callable[[], Chain] | None = None
    connection: int = MAIN_CONNECTION


class Thread:
    """One queue, and the groups that run from it."""

    __slots__ = ("_begun", "_count", "inside", "ping", "queue", "refused", "run", "strand")

    def __init__(self) -> None:
        self.queue = GroupQueue[Entry]()
        self.strand: Strand | None = None
        self.inside = 0
        """Groups that run, each forced into the one before."""
        self.run: Run | None = None
        """The innermost of them."""
        self.ping: Entry | None = None
        """What goes before all that waits, while groups rest."""
        self.refused = 0
        """Groups that found no room, since that was told last."""
        self._begun = 0.0
        self._count = 0

    def take(self, rests: Callable[[Entry], bool] | None) -> Entry | None:
        """Return whose turn it is, or None; what rests has none."""
        ping, self.ping = self.ping, None
        return ping or self.queue.take(rests)

    def breath(self, now: float) -> float:
        """Return when the next group may begin: now, but for a loop of groups a little later."""
        if now != self._begun:
            self._begun, self._count = now, 0
        self._count += 1
        return now + _BREATH if self._count > _AT_ONCE else now


class Threads:
    """All queues of an element.

    Args:
        machine: what the groups set in motion.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._of_connection = {
            connection: number
            for number, thread in enumerate(machine.protocol.threads, 1)
            for connection in thread.connections
        }
        self._threads: dict[int, Thread] = {}
        self._next: dict[tuple[int, int], int] = {}

    def thread(self, number: int) -> Thread:
        """Return a queue by its number."""
        return self._threads.setdefault(number, Thread())

    def number_for(self, group: Group) -> int:
        """Return the number of the queue in which a group waits."""
        return self._of_connection.get(group.connection or 0, MAIN)

    def running(self, connection: int) -> Run | None:
        """Return the group that runs from the queue of a connection, or None."""
        return self.thread(self._of_connection.get(connection, MAIN)).run

    def request(
        self,
        request: Request,
        number: int,
        scene: Scene,
        interval: int = 0,
        timer: int | None = None,
        done: Callable[[], None] | None = None,
    ) -> Chain:
        """Put a group into its queue; `done` is called once, when it is over or was never taken.

        Returns:
            Whether it waits now.
        """
        machine, group = self._machine, self._machine.protocol.group.get(number)
        if group is None:
            machine.note(f"there is no group {number}")
            if done is not None:
                done()
            return False
        thread_number = self.number_for(group)
        thread = self.thread(thread_number)
        early = machine.making.early
        entry = Entry(number, scene.later(thread_number), interval, timer, {} if early else None, done)
        before = len(thread.queue)
        taken = thread.queue.add(request, entry)
        self._refused(thread, number, taken)
        if len(thread.queue) == before:
            if done is not None:
                done()
            return taken
        self._wake(thread_number, thread)
        if entry.made is not None:
            below = replace(entry.scene, depth=scene.depth + 1, budget=scene.budget)
            yield from machine.making.make_group(group, below, entry.made)
        return True

    def _refused(self, thread: Thread, group: int, taken: bool) -> None:
        """Tell of the first group that is refused, and how many were when there is room again."""
        count, waiting = thread.refused, len(thread.queue)
        if not taken:
            thread.refused += 1
            if not count:
                self._machine.note(f"group {group} is refused: {waiting} groups wait already", Level.ERROR)
        elif count and waiting < MOST_ENTRIES // 2:
            thread.refused = 0
            self._machine.note(f"{count} groups were refused because too many waited", Level.ERROR)

    def wait_in_turn(self, number: int, entry: Entry) -> bool:
        """Put work into a queue as an action puts a group; tell whether it waits now."""
        thread = self.thread(number)
        taken = thread.queue.add(REQUESTS[ActionType.EXECUTE], entry)
        self._wake(number, thread)
        return taken

    def drop(self, which: Callable[[Entry], bool]) -> None:
        """Take groups out of all queues."""
        for thread in self._threads.values():
            for entry in thread.queue.drop(which):
                if entry.done is not None:
                    entry.done()

    def run_now(self, group: Group, scene: Scene, interval: int) -> Chain:
        """Run a group where it is asked for, past all queues."""
        return self._run(Thread(), Entry(group.id, scene, interval))

    def set_next(self, group: int, position: int, wait: int) -> None:
        """Change the ms after an item of a group; `position` counts from 1."""
        self._next[group, position - 1] = wait

    def ping(self, connection: int, entry: Entry) -> None:
        """Have something done before all that waits for a connection, even if that rests."""
        number = self.number_for(Group(entry.group, "", connection=connection))
        thread = self.thread(number)
        thread.ping = entry
        self._wake(number, thread)

    def go_on(self) -> None:
        """Go on with what has rested."""
        for number, thread in self._threads.items():
            self._wake(number, thread)

    def _resting(self) -> Callable[[Entry], bool] | None:
        slow = self._machine.slow
        return (lambda entry: slow.rests(entry.group, entry.connection)) if slow.on else None

    def _wake(self, number: int, thread: Thread) -> None:
        if thread.strand is None and (len(thread.queue) or thread.ping is not None):
            machine = self._machine
            thread.strand = machine.defer(f"thread {number}", self._work(thread), machine.now)

    def _work(self, thread: Thread) -> Chain:
        while (entry := thread.take(self._resting())) is not None:
            yield from self._one(thread, entry)
            if len(thread.queue):
                yield thread.breath(self._machine.now)
        thread.strand = None
        return True

    def _one(self, thread: Thread, entry: Entry) -> Chain:
        if entry.work is None:
            return (yield from self._run(thread, entry))
        thread.inside += 1
        try:
            return (yield from entry.work())
        finally:
            thread.inside -= 1
            if entry.done is not None:
                entry.done()

    def _run(self, thread: Thread, entry: Entry) -> Chain:
        machine = self._machine
        group, outer = machine.protocol.group[entry.group], thread.run
        thread.inside += 1
        try:
            if not machine.holds(group.condition):
                return True
            thread.run = Run(group.id, machine.redundancy.active)
            scene = entry.scene.at(TriggerOn.GROUP, group.id, run=thread.run)
            number = scene.thread if scene.thread is not None else MAIN
            machine.tell(GroupStep(group.id, number, Step.BEGUN))
            yield from machine.fire(TriggerOn.GROUP, TriggerTime.BEFORE, group.id, scene)
            yield from self._items(thread, group, entry, scene)
            yield from machine.fire(TriggerOn.GROUP, TriggerTime.AFTER, group.id, scene)
            if machine.reactions is not None:
                yield from machine.reactions.ran(group.id, scene)
            machine.tell(GroupStep(group.id, number, Step.DONE))
        finally:
            thread.run = outer
            thread.inside -= 1
            if entry.done is not None:
                entry.done()
        return True

    def _items(self, thread: Thread, group: Group, entry: Entry, scene: Scene) -> Chain:
        machine = self._machine
        for position, item in enumerate(group.content):
            if scene.run is not None and scene.run.leave:
                break
            waits = yield from self._item(group, item, entry, scene)
            while thread.inside < MOST_INSIDE:
                forced = thread.queue.take_forced(self._resting())
                if forced is None:
                    break
                yield from self._run(thread, forced)
                yield thread.breath(machine.now)
            own = self._next.get((group.id, position), item.next)
            wait = entry.interval if own is None else own
            if waits and wait > 0:
                yield machine.now + wait / 1000
        return True

    def _item(self, group: Group, item: Item, entry: Entry, scene: Scene) -> Chain:
        """Do one item; tell whether it was one to wait after."""
        machine = self._machine
        if item.kind is ItemKind.PAIR:
            pair = machine.protocol.pair.get(item.id)
            if pair is not None:
                if not machine.holds(pair.condition):
                    return False
                made = entry.made.get(pair.id) if entry.made is not None else None
                yield from machine.asking.ask(pair, group, scene, made)
                return True
        elif item.kind is ItemKind.ACTION:
            action = machine.protocol.action.get(item.id)
            if action is not None:
                yield from machine.act(action, scene)
                return True
        elif item.kind is ItemKind.TRIGGER:
            trigger = machine.protocol.trigger.get(item.id)
            if trigger is not None:
                yield from machine.pull(trigger, scene)
                return True
        machine.note(f"group {group.id}: {item.kind.value} {item.id} is left out")
        return False
