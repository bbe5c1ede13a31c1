"""Captured bytes through a definition: which messages they are, field by field, and what they are not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from smartserial.captures import UP, Piece
from smartserial.definition.connection import ConnectionType, PortType
from smartserial.definition.framing import Framing, framing_of
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import Dropped, Heard, Peer, Unheard
from smartserial.engine.running.intake import Intake
from smartserial.errors import SmartSerialError
from smartserial.layout import columns
from smartserial.printable import printable
from smartserial.streams.answers import APART, Answering
from smartserial.streams.listening import Listener, Told
from smartserial.streams.places import Places
from smartserial.trace.reader import Reader
from smartserial.trace.readings import Reading, as_mapping, name_of

_SHOWN = 32  # bytes of what is no message
_NOWHERE = "0.0.0.0"  # whom smartIpHeader tells of where a capture names nobody


class NoConnectionError(SmartSerialError):
    """A definition has no connection of this number."""


@dataclass(frozen=True, slots=True)
class Message:
    """A unit that is a response.

    Args:
        offset: of its first byte in what its peer sent.
        length: bytes that it took.
        id: of the response.
        name: of the response.
        params: what it tells, by the names of the params; constants are left out, and responses in it tell
            their params behind its own.
        peer: who sent it; empty if the capture does not tell.
    """

    offset: int
    length: int
    id: int
    name: str
    params: Mapping[str, Reading]
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Bytes that are no message.

    Args:
        offset: of the first in what its peer sent.
        length: how many they are.
        data: the bytes, as they came.
        reason: why.
        closest: id and name of the response that came closest; None if none was tried.
        param: the name of what failed in it; empty if none was tried.
        at: where it failed, counted as `offset` is.
        peer: who sent them; empty if the capture does not tell.
    """

    offset: int
    length: int
    data: bytes
    reason: str
    closest: tuple[int, str] | None = None
    param: str = ""
    at: int | None = None
    peer: str = ""


class _Source:
    """One peer: what it sent, from the first byte on that was not told yet."""

    __slots__ = ("_data", "joined", "name", "start")

    def __init__(self, name: str) -> None:
        self.name = name
        self.start = 0
        self.joined = bytearray()
        self._data = bytearray()

    def add(self, data: bytes) -> None:
        self._data += data

    def take(self, end: int) -> bytes:
        """Return what is before `end`; it is told now."""
        count = end - self.start
        data = bytes(self._data[:count])
        del self._data[:count]
        self.start = end
        return data


class Decoder:
    """Decodes what one connection of a definition hears.

    Bytes become units as they do in the engine. Where the definition has UDP as its usual transport, a piece
    is a datagram.

    Args:
        protocol: the definition.
        connection: its number.

    Raises:
        NoConnectionError: there is none of this number.
    """

    def __init__(self, protocol: Protocol, connection: int = 0) -> None:
        connections = protocol.connections
        if not 0 <= connection < len(connections):
            there = ", ".join(f"{n} {one.name}".strip() for n, one in enumerate(connections)) or "none"
            raise NoConnectionError(f"there is no connection {connection}: there is {there}")
        self._protocol = protocol = _for_any_address(protocol)
        self._connection = connection
        said = connections[connection]
        datagrams = said.port.type is not None and said.port.type.default is PortType.UDP
        self._machine = Listener(protocol, self._take)
        self._places = Places(protocol, connection)
        self._reader = Reader(protocol, self._machine.store)
        by_time = framing_of(protocol, connection) is Framing.TIME
        self._joins = datagrams and by_time and said.port.flush_per_datagram
        self._headed = by_time and said.communication.smart_ip_header
        self._intake: Intake | Answering
        if said.type is ConnectionType.SMART_SERIAL:
            self._intake = Intake(self._machine, frozenset([connection] if datagrams else []))
        else:
            self._intake = Answering(self._machine, connection)
        self._peers: dict[str, Peer] = {}
        self._sources: dict[Peer, _Source] = {}
        self._found: list[Message | Unmatched] = []
        self._params: dict[str, Reading] = {}

    def decode(self, pieces: Iterable[Piece]) -> Iterator[Message | Unmatched]:
        """Yield what pieces are, as they become complete; what was sent to the device is left out."""
        now = 0.0
        for piece in pieces:
            now = now + APART if piece.time is None else max(now, piece.time)
            self._wake(now)
            if piece.direction == UP:
                self._receive(piece)
                if piece.time is None:  # silence follows
                    self._wake(now + APART)
            yield from self._told()
        for peer, source in self._sources.items():
            if source.joined:
                self._hand_on(peer, bytes(source.joined))
            self._intake.gone(self._connection, peer)
            yield from self._told()

    def _told(self) -> list[Message | Unmatched]:
        self._machine.told()
        found, self._found = self._found, []
        return found

    def _wake(self, now: float) -> None:
        self._machine.now = now
        self._intake.wake(now)

    def _receive(self, piece: Piece) -> None:
        peer = self._peers.get(piece.peer)
        if peer is None:
            peer = self._peers[piece.peer] = _peer(piece.peer, len(self._peers))
            self._sources[peer] = _Source(piece.peer)
        if piece.part and self._joins:  # nobody knows where its datagrams end
            self._sources[peer].joined += piece.data
        else:
            self._hand_on(peer, piece.data)

    def _hand_on(self, peer: Peer, data: bytes) -> None:
        self._sources[peer].add(data)
        self._intake.receive(self._connection, peer, data)

    def _take(self, told: Told, data: bytes) -> None:
        """Take note of what was heard; what lies in a message that was told belongs to it."""
        source = self._sources[told.peer]
        if isinstance(told, Dropped):
            lost = told.lost
            raw = source.take(lost.offset + lost.length)
            self._found.append(Unmatched(lost.offset, lost.length, raw, lost.reason.value, peer=source.name))
            return
        unit = told.unit
        inner = unit.offset < source.start
        if isinstance(told, Heard):
            if not inner:
                source.take(unit.offset + unit.length)
                self._params = {}
                response = told.match.response
                message = Message(
                    unit.offset, unit.length, response.id, response.name, self._params, source.name
                )
                self._found.append(message)
            self._reader.read(told.match.fields, data, self._params)
        elif not inner:
            self._found.append(self._unmatched(source, told))

    def _unmatched(self, source: _Source, unheard: Unheard) -> Unmatched:
        unit, failure = unheard.unit, unheard.failure
        data = source.take(unit.offset + unit.length)
        if failure is None:
            why = "no address for smartIpHeader" if self._headed else "no response"
            return Unmatched(unit.offset, unit.length, data, why, peer=source.name)
        closest = (failure.response.id, failure.response.name)
        at = unit.offset + self._places.on_wire(min(failure.at, len(unit.data)), unit.data, data)
        param = name_of(self._protocol, failure.param)
        why = failure.reason.value
        return Unmatched(unit.offset, unit.length, data, why, closest, param, at, source.name)


def _peer(text: str, session: int) -> Peer:
    """Return a peer that a capture names, as in 10.0.0.5:4001; one without an address has its name for it."""
    host, colon, port = text.rpartition(":")
    if colon and port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 1 << 16:
        return Peer(host.removeprefix("[").removesuffix("]"), int(port), session)
    return Peer(text or _NOWHERE, 0, session)


def _for_any_address(protocol: Protocol) -> Protocol:
    """Return a definition that hears devices of every bus address, and tells which."""
    if not any(param.type is ParamType.BUS for param in protocol.params):
        return protocol
    params = (
        replace(one, type=ParamType.READ) if one.type is ParamType.BUS else one for one in protocol.params
    )
    return replace(protocol, params=tuple(params))


def as_json(one: Message | Unmatched) -> str:
    """Write one line of JSON; bytes are hex, and the peer is there if the capture tells of it."""
    told: dict[str, object] = {"peer": one.peer} if one.peer else {}
    told |= {"offset": one.offset, "length": one.length}
    if isinstance(one, Unmatched):
        closest = {"id": one.closest[0], "name": one.closest[1]} if one.closest else None
        told |= {"unmatched": one.data.hex(), "reason": one.reason, "closest": closest}
        told |= {"param": one.param or None, "at": one.at}
    else:
        told["response"] = {"id": one.id, "name": one.name}
        told["params"] = as_mapping(one.params.values())
    return json.dumps(told)


def as_text(one: Message | Unmatched) -> str:
    """Write one message for people, a field a line; the peer stands first if the capture tells of it."""
    place = f"{one.peer} {one.offset}+{one.length}" if one.peer else f"{one.offset}+{one.length}"
    if isinstance(one, Unmatched):
        shown = one.data[:_SHOWN].hex(" ") + (" ..." if one.length > _SHOWN else "")
        text = f"{place} unmatched: {one.reason}"
        if one.closest is not None:
            text += f" at {one.at}, in {one.param} of {one.closest[0]} {one.closest[1]}"
        return printable(text) + f"\n  {shown}"
    rows = [_row(one) for one in one.params.values()]
    lines = columns([tuple(map(printable, row)) for row in rows]) if rows else []
    return "\n".join([printable(f"{place} {one.id} {one.name}"), *lines])


def _row(one: Reading) -> tuple[str, str, str]:
    return f"  {one.name}", "-" if one.value is None else one.display, one.raw.hex(" ")


RENDERED: Mapping[str, Callable[[Message | Unmatched], str]] = {"text": as_text, "json": as_json}
"""The forms, by name."""
