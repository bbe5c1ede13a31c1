"""An element of a definition's text, before it means anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from smartserial.definition.place import NOWHERE, Place

SHOWN = 40
"""Characters of a name or an id in a path."""


def steps(children: Sequence[tuple[str, str]]) -> list[str]:
    """Return the last steps of paths to elements, as in ``Param[31]``.

    What tells elements of one name apart is the id; or the position, where there is none. It has a ``#``
    where others of the name have ids.

    Args:
        children: the name and the id of each, in their order; empty is no id.
    """
    many, seen = Counter(name for name, _ in children), Counter[str]()
    with_ids = {name for name, number in children if number.strip()}
    found = []
    for name, number in children:
        seen[name] += 1
        mark = number.strip().replace("/", "|")[:SHOWN]
        if not mark and many[name] > 1:
            mark = f"{'#' if name in with_ids else ''}{seen[name]}"
        found.append(f"{name[:SHOWN]}[{mark}]" if mark else name[:SHOWN])
    return found


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
