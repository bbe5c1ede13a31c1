"""Reactions: which Python is called at which moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from smartserial.definition.action import QAction
from smartserial.definition.flow import TriggerOn
from smartserial.definition.param import Param
from smartserial.definition.values.value import NotAValueError, Value, as_number
from smartserial.engine.builtin import BUILT_IN
from smartserial.engine.changes import Change
from smartserial.engine.effects import Level, Peer
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.running.performing import Performer
from smartserial.engine.running.scene import Scene
from smartserial.engine.running.timers import SHORTEST
from smartserial.engine.store import Store
from smartserial.plugin.reaction import Moment, Reaction
from smartserial.plugin.wishes import id_of

_GROUP, _QUEUED, _BINARY, _LIBRARY = "group", "queued", "binary", "precompile"  # options of QActions


class Seen:
    """What a reaction sees of its element: a `View`."""

    __slots__ = ("_scene", "_store", "element", "entry_point", "trigger_parameter")

    def __init__(
        self,
        store: Store,
        scene: Scene,
        element: str,
        trigger_parameter: int | None = None,
        entry_point: str = "",
    ) -> None:
        self._store = store
        self._scene = scene
        self.element = element
        self.trigger_parameter = trigger_parameter
        self.entry_point = entry_point

    @property
    def user(self) -> str:
        """Who set the value that began all this."""
        return self._scene.user

    @property
    def reply_to(self) -> Peer | None:
        """The session whose data began all this."""
        return self._scene.reply_to

    def get(self, param: Param | int) -> Value | None:
        """Return the value of a param."""
        return self._store.value(id_of(param, Param))

    def number(self, param: Param | int) -> int | float:
        """Return the value of a param as a number."""
        value = self.get(param)
        if value is None:
            raise NotAValueError(f"expected a number in param {id_of(param, Param)}: it has no value")
        return as_number(value)

    def get_raw(self, param: Param | int) -> bytes:
        """Return the bytes of a param."""
        return self._store.raw(id_of(param, Param))

    def is_empty(self, param: Param | int) -> bool:
        """Tell whether a param was never set."""
        return self._store.is_empty(id_of(param, Param))

    def display(self, param: Param | int) -> str:
        """Return what people see of a param."""
        return self._store.display(id_of(param, Param))


class Reactions:
    """The reactions of one element.

    Args:
        machine: what they set in motion.
        reactions: in the order in which those of one moment are called.
        element: its name.
    """

    def __init__(self, machine: Machine, reactions: Sequence[Reaction], element: str = "") -> None:
        self._machine = machine
        self._element = element
        self._performer = Performer(machine)
        self._every = [one for one in reactions if one.moment is Moment.EVERY]
        self._after: dict[int, list[Reaction]] = defaultdict(list)
        self._changes: dict[int, list[Reaction]] = defaultdict(list)
        self._bound: dict[int, list[Reaction]] = defaultdict(list)
        self._of_params: dict[int, list[tuple[QAction, str]]] = defaultdict(list)
        self._of_groups: dict[int, list[tuple[QAction, str]]] = defaultdict(list)
        for reaction in reactions:
            self._bind(reaction)
        self._call_qactions()

    def _bind(self, reaction: Reaction) -> None:
        protocol, which = self._machine.protocol, reaction.which
        missing = ""
        match reaction.moment:
            case Moment.AFTER if isinstance(which, int):
                self._after[which].append(reaction)
                missing = "" if which in protocol.response else "response"
            case Moment.CHANGE if isinstance(which, int):
                self._changes[which].append(reaction)
                missing = "" if self._has(which) else "param"
            case Moment.QACTION:
                found = [one.id for one in protocol.qactions if which in (one.id, one.name)]
                for number in found[:1]:
                    self._bound[number].append(reaction)
                missing = "" if found else "QAction"
        if missing:
            said = f"{reaction.plugin}: {reaction.name} is never called: there is no {missing} {which!s:.60}"
            self._machine.note(said, Level.ERROR)

    def _call_qactions(self) -> None:
        """Note what calls each QAction; those that no Python is bound to are told in one line."""
        unbound = []
        for one in self._machine.protocol.qaction.values():
            if one.id not in self._bound:
                if _LIBRARY not in one.options or one.triggers:
                    unbound.append(str(one.id))
                continue
            callers = self._of_groups if _GROUP in one.options else self._of_params
            for position, trigger in enumerate(one.triggers):
                points = one.entry_points
                callers[trigger].append((one, points[position] if position < len(points) else ""))
        if unbound:
            self._machine.note(f"no Python is bound to QActions, which do nothing: {', '.join(unbound)}")

    def start(self) -> None:
        """Begin what is called again and again."""
        for reaction in self._every:
            self._machine.defer(f"every {reaction.name}", self._again(reaction), self._machine.now)

    def _again(self, reaction: Reaction) -> Chain:
        machine = self._machine
        while True:
            began = machine.now
            yield from self._call((reaction,), Scene())
            yield max(machine.now, began + max(SHORTEST, reaction.period))

    def heard(self, response: int, scene: Scene) -> Chain:
        """Call what waits for a response that has been taken; `scene` is that of the response."""
        return (yield from self._call(self._after.get(response, ()), scene))

    def changed(self, change: Change, scene: Scene) -> Chain:
        """Call what waits for the change of a param; `scene` is that of what changed it."""
        param = change.param
        if param not in self._of_params and param not in self._changes:
            return True
        below = scene.at(TriggerOn.PARAMETER, param, changed=change.new)
        yield from self.run_actions(param, below)
        return (yield from self._call(self._changes.get(param, ()), below, param))

    def run_actions(self, param: int, scene: Scene) -> Chain:
        """Call the QActions of a param."""
        for called, point in self._of_params.get(param, ()):
            yield from self._qaction(called, point, scene, param)
        return True

    def ran(self, group: int, scene: Scene) -> Chain:
        """Call the QActions of a group that has run."""
        for called, point in self._of_groups.get(group, ()):
            yield from self._qaction(called, point, scene.at(TriggerOn.GROUP, group), None)
        return True

    def _qaction(self, called: QAction, point: str, scene: Scene, param: int | None) -> Chain:
        machine = self._machine
        if not machine.holds(called.condition):
            return True
        if _QUEUED not in called.options:
            return (yield from self._call(self._bound[called.id], scene, param, called, point))
        beside = replace(scene, thread=None, run=None, command=None, hearing=None)
        chain = self._call(self._bound[called.id], beside, param, called, point)
        machine.defer(f"QAction {called.id}", chain, machine.now)
        return True

    def _inputs(self, called: QAction | None) -> tuple[object, ...]:
        """Return the input parameters of a QAction; one that there is not is None."""
        if called is None:
            return ()
        store = self._machine.store
        read = store.raw if _BINARY in called.options else store.value
        return tuple(read(number) if self._has(number) else None for number in called.input_parameters)

    def _has(self, param: int) -> bool:
        return param in self._machine.protocol.param or param in BUILT_IN

    def _call(
        self,
        reactions: Iterable[Reaction],
        scene: Scene,
        param: int | None = None,
        called: QAction | None = None,
        point: str = "",
    ) -> Chain:
        for reaction in reactions:
            view = Seen(self._machine.store, scene, self._element, param, point)
            yield from self._performer.run(reaction, scene, view, self._inputs(called))
        return True
