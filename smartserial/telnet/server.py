"""The server's side of RFC 2217: requests in; changes of a port, and one answer each, out.

What is answered, and with what, stands in docs/rfc2217.md. Requests that came together are performed
together where that makes no difference but to the line: settings, or states of lines, that follow each
other become one change.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from typing import Protocol as Shape

from smartserial.lines import Lines, LineSettings
from smartserial.telnet.comport import (
    ASK,
    ASK_INBOUND,
    CISCO_BAUDRATES,
    DATASIZES,
    INBOUND,
    INBOUND_BY_DTR,
    LINES,
    OUTBOUND,
    PARITIES,
    STOPSIZES,
    Code,
    Message,
    Purge,
    baudrate_bytes,
    decode,
)
from smartserial.telnet.report import Report

MOST_SIGNATURE = 120  # bytes of a client's signature that are kept
_ALL_BITS = 0xFF


class Port(Shape):
    """What a server needs of the serial port, as one client may use it."""

    @property
    def settings(self) -> LineSettings:
        """What this client is told is in force."""

    @property
    def lines(self) -> Lines:
        """The states of the lines that this client is told; none is None."""

    @property
    def signature(self) -> bytes:
        """Our own text."""

    @property
    def announces(self) -> bool:
        """Whether the client is told the settings unasked, from the beginning."""

    def change(self, settings: Mapping[str, Any], done: Callable[[], None]) -> None:
        """Change settings, by the names of `LineSettings`; call `done` when that has succeeded or not."""

    def drive(self, lines: Lines, done: Callable[[], None]) -> None:
        """Set lines; call `done` when that has succeeded or not."""

    def purge(self, buffers: Purge) -> None:
        """Throw away what waits."""

    def suspend(self, suspended: bool) -> None:
        """Send this client no data, or go on."""

    def introduced(self, signature: bytes) -> None:
        """Take note of the client's text."""

    def line_state(self) -> int:
        """Return the bits of NOTIFY-LINESTATE that tell what is now."""


def _turned(table: Mapping[Any, int], name: str) -> dict[int, tuple[str, Any]]:
    return {number: (name, value) for value, number in table.items()}


# What a request with a value sets, by its code and value; all others ask.
_SETTINGS: dict[Code, dict[int, tuple[str, Any]]] = {
    Code.SET_DATASIZE: _turned(DATASIZES, "bytesize"),
    Code.SET_PARITY: _turned(PARITIES, "parity"),
    Code.SET_STOPSIZE: _turned(STOPSIZES, "stopbits"),
    Code.SET_CONTROL: _turned(OUTBOUND, "flow"),
}
_LINES = {
    number: (name, on) for name, (_, yes, no) in LINES.items() for number, on in ((yes, True), (no, False))
}
_OF_LINE = {number: name for name, numbers in LINES.items() for number in numbers}
_OF_INBOUND = {ASK_INBOUND, *INBOUND.values(), INBOUND_BY_DTR}
_UNANSWERED = {Code.FLOWCONTROL_SUSPEND: True, Code.FLOWCONTROL_RESUME: False}


class ComPortServer:
    """Serves one client.

    Args:
        port: what it may use.
        send: is given the payload of each message to the client.
        idle: is called when a change that took its time is done.
    """

    def __init__(self, port: Port, send: Callable[[bytes], None], idle: Callable[[], None]) -> None:
        self.ignored = 0  # messages that have no meaning
        self.busy = False  # a change is under way: what follows it must wait
        self._port = port
        self._send = send
        self._idle = idle
        self._open = False
        self._waiting: deque[Message] = deque()
        self._performing = False
        self._cisco = False
        self._held = False
        self._purged = Purge.RECEIVE | Purge.TRANSMIT
        self._masks = {Code.SET_LINESTATE_MASK: Report(0), Code.SET_MODEMSTATE_MASK: Report(_ALL_BITS)}

    @property
    def quiet(self) -> bool:
        """Whether nothing waits and no change is under way."""
        return not self._waiting and not self.busy

    def close(self) -> None:
        """End: what waits is not performed, for its client is gone."""
        self._waiting.clear()
        self._open = False

    # ---- what the client says

    def open(self) -> None:
        """Begin: the option has been agreed to, or is just used; tell the state of the modem lines."""
        if not self._open:
            self._open = True
            self._tell(Code.NOTIFY_MODEMSTATE, self._masks[Code.SET_MODEMSTATE_MASK].poll())
            if self._port.announces:
                self.settings_changed()
            if self._held:
                self.hold(True)

    def receive(self, payload: bytes) -> None:
        """Take one subnegotiation; it acts at the next `flush`."""
        message = decode(payload)
        if message is None or message.of_server:
            self.ignored += 1
        else:
            self.open()
            self._waiting.append(message)

    def flush(self) -> None:
        """Perform what waits: at the end of what came together, and before data that follows."""
        if self._performing:
            return
        self._performing = True
        while self._waiting and not self.busy:
            self._perform(self._waiting.popleft())
        self._performing = False

    def _perform(self, message: Message) -> None:
        if message.code in _UNANSWERED:
            self._port.suspend(_UNANSWERED[message.code])
        elif message.code is Code.SIGNATURE:
            self._introduce(message.value)
        elif message.code is Code.PURGE_DATA:
            if message.number in (1, 2, 3):
                self._purged = Purge(message.number)
                self._port.purge(self._purged)
            self._answer(message)
        elif (wanted := self._wanted_settings(message)) is not None:
            group = self._together(message, wanted, self._wanted_settings)
            self._port.change(dict(wanted for _, wanted in group), self._begun([m for m, _ in group]))
        elif (wanted := self._wanted_line(message)) is not None:
            group = self._together(message, wanted, self._wanted_line)
            self._port.drive(Lines(**dict(w for _, w in group)), self._begun([m for m, _ in group]))
        else:
            if message.code in self._masks and message.number is not None:
                self._masks[message.code].mask = message.number
            self._answer(message)

    def _introduce(self, text: bytes) -> None:
        if text:
            self._port.introduced(text[:MOST_SIGNATURE])
        else:
            self._send(Message(Code.SIGNATURE, self._port.signature, of_server=True).payload())

    def _together(
        self, message: Message, wanted: tuple[str, Any], want: Callable[[Message], tuple[str, Any] | None]
    ) -> list[tuple[Message, tuple[str, Any]]]:
        """Return a request with those after it that change something else of the same kind."""
        group = [(message, wanted)]
        while self._waiting:
            following = want(self._waiting[0])
            if following is None or following[0] in (name for _, (name, _) in group):
                break
            group.append((self._waiting.popleft(), following))
        return group

    def _begun(self, messages: list[Message]) -> Callable[[], None]:
        """Be busy until the function that is returned is called."""
        self.busy = True

        def done() -> None:
            self.busy = False
            for message in messages:
                self._answer(message)
            if not self._performing:
                self.flush()
                if not self.busy:
                    self._idle()

        return done

    def _wanted_settings(self, message: Message) -> tuple[str, Any] | None:
        """Return the name and value of the setting that a request changes, if it does."""
        if message.code is not Code.SET_BAUDRATE:
            number = message.number
            return None if number is None else _SETTINGS.get(message.code, {}).get(number)
        if len(message.value) == 1:
            rates = {code: rate for rate, code in CISCO_BAUDRATES.items()}
            rate = rates.get(message.value[0], ASK)
        else:
            rate = message.number or ASK
        return None if rate == ASK else ("baudrate", rate)

    def _wanted_line(self, message: Message) -> tuple[str, bool] | None:
        if message.code is not Code.SET_CONTROL or message.number is None:
            return None
        return _LINES.get(message.number)

    # ---- what the client is told

    def _tell(self, code: Code, value: int) -> None:
        self._send(Message(code, bytes([value]), of_server=True).payload())

    def _answer(self, message: Message) -> None:
        """Tell the value in force of what a request was about."""
        self._send(Message(message.code, self._in_force(message), of_server=True).payload())

    def _in_force(self, message: Message) -> bytes:
        settings = self._port.settings
        match message.code:
            case Code.SET_BAUDRATE:
                self._cisco = self._cisco or len(message.value) == 1
                code = CISCO_BAUDRATES.get(settings.baudrate) if self._cisco else None
                return baudrate_bytes(settings.baudrate) if code is None else bytes([code])
            case Code.SET_DATASIZE:
                number = DATASIZES[settings.bytesize]
            case Code.SET_PARITY:
                number = PARITIES[settings.parity]
            case Code.SET_STOPSIZE:
                number = STOPSIZES[settings.stopbits]
            case Code.SET_CONTROL:
                number = self._control_in_force(message.number, settings)
            case Code.NOTIFY_LINESTATE:
                number = self._masks[Code.SET_LINESTATE_MASK].poll() | self._port.line_state()
            case Code.NOTIFY_MODEMSTATE:
                number = self._masks[Code.SET_MODEMSTATE_MASK].poll()
            case Code.PURGE_DATA:
                number = self._purged
            case _:
                number = self._masks[message.code].mask
        return bytes([number])

    def _control_in_force(self, asked: int | None, settings: LineSettings) -> int:
        if asked in _OF_LINE:
            name = _OF_LINE[asked]
            _, yes, no = LINES[name]
            return yes if getattr(self._port.lines, name) else no
        return (INBOUND if asked in _OF_INBOUND else OUTBOUND)[settings.flow]

    # ---- what happens without being asked for

    def modem_changed(self, levels: int, deltas: int) -> None:
        """Tell of modem lines, if the client wants to know and has not been told."""
        self._notify(Code.NOTIFY_MODEMSTATE, Code.SET_MODEMSTATE_MASK, levels, deltas)

    def line_erred(self, errors: int) -> None:
        """Tell of breaks and errors on the line, if the client wants to know."""
        self._notify(Code.NOTIFY_LINESTATE, Code.SET_LINESTATE_MASK, 0, errors)

    def _notify(self, code: Code, mask: Code, levels: int, deltas: int) -> None:
        value = self._masks[mask].observe(levels, deltas)
        if value is not None and self._open:
            self._tell(code, value)

    def settings_changed(self) -> None:
        """Tell all settings, which somebody else has changed; a speed of 0 would be a question."""
        if self._open:
            if self._port.settings.baudrate:
                self._answer(Message(Code.SET_BAUDRATE, baudrate_bytes(ASK)))
            for code in _SETTINGS:
                self._answer(Message(code, bytes([ASK])))

    def hold(self, held: bool) -> None:
        """Ask the client to send no more, or to go on."""
        self._held = held
        if self._open:
            code = Code.FLOWCONTROL_SUSPEND if held else Code.FLOWCONTROL_RESUME
            self._send(Message(code, of_server=True).payload())
