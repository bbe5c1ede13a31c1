"""One attempt to reach a far side, until there is a session, or it is known why there is none.

::

    TCP --> [TLS] --> [login] ------------------> CallSession                raw
    TCP --> [TLS] --> telnet [login, agreement] -> CallSession               we are the client of RFC 2217
    TCP --> [TLS] --> telnet -------------------> ComPortCallSession         we are its server
    UDP ----------------------------------------> CallSession
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from typing import Protocol as Shape

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.calls.answering import AnsweringProtocol, NotLetInError
from smartserial.channels.calls.far import FarProtocol, FarTelnet
from smartserial.channels.calls.udp import UdpCallStream
from smartserial.channels.session import peer_host
from smartserial.channels.tcp import tcp_endpoint
from smartserial.channels.telnet.layer import TelnetProtocol
from smartserial.channels.udp.device import UdpEndpoint
from smartserial.errors import ConfigError
from smartserial.settings import Address, ConnectSettings, Mode, Rfc2217Device, UdpDevice
from smartserial.telnet.options import SERVER

if TYPE_CHECKING:
    from smartserial.channels.calls.session import CallSession

REACHING = 10.0
"""Seconds that it may take until there is a connection; what follows has its own time."""


class Caller(Shape):
    """What an attempt needs of whoever makes it."""

    connect: ConnectSettings

    @property
    def settling(self) -> float:
        """Seconds of silence after the password that mean success."""

    @property
    def leads(self) -> bool:
        """Whether the settings of the far port go by what happens here."""

    def refusal(self, host: str) -> str:
        """Tell why there may be no session with `host` now; empty: there may."""

    def new_session(self, address: IAddress) -> CallSession:
        """Return a session with whoever has answered."""

    def note(self, text: str) -> None:
        """Tell the operator something that may be worth mending."""

    def failed(self, why: str, refused: bool) -> None:
        """Take note that there will be no session; `refused`: for the login was wrong, it seems."""


class Attempt(Factory):
    """An attempt; `stop` ends it, else it ends by a session, or by telling the caller.

    Args:
        target: whom to reach.
        caller: whose attempt it is.
        reactor: keeps the time.
    """

    noisy = False

    def __init__(self, target: Address, caller: Caller, reactor: Any) -> None:
        self.target = target
        self._caller = caller
        self._settings = caller.connect
        self._reactor = reactor
        self._over = False
        self._creator: object = None
        self._address: IAddress
        self._bottom: Any = None
        self._connecting: Deferred[Any] | None = None
        self._limit: IDelayedCall | None = None

    def start(self) -> None:
        """Begin."""
        try:
            if self._settings.tls is not None:
                from smartserial.channels.tls.ends import client_tls  # what it needs may not be installed

                self._creator = client_tls(self._settings.tls, self.target.host)
        except ConfigError as error:
            self._fail(str(error))
            return
        self._limit = self._reactor.callLater(REACHING, self._out_of_time)
        connecting = self._endpoint().connect(self)
        connecting.addErrback(self._not_reached)
        if not self._over:
            self._connecting = connecting

    def _endpoint(self) -> IStreamClientEndpoint:
        host, port, settings = self.target.host, self.target.port, self._settings
        if settings.datagram is not None:
            stream = partial(UdpCallStream, settings.datagram)
            return UdpEndpoint(UdpDevice(host, port), self._reactor, stream)
        return tcp_endpoint(self._reactor, host, port, keepalive=settings.keepalive, nodelay=settings.nodelay)

    # ---- its end

    def done(self) -> None:
        """Take note that the session has begun."""
        self._over = True
        self._reached()

    def stop(self) -> None:
        """Give it up."""
        self._over = True
        self._reached()
        connecting, self._connecting = self._connecting, None
        if connecting is not None:
            connecting.cancel()
        transport = getattr(self._bottom, "transport", None)
        if transport is not None:
            transport.abortConnection()

    def _reached(self) -> None:
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
        self._limit = None

    def _out_of_time(self) -> None:
        self._limit = None
        self._fail(f"no answer within {REACHING:g} s")

    def _not_reached(self, failure: Failure) -> None:
        self._connecting = None
        if not failure.check(CancelledError):
            self._fail(in_words(failure.value))

    def _fail(self, why: str | NotLetInError) -> None:
        if not self._over:
            self.stop()
            self._caller.failed(str(why), isinstance(why, NotLetInError))

    # ---- the layers

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        if self._over or addr is None:
            return None
        self._reached()
        self._connecting = None  # it cannot be cancelled any more
        self._address = addr
        if self._creator is None:
            self._bottom = self._above()
        else:
            from smartserial.channels.tls.layer import TlsProtocol  # what it needs may not be installed

            self._bottom = TlsProtocol(self._above, self._creator, True, self._reactor, failed=self._fail)
        return self._bottom  # type: ignore[no-any-return]

    def _above(self) -> Protocol | None:
        """Return what stands on the connection, or on its encryption."""
        settings = self._settings
        if settings.asks:
            return self._far()
        if settings.login is not None:
            return AnsweringProtocol(
                settings.login, self._caller.settling, self._session, self._fail, self._reactor
            )
        session = self._session()
        if session is None or settings.mode is Mode.RAW:
            return session
        return TelnetProtocol(session, SERVER, self._reactor)

    def _far(self) -> Protocol:
        device = Rfc2217Device(self.target.host, self.target.port)
        far = FarProtocol(
            device,
            self._caller.leads,
            self._settings.login,
            self._caller.settling,
            _Sessions(self._session),
            self._fail,
            self._reactor,
        )
        return FarTelnet(far, device, self._caller.note, self._reactor)

    def _session(self) -> CallSession | None:
        """Return the session, if there may be one."""
        if self._over:
            return None
        refusal = self._caller.refusal(peer_host(self._address))
        if refusal:
            self._fail(refusal)
            return None
        return self._caller.new_session(self._address)


class _Sessions(Factory):
    """Hands out the session of an attempt."""

    noisy = False

    def __init__(self, make: Callable[[], CallSession | None]) -> None:
        self._make = make

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        return self._make()


def in_words(error: Any) -> str:
    """Say why there is no connection."""
    number = getattr(error, "osError", None)
    if isinstance(number, int):
        return os.strerror(number)
    return str(error).rstrip(".") or type(error).__name__
