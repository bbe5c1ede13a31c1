"""The models of devices in a configuration file."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from smartserial.config.values import (
    MOST_BAUD,
    HostPort,
    Model,
    Name,
    PathText,
    Seconds,
    ShortForm,
    Size,
    or_switch,
    shown,
    switch,
    wrong,
)
from smartserial.portnames import check_name
from smartserial.sequences import parse_sequence


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


LineName = Literal["dtr", "rts", "break"]


def _each_once(names: list[LineName]) -> list[LineName]:
    for name in names:
        if names.count(name) > 1:
            raise wrong("expected each line once, found {found} twice", found=shown(name))
    return names


class ReportModel(Model):
    """What RFC 2217 clients are told of modem lines while the device is up, where it has none."""

    cts: bool = True
    dsr: bool = True
    ri: bool = False
    cd: bool = True


class LineRulesModel(Model):
    """The lines as RFC 2217 clients have them."""

    remote: Annotated[
        list[LineName],
        AfterValidator(_each_once),
        Field(description="lines that they may change", json_schema_extra={"uniqueItems": True}),
    ] = ["dtr", "rts", "break"]
    report: ReportModel = ReportModel()


class LineProfileModel(LineRulesModel):
    """The lines as clients have them, and while somebody is connected, and while nobody is."""

    connected: LinesModel = LinesModel()
    idle: LinesModel = LinesModel()


def _stopbits(value: float) -> float:
    if value not in (1, 1.5, 2):
        raise wrong("expected 1, 1.5 or 2, found {found}", found=shown(value))
    return value


class _DeviceModel(Model):
    """What is said of any device."""

    lines: LineRulesModel = LineRulesModel()


class _OpenedModel(_DeviceModel):
    """What is said of any device but a virtual one."""

    open: Literal["always", "on-demand"] = "always"
    on_unplug: Literal["keep", "close"] = "keep"
    away_buffer: Size = Field(0, description="bytes of clients that are kept while the device is away")
    away_age: Annotated[Seconds, Field(gt=0)] = Field(5.0, description="how long they are kept")


class SerialModel(_OpenedModel):
    """What is said of a serial port, here or at the far end of a connection."""

    line: ShortForm | None = Field(None, description="baud rate, data bits, parity and stop bits in short")
    baudrate: int = Field(9600, ge=1, le=MOST_BAUD)
    bytesize: Literal[5, 6, 7, 8] = 8
    parity: Literal["none", "odd", "even", "mark", "space"] = "none"
    stopbits: Annotated[float, AfterValidator(_stopbits), Field(json_schema_extra={"enum": [1, 1.5, 2]})] = 1
    flow: Literal["none", "xonxoff", "rtscts", "dsrdtr"] = "none"
    lines: LineProfileModel = LineProfileModel()


def _sequence(text: str) -> str:
    try:
        parse_sequence("", text)
    except ValueError as error:
        raise wrong("{why}", why=str(error)) from error
    return text


Sequences = Annotated[
    dict[Name, Annotated[str, AfterValidator(_sequence)]],
    Field(description="lines and times by names, such as `dtr=off rts=on 100ms rts=off`"),
]
LINE_KEYS = SerialModel.model_fields.keys() - _OpenedModel.model_fields.keys()  # its line settings


def _port_name(text: str) -> str:
    try:
        check_name(text)
    except ValueError as error:
        raise wrong("{why}", why=str(error)) from error
    return text


class PortModel(SerialModel):
    """A real serial port."""

    port: Annotated[PathText, AfterValidator(_port_name)] = Field(
        min_length=1,
        description="a path, a name below /dev or /dev/serial, a pattern of those, usb:SERIAL or usb:VID:PID",
    )
    rs485: Annotated[Rs485Model | None, BeforeValidator(switch), Field(json_schema_extra=or_switch)] = None
    exclusive: bool = True
    hupcl: bool | None = Field(None, description="drop DTR and RTS when the port is closed")
    on_busy: Literal["close", "wait"] = "close"
    sequences: Sequences = {}


def _mode(value: Any) -> int | None:
    """Read permission bits as they are written for chmod: reading and writing alone, at least the owner's."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if re.fullmatch("0?6[0246][0246]", text) is None:
        raise wrong("expected a mode such as '0660' or '0600', found {found}", found=shown(value))
    return int(text, 8)


def _name_or_number(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else value


_Who = Annotated[
    str, BeforeValidator(_name_or_number), Field(json_schema_extra={"type": ["string", "integer"]})
]
_Mode = Annotated[
    int, BeforeValidator(_mode), WithJsonSchema({"type": "string", "pattern": "^0?6[0246][0246]$"})
]


class VirtualModel(_DeviceModel):
    """A port that programs on this machine open."""

    virtual: PathText = Field(min_length=1, description="the path of the link")
    owner: _Who | None = Field(None, min_length=1, description="user of the terminal, by name or number")
    group: _Who | None = Field(None, min_length=1, description="group of the terminal, by name or number")
    mode: _Mode | None = Field(None, description="permissions of the terminal, such as '0660'")
    strict_baudrate: bool = Field(default=False, description="bytes pass at the speed that a program sets")
    overlay: bool = Field(default=False, description="take the name of a real device, then NAME.real")


class TcpModel(_OpenedModel):
    """A remote raw port."""

    tcp: HostPort


class UdpModel(_OpenedModel):
    """A remote port that is reached by UDP."""

    udp: HostPort
    local_port: int = Field(0, ge=0, le=65535, description="ours; 0: any free one")


class Rfc2217Model(SerialModel):
    """A remote serial port, served by telnet with RFC 2217."""

    rfc2217: HostPort
    strict: bool = Field(False, description="fail where the server does not answer as the RFC says")
    sequences: Sequences = {}


class SimModel(_OpenedModel):
    """A simulated device."""

    sim: str = Field(min_length=1, description="the name of a simulation, or the path of a script")


def _true(value: Any) -> Any:
    if value is not True:
        raise wrong("expected true, found {found}", found=shown(value))
    return value


class LoopModel(_OpenedModel):
    """A device that sends back what it gets."""

    loop: Annotated[Literal[True], BeforeValidator(_true)]


class EndpointModel(_OpenedModel):
    """Whatever a Twisted client endpoint reaches."""

    endpoint: str = Field(min_length=1)


DEVICE_KINDS: dict[str, type[Model]] = {
    "port": PortModel,
    "virtual": VirtualModel,
    "tcp": TcpModel,
    "udp": UdpModel,
    "rfc2217": Rfc2217Model,
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
    | Annotated[UdpModel, Tag("udp")]
    | Annotated[Rfc2217Model, Tag("rfc2217")]
    | Annotated[SimModel, Tag("sim")]
    | Annotated[LoopModel, Tag("loop")]
    | Annotated[EndpointModel, Tag("endpoint")],
    Discriminator(_device_kind),
    BeforeValidator(_one_kind),
]
