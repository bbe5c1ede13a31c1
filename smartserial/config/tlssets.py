"""Named sets of what encryption needs."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from smartserial.config.source import Source
from smartserial.config.values import Model, PathText
from smartserial.findings import WARNING, Finding
from smartserial.settings import TlsSettings

_Path = Annotated[PathText, Field(min_length=1)] | None


class TlsModel(Model):
    """A named set of what encryption needs; files are PEM."""

    certificate: _Path = Field(
        None, description="our own, with its chain; servers must have one, or `folder`"
    )
    key: _Path = Field(None, description="its private key, if that is not in the file of the certificate")
    folder: _Path = Field(
        None, description="a server's certificates with their keys, chosen by the name that a client asks for"
    )
    authorities: _Path = Field(
        None,
        description="whom the other side's certificate must come from; without it whom the system trusts",
    )
    verify: bool = Field(True, description="judge the other side's certificate")
    hostname: str = Field("", description="what a server's certificate must say, if not the host")


def tls_of(found: TlsModel, path: Callable[[str], Path]) -> TlsSettings:
    """Return the settings of a set; `path` makes a path absolute."""
    files = {
        key: None if name is None else path(name)
        for key in ("certificate", "key", "authorities", "folder")
        for name in (getattr(found, key),)
    }
    return TlsSettings(**files, verify=found.verify, hostname=found.hostname)


def _keys(one: TlsModel, path: Callable[[str], Path]) -> Iterator[tuple[str, Path]]:
    """Yield where the private keys of a set stand, each with the key of the set that says so."""
    if one.folder is not None:
        folder = path(one.folder)
        together = (file for file in folder.glob("*.pem") if not file.with_suffix(".key").exists())
        for file in sorted((*folder.glob("*.key"), *folder.glob("*/privkey.pem"), *together)):
            yield "folder", file
    elif one.key is not None:
        yield "key", path(one.key)
    elif one.certificate is not None:
        yield "certificate", path(one.certificate)


def exposed_keys(
    sets: Mapping[str, TlsModel], source: Source, path: Callable[[str], Path]
) -> Iterator[Finding]:
    """Yield a warning for each private key that everybody on this machine can read, or change."""
    for name, one in sets.items():
        for key, file in _keys(one, path):
            try:
                mode = file.stat().st_mode
            except OSError:  # the start says so
                continue
            able = [word for bit, word in ((stat.S_IROTH, "read"), (stat.S_IWOTH, "change")) if mode & bit]
            if able:
                message = f"everybody on this machine can {' and '.join(able)} the private key in {file}"
                hint = f"chmod 600 {file}"
                yield source.finding(("tls", name, key), "CF16", message, severity=WARNING, hint=hint)
