"""The little of telnet that a client needs: an eight-bit connection, and the data out of what comes."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence

from rig.wire import Failure, readable

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
BINARY, ECHO, SUPPRESS_GO_AHEAD = 0, 1, 3
_IAC = bytes([IAC])
_QUIET = 0.15  # seconds without a word from the server after which it has said all
_TOKEN = re.compile(
    rb"\xff(?:(?P<pair>\xff)|(?P<verb>[\xfb-\xfe])(?P<option>.)|\xfa(?:[^\xff]|\xff\xff)*+\xff\xf0|[^\xfa-\xff])",
    re.DOTALL,
)

Request = tuple[int, int]  # WILL, WONT, DO or DONT, and the option


def escaped(data: bytes) -> bytes:
    """Return data as it goes over the wire."""
    return data.replace(_IAC, _IAC * 2)


class Decoder:
    """Splits what comes into data and requests, and passes over the rest."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, received: bytes) -> tuple[bytes, list[Request]]:
        """Return the data and the requests of what was received."""
        received = self._rest + received
        data: list[bytes] = []
        requests: list[Request] = []
        done = 0
        while (at := received.find(_IAC, done)) >= 0:
            data.append(received[done:at])
            done = at
            match = _TOKEN.match(received, at)
            if match is None:
                break
            done = match.end()
            if match["pair"]:
                data.append(_IAC)
            elif match["verb"]:
                requests.append((match["verb"][0], match["option"][0]))
        else:
            data.append(received[done:])
            done = len(received)
        self._rest = received[done:]
        return b"".join(data), requests


class Talk:
    """A client's end of one connection: it asks for binary both ways, and refuses what it does not need.

    Args:
        sock: the connection.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._decoder = Decoder()
        self._said = {(WILL, BINARY), (DO, BINARY)}
        say(sock, sorted(self._said))

    def data(self, received: bytes) -> bytes:
        """Answer the requests in what was received, each once; return the data."""
        data, requests = self._decoder.feed(received)
        answers = {answer(verb, option) for verb, option in requests if verb in (DO, WILL)} - self._said
        if answers:
            self._said |= answers
            say(self._sock, sorted(answers))
        return data


def say(sock: socket.socket, requests: Sequence[Request]) -> None:
    """Send requests, or answers."""
    sock.sendall(b"".join(bytes([IAC, *request]) for request in requests))


def negotiate(sock: socket.socket) -> Talk:
    """Ask for binary both ways, and wait until the server has said all; what is data is thrown away."""
    talk = Talk(sock)
    while readable(sock.fileno(), _QUIET):
        received = sock.recv(4096)
        if not received:
            raise Failure("the server closed during telnet negotiation")
        talk.data(received)
    return talk


def answer(verb: int, option: int) -> Request:
    """Return what to say to a DO or a WILL."""
    fine = option in (BINARY, SUPPRESS_GO_AHEAD) or (option == ECHO and verb == WILL)
    if verb == DO:
        return (WILL if fine else WONT), option
    return (DO if fine else DONT), option
