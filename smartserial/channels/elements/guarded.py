"""The owner of a channel, when what it is told must not disturb others."""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from smartserial.channels.elements.channel import ChannelOwner
from smartserial.engine.effects import Peer

_log = Logger()


class GuardedOwner:
    """Passes on what a `ChannelOwner` is told; where that fails, only the log tells.

    Args:
        owner: is told.
        where: what the channel runs on, for the log.
    """

    def __init__(self, owner: ChannelOwner, where: str) -> None:
        self._owner = owner
        self._where = where

    def session_opened(self, peer: Peer) -> None:
        """Pass on that there is a new session."""
        self._tell(self._owner.session_opened, peer)

    def received(self, peer: Peer, data: bytes) -> None:
        """Pass on what was received."""
        self._tell(self._owner.received, peer, data)

    def session_closed(self, peer: Peer, why: str) -> None:
        """Pass on that a session is over."""
        self._tell(self._owner.session_closed, peer, why)

    def session_refused(self, peer: Peer, why: str) -> None:
        """Pass on that somebody was not let in."""
        self._tell(self._owner.session_refused, peer, why)

    def channel_failed(self, why: str, news: bool) -> None:
        """Pass on that there cannot be a session now."""
        self._tell(self._owner.channel_failed, why, news)

    def channel_ready(self) -> None:
        """Pass on that sessions may come."""
        self._tell(self._owner.channel_ready)

    def channel_noted(self, text: str) -> None:
        """Pass on what an operator should know."""
        self._tell(self._owner.channel_noted, text)

    def _tell(self, call: Callable[..., None], *what: object) -> None:
        try:
            call(*what)
        except Exception:
            _log.failure("the element on {where} failed on {call}", where=self._where, call=call.__name__)
