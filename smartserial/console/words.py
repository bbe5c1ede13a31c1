"""What an operator types: words, quoted where they hold spaces, and bytes with escapes."""

from __future__ import annotations

import re
import shlex

from smartserial.console.output import VerbError

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "e": "\x1b", "\\": "\\"}
_ON_OFF = {"on": True, "off": False, "true": True, "false": False, "1": True, "0": False}


def split(line: str) -> list[str]:
    """Split a line into words; a backslash stays what it is.

    Raises:
        VerbError: a quote is not closed.
    """
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.escape = lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError as error:
        raise VerbError("expected a closing quote") from error


def text_bytes(word: str) -> bytes:
    r"""Return the bytes of a text with ``\r``, ``\n``, ``\t``, ``\0``, ``\e``, ``\\`` and ``\xNN``.

    Raises:
        VerbError: it has another escape.
    """

    def replaced(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) == 3:
            return chr(int(escape[1:], 16))
        if escape not in _ESCAPES:
            raise VerbError(rf"expected \r, \n, \t, \0, \e, \\ or \xNN, found \{escape}")
        return _ESCAPES[escape]

    parts = re.split(r"(\\x[0-9a-fA-F]{2}|\\.)", word, flags=re.DOTALL)  # the odd ones are escapes
    return b"".join(
        _ESCAPE.sub(replaced, part).encode("latin-1") if n % 2 else part.encode("utf-8", "surrogateescape")
        for n, part in enumerate(parts)
    )


def hex_bytes(words: list[str]) -> bytes:
    """Return the bytes of pairs of hexadecimal digits.

    Raises:
        VerbError: it is something else.
    """
    try:
        return bytes.fromhex(" ".join(words))
    except ValueError as error:
        raise VerbError(f"expected pairs of hexadecimal digits, found {' '.join(words)!r}") from error


def assignments(words: list[str], known: tuple[str, ...]) -> dict[str, str]:
    """Read ``NAME=VALUE`` words.

    Raises:
        VerbError: one has another form, or an unknown name.
    """
    pairs = [word.partition("=") for word in words]
    for name, equals, value in pairs:
        if not equals or not value or name not in known:
            raise VerbError(
                f"expected NAME=VALUE with one of {', '.join(known)}, found {name}{equals}{value}"
            )
    if not pairs:
        raise VerbError(f"expected NAME=VALUE with one of {', '.join(known)}")
    return {name: value for name, _, value in pairs}


def on_off(word: str) -> bool:
    """Read ``on`` or ``off``.

    Raises:
        VerbError: it is something else.
    """
    if word not in _ON_OFF:
        raise VerbError(f"expected on or off, found {word}")
    return _ON_OFF[word]
