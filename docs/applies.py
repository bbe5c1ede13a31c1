"""Fills in the tables of applies.md, of the models and by the checker itself: ``python docs/applies.py``.

Each option is put where it may stand, with all that it needs, and the checker is asked what it thinks of it.
A new option of a model is a new row; one that needs another one to act gets a line in `NEEDS`, one whose
kind does not tell a value gets one in `VALUES`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple, get_args

from examples import code, table

from smartserial.config.connect import ConnectModel
from smartserial.config.devices import DEVICE_KINDS
from smartserial.config.judge import judge
from smartserial.config.models import ListenerModel, ShareModel, SharingModel
from smartserial.config.source import parse_source
from smartserial.config.values import Model
from smartserial.findings import ERROR, Finding
from smartserial.passwords import decoy

PAGE = Path(__file__).with_name("applies.md")
_DRAWN = re.compile(r"(<!-- drawn by docs/applies\.py: ([\w-]+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)
Values = dict[str, Any]

DEVICES: Mapping[str, Values] = {
    "port": {"port": "ttyS0"},
    "virtual": {"virtual": "/run/port"},
    "tcp": {"tcp": "h:1"},
    "udp": {"udp": "h:1"},
    "rfc2217": {"rfc2217": "h:1"},
    "sim": {"sim": "scpi-meter"},
    "loop": {"loop": True},
    "endpoint": {"endpoint": "unix:/run/device"},
}
"""One device of each kind."""

LISTENERS: Mapping[str, Values] = {
    "raw": {"port": 7001},
    "rfc2217": {"port": 7001, "mode": "rfc2217"},
    "udp": {"port": 7001, "transport": "udp"},
    "unix": {"endpoint": "unix:/run/listener"},
}
"""One way in of each kind."""

CALLS: Mapping[str, Values] = {
    "raw": {"to": ["127.0.0.1:1", "127.0.0.1:2"]},
    "client": {"to": ["127.0.0.1:1", "127.0.0.1:2"], "mode": "rfc2217"},
    "server": {"to": ["127.0.0.1:1", "127.0.0.1:2"], "mode": "rfc2217", "telnet_role": "server"},
    "udp": {"to": ["127.0.0.1:1", "127.0.0.1:2"], "transport": "udp"},
}
"""One call of each kind."""

_HASH = decoy()
CALL_VALUES: Mapping[str, Any] = {
    "backoff": ["1s"],
    "heartbeat": {"send": ".", "every": "5s"},
    "lines": {"open": {"dtr": True}},
    "login": {"user": "anna", "password_file": "far.secret"},
    "register": "ID",
    "tls": "site",
}
"""Values of options of calls whose kind does not tell one."""

VALUES: Mapping[str, Any] = {
    "allow": ["127.0.0.7"],
    "arbitrate": "message",
    "baudrate": 19200,
    "capture": "capture.jsonl",
    "flow": "rtscts",
    "group": "0",
    "groups": ["operators"],
    "host": "127.0.0.2",
    "interface": "127.0.0.1",
    "keepalive": False,
    "line": "19200 8E1",
    "lines.connected": {"dtr": True},
    "lines.idle": {"dtr": False},
    "lines.remote": ["dtr"],
    "lines.report": {"ri": True},
    "max_clients": 2,
    "max_per_source": 2,
    "mode": "0660",
    "overlay": True,
    "owner": "0",
    "packets.char": "\r",
    "packets.chars": "\r",
    "password": _HASH,
    "rs485": True,
    "sequences": {"reset": "dtr=off 100ms dtr=on"},
    "stopbits": 2,
    "targets": ["127.0.0.1:9"],
    "tls": "site",
}
"""Values of options whose kind does not tell one."""

NEEDS: Mapping[str, Values] = {
    "away_age": {"away_buffer": 1024},
    "interface": {"targets": ["239.0.0.1:9"]},
    "linger": {"when": "device-open"},
    "reply_window": {"send_to": "asker"},
    "turn": {"exclusive": True},
}
"""What must stand beside an option for it to act."""

ELEMENT = {"e": {"protocol": "modbus-rtu", "connections": {"0": {"share": "a"}}}}
"""An element on the share."""

SETS = {"site": {"certificate": "site.pem"}}
"""What listeners with `tls` name."""

KINDS_SAY = {*DEVICE_KINDS, "mode", "transport", "endpoint", "to", "telnet_role"}
"""Keys that say what something is, and no rows."""

WHOLE = {"keepalive", "rs485", "capture"}
"""Mappings that are one row."""


class Case(NamedTuple):
    """Something that cannot act where it stands.

    Args:
        option: the place of it in the share.
        where: what it stands beside, in words.
        share: the values of the share.
    """

    option: str
    where: str
    share: Values


def case(option: str, where: str, device: Values, *listen: Values, **share: Any) -> Case:
    """Return a case on a share with this device and these listeners."""
    return Case(option, where, {"device": device, "listen": list(listen) or [LISTENERS["raw"]], **share})


_PORT, _LOOP, _RAW, _RFC = DEVICES["port"], DEVICES["loop"], LISTENERS["raw"], LISTENERS["rfc2217"]
_UDP, _UNIX = LISTENERS["udp"], LISTENERS["unix"]
_ON_DEMAND = {**_PORT, "open": "on-demand"}
_CALL = {"to": ["h:1"]}
_WATCH, _SEND = {**_RAW, "access": "read"}, {**_RAW, "access": "write"}

CASES: tuple[Case, ...] = (
    case("buffer", "`open: on-demand`", _ON_DEMAND, buffer="8KiB"),
    case("replay", "`open: on-demand`", _ON_DEMAND, replay="1KiB"),
    case("replay", "only listeners with `access: write`", _PORT, _SEND, replay="1KiB"),
    case("packets", "only listeners with `access: write`", _PORT, _SEND, packets={"size": 9}),
    case("packets", "it is empty", _PORT, packets={}),
    case("buffer", "only listeners with `access: write`", _PORT, _SEND, buffer="8KiB"),
    case(
        "sharing.slow_client",
        "only listeners with `access: write`",
        _PORT,
        _SEND,
        sharing={"slow_client": {"limit": "2MiB"}},
    ),
    case(
        "sharing.slow_client.timeout",
        "`policy: pause-device`",
        _PORT,
        sharing={"slow_client": {"policy": "pause-device", "timeout": "5s"}},
    ),
    case("packets.size", "UDP alone, above 65507", _PORT, _UDP, packets={"size": "64KiB", "hold": "1s"}),
    case("packets.hold", "`packets.size: 1`", _PORT, packets={"size": 1, "hold": "1s"}),
    case("packets.gap", "a shorter `packets.hold`", _PORT, packets={"gap": "2s", "hold": "1s"}),
    case("buffer", "`send_to: none`", _PORT, sharing={"send_to": "none"}, buffer="8KiB"),
    case("sharing.turn", "no turns are taken", _PORT, sharing={"turn": "1s"}),
    case("sharing.reply_window", "nobody waits for an answer", _PORT, sharing={"reply_window": "1s"}),
    case(
        "sharing.exclusive",
        "`receive_from: none`",
        _PORT,
        sharing={"exclusive": True, "receive_from": "none"},
    ),
    case(
        "sharing.exclusive",
        "one client alone that may send",
        _PORT,
        {**_RAW, "max_clients": 1},
        {**_WATCH, "port": 7002},
        sharing={"exclusive": True},
    ),
    case("sharing.arbitrate", "no element on the share", _PORT, sharing={"arbitrate": "message"}),
    case(
        "sharing.send_to",
        "`asker`, where nobody may send and read",
        _PORT,
        _SEND,
        {**_WATCH, "port": 7002},
        sharing={"send_to": "asker"},
    ),
    case(
        "sharing.receive_from",
        "`first`, with `targets` that may send",
        _PORT,
        {**_UDP, "targets": ["127.0.0.1:9"]},
        sharing={"receive_from": "first"},
    ),
    case("sharing.send_to", "`max_clients: 1`", _PORT, sharing={"send_to": "last", "max_clients": 1}),
    case(
        "sharing.settings", "no listener with `mode: rfc2217`", _PORT, sharing={"settings": {"notify": True}}
    ),
    case("sharing.control", "no listener with `mode: rfc2217`", _PORT, sharing={"control": "last"}),
    case(
        "sharing.control",
        "only `access: read` with `mode: rfc2217`",
        _PORT,
        {**_RFC, "access": "read"},
        sharing={"control": "last"},
    ),
    case(
        "sharing.settings.restore",
        "`control: none`",
        _PORT,
        _RFC,
        sharing={"control": "none", "settings": {"restore": True}},
    ),
    case("sharing.refused", "no listener with `mode: rfc2217`", _PORT, sharing={"refused": "actual"}),
    case("device.lines.remote", "no listener with `mode: rfc2217`", {**_PORT, "lines": {"remote": []}}),
    case("device.lines.report", "no listener with `mode: rfc2217`", {**_PORT, "lines": {"report": {}}}),
    case(
        "sharing.settings.restore",
        "`settings.remote: false`",
        _PORT,
        _RFC,
        sharing={"settings": {"remote": False, "restore": True}},
    ),
    case(
        "sharing.control",
        "nothing that may be changed",
        {**_PORT, "lines": {"remote": []}},
        _RFC,
        sharing={"control": "last", "settings": {"remote": False}},
    ),
    case("device.strict_baudrate", "a real port", {**_PORT, "strict_baudrate": True}),
    case("device.overlay", "a real port", {**_PORT, "overlay": True}),
    case("device.baudrate", "a virtual port", {**DEVICES["virtual"], "baudrate": 9600}),
    case("device.away_buffer", "a virtual port", {**DEVICES["virtual"], "away_buffer": 1}),
    case("device.sequences", "a remote raw port", {**DEVICES["tcp"], "sequences": {"a": "dtr=on"}}),
    case("device.on_unplug", "a loop", {**_LOOP, "on_unplug": "close"}),
    case("device.away_buffer", "a simulated device", {**DEVICES["sim"], "away_buffer": 1}),
    case("device.away_buffer", "only listeners with `access: read`", {**_PORT, "away_buffer": 1}, _WATCH),
    case(
        "device.away_buffer",
        "`receive_from: none`",
        {**_PORT, "away_buffer": 1},
        sharing={"receive_from": "none"},
    ),
    case("device.away_age", "no `away_buffer`", {**_PORT, "away_age": "1s"}),
    case("device.flow", "`rs485`", {**_PORT, "flow": "rtscts", "rs485": True}),
    case(
        "device.lines.idle.rts",
        "`flow: rtscts`",
        {**_PORT, "flow": "rtscts", "lines": {"idle": {"rts": True}}},
    ),
    case("device.lines.idle.rts", "`rs485`", {**_PORT, "rs485": True, "lines": {"idle": {"rts": True}}}),
    case("device.sequences.a", "`flow: rtscts`", {**_PORT, "flow": "rtscts", "sequences": {"a": "rts=on"}}),
    case("device.sequences.a", "`rs485`", {**_PORT, "rs485": True, "sequences": {"a": "rts=on"}}),
    case("listen[0].when", "a real port", _PORT, {**_RAW, "when": "device-open"}),
    case("listen[0].linger", "no `when: device-open`", DEVICES["virtual"], {**_RAW, "linger": "1s"}),
    case("listen[0].nodelay", "`transport: udp`", _PORT, {**_UDP, "nodelay": True}),
    case("listen[0].keepalive", "`transport: udp`", _PORT, {**_UDP, "keepalive": True}),
    case("listen[0].refusal", "`transport: udp`", _PORT, {**_UDP, "refusal": "text"}),
    case("listen[0].mode", "`transport: udp`", _PORT, {**_UDP, "mode": "rfc2217"}),
    case(
        "listen[0].max_per_source",
        "a smaller `max_clients`",
        _PORT,
        {**_RAW, "max_clients": 2, "max_per_source": 5},
    ),
    case("listen[0].targets", "TCP", _PORT, {**_RAW, "targets": ["127.0.0.1:9"]}),
    case(
        "listen[0].interface",
        "`targets` without groups",
        _PORT,
        {**_UDP, "targets": ["127.0.0.1:9"], "interface": "127.0.0.1"},
    ),
    case("listen[0].allow[0]", "a loopback `host`", _PORT, {**_RAW, "allow": ["10.0.0.7"]}),
    case("listen[0].interface", "no `targets`", _PORT, {**_UDP, "interface": "127.0.0.1"}),
    case(
        "device.open", "`targets`, which are always there", _ON_DEMAND, {**_UDP, "targets": ["127.0.0.1:9"]}
    ),
    case("listen[0].nodelay", "a `unix:` endpoint", _PORT, {**_UNIX, "nodelay": True}),
    case("listen[0].keepalive", "a `unix:` endpoint", _PORT, {**_UNIX, "keepalive": True}),
    case("listen[0].allow", "a `unix:` endpoint", _PORT, {**_UNIX, "allow": ["10.0.0.7"]}),
    case("listen[0].host", "an `endpoint`", _PORT, {**_UNIX, "host": "127.0.0.1"}),
    case("listen[0].tls", "`transport: udp`", _PORT, {**_UDP, "tls": "site"}),
    case("connect.telnet_role", "`mode: raw`", _PORT, connect={**_CALL, "telnet_role": "server"}),
    case("connect.all", "one address", _PORT, connect={**_CALL, "all": True}),
    case("connect.when", "a real port", _PORT, connect={**_CALL, "when": "device-open"}),
    case("connect.when", "no `idle_timeout`", _PORT, connect={**_CALL, "when": "on-demand"}),
    case(
        "connect.lines",
        "`mode: raw`",
        DEVICES["virtual"],
        connect={**_CALL, "lines": {"open": {"dtr": True}}},
    ),
    case(
        "connect.register", "`mode: rfc2217`", _PORT, connect={**_CALL, "mode": "rfc2217", "register": "ID"}
    ),
    case("device.open", "a call that is always there", _ON_DEMAND, connect=_CALL),
    case("listen[0].users", "`transport: udp`", _PORT, {**_UDP, "users": True}),
    case("listen[0].users", "nobody has to log in", _PORT, {**_RAW, "users": False}),
    case("users", "listeners with words of their own", _PORT, {**_RAW, "password": _HASH}, users=True),
    case("listen[0].transport", "a share with `users`", _PORT, _UDP, users=True),
    case("listen[0].max_clients", "fewer places in the share", _PORT, {**_RAW, "max_clients": 17}),
)
"""What the checker says of options that cannot act; each is a row, and a test."""


# What the models have.


def nested(annotation: Any) -> type[Model] | None:
    """Return the model of a mapping, if a field is one."""
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, Model):
            return one
    return None


def options(model: type[Model]) -> Iterator[tuple[str, Any]]:
    """Yield the options of a model, and their schemas; those of mappings in it by dotted names."""
    properties = model.model_json_schema(by_alias=True)["properties"]
    for name, field in model.model_fields.items():
        inner = None if name in WHOLE else nested(field.annotation)
        if inner is None:
            yield name, properties[name]
        else:
            schemas = inner.model_json_schema(by_alias=True)["properties"]
            keys = [inner_field.alias or key for key, inner_field in inner.model_fields.items()]
            yield from ((f"{name}.{key}", schemas[key]) for key in keys)


def value_of(name: str, schema: Mapping[str, Any]) -> Any:
    """Return a value of an option that is not its default."""
    if name in VALUES:
        return VALUES[name]
    choices = [schema, *schema.get("anyOf", ())]
    default = schema.get("default")
    for one in choices:
        if "enum" in one:
            return next(choice for choice in reversed(one["enum"]) if choice != default)
        match one.get("type"):
            case "boolean":
                return not default
            case "integer" | "number":
                return (
                    max(2048, one.get("minimum", 0)) if one.get("maximum", 65535) > 2048 else one["maximum"]
                )
            case "string" if "|ms|" in one.get("pattern", ""):
                return "7s"
    raise LookupError(f"VALUES has nothing for {name}: {schema}")


# What the checker says.


def judged(share: Values, elements: Values | None = None) -> list[Finding]:
    """Return the findings about a share, `a`, beside these elements."""
    config: Values = {"shares": {"a": share}, **({"elements": elements} if elements else {})}
    if any("tls" in way for way in (*share.get("listen", ()), share.get("connect", ()))):
        config["tls"] = SETS
    if any(key in one for one in (share, *share.get("listen", ())) for key in ("users", "groups")):
        config["users"] = {"file": "users.yaml"}
    _, findings = judge(parse_source("gateway.yaml", json.dumps(config).encode()), Path("/base"))
    return [finding for finding in findings if finding.code != "CF09"]  # no file that is named is there


def _placed(values: Values, name: str, value: Any) -> Values:
    """Return values with an option set, and what it needs beside it."""
    values = deepcopy(values)
    *folders, key = name.split(".")
    inner = values
    for folder in folders:
        inner = inner.setdefault(folder, {})
    for other, needed in NEEDS.get(key, {}).items():
        inner.setdefault(other, needed)
    inner[key] = value
    return values


def verdict(share: Values, place: str) -> str:
    """Return what becomes of an option at a place: ``yes``, ``warning``, or ``no``."""
    elements = ELEMENT if "arbitrate" in share.get("sharing", {}) else None
    found = judged(share, elements)
    if any(one.severity == ERROR for one in found):
        return "no"
    paths = [one.path.removeprefix("shares.a.") for one in found]
    here = [
        path for path in paths if f"{path}.".startswith(f"{place}.") or f"{place}.".startswith(f"{path}.")
    ]
    return "warning" if here else "yes"


# What is drawn.


def _device_rows() -> Iterator[tuple[str, ...]]:
    names: dict[str, Any] = {}
    for model in DEVICE_KINDS.values():
        names |= {name: schema for name, schema in options(model) if name not in DEVICE_KINDS}
    for name, schema in names.items():
        cells = []
        for device in DEVICES.values():
            values = _placed(device, name, value_of(name, schema))
            share = {"device": values, "listen": [{"port": 7001}, {"port": 7002, "mode": "rfc2217"}]}
            cells.append(verdict(share, f"device.{name}"))
        yield code(name), *cells


def devices() -> str:
    """Draw the options of devices."""
    return table(("option of `device`", *map(code, DEVICES)), _marked(_device_rows()))


def _listener_rows() -> Iterator[tuple[str, ...]]:
    for name, schema in options(ListenerModel):
        if name in KINDS_SAY:
            continue
        cells = []
        for listener in LISTENERS.values():
            values = _placed(listener, name, value_of(name, schema))
            share = {"device": DEVICES["virtual"], "listen": [values]}
            cells.append(verdict(share, f"listen[0].{name}"))
        yield code(name), *cells


_WAYS = ("raw", "RFC 2217", "UDP", "`unix:`")


def listeners() -> str:
    """Draw the options of listeners."""
    return table(("option of `listen`", *_WAYS), _marked(_listener_rows()))


def _call_rows() -> Iterator[tuple[str, ...]]:
    properties = ConnectModel.model_json_schema(by_alias=True)["properties"]
    for key in properties:
        if key in KINDS_SAY:
            continue
        value = CALL_VALUES[key] if key in CALL_VALUES else value_of(key, properties[key])
        cells = []
        for call in CALLS.values():
            share = {"device": DEVICES["virtual"], "connect": {**call, key: value}}
            cells.append(verdict(share, f"connect.{key}"))
        yield code(key), *cells


def calls() -> str:
    """Draw the options of calls."""
    ways = ("raw", "RFC 2217, as its client", "RFC 2217, as its server", "UDP")
    return table(("option of `connect`", *ways), _marked(_call_rows()))


def _share_rows() -> Iterator[tuple[str, ...]]:
    found = [(f"sharing.{name}", name, schema) for name, schema in options(SharingModel)]
    found += [
        (name, name, schema)
        for name, schema in options(ShareModel)
        if name.partition(".")[0] not in ("device", "listen", "connect", "sharing")
    ]
    for path, name, schema in found:
        cells = []
        for listener in LISTENERS.values():
            share = {"device": _PORT, "listen": [listener]}
            values = _placed(share, path, value_of(name, schema))
            cells.append(verdict(values, path))
        yield code(path), *cells


def shares() -> str:
    """Draw the options of shares."""
    return table(("option of a share", *_WAYS), _marked(_share_rows()))


def _marked(rows: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    marks = {"no": "", "warning": "(yes)"}
    for name, *cells in rows:
        yield name, *(marks.get(cell, cell) for cell in cells)


def cases() -> str:
    """Draw what cannot act, and what is said of it."""
    rows = []
    for one in CASES:
        (found,) = judged(one.share)
        hint = f" ({found.hint})" if found.hint else ""
        rows.append((code(one.option), one.where, found.severity, f"{found.message}{hint}"))
    return table(("option", "beside, or on", "is", "what `check` says"), rows)


DRAWINGS: dict[str, Callable[[], str]] = {
    "devices": devices,
    "listeners": listeners,
    "calls": calls,
    "shares": shares,
    "cases": cases,
}


def draw(text: str) -> str:
    """Return the page with its tables made anew."""
    return _DRAWN.sub(lambda found: f"{found[1]}{DRAWINGS[found[2]]()}{found[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(draw(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
