"""What `smartserial convert` reads and writes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from smartserial.convert.remarks import ConvertError, Place
from smartserial.convert.whole import converted, format_of
from smartserial.files import UnreadableError, read_bounded
from smartserial.saying import say

_MOST_BYTES = 512 * 1024
_MOST_FILES = 200


def convert_file(file: str, form: str, output: str, *, force: bool) -> int:
    """Convert a file, and tell what could not be carried over.

    Args:
        file: the configuration of another program; `-`: standard input.
        form: one of `whole.FORMATS`; empty: it is guessed.
        output: the new file; empty: stdout.
        force: write over it.

    Returns:
        The exit code: 0 all is carried over, 1 not all, 2 nothing, or it cannot be read or written.
    """
    target = Path(output) if output else None
    if target is not None and target.exists() and not force:
        print(f"smartserial: {target} is there already; --force writes over it", file=sys.stderr)
        return 2
    try:
        text = _input(Place("stdin", 1)) if file == "-" else _text(Path(file), Place(file, 1))
        file = "stdin" if file == "-" else file
        form = form or format_of(file, text)
        folder = (target.absolute() if target is not None else Path("new").absolute()).parent
        whole, draft = converted(file, text, form, _Others(Path(file).parent), folder)
    except ConvertError as error:
        print(error, file=sys.stderr)
        return 2
    for remark in draft.remarks.in_order():
        print(remark, file=sys.stderr)
    if not whole:
        print(f"{Place(file, 1)}: nothing in it could be carried over, as {form}", file=sys.stderr)
        return 2
    if target is None:
        say(whole.rstrip("\n"))
    elif not _written(target, whole, force=force):
        return 2
    return 1 if draft.remarks.lost else 0


class _Others:
    """Reads the files that a file includes; relative names begin at its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left = _MOST_FILES

    def __call__(self, pattern: str, place: Place) -> list[tuple[str, str]]:
        whole = Path(pattern)
        root, rest = (Path("/"), pattern.lstrip("/")) if whole.is_absolute() else (self._folder, pattern)
        try:
            paths = sorted(root.glob(rest)) if rest else []
        except (ValueError, OSError, NotImplementedError) as error:
            raise ConvertError(place, f"expected names of files: {error}") from error
        self._left -= max(1, len(paths))
        if self._left < 0:
            raise ConvertError(place, f"expected at most {_MOST_FILES} files")
        if not paths and not set(pattern) & set("*?["):
            raise ConvertError(place, f"there is no file {pattern}")
        return [(str(path), _text(path, place)) for path in paths]


def _input(place: Place) -> str:
    """Return what comes by standard input."""
    data = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ConvertError(place, f"standard input cannot be read: expected at most {_MOST_BYTES} bytes")
    return _decoded(data)


def _text(path: Path, place: Place) -> str:
    """Return what a file holds."""
    try:
        return _decoded(read_bounded(path, _MOST_BYTES))
    except UnreadableError as error:
        raise ConvertError(place, f"{path} cannot be read: {error}") from error


def _decoded(data: bytes) -> str:
    """Return a text; bytes that are no UTF-8 are characters of Latin 1."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return data.decode("latin-1").replace("\r\n", "\n")


def _written(target: Path, whole: str, *, force: bool) -> bool:
    """Write the new file, in one step where another is in its place; say why if that cannot be."""
    try:
        if not force:
            with target.open("x", encoding="utf-8") as file:
                file.write(whole)
            return True
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as other:
            other.write(whole)
        new = Path(other.name)
        new.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        new.replace(target)
    except OSError as error:
        print(f"smartserial: cannot write {target}: {error.strerror or error}", file=sys.stderr)
        return False
    return True
