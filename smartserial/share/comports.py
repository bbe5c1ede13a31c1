"""The serial line of one share, as its RFC 2217 clients see and change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from typing import Any, cast
from typing import Protocol as Shape

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from smartserial.channels.comport import ComPortSession
from smartserial.channels.sequencer import Driven
from smartserial.channels.session import Session
from smartserial.channels.shadow import ShadowLine
from smartserial.errors import PortError
from smartserial.events import BreakSent, ChangeFailed, LinesSet, SettingsChanged
from smartserial.interfaces import IProgramPort, ISerialTransport
from smartserial.lines import Lines, ModemLines
from smartserial.settings import ShareSettings, line_of
from smartserial.share.books import Books
from smartserial.share.breaklimit import TELNET_BREAK, BreakLimit
from smartserial.share.callsline import Leads
from smartserial.share.clientport import ClientPort, user_of, whose
from smartserial.share.device import SharedDevice
from smartserial.share.modemwatch import ModemWatch
from smartserial.share.purging import purge
from smartserial.sharing.control import Desk
from smartserial.sharing.wishes import Wishes
from smartserial.telnet.comport import LineState, Purge
from smartserial.telnet.server import ComPortServer

_log = Logger()
_OUT = 0.02  # seconds between two looks whether everything is out


class ComPortsOwner(Shape):
    """What the serial line needs of its share."""

    calls: Leads

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
        self.ports: dict[Session, ClientPort] = {}
        self._device = device
        self._owner = owner
        self._books = books
        self._reactor = reactor
        self.publish = owner.publish
        self._shadow = ShadowLine(line_of(settings.device))
        self._told = self._shadow.settings  # what was in force when that was last told
        self._changing = 0
        self._lock = DeferredLock()
        self._restoring: IDelayedCall | None = None
        self._stopped = False
        self._wishes = Wishes()
        self.driven = Driven()
        self._watch = ModemWatch(self, reactor)
        self._limit = BreakLimit(self._end_break, reactor)

    # ---- the line

    @property
    def line(self) -> Any:
        """The serial line: the device's, or a shadow where it has none or is away."""
        stream = self._device.link.stream
        return stream if ISerialTransport.providedBy(stream) else self._shadow

    def line_state(self) -> int:
        """Return the bits of NOTIFY-LINESTATE for what is now: whether all has been sent."""
        return 0 if self._device.waits else LineState.SHIFT_EMPTY | LineState.HOLDING_EMPTY

    def device_changed(self) -> None:
        """Take note that the device is open now, or not any more; a new one gets what clients have set."""
        line = self.line
        if line is not self._shadow:
            line.on_change = self._far_change
            self._told = self._shadow.settings = line.settings
            if IProgramPort.providedBy(line):
                line.on_set = self._set_anew
                self._told = line.told_settings
            self._watch.count_from(line.counts())
            if self._wishes.values:
                self._perform(self._change(None, self._wishes.values))
            if self.driven.lines:
                self._perform(self._drive(line, self.driven.lines))
        self._watch.look()

    def _perform(self, change: Any, done: Callable[[], None] = lambda: None) -> None:
        performing = Deferred.fromCoroutine(change).addErrback(self._failed)
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
        return [session.server for session in self.ports if isinstance(session, ComPortSession)]

    @property
    def announces(self) -> bool:
        """Whether clients are told at once what a program has set: it decides, and they may go by that."""
        return self.settings.sharing.settings.notify and bool(getattr(self.line, "programs", 0))

    @property
    def set_here(self) -> Set[str]:
        """Names of the settings that clients and operators have changed."""
        return self._wishes.values.keys()

    # ---- changes

    def change(self, session: object, changes: Mapping[str, Any], done: Callable[[], None]) -> None:
        """Change settings for a client that may do that."""
        self._wishes.change(changes, self.line.settings)
        self._perform(self._change(session, changes), done)

    def operate(self, changes: Mapping[str, Any], done: Callable[[], None]) -> None:
        """Change settings for an operator; they stay in force when clients have left."""
        self._wishes.order(changes)
        self._perform(self._change(None, changes), done)

    def adopt(self, settings: Mapping[str, Any]) -> None:
        """Take over settings that are in force elsewhere; nobody here has asked for them."""
        self._perform(self._change(None, settings))

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
        """Take note that the device tells of a change over there: what a program sets, it decides."""
        if IProgramPort.providedBy(self.line):
            self._wishes.decided(self.line.settings, self._told)
        if not self._changing:
            self._tell_settings(None)
        self._watch.look()

    async def _apply(self, line: Any, changes: Mapping[str, Any]) -> None:
        """Apply changes together; if that is refused, one by one, so that only what is wrong stays."""
        try:
            await line.apply(replace(line.settings, **changes))
            self._shadow.settings = line.settings
            self._wishes.done(changes)
        except PortError as error:
            if len(changes) > 1:
                for name, value in changes.items():
                    await self._apply(line, {name: value})
                return
            self.publish(ChangeFailed, str(error))
            self._wishes.refused(changes)

    def _tell_settings(self, session: object) -> None:
        """Tell of settings that are new; `session` is the client that wanted them, and knows."""
        line, settings, before = self.line, self.line.settings, self._told
        if settings == before:
            return
        self._told = settings
        kept = [name for name in line.shadowed if getattr(settings, name) != getattr(before, name)]
        self.publish(SettingsChanged, str(settings), whose(session), tuple(kept), user_of(session))
        self._announce(getattr(session, "server", None))
        self._owner.calls.line_changed(anew=False)

    def _announce(self, knows: ComPortServer | None) -> None:
        """Tell clients of the settings in force, where that is wanted, but not the one who knows."""
        for server in self.servers if self.settings.sharing.settings.notify else ():
            if server is not knows:
                server.settings_changed()

    def _set_anew(self) -> None:
        """Take note that a program has set what was set: others may have changed it for their ports."""
        self._announce(None)
        self._owner.calls.line_changed(anew=True)

    def drive(self, session: object, lines: Lines, done: Callable[[], None]) -> None:
        """Set lines for a client that may do that."""
        self.driven.set(lines)
        self._perform(self._drive(self.line, lines, session), done)

    def step(self, lines: Lines) -> None:
        """Set lines for a sequence."""
        self.driven.step(lines)
        self._perform(self._drive(self.line, lines))

    async def _drive(self, line: Any, lines: Lines, session: object = None) -> None:
        before = line.lines()
        if lines.brk is not None:
            self._limit.note(lines.brk)
        self._shadow.set_lines(lines)
        try:
            await line.set_lines(lines)
        except PortError as error:
            self.publish(ChangeFailed, str(error))
        if lines.over(before) != before:
            self.publish(LinesSet, lines, whose(session), user_of(session))
            self._owner.calls.lines_driven(lines)

    def _end_break(self) -> None:
        self._perform(self._drive(self.line, Lines(brk=False)))

    def send_break(self, session: ComPortSession) -> None:
        """Send a break for a client's TELNET BREAK, if it may."""
        if session in self.ports and self.ports[session].may_drive("break"):
            self.line.send_break(TELNET_BREAK)
            self.publish(BreakSent, session.name, TELNET_BREAK, user_of(session))

    def purge(self, session: ComPortSession, buffers: Purge) -> None:
        """Throw away what waits for a client; in the device's queues too, but only where nobody else is."""
        alone = session.may_control and self._owner.alone(session)
        purge(session, buffers, self._device.link.stream if alone else None, self.line, self._books)

    # ---- who is there

    def enter(self, session: Session) -> ClientPort:
        """Return the line as a new client may use it."""
        self._watch.look()
        port = self.ports[session] = ClientPort(self, cast(ComPortSession, session))
        return port

    def begin(self, session: ComPortSession) -> None:
        """Take note that a client has its place: it learns of the modem lines as they are."""
        self._watch.introduce(session.server)

    def leave(self, session: Session) -> None:
        """Forget a client; what it holds ends, and the last one leaves the line as it is configured."""
        port = self.ports.pop(session, None)
        if port is None:
            return
        if self._limit.running and (port.breaks or not self.ports):
            self._limit.end()
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
        if self.ports:
            return
        if self._device.waits and self._wishes.clients and not self._stopped:
            self._restoring = self._reactor.callLater(_OUT, self._restore_when_out)
        else:
            self._restore()

    def _restore(self) -> None:
        wanted = self._wishes.end(line_of(self.settings.device))
        self.driven.forget()
        if wanted and self.settings.sharing.settings.restore:
            self._perform(self._change(None, wanted))

    def update(self, settings: ShareSettings) -> None:
        """Go by other settings."""
        if line_of(settings.device) != line_of(self.settings.device):
            self._wishes.forget_orders()
        self.settings = settings
        self.desk.update(settings.sharing.control)
        self._tell_settings(None)
        self._watch.look()

    def stop(self) -> None:
        """End everything that would happen later."""
        self._watch.stop()
        self._limit.note(False)
        self._stopped = True
        if self._restoring is not None:
            self._restore_when_out()
