"""A share: one device, its clients, and the account of every byte between them."""

from __future__ import annotations

from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.books import Books
from smartserial.channels.attendants import Audience
from smartserial.channels.comport import ComPortSession
from smartserial.channels.listener import Listener, plain_line
from smartserial.channels.session import Session
from smartserial.clientport import ClientPort
from smartserial.clients import Clients
from smartserial.comports import ComPorts
from smartserial.device import SharedDevice
from smartserial.drain import TICK, Drain
from smartserial.events import (
    ClientConnected,
    ClientDisconnected,
    ClientMisspoke,
    ClientRefused,
    EventStream,
    ShareChanged,
    ShareStarted,
    ShareStopped,
)
from smartserial.settings import ShareSettings, describe
from smartserial.sharing.access import Refusal, allowed, forbidden, held
from smartserial.sharing.backlog import Backlog
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
    """

    def __init__(
        self,
        settings: ShareSettings,
        endpoint: IStreamClientEndpoint,
        listeners: list[Listener],
        events: EventStream,
        reactor: Any,
    ) -> None:
        self.settings = settings
        self.listeners = listeners
        self._events = events
        self._reactor = reactor
        self._books = Books(settings.name, events, reactor)
        self._kept = Backlog()
        self._lock = DeferredLock()  # whoever asks for the end again waits for it
        self._ended = False
        self.audience = Audience(self.presence_changed)
        self.taps = self.audience.taps
        self.clients = Clients(settings.name, settings.sharing, self._books.up, self, reactor)
        self.device = SharedDevice(settings, endpoint, self, self._books.down, reactor)
        self._drain = Drain(self._books, self.clients, self.device, reactor)
        self.ports = ComPorts(settings, self.device, self, self._books, reactor)

    # ---- life

    @override
    def startService(self) -> None:
        super().startService()
        self.publish(ShareStarted, describe(self.settings.device), tuple(ln.where for ln in self.listeners))
        for listener in self.listeners:
            listener.owner = self
        self.device.start()
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
        for listener in self.listeners:
            await listener.stop()
        await self._drain.wait()
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
        self._books.up.discard(Reason.NO_CLIENT, self._kept.clear())
        self._books.close()
        self.publish(ShareStopped, *self.accounts())

    def hurry(self) -> None:
        """End the grace of a stop at once."""
        self._drain.hurried = True

    def publish(self, event: Any, *fields: object) -> None:
        """Tell the world of an event of this share."""
        self._events.publish(event(self.settings.name, *fields))

    def accounts(self) -> tuple[Account, Account]:
        """Return the accounts from the device and to the device, as they stand now."""
        streams = [session.stream for session in self.clients]
        up = self._books.up.account(streams, self._kept.size)
        return up, self._books.down.account(self.device.streams, 0)

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
            listener.owner = self
        self.clients.update(settings.sharing, listeners)
        self.device.update(settings, endpoint)
        self.ports.update(settings)
        names = ("device", "listeners", "rules", "sharing", "buffer")
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

    def keep(self, data: bytes) -> None:
        """Keep what nobody is there to read, as far as the buffer goes."""
        limit = self.settings.buffer
        self._books.up.discard(
            Reason.OVERFLOW if limit else Reason.NO_CLIENT, self._kept.append_within(data, limit)
        )

    kept_again = keep

    def from_client(self, session: Session, data: bytes) -> None:
        """Give what a client has sent to the device, if it may send."""
        self._books.down.read += len(data)
        session.heard_at = self._books.up.read
        if self.ports.desk.seized or not session.listener.settings.access.writes:
            self._books.down.discard(Reason.POLICY, len(data))
            return
        if self.taps:
            self.audience.tap("down", session.name, data)
        self.device.write(data)

    def from_operator(self, who: str, data: bytes) -> None:
        """Give what an operator, or an element, sends to the device."""
        self._books.down.read += len(data)
        self.audience.tap("down", who, data)
        self.device.write(data)

    def count_refused(self, count: int) -> None:
        """Count bytes of a client that was not let in."""
        self._books.down.read += count
        self._books.down.discard(Reason.REFUSED, count)

    # ---- clients

    def judge(self, listener: Listener, host: str) -> Refusal | None:
        """Decide about a client that comes."""
        rules = self.settings.rules
        if not allowed(listener.settings.allow, host):
            return forbidden(self.settings.name, host)
        if self.device.busy and not rules.wait_while_busy and not rules.on_demand:
            return held(self.settings.name, self.device.busy)
        return self.clients.find_place(listener)

    def refused(self, listener: Listener, peer: str, refusal: Refusal) -> None:
        """Take note of a client that was not let in."""
        self.publish(ClientRefused, peer, listener.where, refusal.text)

    def session_opened(self, session: Session) -> None:
        """Give a client its place, and what was kept for it."""
        session.listener.set_up(session.transport)
        self.publish(ClientConnected, session.name, session.listener.where)
        self.clients.reclaim()
        self.clients.add(session)
        if isinstance(session, ComPortSession):
            self.ports.begin(session)
        if session.reads and self._kept.size:
            self.clients.give_kept(session, b"".join(self._kept.take()))
        session.hold(self.device.holding_clients)

    def session_finished_sending(self, session: Session) -> None:
        """Let a client that sends no more hear its answer."""
        if isinstance(session, ComPortSession):
            self.ports.leave(session)
        asked = session.received > 0 and session.heard_at == self._books.up.read
        self.clients.finished_sending(session, asked)

    def session_unwritable(self, session: Session) -> None:
        """Write no more to a client."""
        self.clients.unwritable(session)

    def session_full(self, session: Session) -> None:
        """Take note that too much waits for a client."""
        self.clients.session_full(session)

    def session_drained(self, session: Session) -> None:
        """Take note that a client has caught up."""
        self.clients.session_drained(session)

    def session_closed(self, session: Session, reason: Failure) -> None:
        """Forget a client, and tell of it."""
        if isinstance(session, ComPortSession):
            self.ports.leave(session)
        if reason.check(ConnectionLost):
            session.stream.abandon()
        self.clients.closed(session)
        why = session.farewell or ("closed" if reason.check(ConnectionDone) else reason.getErrorMessage())
        stream = session.stream
        if isinstance(session, ComPortSession) and session.oddities:
            self.publish(ClientMisspoke, session.name, session.oddities)
        self.publish(
            ClientDisconnected,
            session.name,
            why,
            session.received,
            stream.sent,
            stream.dropped + session.discarded,
        )

    def presence_changed(self) -> None:
        """Tell the device for how many it is there."""
        self.device.serve(len(self.clients) + len(self.audience))

    def hold_device(self, held_back: bool) -> None:
        """Stop reading from the device, or go on."""
        self.device.hold_back(held_back)

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
        self.ports.device_changed()
        self.audience.device_changed()

    def device_missing(self, why: str, news: bool) -> None:
        """Take note that the device cannot be opened."""
        self.audience.device_missing(why, news)

    def com_port(self, session: ComPortSession) -> ClientPort:
        """Return the serial line as a new client may use it."""
        return self.ports.enter(session)

    def telnet_break(self, session: ComPortSession) -> None:
        """Send a break to the device, if the client may."""
        self.ports.send_break(session)

    def alone(self, session: Session) -> bool:
        """Tell whether a client is the only one."""
        return self.clients.sessions() == [session]
