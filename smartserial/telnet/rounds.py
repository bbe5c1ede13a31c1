"""What a client of RFC 2217 asks a server for, and what the server's answers mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from smartserial.telnet.comport import (
    ASK,
    CISCO_BAUDRATES,
    DATASIZES,
    INBOUND,
    LINES,
    OUTBOUND,
    PARITIES,
    STOPSIZES,
    Code,
    Message,
    baudrate_bytes,
)

Done = Callable[[bool, str], None]  # whether it is in force or may pass for that; what there is to say
Meaning = tuple[str, Any]  # the name of a setting or of a line, and its value

# The settings, by their names in LineSettings.
SETTINGS = {
    "baudrate": Code.SET_BAUDRATE,
    "bytesize": Code.SET_DATASIZE,
    "parity": Code.SET_PARITY,
    "stopbits": Code.SET_STOPSIZE,
    "flow": Code.SET_CONTROL,
}
_LIKE = 0.03  # how far a baud rate may be off, as dividers have it
_NUMBERS: dict[str, Mapping[Any, int]] = {
    "bytesize": DATASIZES,
    "parity": PARITIES,
    "stopbits": STOPSIZES,
    "flow": OUTBOUND,
    **{name: {True: yes, False: no} for name, (_, yes, no) in LINES.items()},
}
_INBOUND = {number: ("flow", flow) for flow, number in INBOUND.items()}
_MEANINGS: dict[Code, dict[int, Meaning]] = {Code.SET_CONTROL: dict(_INBOUND)}
for _name, _table in _NUMBERS.items():
    _meant = _MEANINGS.setdefault(SETTINGS.get(_name, Code.SET_CONTROL), {})
    _meant.update({number: (_name, value) for value, number in _table.items()})
_CISCO = {code: rate for rate, code in CISCO_BAUDRATES.items()}


def meaning(message: Message) -> Meaning | None:
    """Return what a server says with SET-BAUDRATE to SET-CONTROL; None where that cannot be read."""
    value = message.value
    if message.code is not Code.SET_BAUDRATE:
        return _MEANINGS[message.code].get(value[0]) if value else None
    rate = _CISCO.get(value[0], 0) if len(value) == 1 else 0
    if len(value) >= 4:
        rate = int.from_bytes(value[:4], "big")
    return ("baudrate", rate) if rate else None


class Round:
    """Requests that were made together; `done` is called once, when the last of them has ended."""

    def __init__(self, done: Done) -> None:
        self._done = done
        self._open = 1  # whoever makes the requests
        self._ok = True
        self._remarks: dict[str, list[str]] = {}

    def expect(self) -> None:
        """Wait for one more."""
        self._open += 1

    def end(self, ok: bool = True, verb: str = "", what: str = "") -> None:
        """Take the end of one, or of the making, with what there is to say."""
        self._ok = self._ok and ok
        if verb:
            self._remarks.setdefault(verb, []).append(what)
        self._open -= 1
        if not self._open:
            said = (f"{verb} {', '.join(whats)}".rstrip() for verb, whats in self._remarks.items())
            self._done(self._ok, "; ".join(said))


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One request that is to be answered; `wanted` is None where it asks."""

    round: Round
    name: str
    wanted: Any

    @property
    def message(self) -> Message:
        """What is sent."""
        code = SETTINGS.get(self.name, Code.SET_CONTROL)
        if code is Code.SET_BAUDRATE:
            return Message(code, baudrate_bytes(self.wanted or ASK))
        return Message(code, bytes([ASK if self.wanted is None else _NUMBERS[self.name][self.wanted]]))

    def met_by(self, said: Meaning | None) -> bool:
        """Tell whether an answer is the one that was hoped for."""
        if said is None or said[0] != self.name:
            return False
        if self.name == "baudrate" and self.wanted is not None:
            return bool(abs(said[1] - self.wanted) <= _LIKE * self.wanted)
        return self.wanted is None or bool(said[1] == self.wanted)

    def __str__(self) -> str:
        if self.wanted is None:
            return self.name
        if isinstance(self.wanted, bool):
            return f"{'break' if self.name == 'brk' else self.name} {'on' if self.wanted else 'off'}"
        return f"{self.name} {getattr(self.wanted, 'value', self.wanted)}"
