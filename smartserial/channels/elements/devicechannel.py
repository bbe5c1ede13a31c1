"""A device of an element's own: one session while it is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from smartserial.channels.devicecare import ProfileLines, why_down, why_missing
from smartserial.channels.elements.channel import MOST_PENDING, ChannelError, ChannelOwner, Tally
from smartserial.channels.elements.guarded import GuardedOwner
from smartserial.channels.elements.udpchannel import overrun_text
from smartserial.channels.endpoints import device_endpoint
from smartserial.channels.link import Link
from smartserial.engine.effects import Peer
from smartserial.errors import ConfigError, PortError
from smartserial.interfaces import IDatagramDevice, ISerialTransport
from smartserial.settings import Device, describe

_log = Logger()
LAST_WORDS = 1.0
"""Seconds that what waits has when the channel is closed."""

_TICK = 0.02


class DeviceChannel:
    """Keeps a device open, and opens it again when it was lost.

    Args:
        owner: is told what happens.
        device: nobody else has it.
        reactor: the reactor.

    Raises:
        ConfigError: what the device is reached by cannot be understood.
    """

    def __init__(self, owner: ChannelOwner, device: Device, reactor: Any) -> None:
        self.where = describe(device)
        self._owner = GuardedOwner(owner, self.where)
        self._device = device
        self._reactor = reactor
        try:
            self._link = Link(self, device_endpoint(device, reactor), reactor)
        except Exception as error:  # an endpoint string may fail in any way that its parser likes
            raise ConfigError(f"{self.where}: {error}") from error
        self._account = Tally()  # without what the open device has counted
        self._peer: Peer | None = None
        self._sessions = 0
        self._wanted = False
        self._ending = False
        self._full = False
        self._noted: set[str] = set()
        self._closing: list[Deferred[None]] = []
        self._profile = ProfileLines()

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The device, while it is open."""
        return () if self._peer is None else (self._peer,)

    @property
    def tally(self) -> Tally:
        """The account as it stands now."""
        account, stream = self._account, self._link.stream
        if stream is None:
            return replace(account)
        return replace(
            account,
            sent=account.sent + stream.sent,
            pending=stream.pending,
            dropped=account.dropped + stream.dropped,
        )

    # ---- life

    def open(self) -> None:
        """Open the device, now or as soon as it is there; one that is open is closed first."""
        self._wanted = True
        self._noted.clear()
        if self._link.stream is not None:
            self._wind_down()
        elif not self._ending:
            self._link.close()  # an attempt that is under way begins anew
            self._link.open()

    def close(self) -> Deferred[None]:
        """Close the device when what waits is sent, or after a second; fires then."""
        self._wanted = False
        done: Deferred[None] = Deferred()
        self._closing.append(done)
        self._wind_down()
        return done

    def _wind_down(self) -> None:
        if not self._ending:
            self._ending = True
            ending = Deferred.fromCoroutine(self._end())
            ending.addErrback(
                lambda failure: _log.failure("{where} did not end well", failure, where=self.where)
            )
            ending.addCallback(self._ended)

    async def _end(self) -> None:
        """Wait until everything is out, set the idle lines, and close; abort what takes too long."""
        deadline = self._reactor.seconds() + LAST_WORDS
        stream = self._link.stream
        if stream is not None:
            await self._wait(stream, lambda: _waiting(stream) > 0, deadline)
            setting = self._set_lines(in_use=False)
            await self._wait(stream, lambda: not setting.called, deadline)
            if self._link.stream is stream and not _waiting(stream):
                self._link.close()
                await self._wait(stream, lambda: True, deadline)
            if self._link.stream is stream:
                self._link.abort()
                await self._wait(stream, lambda: True, deadline + LAST_WORDS)
        self._link.close()

    async def _wait(self, stream: Any, goes_on: Callable[[], bool], deadline: float) -> None:
        """Wait while the device is open and something goes on, but not beyond the deadline."""
        while self._link.stream is stream and goes_on() and self._reactor.seconds() < deadline:
            await deferLater(self._reactor, _TICK)

    def _ended(self, _: object) -> None:
        self._ending = False
        if self._wanted:
            self._link.open()
        closing, self._closing = self._closing, []
        for done in closing:
            done.callback(None)

    def _set_lines(self, in_use: bool) -> Deferred[Any]:
        return self._profile.set(self._device, self._link, in_use).addErrback(self._lines_failed)

    def _lines_failed(self, failure: Failure) -> None:
        failure.trap(PortError)
        self._note(failure.getErrorMessage())

    def _note(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self._owner.channel_noted(text)

    # ---- what the link tells

    def device_up(self) -> None:
        """Begin a session."""
        self._full = False
        self._sessions += 1
        self._peer = Peer("", 0, self._sessions)
        self._set_lines(in_use=True)
        if IDatagramDevice.providedBy(self._link.stream):
            self._link.stream.on_overrun = self._overrun
        self._owner.session_opened(self._peer)

    def _overrun(self, count: int) -> None:
        self._account.overruns += count
        self._owner.channel_noted(overrun_text(self.where, count))

    def from_device(self, data: bytes) -> None:
        """Hand over what the device has sent."""
        if self._peer is not None and not self._ending:
            self._account.received += len(data)
            self._owner.received(self._peer, data)

    def device_down(self, stream: Any, reason: Failure, expected: bool) -> None:
        """Count what the device did not get, and end the session."""
        self._account.sent += stream.sent
        self._account.dropped += stream.dropped
        self._profile.closed()
        peer, self._peer = self._peer, None
        if peer is not None:
            self._owner.session_closed(peer, why_down(reason, expected))

    def device_failed(self, error: object, news: bool) -> None:
        """Tell why the device cannot be opened."""
        self._owner.channel_failed(why_missing(error), news)

    def device_full(self, full: bool) -> None:
        """Do nothing: how much waits is looked at with each send."""

    # ---- what the element wants

    def send(self, data: bytes, to: Peer | None = None) -> int:
        """Send to the device while it is open; see `Channel.send`."""
        stream = self._link.stream
        if self._peer is None or self._ending or to not in (None, self._peer):
            self._account.unsent += len(data)
            return 0
        if stream.pending + len(data) > MOST_PENDING:
            self._account.dropped += len(data)
            if not self._full:
                self._owner.channel_noted(f"{self.where} does not take what it is sent: bytes are lost")
            self._full = True
            return 0
        if not stream.pending:
            self._full = False
        stream.write(data)
        return 1

    def send_break(self, seconds: float) -> None:
        """Hold a break on the line, where there is one."""
        stream = self._link.stream
        if not ISerialTransport.providedBy(stream) or self._ending:
            self._note(
                f"{self.where} has no serial line to hold a break on"
                if stream
                else "no break: it is not open"
            )
            return
        try:
            stream.send_break(seconds)
        except PortError as error:
            self._note(str(error))

    def drop(self, peer: Peer) -> bool:
        """Close the device, and open it again."""
        if peer != self._peer or self._ending:
            return False
        self.open()
        return True

    def redirect(self, host: str, port: int | None) -> None:
        """Refuse: a device is where it is.

        Raises:
            ChannelError: always.
        """
        raise ChannelError(f"{self.where} cannot go elsewhere")

    def lock(self, held: bool, priority: bool) -> Deferred[None]:
        """Give the right to send at once: nobody else has the device."""
        return succeed(None)


def _waiting(stream: Any) -> int:
    return int(stream.pending + stream.unconfirmed())
