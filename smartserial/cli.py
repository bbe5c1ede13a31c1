"""The `smartserial` command."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence

from smartserial import __version__, config
from smartserial.config.findings import ERROR, as_json


def _check(arguments: argparse.Namespace) -> int:
    """Tell what is wrong with a configuration file."""
    findings = config.check(config.config_path(arguments.file))
    if arguments.format == "json":
        print(as_json(findings))
    else:
        for finding in findings:
            print(finding)
    if any(finding.severity == ERROR for finding in findings):
        return 2
    return 1 if findings and arguments.strict else 0


def _schema(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of a configuration file."""
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
    check.add_argument("file", metavar="FILE", help="a configuration file; 'demo' is the one of the package")
    check.add_argument("--format", choices=("text", "json"), default="text", help="how findings are written")
    check.add_argument("--strict", action="store_true", help="exit with 1 if there are warnings")
    command("schema", _schema)
    ctl = command("ctl", _ctl)
    ctl.add_argument("--format", choices=("text", "json"), default="text", help="how rows are written")
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
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.call(parsed))
    except KeyboardInterrupt:  # whoever typed Ctrl-C knows
        return 130
    except BrokenPipeError:  # whoever reads has had enough, as in `smartserial schema | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
