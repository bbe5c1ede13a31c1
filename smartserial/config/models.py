"""The models of a configuration file: its keys, their kinds and their defaults."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from smartserial.config.connect import Connect
from smartserial.config.devices import DeviceModel
from smartserial.config.elements import ElementModel
from smartserial.config.records import Record
from smartserial.config.tlssets import TlsModel
from smartserial.config.users import LoginModel, UsersModel
from smartserial.config.values import (
    HostPort,
    KeepaliveModel,
    Model,
    Name,
    NetworkText,
    PathText,
    RawBytes,
    Seconds,
    Size,
    host_and_port,
    or_switch,
    shown,
    switch,
    wrong,
)
from smartserial.settings import KIB, MIB
from smartserial.sharing.packets import MOST_HELD


def _host(value: Any) -> Any:
    known = {"localhost": "127.0.0.1", "any": "0.0.0.0"}
    try:
        if not isinstance(value, str):
            raise ValueError(value)
        return str(ip_address(known.get(value, value)))
    except ValueError as error:
        raise wrong(
            "expected an address of this machine, localhost or any, found {found}", found=shown(value)
        ) from error


class ListenerModel(LoginModel):
    """One way in."""

    mode: Literal["raw", "rfc2217"] = "raw"
    transport: Literal["tcp", "udp"] = "tcp"
    targets: list[HostPort] = Field([], description="who gets datagrams without having sent any")
    interface: str | None = Field(
        None, min_length=1, description="by which datagrams to groups go: its name, or its IPv4 address"
    )
    port: int | None = Field(None, ge=0, le=65535, description="0: any free port; the log says which")
    host: Annotated[str, BeforeValidator(_host)] = "127.0.0.1"
    endpoint: str | None = Field(None, min_length=1, description="any Twisted server endpoint")
    insecure: bool = Field(default=False, description="let other machines in without protection")
    tls: Name | None = Field(None, description="encryption: the name of a set in `tls` with a certificate")
    access: Literal["both", "read", "write"] = "both"
    allow: list[NetworkText] = []
    max_clients: int | None = Field(None, ge=1)
    max_per_source: int | None = Field(None, ge=1, description="how many of them from one address")
    refusal: Literal["text", "close"] = "text"
    nodelay: bool = True
    keepalive: Annotated[
        KeepaliveModel | None, BeforeValidator(switch), Field(json_schema_extra=or_switch)
    ] = KeepaliveModel()
    idle_timeout: Annotated[Seconds, Field(gt=0)] | None = None
    when: Literal["always", "device-open"] = Field(
        default="always", description="device-open: only while a program has the virtual port open"
    )
    linger: Seconds = Field(0.0, description="how long clients stay when the program has closed it")


class SlowClientModel(Model):
    """When a client is slow, and what is done."""

    policy: Literal["auto", "disconnect", "discard", "pause-device"] = "auto"
    limit: Annotated[Size, Field(ge=1 * KIB)] = MIB
    timeout: Annotated[Seconds, Field(gt=0)] = 30.0


class RemoteSettingsModel(Model):
    """What RFC 2217 clients have to do with the line settings."""

    remote: bool = Field(default=True, description="they may change them")
    notify: bool = Field(
        default=False, description="they are told, unasked, when somebody else has changed them"
    )
    restore: bool = Field(
        default=True, description="the configured ones come back when the last of them has left"
    )


_Time = Annotated[Seconds, Field(gt=0)]
_Bytes = Annotated[RawBytes, Field(min_length=1)]


class PacketsModel(Model):
    """When what the device has sent goes to the clients: what is met first sends."""

    size: Annotated[Size, Field(ge=1, le=MOST_HELD)] | None = Field(None, description="so many bytes came")
    hold: _Time | None = Field(None, description="so long after the first byte")
    char: _Bytes | None = Field(None, description="after any of these bytes")
    chars: _Bytes | None = Field(None, description="the same as `char`")
    gap: _Time | None = Field(None, description="when the line was silent for so long")
    pause: _Time | None = Field(None, description="nothing is sent for so long after each packet")


class SharingModel(Model):
    """Rules for all clients of a share."""

    max_clients: int = Field(default=16, ge=1)
    when_full: Literal["refuse", "kick-oldest"] = "refuse"
    receive_from: Literal["none", "first", "last", "last-active", "all"] = Field(
        default="all", description="whose bytes reach the device"
    )
    send_to: Literal["none", "first", "last", "last-active", "all", "asker"] = Field(
        default="all", description="who gets the device's bytes"
    )
    turn: _Time = Field(default=1.0, description="silence after which another client has the turn to send")
    reply_window: _Time = Field(
        default=1.0, description="how long what comes is the answer for who has asked"
    )
    exclusive: bool = Field(default=False, description="one client at a time may send")
    arbitrate: Literal["message"] | None = Field(
        default=None,
        description="each request waits for the answer to the one before; with an element on the share",
    )
    slow_client: SlowClientModel = SlowClientModel()
    control: Literal["first", "last", "anyone", "none"] = "first"
    refused: Literal["acknowledge", "actual"] = "acknowledge"
    settings: RemoteSettingsModel = RemoteSettingsModel()


class ShareModel(LoginModel):
    """One device and the ways to it."""

    device: DeviceModel
    listen: list[ListenerModel] = Field([], min_length=1, description="how clients come in")
    connect: Connect = Field(None, description="clients that are called, as they do not come by themselves")
    sharing: SharingModel = SharingModel()
    packets: PacketsModel | None = Field(None, description="when bytes go to the clients; else as they come")
    buffer: Size = Field(8 * KIB, description="bytes from the device that are kept while nobody is connected")
    replay: Size = Field(0, description="how many of the last bytes from the device later clients are given")
    capture: Record = Field(None, description="where everything that passes is written")


class PoolModel(LoginModel):
    """Several shares, of which a client gets the first that is free."""

    shares: list[Name] = Field(min_length=1, description="their names, in the order in which they are given")
    listen: list[ListenerModel] = Field(min_length=1, description="how clients come in")
    announce: bool = Field(default=True, description="tell a client in one line which share it has got")


def _console_address(value: Any) -> tuple[str, int]:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535:
        return "127.0.0.1", value
    if not isinstance(value, str) or value.isdigit():
        raise wrong("expected a port from 0 to 65535, or HOST:PORT, found {found}", found=shown(value))
    host, port = host_and_port(value)
    return _host(host), port


def _console_socket(value: Any) -> str:
    """Read a path; false becomes an empty one."""
    if value is False:
        return ""
    if not isinstance(value, str) or not value or "\0" in value:
        raise wrong("expected the path of a socket, or false, found {found}", found=shown(value))
    return value


_ConsoleSocket = Annotated[
    str,
    BeforeValidator(_console_socket),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"const": False}]}),
]
_ConsoleAddress = Annotated[
    tuple[str, int],
    BeforeValidator(_console_address),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "maximum": 65535}),
]


class ConsoleModel(LoginModel):
    """The doors to the console."""

    unix: _ConsoleSocket | None = Field(default=None, description="the path of its socket; false: none")
    telnet: _ConsoleAddress | None = Field(default=None, description="a port, or HOST:PORT")
    ssh: _ConsoleAddress | None = Field(
        default=None, description="a port, or HOST:PORT, for users of the gateway"
    )
    host_key: Annotated[PathText, Field(min_length=1)] | None = Field(
        default=None, description="the private key of `ssh`, which is made if it is not there"
    )
    insecure: bool = Field(
        default=False, description="let operators change things by telnet, without protection"
    )
    tls: Name | None = Field(default=None, description="encryption of `telnet`: the name of a set in `tls`")


_SOMETHING: JsonDict = {"anyOf": [{"required": ["shares"]}, {"required": ["elements"]}]}


class ConfigModel(Model):
    """A whole configuration file."""

    model_config = ConfigDict(json_schema_extra=_SOMETHING)

    console: ConsoleModel = ConsoleModel()
    shares: dict[Name, ShareModel] = Field({}, min_length=1)
    pools: dict[Name, PoolModel] = Field({}, min_length=1)
    elements: dict[Name, ElementModel] = Field({}, min_length=1)
    protocol_paths: list[Annotated[PathText, Field(min_length=1)]] = Field(
        [], description="folders and files with device protocols"
    )
    tls: dict[Name, TlsModel] = Field({}, description="what encryption needs, by names for `tls`")
    state: Annotated[PathText, Field(min_length=1)] | None = Field(
        None, description="the file of saved params"
    )
    audit: Record = Field(None, description="a file with who did what")
    users: UsersModel | None = Field(None, description="who may log in")
