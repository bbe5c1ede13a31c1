"""Texts of ser2net with escapes: as bytes, and as names of files."""

from __future__ import annotations

import re

_SIMPLE = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "?": "?",
    "'": "'",
    '"': '"',
}
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_CHANGING = frozenset("YyMmADeUIHhiSsqP")  # times, and who connects
_DOUBLED = re.compile(r"([-_.:])[-_.:]+")


def text_of(text: str) -> str | None:
    """Return a text with its escapes put in, each character a byte; None if one stands for something else."""
    whole: list[str] = []
    at = 0
    for match in _ESCAPE.finditer(text):
        character = _character(match[1])
        if character is None:
            return None
        whole += [text[at : match.start()], character]
        at = match.end()
    return "".join([*whole, text[at:]])


def _character(escape: str) -> str | None:
    if escape[0] == "x" and len(escape) > 1:
        return chr(int(escape[1:], 16))
    if escape[0] in "01234567":
        return chr(int(escape, 8) & 0xFF)
    return _SIMPLE.get(escape)


def file_of(text: str, name: str, device: str, port: str) -> tuple[str, bool]:
    """Return the name of a file with its escapes put in.

    Args:
        text: as ser2net has it.
        name: of the connection.
        device: its path, of which the last part is used.
        port: that clients come to.

    Returns:
        The name, and whether something that changes from time to time was left out of it.
    """
    put_in = {"o": name, "N": name, "d": device.rpartition("/")[2], "p": port, "B": ""}
    changes = False

    def one(match: re.Match[str]) -> str:
        nonlocal changes
        escape = match[1]
        if escape in put_in:
            return put_in[escape].replace("/", "-")
        if escape in _CHANGING:
            changes = True
            return ""
        return _character(escape) or ""

    whole = _ESCAPE.sub(one, text)
    return (_DOUBLED.sub(r"\1", whole).rstrip("-_.:") if changes else whole), changes
