"""The configuration of ser2net 2 and 3, one line an entry: ``PORT:STATE:TIMEOUT:DEVICE:OPTIONS``.

The words are put into those of version 4, so that both formats are carried over by the same tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from smartserial.convert.gensio import FILTERS, Layer, assignment, parse_gensio, words_of
from smartserial.convert.remarks import Place, Word, named
from smartserial.convert.ser2net import Connection, Defaults, Option, Rotator, Setup, Stack

_FIELDS = 5
_LAYERS = FILTERS | {"dummy", "sctp", "stdio", "tcp", "udp", "unix"}
_SPEED = re.compile(r"[0-9]{1,8}(?:[NEOMS](?:[5-8][12]?)?)?", re.IGNORECASE)
_PARITIES = ("NONE", "EVEN", "ODD", "MARK", "SPACE")
_SERIAL: dict[str, str] = {
    **{name: f"parity={name[0]}" for name in _PARITIES},
    **{f"{bits}DATABITS": f"databits={bits}" for bits in range(5, 9)},
    **{f"{bits}STOPBIT{s}": f"stopbits={bits}" for bits in (1, 2) for s in ("", "S")},
    "XONXOFF": "xonxoff",
    "RTSCTS": "rtscts",
    "LOCAL": "local",
    "HANGUP_WHEN_DONE": "hangup-when-done",
    "NOBREAK": "nobreak",
    "WRONLY": "wronly",
    "DTRHI": "dtr=on",
    "DTRLO": "dtr=off",
    "RTSHI": "rts=on",
    "RTSLO": "rts=off",
}
"""Words about the port, and those of version 4; most may have a ``-`` in front, which turns them off."""
_SWITCHES: dict[str, str] = {
    "kickolduser": "kickolduser",
    "telnet_brk_on_sync": "telnet-brk-on-sync",
    "chardelay": "chardelay",
    "hexdump": "trace-hexdump",
    "timestamp": "trace-timestamp",
    "tr-hexdump": "trace-read-hexdump",
    "tw-hexdump": "trace-write-hexdump",
    "tb-hexdump": "trace-both-hexdump",
    "tr-timestamp": "trace-read-timestamp",
    "tw-timestamp": "trace-write-timestamp",
    "tb-timestamp": "trace-both-timestamp",
}
_VALUES: dict[str, str] = {
    **{f"chardelay-{name}": f"chardelay-{name}" for name in ("scale", "min", "max")},
    **{name: name for name in ("dev-to-net-bufsize", "net-to-dev-bufsize", "max-connections", "remaddr")},
    **{f"led-{name}": f"led-{name}" for name in ("tx", "rx")},
    "closeon": "closeon",
    "closestr": "closestr",
    "openstr": "openstr",
}
_TRACES = {"tr": "trace-read", "tw": "trace-write", "tb": "trace-both"}
_DEFAULTS: dict[str, str] = {
    "hangup_when_done": "hangup-when-done",
    "telnet_brk_on_sync": "telnet-brk-on-sync",
    "remctl": "rfc2217",
}
_IN_SERIAL = frozenset({"speed", "parity", "databits", "stopbits", "xonxoff", "rtscts", "local", "nobreak"})
CONF_WORDS = (
    frozenset(_SERIAL) | frozenset(_SWITCHES) | frozenset(_VALUES) | frozenset(_TRACES) | {"remctl", "rs485"}
)
"""The words that an entry may have behind its device."""


def read_ser2net_conf(file: str, text: str) -> Setup:
    """Read a file; what cannot be understood is a remark, and the next line is read.

    Args:
        file: its name, for places.
        text: what it holds.
    """
    reader = _Reader()
    for number, line in _whole_lines(text):
        reader.line(Place(file, number), line)
    return reader.setup


def _whole_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with the number of their first; a backslash at the end joins the next."""
    parts: list[str] = []
    first = 1
    for number, line in enumerate(text.splitlines(), 1):
        first = first if parts else number
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        yield first, "".join([*parts, line])
        parts = []
    if parts:
        yield first, "".join(parts)


@dataclass(slots=True)
class _Entry:
    """The words behind a device, as they are read."""

    place: Place
    serial: list[str] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    remote: bool = False


class _Reader:
    """Reads entries; texts and files are named by earlier ones."""

    def __init__(self) -> None:
        self.setup = Setup()
        self._named: dict[tuple[str, str], str] = {}
        self._defaults: Defaults = {}

    def line(self, place: Place, line: str) -> None:
        """Read one entry."""
        if not line.strip() or line.lstrip().startswith("#"):
            return
        kind, _, rest = line.partition(":")
        if kind in _KINDS:
            _KINDS[kind](self, place, kind, rest)
        elif kind == "LED":
            self._lost(place, f"LED {named(rest.partition(':')[0])}", "nothing drives LEDs", "leave it out")
        else:
            self._port(place, line)

    def _lost(self, place: Place, what: str, why: str, cure: str) -> None:
        self.setup.remarks.add(place, what, why, cure)

    # Entries that name something

    def _name(self, place: Place, kind: str, rest: str) -> None:
        name, _, text = rest.partition(":")
        self._named[kind, name] = text

    def _default(self, place: Place, kind: str, rest: str) -> None:
        name, _, value = (part.strip() for part in rest.partition(":"))
        key = _DEFAULTS.get(name, name)
        if key == "parity":
            value = value[:1]
        of = "telnet" if key == "rfc2217" else "serialdev" if key in _IN_SERIAL else "ser2net"
        of = "serialdev" if key == "hangup-when-done" else of
        self._defaults = {**self._defaults, (of, key): Word(value, place)}

    def _control(self, place: Place, kind: str, rest: str) -> None:
        words = tuple(part.strip() for part in rest.split(","))
        self.setup.admin = Stack((Layer("tcp", (), words),), place)

    def _rotator(self, place: Place, kind: str, rest: str) -> None:
        port, _, ports = (part.strip() for part in rest.partition(":"))
        was = f"ROTATOR {named(port)}"
        try:
            first = port.partition(",")[0].partition("(")[0].strip()
            accepter = Stack(parse_gensio(port if first in _LAYERS else f"tcp,{port}"), place)
        except ValueError as error:
            self._lost(place, was, str(error), "write the pool by hand")
            return
        keys = tuple(Word(name, place) for name in ports.split())
        name = f"rotator-{port.rpartition(',')[2]}"
        self.setup.rotators.append(Rotator(name, was, place, accepter, keys, (), self._defaults))

    # Ports

    def _port(self, place: Place, line: str) -> None:
        fields = [part.strip() for part in line.split(":", _FIELDS - 1)]
        if len(fields) < _FIELDS - 1 or not fields[3]:
            expected = "expected PORT:STATE:TIMEOUT:DEVICE:OPTIONS"
            self._lost(place, "a line", expected, "look at its colons")
            return
        port, state, timeout, device, options = (*fields, "")[:_FIELDS]
        name = device.rpartition("/")[2] or f"port{port}"
        was = f"entry {port.rpartition(',')[2]}"
        if state not in ("raw", "rawlp", "telnet", "off"):
            why = f"expected raw, rawlp, telnet or off, found {named(state)}"
            self._lost(place, was, why, "correct what stands behind its first colon")
            return
        entry = _Entry(place, ["wronly"] if state == "rawlp" else [])
        self._words(entry, was, options)
        accepter = _accepter(place, state, entry.remote, port)
        connector = _connector(self._named.get(("DEVICE", device), device), entry)
        if not timeout.isdecimal() or len(timeout) > 9:
            self._lost(place, f"the timeout of {was}", "expected seconds", "set idle_timeout of its listener")
            timeout = "0"
        self.setup.connections.append(
            Connection(
                name,
                was,
                place,
                accepter,
                connector,
                int(timeout),
                tuple(entry.options),
                self._defaults,
                port,
                place if state == "off" else None,
            )
        )

    def _words(self, entry: _Entry, was: str, text: str) -> None:
        try:
            words = words_of(text)
        except ValueError as error:
            self._lost(entry.place, f"the options of {was}", str(error), "write them by hand")
            return
        for word in words:
            self._word(entry, was, word)

    def _word(self, entry: _Entry, was: str, word: str) -> None:
        off = word.startswith("-")
        bare = word[off:]
        name, value = assignment(word)
        if _SPEED.fullmatch(word):
            entry.serial.append(word)
        elif bare in _SERIAL:
            entry.serial.append(f"{_SERIAL[bare]}=false" if off else _SERIAL[bare])
        elif bare == "remctl":
            entry.remote = not off
        elif bare in _SWITCHES:
            entry.options.append(Option(_SWITCHES[bare], "false" if off else "true", entry.place))
        elif name in _VALUES:
            entry.options.append(Option(_VALUES[name], value, entry.place))
        elif name in _TRACES and ("TRACEFILE", value) in self._named:
            file = self._named["TRACEFILE", value]
            entry.options.append(Option(_TRACES[name], file, entry.place))
        elif name == "rs485" and ("RS485CONF", value) in self._named:
            entry.serial.append(f"rs485={self._named['RS485CONF', value]}")
        elif ("BANNER", word) in self._named:
            entry.options.append(Option("banner", self._named["BANNER", word], entry.place))
        else:
            self._lost(
                entry.place, f"the word {named(word)} of {was}", "nothing is known by it", "look at its name"
            )


def _accepter(place: Place, state: str, remote: bool, port: str) -> Stack:
    words = tuple(part.strip() for part in port.split(","))
    kind = words[0] if words[0] in ("tcp", "udp") else "tcp"
    words = words[1:] if words[0] == kind else words
    telnet = (Layer("telnet", (("rfc2217", "true"),) if remote else ()),) if state == "telnet" else ()
    return Stack((*telnet, Layer(kind, (), words)), place)


def _connector(device: str, entry: _Entry) -> Stack:
    if device.startswith("sol."):
        return Stack((Layer("ipmisol", (), (device[4:],)),), entry.place)
    return Stack((Layer("serialdev", (), (device, *entry.serial)),), entry.place)


_KINDS: dict[str, Callable[[_Reader, Place, str, str], None]] = {
    **dict.fromkeys(("BANNER", "TRACEFILE", "OPENSTR", "CLOSESTR", "CLOSEON"), _Reader._name),
    **dict.fromkeys(("DEVICE", "RS485CONF"), _Reader._name),
    "DEFAULT": _Reader._default,
    "CONTROLPORT": _Reader._control,
    "ROTATOR": _Reader._rotator,
}
CONF_KINDS = frozenset(_KINDS) | {"LED"}
"""First words of entries that are no ports."""
