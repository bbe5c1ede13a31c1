"""Device protocols by the names that people type, with all that is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from smartserial.catalog.catalog import Catalog, UnknownProtocolError
from smartserial.catalog.found import Judged
from smartserial.definition.check import unreadable
from smartserial.errors import DefinitionError


def judged_name(name: str, paths: Sequence[Path] = ()) -> Judged:
    """Read a device protocol, and judge it; findings call it as it was typed.

    Args:
        name: a name, a name and a version, or a path.
        paths: the folders and files of the catalog.
    """
    try:
        return Catalog(paths).find(name).judge(name, {})
    except UnknownProtocolError as error:
        return Judged(None, (unreadable(name, "XM11", str(error)),))
    except DefinitionError as error:
        return Judged(None, (unreadable(name, "PL01", str(error)),))
