"""What could not be carried over, each with its place, its reason and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from smartserial.errors import SmartSerialError
from smartserial.printable import printable

_MOST_SHOWN = 60
DEEPEST = 10  # files that are included, each by the one before
TOO_DEEP = f"expected at most {DEEPEST} files, each included by the one before (does one include itself?)"
"""What is said of files that include others without end."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands.

    Args:
        file: its name, as it was given, or as another file includes it.
        line: from 1.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return printable(f"{self.file}:{self.line}")


@dataclass(frozen=True, slots=True)
class Word:
    """A text of a foreign file, and where it stands."""

    text: str
    place: Place


class ConvertError(SmartSerialError):
    """A foreign file that cannot be read.

    Args:
        place: where reading ended.
        message: what was expected, and what was found.
    """

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(f"{place}: {printable(message)}")


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the reader of the new file must know.

    Args:
        place: where it stands in the foreign file.
        what: what it is about.
        why: why it is not there, or what is different here.
        cure: what to do about it.
        lost: it is not carried over; otherwise it is, in another way.
    """

    place: Place
    what: str
    why: str
    cure: str
    lost: bool

    @property
    def words(self) -> str:
        """Everything but the place."""
        kind = "not carried over" if self.lost else "note"
        return printable(f"{kind}: {self.what} ({self.why}; {self.cure})")

    def __str__(self) -> str:
        return f"{self.place}: {self.words}"


@dataclass(slots=True)
class Remarks:
    """All remarks on a file, each once, in the order in which they were made."""

    made: dict[Remark, None] = field(default_factory=dict)

    def add(self, place: Place, what: str, why: str, cure: str, *, lost: bool = True) -> Remark:
        """Make a remark; the same one is made once."""
        remark = Remark(place, what, why, cure, lost)
        self.made[remark] = None
        return remark

    def in_order(self) -> list[Remark]:
        """Return them file by file, by their lines."""
        files = {remark.place.file: None for remark in self.made}
        order = {name: number for number, name in enumerate(files)}
        return sorted(self.made, key=lambda remark: (order[remark.place.file], remark.place.line))

    @property
    def lost(self) -> bool:
        """Whether something was not carried over."""
        return any(remark.lost for remark in self.made)


def named(text: str) -> str:
    """Write a word of a foreign file as a remark names it: not at any length."""
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}...")
