"""The device of one share: open when it should be, its lines as configured, its losses counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from typing import Protocol as Shape

from twisted.internet.interfaces import IDelayedCall, IStreamClientEndpoint
from twisted.python.failure import Failure

from smartserial.channels.devicecare import ProfileLines, why_down, why_missing
from smartserial.channels.link import Link
from smartserial.channels.sequencer import Sequencer
from smartserial.errors import PortBusyError, PortError
from smartserial.events import DeviceClosed, DeviceFailed, DeviceLost, DeviceOpened, LinesSet
from smartserial.interfaces import ISerialTransport
from smartserial.lines import Lines
from smartserial.portnames import is_pattern
from smartserial.settings import PortDevice, Rfc2217Device, ShareSettings, describe
from smartserial.share.arbiter import Source
from smartserial.sharing.access import held
from smartserial.sharing.ledger import Ledger, Reason
from smartserial.sharing.waiting import WaitingRoom

_TICK = 0.02


class DeviceOwner(Shape):
    """What a device needs of its share."""

    def from_device(self, data: bytes) -> None:
        """Take what the device has sent."""

    def hold_clients(self) -> None:
        """Stop reading from the clients, or go on, as `SharedDevice.holding_clients` says."""

    def dismiss(self, why: str) -> None:
        """Tell all clients why, and close them."""

    def device_changed(self) -> None:
        """Take note that the device is open now, or not any more."""

    def device_missing(self, why: str, news: bool) -> None:
        """Take note that the device cannot be opened; `news`: for another reason than before."""

    def publish(self, event: Any, *fields: object) -> None:
        """Tell the world of an event of this share."""


class SharedDevice:
    """Keeps the link to a device as the rules of its share want it.

    Args:
        settings: the share's; replaced by `update`.
        endpoint: opens the device.
        owner: the share.
        ledger: counts the direction to the device.
        reactor: keeps the time.
    """

    def __init__(
        self,
        settings: ShareSettings,
        endpoint: IStreamClientEndpoint,
        owner: DeviceOwner,
        ledger: Ledger,
        reactor: Any,
    ) -> None:
        self.busy = ""  # which other program has the device, if one has
        self.away = ""  # why it is not open, if that is known
        self.loss_reason = Reason.DEVICE_LOST
        self.link = Link(self, endpoint, reactor)
        self.sequencer = Sequencer(reactor)
        self.from_device = owner.from_device
        self.write: Callable[[bytes], None] = self.keep  # the shortest path for what clients send
        self.give: Callable[[Source, bytes], None]
        """Takes what was kept and is somebody's, when the device is back; put here by the intake."""
        self._profile = ProfileLines()
        self._kept: WaitingRoom[Source] = WaitingRoom(settings.rules.away_buffer, settings.rules.away_age)
        self._settings = settings
        self._owner = owner
        self._ledger = ledger
        self._reactor = reactor
        self._full = False
        self._held_back = False
        self._clients = 0
        self._winding_down: IDelayedCall | None = None

    @property
    def streams(self) -> list[Any]:
        """The device's transport, if it is open."""
        return [] if self.link.stream is None else [self.link.stream]

    @property
    def waits(self) -> bool:
        """Whether bytes that were given to the device have not arrived there yet."""
        return any(stream.pending + stream.unconfirmed() for stream in self.streams)

    @property
    def holding_clients(self) -> bool:
        """Whether clients are not to be read from: the device is full, or is being opened."""
        return self._full or self.link.settling

    def start(self) -> None:
        """Open the device, unless that is on demand."""
        if not self._settings.rules.on_demand:
            self.link.open()

    def stop(self) -> None:
        """Close the device now; what waits for it is counted."""
        self.loss_reason = Reason.STOP_DEADLINE
        if self._winding_down is not None:
            self._winding_down.cancel()
            self._winding_down = None
        self._forget_kept()
        self.sequencer.end("the share was stopped")
        self.link.abort()

    # ---- what clients send while it is away

    @property
    def kept(self) -> int:
        """Bytes that wait until the device is back."""
        self._expire()
        return self._kept.size

    def keep(self, data: bytes, source: Source | None = None) -> None:
        """Keep what is for a device that is away, as far as the rules say so.

        Args:
            data: the bytes.
            source: whose it is, where it has to go in a turn later; None: it goes as it is.
        """
        self._expire()
        if not self._kept.put(data, self._reactor.seconds(), source):
            self._ledger.discard(self._no_room, len(data))

    @property
    def _no_room(self) -> Reason:
        return Reason.OVERFLOW if self._kept.limit else Reason.NO_DEVICE

    def _expire(self) -> None:
        self._ledger.discard(Reason.STALE, self._kept.expire(self._reactor.seconds()))

    def _forget_kept(self) -> None:
        self._ledger.discard(Reason.NO_DEVICE, self._kept.clear())

    def _give_kept(self, device: Any) -> None:
        """Give the device what was kept for it, before anything newer."""
        self._expire()
        kept, self.write = self._kept.take(), device.write
        for source, piece in kept:
            if source is None:
                device.write(piece)
            else:
                self.give(source, piece)

    def hold_back(self, held_back: bool) -> None:
        """Stop reading from the device, or go on."""
        self._held_back = held_back
        for stream in self.streams:
            if held_back:
                stream.pauseProducing()
            else:
                stream.resumeProducing()

    # ---- who is there

    def serve(self, clients: int) -> None:
        """Set the lines, and open or close the device, when the first client comes or the last is gone.

        Elements that attend count as clients do.
        """
        before, self._clients = self._clients, clients
        for stream in self.streams:
            stream.fanned_out = clients > 1
        if clients and not before:
            self._set_lines()
            if self._settings.rules.on_demand:
                self.link.open()
                self._owner.hold_clients()
        elif before and not clients and self._winding_down is None:
            self._wind_down()

    def _wind_down(self) -> None:
        """When the last client's bytes are out, set the idle lines, and close what is open on demand."""
        self._winding_down = None
        if self._clients or not self._acts_when_idle:
            return
        if self.waits:
            self._winding_down = self._reactor.callLater(_TICK, self._wind_down)
            return
        self._set_lines()
        if self._settings.rules.on_demand:
            self._forget_kept()
            self.link.close()

    @property
    def _acts_when_idle(self) -> bool:
        return self._settings.rules.on_demand or bool(
            self._profile.lines(self._settings.device, in_use=False)
        )

    def _set_lines(self) -> None:
        setting = self._profile.set(self._settings.device, self.link, in_use=bool(self._clients))
        setting.addCallbacks(self._lines_set, self._failed)

    def _lines_set(self, lines: Lines) -> None:
        if lines:
            self._owner.publish(LinesSet, lines)

    def _failed(self, failure: Failure) -> None:
        failure.trap(PortError)
        self._owner.publish(DeviceFailed, failure.getErrorMessage())

    # ---- other settings

    def update(self, settings: ShareSettings, endpoint: IStreamClientEndpoint | None) -> None:
        """Go by other settings; `endpoint` opens the device if that is another, or has other settings."""
        former, self._settings = self._settings, settings
        self._kept.limit, self._kept.age = settings.rules.away_buffer, settings.rules.away_age
        if self._kept.size > self._kept.limit:
            self._ledger.discard(self._no_room, self._kept.clear())
        if endpoint is not None and not self._set_anew(former, endpoint):
            self._forget_kept()
            self.link.replace(endpoint)
            self._owner.hold_clients()
        if settings.rules.on_demand and not self._clients:
            self.link.close()
        else:
            self.link.open()

    def _set_anew(self, former: ShareSettings, endpoint: IStreamClientEndpoint) -> bool:
        """Try to change an open port without closing it; tell whether that was enough."""
        device, before = self._settings.device, former.device
        if not isinstance(device, PortDevice | Rfc2217Device) or type(before) is not type(device):
            return False
        same = device == replace(before, line=device.line, lines=device.lines)  # type: ignore[arg-type]
        if not same or not self.streams:
            return False
        self.link.use(endpoint)
        if device.line is None or device.line == before.line:  # what clients have set stays in force
            self._set_lines()
            return True
        applying = self.link.stream.apply(device.line)
        applying.addCallback(lambda _: self._set_lines()).addErrback(self._not_set, endpoint)
        return True

    def _not_set(self, failure: Failure, endpoint: IStreamClientEndpoint) -> None:
        self._failed(failure)
        self.link.replace(endpoint)
        self._owner.hold_clients()

    # ---- what the link tells

    def device_full(self, full: bool) -> None:
        """Read from the clients only while the device keeps up."""
        self._full = full
        self._owner.hold_clients()

    def device_up(self) -> None:
        """Begin to serve an open device."""
        self.busy = self.away = ""
        device = self.link.stream
        waited = self._kept.size > 0
        if not waited:
            self.write = device.write
        ours = isinstance(self._settings.device, PortDevice | Rfc2217Device)
        in_force = str(device.settings) if ours and ISerialTransport.providedBy(device) else ""
        self._owner.publish(DeviceOpened, self._what_is_open(), in_force)
        device.fanned_out = self._clients > 1
        if self._held_back:
            device.pauseProducing()
        self._set_lines()
        self._owner.device_changed()
        if waited and self.link.stream is device:
            self._give_kept(device)
        self._owner.hold_clients()

    def _what_is_open(self) -> str:
        """Name the device; a port that was looked for by what it is, with its path."""
        device, text = self._settings.device, describe(self._settings.device)
        looked_for = isinstance(device, PortDevice) and is_pattern(device.port)
        return f"{text} ({getattr(self.link.stream, 'path', '')})" if looked_for else text

    def device_down(self, stream: Any, reason: Failure, expected: bool) -> None:
        """Count what the device did not get; keep the clients, or close them, as the rules say."""
        self.write = self.keep
        self.away = why_down(reason, expected)
        self._profile.closed()
        self._owner.device_changed()
        self.sequencer.end("the device is gone")
        self._ledger.delivered += stream.sent
        self._ledger.discard(self.loss_reason, stream.dropped)
        if expected:
            self._owner.publish(DeviceClosed)
        else:
            self._owner.publish(DeviceLost, self.away)
            if self._settings.rules.close_on_unplug:
                self._owner.dismiss("the device was unplugged")
        self.device_full(False)

    def device_failed(self, error: object, news: bool) -> None:
        """Tell why the device cannot be opened; while another program has it, clients are told and closed."""
        self.away = why_missing(error)
        if news:
            self._owner.publish(DeviceFailed, self.away)
        self._owner.device_missing(self.away, news)
        self.busy = str(error) if isinstance(error, PortBusyError) else ""
        if self.busy and not self._settings.rules.wait_while_busy:
            self._forget_kept()
            self._owner.dismiss(held(self._settings.name, self.busy).text)
        self._owner.hold_clients()
