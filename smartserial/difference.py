"""What is different between two sets of settings, in the words of the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum, Flag
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from smartserial.definition.protocol import Protocol
from smartserial.settings import (
    Carrier,
    ConnectionSettings,
    DeviceCarrier,
    ElementSettings,
    GatewaySettings,
    NetworkCarrier,
    ShareCarrier,
    TlsSettings,
    describe,
)

_WORDS = {"transport": "type", "element_timeout": "timeout", "allowed": "allowed_addresses"}


def differences(before: GatewaySettings, after: GatewaySettings) -> list[str]:
    """Return each difference as a line; none if the two are equal."""
    return [
        *_named("shares", _by_name(before.shares), _by_name(after.shares)),
        *_named("elements", _by_name(before.elements), _by_name(after.elements)),
        *_named("users", _by_name(before.users.users), _by_name(after.users.users)),
        *_named("groups", _by_name(before.users.groups), _by_name(after.users.groups)),
        *_fields("users", before.users, after.users, "users", "groups"),
        *_between("audit", before.audit, after.audit),
    ]


def _by_name(settings: Any) -> dict[str, Any]:
    return {one.name: one for one in settings}


def _named(place: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield what came, what went, and what is different in the rest."""
    for name in before:
        if name not in after:
            yield f"{place}.{name}: removed"
    for name, one in after.items():
        if name in before:
            yield from _between(f"{place}.{name}", before[name], one)
        else:
            yield f"{place}.{name}: new"


def _between(place: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, ElementSettings) and isinstance(after, ElementSettings):
        yield from _between_elements(place, before, after)
    elif is_dataclass(before) and type(before) is type(after):
        yield from _fields(place, before, after)
    elif isinstance(before, tuple) and isinstance(after, tuple) and _pairs_up(before, after):
        for n, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _between(f"{place}[{n}]", one, other)
    else:
        yield f"{place}: {_shown(before)} -> {_shown(after)}"


def _pairs_up(before: tuple[Any, ...], after: tuple[Any, ...]) -> bool:
    return len(before) == len(after) and all(is_dataclass(one) for one in (*before, *after))


def _fields(place: str, before: Any, after: Any, *without: str) -> Iterator[str]:
    for field in fields(before):
        if field.compare and field.name not in without:
            key = _WORDS.get(field.name, field.name) if isinstance(before, _OF_ELEMENTS) else field.name
            old, new = getattr(before, field.name), getattr(after, field.name)
            if field.repr:
                yield from _between(f"{place}.{key}", old, new)
            elif old != new:  # it is not to be shown anywhere
                yield f"{place}.{key}: changed"


def _between_elements(place: str, before: ElementSettings, after: ElementSettings) -> Iterator[str]:
    yield from _fields(place, before, after, "definition", "connections", "options")
    if before.definition != after.definition:
        yield f"{place}.definition: {_changed(before.definition, after.definition)}"
    options, new = dict(before.options), dict(after.options)
    for name in dict.fromkeys((*options, *new)):
        yield from _between(f"{place}.options.{name}", options.get(name), new.get(name))
    yield from _numbered(f"{place}.connections", before.connections, after.connections)


def _changed(before: Protocol, after: Protocol) -> str:
    """Say that a definition is another one; not what is in it."""
    names = [f"{one.name} {one.version}" for one in (before, after)]
    return " -> ".join(names) if names[0] != names[1] else f"{names[0]} says something else"


def _numbered(
    place: str, before: tuple[ConnectionSettings, ...], after: tuple[ConnectionSettings, ...]
) -> Iterator[str]:
    old, new = ({one.number: one for one in connections} for connections in (before, after))
    for number in sorted({*old, *new}):
        where = f"{place}[{number}]"
        if number not in new:
            yield f"{where}: removed"
        elif number not in old:
            yield f"{where}: new"
        else:
            yield from _carriers(where, old[number].carrier, new[number].carrier)
            yield from _fields(where, old[number], new[number], "carrier")


def _carriers(place: str, before: Carrier, after: Carrier) -> Iterator[str]:
    """Compare what connections run on; its keys are those of the connection."""
    if type(before) is type(after):
        yield from _fields(place, before, after)
    else:
        yield f"{place}: {_carrier(before)} -> {_carrier(after)}"


def _carrier(carrier: Carrier) -> str:
    match carrier:
        case NetworkCarrier():
            host = f"[{carrier.host}]" if ":" in carrier.host else carrier.host
            return f"{carrier.transport.value} {carrier.role.value} {host}:{carrier.port}"
        case DeviceCarrier(device=device):
            return describe(device)
        case ShareCarrier(share=share):
            return f"share {share}"


_OF_ELEMENTS = (ElementSettings, ConnectionSettings, NetworkCarrier, TlsSettings)


def _shown(value: Any) -> str:
    if isinstance(value, frozenset):
        value = tuple(sorted(value))
    if isinstance(value, tuple) and all(isinstance(one, str | IPv4Network | IPv6Network) for one in value):
        return ", ".join(map(str, value)) or "none"
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else str(value).lower()
    if isinstance(value, Flag):
        return ", ".join(str(one.name).lower() for one in value) or "nothing"
    return str(value.value if isinstance(value, Enum) else value)
