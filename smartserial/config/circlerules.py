"""Rules on bytes that would go in circles, as far as that can be seen within one gateway.

Bytes go into a share's device and come out of it. A call of share A to share B takes what A's device sends to
B's device, and back; a device of A that is a listener of B takes what is for A's device to B's, and back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Set
from itertools import groupby
from typing import NamedTuple

from smartserial.config.connectrules import calls_of, leads_to, target_at
from smartserial.config.devices import LoopModel, Rfc2217Model, TcpModel, UdpModel
from smartserial.config.models import ConfigModel
from smartserial.config.source import Place, Source
from smartserial.config.walking import Rule, listeners_of, shares_of, ways_into
from smartserial.findings import WARNING, Finding
from smartserial.settings import Address

_IN, _OUT = "in", "out"
_End = tuple[str, str]  # a share, and which way its device is passed


class _Target(NamedTuple):
    """An address that a share reaches by itself; `side` of its device: what comes from there goes there."""

    place: Place
    transport: str
    target: tuple[str, int]
    side: str


class _Link(NamedTuple):
    """A target that is a listener of a share of ours; `down`: it takes bytes, `up`: it gives some."""

    at: _Target
    here: str
    there: str
    down: bool
    up: bool


def _targets(config: ConfigModel, source: Source) -> Iterator[_Target]:
    for place, share in shares_of(config):
        match share.device:
            case TcpModel(tcp=target):
                yield _Target((*place, "device", "tcp"), "tcp", target, _IN)
            case Rfc2217Model(rfc2217=target):
                yield _Target((*place, "device", "rfc2217"), "tcp", target, _IN)
            case UdpModel(udp=target):
                yield _Target((*place, "device", "udp"), "udp", target, _IN)
    for place, _, call in calls_of(config):
        for n, target in enumerate(call.to):
            yield _Target(target_at(source, place, n), call.transport, target, _OUT)
    for place, _, listener in listeners_of(config):
        for n, target in enumerate(listener.targets if listener.transport == "udp" else ()):
            yield _Target((*place, "targets", n), "udp", target, _OUT)


def _links(config: ConfigModel, source: Source) -> Iterator[_Link]:
    for at in _targets(config, source):
        for name in config.shares:
            ways = [
                way for way in ways_into(config, ("shares", name)) if leads_to(at.transport, at.target, way)
            ]
            if ways:
                takes = any(way.access != "read" for way in ways)
                yield _Link(at, str(at.place[1]), name, takes, any(way.access != "write" for way in ways))


def nothing_to_itself(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A share is not reached by itself: not as its device, not by its calls, not by what it sends to."""
    for at, here, there, _, _ in _links(config, source):
        if here == there:
            message = f"{Address(*at.target)} is a listener of this share: its bytes would go in circles"
            yield source.finding(at.place, "CF08", message)


def no_circles(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Nor by way of others; what a far `loop` sends back, and nobody sends again, goes in none."""
    links = [link for link in _links(config, source) if link.here != link.there]
    ways = _ways(config, links)
    told: set[frozenset[str]] = set()
    for link in links:
        names = _circle(ways, link.here)
        if names and frozenset(names) not in told:
            told.add(frozenset(names))
            message = f"bytes would go in circles: {' -> '.join(names)}"
            yield source.finding(link.at.place, "CF08", message, severity=WARNING)


def called_from_one_side(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Two shares are joined by one call, not by two: each byte would come twice."""
    calls = [link for link in _links(config, source) if "connect" in link.at.place]
    seen: set[tuple[str, str]] = set()
    for at, here, there, _, _ in calls:
        if (there, here) in seen and here != there:
            message = f"{there} calls this share already: each byte would come twice"
            yield source.finding(at.place, "CF08", message, severity=WARNING)
        seen.add((here, there))


def _ways(config: ConfigModel, links: list[_Link]) -> dict[_End, set[_End]]:
    """Return where bytes go on to, from each end."""
    ways: dict[_End, set[_End]] = {}
    for name, share in config.shares.items():
        if isinstance(share.device, LoopModel):
            ways.setdefault((name, _IN), set()).add((name, _OUT))
    for at, here, there, down, up in links:
        if down:
            ways.setdefault((here, at.side), set()).add((there, _IN))
        if up:
            ways.setdefault((there, _OUT), set()).add((here, _OUT if at.side == _IN else _IN))
    return ways


def _circle(ways: Mapping[_End, Set[_End]], share: str) -> list[str]:
    """Return the shares of the shortest circle in which bytes of a share would go; none: there is none."""
    for start in ((share, _IN), (share, _OUT)):
        paths, seen = deque([[start]]), set[_End]()
        while paths:
            path = paths.popleft()
            for end in sorted(ways.get(path[-1], set()) - seen):
                if end == start:
                    return [name for name, _ in groupby([name for name, _ in (*path, end)])]
                seen.add(end)
                paths.append([*path, end])
    return []


CIRCLE_RULES: tuple[Rule, ...] = (nothing_to_itself, no_circles, called_from_one_side)
