"""Constant bytes: a run such as ``0x0D0x0A``, or a text that stands for itself."""

from __future__ import annotations

import re

_CONSTANT = re.compile(r"(?:0x(?:[0-9A-Fa-f]{2})++)++")
_HEX = re.compile(_CONSTANT.pattern, re.IGNORECASE)


def parse_constant(text: str) -> str | bytes:
    """Return the bytes that a text gives, or the text as it is, blanks included.

    Only a text that is hex as a whole, blanks around it aside, gives bytes; ``0X`` is no hex here.
    """
    trimmed = text.strip()
    return _bytes(trimmed) if _CONSTANT.fullmatch(trimmed) else text


def print_constant(value: str | bytes) -> str:
    """Write a constant: bytes as ``0x0D0x0A``, a text as it is.

    Raises:
        ValueError: it is a text that would be read as bytes, or there are no bytes at all.
    """
    if isinstance(value, bytes):
        if not value:
            raise ValueError("expected at least one byte: no bytes are written as an empty text")
        return print_hex(value)
    if isinstance(parse_constant(value), bytes):
        raise ValueError(f"expected a text that is not hex, got {value!r}")
    return value


def parse_hex(text: str) -> bytes | None:
    """Return the bytes of a text that may only be ``0x`` runs, or None."""
    text = text.strip()
    return _bytes(text.lower()) if _HEX.fullmatch(text) else None


def print_hex(value: bytes) -> str:
    """Write bytes as ``0x0D0x0A``."""
    return "".join(f"0x{byte:02X}" for byte in value)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("0x", ""))
