"""Fills in what definitions/*.md take from the program, and runs their commands: ``python docs/define.py``.

Three things in a page are made here, all else is written by hand:

- ``<!-- drawn by docs/define.py: NAME -->``: everything up to the end mark.
- ``<!-- worked out by docs/define.py: NAME -->``: a table whose first columns are given; examples.py has the
  others.
- Blocks of ``console``: each command is run, and its output is written below it. The files that it may use
  are the blocks of the page whose first line names one, as in ``xml gauge.xml``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from inspect import isfunction, signature
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill

from examples import KINDS, WORKED, WORKED_TABLE, code, table, worked

from smartserial import verdict
from smartserial.definition import authoring, flow
from smartserial.definition.checksum import (
    ALGORITHMS,
    UNDEFINED,
)
from smartserial.definition.xml import parse_xml
from smartserial.findings import Explanation

__all__ = ["DRAWINGS", "KINDS", "WORKED", "draw"]
ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).with_name("definitions")
_DRAWN = re.compile(r"(<!-- drawn by docs/define\.py: ([\w-]+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)
_CONSOLE = re.compile(r"(?<=```console\n).*?(?=```\n)", re.DOTALL)
_FILES = re.compile(r"^```\w+ ([\w.-]+)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
_END = "\x1e"  # after the output of each command; none prints it


# What is drawn as a whole.


def moments() -> str:
    """Draw what a trigger may wait for."""
    return table(
        ("`On`", "`Time`"),
        (
            (
                code(on.value),
                ", ".join(code(time.value) for time in flow.TriggerTime if time in times) or "any data",
            )
            for on, times in flow.MOMENTS.items()
        ),
    )


def algorithms() -> str:
    """Draw the checksums that there are."""
    names: dict[str, list[str]] = {}
    for name, one in ALGORITHMS.items():
        names.setdefault(one.name, []).append(name)
    rows = (
        (
            ", ".join(map(code, names[one.name])),
            one.what,
            code(f"{one.check:X}"),
            "yes" if one.groups else "",
            "yes" if one.off else "",
        )
        for one in dict.fromkeys(ALGORITHMS.values())
    )
    return table(("`Type`", "what it is", "of `123456789`", "`groupbytes`", "`off`"), rows)


def undefined() -> str:
    """Draw the checksums that are refused."""
    return table(("`Type`", "why"), ((code(name), why) for name, why in UNDEFINED.items()))


FAMILIES = {
    "XM": "The file and its elements",
    "ID": "Ids, names and blanks",
    "CN": "Connections",
    "CO": "communicationOptions",
    "PS": "Settings of connections",
    "AD": "Advanced: stuffing",
    "PA": "Params",
    "CM": "Commands",
    "RE": "Responses",
    "PR": "Pairs",
    "GR": "Groups",
    "TI": "Timers",
    "TR": "Triggers",
    "AC": "Actions",
    "QA": "QActions",
    "PL": "Plugins",
    "CD": "Conditions",
    "CF": "Configurations",
}


def rules() -> str:
    """Draw all codes, by what they are about."""
    known = list(verdict.explanations())
    parts = []
    for family, words in FAMILIES.items():
        found = [_rule(one) for one in known if one.code.startswith(family)]
        parts.append(
            f"### {family}: {words}\n\n{table(('code', 'severity', 'what is wrong', 'cure'), found)}"
        )
    return "\n".join(parts)


def _rule(one: Explanation) -> tuple[str, ...]:
    return one.code, one.severity, _text(one.title), _text(one.cure)


def _text(words: str) -> str:
    """Return plain words as Markdown."""
    return re.sub(r"([*_<>|$])", r"\\\1", words)


TRUTHS = {
    "dsmr-p1": "telegrams that `dsmr_parser` reads to the same values and checksums",
    "modbus-rtu": "messages that `pymodbus` writes, and reads to the same registers, bits and refusals",
    "modbus-tcp": "messages that `pymodbus` writes, and reads to the same registers, bits and refusals",
    "nmea-0183": "sentences that `pynmea2` reads to the same values",
    "pelco-d": "command bytes that makers of such cameras print in their manuals",
    "scpi-meter": "a talk of `pyvisa` with an instrument that `pyvisa-sim` plays",
    "sony-9pin": "the blocks for transport that makers of recorders print in their manuals",
    "visca": "datagrams of `visca_over_ip`, without the eight bytes that it puts before each message",
}


def bundled() -> str:
    """Draw what comes with the package."""
    return "\n".join(_bundled(name, path) for name, path in verdict.bundled().items())


def _bundled(name: str, path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    root = parse_xml(text.encode()).root
    comment = text.partition("<!--")[2].partition("-->")[0]
    what, _, wiring = (" ".join(part.split()) for part in comment.partition("Wiring:"))
    wired, _, how = wiring.partition(". ")
    read, findings = verdict.read_definition(name)
    assert read is not None and not findings, name
    counts = {
        kind: len(getattr(read, f"{kind}s")) for kind in ("param", "command", "response", "pair", "timer")
    }
    rows = [
        ("is", _text(f"{root.text_at('Name')}: {root.text_at('Description')}")),
        ("connection", ", ".join(one.type.value + " single" * one.single for one in read.connections)),
        ("has", ", ".join(f"{count} {kind}{'s' * (count != 1)}" for kind, count in counts.items() if count)),
        ("confirmed by", TRUTHS[name]),
    ]
    wired = _text(wired[:1].upper() + wired[1:])
    how = fill(f"**Wiring.** {wired}. {_text(how)}", 120, break_long_words=False, break_on_hyphens=False)
    return f"### {name}\n\n{_text(what)}\n\n{table(('', ''), rows)}\n{how}\n"


def _first(function: Callable[..., object]) -> str:
    """Return what a function returns, as its docstring says it."""
    first = (function.__doc__ or "").split("\n")[0]
    return first.removeprefix("Return ").rstrip(".").replace("``", "`")


def words() -> str:
    """Draw the functions of `authoring`."""
    found = [
        one for one in vars(authoring).values() if isfunction(one) and one.__module__ == authoring.__name__
    ]
    rows = (
        (code(f"{one.__name__}({', '.join(signature(one).parameters)})"), _first(one))
        for one in found
        if not one.__name__.startswith("_")
    )
    return table(("word", "gives"), rows)


DRAWINGS: dict[str, Callable[[], str]] = {
    "moments": moments,
    "algorithms": algorithms,
    "undefined": undefined,
    "rules": rules,
    "bundled": bundled,
    "authoring": words,
}

# Commands.


@cache
def _run(files: tuple[tuple[str, str], ...], commands: tuple[str, ...]) -> tuple[str, ...]:
    """Return what commands print, one after the other in one shell, in a folder with these files."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        tools = folder / ".tools"
        tools.mkdir()
        for tool, module in (("smartserial", "-m smartserial"), ("python", "")):
            (tools / tool).write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
            (tools / tool).chmod(0o755)
        for file, text in files:
            (folder / file).write_text(text, encoding="utf-8")
        path = f"{tools}{os.pathsep}{os.environ['PATH']}"
        ended = f"_code=$?; printf '{_END}'; (exit $_code)\n"
        script = "".join(f"{command}\n{ended}" for command in commands)
        done = subprocess.run(
            ["sh", "-c", f"exec 2>&1\n{script}"],
            cwd=folder,
            env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            check=False,
        )
    return tuple(done.stdout.decode().split(_END)[: len(commands)])


def _consoles(text: str) -> str:
    files = tuple(_FILES.findall(text))

    def block(found: re.Match[str]) -> str:
        commands = tuple(line[2:] for line in found[0].splitlines() if line.startswith("$ "))
        printed = _run(files, commands)
        return "".join(f"$ {command}\n{out}" for command, out in zip(commands, printed, strict=True))

    return _CONSOLE.sub(block, text)


def draw(text: str) -> str:
    """Return a page with all that is made here made anew."""
    text = _DRAWN.sub(lambda found: f"{found[1]}{DRAWINGS[found[2]]()}{found[3]}", text)
    return _consoles(WORKED_TABLE.sub(worked, text))


if __name__ == "__main__":
    for page in sorted(FOLDER.glob("*.md")):
        page.write_text(draw(page.read_text(encoding="utf-8")), encoding="utf-8")
