"""A client that speaks telnet, for tests that know only bytes: a pump between a socket pair and a server.

It is written apart from the program's own codec, and as plainly as can be.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
_WANTED = {(WILL, 0), (DO, 0), (WILL, 3), (WILL, 1)}  # BINARY both ways, suppressed go-ahead, echo


class Pump:
    """Carries data both ways until both ends are closed.

    Args:
        server: a connection to a telnet server; closed here.
    """

    def __init__(self, server: socket.socket) -> None:
        self.client, self._ours = socket.socketpair()
        self._server = server
        self._rest = b""
        self._binary = threading.Event()  # the server has agreed that we send BINARY
        server.settimeout(None)
        server.sendall(bytes([IAC, WILL, 0, IAC, DO, 0]))
        for pump in (self._from_server, self._to_server):
            threading.Thread(target=pump, daemon=True).start()

    def _from_server(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(65536):
                self._ours.sendall(self._decode(data))
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_WR)
        self._binary.set()
        self._end_if(self._ours, self._server)

    def _to_server(self) -> None:
        self._binary.wait(20)
        with suppress(OSError):
            while data := self._ours.recv(65536):
                self._server.sendall(data.replace(b"\xff", b"\xff\xff"))
            self._server.shutdown(socket.SHUT_WR)

    def _end_if(self, *ends: socket.socket) -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _decode(self, data: bytes) -> bytes:
        data, self._rest = self._rest + data, b""
        out = bytearray()
        while data:
            plain, found, after = data.partition(b"\xff")
            out += plain
            if not found:
                break
            size = self._command(after)
            if size is None:
                self._rest = b"\xff" + after
                break
            out += b"\xff" if after[0] == IAC else b""
            data = after[size:]
        return bytes(out)

    def _command(self, after: bytes) -> int | None:
        """Act on what follows an IAC; return its length, or None if it is not complete."""
        if not after:
            return None
        if after[0] == SB:
            end = after.find(bytes([IAC, SE]))
            return None if end < 0 else end + 2
        if after[0] not in (WILL, WONT, DO, DONT):
            return 1
        if len(after) < 2:
            return None
        self._answer(after[0], after[1])
        return 2

    def _answer(self, verb: int, option: int) -> None:
        if (verb, option) == (DO, 0):
            self._binary.set()
        elif (verb, option) not in _WANTED and verb in (WILL, DO):
            with suppress(OSError):  # we may have said already that we send no more
                self._server.sendall(bytes([IAC, DONT if verb == WILL else WONT, option]))


def telnet(server: socket.socket) -> socket.socket:
    """Return a socket on which the data of a telnet connection comes and goes."""
    pump = Pump(server)
    pump.client.settimeout(30)
    return pump.client
