"""One server on fresh ptys, with its clients connected and proved to be served."""

from __future__ import annotations

import os
import socket
import time
from types import TracebackType

from rig import proc
from rig.peer import Link, Peer, Server, Task
from rig.telnet import negotiate
from rig.wire import Failure, Pty, connect, drain, free_port, wait_bytes

_START = 30.0  # seconds that a server may take to listen
_TRIES = 3  # a server may flush the device while it opens it
_PATIENCE = 2.0  # seconds for the byte of one try


class Bench:
    """A server started on some ptys, each with some connections.

    Args:
        peer: the server.
        ports: how many links it serves.
        clients: how many connections each link gets.
        telnet: speak telnet to it.
        max_clients: how many it must let in, if more are to come.
    """

    def __init__(
        self, peer: Peer, ports: int = 1, clients: int = 1, telnet: bool = False, max_clients: int = 0
    ) -> None:
        self.telnet = telnet
        self.ptys: list[Pty] = []
        self.links: list[Link] = []
        self.clients: list[list[socket.socket]] = []
        self.server: Server | None = None
        try:
            for _ in range(ports):
                self.ptys.append(Pty())
                self.links.append(Link(self.ptys[-1].path, free_port()))
            self.server = peer.start(Task(self.links, telnet, max_clients or clients))
            self._wait_listening(self.server)
            for link, pty in zip(self.links, self.ptys, strict=True):
                self.clients.append([])
                self._serve(link, pty, clients)
            time.sleep(0.02)
            for fd in self.device_fds() + self.client_fds():
                drain(fd)
        except BaseException:
            self.close()
            raise

    def _wait_listening(self, server: Server) -> None:
        wanted, end = {link.port for link in self.links}, time.monotonic() + _START
        while not wanted <= proc.listening():
            if server.failed():
                raise Failure("the server exited")
            if time.monotonic() > end:
                raise Failure("the server does not listen")
            time.sleep(0.02)

    def _serve(self, link: Link, pty: Pty, clients: int) -> None:
        """Connect one by one, for some servers have a tiny listen backlog."""
        for _ in range(clients):
            self.clients[-1].append(self.connect(link))
            self._prove_down(self.clients[-1][-1], pty)
        self._prove_up(self.clients[-1], pty)

    def connect(self, link: Link) -> socket.socket:
        """Return a new connection to one link."""
        sock = connect(link.port)
        if self.telnet:
            negotiate(sock)
        return sock

    def _prove_down(self, sock: socket.socket, pty: Pty) -> None:
        for _ in range(_TRIES):
            sock.sendall(b"<")
            if wait_bytes(pty.master, 1, _PATIENCE):
                return
        raise Failure("a byte sent by TCP did not reach the device")

    def _prove_up(self, socks: list[socket.socket], pty: Pty) -> None:
        for _ in range(_TRIES):
            os.write(pty.master, b">")
            missing = [sock for sock in socks if not wait_bytes(sock.fileno(), 1, _PATIENCE)]
            if not missing:
                return
        raise Failure("a byte sent by the device did not reach every client")

    def add_clients(self, count: int, wave: int) -> None:
        """Connect more clients, `wave` at a time; each must get a byte through to the device."""
        for begin in range(0, count, wave):
            socks = [self.connect(self.links[0]) for _ in range(min(wave, count - begin))]
            self.clients[0] += socks
            for sock in socks:
                sock.sendall(b"i")
            if not wait_bytes(self.ptys[0].master, len(socks), 20):
                raise Failure("not every client is served")

    def device_fds(self) -> list[int]:
        """Return the masters of the ptys."""
        return [pty.master for pty in self.ptys]

    def client_fds(self) -> list[int]:
        """Return the sockets of the clients, link by link."""
        return [sock.fileno() for group in self.clients for sock in group]

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has used."""
        return proc.cpu_seconds(self.server.pids()) if self.server else 0.0

    def memory(self) -> proc.Memory:
        """Return the memory that the server uses."""
        return proc.memory(self.server.pids() if self.server else [])

    def close(self) -> None:
        """Hang up, stop the server, and unplug the devices."""
        for group in self.clients:
            for sock in group:
                sock.close()
        if self.server is not None:
            self.server.stop()
        for pty in self.ptys:
            pty.close()

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
