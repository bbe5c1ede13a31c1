"""Captured bytes through a definition: which messages they are, field by field, and what they are not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from smartserial.captures import UP, Piece
from smartserial.definition.connection import ConnectionType
from smartserial.definition.message import Pair
from smartserial.definition.param import CONSTANT_TYPES, Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.value import Value
from smartserial.engine.effects import Heard, Peer, Unheard
from smartserial.engine.framing.answers import AnswerFramer, answer_plan
from smartserial.engine.framing.framer import Framer
from smartserial.engine.framing.plan import framing_plan
from smartserial.engine.matching.result import Mismatch
from smartserial.engine.running.deeds import DEEDS
from smartserial.engine.running.hearing import Ear
from smartserial.engine.running.machine import Machine
from smartserial.engine.running.scene import Scene
from smartserial.engine.store import Store
from smartserial.engine.unit import Lost, Unit
from smartserial.layout import columns
from smartserial.printable import printable

_SHOWN = 32  # bytes of what is no message
_APART = 1.0  # seconds between pieces whose times are not known; so much silence ends whatever came before


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
        self._machine = Machine(protocol, self._store, DEEDS)
        self._machine.ear = Ear(self._machine)
        self._streams: dict[str, _Stream] = {}

    def decode(self, pieces: Iterable[Piece]) -> Iterator[Message | Unmatched]:
        """Yield what pieces are, as they become complete; what was sent to the device is left out."""
        now = 0.0
        for piece in pieces:
            now = now + _APART if piece.time is None else max(now, piece.time)
            if piece.direction != UP:
                continue
            for name, stream in self._streams.items():
                yield from self._told(name, stream.wake(now))
            stream = self._stream(piece.peer)
            yield from self._told(piece.peer, stream.receive(piece.data, now))
        for name, stream in self._streams.items():
            yield from self._told(name, stream.finish())

    def _stream(self, peer: str) -> _Stream:
        stream = self._streams.get(peer)
        if stream is None:
            stream = self._streams[peer] = _Stream(self._protocol, self._connection)
        return stream

    def _told(self, peer: str, found: Iterable[Unit | Lost]) -> Iterator[Message | Unmatched]:
        stream = self._streams[peer]
        for one in found:
            if isinstance(one, Lost):
                yield Unmatched(one.offset, one.length, stream.bytes_of(one), one.reason.value)
            else:
                yield self._heard(stream, one)

    def _heard(self, stream: _Stream, unit: Unit) -> Message | Unmatched:
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

    def _unmatched(self, stream: _Stream, unheard: Unheard) -> Unmatched:
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


class _Stream:
    """What one peer sent, and what makes units of it."""

    def __init__(self, protocol: Protocol, connection: int) -> None:
        self._data = bytearray()
        connections = protocol.connections
        smart = connection < len(connections) and connections[connection].type is ConnectionType.SMART_SERIAL
        plan = framing_plan(protocol, connection, datagrams=False) if smart else None
        self._framer: Framer = plan() if plan is not None else _Answers(protocol, connection)

    def bytes_of(self, one: Unit | Lost) -> bytes:
        """Return the raw bytes of a unit, or of what is lost."""
        return bytes(self._data[one.offset : one.offset + one.length])

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came."""
        self._data += data
        return self._framer.receive(data, now)

    def wake(self, now: float) -> list[Unit | Lost]:
        """Give what time has ended."""
        time = self._framer.next_wake
        return self._framer.wake(now) if time is not None and time <= now else []

    def finish(self) -> list[Unit | Lost]:
        """Give what is left."""
        return self._framer.finish()


class _Answers:
    """Makes units on a connection where answers are awaited: one answer after the other."""

    def __init__(self, protocol: Protocol, connection: int) -> None:
        self._plan = answer_plan(protocol, Pair(0, "", 0, _answers(protocol, connection)))
        self._framer: AnswerFramer = self._plan(0)
        self._taken = 0
        self._last = 0.0

    @property
    def next_wake(self) -> float | None:
        """When silence ends an answer."""
        return self._framer.next_wake

    @property
    def waiting(self) -> int:
        """Bytes that are kept."""
        return self._framer.waiting

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came; what follows an answer begins the next one."""
        found = self.finish() if now - self._last >= _APART else []
        self._last = now
        while data:
            begun = self._taken
            part = self._framer.receive(data, now)
            units = [one for one in part if isinstance(one, Unit)]
            if not units:
                self._taken += len(data)
                return found + part
            end = units[0].offset + units[0].length
            found += [one for one in part if one.offset < end]
            data = data[max(0, end - begun) :]
            self._taken = end
            self._framer = self._plan(end)
        return found

    def wake(self, now: float) -> list[Unit | Lost]:
        """Give what silence has ended."""
        return self._again(self._framer.wake(now))

    def finish(self) -> list[Unit | Lost]:
        """Give what is left as the last answer."""
        return self._again(self._framer.finish())

    def _again(self, found: list[Unit | Lost]) -> list[Unit | Lost]:
        if found or self._framer.complete:
            self._framer = self._plan(self._taken)
        return found


def _for_any_address(protocol: Protocol) -> Protocol:
    """Return a definition that hears devices of every bus address, and tells which."""
    if not any(param.type is ParamType.BUS for param in protocol.params):
        return protocol
    params = (
        replace(one, type=ParamType.READ) if one.type is ParamType.BUS else one for one in protocol.params
    )
    return replace(protocol, params=tuple(params))


def _answers(protocol: Protocol, connection: int) -> tuple[int, ...]:
    return tuple(response.id for response in protocol.responses if (response.connection or 0) == connection)


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
