"""One change of a file at a time: a note beside it, which whoever changes the file holds and takes away.

::

    users.yaml    .users.yaml.lock    a flock on the note; who finds it gone, or another one, tries again
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartserial.errors import ConfigError

PATIENCE = 10.0
"""Seconds in which others may be busy with the file."""
_AGAIN = 0.05
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others that do the same from changing a file.

    Args:
        path: of the file, without links; it need not be there, its folder must.

    Raises:
        ConfigError: the note cannot be made, or somebody else has it for longer than `PATIENCE`.
    """
    note = path.with_name(f".{path.name}.lock")
    until = time.monotonic() + PATIENCE
    while (descriptor := _taken(path, note)) is None:
        if time.monotonic() >= until:
            raise ConfigError(f"{path} is being changed by somebody else, who has {note}; nothing is changed")
        time.sleep(_AGAIN)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)  # while it is ours: who waits for it finds another one, or none
        os.close(descriptor)


def _taken(path: Path, note: Path) -> int | None:
    """Take the note; None if somebody else has it."""
    try:
        descriptor = os.open(note, _FLAGS, 0o600)
    except OSError as error:
        raise ConfigError(f"cannot change {path}: {note}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), note.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError as error:
        os.close(descriptor)
        raise ConfigError(f"cannot change {path}: {note}: {error.strerror}") from error
    os.close(descriptor)
    return None
