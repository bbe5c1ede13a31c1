"""A machine that only listens: what was captured is over, and nobody is asked anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.flow import TriggerOn, TriggerTime
from smartserial.definition.message import Response
from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import Dropped, Effect, Heard, Peer, Unheard
from smartserial.engine.running.asking import Asking
from smartserial.engine.running.deeds import DEEDS
from smartserial.engine.running.hearing import Ear, nobody
from smartserial.engine.running.machine import Chain, Deed, Machine
from smartserial.engine.running.scene import Hearing, Scene
from smartserial.engine.store import Store
from smartserial.engine.unit import Unit


def _nothing(machine: Machine, action: Action, scene: Scene) -> None:
    """Leave it."""


_DEEDS: Mapping[tuple[ActionOn, ActionType], Deed] = {
    key: deed if key[0] in (ActionOn.RESPONSE, ActionOn.PARAMETER) else _nothing
    for key, deed in DEEDS.items()
}


Told = Heard | Unheard | Dropped
"""What becomes of bytes."""


class Listener(Machine):
    """Tells what it hears at once, before any of it is stored.

    Args:
        protocol: the definition.
        told: called with what was heard or not, and the bytes in which the fields are.
    """

    def __init__(self, protocol: Protocol, told: Callable[[Told, bytes], None]) -> None:
        super().__init__(protocol, Store(protocol), _DEEDS)
        self._hearing: Hearing | None = None
        self._told_at_once = told
        self.ear = _Ear(self)
        self.asking = Asking(self, {})

    def fire(self, on: TriggerOn, time: TriggerTime, number: int | None, scene: Scene) -> Chain:
        """Fire all triggers of a moment; remember the unit that they may edit."""
        if scene.hearing is not None:
            self._hearing = scene.hearing
        return (yield from super().fire(on, time, number, scene))

    def tell(self, effect: Effect) -> None:
        """Pass on what was heard; nothing else is of any use here."""
        if isinstance(effect, Heard):
            hearing = self._hearing
            edited = hearing is not None and hearing.match is effect.match
            self._told_at_once(effect, hearing.data if hearing is not None and edited else effect.unit.data)
        elif isinstance(effect, Unheard | Dropped):
            self._told_at_once(effect, b"")


class _Ear(Ear):
    """Hears each message as if it were the first."""

    def listen(
        self,
        connection: int,
        peer: Peer,
        unit: Unit,
        responses: Sequence[Response] | None = None,
        accepted: Callable[[], None] = nobody,
    ) -> None:
        """Take a unit for a response."""
        candidates = self.candidates(connection)
        for response in candidates:
            self.forget(response.id)
        super().listen(connection, peer, unit, candidates, accepted)
