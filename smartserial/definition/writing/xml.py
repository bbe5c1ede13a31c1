"""The text of a definition."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smartserial.definition.node import Node
from smartserial.definition.protocol import Protocol
from smartserial.definition.writing.protocol import write_protocol
from smartserial.definition.writing.texts import UnwritableError

NAMESPACE = "http://www.skyline.be/protocol"
"""What editors of the format expect; reading does not ask for it."""
_STEP = "  "
_IMPOSSIBLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Blanks other than spaces are written as numbers: a parser would make spaces or ends of lines of them.
_WRITTEN = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def to_xml(protocol: Protocol) -> str:
    """Return a definition as the text of a file, to be kept in UTF-8.

    Raises:
        UnwritableError: as `write_protocol`, or a text in it cannot stand in XML, as one with a NUL.
    """
    root = write_protocol(protocol)
    lines = ['<?xml version="1.0" encoding="utf-8"?>', *_lines(root, "", f' xmlns="{NAMESPACE}"'), ""]
    return "\n".join(lines)


def _escaped(text: str, node: Node) -> str:
    wrong = _IMPOSSIBLE.search(text)
    if wrong is not None:
        why = f"expected text that can stand in XML, found the character {wrong[0]!a}"
        raise UnwritableError(node.place.path, why)
    return text.translate(_WRITTEN)


def _lines(node: Node, indent: str, first: str = "") -> Iterator[str]:
    said = "".join(f' {name}="{_escaped(value, node)}"' for name, value in node.attributes.items())
    start = f"{indent}<{node.name}{first}{said}"
    if node.children:
        yield f"{start}>"
        for child in node.children:
            yield from _lines(child, indent + _STEP)
        yield f"{indent}</{node.name}>"
    elif node.text:
        yield f"{start}>{_escaped(node.text, node)}</{node.name}>"
    else:
        yield f"{start}/>"
