"""What is wrong with a configuration, each with its place, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches

from smartserial.errors import ConfigError
from smartserial.printable import printable

ERROR = "error"
WARNING = "warning"

CODES = {
    "CF01": "the file cannot be read, or is not YAML",
    "CF02": "an unknown key",
    "CF03": "a value of the wrong kind, or out of range",
    "CF04": "a key is missing",
    "CF05": "keys that exclude each other",
    "CF06": "an address or a device that is used twice",
    "CF07": "a listener that others could reach without protection",
    "CF08": "an option that cannot act where it stands",
    "CF09": "a file that the configuration names cannot be used",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `line` and `column` count from 1, `path` is as in ``shares.plc.device``."""

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


class FindingsError(ConfigError):
    """A configuration with findings, at least one of them an error."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)


def as_json(findings: Iterable[Finding]) -> str:
    """Write findings as one JSON object."""
    return json.dumps({"findings": [asdict(finding) for finding in findings]}, indent=2)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return a hint with the known word that is most like `word`, or an empty text."""
    close = get_close_matches(str(word).lower(), list(known), n=1)
    return f"did you mean {close[0]}?" if close else ""
