"""The serial line of one share, as its RFC 2217 clients see and change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from typing import Protocol as Shape

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from smartserial.channels.comport import ComPortSession
from smartserial.channels.shadow import ShadowLine
from smartserial.errors import PortError
from smartserial.events import ChangeFailed, LinesSet, SettingsChanged
from smartserial.interfaces import ISerialTransport
from smartserial.lines import Lines, LineSettings, ModemLines
from smartserial.settings import PortDevice, Rfc2217Device, ShareSettings
from smartserial.share.books import Books
from smartserial.share.clientport import ClientPort
from smartserial.share.device import SharedDevice
from smartserial.share.modemwatch import ModemWatch
from smartserial.sharing.control import Desk
from smartserial.sharing.ledger import Reason
from smartserial.telnet.comport import LineState, Purge
from smartserial.telnet.server import ComPortServer

_log = Logger()
_OUT = 0.02  # seconds between two looks whether everything is out
LONGEST_BREAK = 10.0  # seconds
TELNET_BREAK = 0.25  # seconds that a TELNET BREAK lasts


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
        self._lock = DeferredLock()
        self._restoring: IDelayedCall | None = None
        self._stopped = False
        self._before: LineSettings | None = None  # what was in force before clients changed it
        self._changes: dict[str, Any] = {}  # what clients have changed since, by the names of LineSettings
        self._ordered: dict[str, Any] = {}  # what operators have changed
        self.driven = Lines()
        self._watch = ModemWatch(self, reactor)
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
            self._watch.count_from(line.counts())
            if self._ordered or self._changes:
                self._perform(self._change(None, self._ordered | self._changes))
            if self.driven:
                self._perform(self._drive(line, self.driven))
        self._watch.look()

    def _perform(self, change: Any, done: Callable[[], None] = lambda: None) -> None:
        performing = Deferred.fromCoroutine(change)
        performing.addErrback(self._failed)
        performing.addCallback(lambda _: done())

    def _failed(self, failure: Failure) -> None:
        if not failure.check(PortError):
            _log.failure("a change of {share} failed", failure, share=self.settings.name)
        self.publish(ChangeFailed, failure.getErrorMessage())

    @property
    def reported(self) -> ModemLines:
        """The modem lines that clients are told of where the device has none."""
        return ModemLines() if self._device.link.stream is None else self.settings.rules.report

    @property
    def servers(self) -> list[ComPortServer]:
        """Those who tell clients."""
        return [session.server for session in self.ports]

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
        """Make a change when those before it are done: each begins with what they have left in force."""
        await self._lock.acquire()
        try:
            await self._change_now(session, changes)
        finally:
            self._lock.release()

    async def _change_now(self, session: object, changes: Mapping[str, Any]) -> None:
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
        self._watch.look()

    async def _apply(self, line: Any, changes: Mapping[str, Any]) -> None:
        """Apply changes together; if that is refused, one by one, so that only what is wrong stays."""
        try:
            await line.apply(replace(line.settings, **changes))
            self._shadow.settings = line.settings
        except PortError as error:
            if len(changes) == 1:
                self.publish(ChangeFailed, str(error))
                for name in changes:
                    if name in self._changes:
                        self._changes[name] = getattr(line.settings, name)
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
        self.driven = replace(lines.over(self.driven), brk=None)
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
        self._watch.look()
        port = self.ports[session] = ClientPort(self, session)
        return port

    def begin(self, session: ComPortSession) -> None:
        """Take note that a client has its place: it learns of the modem lines as they are."""
        self._watch.introduce(session.server)

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
            self._watch.stop()
            self._restore_when_out()

    def breaking(self, port: ClientPort | None) -> None:
        """Take note of whose break the line holds."""
        for other in self.ports.values():
            other.breaks = other is port

    def _restore_when_out(self) -> None:
        """Restore as soon as what was sent has left at the speed that it was meant for."""
        if self._restoring is not None and self._restoring.active():
            self._restoring.cancel()
        self._restoring = None
        stream = self._device.link.stream
        if self.ports:
            return
        waits = stream is not None and stream.pending + stream.unconfirmed()
        if waits and self._changes and not self._stopped:
            self._restoring = self._reactor.callLater(_OUT, self._restore_when_out)
        else:
            self._restore()

    def _restore(self) -> None:
        before, self._before, changes, self._changes = self._before, None, self._changes, {}
        self.driven = Lines()
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
        self._watch.look()

    def stop(self) -> None:
        """End everything that would happen later."""
        self._watch.stop()
        self._limit_break(False)
        self._stopped = True
        if self._restoring is not None:
            self._restore_when_out()


def _configured(settings: ShareSettings) -> LineSettings | None:
    """Return the settings of the line that the configuration has, if it has any."""
    device = settings.device
    return device.line if isinstance(device, PortDevice | Rfc2217Device) else None
