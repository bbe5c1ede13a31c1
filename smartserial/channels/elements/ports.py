"""The network addresses of all elements: one socket each, however many elements have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

from smartserial.channels.elements.channel import Channel, ChannelOwner
from smartserial.channels.elements.clientchannel import ClientChannel
from smartserial.channels.elements.clientsockets import ClientSockets
from smartserial.channels.elements.datagrams import UdpClientChannel, UdpHub, UdpServerChannel
from smartserial.channels.elements.hub import Hub, Hubs
from smartserial.channels.elements.hubchannel import HubChannel
from smartserial.channels.elements.netchannel import NetChannel
from smartserial.channels.elements.netclient import EndpointMaker
from smartserial.channels.tcp import tcp_endpoint
from smartserial.channels.tls.ends import client_tls, server_tls
from smartserial.errors import ConfigError
from smartserial.settings import Address, ConnectionSettings, NetworkCarrier, Role, Transport


class Ports:
    """Makes the channels of network connections, which share what they may share.

    Listening sockets are shared by transport, host and port as the settings say them, so all that listen
    on port 0 of a host have the same free port. Client connections are shared by host, port, local port
    and TLS settings, unless they are single.

    Args:
        reactor: the reactor.
        endpoint: makes endpoints of clients.
    """

    def __init__(self, reactor: Any, endpoint: EndpointMaker = tcp_endpoint) -> None:
        self._reactor = reactor
        numbers = count(1)
        self._hubs = Hubs(numbers, reactor)
        self._sockets = ClientSockets(endpoint, numbers, reactor)
        self._datagrams: WeakValueDictionary[tuple[str, int], UdpHub] = WeakValueDictionary()
        self._claimed: list[UdpHub] = []  # until their channels have them

    # ---- addresses

    def claim(self, carriers: Iterable[NetworkCarrier]) -> None:
        """Have every address that is listened on, and look into every file of certificates.

        What waits there waits in the kernel until a channel is open. `settle` gives up what is not used.

        Args:
            carriers: of all elements, also of those that did not change.

        Raises:
            ConfigError: some cannot be had, one a line; then none of the new ones is kept. An address that
                may be had later is none of them.
        """
        known = list(carriers)
        wrong = [*_unreadable(known), *_at_odds(known)]
        taken: list[Hub | UdpHub] = []
        for address, optional in _servers(known).items():
            hub = self._hub(*address)
            was_bound = hub.bound if isinstance(hub, Hub) else hub.socket is not None
            try:
                hub.bind()
            except ConfigError as error:
                if not optional:
                    wrong.append(str(error))
            if not was_bound:
                taken.append(hub)
        if wrong:
            for hub in taken:
                _give_up(hub)
            raise ConfigError("\n".join(wrong))
        for address in _servers(known):
            hub = self._hub(*address)
            if isinstance(hub, Hub):
                hub.claimed = True
            else:
                self._claimed.append(hub)

    def settle(self) -> None:
        """Close listening sockets that no open channel uses."""
        for hub in self._hubs:
            hub.claimed = False
            hub.release()
        self._claimed.clear()
        for datagrams in list(self._datagrams.values()):
            if not datagrams.used:
                datagrams.stop()

    def _hub(self, transport: Transport, host: str, port: int) -> Hub | UdpHub:
        return self._hubs.get(host, port) if transport is Transport.TCP else self._udp_hub(host, port)

    def _udp_hub(self, host: str, port: int) -> UdpHub:
        hub = self._datagrams.get((host, port))
        if hub is None:
            hub = self._datagrams[host, port] = UdpHub(host, port, self._reactor)
        return hub

    # ---- channels

    def channel(self, owner: ChannelOwner, settings: ConnectionSettings, element: str) -> Channel:
        """Return a new channel of a network connection, not open yet; `element` is a name for the log."""
        carrier = settings.carrier
        assert isinstance(carrier, NetworkCarrier)
        if carrier.transport is Transport.UDP:
            if carrier.role is Role.CLIENT:
                return UdpClientChannel(owner, carrier, self._reactor)
            return UdpServerChannel(owner, self._udp_hub(carrier.host, carrier.port), settings, self._reactor)
        if carrier.role is Role.CLIENT:
            return ClientChannel(owner, settings, element, self._sockets, self._reactor)
        return HubChannel(owner, settings, element, self._hubs, self._reactor)

    def update(self, channel: Channel, settings: ConnectionSettings) -> None:
        """Have a channel go by another list or limit; sessions are judged again.

        Another address counts from the next opening, of TCP only: for UDP a new channel is needed.
        """
        if isinstance(channel, NetChannel | UdpServerChannel):
            channel.update(settings)


def _servers(carriers: Iterable[NetworkCarrier]) -> dict[tuple[Transport, str, int], bool]:
    """Return all addresses that are listened on, and whether the gateway may go on without them."""
    found: dict[tuple[Transport, str, int], bool] = {}
    for carrier in carriers:
        if carrier.role is Role.SERVER:
            address = carrier.transport, carrier.host, carrier.port
            found[address] = found.get(address, True) and carrier.retry_bind
    return found


def _unreadable(carriers: Iterable[NetworkCarrier]) -> Iterator[str]:
    """Say what is wrong with certificates, once for each cause."""
    said = set()
    for carrier in carriers:
        if carrier.tls is None:
            continue
        try:
            if carrier.role is Role.SERVER:
                server_tls(carrier.tls)
            else:
                client_tls(carrier.tls, carrier.host)
        except ConfigError as error:
            if str(error) not in said:
                yield str(error)
            said.add(str(error))


def _at_odds(carriers: Iterable[NetworkCarrier]) -> Iterator[str]:
    """Say on which addresses elements do not agree about TLS."""
    first: dict[tuple[str, int], NetworkCarrier] = {}
    said = set()
    for carrier in carriers:
        if carrier.role is not Role.SERVER or carrier.transport is not Transport.TCP:
            continue
        key = carrier.host, carrier.port
        if first.setdefault(key, carrier).tls != carrier.tls and key not in said:
            said.add(key)
            yield f"elements that share {Address(*key)} must have the same TLS settings, or none"


def _give_up(hub: Hub | UdpHub) -> None:
    if isinstance(hub, Hub):
        hub.release()
    elif not hub.used:
        hub.stop()
