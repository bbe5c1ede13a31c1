"""The transport that a protocol on TLS has: it counts data, not what goes over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from OpenSSL.SSL import Error
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.layered import LayeredTransport
from smartserial.channels.tls.marks import Marks
from smartserial.channels.tls.records import Records
from smartserial.interfaces import ICountedTransport


@implementer(ICountedTransport)
class TlsTransport(LayeredTransport):
    """What the protocol inside has as its transport; data is encrypted when the wire takes it, not before.

    Args:
        wire: the counted transport below.
        records: this end of TLS.
        resumed: is called when what has come may be handed over again.
        broke: is called with what is wrong when nothing can be encrypted any more.
    """

    def __init__(
        self, wire: Any, records: Records, resumed: Callable[[], None], broke: Callable[[Error], None]
    ) -> None:
        super().__init__(wire, Marks())
        self._records = records
        self._resumed = resumed
        self._broke = broke

    @property
    def paused(self) -> bool:
        """Whether nothing is to be handed over now."""
        return self._paused

    @property
    def ending(self) -> bool:
        """Whether this side has closed the connection, or is about to."""
        return self._closing

    @override
    def _pass_on(self, data: bytes) -> None:
        try:
            self._put(self._records.encrypt(data, self.wire.sent))
        except Error as error:
            self.dropped += len(data)
            self._broke(error)

    @override
    def _half_close(self) -> None:
        self._say_goodbye()
        super()._half_close()

    @override
    def _close(self) -> None:
        self._say_goodbye()
        super()._close()

    def _say_goodbye(self) -> None:
        if not self._lost:
            self.control(self._records.goodbye())
            self._lost = True

    def tell(self, text: bytes) -> None:
        """Send words of our own, which no counter sees."""
        if self.pending or self._lost:
            return
        try:
            self.control(self._records.encrypt(text, 0).encoded)
        except Error as error:
            self._broke(error)

    @override
    def resumeProducing(self) -> None:
        super().resumeProducing()
        self._resumed()

    @override
    def cut(self) -> None:
        if not self.pending:
            self._say_goodbye()
        self._closing = self._closed = True
        super().cut()

    @override
    def abortConnection(self) -> None:
        self._closing = self._closed = True
        super().abortConnection()
