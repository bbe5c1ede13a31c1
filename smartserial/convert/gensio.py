"""Strings of gensio(5): layers with options, the last one with what it opens.

For example ``telnet(rfc2217),tcp,2001``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FILTERS = frozenset(
    {
        "ax25",
        "certauth",
        "conacc",
        "keepopen",
        "kiss",
        "msgdelim",
        "mux",
        "perf",
        "ratelimit",
        "relpkt",
        "rfc2217",
        "script",
        "ssl",
        "telnet",
        "trace",
        "xlt",
    }
)
"""Kinds of layers that have another one below them."""

_KIND = re.compile(r"\s*([A-Za-z0-9_-]+)\s*")
_PIECE = re.compile(r"""[^\s,()"'\\]+|\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_GAP = re.compile(r"[\s,]+")
_MOST_LAYERS = 16
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TRUE = frozenset({"", "true", "on", "yes", "1"})
_FALSE = frozenset({"false", "off", "no", "0"})


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Args:
        kind: as in ``tcp``.
        options: names and values, in their order; the value of one that is only named is empty.
        words: what stands behind the last layer, divided at commas and spaces.
    """

    kind: str
    options: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()

    def option(self, name: str) -> str | None:
        """Return the last value of an option; None if it is not named."""
        return next((value for key, value in reversed(self.options) if key == name), None)


def parse_gensio(text: str) -> tuple[Layer, ...]:
    """Divide a string into layers.

    Raises:
        ValueError: it is none; the text says what was expected.
    """
    layers: list[Layer] = []
    at = 0
    while True:
        match = _KIND.match(text, at)
        if match is None:
            raise ValueError("expected the kind of a connection, such as tcp")
        kind, at = match[1].lower(), match.end()
        options: tuple[str, ...] = ()
        if text[at : at + 1] == "(":
            options, at = _words(text, at + 1)
            if text[at : at + 1] != ")":
                raise ValueError(f"expected ')' behind the options of {kind}")
            at += 1
        rest = text[at:].lstrip()
        if rest and not rest.startswith(","):
            raise ValueError(f"expected a comma behind {kind}")
        pairs = tuple(assignment(option) for option in options)
        if kind not in FILTERS:
            words, end = _words(rest, 1)
            if end < len(rest):
                raise ValueError(f"expected a name or number, found {rest[end]!r}")
            return (*layers, Layer(kind, pairs, words))
        if not rest:
            raise ValueError(f"expected a comma and another layer behind {kind}")
        layers.append(Layer(kind, pairs))
        if len(layers) > _MOST_LAYERS:
            raise ValueError(f"expected at most {_MOST_LAYERS} layers")
        text, at = rest, 1


def words_of(text: str) -> tuple[str, ...]:
    """Divide a text at commas and spaces, with quotes and backslashes taken away.

    Raises:
        ValueError: a quote has no end, or there is a bracket.
    """
    words, end = _words(text, 0)
    if end < len(text):
        raise ValueError(f"expected a word, found {text[end]!r}")
    return words


def _words(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """Return words up to a bracket, or what is none, and where that is."""
    words: list[str] = []
    joined = False
    while at < len(text):
        if gap := _GAP.match(text, at):
            at, joined = gap.end(), False
        elif piece := _PIECE.match(text, at):
            at = piece.end()
            whole = piece[0][1:-1] if piece[0][0] in "\"'" else piece[0]
            words[-1:] = [words[-1] + _plain(whole)] if joined else [*words[-1:], _plain(whole)]
            joined = True
        else:
            break
    return tuple(words), at


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def assignment(word: str) -> tuple[str, str]:
    """Divide ``name=value``; without a value it is empty."""
    name, _, value = word.partition("=")
    return name.strip().lower(), value.strip()


def truth(text: str) -> bool | None:
    """Read a switch; nothing is true. None: it is neither true nor false."""
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None
