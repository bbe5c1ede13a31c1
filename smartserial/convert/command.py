"""The words of `smartserial convert`; what converts is imported when it is wanted."""

from __future__ import annotations

import argparse

FORMATS = ("ser2net-yaml", "ser2net-conf", "conserver")
"""What can be read: the configurations of ser2net 4, of ser2net 2 and 3, and of conserver."""


def convert(arguments: argparse.Namespace) -> int:
    """Make a configuration of that of ser2net or conserver, and tell what could not be carried over."""
    from smartserial.convert.job import convert_file

    return convert_file(arguments.file, arguments.form, arguments.output, force=arguments.force)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Say what the command may be told."""
    command.add_argument(
        "file", metavar="FILE", help="ser2net.yaml, ser2net.conf or conserver.cf; - is standard input"
    )
    command.add_argument(
        "--from", dest="form", choices=FORMATS, default="", help="what FILE is, if not guessed"
    )
    command.add_argument(
        "-o", dest="output", metavar="OUT", default="", help="the new file; without it, stdout"
    )
    command.add_argument("--force", action="store_true", help="write over OUT")
