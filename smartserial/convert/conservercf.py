"""The configuration of conserver, see conserver.cf(5): blocks of keywords and values.

::

    block-type block-name { keyword value; ... }
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from smartserial.convert.remarks import DEEPEST, TOO_DEEP, ConvertError, Place, Word, named

Others = Callable[[str, Place], list[tuple[str, str]]]

_INCLUDE = re.compile(r"[#%]include\s+(\S.*)")
_TOKEN = re.compile(
    r"""(?P<mark>[{};])|(?P<comment>\#[^\n]*)|(?P<gap>\s+)|\\(?P<escaped>.)"""
    r"""|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s{};\#\\"]+)""",
    re.DOTALL,
)
_QUOTE = re.compile(r'\\"')

KINDS = ("access", "break", "config", "console", "default", "group", "task")
"""The types of blocks."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block.

    Args:
        kind: one of `KINDS`.
        name: what stands behind it.
        items: keywords and values, in their order.
    """

    kind: str
    name: Word
    items: tuple[tuple[Word, Word], ...]


def read_conserver(file: str, text: str, others: Others) -> list[Block]:
    """Read a file, and those that it includes.

    Args:
        file: its name, for places.
        text: what it holds.
        others: reads those that it includes.

    Raises:
        ConvertError: one of them has not this form.
    """
    return list(_Parser(_pieces(file, text, others, 0)).blocks())


@dataclass(frozen=True, slots=True)
class _Piece:
    """A mark, a gap, or a part of a word; `kind` says which."""

    kind: str
    text: str
    place: Place


def _pieces(file: str, text: str, others: Others, depth: int) -> Iterator[_Piece]:
    """Divide a file, with other files in the place of the lines that include them."""
    lines = text.split("\n")
    first = 0
    for number, line in enumerate(lines):
        match = _INCLUDE.fullmatch(line.rstrip())
        if match is None:
            continue
        place = Place(file, number + 1)
        if depth >= DEEPEST:
            raise ConvertError(place, TOO_DEEP)
        yield from _tokens(file, "\n".join(lines[first:number]), first + 1)
        for name, inner in others(match[1].strip(), place):
            yield from _pieces(name, inner, others, depth + 1)
        first = number + 1
    yield from _tokens(file, "\n".join(lines[first:]), first + 1)


def _tokens(file: str, text: str, line: int) -> Iterator[_Piece]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        place = Place(file, line)
        if match is None:
            raise ConvertError(place, f"expected an end of what {named(text[at])} begins")
        kind = match.lastgroup or ""
        inner = match[kind]
        if kind == "comment":
            kind = "gap"
        elif kind == "quoted":
            inner = _QUOTE.sub('"', inner)
        yield _Piece(kind, inner, place)
        line += match[0].count("\n")
        at = match.end()


class _Parser:
    """Makes blocks of pieces."""

    def __init__(self, pieces: Iterator[_Piece]) -> None:
        self._pieces = pieces
        self._last = Place("", 1)

    def blocks(self) -> Iterator[Block]:
        while (kind := self._keyword()) is not None:
            if kind.text not in KINDS:
                raise ConvertError(
                    kind.place, f"expected one of {', '.join(KINDS)}, found {named(kind.text)}"
                )
            name = self._value("{")
            items: list[tuple[Word, Word]] = []
            while (keyword := self._keyword()) is not None and keyword.text != "}":
                items.append((keyword, self._value(";")))
            if keyword is None:
                raise ConvertError(self._last, f"expected a '}}' for the block that begins at {kind.place}")
            yield Block(kind.text, name, tuple(items))

    def _next(self) -> _Piece | None:
        piece = next(self._pieces, None)
        if piece is not None:
            self._last = piece.place
        return piece

    def _keyword(self) -> Word | None:
        """Return a word that a gap ends, or the end of a block; None at the end of the file."""
        text, place = "", None
        while (piece := self._next()) is not None:
            if piece.kind == "mark":
                if text or piece.text == "{":
                    raise ConvertError(piece.place, f"expected a value behind {named(text)}")
                if piece.text == "}":
                    return Word("}", piece.place)
            elif piece.kind == "gap":
                if place is not None:
                    return Word(text, place)
            else:
                text, place = text + piece.text, place or piece.place
        if place is not None:
            raise ConvertError(place, f"expected a value behind {named(text)}, found the end")
        return None

    def _value(self, mark: str) -> Word:
        """Return what stands before a mark; gaps around it go, those in it stay."""
        text, gap, place = "", "", None
        while (piece := self._next()) is not None:
            if piece.kind == "mark":
                if piece.text != mark:
                    raise ConvertError(piece.place, f"expected {mark!r}, found {piece.text!r}")
                return Word(text, place or piece.place)
            if piece.kind == "gap":
                gap += "" if piece.text.startswith("#") else piece.text
            else:
                text += (gap if place is not None else "") + piece.text
                gap, place = "", place or piece.place
        raise ConvertError(self._last, f"expected {mark!r}, found the end")
