"""The values of one element: of each param its bytes, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import Step
from smartserial.definition.param import Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.codec import ParamCodec
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, Value
from smartserial.engine.builtin import BUILT_IN
from smartserial.engine.changes import By, Change
from smartserial.engine.held import Held
from smartserial.engine.links import Links


class UnknownParamError(NotAValueError):
    """There is no param of this id."""


def no_note(text: str) -> None:
    """Take a text for the log, and drop it."""


def _silent(*changes: Change) -> tuple[Change, ...]:
    """Return changes that fire nothing: of values that are others than before."""
    return tuple(replace(one, silent=True) for one in changes if one.old != one.new)


class Store:
    """All params of one element; each has its bytes, and beside them the value that these mean.

    Errors of all methods are `NotAValueError`: an id that no param has, a value that does not fit. After one
    of them nothing has changed.

    Args:
        protocol: the definition.
        encoding: of texts; None takes the default code page, or UTF-16 as the definition says.
        saved: bytes of an earlier run by id, as `saved` gave them; those that no longer fit are left out.
        given: texts of params that tell about the element, by type: the bus address, its name and id.
        note: takes texts for the log.

    Raises:
        NotAValueError: the definition makes no sense: a base of 40, a factor that is not finite.
    """

    def __init__(
        self,
        protocol: Protocol,
        encoding: Encoding | None = None,
        saved: Mapping[int, bytes] | None = None,
        given: Mapping[ParamType, str] | None = None,
        note: Callable[[str], None] = no_note,
    ) -> None:
        self.encoding = encoding or Encoding(unicode=protocol.unicode)
        self._nominal: dict[int, Value] = {}
        params = {**BUILT_IN, **protocol.param}
        self._all: dict[int, Held] = {}
        for id, param in params.items():
            self._all[id] = Held(param, self.encoding, self._codec)
        self._links = Links(self._all, note)
        self._begin(given or {}, saved or {})
        self._links.copy_to(protocol)

    def _codec(self, param: Param) -> ParamCodec:
        return ParamCodec(param, self.encoding, self._value_of, self.raw)

    def _value_of(self, id: int) -> Value:
        value = self.value(id)
        if value is None:
            raise NotAValueError(f"expected a value of param {id}: it has none")
        return value

    def _begin(self, given: Mapping[ParamType, str], saved: Mapping[int, bytes]) -> None:
        """Set what tells about the element, then what was saved, then defaults; nothing is copied yet."""
        for id, held in self._all.items():
            text = given.get(held.param.type)
            if text is not None:
                self._links.attempt(partial(self.set, id, text, By.ENGINE), id)
        for id, held in self._all.items():
            if held.param.save and id in saved:
                self._links.attempt(partial(self.set_raw, id, saved[id], By.ENGINE), id)
        for id, held in self._all.items():
            text = held.interprete.default_value
            if not held.known and text is not None:
                self._links.attempt(partial(self.set, id, text, By.ENGINE), id)
        for bit in self._links.bits:
            if not bit.known:
                self._links.refresh(bit)
                bit.known = bit.shown = False

    def _held(self, id: int) -> Held:
        held = self._all.get(id)
        if held is None:
            raise UnknownParamError(f"expected the id of a param, not {id}")
        return held

    def param(self, id: int) -> Param:
        """Return a param as it is now: with the length, the scale and the sequence that actions gave it."""
        return self._held(id).param

    def raw(self, id: int) -> bytes:
        """Return the bytes of a param; of a bit param those of its number, low byte first."""
        return self._held(id).raw

    def value(self, id: int) -> Value | None:
        """Return what a param holds; None is one that was never set, unless its length is fixed."""
        return self._held(id).value

    def is_empty(self, id: int) -> bool:
        """Tell whether a param was never set; one of fixed length always holds its bytes."""
        return self._held(id).is_empty

    def equals_empty(self, id: int) -> bool:
        """Tell what a condition means by ``empty``: as `is_empty`, or a number of fixed length that is 0."""
        return self._held(id).equals_empty

    def was_set(self, id: int) -> bool:
        """Tell whether a param holds what somebody gave it, and not what it began with."""
        return self._held(id).known

    def is_shown(self, id: int) -> bool:
        """Tell whether people see a value; else the param is shown as not initialized."""
        return self._held(id).shown

    def display(self, id: int) -> str:
        """Return what people see; nothing unless `is_shown`."""
        return self._held(id).display

    def nominal(self, id: int) -> Value | None:
        """Return the value that `normalize` recorded."""
        return self._nominal.get(id)

    @property
    def altered(self) -> frozenset[int]:
        """Params whose constant bytes or fixed lengths are no longer those of the definition."""
        return frozenset(self._links.altered)

    def saved(self) -> dict[int, bytes]:
        """Return the bytes of all that was set and survives a restart, by id."""
        return {id: held.raw for id, held in self._all.items() if held.param.save and held.known}

    def receive(self, id: int, raw: bytes) -> tuple[Change, ...]:
        """Take the bytes that a device sent for a param.

        Bytes that do not fit, and values out of the range, are noted and change nothing.

        Returns:
            Its change if the value differs, and those of the read bits of a group.
        """
        held = self._held(id)
        return self._links.attempt(lambda: self._links.receive(held, raw), id)

    def set(self, id: int, value: Value, by: By = By.CODE) -> tuple[Change, ...]:
        """Give a param a value; the empty text takes its value away.

        What it holds then is what its bytes mean: in a fixed length, a text has its blanks.

        Returns:
            Its change, then those of the group of a write bit, of the read bits of a group, and of the read
            param that a setter has.

        Raises:
            NotAValueError: the value does not fit.
        """
        held = self._held(id)
        raw = held.encode(value)
        return self._links.set(held, raw, held.meaning(raw, value), by)

    def set_raw(self, id: int, raw: bytes, by: By = By.CODE) -> tuple[Change, ...]:
        """Give a param bytes; whether the value is in its range does not count.

        Raises:
            NotAValueError: the bytes do not fit.
        """
        held = self._held(id)
        return self._links.set(held, raw, held.codec.decode(raw).value, by)

    def touch(self, id: int) -> tuple[Change, ...]:
        """Return the change of a value that is entered again.

        Raises:
            NotAValueError: none was ever entered.
        """
        held = self._held(id)
        if not held.known:
            raise NotAValueError(f"expected a value of param {id}: it was never set")
        return (Change(id, held.value, held.value),)

    def clear(self, id: int) -> tuple[Change, ...]:
        """Forget a value, so that the next one counts as a change whatever it is.

        Returns:
            Its silent change, if it had a value.
        """
        held = self._held(id)
        old = held.value
        held.forget()
        return _silent(Change(id, old, held.value))

    def clear_display(self, id: int) -> None:
        """Show a param as not initialized until it is set again; its value stays."""
        self._held(id).shown = False

    def normalize(self, id: int, value: Value | None = None) -> None:
        """Record a value, or the one that is there, as the nominal one."""
        known = self._held(id).value if value is None else value
        if known is not None:
            self._nominal[id] = known

    def change_length(self, id: int, length: int) -> tuple[Change, ...]:
        """Give a param of fixed length another length, at most `held.MOST_BYTES`.

        A value that does not fit any more is forgotten.

        Returns:
            Its silent change if its value is another one now, and those of the read bits of a group.

        Raises:
            NotAValueError: the length is not fixed, or is below 0.
        """
        held = self._held(id)
        old, value, shown = held.value, held.resize(length), held.shown
        held.forget()
        self._links.altered.add(id)
        bits: tuple[Change, ...] = ()
        if value is not None:
            found = self._links.attempt(lambda: self._fit(held, value), id)
            bits = _silent(*(change for change in found if change.param != id))
            held.shown = held.known and shown
        return _silent(Change(id, old, held.value)) + bits

    def _fit(self, held: Held, value: Value) -> tuple[Change, ...]:
        raw = held.encode(value.strip(" ") if isinstance(value, str) else value)
        return self._links.put(held, raw, held.meaning(raw, value), always=False)

    def set_info(
        self,
        id: int,
        scale: Scale | None = None,
        sequence: tuple[Step, ...] | None = None,
        disabled: frozenset[str] = frozenset(),
    ) -> None:
        """Change the arithmetic of a param, from its next value on.

        Args:
            id: the param.
            scale: None leaves it.
            sequence: None leaves it.
            disabled: what is switched off, of ``scale`` and ``sequence``.

        Raises:
            NotAValueError: it makes no sense.
        """
        self._held(id).calculate(scale, sequence, disabled)
