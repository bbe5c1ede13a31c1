"""The endpoint strings ``serial:``, ``rfc2217:``, ``pty:`` and ``sim:``, for any Twisted program.

Every `twistd` command imports this file: the rest of the package is imported when a string is parsed.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import (
    IStreamClientEndpoint,
    IStreamClientEndpointStringParserWithReactor,
    IStreamServerEndpoint,
    IStreamServerEndpointStringParser,
)
from twisted.plugin import IPlugin
from zope.interface import implementer


class _Parser:
    """Parses the string of one kind of device, for clients and for servers."""

    prefix = ""
    kind = ""

    def parseStreamClient(self, reactor: Any, *args: Any, **kwargs: Any) -> IStreamClientEndpoint:
        """Return an endpoint that opens the device."""
        from smartserial.channels.endpoints import device_endpoint
        from smartserial.config.flags import device_from_words

        return device_endpoint(device_from_words(self.kind, args, kwargs), reactor)

    def parseStreamServer(self, reactor: Any, *args: Any, **kwargs: Any) -> IStreamServerEndpoint:
        """Return an endpoint that serves the device as if it were a client that came."""
        from smartserial.channels.endpoints import DeviceServerEndpoint

        return DeviceServerEndpoint(self.parseStreamClient(reactor, *args, **kwargs), reactor)


@implementer(IPlugin, IStreamClientEndpointStringParserWithReactor, IStreamServerEndpointStringParser)
class SerialParser(_Parser):
    """``serial:PATH:baudrate=9600:parity=even``: a serial port with its settings."""

    prefix = "serial"
    kind = "port"


@implementer(IPlugin, IStreamClientEndpointStringParserWithReactor, IStreamServerEndpointStringParser)
class Rfc2217Parser(_Parser):
    """``rfc2217:HOST:PORT:baudrate=9600``: a remote serial port, with its settings where it is to be set."""

    prefix = "rfc2217"
    kind = "rfc2217"


@implementer(IPlugin, IStreamClientEndpointStringParserWithReactor, IStreamServerEndpointStringParser)
class PtyParser(_Parser):
    """``pty:PATH``: a virtual port whose link is made at PATH."""

    prefix = "pty"
    kind = "virtual"


@implementer(IPlugin, IStreamClientEndpointStringParserWithReactor)
class SimParser(_Parser):
    """``sim:NAME``: a simulated device."""

    prefix = "sim"
    kind = "sim"
