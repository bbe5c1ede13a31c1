"""Passwords as hashes: made, and compared with what somebody types.

A hash is one text that says how it was made, in the form of PHC strings::

    $scrypt$ln=17,r=8,p=1$SALT$HASH

2 to the power of `ln`, times `r` and 128 bytes, is the memory that one takes; `p` is how often that is done.
Salt and hash are base64 without padding. Making or comparing one blocks for a good part of a second.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import scrypt
from hmac import compare_digest
from secrets import token_bytes

COST = 17
"""The `ln` of new hashes: 128 MiB each."""
WEAK = 14
"""Hashes that cost less than those of this `ln` are worth a warning."""
MOST_PASSWORD = 255
"""Bytes that a password has at most, so that it can be typed wherever one is asked for."""

_MOST_MEMORY = 256 * 1024 * 1024
_MOST_PASSES = 4
_FINE = 64  # how exactly a wrong password takes its time: to this part of the whole
_SALT, _HASH, _BLOCK = 16, 32, 8  # of new ones; the first two are bytes
_FORM = re.compile(
    r"\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)


@dataclass(frozen=True, slots=True)
class _Parsed:
    cost: int
    block: int
    passes: int
    salt: bytes
    hash: bytes

    @property
    def work(self) -> int:
        """What it costs to make one, in steps of a hash with one block and one pass."""
        return self.passes * self.block << self.cost

    def of(self, password: bytes) -> bytes:
        """Return what a password gives with these parameters."""
        n = 1 << self.cost
        return scrypt(
            password,
            salt=self.salt,
            n=n,
            r=self.block,
            p=self.passes,
            maxmem=_memory(self.cost, self.block) + 128 * self.block * (self.passes + 2),
            dklen=len(self.hash),
        )

    def __str__(self) -> str:
        return f"$scrypt$ln={self.cost},r={self.block},p={self.passes}${_text(self.salt)}${_text(self.hash)}"


def hash_password(password: bytes, cost: int = COST) -> str:
    """Return the hash of a password, with a salt of its own.

    Args:
        password: 1 to `MOST_PASSWORD` bytes.
        cost: the `ln` of the hash, 1 to 18.
    """
    made = _Parsed(cost, _BLOCK, 1, token_bytes(_SALT), bytes(_HASH))
    return str(_Parsed(cost, _BLOCK, 1, made.salt, made.of(password)))


def verify(password: bytes, text: str, like: str = "") -> bool:
    """Tell whether a password is the one of a hash, in a time that does not depend on how wrong it is.

    An empty password is never right, and neither is any for a text that is no hash.

    Args:
        password: as it was typed.
        text: the hash.
        like: another hash: a password that is wrong takes at least as long as comparing with that one would.
    """
    known = _parse(text)
    right = known is not None and compare_digest(known.of(password), known.hash) and bool(password)
    if not right:
        _spend(0 if known is None else known.work, like)
    return right


def _spend(done: int, like: str) -> None:
    """Work for as long as a hash costs, less what has been done."""
    whole = _parse(like)
    left = 0 if whole is None else whole.work - done
    while whole is not None and left * _FINE > whole.work and left > _BLOCK:
        cost = min(COST, (left // _BLOCK).bit_length() - 1)  # what costs half of it or more
        part = _Parsed(cost, _BLOCK, 1, bytes(_SALT), bytes(_HASH))
        part.of(b"")
        left -= part.work


def dearest(texts: Iterable[str]) -> str:
    """Return the hash that takes longest to compare with; empty, if there is none."""
    return max(texts, key=work, default="")


def work(text: str) -> int:
    """Return what it costs to compare with a hash, in steps; 0 for what is none."""
    known = _parse(text)
    return 0 if known is None else known.work


def is_weak(text: str) -> bool:
    """Tell whether a hash costs so little that whoever steals it guesses fast."""
    return work(text) < _BLOCK << WEAK


def is_hash(text: str) -> bool:
    """Tell whether a text is a hash that can be compared with, within bounds of memory and time."""
    return _parse(text) is not None


def decoy(like: str = "") -> str:
    """Return a hash that no password has, which takes as long as `like` does; see `keeper`."""
    known = _parse(like)
    cost, block, passes = (COST, _BLOCK, 1) if known is None else (known.cost, known.block, known.passes)
    return str(_Parsed(cost, block, passes, token_bytes(_SALT), token_bytes(_HASH)))


def _memory(cost: int, block: int) -> int:
    return 128 * block << cost


def _parse(text: str) -> _Parsed | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    cost, block, passes = int(found[1]), int(found[2]), int(found[3])
    if not (cost and block and passes) or passes > _MOST_PASSES or _memory(cost, block) > _MOST_MEMORY:
        return None
    salt, hashed = _bytes(found[4]), _bytes(found[5])
    if not 8 <= len(salt) <= 64 or not 16 <= len(hashed) <= 64:
        return None
    return _Parsed(cost, block, passes, salt, hashed)


def _text(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Return what base64 without padding stands for; nothing for what stands for nothing."""
    return b"" if len(text) % 4 == 1 else b64decode(text + "=" * (-len(text) % 4))
