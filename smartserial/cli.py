"""The `smartserial` command. Each function imports what it needs, so that `ctl` starts quickly."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from smartserial import __version__, captures
from smartserial.convert.command import add_arguments as add_convert_arguments
from smartserial.convert.command import convert
from smartserial.errors import SmartSerialError
from smartserial.findings import ERROR, WARNING, Finding, as_json
from smartserial.layout import RENDERED
from smartserial.passwd import add_arguments as add_passwd_arguments
from smartserial.passwd import passwd
from smartserial.replaying.command import add_arguments, replay
from smartserial.sarif import as_sarif
from smartserial.saying import say

if TYPE_CHECKING:
    from smartserial.definition.protocol import Protocol

_TEXT_OR_JSON = ("text", "json")


def _as_text(findings: Sequence[Finding]) -> str:
    """Write a finding a line, each with a place: editors look for one."""
    placed = (replace(one, line=max(1, one.line), column=max(1, one.column)) for one in findings)
    return "\n".join(map(str, placed))


def _as_sarif(findings: Sequence[Finding]) -> str:
    from smartserial import verdict

    return as_sarif(findings, verdict.explanations())


_FORMS: dict[str, Callable[[Sequence[Finding]], str]] = {
    "text": _as_text,
    "json": as_json,
    "sarif": _as_sarif,
}


def _definition(name: str, folders: Sequence[str]) -> Protocol | None:
    """Return a device protocol; if there is none that can be used, say why."""
    from smartserial import verdict

    protocol, findings = verdict.read_definition(name, [Path(path) for path in folders])
    if protocol is None:
        print(_as_text([finding for finding in findings if finding.severity == ERROR]), file=sys.stderr)
    return protocol


def _check(arguments: argparse.Namespace) -> int:
    """Tell what is wrong with configurations and device definitions."""
    from smartserial import verdict

    paths = [Path(path) for path in arguments.path]
    findings = [finding for name in arguments.file for finding in verdict.judge_file(name, paths)]
    text = _FORMS[arguments.format](findings)
    if text:
        say(text)
    if any(finding.severity == ERROR for finding in findings):
        return 2
    warned = any(finding.severity == WARNING for finding in findings)
    return 1 if warned and arguments.strict else 0


def _explain(arguments: argparse.Namespace) -> int:
    """Print a device definition for people: connections, messages byte by byte, what happens when."""
    from smartserial.definition.explaining.whole import explain

    protocol = _definition(arguments.file, arguments.path)
    if protocol is None:
        return 2
    print(RENDERED[arguments.format](explain(protocol)))
    return 0


def _decode(arguments: argparse.Namespace) -> int:
    """Print captured bytes as the messages of a definition, field by field."""
    from smartserial import decoding
    from smartserial.lacking import Missing

    protocol = _definition(arguments.definition, arguments.path)
    if protocol is None:
        return 2
    write = decoding.RENDERED[arguments.format]
    where = arguments.definition
    try:
        decoder = decoding.Decoder(protocol, arguments.connection)
        where = "stdin" if arguments.file in (None, "-") else arguments.file
        chunks = captures.chunks_of(None if where == "stdin" else Path(where), sys.stdout.flush)
        tell = partial(print, file=sys.stderr)
        skipped, missing = captures.Skipped(where, tell), Missing(where, tell)
        pieces = missing.counted(captures.pieces_of(chunks, arguments.input, skipped))
        for one in decoder.decode(pieces):
            print(write(one))
        skipped.sum_up()
        missing.sum_up()
    except SmartSerialError as error:
        print(f"smartserial: {where}: {error}", file=sys.stderr)
        return 2
    return 0


def _rules(arguments: argparse.Namespace) -> int:
    """Tell what the codes of findings mean, and the cures."""
    from smartserial import verdict

    known = {explanation.code: explanation for explanation in verdict.explanations()}
    wanted = [code.upper() for code in arguments.code]
    for code in wanted:
        if code not in known:
            print(f"smartserial: there is no rule {code}; `smartserial rules` lists all", file=sys.stderr)
            return 2
    for code in wanted or known:
        one = known[code]
        print(f"{one.code} {one.severity}: {one.title}")
        if wanted:
            print(f"  cure: {one.cure}")
    return 0


def _protocols(arguments: argparse.Namespace) -> int:
    """List the device protocols that there are, and those that cannot be used."""
    from smartserial.catalog import Catalog
    from smartserial.catalog.listed import LISTED

    listing = Catalog([Path(path) for path in arguments.path]).listing()
    print(LISTED[arguments.format](listing))
    return 0


def _ports(arguments: argparse.Namespace) -> int:
    """List the serial ports of this machine, and the programs that have them open."""
    from smartserial.console.machine import listing
    from smartserial.console.output import as_json, as_text

    for line in {"text": as_text, "json": as_json}[arguments.format](listing()):
        say(line)
    return 0


def _schema(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of a configuration file."""
    from smartserial import config

    print(json.dumps(config.schema(), indent=2))
    return 0


def _ctl(arguments: argparse.Namespace) -> int:
    """Do one verb of the console of a running gateway."""
    from smartserial.console import remote

    words, form = arguments.verb or ["help"], arguments.format
    if words[-2:-1] == ["--format"] and words[-1] in ("text", "json"):
        *words, _, form = words
    return remote.once(arguments.socket, form, words)


def _console(arguments: argparse.Namespace) -> int:
    """Sit down at the console of a running gateway."""
    from smartserial.console import remote

    return remote.interactive(arguments.socket)


_Command = Callable[[str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]
"""Adds a command by its name and its function."""


def _add_path(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--path",
        metavar="FOLDER",
        action="append",
        default=[],
        help="with device protocols, *.xml; the first comes first",
    )


def _add_definitions(command: _Command) -> None:
    """Add the commands on device protocols."""
    explained = command("explain", _explain)
    explained.add_argument("file", metavar="FILE", help="a Protocol.xml, or the name of a device protocol")
    _add_path(explained)
    explained.add_argument("--format", choices=tuple(RENDERED), default="text", help="how it is written")
    decode = command("decode", _decode)
    decode.add_argument(
        "definition", metavar="DEFINITION", help="a Protocol.xml, or the name of a device protocol"
    )
    decode.add_argument("file", metavar="FILE", nargs="?", help="what was captured; without it, or -, stdin")
    _add_path(decode)
    decode.add_argument("--format", choices=_TEXT_OR_JSON, default="text", help="how it is written")
    decode.add_argument(
        "--input", choices=tuple(captures.FORMS), default="", help="the form of the capture, if not guessed"
    )
    decode.add_argument(
        "--connection", type=int, default=0, metavar="N", help="of the definition; 0 if unsaid"
    )
    rules = command("rules", _rules)
    rules.add_argument("code", metavar="CODE", nargs="*", help="as in a finding; without one all are listed")
    protocols = command("protocols", _protocols)
    _add_path(protocols)
    protocols.add_argument("--format", choices=_TEXT_OR_JSON, default="text", help="how they are written")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="smartserial",
        description="The serial gateway that understands what it carries. The server: `twistd smartserial`.",
    )
    parser.add_argument("--version", action="version", version=f"smartserial {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, call: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=call.__doc__, description=call.__doc__)
        sub.set_defaults(call=call)
        return sub

    check = command("check", _check)
    check.add_argument(
        "file",
        metavar="FILE",
        nargs="+",
        help="a configuration ('demo' is that of the package), a Protocol.xml, or the name of a protocol",
    )
    _add_path(check)
    check.add_argument("--format", choices=tuple(_FORMS), default="text", help="how findings are written")
    check.add_argument("--strict", action="store_true", help="exit with 1 if there are warnings")
    _add_definitions(command)
    ports = command("ports", _ports)
    ports.add_argument("--format", choices=_TEXT_OR_JSON, default="text", help="how they are written")
    add_arguments(command("replay", replay))
    add_convert_arguments(command("convert", convert))
    command("schema", _schema)
    add_passwd_arguments(command("passwd", passwd))
    ctl = command("ctl", _ctl)
    ctl.add_argument("--format", choices=_TEXT_OR_JSON, default="text", help="how rows are written")
    ctl.add_argument(
        "verb", metavar="VERB", nargs=argparse.REMAINDER, help="as on the console; `help` tells all"
    )
    for sub in (ctl, command("console", _console)):
        sub.add_argument("--socket", metavar="PATH", help="the gateway's console, if not at the usual place")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code: 0 all is well, 1 warnings with ``--strict``, 2 errors, 130 after Ctrl-C.
    """
    if not sys.stdout:  # whoever began this has closed it: what is printed fails, as on a full disk
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if not sys.stderr:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    parser = _parser()
    parsed, more = parser.parse_known_args(arguments)
    if parsed.call is _decode and parsed.file is None and len(more) == 1 and not more[0].startswith("--"):
        parsed.file, more = more[0], []  # an optional FILE behind options is left over
    if more:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # whatever a file says can be printed
    try:
        code = int(parsed.call(parsed))
        sys.stdout.flush()
    except KeyboardInterrupt:  # whoever typed Ctrl-C knows
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # the disk behind the output is full
        with contextlib.suppress(OSError):
            print(f"smartserial: cannot write: {error.strerror or error}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    return code
