"""The models of elements in a configuration file."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from smartserial.config.devices import DeviceModel
from smartserial.config.records import Record
from smartserial.config.values import (
    KeepaliveModel,
    Model,
    Name,
    NetworkText,
    PathText,
    Seconds,
    or_switch,
    shown,
    switch,
    wrong,
)
from smartserial.definition.values.text import Encoding
from smartserial.errors import ConfigError
from smartserial.settings import PROBING

_HOST_NAME = re.compile(r"\w(?:[\w.-]{0,251}\w)?\.?")


class ProbingModel(KeepaliveModel):
    """TCP keepalive of an element's connection."""

    every: Annotated[Seconds, Field(ge=1, le=32767)] = PROBING.every
    retry: Annotated[Seconds, Field(ge=1, le=32767)] = PROBING.retry
    count: int = Field(default=PROBING.count, ge=1, le=127)


def _host(value: Any) -> str:
    try:
        return str(ip_address(value)) if isinstance(value, str) else _named(value)
    except ValueError:
        return _named(value)


def _named(value: Any) -> str:
    if not isinstance(value, str) or not _HOST_NAME.fullmatch(value) or re.fullmatch(r"[0-9.]+", value):
        raise wrong("expected an address, a name or any, found {found}", found=shown(value))
    return value


def _bus_address(value: Any) -> Any:
    return str(value) if type(value) is int else value


def _encryption(value: Any) -> Any:
    if not isinstance(value, bool | str) or value == "":
        raise wrong("expected the name of a set in `tls`, true or false, found {found}", found=shown(value))
    return value


def _code_page(value: str) -> str:
    try:
        Encoding(value)
    except ConfigError as error:
        raise wrong(
            "expected a code page of one byte for each character, such as cp1252, found {found}",
            found=shown(value),
        ) from error
    return value


def _option(value: Any) -> Any:
    if not isinstance(value, bool | int | float | str):
        raise wrong("expected a text, a number, true or false, found {found}", found=shown(value))
    return value


class ConnectionModel(Model):
    """What a connection of an element runs on: the network, a device of its own, or a share."""

    type: Literal["tcp", "udp"] | None = Field(None, description="over the network")
    device: DeviceModel | None = Field(None, description="a device that nobody else has")
    share: Name | None = Field(None, description="the device of a share, beside its clients")
    host: Annotated[str, BeforeValidator(_host)] | None = Field(
        None, description="an address, a name, or any; it decides who is the server if `role` does not"
    )
    port: int | None = Field(None, ge=0, le=65535, description="without it, that of the definition")
    role: Literal["client", "server"] | None = None
    insecure: bool = Field(default=False, description="let other machines in without protection")
    tls: Annotated[Any, BeforeValidator(_encryption), WithJsonSchema({"type": ["string", "boolean"]})] = (
        Field(None, description="the name of a set in `tls`; true: a client with the system's authorities")
    )
    allow_list: bool | None = Field(None, description="switch the list of addresses on or off")
    allowed_addresses: list[NetworkText] = Field([], description="whom this element hears; of servers only")
    max_clients: int | None = Field(None, ge=1)
    keepalive: Annotated[ProbingModel | None, BeforeValidator(switch), Field(json_schema_extra=or_switch)] = (
        ProbingModel()
    )
    local_port: int | None = Field(None, ge=0, le=65535, description="that a serial client sends from")
    on_bind_error: Literal["fail", "retry"] = "fail"
    timeout: Annotated[Seconds, Field(gt=0, le=3600)] | None = Field(
        None, description="how long a command waits for its answer"
    )
    retries: int | None = Field(None, ge=0, le=100, description="how often it is sent again")
    bus_address: (
        Annotated[str, BeforeValidator(_bus_address), WithJsonSchema({"type": ["string", "integer"]})] | None
    ) = None


ConnectionNumber = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,4})$")]
OptionValue = Annotated[
    Any,
    BeforeValidator(_option),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]


class ElementModel(Model):
    """A device protocol at work on its connections."""

    protocol: PathText = Field(min_length=1, description="NAME, NAME@VERSION, or the path of a definition")
    options: dict[str, OptionValue] = Field({}, description="of the device protocol")
    connections: dict[ConnectionNumber, ConnectionModel] = Field(
        {},
        description="by their numbers in the definition",
        json_schema_extra={"additionalProperties": False},
    )
    start: Literal["active", "paused", "stopped"] = "active"
    strict: bool = Field(False, description="a wrong answer ends the wait for one, as silence does")
    code_page: Annotated[str, AfterValidator(_code_page)] = "cp1252"
    timeout: Annotated[Seconds, Field(gt=0, le=86400)] | None = Field(
        None, description="without success for so long the element is in timeout"
    )
    trace: Record = Field(None, description="where what happens is written, a line of JSON for each event")
