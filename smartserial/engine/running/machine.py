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
from smartserial.engine.buffer import ComposeError
from smartserial.engine.changes import Change
from smartserial.engine.composing import Composer
from smartserial.engine.effects import Changed, Effect, Level, Note, Peer, Save
from smartserial.engine.evaluate import holds, matches
from smartserial.engine.moments import Moments
from smartserial.engine.running.scene import Scene
from smartserial.engine.store import Store
from smartserial.engine.strands import Strands
from smartserial.errors import SmartSerialError

if TYPE_CHECKING:
    from smartserial.engine.running.asking import Asking
    from smartserial.engine.running.hearing import Ear
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
        """The sessions of each connection, in the order in which they came."""
        self._deeds = deeds
        self._effects: list[Effect] = []

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

    def holds(self, condition: Expression | None) -> bool:
        """Tell whether a condition holds; none always does."""
        return condition is None or holds(condition, self.store, self.note)

    def fire(self, on: TriggerOn, time: TriggerTime, number: int | None, scene: Scene) -> Chain:
        """Fire all triggers of a moment; `scene` is that of the thing itself.

        Returns:
            Whether the last action succeeded; True if there was none.
        """
        done = True
        for trigger in self.moments.at(on, time, number):
            done = yield from self.pull(trigger, scene)
        return done

    def pull(self, trigger: Trigger, scene: Scene) -> Chain:
        """Fire one trigger."""
        if scene.depth > DEEPEST:
            self.note(f"trigger {trigger.id}: ended after {DEEPEST} triggers in one another: this is a loop")
            return False
        compared = trigger.comparison is None or self._compares(trigger, scene)
        otherwise = not (compared and self.holds(trigger.condition))
        done = True
        for step in trigger.content:
            if step.otherwise is not otherwise:
                continue
            if trigger.type is TriggerType.ACTION:
                action = self.protocol.action.get(step.id)
                if action is not None:
                    done = yield from self.act(action, scene, trigger.id)
            else:
                other = self.protocol.trigger.get(step.id)
                if other is not None:
                    done = yield from self.pull(other, replace(scene, depth=scene.depth + 1))
        return done

    def _compares(self, trigger: Trigger, scene: Scene) -> bool:
        if trigger.comparison is None or scene.changed is None:
            return trigger.comparison is None
        return matches(trigger.comparison, scene.changed, self.store, self.note)

    def act(self, action: Action, scene: Scene, trigger: int | None = None) -> Chain:
        """Do one action; tell whether it succeeded. One whose condition does not hold has."""
        if not self.holds(action.condition):
            return True
        deed = self._deeds.get((action.on, action.type))
        try:
            if deed is None:
                raise DeedError(f"{action.type.value} of a {action.on.value} is not supported")
            chain = deed(self, action, scene)
            return True if chain is None else (yield from chain)
        except (DeedError, NotAValueError, ComposeError) as error:
            place = f"trigger {trigger}: " if trigger is not None else ""
            self.note(f"{place}action {action.id} failed: {error}")
            return False

    def change(self, changes: Iterable[Change], scene: Scene) -> Chain:
        """Tell what changed, and fire what waits for it."""
        for change in changes:
            self.tell(Changed(change.param, change.old, change.new, scene.reply_to))
            param = self.protocol.param.get(change.param)
            if param is not None and param.save:
                self.tell(Save(change.param, self.store.raw(change.param)))
            if self.moments.at(TriggerOn.PARAMETER, TriggerTime.CHANGE, change.param):
                below = scene.at(TriggerOn.PARAMETER, change.param, changed=change.new)
                yield from self.fire(TriggerOn.PARAMETER, TriggerTime.CHANGE, change.param, below)
        return True
