"""One share from words on a command line, by the same models as a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from smartserial.config.devices import DEVICE_KINDS
from smartserial.config.findings import FindingsError
from smartserial.config.judge import judge
from smartserial.config.source import Place, Source
from smartserial.config.values import read_seconds
from smartserial.findings import ERROR, Finding, did_you_mean
from smartserial.lines import parse_short_form
from smartserial.settings import Device, GatewaySettings, PortDevice

_TWISTED = {"tcp6", "ssl", "tls", "unix", "host", "systemd", "stdio", "haproxy", "fd"}  # its own endpoints
_KINDS = {"serial": "port", "pty": "virtual"}
_KEY = re.compile(r"`(\w+): (\w+)`")
_LISTENER = re.compile(r"(?:(?:\[([^\]]+)\]|([^:=]+)):)?([0-9]{1,9})")  # PORT, HOST:PORT, [HOST]:PORT
_COLON = re.compile(r"(?<!\\):")
_OPTION = re.compile(r"(\w+)=(.*)", re.DOTALL)
_WORDS: dict[str, Any] = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


_OF_SHARES = {
    "open",
    "on_unplug",
    "on_busy",
    "sequences",
    "away_buffer",
    "away_age",
}  # rules of a share, not of its device


class FlagSource(Source):
    """Values that come from flags: a finding names the flag instead of a line."""

    def finding(self, place: Place, *args: Any, **options: Any) -> Finding:
        """Return a finding about what a flag said."""
        finding = super().finding(place, *args, **options)
        if place[:1] == ("elements",):
            hint = _KEY.sub(r"`\1=\2`", finding.hint)
            return replace(finding, path=_flag_of_element(place), hint=hint)
        return replace(
            finding, path=_flag(place), hint=finding.hint.replace("`insecure: true`", "--insecure")
        )


def _flag_of_element(place: Place) -> str:
    """Return the flag that a value of the element came from, with the words of it that are meant."""
    section = str(place[2]) if len(place) > 2 else ""
    words = " ".join(str(part) for part in place[3:] if part != "device")
    flag = {"connections": "--connection", "options": "--protocol-option"}.get(section, "--protocol")
    return f"{flag} {words}".rstrip()


def _flag(place: Place) -> str:
    """Return the flag that a value came from, with the word of it that is meant."""
    if place[:1] == ("console",):
        return "--console"
    words = [str(part) for part in place[3:] if not isinstance(part, int)]
    if len(place) < 3 or place[2] == "sharing":
        return "--max-clients" if len(place) > 2 else ""
    if words == ["mode"]:
        return "--mode"
    flag = {"device": "--device", "connect": "--connect"}.get(str(place[2]), "--listen")
    return flag if words == ["to"] else f"{flag} {' '.join(words)}".rstrip()


def value_of(word: str) -> Any:
    """Read a number, or a word for true or false; anything else is a text."""
    if re.fullmatch(r"-?[0-9]{1,18}", word):
        return int(word)
    if re.fullmatch(r"[0-9]{1,18}\.[0-9]{1,18}", word):
        return float(word)
    return _WORDS.get(word, word)


def _device_values(kind: str, words: Sequence[str], options: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a device; what is said twice, or too much, becomes a value that is refused."""
    joined = ":".join(words)
    named: Any = True if kind == "loop" and not joined else joined
    values: dict[str, Any] = {key: value_of(word) for key, word in options.items()}
    values[kind] = [named, values[kind]] if kind in values else named
    return values


def split_words(text: str) -> tuple[str, list[str], dict[str, str]]:
    """Split ``KIND:WORD:KEY=VALUE``; a backslash keeps a colon in its word."""
    parts = [part.replace("\\:", ":") for part in _COLON.split(text)]
    options = {m[1]: m[2] for part in parts[1:] if (m := _OPTION.fullmatch(part))}
    return parts[0], [part for part in parts[1:] if not _OPTION.fullmatch(part)], options


def device_of(text: str, flag: str = "--device") -> dict[str, Any]:
    """Read a device string, as in ``serial:/dev/ttyS0:baudrate=9600``.

    Raises:
        FindingsError: its kind is misspelt; the finding names the flag.
    """
    prefix, words, options = split_words(text)
    kind = _KINDS.get(prefix, prefix)
    if kind in DEVICE_KINDS and kind != "endpoint":
        return _device_values(kind, words, options)
    known = ("serial", "pty", "tcp", "udp", "rfc2217", "sim", "loop")
    if prefix not in _TWISTED and (hint := did_you_mean(prefix, known)):
        finding = Finding("twistd smartserial", 0, 0, flag, "CF03", ERROR, f"unknown kind {prefix!r}", hint)
        raise FindingsError([finding])
    return {"endpoint": text}


def _listener(text: str) -> dict[str, Any]:
    """Read a port, HOST:PORT, the same after ``udp:``, or an endpoint string.

    Endpoints of ``tcp:`` become ordinary listeners.
    """
    udp = text.startswith("udp:")
    match = _LISTENER.fullmatch(text.removeprefix("udp:"))
    if match and (udp or match[2] != "tcp"):
        host = match[1] or match[2]
        over = {"transport": "udp"} if udp else {}
        return {"port": int(match[3]), **({"host": host} if host else {}), **over}
    if udp:
        what = f"expected udp:PORT or udp:HOST:PORT, found {text!r}"
        raise FindingsError([Finding("twistd smartserial", 0, 0, "--listen", "CF03", ERROR, what)])
    prefix, words, options = split_words(text)
    port = options.get("port") or (words[0] if words else "")
    if prefix == "tcp" and re.fullmatch("[0-9]{1,9}", port) and not options.keys() - {"port", "interface"}:
        return {"port": int(port), "host": options.get("interface") or "any"}
    if text and not re.match(r"[a-z0-9]+:", text):
        what = f"expected PORT, HOST:PORT, udp: and one of these, or an endpoint, found {text!r}"
        raise FindingsError([Finding("twistd smartserial", 0, 0, "--listen", "CF03", ERROR, what)])
    return {"endpoint": text}


def _called(texts: Sequence[str]) -> dict[str, Any]:
    """Read addresses that are called, all of them after ``udp:`` or none."""
    if all(text.startswith("udp:") for text in texts):
        return {"to": [text.removeprefix("udp:") for text in texts], "transport": "udp"}
    return {"to": list(texts)}


def one_share(
    device: str,
    listen: Sequence[str],
    mode: str,
    *,
    insecure: bool = False,
    max_clients: str | None = None,
    console: str | None = None,
    connect: Sequence[str] = (),
) -> tuple[GatewaySettings, list[Finding]]:
    """Return the settings of one share that is given by flags, and the warnings.

    Raises:
        FindingsError: with everything that is wrong.
    """
    name = "device"
    share: dict[str, Any] = {
        "device": device_of(device),
        "listen": [{**_listener(text), "mode": mode, "insecure": insecure} for text in listen],
        **({"connect": {**_called(connect), "mode": mode}} if connect else {}),
    }
    if connect and not listen:
        del share["listen"]
    if max_clients is not None:
        share["sharing"] = {"max_clients": value_of(max_clients)}
    values: dict[str, Any] = {"shares": {name: share}}
    if console is not None:
        values["console"] = {"telnet": value_of(console), "insecure": insecure}
    settings, findings = judge(FlagSource("twistd smartserial", values), Path.cwd())
    if settings is None:
        raise FindingsError(findings)
    return settings, findings


def device_from_words(kind: str, words: Sequence[str], options: Mapping[str, str]) -> Device:
    """Return the settings of a device that is given by an endpoint string.

    Raises:
        ValueError: with everything that is wrong.
    """
    for key in sorted(_OF_SHARES & options.keys()):
        raise ValueError(f"{key}: unknown key")
    share = {"device": _device_values(kind, words, options), "listen": [{"port": 0}]}
    settings, findings = judge(FlagSource("endpoint", {"shares": {"device": share}}), Path.cwd())
    if settings is None:
        raise ValueError("; ".join(_in_short(finding) for finding in findings if finding.severity == ERROR))
    return settings.shares[0].device


def line_from_words(options: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of a line that words such as ``baudrate=9600`` give, named as in `LineSettings`.

    Raises:
        ValueError: with everything that is wrong.
    """
    device = device_from_words("port", ["any"], options)
    assert isinstance(device, PortDevice)
    names = {name for name in options if name != "line"}
    names |= parse_short_form(options["line"]).keys() if "line" in options else set()
    return {name: getattr(device.line, name) for name in sorted(names)}


def seconds_from_word(word: str) -> float:
    """Read a time with its unit, such as ``100ms``.

    Raises:
        ValueError: it is something else.
    """
    try:
        return read_seconds(word)
    except PydanticCustomError as error:
        raise ValueError(error.message()) from error


def _in_short(finding: Finding) -> str:
    hint = f" ({finding.hint})" if finding.hint else ""
    return f"{finding.path.removeprefix('--device').strip()}: {finding.message}{hint}".lstrip(": ")
