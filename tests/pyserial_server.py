"""The RFC 2217 server of pyserial on its own loopback port, on the TCP port that is its argument.

It is what the example `rfc2217_server.py` of pyserial does: that is not in the wheel, `PortManager` is.
"""

from __future__ import annotations

import socket
import sys
import threading
from typing import Any

import serial
import serial.rfc2217


class Connection:
    """One client, until it goes."""

    def __init__(self, port: Any, sock: socket.socket) -> None:
        self._port = port
        self._sock = sock
        self._lock = threading.Lock()
        self._alive = True
        self._pause = threading.Event()
        self._manager = serial.rfc2217.PortManager(port, self)

    def write(self, data: bytes) -> None:
        with self._lock:
            self._sock.sendall(data)

    def serve(self) -> None:
        reader = threading.Thread(target=self._read_port)
        reader.start()
        poller = threading.Thread(target=self._poll_lines)
        poller.start()
        while data := self._sock.recv(4096):
            self._port.write(b"".join(self._manager.filter(data)))
        self._alive = False
        reader.join()
        poller.join()
        self._sock.close()

    def _read_port(self) -> None:
        while self._alive:
            if data := self._port.read(self._port.in_waiting or 1):
                self.write(b"".join(self._manager.escape(data)))

    def _poll_lines(self) -> None:
        while self._alive:
            self._manager.check_modem_lines()
            self._pause.wait(0.05)


def main() -> None:
    port: Any = serial.serial_for_url("loop://", timeout=0.05)
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            Connection(port, sock).serve()
        except OSError as error:
            print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
