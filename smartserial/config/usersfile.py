"""Changing a file of users, so that everything else in it stays as it is, comments included."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from smartserial.config.filelock import locked
from smartserial.config.findings import FindingsError
from smartserial.config.source import MOST_BYTES, read_source
from smartserial.config.translate import validate
from smartserial.config.users import MOST_NAME, UserName, UsersFileModel
from smartserial.errors import ConfigError
from smartserial.files import read_bounded

_MODE = 0o600
_WIDE = 4096  # characters of a line, so that no hash is folded


def set_user(path: Path, name: str, password: str, groups: Sequence[str]) -> list[str]:
    """Write a user into a file, which is made if there is none.

    Args:
        path: of the file.
        name: of the user.
        password: its hash.
        groups: those that the user is in from now on; none: they stay as they are.

    Returns:
        The groups that were not there, and are now, without rights.

    Raises:
        ConfigError: the file, or a name, cannot be used.
    """
    _must_be_name("user", name)
    for group in groups:
        _must_be_name("group", group)
    with _changing(path) as tree:
        users = _mapping(tree, "users")
        user = _mapping(users, name)
        user["password"] = password
        if groups:
            user["groups"] = list(dict.fromkeys(groups))
        known = _mapping(tree, "groups") if groups else CommentedMap()
        new = [group for group in dict.fromkeys(groups) if group not in known]
        for group in new:
            known[group] = CommentedMap(rights=CommentedMap())
    return new


def delete_user(path: Path, name: str) -> None:
    """Take a user out of a file.

    Raises:
        ConfigError: the file cannot be used, or there is no such user.
    """
    with _changing(path) as tree:
        if name not in (tree.get("users") or {}):
            raise ConfigError(f"{path}: there is no user {name}")
        del tree["users"][name]


def _must_be_name(what: str, name: str) -> None:
    try:
        TypeAdapter(UserName).validate_python(name)
    except ValidationError:
        raise ConfigError(
            f"expected a {what} of at most {MOST_NAME} letters, digits, '.', '_' and '-', found {name!r}"
        ) from None


def _mapping(tree: Any, key: str) -> Any:
    """Return the mapping at a key, which is made if there is none."""
    if tree.get(key) is None:
        tree[key] = CommentedMap()
    return tree[key]


@contextmanager
def _changing(path: Path) -> Iterator[Any]:
    """Give what a file holds, and write it when it has been changed; one at a time, from one to the other."""
    path = path.resolve()
    with locked(path):
        tree, yaml = _read(path)
        yield tree
        written = BytesIO()
        yaml.dump(tree, written)
        try:
            _replace(path, written.getvalue())
        except OSError as error:
            raise ConfigError(f"cannot write {path}: {error.strerror}") from error


def _read(path: Path) -> tuple[Any, YAML]:
    """Return what a file holds, and what writes it in the same way."""
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes, yaml.width = True, _WIDE
    tree: Any = None
    if path.exists():
        source = read_source(path)
        if source.values is not None:
            _, findings = validate(UsersFileModel, source)
            if findings:
                raise FindingsError(findings)
        tree = yaml.load(read_bounded(path, MOST_BYTES).decode("utf-8-sig"))
    return CommentedMap() if tree is None else tree, yaml


def _replace(path: Path, data: bytes) -> None:
    """Put a new file in the place of an old one: whoever reads sees one of them, whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _MODE)
            with suppress(FileNotFoundError):
                _keep_access(file.fileno(), path.stat())
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _keep_access(descriptor: int, former: os.stat_result) -> None:
    """Have a file belong to whom the former one belonged, as far as we may; its group may read if it might.

    Nobody else may: a right of others is not kept, nor one to write, nor that of a group that is another now.
    """
    for owner in (former.st_uid, -1):  # who is not root can still give it to a group that they are in
        with suppress(PermissionError):
            os.fchown(descriptor, owner, former.st_gid)
            break
    if os.fstat(descriptor).st_gid == former.st_gid:
        os.fchmod(descriptor, _MODE | former.st_mode & stat.S_IRGRP)
