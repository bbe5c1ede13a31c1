"""What device protocols are called."""

from __future__ import annotations

import re

NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
"""Lower-case words with hyphens between, as in ``acme-weather-mast``; the first one begins with a letter."""
VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){3}")
"""Four numbers, as in ``1.0.0.1``."""
MOST_CHARACTERS = 100
"""The longest name."""


def naming_problem(name: object, version: object) -> str:
    """Return what is wrong with a name and a version, or an empty text."""
    if not isinstance(name, str) or len(name) > MOST_CHARACTERS or not NAME.fullmatch(name):
        return (
            f"expected a name of lower-case words with hyphens, as in acme-weather-mast, found {name!r:.60}"
        )
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        return f"expected a version of four numbers, as in 1.0.0.1, found {version!r:.60}"
    return ""


def version_key(version: str) -> tuple[int, ...]:
    """Return what versions are sorted by; one that does not look like a version is the lowest."""
    return tuple(map(int, version.split("."))) if VERSION.fullmatch(version) else ()
