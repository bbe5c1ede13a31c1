"""Pools: several shares behind one address."""

from __future__ import annotations

from dataclasses import dataclass

from smartserial.settings.shares import ListenerSettings


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Several shares, of which a client gets the first that is free.

    Args:
        name: what the operator calls it.
        shares: their names, those that are given first come first.
        listeners: at least one, TCP.
        announce: tell a client in one line which share it has got.
    """

    name: str
    shares: tuple[str, ...]
    listeners: tuple[ListenerSettings, ...]
    announce: bool = True
