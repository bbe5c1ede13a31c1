"""The kinds of values in a configuration, with their words for what was expected."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from smartserial.lines import parse_short_form
from smartserial.sharing.access import Network, parse_network

_TIMES = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST = 3650 * 86400.0
MOST_BAUD = 50_000_000
_LARGEST = 1024**3
_MOST_SHOWN = 60
_SIZES = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3}
_TIME = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(us|ms|s|m|h|d)")
_SIZE = re.compile(r"([0-9]{1,15})\s*([KMG]?i?B)?", re.IGNORECASE)
_HOST_PORT = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]\s]+)):([0-9]{1,5})")


class Model(BaseModel):
    """What all mappings have in common: unknown keys are errors, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def wrong(message: str, **context: Any) -> PydanticCustomError:
    """Return the error for a value of the wrong kind."""
    return PydanticCustomError("CF03", message, context)


def shown(value: Any) -> str:
    """Write a value as a finding shows it: in the words of YAML, and not at any length."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, dict)):
        kind = "list" if isinstance(value, list) else "mapping"
        return f"a {kind}" if value else f"an empty {kind}"
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def read_seconds(value: Any) -> float:
    """Read a time with its unit."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise wrong("expected a time with its unit, such as 20ms or 5s, found {found}", found=shown(value))
    seconds = float(match[1]) * _TIMES[match[2]]
    if seconds > LONGEST:
        raise wrong("expected at most 3650d, found {found}", found=shown(value))
    return seconds


def unit_of(value: Any) -> str:
    """Return the unit in which the bounds of a value are, or an empty text."""
    return "s" if isinstance(value, str) and _TIME.fullmatch(value) else ""


def _bytes(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return _not_too_large(value, value)
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    size = _SIZES.get((match[2] or "").upper()) if match else None
    if match is None or size is None:
        raise wrong("expected a size, such as 8KiB or 512, found {found}", found=shown(value))
    return _not_too_large(int(match[1]) * size, value)


def _not_too_large(size: int, value: Any) -> int:
    if size > _LARGEST:
        raise wrong("expected at most 1GiB, found {found}", found=shown(value))
    return size


def host_and_port(value: Any) -> tuple[str, int]:
    """Read ``HOST:PORT`` or ``[V6ADDRESS]:PORT``."""
    match = _HOST_PORT.fullmatch(value) if isinstance(value, str) else None
    if match is None or not 0 < int(match[3]) < 65536:
        raise wrong("expected HOST:PORT, found {found}", found=shown(value))
    return match[1] or match[2], int(match[3])


def _network(value: Any) -> Network:
    try:
        return parse_network(value if isinstance(value, str) else repr(value))
    except ValueError as error:
        why = " (it has host bits set)" if "host bits" in str(error) else ""
        raise wrong(
            f"expected an address or a network, such as 10.0.0.7 or 10.0.0.0/24, found {{found}}{why}",
            found=shown(value),
        ) from error


def _short_form(value: Any) -> dict[str, Any]:
    try:
        named = parse_short_form(value if isinstance(value, str) else str(value))
    except ValueError as error:
        raise wrong("{why}", why=str(error)) from error
    if not 1 <= named["baudrate"] <= MOST_BAUD:  # type: ignore[operator]
        raise wrong(f"expected a baud rate from 1 to {MOST_BAUD}, found {{found}}", found=named["baudrate"])
    return named


def _raw_bytes(value: Any) -> bytes:
    try:
        return value.encode("latin-1")  # type: ignore[no-any-return]
    except (AttributeError, UnicodeEncodeError) as error:
        raise wrong(
            "expected a text of characters up to \\xff, each one a byte, found {found}", found=shown(value)
        ) from error


def switch(value: Any) -> Any:
    """Read ``true`` as all defaults and ``false`` as nothing."""
    return {} if value is True else None if value is False else value


def or_switch(schema: dict[str, Any]) -> None:
    """Say in the schema of an option that it may be a switch."""
    schema["anyOf"] = [*schema.get("anyOf", []), {"type": "boolean"}]


def _schema(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema(schema)


def _path(value: str) -> str:
    if "\0" in value:
        raise wrong("expected a path, found {found}", found=shown(value))
    return value


PathText = Annotated[str, AfterValidator(_path)]
Seconds = Annotated[
    float, BeforeValidator(read_seconds), _schema(type="string", pattern=f"^{_TIME.pattern}$")
]
Size = Annotated[
    int,
    BeforeValidator(_bytes),
    _schema(
        anyOf=[
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": r"^\d+\s*([KkMmGg]?[Ii]?[Bb])?$"},
        ]
    ),
]
HostPort = Annotated[tuple[str, int], BeforeValidator(host_and_port), _schema(type="string")]
NetworkText = Annotated[Any, BeforeValidator(_network), _schema(type="string")]
ShortForm = Annotated[
    dict[str, Any], BeforeValidator(_short_form), _schema(type=["string", "integer"], examples=["19200 8E1"])
]
RawBytes = Annotated[bytes, BeforeValidator(_raw_bytes), _schema(type="string")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class KeepaliveModel(Model):
    """TCP keepalive of an idle connection."""

    every: Annotated[Seconds, Field(ge=1, le=32767)] = 5.0
    retry: Annotated[Seconds, Field(ge=1, le=32767)] = 2.0
    count: int = Field(default=3, ge=1, le=127)
