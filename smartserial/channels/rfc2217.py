"""A remote serial port, served by telnet with RFC 2217: the endpoint and the transport of such a device."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from zope.interface import implementer

from smartserial.errors import PortError
from smartserial.settings import Rfc2217Device


@implementer(IStreamClientEndpoint)
class Rfc2217Endpoint:
    """Connects to a remote port."""

    def __init__(self, device: Rfc2217Device, reactor: Any) -> None:
        self._device = device
        self._reactor = reactor

    def connect(self, protocol_factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect, agree on the option, set the line, and connect a protocol to it."""
        return fail(PortError("not yet"))
