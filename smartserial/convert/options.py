"""The options of a connection of ser2net, one entry each."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address

from smartserial.convert.form import Value
from smartserial.convert.gensio import parse_gensio, truth
from smartserial.convert.making import Making
from smartserial.convert.remarks import named
from smartserial.convert.ser2net import Option
from smartserial.convert.texts import file_of, text_of

Carry = Callable[[Making, Option], None]
"""Writes an option into a share, or says why not."""

_LONGEST_DELAY = 20_000  # microseconds, the default of chardelay-max
_MOST_HELD = 65_536
_FOR_EVER = "365d"
_DONE = "nothing to do"
_NUMBER = re.compile(r"[0-9]{1,9}")


def number_of(making: Making, option: Option) -> int | None:
    """Return a number; None if it is none, with a remark."""
    if _NUMBER.fullmatch(option.value.strip()) is None:
        making.lost(option.place, option.name, "expected a number", "set it by hand")
        return None
    return int(option.value)


def switch_of(making: Making, option: Option) -> bool:
    """Return a switch; false if it is none, with a remark."""
    on = truth(option.value)
    if on is None:
        making.lost(option.place, option.name, "expected true or false", "set it by hand")
    return bool(on)


def _missing(why: str, cure: str) -> Carry:
    """Return what says that nothing here is like an option; one that is switched off is not missed."""

    def carry(making: Making, option: Option) -> None:
        if option.value and truth(option.value) is not False:
            making.lost(option.place, option.name, why, cure)

    return carry


def _nothing(making: Making, option: Option) -> None:
    """Do nothing: what it asks for is so, or is of no use here."""


def _kick_old_user(making: Making, option: Option) -> None:
    if not switch_of(making, option):
        making.share.sharing.pop("when_full", None)
        return
    making.share.sharing["when_full"] = "kick-oldest"
    if making.share.sharing["max_clients"] != 1:
        making.note(option.place, option.name, "here the oldest client goes, and not all of them", _DONE)


def _max_connections(making: Making, option: Option) -> None:
    number = number_of(making, option)
    if number:
        making.share.sharing["max_clients"] = number
    if number and number > 1:
        making.note(
            option.place,
            option.name,
            "a client that does not read is closed here, and does not hold back the others",
            "`slow_client: {policy: pause-device}` is the old way",
        )


def _one_way(access: str) -> Carry:
    def carry(making: Making, option: Option) -> None:
        if not switch_of(making, option):
            return
        for listener in making.share.listen:
            if listener.setdefault("access", access) != access:
                listener["access"] = "read"  # neither way
                making.share.sharing["send_to"] = "none"

    return carry


def _remote_addresses(making: Making, option: Option) -> None:
    """Let in the addresses that are named; if none of them can be, this machine alone."""
    allow: list[Value] = []
    for text in filter(None, (part.strip() for part in option.value.split(";"))):
        words = [word.strip() for word in text.removeprefix("!").split(",")]
        words = words[1:] if words[0] in ("ipv4", "ipv6", "ipv6n4", "tcp", "udp") else words
        try:
            address = str(ip_address(words[0]))
        except ValueError:
            making.lost(
                option.place,
                f"{option.name} {named(text)}",
                "clients are let in by the numbers of their addresses",
                "add the address to `allow`",
            )
            continue
        allow.append(address)
        if text.startswith("!") or words[1:] not in ([], ["0"]):
            making.lost(
                option.place,
                f"the port of {option.name} {named(text)}",
                "a client is let in whatever its port, and nobody is called back",
                "over UDP `targets` are sent to without having asked",
            )
    for listener in making.share.listen:
        before = listener.get("allow", [])
        assert isinstance(before, list)
        before = [one for one in before if one not in ("127.0.0.0/8", "::/0")]
        listener["allow"] = list(dict.fromkeys(map(str, (*before, *allow)))) or ["127.0.0.0/8"]


def _connect_back(making: Making, option: Option) -> None:
    """Call the addresses of TCP when the device says something, and send to those of UDP."""
    for text in filter(None, (part.strip() for part in option.value.split(";"))):
        kind, address = _called(text)
        udp = [listener for listener in making.share.listen if listener.get("transport") == "udp"]
        if kind == "tcp":
            _call(making, option, address)
        elif kind == "udp" and udp:
            targets = udp[0].setdefault("targets", [])
            assert isinstance(targets, list)
            targets.append(address)
            _read_always(making)
            making.note(
                option.place, option.name, "it is sent to from the start, not from the first byte on", _DONE
            )
        else:
            why = "only plain TCP, and UDP beside an accepter of UDP, are called back"
            making.lost(option.place, option.name, why, "look at `connect`")


def _called(text: str) -> tuple[str, str]:
    """Return how, and at which HOST:PORT, an address is called back; two empty texts: not at all."""
    try:
        layers = parse_gensio(text)
    except ValueError:
        return "", ""
    words = layers[-1].words
    words = words[1:] if len(words) == 3 and words[0] in ("ipv4", "ipv6", "ipv6n4") else words
    if len(layers) != 1 or len(words) != 2 or _NUMBER.fullmatch(words[1]) is None:
        return "", ""
    host = f"[{words[0]}]" if ":" in words[0] else words[0]
    return layers[0].kind, f"{host}:{int(words[1])}"


def _call(making: Making, option: Option, address: str) -> None:
    calls = making.share.connect
    to = calls.setdefault("to", [])
    assert isinstance(to, list)
    to.append(address)
    if len(to) > 1:
        calls["all"] = True
    calls["when"] = "on-demand"
    calls["idle_timeout"] = f"{making.connection.timeout}s" if making.connection.timeout else _FOR_EVER
    if not making.connection.timeout:
        making.note(
            making.connection.place,
            "timeout",
            "it is not said, so who is called back is connected until a year of silence",
            "set idle_timeout of `connect` to what is enough",
        )
    _read_always(making)
    making.note(
        option.place, option.name, "each one that is reached is sent to, whether the others are or not", _DONE
    )


def _read_always(making: Making) -> None:
    """Read the device also while nobody is connected: what nobody reads reaches nobody."""
    if "open" in making.share.device:
        making.share.device["open"] = "always"


def _trace(making: Making, option: Option) -> None:
    """Write everything that passes to the file of a trace."""
    port = next((listener.get("port", "") for listener in making.share.listen), "")
    last = making.connection.connector.layers[-1].words
    file, changed = file_of(option.value, making.connection.name, last[0] if last else "", str(port))
    if not file:
        making.lost(option.place, option.name, "it names no file", "set `capture`")
        return
    if making.share.capture and making.share.capture["file"] != file:
        making.lost(
            option.place, option.name, "a share writes one file, with both directions", "read that one"
        )
        return
    making.share.capture = {"file": file}
    making.note(
        option.place,
        option.name,
        "the file has lines of JSON, both directions, and is turned over at 10MiB"
        + ("; what changes in its name is left out" if changed else ""),
        "see `capture`",
    )


def _send_on(making: Making, option: Option) -> None:
    text = text_of(option.value)
    if text == "":
        return
    if text is None or ord(max(text)) > 0xFF:
        making.lost(option.place, option.name, "it has something that changes in it", "set `packets.char`")
        return
    making.share.packets.setdefault("char", text[-1])
    making.share.packets.setdefault("hold", f"{_LONGEST_DELAY}us")
    if len(text) > 1:
        making.note(
            option.place,
            option.name,
            "a packet ends with its last character, wherever that is",
            _DONE,
        )


def _delay(making: Making, option: Option) -> None:
    """Hold bytes back as the delays say; they are worked out together, when all of them are known."""
    if option.name == "chardelay":
        switch_of(making, option)
    else:
        number_of(making, option)


def hold_back(making: Making, options: dict[str, Option]) -> None:
    """Write `packets` for the delays that are named; without any, bytes go out as they come.

    Args:
        making: the share.
        options: of the connection and the defaults, by their names.
    """
    on = options.get("chardelay")
    if not options.keys() & {"chardelay-scale", "chardelay-min", "chardelay-max"}:
        return
    if on is not None and truth(on.value) is False:
        return

    def number(name: str, default: int) -> int:
        option = options.get(name)
        return int(option.value) if option and _NUMBER.fullmatch(option.value.strip()) else default

    speed = str(making.share.device.get("line", "9600")).split()[0]
    tenths = number("chardelay-scale", 20)
    gap = max(number("chardelay-min", 1000), tenths * 1_000_000 // int(speed), 1)
    hold = max(number("chardelay-max", _LONGEST_DELAY), 1)
    making.share.packets["gap"] = f"{min(gap, hold)}us"
    making.share.packets["hold"] = f"{hold}us"
    size = number("dev-to-net-bufsize", 64)
    making.share.packets["size"] = min(max(size, 1), _MOST_HELD)


_PASSWORDS = "passwords and certificates are not carried over"
_LOGIN = "see docs/moving.md; `smartserial passwd` makes hashes of new passwords"
_MDNS = ("ports are not announced", "let avahi-daemon announce them")
_SAYS = ("the gateway says nothing of its own to a device", "let an element on the share say it")

OPTIONS: dict[str, Carry] = {
    "kickolduser": _kick_old_user,
    "max-connections": _max_connections,
    "no-con-to-acc": _one_way("write"),
    "no-acc-to-con": _one_way("read"),
    "remaddr": _remote_addresses,
    "connback": _connect_back,
    "trace-read": _trace,
    "trace-write": _trace,
    "trace-both": _trace,
    "trace-hexdump": _nothing,
    "trace-timestamp": _nothing,
    "trace-read-hexdump": _nothing,
    "trace-read-timestamp": _nothing,
    "trace-write-hexdump": _nothing,
    "trace-write-timestamp": _nothing,
    "trace-both-hexdump": _nothing,
    "trace-both-timestamp": _nothing,
    "sendon": _send_on,
    "chardelay": _delay,
    "chardelay-scale": _delay,
    "chardelay-min": _delay,
    "chardelay-max": _delay,
    "dev-to-net-bufsize": _nothing,
    "net-to-dev-bufsize": _nothing,
    "accepter-retry-time": _nothing,
    "connector-retry-time": _nothing,
    "banner": _missing("clients are told nothing but what the device says", "look whether they wait for it"),
    "openstr": _missing(*_SAYS),
    "closestr": _missing(*_SAYS),
    "closeon": _missing("no text of the device closes its clients", "let the client close"),
    "signature": _missing("the signature is that of smartserial", "look whether a client asks for it"),
    "telnet-brk-on-sync": _missing("a synch of telnet is no break", "let the client send a break"),
    "led-tx": _missing("nothing here drives LEDs", "let the kernel's triggers do it"),
    "led-rx": _missing("nothing here drives LEDs", "let the kernel's triggers do it"),
    "authdir": _missing(_PASSWORDS, _LOGIN),
    "pamauth": _missing(_PASSWORDS, _LOGIN),
    "allowed-users": _missing(_PASSWORDS, _LOGIN),
    "mdns": _missing(*_MDNS),
    "mdns-interface": _nothing,
    "mdns-nettype": _nothing,
    "mdns-name": _nothing,
    "mdns-port": _nothing,
    "mdns-type": _nothing,
    "mdns-domain": _nothing,
    "mdns-host": _nothing,
    "mdns-txt": _nothing,
    "mdns-sysattrs": _nothing,
}
"""What is done with each option; those of `mdns-` say how what `mdns` asks for is done."""
