"""Which channel a connection gets, by what it runs on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from smartserial.channels.elements.channel import Channel, ChannelOwner
from smartserial.channels.elements.devicechannel import DeviceChannel
from smartserial.channels.elements.ports import Ports
from smartserial.element.onshare import ShareChannel
from smartserial.settings import ConnectionSettings, DeviceCarrier, NetworkCarrier, ShareCarrier
from smartserial.share.service import Share


class Carriers:
    """Makes channels.

    Args:
        ports: the network addresses of all elements.
        shares: the shares that run, by name.
        reactor: the reactor.
    """

    def __init__(self, ports: Ports, shares: Callable[[str], Share | None], reactor: Any) -> None:
        self._ports = ports
        self._shares = shares
        self._reactor = reactor

    def channel(self, owner: ChannelOwner, settings: ConnectionSettings, element: str) -> Channel:
        """Return a new channel, not open yet; `element` is a name for the log."""
        match settings.carrier:
            case NetworkCarrier():
                return self._ports.channel(owner, settings, element)
            case DeviceCarrier(device=device):
                return DeviceChannel(owner, device, self._reactor)
            case ShareCarrier(share=name):
                return ShareChannel(owner, name, self._shares, self._reactor)

    def update(self, channel: Channel, settings: ConnectionSettings) -> None:
        """Have a channel go by other settings of the same carrier."""
        if isinstance(settings.carrier, NetworkCarrier):
            self._ports.update(channel, settings)
