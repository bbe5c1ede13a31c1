"""From bytes to elements; hostile files are refused before they cost anything.

A definition has no DOCTYPE: it is refused unread, and with it each entity that could grow or name a file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from smartserial.definition.node import SHOWN, Node, steps
from smartserial.definition.place import Place
from smartserial.errors import SmartSerialError

MOST_BYTES = 4 * 1024 * 1024
MOST_ELEMENTS = 100_000
_MOST_EQUALS = 200_000  # of which each may be an attribute, with some hundred bytes of memory
_DEEPEST = 32
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ENCODINGS = (
    "utf-8",
    "ascii",
    *(f"iso8859-{part}" for part in range(1, 17) if part != 12),
    *(f"cp{page}" for page in range(1250, 1259)),
)  # of one byte a character, beside UTF-8: some that Python knows take hours
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_TOKENS = re.compile(
    rb"""<!--.*?(?:-->|\Z) | <!\[CDATA\[.*?(?:\]\]>|\Z) | <\?.*?(?:\?>|\Z)
    | (?P<doctype> <!DOCTYPE)
    | (?P<long> <[^/!?\s](?:[^<>"']|"[^"<]*"|'[^'<]*'){4096}+)
    | (?P<start> <)(?![/!?])""",
    re.DOTALL | re.VERBOSE,
)


class XmlError(SmartSerialError):
    """A text that is no definition at all; `code` is that of the rule, `line` and `column` count from 1."""

    def __init__(self, code: str, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.code, self.line, self.column = code, line, column


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds; `encoding` is what it declares, lower case, or empty."""

    root: Node
    encoding: str


def parse_xml(data: bytes) -> Document:
    """Read a document.

    Args:
        data: at most `MOST_BYTES`, in any encoding that it declares; UTF-8 if it declares none.

    Raises:
        XmlError: it is too large, has a DOCTYPE, or is not well-formed.
    """
    if len(data) > MOST_BYTES:
        raise XmlError("XM10", f"expected at most {MOST_BYTES} bytes")
    data, encoding = _as_utf8(data)
    if data.count(b"=") > _MOST_EQUALS:
        raise XmlError("XM10", f"expected at most {_MOST_EQUALS} attributes")
    starts = _starts(data)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        words = " ".join((error.msg or "empty").partition(", line ")[0].split())
        raise XmlError("XM08", f"expected well-formed XML: {words}", line or 1, max(column, 1)) from error
    return Document(_node(root, _places(data, starts), _local(root.tag)[:SHOWN]), encoding)


def _as_utf8(data: bytes) -> tuple[bytes, str]:
    """Return the text in UTF-8, and the encoding that the file declares."""
    start = next((known for known in _BOMS if data.startswith(known[0])), None)
    if start is not None and start[1] != "utf-8":
        try:
            data = data[len(start[0]) :].decode(start[1]).encode()
        except UnicodeError as error:
            raise XmlError("XM08", f"expected UTF-16, as its first bytes say: {error}") from error
        return data, "utf-16"
    data = data.removeprefix(codecs.BOM_UTF8)
    declared = _DECLARED.match(data)
    encoding = declared[1].decode().lower() if declared else ""
    if encoding in ("", "utf-8", "utf8", "us-ascii", "ascii"):
        return data, encoding
    try:
        if codecs.lookup(encoding).name not in _ENCODINGS:
            raise LookupError(f"expected one of {', '.join(_ENCODINGS)}")
        return data.decode(encoding).encode(), encoding
    except (LookupError, UnicodeError) as error:
        raise XmlError("XM08", f"cannot be read as {encoding}, as it declares: {error}", 1, 1) from error


def _starts(data: bytes) -> list[int]:
    """Return where elements begin, and refuse what would cost too much.

    Of a text that is not well-formed these are any positions; the parser refuses it.
    """
    starts: list[int] = []
    for token in _TOKENS.finditer(data):
        kind = token.lastgroup
        if kind == "start":
            starts.append(token.start())
        elif kind == "doctype":
            raise XmlError("XM09", "a DOCTYPE is refused: expected elements only", *_at(data, token.start()))
        elif kind == "long":
            raise XmlError("XM10", "expected a shorter tag", *_at(data, token.start()))
        if len(starts) > MOST_ELEMENTS:
            raise XmlError("XM10", f"expected at most {MOST_ELEMENTS} elements")
    return starts


def _at(data: bytes, position: int) -> tuple[int, int]:
    return data.count(b"\n", 0, position) + 1, position - data.rfind(b"\n", 0, position)


def _places(data: bytes, starts: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the line and column of each element."""
    line, column, last = 1, 1, 0
    for start in starts:
        passed = data[last:start]
        lines = passed.count(b"\n")
        line, last = line + lines, start
        column = 1 if lines else column
        column += len(passed[passed.rfind(b"\n") + 1 :].decode("utf-8", "replace"))
        yield line, column


def _local(name: str | bytes | bytearray | etree.QName) -> str:
    return str(name).rpartition("}")[2]


def _node(element: etree._Element, places: Iterator[tuple[int, int]], path: str) -> Node:
    place = Place(*next(places), path)
    if path.count("/") >= _DEEPEST:
        message = f"expected at most {_DEEPEST} elements in one another"
        raise XmlError("XM10", message, place.line, place.column)
    # those of other namespaces first: where names are alike, the format's own counts
    attributes = {
        _local(name): str(value)
        for name, value in sorted(element.attrib.items(), key=lambda item: not str(item[0]).startswith("{"))
    }
    if not len(element):
        return Node(_local(element.tag), attributes, element.text or "", (), place)
    below = steps([(_local(child.tag), child.get("id", "")) for child in element])
    children, text = [], [element.text or ""]
    for step, child in zip(below, element, strict=True):
        children.append(_node(child, places, f"{path}/{step}"))
        text.append(child.tail or "")
    return Node(_local(element.tag), attributes, "".join(text), tuple(children), place)
