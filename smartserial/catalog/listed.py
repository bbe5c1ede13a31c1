"""What a catalog has, written down: for people, or for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from smartserial.catalog.catalog import Listing
from smartserial.layout import columns
from smartserial.printable import printable

_HEAD = ("name", "version", "source", "description")


def as_text(listing: Listing) -> str:
    """Write one protocol a line, those that cannot be used last."""
    rows = [(one.name, one.version, one.source.value, one.description) for one in listing.protocols]
    lines = columns([_HEAD, *(tuple(map(printable, row)) for row in rows)])
    if listing.problems:
        lines += ["", *map(str, listing.problems)]
    return "\n".join(lines)


def as_json(listing: Listing) -> str:
    """Write one JSON object, with the places as well."""
    protocols = [
        {
            "name": one.name,
            "version": one.version,
            "source": one.source.value,
            "where": one.where,
            "description": one.description,
        }
        for one in listing.protocols
    ]
    problems = [
        {"where": one.where, "name": one.name or None, "problem": one.text} for one in listing.problems
    ]
    return json.dumps({"protocols": protocols, "problems": problems}, indent=2)


LISTED: Mapping[str, Callable[[Listing], str]] = {"text": as_text, "json": as_json}
"""The forms, by name."""
