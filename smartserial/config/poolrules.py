"""Rules on pools: their shares are there, and their listeners are such as a pool can have."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.config.models import ConfigModel
from smartserial.config.source import Source
from smartserial.config.walking import Rule, idle_at
from smartserial.findings import Finding, did_you_mean

_NOT_HERE = ("linger", "targets", "interface")


def shares_of_pools(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A pool is one of shares that there are."""
    for name, pool in config.pools.items():
        for n, share in enumerate(pool.shares):
            here = ("pools", name, "shares", n)
            if not source.has(("shares", share)):
                hint = did_you_mean(share, config.shares) or f"known: {', '.join(config.shares) or 'none'}"
                yield source.finding(here, "CF14", f"there is no share {share}", hint=hint)


def names_of_pools(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A pool has a name of its own, by which the log and the console call it."""
    for name in config.pools:
        for section in ("shares", "elements"):
            if source.has((section, name)):
                message = f"{name} is also the name of {section}.{name}"
                yield source.finding(("pools", name), "CF06", message, at_key=True)


def listeners_of_pools(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Clients of a pool connect by TCP, whatever its shares do."""
    for name, pool in config.pools.items():
        for n, listener in enumerate(pool.listen):
            place = ("pools", name, "listen", n)
            if listener.transport != "tcp":
                message = "cannot act: over UDP nobody connects, so nobody gets a share"
                yield source.finding((*place, "transport"), "CF08", message)
            if listener.when != "always":
                message = "cannot act: a pool is of several shares, which may all have programs or none"
                yield source.finding((*place, "when"), "CF08", message, at_key=True)


def pool_options_that_act(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A pool names each share once, and its listeners have no options of UDP and of programs."""
    for name, pool in config.pools.items():
        for n, share in enumerate(pool.shares):
            if share in pool.shares[:n]:
                yield idle_at(source, ("pools", name, "shares", n), f"cannot act: {share} stands there twice")
        for n, listener in enumerate(pool.listen):
            if listener.transport == "tcp" and listener.when == "always":
                for key in [key for key in _NOT_HERE if key in listener.model_fields_set]:
                    yield idle_at(source, ("pools", name, "listen", n, key), "cannot act in a pool")


POOL_RULES: tuple[Rule, ...] = (shares_of_pools, names_of_pools, listeners_of_pools, pool_options_that_act)
