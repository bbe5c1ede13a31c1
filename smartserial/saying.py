"""Words on standard output."""

from __future__ import annotations

import os
import sys


def say(text: str) -> None:
    """Print; whoever reads may have had enough, as in ``smartserial schema | head``."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
