"""A command that is being made: its bytes, and which of its params each of them belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from smartserial.definition.message import Command
from smartserial.engine.stuff import Edit, edited
from smartserial.errors import SmartSerialError

MOST_BYTES = 1 << 20
"""The longest command, in bytes."""


class ComposeError(SmartSerialError):
    """A command cannot be made, or an action cannot be done to it; the text says why."""


class Buffer:
    """A command that is being made: the bytes of each of its params.

    Args:
        command: the command.
        params: the param at each position of its content.
        parts: its bytes there.

    Raises:
        ComposeError: more than `MOST_BYTES`.
    """

    __slots__ = ("_parts", "_stuffed", "command", "params")

    def __init__(self, command: Command, params: Sequence[int], parts: Sequence[bytes]) -> None:
        self.command = command
        self.params = tuple(params)
        self._parts = list(parts)
        # Of each part: the places that a stuffing filled, by its number.
        self._stuffed: list[dict[int, list[int]]] = [{} for _ in parts]
        self._check(self._parts)

    @property
    def data(self) -> bytes:
        """All bytes."""
        return b"".join(self._parts)

    @property
    def parts(self) -> tuple[bytes, ...]:
        """The bytes at each position."""
        return tuple(self._parts)

    @property
    def starts(self) -> tuple[int, ...]:
        """Where each position begins."""
        starts, place = [], 0
        for part in self._parts:
            starts.append(place)
            place += len(part)
        return tuple(starts)

    def put(self, position: int, part: bytes) -> None:
        """Give one position other bytes.

        Raises:
            ComposeError: the command becomes too long.
        """
        self._check([*self._parts[:position], part, *self._parts[position + 1 :]])
        self._parts[position] = part
        self._stuffed[position] = {}

    def become(self, other: Buffer) -> None:
        """Hold what another one holds."""
        self.command, self.params = other.command, other.params
        self._parts, self._stuffed = other._parts, other._stuffed

    def edit(self, edits: Sequence[Edit], stuffing: int | None = None) -> None:
        """Do edits of all bytes; new ones belong to the position in which they begin.

        Args:
            edits: as of `data`.
            stuffing: its number, so that `unstuff` takes out again what it put in; None is no stuffing.

        Raises:
            ComposeError: the command becomes too long.
        """
        parts, stuffed = [], []
        waiting = list(reversed(edits))
        for start, part, marks in zip(self.starts, self._parts, self._stuffed, strict=True):
            own: list[Edit] = []
            end = start + len(part)
            while waiting and waiting[-1].start < end:
                edit = waiting.pop()
                own.append(Edit(edit.start - start, min(edit.end, end) - start, edit.new))
                if edit.end > end:
                    waiting.append(Edit(end, edit.end, b""))
            parts.append(edited(part, own))
            moved = {number: _moved(places, own, number == stuffing) for number, places in marks.items()}
            if stuffing is not None and stuffing not in moved:
                moved[stuffing] = _moved([], own, True)
            stuffed.append(moved)
        self._check(parts)
        self._parts, self._stuffed = parts, stuffed

    def unstuff(self, stuffing: int) -> None:
        """Take out what a stuffing put in before."""
        edits = [
            Edit(start + place, start + place + 1, b"")
            for start, marks in zip(self.starts, self._stuffed, strict=True)
            for place in marks.get(stuffing, ())
        ]
        self.edit(edits)

    def _check(self, parts: Sequence[bytes]) -> None:
        size = sum(map(len, parts))
        if size > MOST_BYTES:
            raise ComposeError(f"expected a command of at most {MOST_BYTES} bytes, not {size}")


def _moved(marks: list[int], edits: Sequence[Edit], added: bool) -> list[int]:
    """Return where single bytes are after edits, without those that are gone; with those put in, if added."""
    moved: list[int] = []
    shift, index = 0, 0
    for edit in edits:
        while index < len(marks) and marks[index] < edit.start:
            moved.append(marks[index] + shift)
            index += 1
        while index < len(marks) and marks[index] < edit.end:
            index += 1
        if added:
            moved += range(edit.start + shift, edit.start + shift + len(edit.new))
        shift += len(edit.new) - (edit.end - edit.start)
    return moved + [mark + shift for mark in marks[index:]]
