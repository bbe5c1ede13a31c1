"""Params that follow others: bits that lie in the bytes of a group, and what setters are copied to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from smartserial.definition.param import CONSTANT_TYPES, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.bits import read_bits, write_bits
from smartserial.definition.values.value import NotAValueError, Value
from smartserial.engine.changes import By, Change
from smartserial.engine.held import Held

_READ_OF = {ParamType.WRITE: ParamType.READ, ParamType.WRITE_BIT: ParamType.READ_BIT}


class Links:
    """Puts bytes into params, and into those that follow them.

    Args:
        all_: each param that there is, by id.
        note: takes texts for the log.
    """

    __slots__ = ("_all", "_bits", "_copied", "_note", "altered")

    def __init__(self, all_: Mapping[int, Held], note: Callable[[str], None]) -> None:
        self._all = all_
        self._note = note
        self._copied: dict[int, int] = {}
        self._bits: dict[int, list[Held]] = {}
        self.altered: set[int] = set()
        """Params whose constant bytes or fixed lengths are no longer those of the definition."""
        for held in all_.values():
            if held.is_bit and held.param.type_id:
                self._bits.setdefault(held.param.type_id[0], []).append(held)

    def copy_to(self, protocol: Protocol) -> None:
        """Have setters copied from now on to the params of the same name that are read."""
        reads = {(param.name, param.type): param.id for param in reversed(protocol.params)}
        for param in protocol.params:
            kind = _READ_OF.get(param.type)
            if param.setter and kind is not None and (param.name, kind) in reads:
                self._copied.setdefault(param.id, reads[param.name, kind])

    @property
    def bits(self) -> list[Held]:
        """All bits, those of one group together."""
        return [bit for many in self._bits.values() for bit in many]

    def attempt(self, what: Callable[[], tuple[Change, ...]], id: int) -> tuple[Change, ...]:
        """Return the changes that something brings; if it cannot be done, only the log tells."""
        try:
            return what()
        except NotAValueError as error:
            self._note(f"param {id}: {error}")
            return ()

    def receive(self, held: Held, raw: bytes) -> tuple[Change, ...]:
        """Take the bytes that a device sent.

        Raises:
            NotAValueError: they do not fit, or the value is one that is ignored.
        """
        decoded = held.codec.decode(raw, held.counter)
        if decoded.ignored is not None:
            held.counter = decoded.counter
            raise NotAValueError(decoded.ignored)
        changes = self.put(held, raw, decoded.value, always=False)
        held.counter = decoded.counter
        return changes

    def set(self, held: Held, raw: bytes, value: Value, by: By) -> tuple[Change, ...]:
        """Put a value, the group of a write bit, and what a setter is copied to, as `Store.set` says."""
        always = by is By.CODE or (by is By.OPERATOR and held.param.type in _READ_OF)
        group = self._group_of(held) if held.param.type is ParamType.WRITE_BIT else None
        changes: tuple[Change, ...] = ()
        if group is not None:
            whole = write_bits(group.interprete, held.interprete, group.raw, int.from_bytes(raw, "little"))
            meant = group.codec.decode(whole).value
            changes = self.put(held, raw, value, always) + self.put(group, whole, meant, always)
        else:
            changes = self.put(held, raw, value, always)
        copied = self._copied.get(held.param.id)
        if copied is not None:
            changes += self.attempt(lambda: self._copy(self._all[copied], value), copied)
        return changes

    def _copy(self, held: Held, value: Value) -> tuple[Change, ...]:
        raw = held.encode(value)
        return self.set(held, raw, held.meaning(raw, value), By.ENGINE)

    def put(self, held: Held, raw: bytes, value: Value, always: bool) -> tuple[Change, ...]:
        """Put bytes and what they mean, and read the bits that lie there; `always` counts as a change.

        Raises:
            NotAValueError: the bytes are too many.
        """
        id, old = held.param.id, held.value
        differs = held.put(raw, value)
        if held.param.type in CONSTANT_TYPES:
            self.altered.add(id)
        changes: tuple[Change, ...] = (Change(id, old, value),) if differs or always else ()
        for bit in self._bits.get(id, ()):
            if bit.param.type is ParamType.READ_BIT:
                changes += self.refresh(bit)
        return changes

    def refresh(self, bit: Held) -> tuple[Change, ...]:
        """Read a bit param from its group."""
        group = self._group_of(bit)
        if group is None:
            return ()
        return self.attempt(lambda: self.receive(bit, _bits_in(group, bit)), bit.param.id)

    def _group_of(self, bit: Held) -> Held | None:
        return self._all.get(bit.param.type_id[0]) if bit.is_bit and bit.param.type_id else None


def _bits_in(group: Held, bit: Held) -> bytes:
    """Return the number of a bit param as it stands in its group, low byte first."""
    number = read_bits(group.interprete, bit.interprete, group.raw)
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "little")
