"""The fields of a message: each with its own bytes, and what these mean, whatever is kept of them."""

from __future__ import annotations

from collections.abc import Iterable

from smartserial.definition.param import CONSTANT_TYPES, Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.bits import read_bits
from smartserial.definition.values.codec import ParamCodec
from smartserial.definition.values.display import display
from smartserial.definition.values.value import NotAValueError, Value, shown
from smartserial.engine.held import Held
from smartserial.engine.matching.result import Field
from smartserial.engine.store import Store
from smartserial.trace.readings import Reading, free_name


class Reader:
    """Reads the fields of messages of one element.

    The store is asked only where a definition asks for it: for the values of other params in a sequence, and
    for lengths and arithmetic that actions have changed.

    Args:
        protocol: the definition.
        store: the values before the message that is read.
    """

    def __init__(self, protocol: Protocol, store: Store) -> None:
        self._protocol = protocol
        self._store = store
        self._held: dict[int, tuple[Param, Held]] = {}
        self._counters: dict[int, int | float | None] = {}
        self._values: dict[int, Value] = {}
        self._raw: dict[int, bytes] = {}
        self._bits: dict[int, list[Param]] = {}
        for param in protocol.params:
            if param.type is ParamType.READ_BIT and param.type_id:
                self._bits.setdefault(param.type_id[0], []).append(param)

    def read(self, fields: Iterable[Field], data: bytes, into: dict[str, Reading]) -> None:
        """Put what fields tell into a mapping by name, with the bits of each group behind it.

        Constants are left out. A name that is taken gets the id of the param, or if it is the same param that
        comes again, ``#2`` and so on.

        Args:
            fields: of a match.
            data: the bytes in which they are, as that match saw them.
            into: what the message tells so far.
        """
        self._values.clear()
        self._raw.clear()
        for field in fields:
            param = self._protocol.param[field.param]
            if param.type in CONSTANT_TYPES:
                continue
            raw = data[field.start : field.end]
            self._add(into, param, raw)
            for bit in self._bits.get(param.id, ()) if param.type is ParamType.GROUP else ():
                self._add(into, bit, self._bits_in(param, bit, raw))

    def _add(self, into: dict[str, Reading], param: Param, raw: bytes) -> None:
        name = free_name(into, param)
        value = self._decoded(param, raw)
        into[name] = Reading(param.id, name, value, raw, shown_value(param, value))

    def _decoded(self, param: Param, raw: bytes) -> Value | None:
        """Return what bytes mean; None if they mean nothing."""
        id = param.id
        try:
            decoded = self._held_of(param).codec.decode(raw, self._counters.get(id))
        except NotAValueError:
            return None
        if decoded.ignored is None:
            self._values[id], self._raw[id] = decoded.value, raw
            self._counters[id] = decoded.counter
        return decoded.value

    def _held_of(self, param: Param) -> Held:
        """Return a param as it is now, with the codec for it."""
        now = self._store.param(param.id)
        known = self._held.get(param.id)
        if known is None or known[0] is not now:
            known = self._held[param.id] = now, Held(now, self._store.encoding, self._codec)
        return known[1]

    def _codec(self, param: Param) -> ParamCodec:
        return ParamCodec(param, self._store.encoding, self._value_of, self._raw_of)

    def _value_of(self, id: int) -> Value:
        value = self._values.get(id)
        if value is None:
            value = self._store.value(id)
        if value is None:
            raise NotAValueError(f"expected a value of param {id}: it has none")
        return value

    def _raw_of(self, id: int) -> bytes:
        raw = self._raw.get(id)
        return self._store.raw(id) if raw is None else raw

    def _bits_in(self, group: Param, bit: Param, raw: bytes) -> bytes:
        """Return the number of a bit param as it stands in its group, low byte first; or nothing."""
        try:
            number = read_bits(self._held_of(group).interprete, self._held_of(bit).interprete, raw)
        except NotAValueError:
            return b""
        return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "little")


def shown_value(param: Param, value: Value | None) -> str:
    """Return what people see of a value; nothing of none."""
    try:
        return "" if value is None else display(param, value)
    except NotAValueError:  # a number of thousands of digits
        return shown("" if value is None else value)
