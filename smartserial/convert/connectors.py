"""What ser2net connects its clients to, as devices of ours."""

from __future__ import annotations

from collections.abc import Callable

from smartserial.convert.accepters import IGNORED, CannotError, mode_of
from smartserial.convert.gensio import Layer, truth
from smartserial.convert.making import Making
from smartserial.convert.remarks import named
from smartserial.convert.ser2net import Stack
from smartserial.convert.seriallines import serial_lines

_BY_HAND = "write the share by hand"
NOT_HERE: dict[str, str] = {
    "ipmisol": "serial over LAN of IPMI is not spoken",
    "stdio": "it runs a program, and programs are never run here",
    "ssl": "connections to a device have no encryption",
}
"""Kinds of devices that nothing here can take the place of, and why."""


def device_of(making: Making, stack: Stack) -> None:
    """Write the device for a connector into the share.

    Raises:
        CannotError: there is no such device here.
    """
    telnet, kept = False, False
    for layer in stack.layers[:-1]:
        if layer.kind in ("telnet", "rfc2217"):
            telnet = True
        elif layer.kind == "keepopen":
            kept = True
        elif layer.kind in IGNORED:
            making.lost(stack.place, f"layer {layer.kind}", "it changes nothing", "leave it out")
        else:
            raise CannotError(NOT_HERE.get(layer.kind, f"{layer.kind} is not spoken"), _BY_HAND)
    bottom = stack.layers[-1]
    kind = f"telnet,{bottom.kind}" if telnet else bottom.kind
    if kind not in _DEVICES:
        raise CannotError(NOT_HERE.get(bottom.kind, f"{kind} is no device here"), _BY_HAND)
    _DEVICES[kind](making, stack, bottom)
    if kept:
        _keep_open(making, stack)


def _keep_open(making: Making, stack: Stack) -> None:
    """Keep clients when the device goes; that it is tried again is always so."""
    making.share.device.pop("on_unplug", None)
    making.note(
        stack.place,
        "keepopen",
        "here a device is always tried again, each second; what clients send meanwhile is counted and thrown"
        " away",
        "`away_buffer` keeps it",
    )


def _serial(making: Making, stack: Stack, layer: Layer) -> None:
    if not layer.words:
        raise CannotError("expected the path of a device behind serialdev", _BY_HAND)
    path, *words = layer.words
    device = making.share.device
    lines = device.pop("lines", {})
    device["port"] = path
    serial_lines(making, stack, words)
    if isinstance(lines, dict) and lines:
        kept = device.get("lines", {})
        device["lines"] = {**lines, **(kept if isinstance(kept, dict) else {})}
    _opened(making)


def _opened(making: Making) -> None:
    """Open the device with the first client and close it with the last, and clients with the device."""
    making.share.device["open"] = "on-demand"
    making.share.device["on_unplug"] = "close"


def _remote(making: Making, stack: Stack, layer: Layer, kind: str) -> None:
    words = layer.words[1:] if layer.words and layer.words[0] in ("ipv4", "ipv6", "ipv6n4") else layer.words
    if len(words) != 2:
        raise CannotError(f"expected a host and a port behind {layer.kind}", _BY_HAND)
    host, port = words
    if not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65536:
        raise CannotError(f"expected a port from 1 to 65535, found {named(port)}", _BY_HAND)
    device = {kind: f"[{host}]:{port}" if ":" in host else f"{host}:{port}"}
    making.share.device = {**device, **making.share.device}
    _opened(making)


def _tcp(making: Making, stack: Stack, layer: Layer) -> None:
    _remote(making, stack, layer, "tcp")


def _udp(making: Making, stack: Stack, layer: Layer) -> None:
    _remote(making, stack, layer, "udp")


def _telnet(making: Making, stack: Stack, layer: Layer) -> None:
    _remote(making, stack, layer, "rfc2217")


def _echo(making: Making, stack: Stack, layer: Layer) -> None:
    making.share.device = {"loop": True, **making.share.device}


def _unix(making: Making, stack: Stack, layer: Layer) -> None:
    if len(layer.words) != 1:
        raise CannotError("expected the path of a socket behind unix", _BY_HAND)
    path = layer.words[0].replace("\\", "\\\\").replace(":", "\\:")
    making.share.device = {"endpoint": f"unix:{path}", **making.share.device}
    _opened(making)


def _virtual(making: Making, stack: Stack, layer: Layer) -> None:
    """Make the port that programs open; one that starts a program itself is none."""
    if layer.words:
        raise CannotError("it runs a program, and programs are never run here", _BY_HAND)
    link = layer.option("link")
    if not link:
        raise CannotError("expected the path of a link for programs to open", "name one by `pty(link=PATH)`")
    making.share.device = {"virtual": link, **making.share.device}
    device = making.share.device
    for name in ("owner", "group"):
        if said := layer.option(name):
            device[name] = said
    if mode := mode_of(layer):
        device["mode"] = "0" + "".join(str(int(digit) & 6) for digit in mode)
    making.note(
        stack.place,
        "pty",
        "the link is there all the time, and not only while a client is connected; the terminal is raw from"
        " the start",
        "nothing to do",
    )
    forced = layer.option("forcelink")
    if forced is not None and truth(forced) is not False:
        why = "what somebody else has put there is never taken away"
        making.lost(stack.place, "forcelink of pty", why, "look whether something is there")
    for name, _ in layer.options:
        if name not in _PTY_OPTIONS:
            making.lost(
                stack.place, f"option {named(name)} of pty", "there is nothing like it here", "leave it out"
            )


_PTY_OPTIONS = frozenset(
    {"forcelink", "gmode", "group", "link", "omode", "owner", "perm", "raw", "readbuf", "umode"}
)
_DEVICES: dict[str, Callable[[Making, Stack, Layer], None]] = {
    "serialdev": _serial,
    "pty": _virtual,
    "tcp": _tcp,
    "udp": _udp,
    "unix": _unix,
    "echo": _echo,
    "telnet,tcp": _telnet,
}
CONNECTORS = frozenset({"serialdev", "tcp", "udp", "unix", "echo", "telnet", "pty", "keepopen"}) | frozenset(
    NOT_HERE
)
"""Kinds of connectors that are known here."""
