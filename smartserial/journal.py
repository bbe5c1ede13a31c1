"""The log of what happens: each event as one line, control characters escaped, floods summed up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from smartserial.events import (
    BreakSent,
    BytesDiscarded,
    CallFailed,
    Calling,
    ChangeFailed,
    ChangeRefused,
    ClientConnected,
    ClientDisconnected,
    ClientIntroduced,
    ClientMisspoke,
    ClientRefused,
    ConfigurationRefused,
    ConfigurationTaken,
    ConnectionFailed,
    ConnectionStateChanged,
    ControlTaken,
    DatagramsLost,
    DeviceClosed,
    DeviceFailed,
    DeviceLost,
    DeviceOpened,
    ElementChanged,
    ElementNoted,
    ElementStarted,
    ElementState,
    ElementStateChanged,
    ElementStopped,
    Event,
    EventStream,
    GatewayStarted,
    GatewayStopped,
    LinesSet,
    ListenerFailed,
    LoginFailed,
    Operated,
    OperatorCame,
    OperatorLeft,
    PeerConnected,
    PeerDisconnected,
    PeerRefused,
    PoolStarted,
    PortClosed,
    PortOpened,
    RequestRefused,
    SentAway,
    SettingsChanged,
    ShareChanged,
    ShareNoted,
    ShareStarted,
    ShareStopped,
)
from smartserial.printable import printable
from smartserial.sharing.ledger import Reason

LEVELS = ("debug", "info", "warn", "error")
_MOST_A_SECOND = 20  # lines about clients; there may be thousands who come and go

_LINES: dict[type[Event], tuple[str, str]] = {
    ShareStarted: ("info", "serves {device} on {listening}"),
    PoolStarted: ("info", "gives one of {shares} on {listening}"),
    ShareChanged: ("info", "has new settings: {parts}"),
    ShareNoted: ("warn", "{text}"),
    DeviceOpened: ("info", "opened {device} {settings}"),
    DeviceFailed: ("warn", "{why}; trying again"),
    DeviceClosed: ("info", "closed the device"),
    DeviceLost: ("error", "lost the device: {why}; trying again"),
    LinesSet: ("info", "set {lines}{whose}"),
    BreakSent: ("info", "sent a break of {seconds} s for {peer}"),
    ListenerFailed: ("warn", "{why}; trying again"),
    Calling: ("info", "calls {to}"),
    CallFailed: ("warn", "cannot call {to}: {why}; trying again"),
    PortOpened: ("info", "a program opened the port; open in {programs}"),
    PortClosed: ("info", "a program closed the port; open in {programs}"),
    SettingsChanged: ("info", "is at {settings}{whose}; not on the wire: {shadows}"),
    ChangeFailed: ("warn", "{why}"),
    ChangeRefused: ("info", "{peer} may not change {what}: {why}"),
    ControlTaken: ("info", "{peer} holds control"),
    ClientIntroduced: ("info", "{peer} says that it is {signature}"),
    ClientMisspoke: ("info", "{peer} said what has no meaning in telnet: {what}"),
    ClientConnected: ("info", "{peer} connected to {listener}"),
    ClientRefused: ("info", "{peer} was refused: {why}"),
    LoginFailed: ("warn", "{peer} could not log in: {why}"),
    ClientDisconnected: (
        "info",
        "{peer} is gone: {why}; received {received}, delivered {delivered}, discarded {discarded} bytes",
    ),
    BytesDiscarded: ("warn", "discarded {count} bytes {direction}: {reason}"),
    DatagramsLost: ("warn", "{where}: the kernel dropped {count} datagrams, too many waited to be read"),
    Operated: ("info", "{who}: {what}"),
    OperatorCame: ("debug", "{who} is at the console by {door}"),
    OperatorLeft: ("debug", "{who} has left the console by {door}"),
    SentAway: ("info", "{peer} by {door} was sent away: {why}"),
    RequestRefused: ("debug", "{peer} was refused by ssh: {what}"),
    GatewayStarted: ("debug", "smartserial {version} serves {shares} shares and {elements} elements"),
    GatewayStopped: ("debug", "ended"),
    ConfigurationTaken: ("debug", "{who} has put another configuration in force: {changes}"),
    ConfigurationRefused: ("debug", "{who} has had a configuration read that cannot be used: {why}"),
    ShareStopped: ("info", "stopped; up: {up}; down: {down}"),
    ElementStarted: ("info", "runs {protocol} on {connections}"),
    ElementChanged: ("info", "has new settings: {parts}"),
    ElementStopped: ("info", "ended"),
    ElementStateChanged: ("info", "is {state}: {why}"),
    ConnectionStateChanged: ("info", "connection {connection} is {state}"),
    ConnectionFailed: ("warn", "connection {connection}: {why}; trying again"),
    PeerConnected: ("info", "connection {connection}: {peer} connected"),
    PeerRefused: ("info", "connection {connection}: {peer} was refused: {why}"),
    PeerDisconnected: ("info", "connection {connection}: {peer} is gone: {why}"),
    ElementNoted: ("info", "{text}"),
}
_STATES = {ElementState.ERROR: "error", ElementState.TIMEOUT: "warn"}
_OFTEN = (
    BreakSent,
    CallFailed,
    Calling,
    ChangeFailed,
    ChangeRefused,
    ClientConnected,
    ClientDisconnected,
    ClientIntroduced,
    ClientMisspoke,
    ClientRefused,
    ConnectionFailed,
    ConnectionStateChanged,
    ControlTaken,
    ElementNoted,
    LinesSet,
    LoginFailed,
    PeerConnected,
    PeerDisconnected,
    PeerRefused,
    PortClosed,
    PortOpened,
    RequestRefused,
    SentAway,
    SettingsChanged,
)


def words(value: Any) -> str:
    """Write one field of an event."""
    if isinstance(value, tuple):
        return printable(", ".join(str(part) for part in value))
    return printable(str(getattr(value, "value", value)))


def sentence(event: Event) -> str:
    """Return what an event says, with the name of whose it is; nothing in it can act on a terminal."""
    _, text = _LINES.get(type(event), ("info", "{event}"))
    fields = {name: words(getattr(event, name)) for name in event.__dataclass_fields__}
    if user := fields.get("user"):
        if "peer" in fields:
            fields["peer"] = f"{user} at {fields['peer']}"
        elif fields["whose"]:
            fields["whose"] = f" for {user} at {fields['whose'].removeprefix(' for ')}"
    line = f"{fields.pop('name')}: {text.format(event=event, **fields)}".rstrip()
    return line.removesuffix("; not on the wire:").removesuffix(":")


def level_of(event: Event) -> str:
    """Return the one of `LEVELS` that an event has."""
    if isinstance(event, ElementNoted):
        return event.level
    if isinstance(event, ElementStateChanged):
        return _STATES.get(event.state, "info")
    return _LINES.get(type(event), ("info", ""))[0]


class Journal:
    """Writes events to the log.

    Args:
        events: what to write.
        seconds: tells the time, in seconds.
        log: where to.

    Attributes:
        level: the least of `LEVELS` that is written.
    """

    def __init__(self, events: EventStream, seconds: Callable[[], float], log: Logger | None = None) -> None:
        self._seconds = seconds
        self._log = log or Logger(namespace="smartserial")
        self.level = "info"
        self._second = 0.0
        self._count = 0
        self.close = events.subscribe(self.write)

    def write(self, event: Event) -> None:
        """Write one event, unless there are too many of its kind in this second."""
        level = level_of(event)
        if LEVELS.index(level) < LEVELS.index(self.level):
            return  # it takes no line, so it takes no place of one either
        often = isinstance(event, _OFTEN)
        self._sum_up(all_told=not often)
        if often:
            self._count += 1
            if self._count > _MOST_A_SECOND:
                return
        if isinstance(event, BytesDiscarded) and event.reason is Reason.NO_CLIENT:
            return  # `buffer: 0` asked for it, perhaps each second
        getattr(self._log, level)("{line}", line=sentence(event), smartserial_event=event)

    def _sum_up(self, all_told: bool) -> None:
        """Tell how many lines were left out, when their second is over or something else happens."""
        now = self._seconds()
        if now - self._second >= 1.0 or (all_told and self._count > _MOST_A_SECOND):
            if self._count > _MOST_A_SECOND:
                self._log.info("{count} more such lines", count=self._count - _MOST_A_SECOND)
            self._second, self._count = now, 0
