"""Whose files are read: none that everybody may write."""

from __future__ import annotations

import stat
from pathlib import Path


def distrusted(path: Path) -> str:
    """Return why a file, or the folder that it is in, is not to be used; empty if it may be.

    What cannot be looked at is nothing to refuse here: reading it tells why.
    """
    for one in (path, path.parent):
        try:
            mode = one.stat().st_mode
        except (OSError, ValueError):
            continue
        if mode & stat.S_IWOTH:
            what = "this file" if one is path else f"the folder {one}"
            return f"refused: everybody may write {what} (chmod o-w)"
    return ""
