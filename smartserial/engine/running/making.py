"""Commands before they are sent: made when their turn comes, or before their group waits."""

from __future__ import annotations

from collections.abc import Generator

from smartserial.definition.flow import Group, ItemKind, TriggerOn, TriggerTime
from smartserial.engine.buffer import Buffer, ComposeError
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.running.scene import Scene


class Making:
    """Makes the commands of pairs.

    Args:
        machine: what they set in motion.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        connections = machine.protocol.connections
        self.early = any(one.communication.make_command_by_protocol for one in connections)
        """Commands are made when their group is queued."""

    def start(self) -> None:
        """Make all commands, where they are made before their group waits."""
        if self.early:
            for command in self._machine.protocol.command.values():
                try:
                    self._machine.made[command.id] = self._machine.composer.make(command.id)
                except ComposeError as error:
                    self._machine.note(str(error))

    def make_group(self, group: Group, scene: Scene, made: dict[int, Buffer]) -> Chain:
        """Make the commands of a group that is queued, into `made` by their pairs."""
        machine = self._machine
        for item in group.content:
            pair = machine.protocol.pair.get(item.id) if item.kind is ItemKind.PAIR else None
            buffer = machine.made.get(pair.command) if pair is not None else None
            if pair is not None and buffer is not None:
                yield from self._before(buffer, scene)
                made[pair.id] = Buffer(buffer.command, buffer.params, buffer.parts)
        return True

    def make(self, command: int, scene: Scene) -> Generator[float | None, object, Buffer]:
        """Make a command whose turn has come.

        Raises:
            ComposeError: it cannot be made.
        """
        buffer = self._machine.composer.make(command)
        yield from self._before(buffer, scene)
        return buffer

    def _before(self, buffer: Buffer, scene: Scene) -> Chain:
        number = buffer.command.id
        below = scene.at(TriggerOn.COMMAND, number, command=buffer)
        return (yield from self._machine.fire(TriggerOn.COMMAND, TriggerTime.BEFORE, number, below))
