"""Which of many responses a unit can be, without a look at each: by what they have in front.

Responses with the same params in front share a way from the root. Constants at the same place are looked up
by their bytes, so how long it takes does not depend on how many there are::

    STX -+- 01 -- response 1
         +- 02 -- response 2
         +- (2 bytes) -- 10 -- response 3
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from smartserial.definition.values.codec import RawOf
from smartserial.engine.matching.interpreter import Reader, common
from smartserial.engine.matching.item import Item


class Tree:
    """Responses by their constants and fixed lengths in front.

    Args:
        readers: of the responses, by their number; all begin with the same header, or none does.
        skip: 1 leaves out the header.
    """

    __slots__ = ("_fork", "_offset", "_root", "_skipped")

    def __init__(self, readers: Iterable[tuple[int, Reader]], skip: int = 0) -> None:
        heads = {number: _head(reader) for number, reader in readers}
        self._skipped = max((len(head[0].constant or b"") for head in heads.values() if skip), default=0)
        self._root = _Node(tuple(heads))
        waiting = [(self._root, skip)]
        while waiting:
            node, position = waiting.pop()
            waiting.extend((child, position + 1) for child in node.grow(heads, position))
        self._fork, self._offset = self._root, self._skipped
        while (only := self._fork.only_way()) is not None:
            self._offset += only[0]
            self._fork = only[1]

    def candidates(self, data: bytes) -> list[int]:
        """Return the numbers of the responses that a unit can be, and maybe of more, in any order.

        The unit begins with the header, if these responses have one.
        """
        found: list[int] = []
        waiting = [(self._fork, self._offset)]
        for node, at in waiting:
            found += node.ends
            for length, table in node.tables:
                child = table.get(data[at : at + length])
                if child is None:
                    continue
                if child.tables or child.steps:
                    waiting.append((child, at + length))
                else:
                    found += child.ends
            for item, child in node.steps:
                waiting.append((child, at + (item.length or 0)))
        return found

    def closest(self, data: bytes, raw_of: RawOf) -> list[int]:
        """Return the numbers of a few responses; if a unit is none of them, one of these comes closest."""
        found: list[int] = []
        waiting = [(self._root, self._skipped)]
        for node, at in waiting:
            found += node.ends
            for length, table in node.tables:
                child = table.get(data[at : at + length])
                if child is not None:
                    waiting.append((child, at + length))
            found += node.nearest(data, at)
            for item, child in node.steps:
                piece = data[at : at + (item.length or 0)]
                fits = item.filter is None or item.filter.fits(piece, raw_of)
                if fits and len(piece) == item.length:
                    waiting.append((child, at + item.length))
                else:  # all that are behind it fail here
                    found.append(min(child.members))
        return found


class _Node:
    """Responses that have the same params up to here.

    Attributes:
        members: their numbers.
        ends: those about which no more can be said.
        tables: the others by the constant that comes here, for each length of one, longest first.
        steps: those with the same param of fixed length here.
    """

    __slots__ = ("_first", "_firsts", "_keys", "ends", "members", "steps", "tables")

    def __init__(self, members: tuple[int, ...]) -> None:
        self.members = members
        self.ends: tuple[int, ...] = members
        self.tables: tuple[tuple[int, dict[bytes, _Node]], ...] = ()
        self.steps: tuple[tuple[Item, _Node], ...] = ()
        self._keys: list[bytes] = []
        self._firsts: list[int] = []  # the first response of each key
        self._first = 0  # of all of them

    def grow(self, heads: dict[int, Sequence[Item]], position: int) -> list[_Node]:
        """Sort the members by what they have at `position`; return the new nodes."""
        if len(self.members) < 2:
            return []
        constants: dict[bytes, list[int]] = {}
        others: dict[int, list[int]] = {}
        items: dict[int, Item] = {}
        ends = []
        for number in self.members:
            item = heads[number][position] if position < len(heads[number]) else None
            if item is None:
                ends.append(number)
            elif item.constant is not None:
                constants.setdefault(item.constant, []).append(number)
            else:
                others.setdefault(item.param.id, []).append(number)
                items[item.param.id] = item
        self.ends = tuple(ends)
        tables: dict[int, dict[bytes, _Node]] = {}
        for key, members in sorted(constants.items()):
            tables.setdefault(len(key), {})[key] = _Node(tuple(members))
            self._keys.append(key)
            self._firsts.append(min(members))
        self._first = min(self._firsts, default=0)
        self.tables = tuple(sorted(tables.items(), reverse=True, key=lambda table: table[0]))
        self.steps = tuple((items[param], _Node(tuple(members))) for param, members in others.items())
        return [
            *(child for _, table in self.tables for child in table.values()),
            *(child for _, child in self.steps),
        ]

    def only_way(self) -> tuple[int, _Node] | None:
        """Return the one node behind this, and the bytes between; None if there are more, or none."""
        ways = [(length, child) for length, table in self.tables for child in table.values()]
        ways += [(item.length or 0, child) for item, child in self.steps]
        return ways[0] if len(ways) == 1 and not self.ends else None

    def nearest(self, data: bytes, at: int) -> list[int]:
        """Return the first response of those whose constant here has most bytes in common with the unit.

        Those whose constant is there, whole, come further and are left out.
        """
        if not self._keys:
            return []
        tail = data[at : at + self.tables[0][0]]
        place = bisect_left(self._keys, tail)
        same = max(common(key, tail) for key in self._keys[max(0, place - 1) : place + 1])
        if not same and self._keys[0]:
            return [self._first]
        beginning = tail[:same]
        low = bisect_left(self._keys, beginning)
        high = bisect_right(self._keys, beginning, low, key=lambda key: key[:same])
        if low < high and self._keys[low] == beginning:
            low += 1
        return [min(self._firsts[low:high])] if low < high else []


def _head(reader: Reader) -> Sequence[Item]:
    """Return the params in front whose length is known, up to the first that can be absent."""
    most = min(reader.resume, default=len(reader.items))
    known = (n for n, item in enumerate(reader.items[:most]) if item.length is None)
    return reader.items[: next(known, most)]
