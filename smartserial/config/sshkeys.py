"""Public keys as they stand in ``authorized_keys``: a kind, the key in base64, and a comment."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping

SMALLEST_RSA = 2048
"""Bits."""
_KINDS: Mapping[str, int] = {
    "ssh-ed25519": 2,
    "sk-ssh-ed25519@openssh.com": 3,
    "ecdsa-sha2-nistp256": 3,
    "ecdsa-sha2-nistp384": 3,
    "ecdsa-sha2-nistp521": 3,
    "sk-ecdsa-sha2-nistp256@openssh.com": 4,
    "ssh-rsa": 3,
}
"""Those that can log in, and how many strings they are."""
_ED25519_BYTES = 32


def key_fault(line: str) -> str:
    """Tell what is wrong with a key in one line: what was expected; empty: nothing."""
    kind, _, rest = line.partition(" ")
    if kind not in _KINDS:
        if any(f" {known} " in f" {line} " for known in _KINDS):
            return "expected a public key without options before it"
        return f"expected a public key of one of the kinds {', '.join(_KINDS)}"
    try:
        strings = _strings(b64decode(rest.split(" ")[0], validate=True))
    except ValueError:
        return "expected a whole public key, as ssh-keygen writes it into a file that ends in .pub"
    if len(strings) != _KINDS[kind] or strings[0] != kind.encode():
        return f"expected a key of kind {kind}, as its line says"
    if kind == "ssh-rsa" and int.from_bytes(strings[2], "big").bit_length() < SMALLEST_RSA:
        return f"expected an RSA key of at least {SMALLEST_RSA} bits"
    if kind.endswith("ed25519") and len(strings[1]) != _ED25519_BYTES:
        return f"expected a key of {_ED25519_BYTES} bytes"
    return ""


def _strings(blob: bytes) -> list[bytes]:
    """Return the strings of a key, each of which comes behind its length.

    Raises:
        ValueError: there are other bytes.
    """
    strings = []
    while blob:
        size = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + size:
            raise ValueError("cut off")
        strings.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return strings
