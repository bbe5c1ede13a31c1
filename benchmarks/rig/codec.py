"""Scenarios about telnet codecs alone, without any server or connection."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from rig.peer import Peer
from rig.scenario import Column, Figures, Scenario, Window
from rig.wire import Failure

_PROGRAM = Path(__file__).with_name("codecs.py")
_COLUMNS = (
    Column("unescape_ms/MB", "ms CPU per MB of data"),
    Column("escape_ms/MB", "ms CPU per MB of data"),
)


def codec(fill: str) -> Scenario:
    """Blocks of 64 KiB through a codec, each way; `fill` is one of those that the program knows."""

    def run(peer: Peer, window: Window) -> Figures:
        command = [sys.executable, str(_PROGRAM), peer.codec, fill, str(window.seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failure(done.stderr.strip().rpartition("\n")[2])
        figures: Figures = json.loads(done.stdout)
        return figures

    return Scenario(f"codec-{fill}", frozenset({"codec"}), _COLUMNS, run)
