"""The word that must never come out: tests that log in use it as password, and the gate looks for it.

A test that hands a password, a key or a secret to a program puts `CANARY` into it. The gate then searches all
that the tests have said and left behind (`left_behind`): log lines, tracebacks, command lines of programs,
files. A configuration or a users file holds at most a hash of it.

    python tests/canary.py FILE_OR_FOLDER ...
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

CANARY = "".join(("kanarie", "vogel", "-4711"))
"""A password; put together here, so that this file does not hold it."""
_PIECE = 1 << 20


def left_behind(places: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, of these and below these folders, that hold the word, in UTF-8 or in hexadecimal."""
    words = (CANARY.encode(), CANARY.encode().hex().encode())
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and not path.is_symlink() and _holds(path, words):
                yield path


def _holds(path: Path, words: tuple[bytes, ...]) -> bool:
    overlap = max(map(len, words)) - 1
    with path.open("rb") as file:
        end = b""
        while piece := file.read(_PIECE):
            if any(word in end + piece for word in words):
                return True
            end = piece[-overlap:]
    return False


def main() -> int:
    """Search what the command line names; return the exit code."""
    places = [Path(name) for name in sys.argv[1:]]
    missing = [place for place in places if not place.exists()]
    found = list(left_behind(place for place in places if place.exists()))
    for place in missing:
        print(f"{place}: expected a file or folder to search, and there is none", file=sys.stderr)
    for path in found:
        print(f"{path}: a password came out", file=sys.stderr)
    return 1 if missing or found else 0


if __name__ == "__main__":
    sys.exit(main())
