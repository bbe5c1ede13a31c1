"""What a share keeps of its device's bytes for clients that are not there yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Protocol as Shape

from smartserial.channels.attendants import Tap
from smartserial.channels.udp.stream import DatagramStream
from smartserial.sharing.ledger import Ledger, Reason
from smartserial.sharing.packets import PacketRules, Packets
from smartserial.sharing.shelf import Shelf

if TYPE_CHECKING:
    from smartserial.channels.session import Session
    from smartserial.settings import ShareSettings


_MOST_DATAGRAMS = 500  # at once, of what was kept: more would not be read in time anyway


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
        self.answering: Callable[[], bool] = lambda: False
        """Tells whether the device answers somebody now: that is neither kept nor shown to others."""
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
        self._rules = settings.packets
        self._shelf.show(settings.replay)
        if settings.replay:
            self._taps[self] = self._hear
        else:
            self._taps.pop(self, None)

    def _hear(self, direction: str, who: str, data: bytes) -> None:
        if direction == "up" and not self.answering():
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
        for packet in self._packets(session, old):
            session.stream.write(packet)
        for packet in self._packets(session, kept + missed):
            clients.give_kept(session, packet)

    def _packets(self, session: Session, data: bytes) -> list[bytes]:
        """Cut what is given over UDP as `packets` would: each is a datagram, unless they are too many."""
        rules = self._rules
        if rules is None or not isinstance(session.stream, DatagramStream):
            return [data] if data else []
        packets = Packets(PacketRules(size=rules.size, chars=rules.chars))
        cut = [*packets.take(data, 0.0), *packets.flush()]
        return cut if len(cut) <= _MOST_DATAGRAMS else [data]

    def clear(self) -> None:
        """Forget everything, and count it."""
        self._ledger.discard(Reason.NO_CLIENT, self._shelf.clear())
