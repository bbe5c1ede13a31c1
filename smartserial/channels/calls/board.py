"""What a call needs of its share."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Protocol as Shape

if TYPE_CHECKING:
    from smartserial.channels.calls.call import Call
    from smartserial.channels.calls.session import CallSession


class Switchboard(Shape):
    """What a call needs of its share, beside what all ways in do."""

    def refusal(self, call: Call, host: str) -> str:
        """Tell why there may be no session with `host` now; empty: there may."""

    def leads(self, call: Call) -> bool:
        """Tell whether the settings of the far port go by what happens here."""

    def waiting(self, call: Call) -> int:
        """Return how many bytes are kept that nobody has got, of those that the call may hear."""

    def unread(self) -> bool:
        """Tell whether programs may have written something that was not read yet."""

    def hang_up(self, call: Call) -> None:
        """Close the session of a call, for no program is there, when what waits for it was sent."""

    def listen_for_device(self, call: Call, wanted: bool) -> None:
        """Tell the call when the device sends something, or do so no more."""

    def begins(self, session: CallSession) -> None:
        """Take note of a session, before any data."""

    def ends(self, session: CallSession) -> None:
        """Take note that a session is over."""

    def held_changed(self, call: Call, held: bool) -> None:
        """Take note that a program has the virtual port open now, or none has."""

    def calling(self, to: str) -> None:
        """Take note that somebody is called, for the first time or anew."""

    def call_failed(self, to: str, why: str) -> None:
        """Take note that somebody could not be reached, for a reason that was not told before."""
