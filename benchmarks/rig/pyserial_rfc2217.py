#!/usr/bin/env python3
"""A server around pyserial's PortManager, as pyserial's example for RFC 2217 is: DEVICE PORT.

One client at a time; a thread reads the device, another one looks at the modem lines each second.
"""

from __future__ import annotations

import socket
import sys
import threading
from typing import Any

import serial
import serial.rfc2217

_LOOK = 1.0  # seconds between two looks at the modem lines


class _Port(serial.Serial):
    """A port whose modem lines stay as they are, for a pty has none."""

    cts = dsr = True
    ri = cd = False

    def _update_rts_state(self) -> None:
        pass

    def _update_dtr_state(self) -> None:
        pass


class _Client:
    """One connection, until it ends."""

    def __init__(self, port: Any, sock: socket.socket) -> None:
        self._port = port
        self._sock = sock
        self._writing = threading.Lock()
        self._ended = threading.Event()
        connection: Any = self
        self._manager = serial.rfc2217.PortManager(port, connection)

    def write(self, data: bytes) -> None:
        """Send to the client; the manager calls this too, from every thread."""
        with self._writing:
            self._sock.sendall(data)

    def serve(self) -> None:
        """Carry bytes until the client goes."""
        threads = [threading.Thread(target=work, daemon=True) for work in (self._read, self._look)]
        for thread in threads:
            thread.start()
        try:
            while data := self._sock.recv(1024):
                self._port.write(b"".join(self._manager.filter(data)))
        finally:
            self._ended.set()
            self._port.cancel_read()
            for thread in threads:
                thread.join()
            self._sock.close()

    def _read(self) -> None:
        while not self._ended.is_set():
            data = self._port.read(self._port.in_waiting or 1)
            if data:
                try:
                    self.write(b"".join(self._manager.escape(data)))
                except OSError:  # the client is gone, which its reader sees
                    break

    def _look(self) -> None:
        while not self._ended.wait(_LOOK):
            try:
                self._manager.check_modem_lines()
            except OSError:
                break


def main() -> None:
    """Serve one device at one TCP port of the loopback."""
    device, tcp_port = sys.argv[1], int(sys.argv[2])
    port = _Port(device, 115200, timeout=3)
    with socket.create_server(("127.0.0.1", tcp_port), backlog=1) as listener:
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                _Client(port, sock).serve()
            except OSError as error:
                print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
