"""Which triggers fire at which moment: worked out once for a definition."""

from __future__ import annotations

from collections import defaultdict

from smartserial.definition.flow import EACH, Trigger, TriggerOn, TriggerTime
from smartserial.definition.protocol import Protocol


class Moments:
    """The triggers of a definition by what they wait for.

    A trigger on `EACH` fires only for what no trigger names for the same moment. Several triggers of one
    moment fire in the order in which the definition has them, whatever their
    ids.
    """

    def __init__(self, protocol: Protocol) -> None:
        named: dict[tuple[TriggerOn, TriggerTime, int | None], list[Trigger]] = defaultdict(list)
        each: dict[tuple[TriggerOn, TriggerTime], list[Trigger]] = defaultdict(list)
        reports: dict[bytes, list[Trigger]] = defaultdict(list)
        for trigger in protocol.trigger.values():
            if trigger.on is TriggerOn.COMMUNICATION and trigger.data is not None:
                data = trigger.data
                reports[data if isinstance(data, bytes) else data.encode("latin-1", "replace")].append(
                    trigger
                )
            elif trigger.on is not None and trigger.time is not None:
                if trigger.on_id is EACH:
                    each[trigger.on, trigger.time].append(trigger)
                else:
                    number = trigger.on_id if isinstance(trigger.on_id, int) else None
                    named[trigger.on, trigger.time, number].append(trigger)
        self._named = {key: tuple(triggers) for key, triggers in named.items()}
        self._each = {key: tuple(triggers) for key, triggers in each.items()}
        self._reports = {key: tuple(triggers) for key, triggers in reports.items()}

    def at(self, on: TriggerOn, time: TriggerTime, number: int | None = None) -> tuple[Trigger, ...]:
        """Return what fires for the thing `number` of a kind; for the protocol there is no number."""
        return self._named.get((on, time, number)) or self._each.get((on, time), ())

    def reported(self, data: bytes) -> tuple[Trigger, ...]:
        """Return what fires when a connection reports exactly `data`, such as ``TIMEOUT``."""
        return self._reports.get(data, ())
