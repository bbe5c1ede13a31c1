"""What the service manager is told: that the gateway is ready, reads its configuration, stops, and is alive.

It listens at the socket that NOTIFY_SOCKET names; where that is not set nothing is said. A message is a few
``KEY=VALUE`` lines in one datagram. One that it does not take is lost: nothing waits, nothing else notices.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from socket import AF_UNIX, SOCK_DGRAM, socket
from typing import Any

from twisted.application.service import Service
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from typing_extensions import override

_log = Logger()


def _address(name: str) -> bytes | None:
    """Return where the socket is whose name is a path, or ``@`` and an abstract name; None: it is neither."""
    if name.startswith("@") and len(name) > 1:
        return b"\0" + os.fsencode(name[1:])
    return os.fsencode(name) if name.startswith("/") else None


def watchdog_interval(environ: Mapping[str, str]) -> float | None:
    """Return the seconds between signs of life: half of what is waited for one; None: nobody waits."""
    microseconds, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(os.getpid()))
    if not re.fullmatch("[0-9]{1,18}", microseconds) or pid != str(os.getpid()):
        return None
    return int(microseconds) / 2_000_000 or None


class Notifier(Service):
    """Tells the service manager, from `startService` to `stopService`.

    It belongs behind all services that must be there before somebody may rely on them.

    Args:
        reactor: runs when we are ready, and is what the signs of life prove to be alive.
        status: says in one line what is served.
        environ: has the variables of the service manager.
    """

    def __init__(
        self, reactor: Any, status: Callable[[], str], environ: Mapping[str, str] = os.environ
    ) -> None:
        self._reactor = reactor
        self._status = status
        self._where = _address(environ.get("NOTIFY_SOCKET", ""))
        self._interval = watchdog_interval(environ) if self._where else None
        self._socket: socket | None = None
        self._next: IDelayedCall | None = None
        self._reloads = 0
        self._failed = False

    @override
    def startService(self) -> None:
        super().startService()
        self._reactor.callWhenRunning(self._begin)

    @override
    def stopService(self) -> None:
        """Tell that the end has begun; the manager waits for no more signs of life then."""
        super().stopService()
        self._tell("STOPPING=1")
        call, self._next = self._next, None
        if call is not None and call.active():
            call.cancel()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._where = None

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Tell that the configuration is being read, and when that is done."""
        self._reloads += 1
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
        try:
            yield
        finally:
            self._reloads -= 1
            if not self._reloads and self.running:
                self._ready()

    def _begin(self) -> None:
        if self.running:
            self._ready()
            if self._interval is not None:
                self._live()

    def _ready(self) -> None:
        self._tell("READY=1", f"STATUS={self._status()}")

    def _live(self) -> None:
        assert self._interval is not None
        self._tell("WATCHDOG=1")
        self._next = self._reactor.callLater(self._interval, self._live)

    def _tell(self, *lines: str) -> None:
        if self._where is None:
            return
        try:
            if self._socket is None:
                self._socket = socket(AF_UNIX, SOCK_DGRAM)
                self._socket.setblocking(False)
            self._socket.sendto("\n".join(lines).encode(), self._where)
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._failed = True
                _log.warn("cannot tell the service manager: {why}", why=error.strerror or str(error))
