"""A text of headings, paragraphs, lists and tables, as plain text or as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from smartserial.printable import printable

_UNDERLINES = ("=", "-", "~")
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>|#"})


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` 0 is that of the whole."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list; `depth` 0 is outermost."""

    text: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Entries:
    """A list."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; each row has as many cells as `head`."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Entries | Grid


def columns(lines: Sequence[Sequence[str]], gap: str = "  ") -> list[str]:
    """Return lines whose cells stand below each other."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        gap.join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _text(block: Block) -> list[str]:
    match block:
        case Heading(level, text):
            return [printable(text), _UNDERLINES[level] * len(printable(text))]
        case Paragraph(text):
            return [printable(text)]
        case Entries(entries):
            return [f"{'  ' * entry.depth}- {printable(entry.text)}" for entry in entries]
        case Grid(head, rows):
            return columns([[printable(cell) for cell in row] for row in (head, *rows)])


def _safe(text: str) -> str:
    return printable(text).translate(_SPECIAL)


def _markdown(block: Block) -> list[str]:
    match block:
        case Heading(level, text):
            return [f"{'#' * (level + 1)} {_safe(text)}"]
        case Paragraph(text):
            return [_safe(text)]
        case Entries(entries):
            return [f"{'  ' * entry.depth}- {_safe(entry.text)}" for entry in entries]
        case Grid(head, rows):
            lines = [head, tuple("---" for _ in head), *(tuple(map(_safe, row)) for row in rows)]
            return ["| " + " | ".join(line) + " |" for line in lines]


def _rendered(blocks: Iterable[Block], write: Callable[[Block], list[str]]) -> str:
    return "\n\n".join("\n".join(write(block)) for block in blocks)


def as_text(blocks: Iterable[Block]) -> str:
    """Write blocks for a terminal; nothing in them can act on it."""
    return _rendered(blocks, _text)


def as_markdown(blocks: Iterable[Block]) -> str:
    """Write blocks as Markdown; nothing in them is markup."""
    return _rendered(blocks, _markdown)


RENDERED: dict[str, Callable[[Iterable[Block]], str]] = {"text": as_text, "markdown": as_markdown}
"""The forms, by name."""
