"""The two C programs of the rig, built when they are missing or older than their sources."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SOURCES = HERE / "native"
BUILD = HERE / "build"
LOADGEN = BUILD / "loadgen"
FLOOR = BUILD / "floor"


def build() -> None:
    """Compile what is not up to date; the compiler is ``$CC``, or cc."""
    BUILD.mkdir(exist_ok=True)
    for program in (LOADGEN, FLOOR):
        source = SOURCES / f"{program.name}.c"
        if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
            command = [os.environ.get("CC", "cc"), "-O2", "-Wall", "-o", str(program), str(source)]
            subprocess.run(command, check=True)
