"""Where the console's socket is if nothing else is said."""

from __future__ import annotations

import os
from pathlib import Path


def default_socket() -> Path:
    """Return where the console's socket is if nothing else is said: in a folder of this user's own."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if folder:
        return Path(folder) / "console.sock"
    if os.geteuid() == 0:
        return Path("/run/smartserial/console.sock")
    return Path(os.environ.get("XDG_RUNTIME_DIR") or f"/tmp/smartserial-{os.geteuid()}") / "smartserial.sock"
