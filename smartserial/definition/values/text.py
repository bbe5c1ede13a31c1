"""Text and its bytes: one byte for each character, or UTF-16 with its low byte first."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cache
from typing import Final

from smartserial.errors import ConfigError

_BYTES: Final = bytes(range(256))
_PRIVATE = 0xF700  # where a byte without a character goes, when its own code point is another byte's
_FEWEST = 200  # single bytes of a code page; where characters are longer, most bytes mean nothing alone
_HALF: Final = "\ud800"  # this and a low surrogate, not joined: no UTF-16 decodes to that


@dataclass(frozen=True, slots=True)
class Encoding:
    """How texts look on the wire.

    A byte that the code page leaves undefined becomes the character of the same number, and that character
    becomes this byte again. In UTF-16, lone surrogates and an odd last byte survive a round trip as well.

    Args:
        code_page: as Python names it; each byte is one character.
        unicode: texts are UTF-16, little-endian, in place of the code page.

    Raises:
        ConfigError: Python knows no such code page, or not all of its characters are one byte.
    """

    code_page: str = "cp1252"
    unicode: bool = False

    def __post_init__(self) -> None:
        _characters(self.code_page)

    def encode(self, text: str) -> bytes:
        """Return the bytes of `text`; a character that the code page does not have is ``?``."""
        if self.unicode:
            return _to_utf16(text)
        data, _ = codecs.charmap_encode(text, "replace", _numbers(self.code_page))
        return data

    def decode(self, data: bytes) -> str:
        """Return the text of `data`, whatever the bytes."""
        if self.unicode:
            return _from_utf16(data)
        text, _ = codecs.charmap_decode(data, "strict", _characters(self.code_page))
        return text

    def padding(self, length: int, character: str = " ") -> bytes:
        """Return `length` bytes of one ASCII character; in UTF-16 an odd byte comes first."""
        byte = character.encode("ascii")
        return byte * (length % 2) + (byte + b"\0") * (length // 2) if self.unicode else byte * length


@cache
def _characters(code_page: str) -> str:
    """Return the character of each byte."""
    try:
        found = [_BYTES[byte : byte + 1].decode(code_page, "ignore") for byte in _BYTES]
    except (LookupError, ValueError):
        found = []
    if len(found) - found.count("") < _FEWEST:
        raise ConfigError(f"expected a code page of one byte for each character, not {code_page!r}")
    taken = set(found)
    return "".join(
        one or (chr(byte) if chr(byte) not in taken else chr(_PRIVATE + byte))
        for byte, one in enumerate(found)
    )


@cache
def _numbers(code_page: str) -> dict[int, int]:
    """Return the byte of each character."""
    return {ord(character): byte for byte, character in enumerate(_characters(code_page))}


def _from_utf16(data: bytes) -> str:
    text = data[: len(data) // 2 * 2].decode("utf-16-le", "surrogatepass")
    return text + _HALF + chr(0xDC00 + data[-1]) if len(data) % 2 else text


def _to_utf16(text: str) -> bytes:
    if text[-2:-1] == _HALF and "\udc00" <= text[-1] <= "\udcff":
        return text[:-2].encode("utf-16-le", "surrogatepass") + bytes([ord(text[-1]) - 0xDC00])
    return text.encode("utf-16-le", "surrogatepass")
