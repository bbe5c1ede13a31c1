"""Files that grow as long as the gateway runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file that grows line by line, and is begun anew when it is large.

    Args:
        path: the file.
        size: bytes after which a new one is begun.
        keep: how many full ones are kept beside it.
    """

    path: Path
    size: int = 10 * 1024 * 1024
    keep: int = 3

    def __str__(self) -> str:
        return f"{self.path} ({self.keep} x {self.size} bytes)"
