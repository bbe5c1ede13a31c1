"""`smartserial passwd`: hashes of passwords, and users in a file of users."""

from __future__ import annotations

import argparse
import stat
import sys
from getpass import getpass
from pathlib import Path

from smartserial.errors import ConfigError
from smartserial.passwords import MOST_PASSWORD, hash_password
from smartserial.saying import say


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument("file", metavar="FILE", nargs="?", help="of users; without it a hash is printed")
    command.add_argument("user", metavar="USER", nargs="?", help="whose password it is")
    command.add_argument(
        "--group", metavar="NAME", action="append", default=[], help="that the user is in; may be repeated"
    )
    command.add_argument("--delete", action="store_true", help="take the user out of the file")


def passwd(arguments: argparse.Namespace) -> int:
    """Set a user's password in a file of users, or print the hash of a password."""
    try:
        return _passwd(arguments)
    except ConfigError as error:
        print(f"smartserial passwd: {error}", file=sys.stderr)
        return 2


def _passwd(arguments: argparse.Namespace) -> int:
    from smartserial.config import usersfile

    if arguments.file is None or arguments.user is None:
        if arguments.file is not None or arguments.group or arguments.delete:
            raise ConfigError("expected FILE and USER, or neither of them for a hash alone")
        say(hash_password(_password()))
        return 0
    path, user = Path(arguments.file), arguments.user
    open_to_all = _open_to_all(path)
    if arguments.delete:
        if arguments.group:
            raise ConfigError("--delete excludes --group")
        usersfile.delete_user(path, user)
        print(f"{user} is no more in {path}", file=sys.stderr)
        _tell_closed(path, open_to_all)
        return 0
    new = usersfile.set_user(path, user, hash_password(_password()), arguments.group)
    print(f"{user} is in {path}; a gateway that runs reads it with `reload`", file=sys.stderr)
    for group in new:
        print(f"the group {group} has no rights yet: say in {path} what it may do", file=sys.stderr)
    _tell_closed(path, open_to_all)
    return 0


def _open_to_all(path: Path) -> bool:
    """Tell whether everybody on this machine can read a file."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except (OSError, ValueError):
        return False


def _tell_closed(path: Path, before: bool) -> None:
    if before and not _open_to_all(path):
        cure = f"if the gateway cannot any more: chgrp GROUP {path}, and chmod 640"
        print(f"everybody could read {path}, and its owner and group alone can now; {cure}", file=sys.stderr)


def _password() -> bytes:
    """Ask for a password, twice and not shown on a terminal; else take it as a line.

    Raises:
        ConfigError: it cannot be one.
    """
    if sys.stdin.isatty():
        password = _typed("password: ")
        if _typed("again: ") != password:
            raise ConfigError("these are two different passwords; nothing is changed")
    else:
        password = sys.stdin.buffer.readline(MOST_PASSWORD + 3).rstrip(b"\r\n")
    if not password:
        raise ConfigError("expected a password, found nothing")
    if len(password) > MOST_PASSWORD:
        raise ConfigError(f"expected at most {MOST_PASSWORD} bytes")
    if any(byte < 0x20 or byte == 0x7F for byte in password):
        raise ConfigError("expected characters that can be typed in a line")
    return password


def _typed(prompt: str) -> bytes:
    try:
        return getpass(prompt).encode("utf-8", "surrogateescape")
    except EOFError:
        return b""
