"""The little of telnet that a client needs to get to an eight-bit connection."""

from __future__ import annotations

import socket

from rig.wire import Failure, readable

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
BINARY, ECHO, SUPPRESS_GO_AHEAD = 0, 1, 3
_QUIET = 0.15  # seconds without a word from the server after which it has said all


def negotiate(sock: socket.socket) -> None:
    """Ask for binary both ways, accept go-ahead suppression, refuse the rest."""
    sock.sendall(bytes([IAC, WILL, BINARY, IAC, DO, BINARY]))
    answered = {(WILL, BINARY), (DO, BINARY)}
    pending = b""
    while readable(sock.fileno(), _QUIET):
        data = sock.recv(4096)
        if not data:
            raise Failure("the server closed during telnet negotiation")
        requests, pending = parse(pending + data)
        for verb, option in requests:
            reply = answer(verb, option)
            if reply not in answered:
                answered.add(reply)
                sock.sendall(bytes([IAC, *reply]))


def parse(data: bytes) -> tuple[list[tuple[int, int]], bytes]:
    """Return the DO and WILL requests in `data`, and the rest of it that is not complete."""
    requests = []
    while len(data) >= 3:
        if data[0] != IAC:
            data = data[1:]
            continue
        verb, option, data = data[1], data[2], data[3:]
        if verb == SB:
            end = data.find(bytes([IAC, SE]))
            data = data[end + 2 :] if end >= 0 else b""
        elif verb in (DO, WILL):
            requests.append((verb, option))
    return requests, data


def answer(verb: int, option: int) -> tuple[int, int]:
    """Return what to say to a request."""
    fine = option in (BINARY, SUPPRESS_GO_AHEAD) or (option == ECHO and verb == WILL)
    if verb == DO:
        return (WILL if fine else WONT), option
    return (DO if fine else DONT), option
