"""What Twisted would log of SSH goes nowhere: it holds what came, and calls faults of peers errors."""

from __future__ import annotations

from twisted.logger import ILogObserver, LogEvent, Logger
from zope.interface import provider


@provider(ILogObserver)
def _nowhere(event: LogEvent) -> None:
    """Forget an event."""


QUIET = Logger(observer=_nowhere)
