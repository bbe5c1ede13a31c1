"""The heart: triggers fire, actions are done, changes fire more triggers, each chain to its end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.condition import Expression
from smartserial.definition.flow import Trigger, TriggerOn, TriggerTime, TriggerType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.value import NotAValueError
from smartserial.engine.buffer import Buffer, ComposeError
from smartserial.engine.changes import Change
from smartserial.engine.composing import Composer
from smartserial.engine.effects import ActionDone, Changed, Effect, Level, Note, Peer, Save, TriggerFired
from smartserial.engine.evaluate import holds, matches
from smartserial.engine.framing.framer import Limits
from smartserial.engine.moments import Moments
from smartserial.engine.running.scene import MOST_STEPS, Scene
from smartserial.engine.store import Store
from smartserial.engine.strands import Strand, Strands
from smartserial.errors import SmartSerialError

if TYPE_CHECKING:
    from smartserial.engine.running.asking import Asking
    from smartserial.engine.running.health import Health
    from smartserial.engine.running.hearing import Ear
    from smartserial.engine.running.locks import Locks
    from smartserial.engine.running.making import Making
    from smartserial.engine.running.reactions import Reactions
    from smartserial.engine.running.redundancy import Redundancy
    from smartserial.engine.running.slowpoll import SlowPolling
    from smartserial.engine.running.states import States
    from smartserial.engine.running.threads import Threads
    from smartserial.engine.running.timers import Timers

DEEPEST = 64
"""Triggers in triggers, and changes that fire them; a chain that is longer is a loop, and ends there."""

Chain = Generator[float | None, object, bool]
"""A chain of work; it returns whether its last action succeeded."""


class DeedError(SmartSerialError):
    """An action that failed; the chain goes on."""


Deed = Callable[["Machine", Action, Scene], "Chain | None"]
"""Does an action: at once, or as a chain that waits.

Raises:
    DeedError, NotAValueError, ComposeError: it failed.
"""


class Machine:
    """One element's definition with its values, and everything that goes on in it.

    Args:
        protocol: the definition.
        store: its values.
        deeds: what actions do.
    """

    threads: Threads
    asking: Asking
    ear: Ear
    timers: Timers
    states: States
    making: Making
    locks: Locks
    redundancy: Redundancy
    health: Health
    slow: SlowPolling
    reactions: Reactions | None = None

    def __init__(
        self, protocol: Protocol, store: Store, deeds: Mapping[tuple[ActionOn, ActionType], Deed]
    ) -> None:
        self.protocol = protocol
        self.store = store
        self.composer = Composer(protocol, store)
        self.moments = Moments(protocol)
        self.strands = Strands()
        self.now = 0.0
        self.sessions: dict[int, dict[Peer, None]] = {}
        """The sessions of each connection, in the order in which they came; of none that is unknown."""
        self.made: dict[int, Buffer] = {}
        """Commands that were made before their group waits, by id."""
        self.limits = Limits()
        """Of what is kept of an answer."""
        self.datagrams: frozenset[int] = frozenset()
        """The connections that run over UDP."""
        self.trace = False
        """Each trigger and each action is told."""
        self.stopped = False
        """Nothing goes on any more."""
        self._deeds = deeds
        self._effects: list[Effect] = []
        self._open: dict[Strand, None] = {}
        self._noticed: dict[int, Callable[[], None]] = {}

    def start(self, name: str, chain: Chain) -> Strand:
        """Go on with a new chain until it waits or is done."""
        return self.strands.start(name, self._kept(chain))

    def defer(self, name: str, chain: Chain, at: float) -> Strand:
        """Have a new chain begin at a time."""
        strand = self.strands.defer(name, self._kept(chain), at)
        self._open[strand] = None
        return strand

    def _kept(self, chain: Chain) -> Chain:
        strand = self.strands.current
        if strand is None:
            raise RuntimeError("expected a strand that goes on")
        self._open[strand] = None
        try:
            return (yield from chain)
        finally:
            self._open.pop(strand, None)

    def end(self, strand: Strand) -> None:
        """End one chain."""
        self._open.pop(strand, None)
        self.strands.stop(strand)

    def stop(self) -> None:
        """End all chains; what they would still do is left undone."""
        self.stopped = True
        for strand in list(self._open):
            self.strands.stop(strand)
        self._open.clear()

    def notice(self, param: int, callback: Callable[[], None]) -> None:
        """Have one callback called whenever a param changes, before its triggers fire."""
        self._noticed[param] = callback

    def tell(self, effect: Effect) -> None:
        """Have something done, or told, after all that was before."""
        self._effects.append(effect)

    def note(self, text: str, level: Level = Level.WARN) -> None:
        """Put a line into the log."""
        self._effects.append(Note(level, text))

    def told(self) -> list[Effect]:
        """Return what is to be done, and forget it."""
        effects, self._effects = self._effects, []
        return effects

    def peers(self, connection: int) -> Iterable[Peer]:
        """Return the sessions of a connection."""
        return tuple(self.sessions.get(connection, ()))

    def is_gone(self, connection: int, peer: Peer) -> bool:
        """Tell whether a session is over; nobody knows of datagrams, or where no session was told of."""
        return connection not in self.datagrams and peer not in self.sessions.get(connection, (peer,))

    def report(self, connection: int, peer: Peer, data: bytes) -> None:
        """Fire what waits for exactly these bytes of a connection."""
        triggers = self.moments.reported(data)
        if triggers:
            self.start("report", self.pull_all(triggers, Scene(reply_to=peer, connection=connection)))

    def holds(self, condition: Expression | None) -> bool:
        """Tell whether a condition holds; none always does."""
        return condition is None or holds(condition, self.store, self.note)

    def fire(self, on: TriggerOn, time: TriggerTime, number: int | None, scene: Scene) -> Chain:
        """Fire all triggers of a moment; `scene` is that of the thing itself.

        Returns:
            Whether the last action succeeded; True if there was none.
        """
        return (yield from self.pull_all(self.moments.at(on, time, number), scene))

    def pull_all(self, triggers: Iterable[Trigger], scene: Scene) -> Chain:
        """Fire triggers one after the other, as `fire` does."""
        done = True
        for trigger in triggers:
            done = yield from self.pull(trigger, scene, done)
        return done

    def pull(self, trigger: Trigger, scene: Scene, done: bool = True) -> Chain:
        """Fire one trigger; `done` tells whether the last action before it succeeded."""
        if not self.may_go_on(scene, f"trigger {trigger.id}"):
            return False
        compared = trigger.comparison is None or self._compares(trigger, scene)
        otherwise = not (compared and self.holds(trigger.condition))
        steps = [step for step in trigger.content if step.otherwise is otherwise]
        if self.trace and steps:
            self.tell(TriggerFired(trigger.id, scene.connection))
        for step in steps:
            if trigger.type is TriggerType.ACTION:
                action = self.protocol.action.get(step.id)
                if action is not None:
                    done = yield from self.act(action, scene, trigger.id, done)
            else:
                other = self.protocol.trigger.get(step.id)
                if other is not None:
                    done = yield from self.pull(other, replace(scene, depth=scene.depth + 1), done)
        return done

    def may_go_on(self, scene: Scene, what: str) -> bool:
        """Tell whether a chain of causes is still no loop; the first time that it is one, say so."""
        budget = scene.budget
        budget.left -= 1
        if scene.depth <= DEEPEST and budget.left >= 0:
            return True
        if not budget.told:
            budget.told = True
            why = f"{DEEPEST} in one another" if budget.left >= 0 else f"{MOST_STEPS} of one cause"
            self.note(f"{what}: ended after {why}: this is a loop")
        return False

    def _compares(self, trigger: Trigger, scene: Scene) -> bool:
        if trigger.comparison is None or scene.changed is None:
            return trigger.comparison is None
        return matches(trigger.comparison, scene.changed, self.store, self.note)

    def act(self, action: Action, scene: Scene, trigger: int | None = None, done: bool = True) -> Chain:
        """Do one action; tell whether it succeeded. If its condition does not hold, nothing has changed."""
        if not self.holds(action.condition):
            return done
        hearing = scene.hearing
        if hearing is not None and scene.on is TriggerOn.RESPONSE and hearing.put_off(action, trigger):
            return True
        deed = self._deeds.get((action.on, action.type))
        try:
            if deed is None:
                raise DeedError(f"{action.type.value} of a {action.on.value} is not supported")
            chain = deed(self, action, scene)
            ok = True if chain is None else (yield from chain)
        except (DeedError, NotAValueError, ComposeError) as error:
            place = f"trigger {trigger}: " if trigger is not None else ""
            self.note(f"{place}action {action.id} failed: {error}")
            ok = False
        if self.trace:
            self.tell(ActionDone(action.id, trigger, ok))
        return ok

    def change(self, changes: Iterable[Change], scene: Scene) -> Chain:
        """Tell what changed, and fire what waits for it, unless it is silent."""
        for change in changes:
            self.tell(Changed(change.param, change.old, change.new, scene.reply_to, change.silent))
            if change.silent:
                continue
            param = self.protocol.param.get(change.param)
            if param is not None and param.save:
                self.tell(Save(change.param, self.store.raw(change.param)))
            if (noticed := self._noticed.get(change.param)) is not None:
                noticed()
            if self.moments.at(TriggerOn.PARAMETER, TriggerTime.CHANGE, change.param):
                below = scene.at(TriggerOn.PARAMETER, change.param, changed=change.new)
                yield from self.fire(TriggerOn.PARAMETER, TriggerTime.CHANGE, change.param, below)
            if self.reactions is not None:
                yield from self.reactions.changed(change, scene)
        return True
