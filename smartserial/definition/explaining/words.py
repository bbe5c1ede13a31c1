"""Names, bytes, numbers and times, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Protocol as Shape

from smartserial.definition.flow import EACH, Each
from smartserial.definition.languages.number import print_decimal
from smartserial.definition.param import CONSTANT_TYPES, Param
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.constant import constant_bytes, fixed_length, text_encoding
from smartserial.definition.values.text import Encoding

_MINUTE, _SECOND = 60_000, 1000
_MOST_BYTES = 64  # of one constant
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_TEENS = range(11, 14)


class Named(Shape):
    """What has a number and a name."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def name(self) -> str:
        """Its name."""


def named(values: Mapping[int, Named], number: int) -> str:
    """Return an id with its name."""
    value = values.get(number)
    return f"{number} {value.name}".rstrip() if value is not None else f"{number} (missing)"


def target(kind: str, values: Mapping[int, Named], number: int | Each | None) -> str:
    """Return which thing of a kind is meant."""
    if number is EACH:
        return f"any {kind}"
    return f"{kind} {named(values, number)}" if isinstance(number, int) else kind


def _quoted(text: str) -> str:
    mark = "'" if '"' in text else '"'
    return f"{mark}{text}{mark}"


def constant(value: str | bytes) -> str:
    """Return what a definition says as text or as bytes, as people read it."""
    if isinstance(value, str):
        return _quoted(value)
    text = value.decode("latin-1")
    return _bytes(value, text if text.isascii() else "")


def sent(param: Param, encoding: Encoding) -> str:
    """Return the bytes of a constant param as they are on the wire: in quotes, where that tells them."""
    data, said = constant_bytes(param, encoding), param.interprete
    if said is None or isinstance(said.value, bytes):
        return constant(data) if data else "nothing"
    if said.value is not None and said.value.isascii() and data == said.value.encode():
        return _quoted(said.value) if data.decode().isprintable() else constant(data)
    return _bytes(data, text_encoding(said, encoding).decode(data)) if data else "nothing"


def _bytes(data: bytes, text: str) -> str:
    """Return bytes in hexadecimal, and the text that they are, where it can be printed."""
    spelled = f" {_quoted(text)}" if text.isprintable() and text else ""
    if len(data) > _MOST_BYTES:
        return f"{data[:_MOST_BYTES].hex(' ').upper()} and {len(data) - _MOST_BYTES} bytes more"
    return f"{data.hex(' ').upper()}{spelled}"


def encoding_of(protocol: Protocol) -> Encoding:
    """Return how the texts of a definition look on the wire."""
    return Encoding(unicode=protocol.unicode)


def milliseconds(time: int) -> str:
    """Return a time in its most fitting unit."""
    if time and time % _MINUTE == 0:
        return f"{time // _MINUTE} min"
    return f"{time / _SECOND:g} s" if time >= _SECOND else f"{time} ms"


def many(count: int, what: str, more: str = "") -> str:
    """Return a count of things; `more` is what two of them are called, if that is not with an s."""
    return f"{count} {what if count == 1 else more or f'{what}s'}"


def number(value: float) -> str:
    """Return a number in full."""
    return print_decimal(value) if isfinite(value) else str(value)


def ordinal(value: int) -> str:
    """Return a number as in ``2nd``."""
    return f"{value}{_ENDINGS.get(value % 10, 'th') if value % 100 not in _TEENS else 'th'}"


def listed(parts: Iterable[str]) -> str:
    """Join parts; a dash if there are none."""
    return ", ".join(parts) or "-"


def joined(parts: Iterable[str]) -> str:
    """Join sayings that stand by themselves, empty ones left out; a dash if there are none."""
    return "; ".join(filter(None, parts)) or "-"


def width(param: Param, encoding: Encoding) -> int | None:
    """Return how many bytes a param always has; None if that varies."""
    if param.interprete is None:
        return None
    if param.type in CONSTANT_TYPES:
        return len(constant_bytes(param, encoding))
    return fixed_length(param.interprete, encoding)


def on_connection(protocol: Protocol, connection: int | None) -> str:
    """Return where something is said or heard; nothing where there is no choice and none is made."""
    if connection is None and len(protocol.connections) < 2:
        return ""
    return f" on connection {connection or 0}"
