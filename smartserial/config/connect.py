"""The model of calls: a share that connects to its clients, instead of waiting for them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from smartserial.config.devices import LinesModel
from smartserial.config.values import (
    HostPort,
    KeepaliveModel,
    Model,
    Name,
    PathText,
    RawBytes,
    Seconds,
    or_switch,
    shown,
    switch,
    wrong,
)

MOST_TARGETS = 64
_MOST_STEPS = 32
_MOST_USER = 256
_SOONEST = 0.1  # seconds between attempts, and between heartbeats


def _user(value: str) -> str:
    if not value.isprintable():
        raise wrong("expected a name of one line, found {found}", found=shown(value))
    return value


class HeartbeatModel(Model):
    """Bytes that tell the far side that we are still there."""

    send: RawBytes = Field(min_length=1, description="the bytes")
    every: Annotated[Seconds, Field(ge=_SOONEST)] = Field(
        description="sent when nothing was sent for so long"
    )


class CallLoginModel(Model):
    """What is answered when the far side asks who we are."""

    user: Annotated[str, AfterValidator(_user)] = Field(
        "", max_length=_MOST_USER, description="the answer to a question for a name"
    )
    password_file: PathText = Field(min_length=1, description="a file with the password, on its only line")


class FarLinesModel(Model):
    """The lines of the far port, by whether a program has the virtual port open."""

    open: LinesModel = Field(default=LinesModel(), description="while a program has it open")
    closed: LinesModel = Field(default=LinesModel(), description="while none has")


class ConnectModel(Model):
    """Calls to clients that do not come by themselves."""

    to: list[HostPort] = Field(
        min_length=1, max_length=MOST_TARGETS, description="whom to call; tried in turn"
    )
    mode: Literal["raw", "rfc2217"] = "raw"
    transport: Literal["tcp", "udp"] = "tcp"
    telnet_role: Literal["client", "server"] = Field(
        default="client", description="client: we make the requests of RFC 2217; server: the far side does"
    )
    all: bool = Field(default=False, description="call all of them at once")
    when: Literal["always", "on-demand", "device-open"] = Field(
        default="always",
        description="on-demand: when the device has sent something; device-open: only while a program has "
        "the virtual port open",
    )
    backoff: list[Annotated[Seconds, Field(ge=_SOONEST)]] = Field(
        [1.0, 2.0, 5.0, 10.0],
        min_length=1,
        max_length=_MOST_STEPS,
        description="before each further attempt; the last one again and again",
    )
    register_: RawBytes | None = Field(
        None, alias="register", min_length=1, description="bytes that are sent first of all"
    )
    heartbeat: HeartbeatModel | None = Field(None, description="bytes that are sent when nothing else is")
    tls: Name | None = Field(None, description="encryption: the name of a set in `tls`")
    login: CallLoginModel | None = Field(None, description="what is answered when the far side asks")
    access: Literal["both", "read", "write"] = "both"
    nodelay: bool = True
    keepalive: Annotated[
        KeepaliveModel | None, BeforeValidator(switch), Field(json_schema_extra=or_switch)
    ] = KeepaliveModel()
    idle_timeout: Annotated[Seconds, Field(gt=0)] | None = None
    lines: FarLinesModel = Field(
        FarLinesModel(), description="lines of the far port, while a program is here, and while none is"
    )

    @property
    def asks(self) -> bool:
        """Whether we are the client of RFC 2217."""
        return self.mode == "rfc2217" and self.telnet_role == "client"


def _addresses_alone(value: Any) -> Any:
    return {"to": value} if isinstance(value, list) else value


def _or_addresses(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [
        *schema.get("anyOf", []),
        {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MOST_TARGETS},
    ]


Connect = Annotated[
    ConnectModel | None, BeforeValidator(_addresses_alone), Field(json_schema_extra=_or_addresses)
]
