"""Listening sockets that the service manager has opened: ``systemd:domain=INET:name=...`` endpoints.

They become what our own listening sockets are: their connections are counted transports with the listener's
options. The descriptor itself stays open as long as the process lives, since it is handed over once: a
listener that goes and comes again, by a reload or from the console, finds it as it was.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet.defer import Deferred, execute
from twisted.internet.endpoints import AdoptedStreamServerEndpoint, serverFromString
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from zope.interface import implementer

from smartserial.channels.tcp import StreamPort
from smartserial.errors import ConfigError
from smartserial.settings import ListenerSettings

_PREFIX = "systemd:"


def server_endpoint(reactor: Any, text: str, settings: ListenerSettings) -> IStreamServerEndpoint:
    """Return the endpoint that a string describes.

    Args:
        reactor: listens.
        text: any Twisted server endpoint string.
        settings: those of the listener.

    Raises:
        ConfigError: it names a socket that was not handed over.
        Exception: whatever the string's parser raises.
    """
    try:
        endpoint: IStreamServerEndpoint = serverFromString(reactor, text)
    except (LookupError, AttributeError) as error:
        if not text.startswith(_PREFIX):
            raise
        raise ConfigError(
            "the service manager has handed over no such socket; expected systemd:domain=INET:name=NAME with "
            "FileDescriptorName=NAME in its socket unit, domain INET, INET6 or UNIX"
        ) from error
    if isinstance(endpoint, AdoptedStreamServerEndpoint):
        return InheritedEndpoint(endpoint.fileno, reactor, settings)
    return endpoint


@implementer(IStreamServerEndpoint)
class InheritedEndpoint:
    """Listens on a descriptor that this process was started with, which stays open.

    Args:
        fileno: the descriptor.
        reactor: listens.
        settings: say which options its connections get.
    """

    def __init__(self, fileno: int, reactor: Any, settings: ListenerSettings) -> None:
        self._fileno = fileno
        self._reactor = reactor
        self._settings = settings

    def listen(self, protocol_factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Let clients in; fails with a `ConfigError` if the descriptor is no listening stream socket."""
        listening: Deferred[IListeningPort] = execute(self._listen, protocol_factory)
        return listening

    def _listen(self, factory: IProtocolFactory) -> IListeningPort:
        sock = _listening_socket(self._fileno)
        if sock.family == socket.AF_UNIX:
            with sock:  # the reactor makes a copy of its own
                port: IListeningPort = self._reactor.adoptStreamPort(sock.fileno(), sock.family, factory)
            return port
        settings = self._settings
        stream_port = StreamPort.adopting(
            sock, factory, self._reactor, nodelay=settings.nodelay, keepalive=settings.keepalive
        )
        stream_port.startListening()
        return stream_port


def _listening_socket(fileno: int) -> socket.socket:
    """Return a copy of an inherited socket that does not block.

    Raises:
        ConfigError: it is no stream socket that listens.
    """
    copy = -1
    try:
        copy = os.dup(fileno)
        sock = socket.socket(fileno=copy)
    except OSError as error:
        if copy >= 0:
            os.close(copy)
        raise ConfigError(
            f"descriptor {fileno} was handed over, but is no socket: {error.strerror}"
        ) from error
    if sock.type != socket.SOCK_STREAM or not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        sock.close()
        raise ConfigError(
            f"descriptor {fileno} was handed over, but is no listening stream socket; "
            "expected ListenStream= and Accept=no in its socket unit"
        )
    sock.setblocking(False)
    return sock
