"""What is wrong with a file, each with its place, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches

from smartserial.printable import printable

ERROR = "error"
WARNING = "warning"
INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Args:
        file: its name, as it was given.
        line: from 1; 0 is the file as a whole.
        column: from 1, in characters.
        path: as in ``shares.plc.device`` or ``Protocol/Params/Param[31]``.
        code: of the rule.
        severity: `ERROR`, `WARNING` or `INFO`.
        message: what was expected, and what was found.
        hint: what may cure it.
    """

    file: str
    line: int
    column: int
    path: str
    code: str
    severity: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        path = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return printable(f"{where}: {self.code} {self.severity}: {path}{self.message}{hint}")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means; a rule that looks for it may be milder at times.

    Args:
        code: two letters and two digits.
        severity: `ERROR`, `WARNING` or `INFO`.
        title: what is wrong, in a line.
        cure: what to do about it.
    """

    code: str
    severity: str
    title: str
    cure: str


def as_json(findings: Iterable[Finding]) -> str:
    """Write findings as one JSON object."""
    return json.dumps({"findings": [asdict(finding) for finding in findings]}, indent=2)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return a hint with the known word that is most like `word`, or an empty text."""
    close = get_close_matches(str(word).lower(), list(known), n=1)
    return f"did you mean {close[0]}?" if close else ""
