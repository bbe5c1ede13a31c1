"""YAML as it is written: anchors, aliases, keys that stand twice, and the line of everything.

The configuration of ser2net 4 is not YAML that a usual reader takes: keys repeat, an anchor names a
connection, and an alias may stand inside a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from smartserial.convert.remarks import ConvertError, Place, Word

_MOST_EVENTS = 100_000
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; `anchor` is empty if it has none."""

    word: Word
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Alias:
    """``*name``."""

    word: Word
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: Place
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Pairs:
    """A mapping, as pairs of keys and values in their order; a key may stand in it twice."""

    pairs: tuple[tuple[Word, Node], ...]
    place: Place
    anchor: str = ""


Node = Scalar | Alias | Items | Pairs


def place_of(node: Node) -> Place:
    """Return where something begins."""
    return node.word.place if isinstance(node, Scalar | Alias) else node.place


def read_tree(file: str, text: str) -> Pairs:
    """Read one document.

    Args:
        file: its name, for places.
        text: what it holds.

    Raises:
        ConvertError: it is not YAML, is no mapping, or is nested too deeply.
    """
    events: list[Any] = []
    try:
        for event in YAML(typ="rt", pure=True).parse(text):
            events.append(event)
            if len(events) > _MOST_EVENTS:
                raise ConvertError(_place(file, event), "expected fewer values")
    except ConvertError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1 if mark else 1)
        raise ConvertError(place, f"expected YAML: {error.problem or error.context}") from error
    except Exception as error:  # the YAML library raises many kinds on odd texts
        raise ConvertError(Place(file, 1), "expected YAML, found something that cannot be read") from error
    starts = [number for number, event in enumerate(events) if isinstance(event, DocumentStartEvent)]
    if not starts:
        raise ConvertError(Place(file, 1), "expected YAML, found an empty file")
    tree, _ = _Builder(file, events).node(starts[0] + 1, 0)
    if not isinstance(tree, Pairs):
        raise ConvertError(place_of(tree), "expected a mapping")
    if len(starts) > 1:
        raise ConvertError(_place(file, events[starts[1]]), "expected one document, found a second one")
    return tree


def _place(file: str, event: Any) -> Place:
    return Place(file, event.start_mark.line + 1)


class _Builder:
    """Makes nodes of events."""

    def __init__(self, file: str, events: list[Any]) -> None:
        self._file = file
        self._events = events

    def node(self, at: int, depth: int) -> tuple[Node, int]:
        """Return the node that begins at an event, and the number of the event after it."""
        event = self._events[at]
        place = _place(self._file, event)
        if depth > _DEEPEST:
            raise ConvertError(place, "nested too deeply")
        if not isinstance(event, NodeEvent):
            raise ConvertError(place, "expected a value")
        anchor = str(event.anchor or "")
        if isinstance(event, AliasEvent):
            return Alias(Word(anchor, place)), at + 1
        if isinstance(event, ScalarEvent):
            return Scalar(Word(str(event.value), place), anchor), at + 1
        inner, after = self._inner(at + 1, depth + 1)
        if isinstance(event, SequenceStartEvent):
            return Items(tuple(inner), place, anchor), after
        assert isinstance(event, MappingStartEvent)
        keys = [self._key(key) for key in inner[::2]]
        return Pairs(tuple(zip(keys, inner[1::2], strict=True)), place, anchor), after

    def _inner(self, at: int, depth: int) -> tuple[list[Node], int]:
        nodes: list[Node] = []
        while isinstance(self._events[at], NodeEvent):
            node, at = self.node(at, depth)
            nodes.append(node)
        return nodes, at + 1

    def _key(self, node: Node) -> Word:
        if isinstance(node, Scalar):
            return node.word
        raise ConvertError(place_of(node), "expected a text as a key")
