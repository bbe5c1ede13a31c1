"""A draft as YAML: the same draft gives the same text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smartserial.convert.form import Draft, Mapping, Pool, Share, Value
from smartserial.printable import printable

_PLAIN = re.compile(r"(?=.*[A-Za-z])[A-Za-z/_][A-Za-z0-9/_.+-]*")
_TIME = re.compile(r"[0-9]+(?:us|ms|s|d)|[0-9]+[KM]iB")
_SETTINGS = re.compile(r"[0-9]+ [5-8][NOEMS][12]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", ".nan", ".inf"})
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\", "\0": "\\0"}
_WIDTH = 110


def write(draft: Draft) -> str:
    """Return the file for a draft, a line end at its end."""
    return "\n".join([*_lines(draft), ""])


def _lines(draft: Draft) -> Iterator[str]:
    yield f"# Made of {printable(draft.source)} by `smartserial convert`. Look through it before you use it."
    for text in draft.comments:
        yield from _comment(text, "")
    if draft.console:
        yield f"console: {_flow(draft.console)}"
    if draft.tls:
        yield "tls:"
        for name, files in draft.tls.items():
            yield f"  {name}: {_flow(files)}"
    yield "shares:"
    for share in draft.shares:
        yield from _share(share)
    if draft.pools:
        yield "pools:"
    for pool in draft.pools:
        yield from _pool(pool)


def _share(share: Share) -> Iterator[str]:
    yield from _heading(share)
    yield "    device:"
    for key, value in share.device.items():
        yield f"      {key}: {_flow(value)}"
    yield from _listeners(share.listen)
    if share.connect:
        yield f"    connect: {_flow(share.connect)}"
    for key, mapping in (("sharing", share.sharing), ("packets", share.packets), ("capture", share.capture)):
        if mapping:
            yield f"    {key}: {_flow(mapping)}"


def _pool(pool: Pool) -> Iterator[str]:
    yield from _heading(pool)
    yield f"    shares: {_flow([share.name for share in pool.shares])}"
    yield from _listeners(pool.listen)
    yield "    announce: false"  # other programs tell their clients nothing


def _heading(section: Share | Pool) -> Iterator[str]:
    yield from _comment(f"{section.was}, {section.place}", "  ")
    for text in section.comments:
        yield from _comment(f"- {text}", "  ")
    yield f"  {scalar(section.name)}:"


def _listeners(listeners: list[Mapping]) -> Iterator[str]:
    if listeners:
        yield "    listen:"
    for listener in listeners:
        yield f"      - {_flow(listener)}"


def _comment(text: str, indent: str) -> Iterator[str]:
    """Break a comment into lines between its words."""
    line = f"{indent}#"
    for word in printable(text).split(" "):
        if len(line) + 1 + len(word) > _WIDTH and len(line) > len(indent) + 3:
            yield line
            line = f"{indent}#  "
        line += f" {word}"
    yield line


def _flow(value: Value) -> str:
    """Write a value in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return scalar(value)


def scalar(value: bool | float | str) -> str:
    """Write a number or a text, in quotes where it could be taken for something else."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return str(value)
    plain = _PLAIN.fullmatch(value) or _TIME.fullmatch(value) or _SETTINGS.fullmatch(value)
    if plain and value.lower() not in _WORDS:
        return value
    return '"' + "".join(map(_character, value)) + '"'


def _character(character: str) -> str:
    if character in _ESCAPES or character.isprintable():
        return _ESCAPES.get(character, character)
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
