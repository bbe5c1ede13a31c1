"""The console's socket from the other end: `smartserial ctl` and `smartserial console`."""

from __future__ import annotations

import json
import os
import select
import shutil
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import suppress
from socket import AF_UNIX, SHUT_WR, SOCK_STREAM, socket
from typing import TextIO

from smartserial.console.output import FAILED, OK
from smartserial.console.place import default_socket

NO_GATEWAY = 2  # exit codes
NOT_DONE = 1
_PIECE = 65536


def _connect(path: str | None) -> socket | None:
    """Connect to a gateway, or tell why that is not possible."""
    where = path or str(default_socket())
    connection = socket(AF_UNIX, SOCK_STREAM)
    try:
        connection.connect(where)
    except OSError as error:
        connection.close()
        print(f"no gateway at {where}: {error.strerror}", file=sys.stderr)
        return None
    return connection


def once(path: str | None, form: str, words: list[str]) -> int:
    """Do one verb, and print what it gives, as ``text`` or ``json``.

    Returns:
        The exit code: 0 it is done, 1 it could not be, 2 there is no gateway.
    """
    connection = _connect(path)
    if connection is None:
        return NO_GATEWAY
    with connection:
        try:
            with suppress(ConnectionError):  # it lets in no more, which the answer shows
                connection.sendall(f"ctl {json.dumps([form, *words])}\n".encode())
            return _print(connection)
        except KeyboardInterrupt:  # it has seen enough
            return 0


def _print(connection: socket) -> int:
    """Print an answer up to its last line, which says how it ended."""
    failed = False
    with connection.makefile(newline="\r\n") as answer:
        for line in _lines(answer):
            text = line.removesuffix("\r\n")
            if text == OK:
                return 0
            if text.startswith(FAILED):
                failed = True
                print(text.removeprefix(FAILED), file=sys.stderr)
            else:
                print(text, flush=True)
    if not failed:
        print("the gateway closed the connection", file=sys.stderr)
    return NOT_DONE


def _lines(answer: TextIO) -> Iterator[str]:
    """Return the lines of an answer, as far as it comes."""
    with suppress(ConnectionResetError):
        yield from answer


def interactive(path: str | None) -> int:
    """Connect a terminal, or lines where there is none, to the console until one of them ends.

    Returns:
        The exit code: 0, or 2 if there is no gateway.
    """
    connection = _connect(path)
    if connection is None:
        return NO_GATEWAY
    with connection:
        if not sys.stdin.isatty():
            with suppress(KeyboardInterrupt):
                _copy(connection)
            return 0
        before = termios.tcgetattr(0)
        size = shutil.get_terminal_size()
        connection.sendall(f"terminal {size.columns}x{size.lines}\n".encode())
        tty.setraw(0)
        try:
            _copy(connection)
        finally:
            termios.tcsetattr(0, termios.TCSADRAIN, before)
            print()
    return 0


def _copy(connection: socket) -> None:
    """Carry bytes both ways until the gateway closes."""
    sources = [connection.fileno(), 0]
    while connection.fileno() in sources:
        for fd in select.select(sources, [], [])[0]:
            if fd == 0:
                typed = os.read(0, _PIECE)
                connection.sendall(typed)
                if not typed:
                    sources.remove(0)
                    connection.shutdown(SHUT_WR)
            elif told := connection.recv(_PIECE):
                sys.stdout.buffer.write(told)
                sys.stdout.flush()
            else:
                sources.remove(fd)
