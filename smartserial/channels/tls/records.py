"""One end of TLS in memory: data becomes records and comes out of them, and it is known where each ends."""

from __future__ import annotations

from typing import NamedTuple

from OpenSSL.SSL import TLS1_3_VERSION, Connection, Error, WantReadError, ZeroReturnError

_RECORD = 16 * 1024  # bytes of data in a record, at most
_OUTPUT = 64 * 1024  # bytes that are taken out at once


class Sealed(NamedTuple):
    """Data as it goes to the wire: from where on, how much, encrypted, and where its records end.

    `ends` has, for each record, the bytes up to its end and the bytes of data in them.
    """

    start: int
    size: int
    encoded: bytes
    ends: tuple[tuple[int, int], ...]

    def data_in(self, taken: int) -> int:
        """Return how many bytes of data are whole in the first `taken` bytes: those of whole records."""
        return max((size for end, size in self.ends if end <= taken), default=0)


class Heard(NamedTuple):
    """What came: data, and whether the other side has said that there is no more, or what broke."""

    data: bytes
    ended: bool = False
    error: Error | None = None


class Records:
    """The records of one connection.

    In TLS 1.3 a server ends the handshake with tickets for later ones. They go out before the first data
    and not at once: a client that only sends, and closes, would leave them unread, and its kernel would then
    take back what it has sent.

    Args:
        connection: without a socket, its side chosen.
        client: whether that is the client's side.
    """

    __slots__ = ("_client", "_connection", "_error", "_held")

    def __init__(self, connection: Connection, client: bool) -> None:
        self._connection = connection
        self._client = client
        self._error: Error | None = None
        self._held = False  # whether tickets are in the output

    def feed(self, encrypted: bytes) -> None:
        """Take what came over the wire."""
        self._connection.bio_write(encrypted)

    def shake_hands(self) -> bool:
        """Go on with the handshake; tell whether it is done.

        Raises:
            Error: it has failed; there may be output that says so.
        """
        try:
            self._connection.do_handshake()
        except WantReadError:
            return False
        self._held = not self._client and self._connection.get_protocol_version() >= TLS1_3_VERSION
        return True

    def hear(self) -> Heard:
        """Decrypt everything that is whole."""
        pieces: list[bytes] = []
        try:
            while self._error is None:
                pieces.append(self._connection.recv(_RECORD))
        except WantReadError:
            return Heard(b"".join(pieces))
        except ZeroReturnError:
            return Heard(b"".join(pieces), ended=True)
        except Error as error:
            self._error = error
        return Heard(b"".join(pieces), error=self._error)

    def encrypt(self, data: bytes, start: int) -> Sealed:
        """Encrypt data that goes to the place `start` on the wire.

        Raises:
            Error: nothing can be sent any more.
        """
        view, pieces, ends = memoryview(data), [], []
        size = end = 0
        while size < len(data):
            size += self._connection.send(view[size : size + _RECORD])  # one record, if not all of it
            piece = self._output()  # before the data may be tickets, or an answer to a wish for new keys
            end += len(piece)
            pieces.append(piece)
            ends.append((end, size))
        return Sealed(start, len(data), b"".join(pieces), tuple(ends))

    def answers(self) -> bytes:
        """Take out what is to go to the wire now, and is no data."""
        return b"" if self._held and self._error is None else self._output()

    def _output(self) -> bytes:
        self._held = False
        pieces: list[bytes] = []
        try:
            while not pieces or len(pieces[-1]) == _OUTPUT:
                pieces.append(self._connection.bio_read(_OUTPUT))
        except WantReadError:
            pass
        return b"".join(pieces)

    def goodbye(self) -> bytes:
        """Return what says that no data follows; empty if that cannot be said."""
        try:
            self._connection.shutdown()
        except Error:
            return b""
        return self._output()

    def forget(self) -> None:
        """Let go of the one whom the connection belongs to."""
        self._connection.set_app_data(None)
