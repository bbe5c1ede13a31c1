"""Rules on what is said of devices: options that cannot act where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from smartserial.config.devices import LoopModel, PortModel, SerialModel, SimModel, VirtualModel
from smartserial.config.models import ConfigModel
from smartserial.config.source import Place, Source
from smartserial.config.walking import Rule, idle_at, shares_of, ways_of
from smartserial.findings import Finding
from smartserial.sequences import Sequence, parse_sequence

_OF_LOSS = ("on_unplug", "away_buffer", "away_age")


def losses_that_happen(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """What is done when a device goes away matters where it can."""
    idle = partial(idle_at, source)
    for place, share in shares_of(config):
        device = share.device
        said = [key for key in _OF_LOSS if key in device.model_fields_set]
        if isinstance(device, VirtualModel):
            continue
        if isinstance(device, SimModel | LoopModel):
            for key in said:
                yield idle((*place, "device", key), "cannot act: this device never goes away")
            continue
        if "away_buffer" in said and device.away_buffer and _only_watchers(config, place):
            yield idle((*place, "device", "away_buffer"), "cannot act: no listener lets clients send")
        elif "away_buffer" in said and device.away_buffer and share.sharing.receive_from == "none":
            why = "with `receive_from: none` nobody may send"
            yield idle((*place, "device", "away_buffer"), f"cannot act: {why}")
        wrong = (*place, "device", "away_buffer") in source.places and "away_buffer" not in said
        if "away_age" in said and not device.away_buffer and not wrong:
            yield idle((*place, "device", "away_age"), "cannot act: without `away_buffer` nothing is kept")


def _only_watchers(config: ConfigModel, place: Place) -> bool:
    return all(way.access == "read" for way in ways_of(config, place))


def sequences_that_act(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A sequence drives lines that nobody else drives."""
    idle = partial(idle_at, source)
    for place, share in shares_of(config):
        device = share.device
        if not isinstance(device, SerialModel):
            continue
        why = "with rtscts the driver moves RTS" if device.flow == "rtscts" else ""
        if isinstance(device, PortModel) and device.rs485:
            why = "with rs485 RTS switches the direction"
        for name, text in getattr(device, "sequences", {}).items() if why else ():
            if _moves_rts(parse_sequence(name, text)):
                yield idle((*place, "device", "sequences", name), f"rts cannot act: {why}")


def _moves_rts(sequence: Sequence) -> bool:
    return any(step.lines.rts is not None for step in sequence.steps)


DEVICE_RULES: tuple[Rule, ...] = (losses_that_happen, sequences_that_act)
