"""What clients and operators have made of a line's settings, and what is left when the clients have gone."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import fields, replace
from typing import Any

from smartserial.lines import LineSettings


class _Side:
    """What clients want of a line, or operators, by the names of `LineSettings`."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.done: dict[str, Any] = {}  # what was in force last, of what they wanted

    def refuse(self, name: str, value: Any) -> None:
        """Want what was in force before, if anything."""
        if self.values.get(name) == value:
            before = self.done.pop(name, value)
            if before == value:
                del self.values[name]
            else:
                self.values[name] = self.done[name] = before

    def drop(self, names: Set[str]) -> None:
        for name in names:
            self.values.pop(name, None)
            self.done.pop(name, None)


class Wishes:
    """Remembers who has changed what, as long as it matters.

    What clients change lasts until the last one has left; what operators change, until the configuration
    has other settings. A program at the other side of a virtual port decides for both.
    """

    def __init__(self) -> None:
        self._changed, self._ordered = _Side(), _Side()
        self._under_way: list[tuple[_Side, str, Any]] = []
        self._before: LineSettings | None = None  # what was in force before clients changed it

    @property
    def values(self) -> dict[str, Any]:
        """What a device that comes back gets."""
        return self._ordered.values | self._changed.values

    @property
    def clients(self) -> bool:
        """Whether clients have changed anything."""
        return bool(self._changed.values)

    def change(self, changes: Mapping[str, Any], in_force: LineSettings) -> None:
        """Take note of what a client wants; `in_force`: before that. The answers come in order."""
        self._before = self._before or in_force
        self._want(self._changed, changes)

    def order(self, changes: Mapping[str, Any]) -> None:
        """Take note of what an operator wants."""
        self._want(self._ordered, changes)

    def _want(self, side: _Side, changes: Mapping[str, Any]) -> None:
        side.values.update(changes)
        self._under_way.extend((side, name, value) for name, value in changes.items())

    def _answered(self, name: str, value: Any) -> _Side | None:
        """Return whose wish has its answer now; None: nobody's, it was done anew."""
        for place, (side, *wish) in enumerate(self._under_way):
            if wish == [name, value]:
                del self._under_way[place]
                return side
        return None

    def done(self, changes: Mapping[str, Any]) -> None:
        """Take note that changes are in force."""
        for name, value in changes.items():
            side = self._answered(name, value)
            if side is not None and name in side.values:
                side.done[name] = value

    def refused(self, changes: Mapping[str, Any]) -> None:
        """Take note that changes were refused: it is as if nobody had wanted them."""
        for name, value in changes.items():
            answered = self._answered(name, value)
            for side in (answered,) if answered is not None else (self._changed, self._ordered):
                if (side, name, value) not in self._under_way:
                    side.refuse(name, value)

    def decided(self, settings: LineSettings, before: LineSettings) -> None:
        """Take note that a program has made `settings` of those before: they are what is to be restored."""
        names = {f.name for f in fields(settings) if getattr(settings, f.name) != getattr(before, f.name)}
        self._changed.drop(names)
        self._ordered.drop(names)
        if self._before is not None:
            self._before = replace(self._before, **{name: getattr(settings, name) for name in names})

    def forget_orders(self) -> None:
        """Go by the configuration again, as far as operators are concerned."""
        self._ordered = _Side()

    def end(self, configured: LineSettings | None) -> dict[str, Any]:
        """Forget what clients have changed; return what is to be in force in its place.

        Args:
            configured: for this device; None: what was in force before is restored.
        """
        before, self._before = self._before, None
        changed, self._changed = self._changed.values, _Side()
        if before is None:
            return {}
        wanted = replace(configured or before, **self._ordered.values)
        return {name: getattr(wanted, name) for name in changed}
