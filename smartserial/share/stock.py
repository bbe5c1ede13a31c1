"""What a share keeps of its device's bytes for clients that are not there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Protocol as Shape

from smartserial.channels.attendants import Tap
from smartserial.sharing.ledger import Ledger, Reason
from smartserial.sharing.shelf import Shelf

if TYPE_CHECKING:
    from smartserial.channels.session import Session
    from smartserial.settings import ShareSettings


class Receivers(Shape):
    """What the stock needs of the clients."""

    def give_kept(self, session: Session, data: bytes) -> None:
        """Give a client what was kept."""


class Stock:
    """Keeps what nobody reads, as far as `buffer` goes, and shows the last bytes, as far as `replay` goes.

    Args:
        settings: of the share; replaced by `use`.
        ledger: counts the direction from the device.
        taps: of the share; ours is among them only with `replay`.
    """

    def __init__(self, settings: ShareSettings, ledger: Ledger, taps: dict[object, Tap]) -> None:
        self._shelf = Shelf()
        self._ledger = ledger
        self._taps = taps
        self.use(settings)

    @property
    def size(self) -> int:
        """How many bytes nobody has got yet."""
        return self._shelf.kept

    def use(self, settings: ShareSettings) -> None:
        """Go by other settings; what is kept stays."""
        self._buffer = settings.buffer
        self._shelf.show(settings.replay)
        if settings.replay:
            self._taps[self] = self._hear
        else:
            self._taps.pop(self, None)

    def _hear(self, direction: str, who: str, data: bytes) -> None:
        if direction == "up":
            self._shelf.hear(data)

    def keep(self, data: bytes) -> None:
        """Keep what nobody is there to read."""
        lost = self._shelf.keep(data, self._buffer)
        self._ledger.discard(Reason.OVERFLOW if self._buffer else Reason.NO_CLIENT, lost)

    def give(self, clients: Receivers, session: Session, new: bool = True) -> None:
        """Give somebody who may read from now on what came before; only what was kept if it is not new."""
        old, kept, missed = self._shelf.take()
        if not new:
            old = missed = b""
        self._ledger.copied += len(old) + len(missed)
        session.excuse(len(old) + len(kept) + len(missed))
        if old:
            session.stream.write(old)
        if kept:
            clients.give_kept(session, kept + missed)

    def clear(self) -> None:
        """Forget everything, and count it."""
        self._ledger.discard(Reason.NO_CLIENT, self._shelf.clear())
