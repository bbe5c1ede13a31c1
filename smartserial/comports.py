"""The serial line of one share, as its RFC 2217 clients see and change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any
from typing import Protocol as Shape

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from smartserial.books import Books
from smartserial.channels.comport import ComPortSession
from smartserial.channels.shadow import ShadowLine
from smartserial.clientport import ClientPort
from smartserial.device import SharedDevice
from smartserial.errors import PortError
from smartserial.events import ChangeFailed, LinesSet, SettingsChanged
from smartserial.interfaces import ISerialTransport
from smartserial.lines import LineCounts, Lines, LineSettings, ModemLines
from smartserial.settings import PortDevice, Rfc2217Device, ShareSettings
from smartserial.sharing.control import Desk
from smartserial.sharing.ledger import Reason
from smartserial.telnet.comport import LineState, Purge
from smartserial.telnet.report import line_errors, modem_deltas, modem_levels

LOOK = 0.05  # seconds between two looks at the modem lines
LONGEST_BREAK = 10.0  # seconds
TELNET_BREAK = 0.25  # seconds that a TELNET BREAK lasts
_NO_COUNTS = LineCounts()


class ComPortsOwner(Shape):
    """What the serial line needs of its share."""

    def alone(self, session: ComPortSession) -> bool:
        """Tell whether a client is the only one."""

    def publish(self, event: Any, *fields: object) -> None:
        """Tell the world of an event of this share."""


class ComPorts:
    """Knows who may change the line, performs changes, and tells of them.

    Args:
        settings: the share's; replaced by `update`.
        device: the share's.
        owner: the share.
        books: count what is purged.
        reactor: keeps the time.
    """

    def __init__(
        self, settings: ShareSettings, device: SharedDevice, owner: ComPortsOwner, books: Books, reactor: Any
    ) -> None:
        self.settings = settings
        self.desk = Desk(settings.sharing.control)
        self.ports: dict[ComPortSession, ClientPort] = {}
        self._device = device
        self._owner = owner
        self._books = books
        self._reactor = reactor
        self.publish = owner.publish
        self._shadow = ShadowLine(_configured(settings))
        self._told = self._shadow.settings  # what was in force when that was last told
        self._changing = 0
        self._before: LineSettings | None = None  # what was in force before clients changed it
        self._changes: dict[str, Any] = {}  # what clients have changed since, by the names of LineSettings
        self._ordered: dict[str, Any] = {}  # what operators have changed
        self._driven = Lines()
        self._modem = ModemLines()
        self._counts: LineCounts | None = None
        self._next_look: IDelayedCall | None = None
        self._break_end: IDelayedCall | None = None

    # ---- the line

    @property
    def line(self) -> Any:
        """The serial line: the device's, or a shadow where it has none or is away."""
        stream = self._device.link.stream
        return stream if ISerialTransport.providedBy(stream) else self._shadow

    def line_state(self) -> int:
        """Return the bits of NOTIFY-LINESTATE for what is now: whether all has been sent."""
        stream = self._device.link.stream
        waiting = stream is not None and stream.pending + stream.unconfirmed()
        return 0 if waiting else LineState.SHIFT_EMPTY | LineState.HOLDING_EMPTY

    def device_changed(self) -> None:
        """Take note that the device is open now, or not any more; a new one gets what clients have set."""
        line = self.line
        if line is not self._shadow:
            line.on_change = self._far_change
            self._told = self._shadow.settings = line.settings
            self._counts = line.counts()
            if self._ordered or self._changes:
                self._perform(self._apply(line, self._ordered | self._changes))
            if self._driven:
                self._perform(self._drive(line, self._driven))
        self.look()

    def _perform(self, change: Any, done: Callable[[], None] = lambda: None) -> None:
        performing = Deferred.fromCoroutine(change)
        performing.addErrback(lambda failure: self.publish(ChangeFailed, failure.getErrorMessage()))
        performing.addCallback(lambda _: done())

    # ---- changes

    def change(self, session: object, changes: Mapping[str, Any], done: Callable[[], None]) -> None:
        """Change settings for a client that may do that."""
        if self._before is None:
            self._before = self.line.settings
        self._changes.update(changes)
        self._perform(self._change(session, changes), done)

    def operate(self, changes: Mapping[str, Any], done: Callable[[], None]) -> None:
        """Change settings for an operator; they stay in force when clients have left."""
        self._ordered.update(changes)
        self._perform(self._change(None, changes), done)

    async def _change(self, session: object, changes: Mapping[str, Any]) -> None:
        self._tell_settings(None)  # others' changes first, by whomever
        self._changing += 1
        try:
            await self._apply(self.line, changes)
        finally:
            self._changing -= 1
        self._tell_settings(session)

    def _far_change(self) -> None:
        """Take note that the device tells of a change over there."""
        if not self._changing:
            self._tell_settings(None)
        self.look()

    async def _apply(self, line: Any, changes: Mapping[str, Any]) -> None:
        """Apply changes together; if that is refused, one by one, so that only what is wrong stays."""
        try:
            await line.apply(replace(line.settings, **changes))
            self._shadow.settings = line.settings
        except PortError as error:
            if len(changes) == 1:
                self.publish(ChangeFailed, str(error))
                return
            for name, value in changes.items():
                await self._apply(line, {name: value})

    def _tell_settings(self, session: object) -> None:
        """Tell of settings that are new; `session` is the client that wanted them, and knows."""
        line, settings, before = self.line, self.line.settings, self._told
        if settings == before:
            return
        self._told = settings
        who = f" for {session.name}" if isinstance(session, ComPortSession) else ""
        kept = [name for name in line.shadowed if getattr(settings, name) != getattr(before, name)]
        self.publish(SettingsChanged, str(settings), who, tuple(kept))
        if self.settings.sharing.settings.notify:
            for other in list(self.ports):
                if other is not session:
                    other.server.settings_changed()

    def drive(self, session: object, lines: Lines, done: Callable[[], None]) -> None:
        """Set lines for a client that may do that."""
        self._driven = replace(lines.over(self._driven), brk=None)
        if lines.brk is not None:
            self._limit_break(lines.brk)
        self._perform(self._drive(self.line, lines), done)

    async def _drive(self, line: Any, lines: Lines) -> None:
        before = line.lines()
        self._shadow.set_lines(lines)
        try:
            await line.set_lines(lines)
        except PortError as error:
            self.publish(ChangeFailed, str(error))
        if lines.over(before) != before:
            self.publish(LinesSet, lines)

    def _limit_break(self, on: bool) -> None:
        if self._break_end is not None:
            self._break_end.cancel()
            self._break_end = None
        if on:
            self._break_end = self._reactor.callLater(LONGEST_BREAK, self._end_break)

    def _end_break(self) -> None:
        self._break_end = None
        self._perform(self._drive(self.line, Lines(brk=False)))

    def send_break(self, session: ComPortSession) -> None:
        """Send a break for a client's TELNET BREAK, if it may."""
        if session in self.ports and self.ports[session].may_drive("break"):
            self.line.send_break(TELNET_BREAK)

    def purge(self, session: ComPortSession, buffers: Purge) -> None:
        """Throw away what waits for a client; in the device's queues too, but only where nobody else is.

        Programs purge whenever they open a port, and what waits there may be others' bytes.
        """
        stream = self._device.link.stream if self._owner.alone(session) else None
        if buffers & Purge.RECEIVE:
            count = session.stream.discard_oldest(session.stream.pending)
            session.discarded += count
            if stream is not None:
                in_driver = self.line.purge_input()
                self._books.up.read += in_driver
                count += in_driver
            self._books.up.discard(Reason.PURGED, count)
        if buffers & Purge.TRANSMIT and stream is not None and session.listener.settings.access.writes:
            count = stream.discard_oldest(stream.pending) + self.line.purge_output()
            self._books.down.discard(Reason.PURGED, count)

    # ---- who is there

    def enter(self, session: ComPortSession) -> ClientPort:
        """Return the line as a new client may use it."""
        self.look()
        port = self.ports[session] = ClientPort(self, session)
        return port

    def begin(self, session: ComPortSession) -> None:
        """Take note that a client has its place: it learns of the modem lines as they are."""
        session.server.modem_changed(modem_levels(self._modem), 0)
        if self._next_look is None:
            self.look()

    def leave(self, session: ComPortSession) -> None:
        """Forget a client; what it holds ends, and the last one leaves the line as it is configured."""
        port = self.ports.pop(session, None)
        if port is None:
            return
        if self._break_end is not None and (port.breaks or not self.ports):
            self._limit_break(False)
            self._end_break()
        self.desk.leave(session)
        if not self.ports:
            self._stop_looking()
            self._restore()

    def _restore(self) -> None:
        before, self._before, changes, self._changes = self._before, None, self._changes, {}
        self._driven = Lines()
        if before is None or not changes or not self.settings.sharing.settings.restore:
            return
        wanted = replace(_configured(self.settings) or before, **self._ordered)
        self._perform(self._change(None, {name: getattr(wanted, name) for name in changes}))

    def update(self, settings: ShareSettings) -> None:
        """Go by other settings."""
        if _configured(settings) != _configured(self.settings):
            self._ordered = {}
        self.settings = settings
        self.desk.update(settings.sharing.control)
        self._tell_settings(None)
        self.look()

    def stop(self) -> None:
        """End everything that would happen later."""
        self._stop_looking()
        self._limit_break(False)

    # ---- what the device says

    def look(self) -> None:
        """Look at the modem lines and the driver's counters, and tell what is new; again soon."""
        self._stop_looking()
        line = self.line
        levels = line.modem()
        counts = line.counts() if levels is not None else None
        if levels is None:
            up = self._device.link.stream is not None
            levels = self.settings.rules.report if up else ModemLines()
        elif self.ports:
            self._next_look = self._reactor.callLater(LOOK, self.look)
        counted = _difference(self._counts, counts)
        deltas = modem_deltas(self._modem, levels, counted)
        errors = line_errors(counted)
        news = levels != self._modem or deltas
        self._modem, self._counts = levels, counts
        for session in list(self.ports):
            if news:
                session.server.modem_changed(modem_levels(levels), deltas)
            if errors:
                session.server.line_erred(errors)

    def _stop_looking(self) -> None:
        if self._next_look is not None and self._next_look.active():
            self._next_look.cancel()
        self._next_look = None


def _configured(settings: ShareSettings) -> LineSettings | None:
    """Return the settings of the line that the configuration has, if it has any."""
    device = settings.device
    return device.line if isinstance(device, PortDevice | Rfc2217Device) else None


def _difference(before: LineCounts | None, now: LineCounts | None) -> LineCounts:
    if before is None or now is None:
        return _NO_COUNTS
    return LineCounts(*(getattr(now, f.name) - getattr(before, f.name) for f in fields(now)))
