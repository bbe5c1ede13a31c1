"""What clients and operators have made of a line's settings, and what is left when the clients have gone."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import fields, replace
from typing import Any

from smartserial.lines import LineSettings


class _Wanted:
    """Settings that are wanted, by the names of `LineSettings`; what is refused is wanted no more."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._done: dict[str, Any] = {}  # those that have been in force

    def want(self, changes: Mapping[str, Any]) -> None:
        self.values.update(changes)

    def done(self, changes: Mapping[str, Any]) -> None:
        self._done.update((name, value) for name, value in changes.items() if name in self.values)

    def refused(self, changes: Mapping[str, Any]) -> None:
        for name, value in changes.items():
            if name in self.values and self.values[name] == value:
                del self.values[name]
                if name in self._done:
                    self.values[name] = self._done[name]

    def drop(self, names: Set[str]) -> None:
        for name in names:
            self.values.pop(name, None)
            self._done.pop(name, None)


class Wishes:
    """Remembers who has changed what, as long as it matters.

    What clients change lasts until the last one has left; what operators change, until the configuration
    has other settings. A program at the other side of a virtual port decides for both.
    """

    def __init__(self) -> None:
        self._changed, self._ordered = _Wanted(), _Wanted()
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
        """Take note of what a client wants; `in_force`: before that."""
        self._before = self._before or in_force
        self._changed.want(changes)

    def order(self, changes: Mapping[str, Any]) -> None:
        """Take note of what an operator wants."""
        self._ordered.want(changes)

    def done(self, changes: Mapping[str, Any]) -> None:
        """Take note that changes are in force."""
        self._changed.done(changes)
        self._ordered.done(changes)

    def refused(self, changes: Mapping[str, Any]) -> None:
        """Take note that changes were refused: it is as if nobody had wanted them."""
        self._changed.refused(changes)
        self._ordered.refused(changes)

    def decided(self, settings: LineSettings, before: LineSettings) -> None:
        """Take note that a program has made `settings` of those before: they are what is to be restored."""
        names = {f.name for f in fields(settings) if getattr(settings, f.name) != getattr(before, f.name)}
        self._changed.drop(names)
        self._ordered.drop(names)
        if self._before is not None:
            self._before = replace(self._before, **{name: getattr(settings, name) for name in names})

    def forget_orders(self) -> None:
        """Go by the configuration again, as far as operators are concerned."""
        self._ordered = _Wanted()

    def end(self, configured: LineSettings | None) -> dict[str, Any]:
        """Forget what clients have changed; return what is to be in force in its place.

        Args:
            configured: for this device; None: what was in force before is restored.
        """
        before, self._before = self._before, None
        changed, self._changed = self._changed.values, _Wanted()
        if before is None:
            return {}
        wanted = replace(configured or before, **self._ordered.values)
        return {name: getattr(wanted, name) for name in changed}
