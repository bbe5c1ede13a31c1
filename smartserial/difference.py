"""What is different between two sets of settings, in the words of the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from smartserial.settings import GatewaySettings


def differences(before: GatewaySettings, after: GatewaySettings) -> list[str]:
    """Return each difference as a line; none if the two are equal."""
    old = {share.name: share for share in before.shares}
    new = {share.name: share for share in after.shares}
    found = [f"shares.{name}: removed" for name in old if name not in new]
    for name, share in new.items():
        if name in old:
            found += _between(f"shares.{name}", old[name], share)
        else:
            found.append(f"shares.{name}: new")
    return found


def _between(place: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if is_dataclass(before) and type(before) is type(after):
        for field in fields(before):
            yield from _between(
                f"{place}.{field.name}", getattr(before, field.name), getattr(after, field.name)
            )
    elif isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        for n, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _between(f"{place}[{n}]", one, other)
    else:
        yield f"{place}: {_shown(before)} -> {_shown(after)}"


def _shown(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)
