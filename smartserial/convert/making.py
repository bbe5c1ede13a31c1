"""A share in the making, and remarks that stand beside it in the new file."""

from __future__ import annotations

from dataclasses import dataclass

from smartserial.convert.form import Share
from smartserial.convert.remarks import Place, Remarks
from smartserial.convert.ser2net import Connection


@dataclass(frozen=True, slots=True)
class Making:
    """A share that is made of a connection."""

    connection: Connection
    share: Share
    remarks: Remarks

    def lost(self, place: Place, what: str, why: str, cure: str) -> None:
        """Say what is not carried over."""
        self._remark(place, what, why, cure, lost=True)

    def note(self, place: Place, what: str, why: str, cure: str) -> None:
        """Say what is carried over in another way."""
        self._remark(place, what, why, cure, lost=False)

    def _remark(self, place: Place, what: str, why: str, cure: str, *, lost: bool) -> None:
        inherited = any(word.place == place for word in self.connection.defaults.values())
        whose = "defaults" if inherited else self.connection.was  # what all have is told once
        remark = self.remarks.add(place, f"{what} of {whose}", why, cure, lost=lost)
        self.share.comments.append(remark.words)
