"""A client of the gateway, which speaks plain bytes or telnet."""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from types import TracebackType

from probes.flow import ESCAPED, PLAIN, Reader, Writer
from rig.telnet import Talk, escaped, negotiate
from rig.wire import connect, drain, readable

_SO_ATTACH_FILTER = 26  # in asm-generic/socket.h
_DROP_ALL = struct.pack("=HBBI", 0x06, 0, 0, 0)  # the packet filter "return 0"


class Client:
    """One connection; in telnet mode, what is sent and heard is the data alone.

    Args:
        port: TCP port of the loopback.
        telnet: whether the gateway speaks RFC 2217 there.
        receive_buffer: bytes that its kernel holds, about; 0: as usual.
        settle: wait until the options are settled.
    """

    def __init__(self, port: int, telnet: bool, receive_buffer: int = 0, settle: bool = True) -> None:
        self.sock = _with_buffer(port, receive_buffer) if receive_buffer else connect(port)
        self.telnet = telnet
        self._talk = (negotiate if settle else Talk)(self.sock) if telnet else None
        self.sock.setblocking(False)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self.sock.fileno()

    def send(self, data: bytes) -> None:
        """Send a little."""
        self.sock.sendall(escaped(data) if self.telnet else data)

    def receive(self) -> bytes | None:
        """Return what is there of data, which may be nothing; None: the other side has ended."""
        try:
            received = self.sock.recv(65536)
        except BlockingIOError:
            return b""
        return self._data(received) if received else None

    def _data(self, received: bytes) -> bytes:
        return self._talk.data(received) if self._talk else received

    def hear(self, seconds: float) -> bytes:
        """Wait for data, and return it; nothing: none came in time, or the other side has ended."""
        end = time.monotonic() + seconds
        while readable(self.fileno(), end - time.monotonic()):
            data = self.receive()
            if data is None or data:
                return data or b""
        return b""

    def ended(self) -> bool:
        """Tell whether the other side has ended; what came before is thrown away."""
        try:
            while data := self.sock.recv(65536):
                self._data(data)
        except BlockingIOError:
            return False
        except OSError:  # reset
            pass
        return True

    def drain(self) -> None:
        """Throw away what is there to read."""
        drain(self.fileno())

    def writer(self, total: int) -> Writer:
        """Return what writes the stream to the gateway."""
        return Writer(self.fileno(), total, ESCAPED if self.telnet else PLAIN)

    def reader(self) -> Reader:
        """Return what reads the stream from the gateway."""
        return Reader(self.fileno(), self._data)

    def vanish(self) -> None:
        """Let nothing reach it any more, and answer nothing, as if its network were gone."""
        code = ctypes.create_string_buffer(_DROP_ALL)
        program = struct.pack("@HP", 1, ctypes.addressof(code))
        self.sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)

    def close(self) -> None:
        """Hang up."""
        self.sock.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _with_buffer(port: int, size: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    sock.connect(("127.0.0.1", port))
    return sock
