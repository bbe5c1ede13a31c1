"""The models of a configuration file: its keys, their kinds and their defaults."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from smartserial.config.values import (
    MOST_BAUD,
    HostPort,
    NetworkText,
    PathText,
    RawBytes,
    Seconds,
    ShortForm,
    Size,
    shown,
    wrong,
)
from smartserial.settings import KIB, MIB


class Model(BaseModel):
    """What all have in common: unknown keys are errors, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _switch(value: Any) -> Any:
    """Read ``true`` as all defaults and ``false`` as nothing."""
    return {} if value is True else None if value is False else value


def _or_switch(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [*schema.get("anyOf", []), {"type": "boolean"}]


class Rs485Model(Model):
    """How the driver switches an RS-485 transmitter."""

    rts_on_send: bool = True
    rts_after_send: bool = False
    delay_before: Seconds = 0.0
    delay_after: Seconds = 0.0
    rx_during_tx: bool = False


class LinesModel(Model):
    """States of the lines that this side drives."""

    dtr: bool | None = None
    rts: bool | None = None
    brk: bool | None = Field(default=None, alias="break")


class LineProfileModel(Model):
    """The lines while somebody is connected, and while nobody is."""

    connected: LinesModel = LinesModel()
    idle: LinesModel = LinesModel()


def _stopbits(value: float) -> float:
    if value not in (1, 1.5, 2):
        raise wrong("expected 1, 1.5 or 2, found {found}", found=shown(value))
    return value


class _DeviceModel(Model):
    """What is said of any device but a virtual one."""

    open: Literal["always", "on-demand"] = "always"
    on_unplug: Literal["keep", "close"] = "keep"


class PortModel(_DeviceModel):
    """A real serial port."""

    port: PathText = Field(min_length=1, description="a path, or a name below /dev or /dev/serial")
    line: ShortForm | None = Field(None, description="baud rate, data bits, parity and stop bits in short")
    baudrate: int = Field(9600, ge=1, le=MOST_BAUD)
    bytesize: Literal[5, 6, 7, 8] = 8
    parity: Literal["none", "odd", "even", "mark", "space"] = "none"
    stopbits: Annotated[float, AfterValidator(_stopbits), Field(json_schema_extra={"enum": [1, 1.5, 2]})] = 1
    flow: Literal["none", "xonxoff", "rtscts", "dsrdtr"] = "none"
    rs485: Annotated[Rs485Model | None, BeforeValidator(_switch), Field(json_schema_extra=_or_switch)] = None
    exclusive: bool = True
    hupcl: bool | None = Field(None, description="drop DTR and RTS when the port is closed")
    lines: LineProfileModel = LineProfileModel()
    on_busy: Literal["close", "wait"] = "close"


class VirtualModel(Model):
    """A port that programs on this machine open."""

    virtual: PathText = Field(min_length=1, description="the path of the link")


class TcpModel(_DeviceModel):
    """A remote raw port."""

    tcp: HostPort


class SimModel(_DeviceModel):
    """A simulated device."""

    sim: str = Field(min_length=1, description="the name of a simulation, or the path of a script")


def _true(value: Any) -> Any:
    if value is not True:
        raise wrong("expected true, found {found}", found=shown(value))
    return value


class LoopModel(_DeviceModel):
    """A device that sends back what it gets."""

    loop: Annotated[Literal[True], BeforeValidator(_true)]


class EndpointModel(_DeviceModel):
    """Whatever a Twisted client endpoint reaches."""

    endpoint: str = Field(min_length=1)


DEVICE_KINDS: dict[str, type[Model]] = {
    "port": PortModel,
    "virtual": VirtualModel,
    "tcp": TcpModel,
    "sim": SimModel,
    "loop": LoopModel,
    "endpoint": EndpointModel,
}


def _device_kind(value: Any) -> str | None:
    """Tell the kind of a device by its one key that says so."""
    kinds = [kind for kind in DEVICE_KINDS if isinstance(value, dict) and kind in value]
    return kinds[0] if kinds else None


def _one_kind(value: Any) -> Any:
    kinds = [kind for kind in DEVICE_KINDS if isinstance(value, dict) and kind in value]
    if len(kinds) != 1:
        code = "CF05" if kinds else "CF04"
        raise PydanticCustomError(
            code,
            "expected one of {known} to say what the device is, found {found}",
            {"known": ", ".join(DEVICE_KINDS), "found": ", ".join(kinds) or "none of them"},
        )
    return value


DeviceModel = Annotated[
    Annotated[PortModel, Tag("port")]
    | Annotated[VirtualModel, Tag("virtual")]
    | Annotated[TcpModel, Tag("tcp")]
    | Annotated[SimModel, Tag("sim")]
    | Annotated[LoopModel, Tag("loop")]
    | Annotated[EndpointModel, Tag("endpoint")],
    Discriminator(_device_kind),
    BeforeValidator(_one_kind),
]


class KeepaliveModel(Model):
    """TCP keepalive of an idle connection."""

    every: Annotated[Seconds, Field(ge=1, le=32767)] = 5.0
    retry: Annotated[Seconds, Field(ge=1, le=32767)] = 2.0
    count: int = Field(default=3, ge=1, le=127)


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


class ListenerModel(Model):
    """One way in."""

    mode: Literal["raw"] = "raw"
    transport: Literal["tcp"] = "tcp"
    port: int | None = Field(None, ge=0, le=65535, description="0: any free port; the log says which")
    host: Annotated[str, BeforeValidator(_host)] = "127.0.0.1"
    endpoint: str | None = Field(None, min_length=1, description="any Twisted server endpoint")
    insecure: bool = Field(False, description="let other machines in without protection")
    access: Literal["both", "read", "write"] = "both"
    allow: list[NetworkText] = []
    max_clients: int | None = Field(None, ge=1)
    refusal: Literal["text", "close"] = "text"
    nodelay: bool = True
    keepalive: Annotated[
        KeepaliveModel | None, BeforeValidator(_switch), Field(json_schema_extra=_or_switch)
    ] = KeepaliveModel()
    idle_timeout: Annotated[Seconds, Field(gt=0)] | None = None


class SlowClientModel(Model):
    """When a client is slow, and what is done."""

    policy: Literal["auto", "disconnect", "discard", "pause-device"] = "auto"
    limit: Annotated[Size, Field(ge=1 * KIB)] = MIB
    timeout: Annotated[Seconds, Field(gt=0)] = 30.0


class SharingModel(Model):
    """Rules for all clients of a share."""

    max_clients: int = Field(default=16, ge=1)
    when_full: Literal["refuse", "kick-oldest"] = "refuse"
    slow_client: SlowClientModel = SlowClientModel()


class ShareModel(Model):
    """One device and the ways to it."""

    device: DeviceModel
    listen: list[ListenerModel] = Field(min_length=1)
    sharing: SharingModel = SharingModel()
    buffer: Size = Field(8 * KIB, description="bytes from the device that are kept while nobody is connected")


ShareName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class ConfigModel(Model):
    """A whole configuration file."""

    shares: dict[ShareName, ShareModel] = Field(min_length=1)


class ScriptEntry(Model):
    """One exchange: `expect` is answered, or without one something said every so often, or anything else."""

    expect: RawBytes | None = None
    every: Annotated[Seconds, Field(ge=0.001)] | None = None
    answer: Annotated[list[RawBytes], BeforeValidator(lambda v: v if isinstance(v, list) else [v])] = Field(
        min_length=1
    )
    delay: Seconds = 0.0


class ScriptModel(Model):
    """The script of a simulated device."""

    terminator: RawBytes = b"\n"
    ignore: RawBytes = b"\r"
    script: list[ScriptEntry] = Field(min_length=1)
