"""G4: telnet that nobody ought to speak; it is always done to a listener with RFC 2217."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping

from probes.client import Client
from probes.row import Row, Scale
from probes.site import Site, site
from rig.telnet import DO, DONT, IAC, SB, SE, WILL, WONT, Decoder, Request, say
from rig.wire import connect, drain, readable

_COM_PORT, _NEW_ENVIRON, _LINEMODE = 44, 39, 34
_PATIENCE = 2.0  # seconds for the byte that proves a session
_WINDOW = 2.0  # seconds
_PIECE = 65536


def _sub(*payload: int) -> bytes:
    return bytes([IAC, SB, *payload, IAC, SE])


_ODD: Mapping[str, bytes] = {
    "an end without a beginning": bytes([IAC, SE]),
    "unknown commands": bytes([IAC, 5, IAC, 200, IAC, 0]),
    "an empty subnegotiation": _sub(),
    "a subnegotiation within another": bytes([IAC, SB, _COM_PORT, 1, 0, 0]) + _sub(_COM_PORT, 1, 0, 0, 0, 0),
    "a subnegotiation ended by a command": bytes([IAC, SB, _COM_PORT, 5, IAC, 241]),
    "a subnegotiation that is too long": _sub(_COM_PORT, *[1] * 600),
    "RFC 2217 with too few bytes": _sub(_COM_PORT, 1, 0) + _sub(_COM_PORT, 2) + _sub(_COM_PORT),
    "RFC 2217 with unknown codes": _sub(_COM_PORT, 99, 1) + _sub(_COM_PORT, 5, 250) + _sub(_COM_PORT, 101, 9),
    "user names by NEW-ENVIRON": bytes([IAC, WILL, _NEW_ENVIRON])
    + _sub(_NEW_ENVIRON, 0, 0, *b"USER", 1, *b"-f root"),
    "characters by LINEMODE": bytes([IAC, WILL, _LINEMODE]) + _sub(_LINEMODE, 3, *[9] * 300),
}


def odd_inputs(scale: Scale) -> Iterator[Row]:
    """After each input, a byte must pass each way on the same connection."""
    kept, broken = 0, []
    with site(scale, telnet=True) as s:
        for what, odd in _ODD.items():
            with s.client() as client:
                client.sock.sendall(odd)
                alive = _passes(s, client)
                kept += alive
                broken += [] if alive else [what]
        yield Row("G4", "odd inputs that keep the session", _of(kept, broken), f"{len(_ODD)} of {len(_ODD)}")
        agreed = _agreed(s, (_NEW_ENVIRON, _LINEMODE))
        yield Row("G4", "NEW-ENVIRON and LINEMODE", "agreed to" if agreed else "refused", "refused")
        yield from _after(s, "odd inputs")


def _of(kept: int, broken: list[str]) -> str:
    return f"{kept} of {len(_ODD)}" + (f"; not: {', '.join(broken)}" if broken else "")


def _passes(s: Site, client: Client) -> bool:
    """Tell whether a byte passes each way; others may come before it."""
    client.send(b"\xfe?")
    came, end = b"", time.monotonic() + _PATIENCE
    while not came.endswith(b"\xfe?") and readable(s.device.master, end - time.monotonic()):
        came += os.read(s.device.master, 4096)
    os.write(s.device.master, b"!\xff!")
    heard = b""
    while not heard.endswith(b"!\xff!") and (more := client.hear(end - time.monotonic())):
        heard += more
    return came.endswith(b"\xfe?") and heard.endswith(b"!\xff!")


def _agreed(s: Site, options: tuple[int, ...]) -> bool:
    with connect(s.port) as sock:
        say(sock, [(verb, option) for option in options for verb in (WILL, DO)])
        decoder = Decoder()
        answers: list[Request] = []
        while readable(sock.fileno(), 0.3) and (received := sock.recv(4096)):
            answers += decoder.feed(received)[1]
    return any(verb in (DO, WILL) and option in options for verb, option in answers)


def _after(s: Site, what: str) -> Iterator[Row]:
    """Tell how the gateway is after something."""
    yield Row("G4", f"{what}: a fresh client is served after", f"{s.until_served():.3f} s", "<= 0.5 s")
    alive = "yes" if s.gateway.process.poll() is None else "no"
    yield Row("G4", f"{what}: the program still runs", alive, "yes")


def open_subnegotiation(scale: Scale) -> Iterator[Row]:
    """A subnegotiation that does not end."""
    with site(scale, telnet=True) as s, s.client() as client:
        before = s.gateway.rss()
        client.sock.setblocking(True)
        client.sock.settimeout(10)
        client.sock.sendall(bytes([IAC, SB, _COM_PORT]))
        size = scale.flood // 5
        for _ in range(size // _PIECE):
            client.sock.sendall(b"x" * _PIECE)
        time.sleep(0.2)
        growth = s.gateway.peak() - before
        what = f"a subnegotiation of {size // 1_000_000} MB"
        yield Row("G4", f"{what}: memory growth", f"{growth:+.1f} MiB", "<= +1 MB")
        client.sock.sendall(bytes([IAC, SE]))
        client.sock.setblocking(False)
        alive = "yes" if _passes(s, client) else "no"
        yield Row("G4", f"{what}: its session goes on after the end", alive)
        yield from _after(s, what)


def contrary(scale: Scale) -> Iterator[Row]:
    """A peer that asks for everything, takes it back, and contradicts each answer."""
    with site(scale, telnet=True) as s:
        with s.client() as client:
            answers = _contradict(client, _WINDOW)
            yield Row("G4", f"answers to a contrary peer in {_WINDOW:.0f} s", f"{answers}", "<= 20")
            drain(client.fileno())
        yield from _after(s, "a contrary peer")


def _contradict(client: Client, seconds: float) -> int:
    """Return how many requests came in so many seconds."""
    opposite = {DO: WONT, DONT: WILL, WILL: DONT, WONT: DO}
    every = [(verb, option) for option in range(256) for verb in (DO, DONT, WILL, WONT)]
    decoder, count = Decoder(), 0
    client.sock.setblocking(True)
    client.sock.settimeout(10)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        say(client.sock, every)
        while readable(client.fileno(), 0.005):
            requests = decoder.feed(client.sock.recv(4096))[1]
            count += len(requests)
            say(client.sock, [(opposite[verb], option) for verb, option in requests])
    return count
