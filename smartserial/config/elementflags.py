"""One element from words on a command line, by the same models as a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smartserial.catalog import Catalog
from smartserial.config.devices import DEVICE_KINDS
from smartserial.config.findings import FindingsError
from smartserial.config.flags import FlagSource, device_of, value_of
from smartserial.config.judge import judge
from smartserial.errors import ConfigError, DefinitionError
from smartserial.findings import ERROR, Finding
from smartserial.settings import GatewaySettings

_CONNECTION = re.compile(r"([0-9]{1,5})=(.+)", re.DOTALL)
_OPTION = re.compile(r"([^=]+)=(.*)", re.DOTALL)
_COMMA = re.compile(r",(?=\w+=)")
_NETWORK = re.compile(r"(tcp|udp):(?:\[([^\]]+)\]|([^:\[\]]+))(?::([^:]*))?", re.DOTALL)
_WANTED = "N=tcp:HOST:PORT, N=udp:HOST:PORT or N=DEVICE, with ,KEY=VALUE behind it"
_LISTS = ("allowed_addresses",)  # they are said once for each value
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def _wrong(flag: str, message: str, code: str = "CF03") -> FindingsError:
    return FindingsError([Finding("twistd smartserial", 0, 0, flag, code, ERROR, message)])


def name_of(protocol: str) -> str:
    """Return the name of the element: that of its device protocol, or what its file is called."""
    try:
        name = Catalog().find(protocol).name
    except (ConfigError, DefinitionError, OSError):
        name = Path(protocol).stem.partition("@")[0]
    return _NO_NAME.sub("-", name).strip("-._") or "element"


def _connection(text: str) -> tuple[str, dict[str, Any]]:
    """Read ``N=WHERE,KEY=VALUE,...``.

    Raises:
        FindingsError: it has another form.
    """
    match = _CONNECTION.fullmatch(text)
    if match is None:
        raise _wrong("--connection", f"expected {_WANTED}, found {text!r}")
    number, (where, *options) = match[1], _COMMA.split(match[2])
    values = _carrier(f"--connection {number}", where)
    for option in options:
        key, _, word = option.partition("=")
        if key in _LISTS:
            values.setdefault(key, []).append(word)
        elif key in values or key in DEVICE_KINDS:
            raise _wrong(f"--connection {number} {key}", "this is said twice, or has another place", "CF05")
        else:
            values[key] = value_of(word)
    return number, values


def _carrier(flag: str, where: str) -> dict[str, Any]:
    kind = where.partition(":")[0]
    if kind == "share":
        raise _wrong(flag, "expected a network address or a device; shares are for configuration files")
    if kind not in ("tcp", "udp"):
        return {"device": device_of(where, flag)}
    match = _NETWORK.fullmatch(where)
    if match is None:
        raise _wrong(flag, f"expected {kind}:HOST:PORT, found {where!r}")
    port = {} if match[4] is None else {"port": value_of(match[4])}
    return {"type": kind, "host": match[2] or match[3], **port}


def _options(texts: Sequence[str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for text in texts:
        match = _OPTION.fullmatch(text)
        if match is None:
            raise _wrong("--protocol-option", f"expected KEY=VALUE, found {text!r}")
        if match[1] in options:
            raise _wrong(f"--protocol-option {match[1]}", "this is said twice", "CF05")
        options[match[1]] = match[2]
    return options


def one_element(
    protocol: str,
    connections: Sequence[str] = (),
    options: Sequence[str] = (),
    *,
    insecure: bool = False,
    console: str | None = None,
) -> tuple[GatewaySettings, list[Finding]]:
    """Return the settings of one element that is given by flags, and the warnings.

    Args:
        protocol: a name, a name and a version, or a path.
        connections: as in ``0=tcp:any:7001,insecure=true``; without one the definition's defaults count.
        options: of the device protocol, as ``KEY=VALUE``.
        insecure: operators at the console may change things by telnet.
        console: where that is.

    Raises:
        FindingsError: with everything that is wrong.
    """
    said: dict[str, Any] = {}
    for number, values in map(_connection, connections):
        if number in said:
            raise _wrong(f"--connection {number}", "this is said twice", "CF05")
        said[number] = values
    element = {"protocol": protocol, "connections": said, "options": _options(options)}
    whole: dict[str, Any] = {"elements": {name_of(protocol): element}}
    if console is not None:
        whole["console"] = {"telnet": value_of(console), "insecure": insecure}
    settings, findings = judge(FlagSource("twistd smartserial", whole), Path.cwd())
    if settings is None:
        raise FindingsError(findings)
    return settings, findings
