"""What a console of conserver hangs on, as a device of ours."""

from __future__ import annotations

from collections.abc import Callable

from smartserial.convert.consolekeys import Console
from smartserial.convert.remarks import named
from smartserial.convert.substitution import substituted

_BY_HAND = "write the share by hand"
_PARITIES = {"none": "8N", "even": "7E", "odd": "7O", "mark": "7M", "space": "7S"}
"""Parities, with the data bits that conserver takes with them."""
_LARGEST = 99_999_999


class CannotError(Exception):
    """A console that cannot be carried over: the word about it (None: its name), what, why, what to do."""


def device_of(console: Console) -> None:
    """Write the device of a console into its share.

    Raises:
        CannotError: there is no such device here.
    """
    word = console.words.get("type")
    kind = console.text("type")
    if kind not in TYPES:
        raise CannotError(word, "its type", f"expected one of {', '.join(TYPES)}", _BY_HAND)
    TYPES[kind](console)
    if console.flags.get("ondemand"):
        console.share.device["open"] = "on-demand"


def _serial(console: Console) -> None:
    device, flags = console.share.device, console.flags
    device["port"] = _path(console, "device")
    baud = console.text("baud")
    if not baud.isdecimal() or not 1 <= int(baud[:9]) <= 50_000_000:
        raise CannotError(console.words.get("baud"), "its baud", "expected a number", "add it")
    parity = console.text("parity", "none").lower()
    if parity not in _PARITIES:
        expected = f"expected one of {', '.join(_PARITIES)}"
        raise CannotError(console.words["parity"], "its parity", expected, _BY_HAND)
    device["line"] = f"{int(baud)} {_PARITIES[parity]}{2 if flags.get('cstopb') else 1}"
    if flags.get("crtscts"):
        device["flow"] = "rtscts"
    elif flags.get("ixon", True) or flags.get("ixoff", True):
        device["flow"] = "xonxoff"
        if flags.get("ixon", True) != flags.get("ixoff", True):
            console.note(
                console.share.place, "ixon and ixoff", "here flow control is for both ways", "set `flow`"
            )
    device["hupcl"] = flags.get("hupcl", False)


def _host(console: Console) -> None:
    host = console.text("host")
    if not host:
        raise CannotError(None, "its host", "it is missing", "add it")
    port = _final_port(console)
    if not 0 < port < 65536:
        raise CannotError(console.words.get("port"), "its port", f"{port} is no port", "look at portbase")
    protocol = console.text("protocol", "telnet")
    if protocol not in ("telnet", "raw"):
        raise CannotError(console.words["protocol"], "its protocol", "expected telnet or raw", _BY_HAND)
    key = "rfc2217" if protocol == "telnet" else "tcp"
    console.share.device[key] = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _final_port(console: Console) -> int:
    """Work out the port: portbase + portinc * port."""
    numbers = {}
    for key, default in (("portbase", "0"), ("portinc", "1"), ("port", "")):
        text = console.text(key, default)
        if not text.isdecimal() or int(text[:9]) > _LARGEST:
            word = console.words.get(key)
            expected = f"expected a number, found {named(text)}" if text else "it is missing"
            raise CannotError(word, f"its {key}", expected, "give the number of the port")
        numbers[key] = int(text)
    return numbers["portbase"] + numbers["portinc"] * numbers["port"]


def _socket(console: Console) -> None:
    path = _path(console, "uds").replace("\\", "\\\\").replace(":", "\\:")
    console.share.device["endpoint"] = f"unix:{path}"


def _path(console: Console, key: str) -> str:
    """Return a path, with what `devicesubst` or `udssubst` puts in."""
    path, rules = console.text(key), console.words.get(f"{key}subst")
    if not path:
        raise CannotError(None, f"its {key}", "it is missing", "add it")
    if rules is None:
        return path
    values: dict[str, str | int] = {
        "c": console.name,
        "h": console.text("host"),
        "r": console.text("replstring"),
    }
    if console.text("baud").isdecimal():
        values["b"] = int(console.text("baud")[:9])
    if console.text("port").isdecimal():
        values["p"] = int(console.text("port")[:9])
        values["P"] = _final_port(console)
    try:
        return substituted(path, rules.text, values)
    except ValueError as error:
        raise CannotError(rules, f"its {key}subst", str(error), _BY_HAND) from error


def _cannot(why: str) -> Callable[[Console], None]:
    def say(console: Console) -> None:
        raise CannotError(console.words["type"], f"its type {console.text('type')}", why, _BY_HAND)

    return say


TYPES: dict[str, Callable[[Console], None]] = {
    "device": _serial,
    "host": _host,
    "uds": _socket,
    "exec": _cannot("it runs a program, and programs are never run here"),
    "ipmi": _cannot("serial over LAN of IPMI is not spoken"),
    "noop": _cannot("there is nothing behind it"),
}
"""Types of consoles."""
