"""Looks for bytes that the telnet code does not stand: ``python tests/fuzz/telnet.py [FLAG...] CORPUS``.

It needs atheris; flags are those of libFuzzer. Of one folder that is named the inputs are only read, and
new ones are forgotten in the end; of two, new ones are kept in the first.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

CHILD = "--child"


def arguments(given: list[str], spare: str) -> list[str]:
    """Return the words for libFuzzer, with a folder for new inputs before a single one."""
    named = [word for word in given if not word.startswith("-")]
    if len(named) == 1 and Path(named[0]).is_dir():
        place = given.index(named[0])
        return [*given[:place], spare, *given[place:]]
    return given


def fuzz(words: list[str]) -> None:
    """Run libFuzzer, which ends this process."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["smartserial"]):
        oracle = importlib.import_module("tests.fuzz.oracle")
    atheris.Setup([sys.argv[0], *words], oracle.check)
    atheris.Fuzz()


def main() -> int:
    """Run libFuzzer in a process of its own, and clean up."""
    if CHILD in sys.argv:
        fuzz(sys.argv[2:])
        return 0
    with TemporaryDirectory() as spare:
        words = arguments(sys.argv[1:], spare)
        return subprocess.call([sys.executable, __file__, CHILD, *words])


if __name__ == "__main__":
    sys.exit(main())
