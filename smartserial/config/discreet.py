"""Foreign words in findings, without what may be a password or the hash of one.

YAML cuts what stands between braces at its commas: a hash without quotes there becomes a value and keys, and
each piece of it may be told of as something that is wrong. Nothing of that is shown.
"""

from __future__ import annotations

import re

HIDDEN = "(not shown)"
"""Stands for a word that is not shown."""
IN_QUOTES = "put the hash in quotes"
"""The hint for a hash that YAML has cut."""

_WORDS = re.compile(r"([\s'\"]+)")
_OF_A_HASH = re.compile(r"\$[A-Za-z0-9+=,.-]*\$|(?<!/)\$[A-Za-z0-9+/.]{16,}")  # `/$` is in paths alone
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_TOKEN = r"'(?:<[a-z ]+>|\\?[^'\"\\])'"  # a character, or a part of YAML as the library calls it
_AROUND = (
    "a alphabetic alphanumeric and any but cannot character chomping content digit document end escape "
    "expected found got hexadecimal in indentation indicators node not numeric of or parsing scanning start "
    "that the token unknown while"
)
_PLAIN = re.compile(rf"(?:{_TOKEN}|<[a-z ]+>|(?:{'|'.join(_AROUND.split())})\b|[ ,:])+")
_QUOTED = re.compile(r"(['\"]).*\1", re.DOTALL)
_DUPLICATE = re.compile(rf'found duplicate key "{_KEY.pattern}"')


def discreet(text: str) -> str:
    """Return a text in which `HIDDEN` stands for each word that has a piece of a hash in it."""
    if "$" not in text:
        return text
    return "".join(HIDDEN if _OF_A_HASH.search(word) else word for word in _WORDS.split(text))


def discreet_key(key: str) -> str:
    """Return a key, or `HIDDEN` for one with a dollar sign, which no key of ours has."""
    return HIDDEN if "$" in key else key


def is_plain_key(key: str) -> bool:
    """Tell whether something looks like a key, and not like a piece of a hash."""
    return _KEY.fullmatch(key) is not None


def discreet_problem(problem: str) -> str:
    """Return what the YAML library says is wrong, with no more of the file than single characters.

    What it puts in quotes may be meant as a password: an alias, a tag, a key.
    """
    if _DUPLICATE.fullmatch(problem) or _PLAIN.fullmatch(problem):
        return problem
    return discreet(_QUOTED.sub("...", problem))
