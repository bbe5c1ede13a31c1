"""An element of a definition's text, before it means anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from smartserial.definition.place import NOWHERE, Place


@dataclass(frozen=True, slots=True)
class Node:
    """One element.

    Args:
        name: without its namespace.
        attributes: by their names without namespaces; untrimmed.
        text: all text directly in it; untrimmed.
        children: elements, in their order.
        place: where its ``<`` stands.
    """

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple[Node, ...] = ()
    place: Place = NOWHERE

    def all(self, path: str) -> Iterator[Node]:
        """Yield elements by the names on the way to them, as in ``Params/Param``; all of them, in order."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child

    def first(self, path: str) -> Node | None:
        """Return the first element at `path`, or None."""
        return next(self.all(path), None)

    def text_at(self, path: str) -> str:
        """Return the trimmed text of the first element at `path`; empty if there is none."""
        found = self.first(path)
        return found.text.strip() if found is not None else ""

    def has(self, path: str) -> bool:
        """Tell whether there is an element at `path`."""
        return self.first(path) is not None

    def walk(self) -> Iterator[Node]:
        """Yield this element and all in it, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()
