"""How clients come to ser2net, as listeners of ours."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from smartserial.convert.form import Mapping
from smartserial.convert.gensio import Layer, truth
from smartserial.convert.making import Making
from smartserial.convert.remarks import named
from smartserial.convert.ser2net import Stack
from smartserial.sharing.access import loopback

_WIDE = {"": "::", "ipv4": "0.0.0.0", "ipv6": "::", "ipv6n4": "::"}  # the addresses of a family
_BY_HAND = "write its listener by hand"
_OWN_MODE = "600"  # of a socket under the usual umask
_CERTIFICATES = "/etc/ser2net/ser2net"  # the default over there
LAYERS: dict[str, str] = {
    "certauth": "clients that log in with certificates of gensio are not spoken to",
    "dummy": "it is there for a rotator alone, and takes no clients",
    "mux": "channels of gensio in one connection are not spoken",
    "relpkt": "packets of gensio are not spoken",
    "sctp": "SCTP is not spoken",
    "stdio": "a service has no standard input",
}
"""Layers that nothing here can take the place of, and why."""

IGNORED = frozenset({"perf", "ratelimit", "trace"})
"""Layers that clients do not notice."""

ACCEPTER_OPTIONS: dict[str, str] = {
    "delsock": "a socket that was left behind is always taken",
    "laddr": "it is the address that stands behind `tcp`",
    "readbuf": "buffers are found by need",
    "reuseaddr": "it is always so",
}
"""Options of accepters that need nothing here, and why."""


class CannotError(Exception):
    """What cannot be carried over at all: why, and what to do about it."""


def listener_of(making: Making, stack: Stack) -> Mapping:
    """Return the listener for an accepter.

    Raises:
        CannotError: clients of this accepter cannot be served.
    """
    listener: Mapping = {"mode": "raw"}
    for layer in stack.layers[:-1]:
        if layer.kind in ("telnet", "rfc2217"):
            listener["mode"] = "rfc2217"
            _telnet(making, layer)
        elif layer.kind == "ssl":
            making.share.tls = _encryption(making, layer)
        elif layer.kind in IGNORED:
            making.lost(
                stack.place, f"layer {layer.kind}", "it does not change what clients see", "leave it out"
            )
        else:
            raise CannotError(LAYERS.get(layer.kind, f"{layer.kind} is not spoken"), _BY_HAND)
    bottom = stack.layers[-1]
    if bottom.kind not in _BOTTOMS:
        raise CannotError(LAYERS.get(bottom.kind, f"{bottom.kind} takes no clients here"), _BY_HAND)
    if bottom.kind != "tcp" and making.share.tls:
        raise CannotError("only TCP is encrypted", _BY_HAND)
    if bottom.kind == "udp" and listener["mode"] != "raw":
        raise CannotError("telnet over UDP is not spoken", _BY_HAND)
    _BOTTOMS[bottom.kind](making, stack, bottom, listener)
    if listener["mode"] == "raw":
        del listener["mode"]  # the default
    return listener


def _telnet(making: Making, layer: Layer) -> None:
    """Say what clients may change: without RFC 2217 a break is all that telnet knows."""
    said = "" if layer.kind == "rfc2217" else layer.option("rfc2217")
    said = making.connection.default("telnet", "rfc2217") if said is None else said
    if said is None or truth(said) is not True:
        making.share.sharing["settings"] = {"remote": False}
        making.share.device["lines"] = {"remote": ["break"]}
    elif making.share.sharing["max_clients"] != 1:
        making.share.sharing["control"] = "anyone"


def _encryption(making: Making, layer: Layer) -> Mapping:
    """Return the set of files that encryption needs; passwords of keys are not carried over.

    Raises:
        CannotError: clients have certificates that nothing here can judge in the same way.
    """

    def said(name: str) -> str:
        own = layer.option(name.lower())
        return (making.connection.default("ssl", name.lower()) if own is None else own) or ""

    wants = layer.option("clientauth")
    wants = making.connection.default("ssl", "clientauth") if wants is None else wants
    if wants is not None and truth(wants) is not False:
        raise CannotError(
            "clients show certificates that are judged one by one, and here by who has signed them",
            "sign them, and name the file of who has as `authorities` of a set in `tls`",
        )
    files: Mapping = {"certificate": said("cert") or f"{_CERTIFICATES}.crt"}
    files["key"] = said("key") or (f"{_CERTIFICATES}.key" if not said("cert") else said("cert"))
    return files


def _network(making: Making, stack: Stack, layer: Layer, listener: Mapping) -> None:
    family = layer.words[0] if layer.words and layer.words[0] in _WIDE else ""
    words = layer.words[1:] if family else layer.words
    if not 1 <= len(words) <= 2:
        raise CannotError(f"expected an address and a port behind {layer.kind}", _BY_HAND)
    if layer.kind == "udp":
        listener["transport"] = "udp"
    listener["port"] = _port(words[-1])
    host = _host(making, stack, words[0]) if len(words) == 2 else _WIDE[family]
    if not loopback(host):
        listener["host"] = host
        if not making.share.tls:
            listener["insecure"] = True
            making.note(
                stack.place,
                f"`insecure: true` on port {listener['port']}",
                f"other machines come in by {host} as before, without password or encryption",
                "take `host` and `insecure` away if that was not meant",
            )
        if family == "ipv6" and host == "::":
            listener["allow"] = ["::/0"]
    elif host != "127.0.0.1":
        listener["host"] = host
    _options(making, stack, layer, listener)


def _port(text: str) -> int:
    if not text.isdecimal() or len(text) > 5 or int(text) > 65535:
        raise CannotError(f"expected a port from 0 to 65535, found {named(text)}", "write its number")
    return int(text)


def _host(making: Making, stack: Stack, text: str) -> str:
    if text == "localhost":
        return "127.0.0.1"
    try:
        return str(ip_address(text))
    except ValueError:
        making.lost(
            stack.place,
            f"the address {named(text)}",
            "a listener has the number of an address, and this is a name",
            "set `host` and `insecure: true`; until then it listens on 127.0.0.1",
        )
        return "127.0.0.1"


def _options(making: Making, stack: Stack, layer: Layer, listener: Mapping) -> None:
    nodelay = layer.option("nodelay")
    nodelay = making.connection.default(layer.kind, "nodelay") if nodelay is None else nodelay
    if layer.kind == "tcp" and nodelay is not None and truth(nodelay) is False:
        listener["nodelay"] = False
    for name, _ in layer.options:
        if name != "nodelay" and name not in ACCEPTER_OPTIONS:
            making.lost(
                stack.place,
                f"option {named(name)} of {layer.kind}",
                "there is nothing like it here",
                "use `allow`, or a firewall" if name.startswith("tcpd") else "look whether it matters",
            )


def _unix(making: Making, stack: Stack, layer: Layer, listener: Mapping) -> None:
    if len(layer.words) != 1:
        raise CannotError("expected the path of a socket behind unix", _BY_HAND)
    path = layer.words[0].replace("\\", "\\\\").replace(":", "\\:")
    listener["endpoint"] = f"unix:{path}:mode={mode_of(layer) or _OWN_MODE}"
    for name in ("owner", "group"):
        if layer.option(name) is not None:
            making.lost(
                stack.place,
                f"option {name} of unix",
                "a socket belongs to the gateway's user",
                "change it after the start, or use a folder with the right group",
            )


def mode_of(layer: Layer) -> str:
    """Return the permissions that a layer names, as three octal digits; empty: none."""
    whole = layer.option("perm")
    if whole is not None and len(whole) == 3 and set(whole) <= set("01234567"):
        return whole
    parts = [layer.option(name) for name in ("umode", "gmode", "omode")]
    if not any(parts):
        return ""
    return "".join(part if part and len(part) == 1 and part in "01234567" else "6" for part in parts)


_BOTTOMS: dict[str, Callable[[Making, Stack, Layer, Mapping], None]] = {
    "tcp": _network,
    "udp": _network,
    "unix": _unix,
}
ACCEPTERS = frozenset(_BOTTOMS) | {"telnet", "rfc2217"} | IGNORED | frozenset(LAYERS)
"""Kinds of layers that are known here."""
