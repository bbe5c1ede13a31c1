"""What a verb gives, and how it is written: as text for people, or as JSON, one value a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from smartserial.layout import columns
from smartserial.printable import printable

Row = Mapping[str, Any]
_GAP = "  "
OK, FAILED = "=ok", "=error "
"""The last line that `smartserial ctl` is given."""


class VerbError(Exception):
    """What was typed cannot be done; each argument is a line that says what was expected."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of the same columns."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One thing, with many fields."""

    row: Row


@dataclass(frozen=True, slots=True)
class Words:
    """Lines for people."""

    lines: tuple[str, ...]


class Twofold(dict[str, Any]):
    """A row that programs are told more of than people.

    Args:
        row: for people.
        full: for programs.
    """

    def __init__(self, row: Row, full: Row) -> None:
        super().__init__(row)
        self.full = full


@dataclass(frozen=True, slots=True)
class Lines:
    """Things that are a line each for people, and a row for programs."""

    lines: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Follow:
    """Rows that come by and by, until the operator has seen enough.

    Args:
        begin: is given what takes each row, and returns what ends it.
    """

    begin: Callable[[Callable[[Row], None]], Callable[[], None]]


Output = Table | Record | Words | Lines | Follow


def shown(value: Any) -> str:
    """Write one value for people; whatever a device or a peer said in it cannot act on a terminal."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " ".join(f"{key}={shown(part)}" for key, part in value.items()) or "-"
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(part) for part in value) or "-"
    return printable(str(value))


def as_text(output: Output) -> list[str]:
    """Return the lines for people."""
    match output:
        case Table(rows=rows):
            return _columns(rows)
        case Record(row=row):
            width = max((len(name) for name in row), default=0)
            return [f"{name:<{width}}{_GAP}{shown(value)}" for name, value in row.items()]
        case Words(lines=lines) | Lines(lines=lines):
            return [printable(line) for line in lines]
    return []


def _columns(rows: tuple[Row, ...]) -> list[str]:
    if not rows:
        return ["nothing"]
    names = list(rows[0])
    lines = [names, *([shown(row[name]) for name in names] for row in rows)]
    return columns(lines)


def line_of(row: Row) -> str:
    """Return one row that comes by as a line for people."""
    return " ".join(shown(value) for value in row.values())


def as_json(output: Output) -> list[str]:
    """Return one JSON value a line."""
    match output:
        case Table(rows=rows):
            return [json_of(row) for row in rows]
        case Record(row=row):
            return [json_of(row)]
        case Lines(rows=rows):
            return [json_of(row) for row in rows]
        case Words(lines=lines):
            return [json_of({"text": line}) for line in lines]
    return []


def json_of(row: Row) -> str:
    """Return a row as one line of JSON, in ASCII."""
    return json.dumps(row.full if isinstance(row, Twofold) else row, default=str)


def table(rows: Iterable[Row]) -> Table:
    """Return rows as a table."""
    return Table(tuple(rows))
