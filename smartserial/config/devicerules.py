"""Rules on what is said of devices: options that cannot act where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from smartserial.config.devices import LoopModel, PortModel, SerialModel, SimModel, VirtualModel
from smartserial.config.models import ConfigModel
from smartserial.config.source import Place, Source
from smartserial.config.walking import Rule, idle_at, ports_of, shares_of, ways_of
from smartserial.findings import WARNING, Finding
from smartserial.portnames import USB
from smartserial.sequences import Sequence, parse_sequence

_VENDORS = {"0403", "0483", "04d8", "067b", "10c4", "110a", "1a86", "2341", "2e8a", "303a"}  # of USB adapters
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


def _meant(name: str) -> str:
    """Return what somebody may have meant by the name of a port; empty: what it says."""
    if not name.startswith(USB) and name.lower().startswith(USB):
        return f"{USB}{name[len(USB) :]}"
    serial = name.removeprefix(USB).lower()
    return f"{name}:PRODUCT" if name.startswith(USB) and serial in _VENDORS else ""


def names_that_are_meant(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """What looks like the name of a USB adapter is one: else it means a file, or a serial number."""
    for place, device in ports_of(config):
        if isinstance(device, PortModel) and (meant := _meant(device.port)):
            what = "the serial number of an adapter" if device.port.startswith(USB) else "a file below /dev"
            message = f"{device.port} is {what}"
            yield source.finding(
                (*place, "port"), "CF03", message, severity=WARNING, hint=f"did you mean {meant}?"
            )


DEVICE_RULES: tuple[Rule, ...] = (losses_that_happen, sequences_that_act, names_that_are_meant)
