"""What a message tells: its params, with the bits that lie in them, each by a name of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from smartserial.definition.param import Param
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.value import Value


class Reading(NamedTuple):
    """A param of a message: its value, its bytes, and what people see.

    Args:
        id: of the param.
        name: of the param; in one message each has another.
        value: None if the bytes have none.
        raw: the bytes; of a bit those of its number, the low one first.
        display: what people see.
    """

    id: int
    name: str
    value: Value | None
    raw: bytes
    display: str


def name_of(protocol: Protocol, id: int) -> str:
    """Return what to call a param: its name, or its id where it has none or is unknown."""
    param = protocol.param.get(id)
    return (param.name or str(id)) if param is not None else str(id)


def free_name(known: Mapping[str, Reading], param: Param) -> str:
    """Return what to call a param in a message that tells `known` already.

    That is its name, with its id behind it if another param has that name; where the same param comes again,
    ``#2`` and so on.
    """
    name = param.name or str(param.id)
    taken = known.get(name)
    if taken is not None and taken.id != param.id:
        name = f"{name} {param.id}"
    found, number = name, 1
    while found in known:
        number += 1
        found = f"{name}#{number}"
    return found


def as_mapping(told: Iterable[Reading]) -> dict[str, dict[str, Value | None]]:
    """Return readings for JSON, by name; bytes are hex."""
    return {one.name: {"value": one.value, "raw": one.raw.hex(), "display": one.display} for one in told}
