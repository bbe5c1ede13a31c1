"""What a simulated device says, as frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

VALUE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PIECE = re.compile(rb"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


@dataclass(frozen=True, slots=True)
class Hole:
    """Where a value stands in a text.

    Args:
        name: that of the value.
        size: bytes that it has; None: any number of them.
    """

    name: str
    size: int | None = None


Text = bytes | tuple[bytes | Hole, ...]
"""Bytes, or bytes with values between them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One exchange of a simulated device: when `expect` has come, the next of `answers` goes out.

    Args:
        expect: what is to come, without the terminator where the script has one; what comes in place of
            its holes becomes those values. None is any other message.
        answers: taken in turn; an empty one is silence.
        delay: seconds before the answer.
        sets: values from then on, by name.
    """

    expect: Text | None
    answers: tuple[Text, ...]
    delay: float = 0.0
    sets: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Unasked:
    """What a simulated device says by itself: the next of `answers`, each `every` seconds."""

    every: float
    answers: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A checksum at the end of each message.

    Args:
        type: as definitions name it.
        width: its bytes, 1 to 4.
        little: its lowest byte comes first.
        skip: bytes at the start of a message that it does not cover.
    """

    type: str
    width: int = 1
    little: bool = False
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """What a simulated device does.

    Args:
        rules: tried in order, the first that fits answers.
        unasked: what it says by itself.
        terminators: any of them ends a message to the device; none: messages are known by their bytes alone.
        ignore: bytes that are dropped from the end of a message, such as a carriage return.
        values: what it remembers, by name, as it is at the start.
        check: is expected after what `rules` expect, and added to all that it says; then nothing is ignored.
    """

    rules: tuple[Rule, ...] = ()
    unasked: tuple[Unasked, ...] = ()
    terminators: tuple[bytes, ...] = (b"\n",)
    ignore: bytes = b"\r"
    values: tuple[tuple[str, bytes], ...] = ()
    check: Check | None = None


def parse_text(raw: bytes, values: Mapping[str, bytes]) -> Text:
    """Read a text in which ``{name}`` is a value, and ``{{`` and ``}}`` are braces.

    A hole has the size of the value as it is at the start; if that is empty, any size.

    Args:
        raw: the text.
        values: those that there are, by name, as they are at the start.

    Raises:
        ValueError: there is no such value, or a brace stands alone.
    """
    pieces: list[bytes | Hole] = []
    for piece in _PIECE.finditer(raw):
        if piece[1] is not None:
            name = piece[1].decode("latin-1")
            if name not in values:
                raise ValueError(f"there is no value {name!r}")
            pieces.append(Hole(name, len(values[name]) or None))
            continue
        if piece[0] in (b"{", b"}"):
            raise ValueError("a brace stands alone; two of them are one in the text")
        plain = piece[0][:1] if piece[0] in (b"{{", b"}}") else piece[0]
        if pieces and isinstance(pieces[-1], bytes):
            plain = pieces.pop() + plain  # type: ignore[operator]
        pieces.append(plain)
    if not any(isinstance(piece, Hole) for piece in pieces):
        return b"".join(piece for piece in pieces if isinstance(piece, bytes))
    return tuple(pieces)


def filled(text: Text, values: Mapping[str, bytes]) -> bytes:
    """Return a text with these values in its holes."""
    if isinstance(text, bytes):
        return text
    return b"".join(values[piece.name] if isinstance(piece, Hole) else piece for piece in text)


def holes(text: Text | None) -> tuple[Hole, ...]:
    """Return where values stand in a text."""
    return tuple(piece for piece in text or () if isinstance(piece, Hole))


def pattern_of(text: Text) -> re.Pattern[bytes]:
    """Return the pattern of a text; each of its holes is a group of that name."""
    pieces = (text,) if isinstance(text, bytes) else text
    return re.compile(b"".join(map(_pattern, pieces)), re.DOTALL)


def size_of(text: Text) -> int:
    """Return how many bytes a text has; holes of any size count for nothing."""
    pieces = (text,) if isinstance(text, bytes) else text
    return sum(piece.size or 0 if isinstance(piece, Hole) else len(piece) for piece in pieces)


def _pattern(piece: bytes | Hole) -> bytes:
    if isinstance(piece, bytes):
        return re.escape(piece)
    some = b".*?" if piece.size is None else b".{%d}" % piece.size
    return b"(?P<%s>%s)" % (piece.name.encode("ascii"), some)
