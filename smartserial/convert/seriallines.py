"""The settings of a serial port in ser2net's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from smartserial.convert.accepters import CannotError
from smartserial.convert.form import Mapping
from smartserial.convert.gensio import assignment, truth
from smartserial.convert.making import Making
from smartserial.convert.remarks import named
from smartserial.convert.ser2net import Stack

_SPEED = re.compile(r"([0-9]{1,8})(?:([NEOMS])(?:([5-8])([12])?)?)?", re.IGNORECASE)
_RS485 = re.compile(r"([0-9]{1,6}):([0-9]{1,6})((?::[a-z0-9_]+)*)")
_MOST_BAUD = 50_000_000
_NO = "expected true or false"
_HAND = "set it by hand"


@dataclass(slots=True)
class _Line:
    """Settings as they are read, one word after the other."""

    making: Making
    stack: Stack
    speed: int = 9600
    parity: str = "N"
    bits: str = "8"
    stop: str = "1"
    switches: dict[str, bool] = field(default_factory=dict)
    lines: Mapping = field(default_factory=dict)
    rs485: Mapping = field(default_factory=dict)

    def lost(self, what: str, why: str, cure: str) -> None:
        self.making.lost(self.stack.place, what, why, cure)


def serial_lines(making: Making, stack: Stack, words: Iterable[str]) -> None:
    """Write the settings of a serial port into a share's device.

    Args:
        making: the share.
        stack: the connector, for places.
        words: what stands behind the name of the device.

    Raises:
        CannotError: it is no terminal.
    """
    line = _Line(making, stack)
    for name, value in (*_defaults(making), *map(assignment, words)):
        if name in SERIAL_WORDS:
            SERIAL_WORDS[name](line, name, value)
        elif name in SERIAL_IGNORED:
            continue
        elif not value and _SPEED.fullmatch(name):
            _speed(line, "speed", name)
        else:
            line.lost(f"the word {named(name)}", "ser2net does not know it", _HAND)
    _write(line)


def _defaults(making: Making) -> Iterator[tuple[str, str]]:
    for name in SERIAL_WORDS:
        value = making.connection.default("serialdev", name)
        if value is not None:
            yield name, value


def _write(line: _Line) -> None:
    device = line.making.share.device
    device["line"] = f"{line.speed} {line.bits}{line.parity}{line.stop}"
    if line.switches.get("rtscts"):
        device["flow"] = "rtscts"
        if line.switches.get("xonxoff"):
            line.lost("xonxoff", "a port has one kind of flow control, and rtscts is taken", _HAND)
    elif line.switches.get("xonxoff"):
        device["flow"] = "xonxoff"
    device["hupcl"] = line.switches.get("hangup-when-done", False)
    if line.lines:
        device["lines"] = {"connected": line.lines}
    if line.rs485:
        device["rs485"] = line.rs485
    if not line.switches.get("local"):
        line.making.note(
            line.stack.place,
            "modem lines",
            "`local` is not said; here a carrier that goes does not end a connection",
            "nothing to do, unless a modem is there",
        )


def _speed(line: _Line, name: str, value: str) -> None:
    match = _SPEED.fullmatch(value)
    if match is None or not 1 <= int(match[1]) <= _MOST_BAUD:
        line.lost(f"speed {named(value)}", "expected settings such as 9600n81", _HAND)
        return
    line.speed = int(match[1])
    line.parity = (match[2] or line.parity).upper()
    line.bits, line.stop = match[3] or line.bits, match[4] or line.stop


def _switch(line: _Line, name: str, value: str) -> None:
    on = truth(value)
    if on is None:
        line.lost(name, _NO, _HAND)
    else:
        line.switches[name] = on


def _level(line: _Line, name: str, value: str) -> None:
    on = truth(value)
    if on is None:
        line.lost(name, "expected on or off", "set `lines.connected`")
    else:
        line.lines[name] = on


def _one_of(known: str, key: str) -> Callable[[_Line, str, str], None]:
    def read(line: _Line, name: str, value: str) -> None:
        if len(value) == 1 and value.upper() in known:
            setattr(line, key, value.upper())
        else:
            line.lost(f"{name} {named(value)}", f"expected one of {', '.join(known)}", _HAND)

    return read


def _rs485(line: _Line, name: str, value: str) -> None:
    if value == "off":
        line.rs485 = {}
        return
    match = _RS485.fullmatch(value)
    if match is None:
        line.lost(f"rs485 {named(value)}", "expected off, or two delays and words", "set `rs485`")
        return
    words = set(match[3].split(":")) - {""}
    line.rs485 = {
        "rts_on_send": "rts_on_send" in words,
        "rts_after_send": "rts_after_send" in words,
        "delay_before": f"{int(match[1])}ms",
        "delay_after": f"{int(match[2])}ms",
        "rx_during_tx": "rx_during_tx" in words,
    }
    for word in sorted(words - {"rts_on_send", "rts_after_send", "rx_during_tx"}):
        line.lost(f"{named(word)} of rs485", "there is nothing like it here", "terminate the bus yourself")


def _write_only(line: _Line, name: str, value: str) -> None:
    if truth(value) is not False:
        raise CannotError(
            "the device is written without settings, as a printer is, and a port here has some",
            "leave that word out if it is a serial port; for a printer have a program pass the bytes on, and"
            " connect to that by `endpoint`",
        )


SERIAL_WORDS: dict[str, Callable[[_Line, str, str], None]] = {
    "speed": _speed,
    "parity": _one_of("NEOMS", "parity"),  # the words of the old format
    "databits": _one_of("5678", "bits"),
    "stopbits": _one_of("12", "stop"),
    "xonxoff": _switch,
    "rtscts": _switch,
    "local": _switch,
    "hangup-when-done": _switch,
    "dtr": _level,
    "rts": _level,
    "rs485": _rs485,
    "wronly": _write_only,
}
"""Words about the settings of a serial port."""

SERIAL_IGNORED = frozenset({"nobreak", "custspeed", "nouucplock", "drain_time", "char_drain_wait", "readbuf"})
"""Words that need nothing here: breaks are left alone, any speed may be asked for, ports have locks."""
