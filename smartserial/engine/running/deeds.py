"""What actions do: one function for each kind, and one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from smartserial.definition.action import EXECUTE_TYPES, SUPPORTED, Action, ActionOn, ActionType
from smartserial.definition.flow import TriggerOn
from smartserial.definition.reading.texts import whole
from smartserial.definition.rules.chains import applies_to
from smartserial.definition.values.value import as_number
from smartserial.engine.arithmetic import DEEDS as ARITHMETIC
from smartserial.engine.arithmetic import Deed as ParamDeed
from smartserial.engine.arithmetic import do
from smartserial.engine.effects import Close, Open, Save
from smartserial.engine.matching.result import Match, Mismatch, Reason
from smartserial.engine.matching.verify import verify_crc, verify_length
from smartserial.engine.queue import REQUESTS
from smartserial.engine.running.incoming import FIRST, edit
from smartserial.engine.running.machine import Chain, Deed, DeedError, Machine
from smartserial.engine.running.routes import MAIN
from smartserial.engine.running.scene import Hearing, Scene
from smartserial.engine.running.timers import Timers

_SLEEP = 5000
_SHORTEST_SLEEP = 15
_NO_GROUP = "expected a group that runs"
_KINDS = {
    ActionOn.COMMAND: TriggerOn.COMMAND,
    ActionOn.RESPONSE: TriggerOn.RESPONSE,
    ActionOn.PARAMETER: TriggerOn.PARAMETER,
    ActionOn.PAIR: TriggerOn.PAIR,
    ActionOn.GROUP: TriggerOn.GROUP,
    ActionOn.TIMER: TriggerOn.TIMER,
}


def _targets(action: Action, scene: Scene) -> Iterator[int]:
    """Yield what an action is done to: what it names, or what fired the trigger if that is of its kind."""
    if action.on_ids:
        yield from action.on_ids
    elif scene.number is not None and scene.on is _KINDS.get(action.on):
        yield scene.number
    else:
        raise DeedError(f"expected the id of a {action.on.value}: none fired this")


def _hearing(scene: Scene) -> Hearing:
    if scene.hearing is None:
        raise DeedError("expected a response that is being heard")
    return scene.hearing


def _match(hearing: Hearing) -> Match:
    if hearing.match is None:
        raise DeedError("expected a response that was compared")
    return hearing.match


def _command(machine: Machine, action: Action, scene: Scene) -> Chain:
    """Work on the command that is being made, or on those that are named and wait to be sent."""
    if scene.command is not None and (not action.on_ids or scene.command.command.id in action.on_ids):
        yield from machine.change(machine.composer.act(action, scene.command), scene)
        return True
    if not action.on_ids:
        raise DeedError("expected a command that is being made")
    for number in action.on_ids:
        buffer = machine.made.get(number) or machine.composer.make(number)
        yield from machine.change(machine.composer.act(action, buffer), scene)
    return True


def _read(machine: Machine, action: Action, scene: Scene) -> None:
    hearing = _hearing(scene)
    if applies_to(action, TriggerOn.RESPONSE, hearing.response.id):
        hearing.read = True


def _read_param(machine: Machine, action: Action, scene: Scene) -> None:
    if not action.on_ids:
        raise DeedError("expected the id of a param to read")
    _hearing(scene).wanted.update(action.on_ids)


def _checked(verify: Callable[..., Mismatch | None]) -> Deed:
    def check(machine: Machine, action: Action, scene: Scene) -> None:
        hearing = _hearing(scene)
        match = _match(hearing)
        if not applies_to(action, TriggerOn.RESPONSE, match.response.id):
            return
        params, encoding = machine.protocol.param, machine.store.encoding
        wrong = verify(match.response, match.fields, hearing.data, params, encoding)
        if wrong is not None:
            hearing.failure = wrong
            kept = 1 if wrong.reason is Reason.LENGTH else 0  # the length itself is what came
            hearing.limit = min(hearing.limit, wrong.position + kept)
            raise DeedError(f"{wrong.reason.value} in param {wrong.param} of response {match.response.id}")

    return check


def _edit(machine: Machine, action: Action, scene: Scene) -> None:
    """Change the bytes, or the response; where it is compared already, that was done before."""
    hearing = _hearing(scene)
    if hearing.match is None and applies_to(action, TriggerOn.RESPONSE, hearing.response.id):
        edit(machine, action, hearing)
    elif action.id in hearing.broken:
        raise DeedError(hearing.broken[action.id])


def _nothing(machine: Machine, action: Action, scene: Scene) -> None:
    """Do what needs no doing."""


def _forget(machine: Machine, action: Action, scene: Scene) -> None:
    for number in _targets(action, scene):
        machine.ear.forget(number)


def _param(machine: Machine, action: Action, scene: Scene) -> Chain:
    trigger = scene.number if scene.on is TriggerOn.PARAMETER else None
    for number in _targets(action, scene):
        yield from machine.change(do(machine.store, ParamDeed(action, number, trigger)), scene)
    return True


def _reverse(machine: Machine, action: Action, scene: Scene) -> None:
    occurrence = action.on_nr[0] if action.on_nr else 0
    for number in _targets(action, scene):
        if scene.command is not None:
            machine.composer.reverse(scene.command, number, occurrence)
        else:
            _reverse_heard(_hearing(scene), number, occurrence)


def _reverse_heard(hearing: Hearing, number: int, occurrence: int) -> None:
    fields = [field for field in _match(hearing).fields if field.param == number]
    if not 0 <= occurrence < len(fields):
        raise DeedError(f"expected param {number} in the response, place {occurrence} of {len(fields)}")
    start, end = fields[occurrence].start, fields[occurrence].end
    data = hearing.data
    hearing.data = data[:start] + data[start:end][::-1] + data[end:]


def _go(machine: Machine, action: Action, scene: Scene) -> Chain:
    for number in _targets(action, scene):
        yield from machine.change(machine.store.touch(number), scene)
    return True


def _run_actions(machine: Machine, action: Action, scene: Scene) -> Chain:
    for number in _targets(action, scene):
        if machine.reactions is not None:
            yield from machine.reactions.run_actions(number, scene.at(TriggerOn.PARAMETER, number))
    return True


def _save(machine: Machine, action: Action, scene: Scene) -> None:
    for number in _targets(action, scene):
        machine.tell(Save(number, machine.store.raw(number)))


def _execute(machine: Machine, action: Action, scene: Scene) -> Chain:
    for number in _targets(action, scene):
        yield from machine.threads.request(REQUESTS[action.type], number, scene)
    return True


def _milliseconds(machine: Machine, action: Action) -> float:
    """Return what a param holds, or what the action says."""
    if action.type_id is not None:
        held = machine.store.value(action.type_id)
        return as_number("" if held is None else held)
    said = whole(action.type_value)
    if said is None:
        raise DeedError(f"expected ms, found {action.type_value[:60]!r}")
    return said


def _timeout(machine: Machine, action: Action, scene: Scene) -> None:
    for number in _targets(action, scene):
        machine.asking.set_timeout(number, max(0.0, _milliseconds(machine, action)) / 1000)


def _set_next(machine: Machine, action: Action, scene: Scene) -> None:
    if scene.group is None:
        raise DeedError(_NO_GROUP)
    wait = round(_milliseconds(machine, action))
    for position in action.on_nr:
        machine.threads.set_next(scene.group, position, wait)


def _connection(machine: Machine, action: Action) -> int:
    number = action.type_nr or 0
    if number >= len(machine.protocol.connections):
        raise DeedError(f"there is no connection {number}")
    return number


def _open(machine: Machine, action: Action, scene: Scene) -> None:
    machine.tell(Open(_connection(machine, action)))


def _close(machine: Machine, action: Action, scene: Scene) -> None:
    connection = _connection(machine, action)
    if action.type_id is None:
        machine.tell(Close(connection))
        return
    said = str(machine.store.value(action.type_id) or "")
    found = [peer for peer in machine.peers(connection) if str(peer) == said]
    if not found:
        raise DeedError(f"expected the address of a client, found {said[:60]!r}")
    for peer in found:
        machine.tell(Close(connection, peer))


def _locks(priority: bool = False) -> Deed:
    def lock(machine: Machine, action: Action, scene: Scene) -> Chain:
        return machine.locks.take(_connection(machine, action), priority)

    return lock


def _unlocks(priority: bool = False) -> Deed:
    def unlock(machine: Machine, action: Action, scene: Scene) -> None:
        machine.locks.give_back(_connection(machine, action), priority)

    return unlock


def _sleep(machine: Machine, action: Action, scene: Scene) -> Chain:
    said = whole(action.type_value)
    yield machine.now + max(_SHORTEST_SLEEP, _SLEEP if said is None else said) / 1000
    return True


def _leave(machine: Machine, action: Action, scene: Scene) -> None:
    """Have the group left that brought this about; if none did, the one that runs on that connection."""
    run = scene.run or machine.threads.running(scene.connection or MAIN)
    if run is None:
        raise DeedError(_NO_GROUP)
    run.leave = True


def _timers(change: Callable[[Timers, int], None]) -> Deed:
    def act(machine: Machine, action: Action, scene: Scene) -> None:
        for number in _targets(action, scene):
            if number not in machine.protocol.timer:
                raise DeedError(f"there is no timer {number}")
            change(machine.timers, number)

    return act


A, On = ActionType, ActionOn
DEEDS: Mapping[tuple[ActionOn, ActionType], Deed] = MappingProxyType(
    {
        **{(On.COMMAND, type): _command for type in SUPPORTED[On.COMMAND]},
        (On.RESPONSE, A.READ): _read,
        (On.RESPONSE, A.CRC): _checked(verify_crc),
        (On.RESPONSE, A.LENGTH): _checked(verify_length),
        (On.RESPONSE, A.CLEAR): _forget,
        **{(On.RESPONSE, type): _edit for type in FIRST},
        (On.RESPONSE, A.CLEAR_LENGTH_INFO): _nothing,
        **{(On.PARAMETER, type): _param for type in ARITHMETIC},
        (On.PARAMETER, A.READ): _read_param,
        (On.PARAMETER, A.REVERSE): _reverse,
        (On.PARAMETER, A.GO): _go,
        (On.PARAMETER, A.RUN_ACTIONS): _run_actions,
        (On.PARAMETER, A.SAVE): _save,
        **{(On.GROUP, type): _execute for type in EXECUTE_TYPES},
        (On.PAIR, A.TIMEOUT): _timeout,
        (On.PAIR, A.SET_NEXT): _set_next,
        (On.PROTOCOL, A.OPEN): _open,
        (On.PROTOCOL, A.CLOSE): _close,
        (On.PROTOCOL, A.LOCK): _locks(),
        (On.PROTOCOL, A.UNLOCK): _unlocks(),
        (On.PROTOCOL, A.PRIORITY_LOCK): _locks(priority=True),
        (On.PROTOCOL, A.PRIORITY_UNLOCK): _unlocks(priority=True),
        (On.PROTOCOL, A.SLEEP): _sleep,
        (On.PROTOCOL, A.STOP_CURRENT_GROUP): _leave,
        (On.TIMER, A.START): _timers(Timers.start),
        (On.TIMER, A.STOP): _timers(Timers.stop),
        (On.TIMER, A.RESTART_TIMER): _timers(Timers.restart),
        (On.TIMER, A.RESCHEDULE): _timers(Timers.reschedule),
    }
)
"""What is done; an action that is not here is refused when its turn comes."""
