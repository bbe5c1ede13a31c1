"""Rules about commands: what they are made of, and what is worked out before they are sent."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.action import ActionType
from smartserial.definition.flow import TriggerOn, TriggerTime
from smartserial.definition.message import Command
from smartserial.definition.param import Param, ParamType
from smartserial.definition.reading.texts import truth
from smartserial.definition.rules.chains import Chains, applies_to
from smartserial.definition.rules.rule import Found, Rule, Subject, wrong_reference, wrong_references
from smartserial.findings import ERROR, WARNING


def command_params(subject: Subject) -> Iterator[Found]:
    """A command is made of params that exist."""
    nodes = subject.root.all("Commands/Command/Content/Param")
    yield from wrong_references(nodes, "param", subject.has_param)


def command_ascii(subject: Subject) -> Iterator[Found]:
    """The attribute ascii is true, false, or the params that are sent in the code page."""
    for node in subject.root.all("Commands/Command"):
        text = node.attributes.get("ascii")
        if text is None or truth(text) is not None:
            continue
        parts = [part for part in text.split(";") if part.strip()]
        if not parts:
            yield Found(node.place, "expected true, false or ids of params in ascii, found nothing")
        for part in dict.fromkeys(parts):
            found = wrong_reference(part, node.place, "param", subject.has_param)
            if found is not None:
                yield found


def _before(
    subject: Subject, kind: ParamType
) -> Iterator[tuple[Command, tuple[Param, ...], Param, list[ActionType]]]:
    """Yield the commands with a param of one kind, and what is done to them before they are sent.

    Returns:
        The command, its params, the one of that kind, and the types of actions in the order of their running.
        Commands with errors are left out, and those whose triggers name what is unknown; so are all if there
        is a trigger that is not read at all.
    """
    if "trigger" in subject.unreadable:
        return
    chains = Chains(subject.protocol)
    for command in subject.protocol.commands:
        params = subject.params_of(command) or ()
        wanted = _of(params, kind)
        moment = TriggerOn.COMMAND, command.id, TriggerTime.BEFORE
        if wanted is not None and chains.understood(*moment):
            actions = chains.actions_for(*moment)
            acting = [one.type for one in actions if applies_to(one, TriggerOn.COMMAND, command.id)]
            yield command, params, wanted, acting


def _of(params: tuple[Param, ...], kind: ParamType) -> Param | None:
    return next((param for param in params if param.type is kind), None)


def command_checksum(subject: Subject) -> Iterator[Found]:
    """A trigger has the checksum of a command worked out before it is sent."""
    for command, _, crc, acting in _before(subject, ParamType.CRC):
        if ActionType.CRC not in acting:
            message = f"expected an action crc before the command, for its param {crc.id}, found none"
            yield Found(command.place, message)


def command_length(subject: Subject) -> Iterator[Found]:
    """A trigger has the length of a command worked out before it is sent, and before its checksum."""
    for command, params, length, acting in _before(subject, ParamType.LENGTH):
        if ActionType.LENGTH not in acting:
            message = f"expected an action length before the command, for its param {length.id}, found none"
            yield Found(command.place, message)
        elif _of(params, ParamType.CRC) is not None:
            before = acting[: acting.index(ActionType.LENGTH)]
            if ActionType.CRC in before:
                yield Found(command.place, "expected the action length before the action crc, found it after")


def command_empty(subject: Subject) -> Iterator[Found]:
    """A command has params."""
    for node in subject.root.all("Commands/Command"):
        if not node.has("Content/Param"):
            yield Found((node.first("Content") or node).place, "expected params in the command, found none")


RULES: tuple[Rule, ...] = (
    Rule(
        "CM01",
        ERROR,
        "a command names a param that does not exist",
        "write the id of a param, as in <Param>2</Param>",
        command_params,
    ),
    Rule(
        "CM02",
        WARNING,
        "the attribute ascii of a command is not understood",
        "write true, or ids of params with ; between",
        command_ascii,
    ),
    Rule(
        "CM03",
        WARNING,
        "nothing works out the checksum of a command",
        "add a trigger before the command with an action crc; one that names the command hides those on each",
        command_checksum,
    ),
    Rule(
        "CM04",
        WARNING,
        "nothing works out the length of a command in time",
        "add an action length to the trigger before the command, ahead of crc",
        command_length,
    ),
    Rule("CM05", WARNING, "a command is empty", "write its params in Content", command_empty),
)
