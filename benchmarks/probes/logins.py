"""S3: what clients feel of others who log in; comparing a password takes a core for a third of a second."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from probes.gateway import Gateway
from probes.row import Row, Scale
from rig.wire import connect, free_port
from smartserial.passwords import hash_password

_ECHOES = 1000
_PAUSE = 0.004  # seconds between echoes
_CONFIG = """
shares:
  open: {{device: {{loop: true}}, listen: [{{port: {plain}}}]}}
  closed:
    device: {{loop: true}}
    listen: [{{port: {asking}, password: "{password}", max_clients: 200}}]
    sharing: {{max_clients: 200}}
"""


def crowd(scale: Scale) -> Iterator[Row]:
    """A client's bytes come back while a hundred others log in, half of them with a wrong password."""
    plain, asking = free_port(), free_port()
    text = _CONFIG.format(plain=plain, asking=asking, password=hash_password(b"right"))
    socks: list[socket.socket] = []
    with Gateway(text, {plain, asking}) as gateway:
        gateway.wait_listening()
        with connect(plain) as client:
            quiet = _echoes(client)
            for n in range(100):
                source = (f"127.0.1.{n + 1}", 0)
                socks.append(socket.create_connection(("127.0.0.1", asking), source_address=source))
                socks[-1].sendall(b"right\n" if n % 2 else b"wrong\n")
            busy = _echoes(client)
        for sock in socks:
            sock.close()
        yield Row("S3", "echo, nobody logs in: p50, p99", _ms(quiet))
        yield Row("S3", "echo while 100 log in: p50, p99", _ms(busy), "p99 <= 20 ms")
        yield Row("S3", "echo while 100 log in: slowest", f"{busy[-1] * 1000:.1f} ms")


def _echoes(client: socket.socket) -> list[float]:
    """Return the seconds that some echoes took, the quickest first."""
    taken = []
    for n in range(_ECHOES):
        began = time.perf_counter()
        client.sendall(b"%08d" % n)
        got = b""
        while len(got) < 8 and (piece := client.recv(8)):
            got += piece
        taken.append(time.perf_counter() - began)
        time.sleep(_PAUSE)
    return sorted(taken)


def _ms(taken: list[float]) -> str:
    return f"{taken[len(taken) // 2] * 1000:.2f}, {taken[len(taken) * 99 // 100] * 1000:.2f} ms"
