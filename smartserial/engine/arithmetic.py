"""What actions do to params: a table of small functions over the values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from smartserial.definition.action import Action, ActionType
from smartserial.definition.languages.number import parse_whole
from smartserial.definition.values.value import (
    EXACT,
    NotAValueError,
    Value,
    as_int,
    as_text,
    to_decimal,
    to_number,
)
from smartserial.engine.changes import By, Change
from smartserial.engine.store import Store
from smartserial.engine.stuff import edited, replacing_edits


@dataclass(frozen=True, slots=True)
class Deed:
    """An action on one param.

    Args:
        action: what is done.
        target: the param that it is done to.
        trigger: the param whose trigger fired, or None.
    """

    action: Action
    target: int
    trigger: int | None = None

    @property
    def source(self) -> int:
        """The param that the action takes something from.

        Raises:
            NotAValueError: none is named, and no param fired.
        """
        source = self.trigger if self.action.type_id is None else self.action.type_id
        if source is None:
            raise NotAValueError(f"expected a param to take from in the action {self.action.id}")
        return source


_Function = Callable[[Store, Deed], tuple[Change, ...]]
_Binary = Callable[[Decimal, Decimal], Decimal]


def _value(store: Store, id: int) -> Value:
    held = store.value(id)
    return "" if held is None else held


def _calculate(function: _Binary) -> _Function:
    """Return the action that joins a param and an operand, which is 1 unless the action says otherwise."""

    def act(store: Store, deed: Deed) -> tuple[Change, ...]:
        action = deed.action
        operand: Value = action.type_value or "1"
        if action.type_id is not None:
            operand = _value(store, action.type_id)
        held = _value(store, deed.target)
        number = Decimal() if held == "" else to_decimal(held)
        try:
            result = to_number(function(number, to_decimal(operand)))
        except ArithmeticError as error:
            wrong = f"expected numbers for {action.type.value}, whose result is one, not {held} and {operand}"
            raise NotAValueError(wrong) from error
        return store.set(deed.target, result, By.ENGINE)

    return act


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    if base == 1 or not exponent:
        return Decimal(1)
    return EXACT.power(base, exponent)


def _copy(store: Store, deed: Deed) -> tuple[Change, ...]:
    """Copy a value, a text up to its first zero byte; of a param without a value, the other has none then."""
    value = _value(store, deed.source)
    if isinstance(value, str):
        value = value.partition("\0")[0]
    return store.set(deed.target, value, By.ENGINE)


def _copy_reverse(store: Store, deed: Deed) -> tuple[Change, ...]:
    """Copy bytes, the last one first."""
    return store.set_raw(deed.target, store.raw(deed.source)[::-1], By.ENGINE)


def _append(store: Store, deed: Deed) -> tuple[Change, ...]:
    """Put what people see of a param behind a text; with the option hex, its bytes as digits."""
    option, _, count = deed.action.options.strip().lower().partition("-")
    added = store.display(deed.source)
    if option == "hex":
        added = _hex(store.raw(deed.source), parse_whole(count) or 0)
    text = as_text(_value(store, deed.target)) if store.was_set(deed.target) else ""
    return store.set(deed.target, text + added, By.ENGINE)


def _hex(data: bytes, group: int) -> str:
    """Return hex digits, a blank between groups of so many bytes; 0 is one group."""
    digits, size = data.hex().upper(), 2 * group or 2 * len(data) or 1
    return " ".join(digits[start : start + size] for start in range(0, len(digits), size))


def _append_data(store: Store, deed: Deed) -> tuple[Change, ...]:
    """Put the bytes of a param behind others; one that was cleared begins with none, whatever its length."""
    data = store.raw(deed.target) if store.was_set(deed.target) else b""
    return store.set_raw(deed.target, data + store.raw(deed.source), By.ENGINE)


def _change_length(store: Store, deed: Deed) -> tuple[Change, ...]:
    return store.change_length(deed.target, as_int(_value(store, deed.source)))


def _clear_on_display(store: Store, deed: Deed) -> tuple[Change, ...]:
    store.clear_display(deed.target)
    return ()


def _normalize(store: Store, deed: Deed) -> tuple[Change, ...]:
    store.normalize(deed.target, None if deed.action.type_id is None else store.value(deed.action.type_id))
    return ()


def _replace_data(store: Store, deed: Deed) -> tuple[Change, ...]:
    data = store.raw(deed.target)
    changed = edited(data, replacing_edits(deed.action, data, store.encoding))
    return store.set_raw(deed.target, changed, By.ENGINE)


def _set_info(store: Store, deed: Deed) -> tuple[Change, ...]:
    action = deed.action
    store.set_info(deed.target, action.scale, action.sequence, action.disabled)
    return ()


DEEDS: Mapping[ActionType, _Function] = MappingProxyType(
    {
        ActionType.APPEND: _append,
        ActionType.APPEND_DATA: _append_data,
        ActionType.CHANGE_LENGTH: _change_length,
        ActionType.CLEAR: lambda store, deed: store.clear(deed.target),
        ActionType.CLEAR_ON_DISPLAY: _clear_on_display,
        ActionType.COPY: _copy,
        ActionType.COPY_REVERSE: _copy_reverse,
        ActionType.GO: lambda store, deed: store.touch(deed.target),
        ActionType.INCREMENT: _calculate(EXACT.add),
        ActionType.MULTIPLY: _calculate(EXACT.multiply),
        ActionType.NORMALIZE: _normalize,
        ActionType.POW: _calculate(_power),
        ActionType.REPLACE_DATA: _replace_data,
        ActionType.SET_INFO: _set_info,
    }
)
"""What can be done to a param with nothing but values; the rest needs a message, a disk or code."""


def do(store: Store, deed: Deed) -> tuple[Change, ...]:
    """Do an action to a param.

    Returns:
        What changed.

    Raises:
        NotAValueError: it cannot be done; nothing has changed.
    """
    function = DEEDS.get(deed.action.type)
    if function is None:
        raise NotAValueError(f"expected an action on values, not {deed.action.type.value}")
    return function(store, deed)
