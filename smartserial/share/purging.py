"""What a client of RFC 2217 throws away by PURGE-DATA."""

from __future__ import annotations

from typing import Any

from smartserial.channels.comport import ComPortSession
from smartserial.share.books import Books
from smartserial.sharing.ledger import Reason
from smartserial.telnet.comport import Purge


def purge(session: ComPortSession, buffers: Purge, stream: Any, line: Any, books: Books) -> None:
    """Throw away what waits for a client; in the device's queues too, but only where nobody else is.

    Programs purge whenever they open a port, and what waits there may be others' bytes.

    Args:
        session: the client.
        buffers: which ones.
        stream: the device's transport; None: it is away, or others use it too.
        line: of the device.
        books: count what is thrown away.
    """
    if buffers & Purge.RECEIVE:
        count = session.stream.discard_oldest(session.stream.pending)
        session.discarded += count
        if stream is not None:
            in_driver = line.purge_input()
            books.up.read += in_driver
            count += in_driver
        books.up.discard(Reason.PURGED, count)
    if buffers & Purge.TRANSMIT and stream is not None and session.writes:
        count = stream.discard_oldest(stream.pending) + line.purge_output()
        books.down.discard(Reason.PURGED, count)
