"""Who waits at a door: so many in all, and no source keeps the others out.

::

    places   A A A A B     full
    C comes  . A A A B C   the oldest of A, who has the most, makes room
    A comes  . . A A B C A a source that has the most makes room for its own

Where all have as many the oldest of all makes room, so that whoever comes last gets a place. Those who wait
are served one of each source in turn. A source is what an address counts as for `attempts`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from smartserial.sharing.attempts import source_of

T = TypeVar("T", bound=Hashable)


class Crowd(Generic[T]):
    """Those who wait, in the order of their coming.

    Args:
        most: how many there may be; at least 1.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._members: dict[T, tuple[str, str]] = {}  # host and source; who has come first comes first
        self._sources: dict[str, dict[T, None]] = {}  # who was served last comes last

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, member: object) -> bool:
        return member in self._members

    def __iter__(self) -> Iterator[T]:
        return iter(tuple(self._members))

    def from_host(self, host: str) -> int:
        """Return how many come from one address."""
        return sum(one == host for one, _ in self._members.values())

    def from_source(self, host: str) -> int:
        """Return how many come from the source that an address belongs to."""
        return len(self._sources.get(source_of(host), ()))

    def add(self, member: T, host: str) -> T | None:
        """Take in one more.

        Args:
            member: who is not here yet.
            host: the address that it comes from; no address, such as that of a unix socket, is a source too.

        Returns:
            Who has made room for it, and is not here any more; None: there was room.
        """
        source = source_of(host)
        loser = self._loser(source) if len(self._members) >= self._most else None
        if loser is not None:
            self.discard(loser)
        self._members[member] = host, source
        self._sources.setdefault(source, {})[member] = None
        return loser

    def _loser(self, source: str) -> T:
        """Return who makes room for one more of a source: the oldest one of a source that has the most."""
        own = self._sources.get(source, {})
        most = max(map(len, self._sources.values()))
        if own and len(own) + 1 >= most:
            return next(iter(own))
        return next(one for one, (_, its) in self._members.items() if len(self._sources[its]) == most)

    def discard(self, member: T) -> None:
        """Forget one, who may be forgotten already."""
        if (known := self._members.pop(member, None)) is not None:
            self._leave(member, known[1])

    def serve(self, member: T) -> None:
        """Forget one whose turn it was: all other sources come first now."""
        _, source = self._members.pop(member)
        self._leave(member, source)
        if source in self._sources:
            self._sources[source] = self._sources.pop(source)

    def _leave(self, member: T, source: str) -> None:
        del self._sources[source][member]
        if not self._sources[source]:
            del self._sources[source]

    def in_turn(self) -> Iterator[T]:
        """Return those who are here now: one of each source, then the second of each, and so on."""
        rows = deque(deque(members) for members in self._sources.values())
        while rows:
            row = rows.popleft()
            yield row.popleft()
            if row:
                rows.append(row)
