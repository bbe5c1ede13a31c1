"""A share: one device, its clients, and the account of every byte between them."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.attendants import Audience
from smartserial.channels.comport import ComPortSession
from smartserial.channels.listener import Listener, plain_line
from smartserial.channels.login.keeper import Keeper
from smartserial.channels.session import Session
from smartserial.events import (
    ClientConnected,
    EventStream,
    ShareChanged,
    ShareNoted,
    ShareStarted,
    ShareStopped,
)
from smartserial.settings import ShareSettings, UsersSettings, describe
from smartserial.share.books import Books
from smartserial.share.calls import Calls
from smartserial.share.capturing import Capture
from smartserial.share.clients import Clients
from smartserial.share.comports import ComPorts
from smartserial.share.departure import tell_of
from smartserial.share.device import SharedDevice
from smartserial.share.drain import TICK, Drain
from smartserial.share.entry import Entry
from smartserial.share.floor import Floor
from smartserial.share.intake import Intake
from smartserial.share.programs import Programs
from smartserial.share.stock import Stock
from smartserial.sharing.ledger import Account, Reason

_log = Logger()
_LAST_WORDS = 0.5  # seconds that transports have to end when they were told to


class Share(Service):
    """Serves one device to its clients, from `startService` to the end of `stopService`.

    Args:
        settings: what to do; `update` changes them.
        endpoint: opens the device.
        listeners: already bound, in the order of the settings.
        events: is told what happens.
        reactor: the reactor.
        keeper: knows the users; None: there are none.
    """

    def __init__(
        self,
        settings: ShareSettings,
        endpoint: IStreamClientEndpoint,
        listeners: list[Listener],
        events: EventStream,
        reactor: Any,
        keeper: Keeper | None = None,
    ) -> None:
        self.settings = settings
        self.listeners = listeners
        self.visits: list[Listener] = []  # ways by doors that are not the share's own
        self._events = events
        self._reactor = reactor
        self._books = Books(settings.name, events, reactor)
        self._lock = DeferredLock()  # whoever asks for the end again waits for it
        self._ended = False
        self.audience = Audience(self.presence_changed)
        self.taps = self.audience.taps
        self.stock = Stock(settings, self._books.up, self.taps)
        self.keep = self.stock.keep
        self.floor = Floor(settings, self._books.up, self.stock, reactor)
        self.note = partial(self.publish, ShareNoted)
        self.capture = Capture(self.taps, self.note, reactor)
        self.count_unsent, self.count_overrun = self._books.unsent, self._books.overrun
        self.clients = Clients(settings.name, settings.sharing, self._books.up, self.floor, self, reactor)
        self.device = SharedDevice(settings, endpoint, self, self._books.down, reactor)
        self.ports: ComPorts = ComPorts(settings, self.device, self, self._books, reactor)
        self.intake = Intake(
            settings.sharing,
            self._books,
            self.floor,
            self.audience,
            self.device,
            self.ports.desk,
            self.hearing_changed,
            reactor,
        )
        self._drain = Drain(self._books, self.clients, self.device, lambda: self.intake.held, reactor)
        self._let_in_by(keeper or Keeper(UsersSettings(), reactor))
        self.calls = Calls(self, reactor)
        self.programs = Programs(self, self._books.down, reactor)
        self.from_client = self.intake.from_client
        self.from_operator, self.count_refused = self.intake.from_operator, self.intake.count_refused
        self.session_unwritable = self.clients.unwritable
        self.session_full, self.session_drained = self.clients.session_full, self.clients.session_drained
        self.com_port, self.telnet_break = self.ports.enter, self.ports.send_break
        self.hold_device, self.device_missing = self.device.hold_back, self.audience.device_missing

    def _let_in_by(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.entry = Entry(self, keeper, self.ports.desk.leave)
        self.admits, self.judge, self.refused = self.entry.admits, self.entry.judge, self.entry.refused
        self.clients_from = self.clients.clients_from
        self.entitle, self.login_failed = self.entry.entitle, self.entry.login_failed

    @property
    def ways(self) -> list[Listener]:
        """By which clients come: listeners, calls, and what pools have."""
        return [*self.listeners, *self.visits, *self.calls]

    # ---- life

    @override
    def startService(self) -> None:
        super().startService()
        self.calls.use(self.settings.connect)
        ways = tuple(way.where for way in self.listeners or self.calls) or ("its pools",)
        self.publish(ShareStarted, describe(self.settings.device), ways)
        for listener in self.listeners:
            listener.attach(self)
        self.capture.use(self.settings.capture)
        self.device.start()
        self.calls.start()
        self._books.open()

    @override
    def stopService(self) -> Deferred[None]:
        """End the share; asked again while it is ending, wait for the same end."""
        super().stopService()
        return self._lock.run(self._end)

    def _end(self) -> Deferred[None]:
        if self._ended:
            return succeed(None)
        self._ended = True
        stopping = Deferred.fromCoroutine(self._stop())
        return stopping.addErrback(self._ended_badly)

    def _ended_badly(self, failure: Failure) -> None:
        _log.failure("{share} did not end well", failure, share=self.settings.name)

    async def _stop(self) -> None:
        self.programs.stop()
        for listener in self.ways:
            await listener.stop()
        self.floor.end()
        await self._drain.wait()
        self.intake.end()
        self.clients.loss_reason = Reason.STOP_DEADLINE
        self.clients.stop()
        self.ports.stop()
        for session in self.clients:
            session.cut("stopped")
        self.audience.dismiss()
        self.device.stop()
        for _ in range(round(_LAST_WORDS / TICK)):
            if not self.clients and not self.device.streams:
                break
            await deferLater(self._reactor, TICK)
        self.stock.clear()
        await self.capture.close()
        self._books.close()
        self.publish(ShareStopped, *self.accounts())

    def hurry(self) -> None:
        """End the grace of a stop at once."""
        self._drain.hurried = True

    def publish(self, event: Any, *fields: object, **named: object) -> None:
        """Tell the world of an event of this share."""
        self._events.publish(event(self.settings.name, *fields, **named))

    def accounts(self) -> tuple[Account, Account]:
        """Return the accounts from the device and to the device, as they stand now."""
        streams = [session.stream for session in self.clients]
        up = self._books.up.account(streams, self.stock.size + self.floor.held)
        return up, self._books.down.account(self.device.streams, self.device.kept + self.intake.held)

    # ---- other settings

    def update(
        self, settings: ShareSettings, listeners: list[Listener], endpoint: IStreamClientEndpoint | None
    ) -> None:
        """Go by other settings from now on; what did not change is not touched.

        Args:
            settings: of the same name.
            listeners: in the order of the settings, already updated or bound.
            endpoint: opens the device, if that is another one or has other settings.
        """
        former, self.settings = self.settings, settings
        for listener in self.listeners:
            if listener not in listeners:
                listener.stop()
        self.listeners = listeners
        for listener in listeners:
            listener.attach(self)
        self.stock.use(settings)
        self.capture.use(settings.capture)
        self.floor.use(settings)
        self.calls.use(settings.connect)
        self.clients.update(settings.sharing, self.ways)
        self.entry.review()
        self.intake.use(settings.sharing)
        self.from_client = self.intake.from_client
        self.device.update(settings, endpoint)
        self.ports.update(settings)
        self.calls.start()
        self.programs.update()
        names = [field.name for field in fields(settings) if field.name != "name"]
        self.publish(ShareChanged, tuple(n for n in names if getattr(former, n) != getattr(settings, n)))

    # ---- the way of the bytes

    def from_device(self, data: bytes) -> None:
        """Give what the device has sent to the clients that read."""
        self._books.up.read += len(data)
        if self.taps or self.audience.attendants:
            self.audience.hear(data)
        sinks = self.clients.sinks
        if not sinks:
            self.keep(data)
            return
        if len(sinks) > 1:
            self._books.up.copied += len(data) * (len(sinks) - 1)
        for sink in sinks:
            sink(data)

    def kept_again(self, data: bytes) -> None:
        """Take back what a client did not get, for the next one that may hear it."""
        self.keep(data)
        self.hearing_changed()

    def hearing_changed(self) -> None:
        """Take note that others may hear the device, for somebody has spoken."""
        self.clients.reviewed()
        self.floor.hand_out()

    # ---- clients

    def session_opened(self, session: Session) -> None:
        """Give a client its place, and what was kept for it."""
        session.listener.set_up(session.transport)
        session.opened_at = self._reactor.seconds()
        self.publish(ClientConnected, session.name, session.listener.where, session.identity.name)
        self.clients.reclaim()
        self.clients.add(session)
        if session.greeting:
            session.stream.tell(session.greeting)
        if isinstance(session, ComPortSession):
            self.ports.begin(session)
        self.floor.hand_out()
        session.hold(self.device.holding_clients)

    def session_finished_sending(self, session: Session) -> None:
        """Let a client that sends no more hear its answer."""
        if isinstance(session, ComPortSession):
            self.ports.leave(session)
        unanswered = session.heard_at == self._books.up.read or self.intake.expects(session)
        asked = session.received > 0 and unanswered
        self.clients.finished_sending(session, asked)

    def session_closed(self, session: Session, reason: Failure) -> None:
        """Forget a client, and tell of it."""
        if isinstance(session, ComPortSession):
            self.ports.leave(session)
        if reason.check(ConnectionLost):
            session.stream.abandon()
        self.clients.closed(session)
        tell_of(session, reason, self._reactor.seconds(), self.publish)

    def presence_changed(self) -> None:
        """Tell the device for how many it is there."""
        self.device.serve(len(self.clients) + len(self.audience))
        if not self.floor.plain:
            self.floor.hand_out()

    def hold_clients(self) -> None:
        """Stop reading from the clients, or go on."""
        for session in self.clients:
            session.hold(self.device.holding_clients)

    def dismiss(self, why: str) -> None:
        """Tell all clients why, and close them."""
        for session in self.clients:
            if session.listener.settings.tell_refused:
                session.stream.tell(plain_line(why))
            self.clients.finish(session, why)

    # ---- the serial line

    def device_changed(self) -> None:
        """Take note that the device is open now, or not any more."""
        if not self.device.streams:
            self.floor.flush()
            self.intake.release()
        self.ports.device_changed()
        self.programs.device_changed(self.device.link.stream)
        self._books.hear_overruns(self.device.link.stream, describe(self.settings.device))
        self.audience.device_changed()

    def alone(self, session: Session) -> bool:
        """Tell whether a client is the only one."""
        return self.clients.sessions() == [session]
