"""Captured bytes through a definition: which messages they are, field by field, and what they are not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from smartserial.captures import UP, Piece
from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.param import CONSTANT_TYPES, Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.value import Value
from smartserial.engine.effects import Heard, Peer, Unheard
from smartserial.engine.matching.result import Mismatch
from smartserial.engine.running.deeds import DEEDS
from smartserial.engine.running.hearing import Ear
from smartserial.engine.running.machine import Deed, Machine
from smartserial.engine.running.scene import Scene
from smartserial.engine.store import Store
from smartserial.engine.unit import Lost, Unit
from smartserial.layout import columns
from smartserial.printable import printable
from smartserial.streams import APART, Stream

_SHOWN = 32  # bytes of what is no message


def _nothing(machine: Machine, action: Action, scene: Scene) -> None:
    """Leave it: what was captured is over, and nobody is asked anything."""


_DEEDS: Mapping[tuple[ActionOn, ActionType], Deed] = {
    key: deed if key[0] in (ActionOn.RESPONSE, ActionOn.PARAMETER) else _nothing
    for key, deed in DEEDS.items()
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A param of a message: its value, its bytes, and what people see."""

    value: Value | None
    raw: bytes
    display: str


@dataclass(frozen=True, slots=True)
class Message:
    """A unit that is a response.

    Args:
        offset: of its first byte in what its peer sent.
        length: bytes that it took.
        id: of the response.
        name: of the response.
        params: what it tells, by the names of the params; constants are left out.
    """

    offset: int
    length: int
    id: int
    name: str
    params: Mapping[str, Reading]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Bytes that are no message.

    Args:
        offset: of the first in what its peer sent.
        length: how many.
        data: the bytes.
        reason: why.
        closest: id and name of the response that came closest, or None.
        param: the param of it that failed; empty if none was tried.
        at: where it failed, counted as `offset` is.
    """

    offset: int
    length: int
    data: bytes
    reason: str
    closest: tuple[int, str] | None = None
    param: str = ""
    at: int | None = None


class Decoder:
    """Decodes what one connection of a definition hears.

    Args:
        protocol: the definition.
        connection: its number.
    """

    def __init__(self, protocol: Protocol, connection: int = 0) -> None:
        self._protocol = protocol = _for_any_address(protocol)
        self._connection = connection
        self._store = Store(protocol)
        self._machine = Machine(protocol, self._store, _DEEDS)
        self._machine.ear = Ear(self._machine)
        self._streams: dict[str, Stream] = {}

    def decode(self, pieces: Iterable[Piece]) -> Iterator[Message | Unmatched]:
        """Yield what pieces are, as they become complete; what was sent to the device is left out."""
        now = 0.0
        for piece in pieces:
            now = now + APART if piece.time is None else max(now, piece.time)
            if piece.direction != UP:
                continue
            for name, stream in self._streams.items():
                yield from self._told(name, stream.wake(now))
            stream = self._stream(piece.peer)
            yield from self._told(piece.peer, stream.receive(piece.data, now))
        for name, stream in self._streams.items():
            yield from self._told(name, stream.finish())

    def _stream(self, peer: str) -> Stream:
        stream = self._streams.get(peer)
        if stream is None:
            stream = self._streams[peer] = Stream(self._protocol, self._connection)
        return stream

    def _told(self, peer: str, found: Iterable[Unit | Lost]) -> Iterator[Message | Unmatched]:
        stream = self._streams[peer]
        for one in found:
            if isinstance(one, Lost):
                yield Unmatched(one.offset, one.length, stream.bytes_of(one), one.reason.value)
            else:
                yield self._heard(stream, one)

    def _heard(self, stream: Stream, unit: Unit) -> Message | Unmatched:
        machine = self._machine
        candidates = machine.ear.candidates(self._connection)
        for response in candidates:
            machine.ear.forget(response.id)
        steps = machine.ear.hear(self._connection, Peer(), unit, candidates, Scene(), last=True)
        machine.strands.start("unit", steps)
        for effect in machine.told():
            if isinstance(effect, Heard):
                return self._message(effect)
            if isinstance(effect, Unheard):
                return self._unmatched(stream, effect)
        return Unmatched(unit.offset, unit.length, stream.bytes_of(unit), "no response")

    def _message(self, heard: Heard) -> Message:
        match, unit = heard.match, heard.unit
        params: dict[str, Reading] = {}
        for field in match.fields:
            param = self._protocol.param[field.param]
            if param.type not in CONSTANT_TYPES:
                self._add(params, param)
                if param.type is ParamType.GROUP:
                    for bit in self._bits(param):
                        self._add(params, bit)
        return Message(unit.offset, unit.length, match.response.id, match.response.name, params)

    def _bits(self, group: Param) -> Iterator[Param]:
        for param in self._protocol.params:
            if param.type is ParamType.READ_BIT and param.type_id[:1] == (group.id,):
                yield param

    def _add(self, params: dict[str, Reading], param: Param) -> None:
        name = param.name or str(param.id)
        if name in params:
            name = f"{name} {param.id}"
        store = self._store
        params[name] = Reading(store.value(param.id), store.raw(param.id), store.display(param.id))

    def _unmatched(self, stream: Stream, unheard: Unheard) -> Unmatched:
        unit, failure = unheard.unit, unheard.failure
        data = stream.bytes_of(unit)
        if failure is None:
            return Unmatched(unit.offset, unit.length, data, "no response")
        closest = (failure.response.id, failure.response.name)
        at = unit.offset + min(failure.at, unit.length)
        why, param = failure.reason.value, self._failed(failure)
        return Unmatched(unit.offset, unit.length, data, why, closest, param, at)

    def _failed(self, failure: Mismatch) -> str:
        param = self._protocol.param.get(failure.param)
        return (param.name or str(param.id)) if param is not None else str(failure.param)


def _for_any_address(protocol: Protocol) -> Protocol:
    """Return a definition that hears devices of every bus address, and tells which."""
    if not any(param.type is ParamType.BUS for param in protocol.params):
        return protocol
    params = (
        replace(one, type=ParamType.READ) if one.type is ParamType.BUS else one for one in protocol.params
    )
    return replace(protocol, params=tuple(params))


def as_json(one: Message | Unmatched) -> str:
    """Write one line of JSON; bytes are hex."""
    if isinstance(one, Unmatched):
        closest = {"id": one.closest[0], "name": one.closest[1]} if one.closest else None
        return json.dumps(
            {
                "offset": one.offset,
                "length": one.length,
                "unmatched": one.data.hex(),
                "reason": one.reason,
                "closest": closest,
                "param": one.param or None,
                "at": one.at,
            }
        )
    params = {
        name: {"value": reading.value, "raw": reading.raw.hex(), "display": reading.display}
        for name, reading in one.params.items()
    }
    response = {"id": one.id, "name": one.name}
    return json.dumps({"offset": one.offset, "length": one.length, "response": response, "params": params})


def as_text(one: Message | Unmatched) -> str:
    """Write one message for people, a field a line."""
    if isinstance(one, Unmatched):
        shown = one.data[:_SHOWN].hex(" ") + (" ..." if one.length > _SHOWN else "")
        text = f"{one.offset}+{one.length} unmatched: {one.reason}"
        if one.closest is not None:
            text += f" at {one.at}, in {one.param} of {one.closest[0]} {one.closest[1]}"
        return printable(text) + f"\n  {shown}"
    rows = [(f"  {name}", reading.display, reading.raw.hex(" ")) for name, reading in one.params.items()]
    lines = columns([tuple(map(printable, row)) for row in rows]) if rows else []
    return "\n".join([printable(f"{one.offset}+{one.length} {one.id} {one.name}"), *lines])


RENDERED: Mapping[str, Callable[[Message | Unmatched], str]] = {"text": as_text, "json": as_json}
"""The forms, by name."""
