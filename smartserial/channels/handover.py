"""Listening sockets at a change of settings: those of unchanged addresses are handed on, never closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from smartserial.channels.listener import Listener
from smartserial.settings import ListenerSettings

L = TypeVar("L", bound=Listener)


class Handover:
    """From former listeners to those that are wanted: first all that can fail, then all that cannot.

    Args:
        free: listeners that are kept as they are only if they are wanted again.
    """

    def __init__(self, free: list[Listener]) -> None:
        self._free = dict.fromkeys(free)
        self._bound: list[Listener] = []
        self._moved: list[tuple[Listener, Listener]] = []
        self._kept: list[tuple[Listener, ListenerSettings]] = []

    def take(self, own: list[L], settings: ListenerSettings, make: Callable[[ListenerSettings], L]) -> L:
        """Return a listener that has, or will have, its socket: one of `own`, another's, or a new one.

        Args:
            own: listeners that may stay, of the same owner.
            settings: of the one that is wanted.
            make: makes a new one.

        Raises:
            ConfigError: its address cannot be had, or a file for encryption cannot be used.
        """
        for mine in own:
            if mine in self._free and mine.fits(settings):
                del self._free[mine]
                mine.prepare(settings)
                self._kept.append((mine, settings))
                return mine
        new = make(settings)
        for other in self._free:
            if other.fits(settings):
                del self._free[other]
                new.prepare(settings)
                self._moved.append((new, other))
                return new
        new.bind()
        self._bound.append(new)
        return new

    def give_back(self) -> None:
        """Close what was taken anew: the change is not made."""
        for listener in self._bound:
            listener.stop()

    def apply(self) -> None:
        """Hand the sockets on."""
        for listener, other in self._moved:
            listener.adopt(other)
        for listener, settings in self._kept:
            listener.update(settings)
