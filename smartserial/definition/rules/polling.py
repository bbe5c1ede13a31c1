"""Rules about options that change how commands are made and sent."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.action import ActionType
from smartserial.definition.connection import ConnectionType
from smartserial.definition.flow import ItemKind, TriggerOn, TriggerTime
from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol
from smartserial.definition.rules.chains import Chains, applies_to
from smartserial.definition.rules.options import said
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.sources import connections_known
from smartserial.findings import WARNING

_LOCKS = frozenset({ActionType.LOCK, ActionType.PRIORITY_LOCK})


def _groups_of(protocol: Protocol) -> dict[int, set[int | None]]:
    """Return the connections of the groups in which each pair is."""
    found: dict[int, set[int | None]] = {}
    for group in protocol.groups:
        for item in group.content:
            if item.kind is ItemKind.PAIR:
                found.setdefault(item.id, set()).add(group.connection)
    return found


def _polls(protocol: Protocol, connection: int) -> bool:
    """Tell whether redundantPolling is said for a connection, and no other place takes it back."""
    return protocol.connections[connection].communication.redundant_polling


def redundant_polling(subject: Subject) -> Iterator[Found]:
    """With redundantPolling two connections of one type stand in for each other, in all that is asked."""
    protocol = subject.protocol
    one = next((one for one in said(subject) if one.options.redundant_polling), None)
    if one is None or (one.connections and not any(_polls(protocol, number) for number in one.connections)):
        return
    main = protocol.connections[0].type
    same = [number for number, connection in enumerate(protocol.connections) if connection.type is main]
    if len(same) != 2 and connections_known(subject):
        yield Found(
            one.place, f"expected two {main.value} connections for redundantPolling, found {len(same)}"
        )
    groups = _groups_of(protocol)
    for pair in protocol.pairs if main is ConnectionType.SMART_SERIAL else ():
        moves = pair.options.connection is None and None in groups.get(pair.id, {None})
        if moves and not pair.responses and not pair.bad_responses:
            yield Found(
                pair.place, f"expected a Response in pair {pair.id}, to tell whether its connection works"
            )
    for action in protocol.actions:
        if action.type in _LOCKS:
            message = (
                f"expected no {action.type.value} action with redundantPolling, found action {action.id}"
            )
            yield Found(action.place, message)


def _connections_of(pair: Pair, groups: dict[int, set[int | None]]) -> set[int]:
    if pair.options.connection is not None:
        return {pair.options.connection}
    return {number or 0 for number in groups.get(pair.id, {None})}


def commands_not_made(subject: Subject) -> Iterator[Found]:
    """With makeCommandByProtocol an action "make" runs before each command."""
    protocol = subject.protocol
    flagged = [one for one in said(subject) if one.options.make_command_by_protocol and one.connections]
    made = {number for one in flagged for number in one.connections}
    mine = {number for number in made if protocol.connections[number].communication.make_command_by_protocol}
    if not mine or "trigger" in subject.unreadable:
        return
    groups = _groups_of(protocol)
    elsewhere, here = set[int](), set[int]()
    for pair in protocol.pairs:
        (here if mine & _connections_of(pair, groups) else elsewhere).add(pair.command)
    chains = Chains(protocol)
    commands = [command for command in protocol.commands if command.id not in elsewhere - here]
    bare = [command for command in commands if not _is_made(chains, command.id)]
    if bare and len(bare) == len(commands):
        yield Found(flagged[0].place, "expected a trigger before command with the action make, found none")
        return
    for command in bare:
        message = f"expected an action make in a trigger before command {command.id}, found none"
        yield Found(command.place, message)


def _is_made(chains: Chains, command: int) -> bool:
    actions = chains.actions_for(TriggerOn.COMMAND, command, TriggerTime.BEFORE)
    return any(
        action.type is ActionType.MAKE and applies_to(action, TriggerOn.COMMAND, command)
        for action in actions
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "CO08",
        WARNING,
        "redundantPolling cannot move to another connection",
        "have two connections of the main type, a Response in each pair, and no lock",
        redundant_polling,
    ),
    Rule(
        "CO09",
        WARNING,
        "makeCommandByProtocol, but a command is not made",
        "add a trigger before each command that runs an action of type make on command",
        commands_not_made,
    ),
)
