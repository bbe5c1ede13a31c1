"""A share: one device, its clients, and the account of every byte between them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.books import Books
from smartserial.channels.link import Link, LinkState
from smartserial.channels.listener import Listener
from smartserial.channels.session import Session
from smartserial.clients import Clients
from smartserial.errors import PortBusyError, PortError
from smartserial.events import (
    ClientConnected,
    ClientDisconnected,
    ClientRefused,
    DeviceClosed,
    DeviceFailed,
    DeviceLost,
    DeviceOpened,
    EventStream,
    LinesSet,
    ShareChanged,
    ShareStarted,
    ShareStopped,
)
from smartserial.interfaces import ISerialTransport
from smartserial.lines import Lines
from smartserial.settings import Device, PortDevice, ShareSettings, describe
from smartserial.sharing.access import Refusal, held
from smartserial.sharing.backlog import Backlog
from smartserial.sharing.ledger import Account, Reason

GRACE = 5.0  # seconds that a stop waits for bytes to be taken
_CALM = 0.1  # seconds without a byte after which nothing more is expected
_STEADY = 1.0  # seconds after which a stop cuts a stream that never ends
_TICK = 0.02


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
        self._busy = ""
        self._present = False
        self._device_full = False
        self._stopping = False
        self.hurried = False  # set to end the grace of a stop at once
        self.clients = Clients(settings.name, settings.sharing, self._books.up, self, reactor)
        self.link = Link(self, endpoint, reactor)

    # ---- life

    @override
    def startService(self) -> None:
        super().startService()
        self._publish(ShareStarted, describe(self.settings.device), tuple(ln.where for ln in self.listeners))
        for listener in self.listeners:
            listener.owner = self
        if not self.settings.rules.on_demand:
            self.link.open()
        self._books.open()

    @override
    def stopService(self) -> Deferred[None]:
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        await gatherResults([listener.stop() for listener in self.listeners])
        self._stopping = True
        await self._drain()
        self.clients.loss_reason = Reason.STOP_DEADLINE
        self.clients.stop()
        for session in self.clients:
            session.cut("stopped")
        self.link.abort()
        while self.clients or self.link.stream is not None:
            await deferLater(self._reactor, 0)
        self._books.up.discard(Reason.NO_CLIENT, self._kept.clear())
        self._books.close()
        self._publish(ShareStopped, *self.accounts())

    async def _drain(self) -> None:
        """Wait until every byte has been taken and no more come, within the grace."""
        started = calm_since = self._reactor.seconds()
        before = -1
        while (now := self._reactor.seconds()) < started + GRACE and not self.hurried:
            waiting = self._waiting()
            read = self._books.up.read + self._books.down.read
            if read != before or waiting:
                before, calm_since = read, now
            if not waiting and (now - calm_since >= _CALM or now - started >= _STEADY or not self.clients):
                break
            await deferLater(self._reactor, _TICK)

    def _waiting(self) -> int:
        streams = [session.stream for session in self.clients]
        if self.link.stream is not None:
            streams.append(self.link.stream)
        return sum(stream.pending + stream.unconfirmed() for stream in streams)

    def _publish(self, event: Any, *fields: object) -> None:
        self._events.publish(event(self.settings.name, *fields))

    def accounts(self) -> tuple[Account, Account]:
        """Return the accounts from the device and to the device, as they stand now."""
        streams = [session.stream for session in self.clients]
        up = self._books.up.account(streams, self._kept.size)
        return up, self._books.down.account([self.link.stream] if self.link.stream is not None else [], 0)

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
        if endpoint is not None:
            self._update_device(former.device, endpoint)
        if settings.rules.on_demand and not self.clients:
            self.link.close()
        else:
            self.link.open()
        names = ("device", "listeners", "rules", "sharing", "buffer")
        self._publish(ShareChanged, tuple(n for n in names if getattr(former, n) != getattr(settings, n)))

    def _update_device(self, former: Device, endpoint: IStreamClientEndpoint) -> None:
        """Set an open port anew where that is enough, else close and open."""
        device, stream = self.settings.device, self.link.stream
        if (
            isinstance(device, PortDevice)
            and isinstance(former, PortDevice)
            and stream is not None
            and device == replace(former, line=device.line, lines=device.lines)
        ):
            self.link.use(endpoint)
            try:
                stream.apply(device.line)
                self._set_lines()
                return
            except PortError as error:
                self._publish(DeviceFailed, str(error))
        self.link.replace(endpoint)
        self._hold_clients()

    # ---- the way of the bytes

    def from_device(self, data: bytes) -> None:
        """Give what the device has sent to the clients that read."""
        self._books.up.read += len(data)
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
        if not session.listener.settings.access.writes:
            self._books.down.discard(Reason.POLICY, len(data))
        elif self.link.state is LinkState.UP:
            self.link.stream.write(data)
        else:
            self._books.down.discard(Reason.STOP_DEADLINE if self._stopping else Reason.NO_DEVICE, len(data))

    def count_refused(self, count: int) -> None:
        """Count bytes of a client that was not let in."""
        self._books.down.read += count
        self._books.down.discard(Reason.REFUSED, count)

    # ---- clients

    def judge(self, listener: Listener, host: str) -> Refusal | None:
        """Decide about a client that comes."""
        if self._busy and not self.settings.rules.wait_while_busy and not self.settings.rules.on_demand:
            return held(self.settings.name, self._busy)
        return self.clients.judge(listener, host)

    def refused(self, listener: Listener, peer: str, refusal: Refusal) -> None:
        """Take note of a client that was not let in."""
        self._publish(ClientRefused, peer, listener.where, refusal.text)

    def session_opened(self, session: Session) -> None:
        """Give a client its place, and what was kept for it."""
        session.listener.set_up(session.transport)
        self._publish(ClientConnected, session.name, session.listener.where)
        self.clients.add(session)
        if session.reads and self._kept.size:
            session.stream.write(b"".join(self._kept.take()))
        session.hold(self._holding_clients)

    def session_finished_sending(self, session: Session) -> None:
        """Let a client that sends no more hear its answer."""
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
        self.clients.closed(session)
        why = session.farewell or ("closed" if reason.check(ConnectionDone) else reason.getErrorMessage())
        stream = session.stream
        self._publish(
            ClientDisconnected,
            session.name,
            why,
            session.received,
            stream.sent,
            stream.dropped + session.discarded,
        )

    def presence_changed(self) -> None:
        """Set the lines, and open or close the device, when the first client comes or the last is gone."""
        if self.link.stream is not None:
            self.link.stream.fanned_out = len(self.clients.here) > 1
        present = bool(self.clients)
        if present == self._present:
            return
        self._present = present
        self._set_lines()
        if self.settings.rules.on_demand and not self._stopping:
            if present:
                self.link.open()
            else:
                self.link.close()
            self._hold_clients()

    # ---- device

    @property
    def _holding_clients(self) -> bool:
        """Whether clients are not read from: the device is full, or is being opened."""
        return self._device_full or self.link.settling

    def _hold_clients(self) -> None:
        for session in self.clients:
            session.hold(self._holding_clients)

    def hold_device(self, held_back: bool) -> None:
        """Stop reading from the device, or go on."""
        if self.link.stream is not None:
            if held_back:
                self.link.stream.pauseProducing()
            else:
                self.link.stream.resumeProducing()

    def device_full(self, full: bool) -> None:
        """Read from the clients only while the device keeps up."""
        self._device_full = full
        self._hold_clients()

    def device_up(self) -> None:
        """Begin to serve an open device."""
        self._busy = ""
        device = self.link.stream
        serial = ISerialTransport.providedBy(device)
        self._publish(DeviceOpened, describe(self.settings.device), str(device.settings) if serial else "")
        device.fanned_out = len(self.clients.here) > 1
        if self.clients.holding:
            device.pauseProducing()
        self._set_lines()
        self._hold_clients()

    def _set_lines(self) -> None:
        device = self.settings.device
        if not isinstance(device, PortDevice) or self.link.state is not LinkState.UP:
            return
        lines: Lines = device.lines.connected if self._present else device.lines.idle
        if lines:
            try:
                self.link.stream.set_lines(lines)
            except PortError as error:
                self._publish(DeviceFailed, str(error))
            else:
                self._publish(LinesSet, lines)

    def device_down(self, stream: Any, reason: Failure, expected: bool) -> None:
        """Count what the device did not get; keep the clients, or close them, as the rules say."""
        self._books.down.delivered += stream.sent
        self._books.down.discard(
            Reason.STOP_DEADLINE if self._stopping else Reason.DEVICE_LOST, stream.dropped
        )
        if expected:
            self._publish(DeviceClosed)
        else:
            self._publish(DeviceLost, reason.getErrorMessage())
            if self.settings.rules.close_on_unplug:
                self._dismiss("the device was unplugged")
        self.device_full(False)

    def device_failed(self, error: object, news: bool) -> None:
        """Tell why the device cannot be opened; while another program has it, clients are told and closed."""
        if news:
            self._publish(DeviceFailed, str(error) or type(error).__name__)
        self._busy = str(error) if isinstance(error, PortBusyError) else ""
        if self._busy and not self.settings.rules.wait_while_busy:
            self._dismiss(held(self.settings.name, self._busy).text)
        self._hold_clients()

    def _dismiss(self, why: str) -> None:
        for session in self.clients:
            if session.listener.settings.tell_refused:
                session.stream.tell(why.encode("ascii", "replace") + b"\r\n")
            session.finish(why)
