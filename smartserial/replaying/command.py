"""The words of `smartserial replay`; what plays is imported when it is wanted."""

from __future__ import annotations

import argparse
import sys

from smartserial import captures

_MOST = 1e6  # times, or seconds


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to {_MOST:.0f}, found {text!r}")
    return number


def _patience(text: str) -> float:
    if (seconds := _number(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 second or more, found {text!r}")
    return seconds


def replay(arguments: argparse.Namespace) -> int:
    """Play a capture again, to a port, or to a program."""
    from smartserial.replaying import job
    from smartserial.replaying.outlet import PATIENCE
    from smartserial.replaying.pace import Pace

    if arguments.step and arguments.capture == "-":
        print("smartserial: with --step stdin is the keyboard: name a file", file=sys.stderr)
        return 2
    if (arguments.target is None) == (arguments.listen is None):
        print("smartserial: expected TARGET, or --listen PORT", file=sys.stderr)
        return 2
    if arguments.longest_pause is not None and (arguments.step or not arguments.speed):
        without = "--step" if arguments.step else "--speed 0"
        print(f"smartserial: --longest-pause cannot act: with {without} there are no pauses", file=sys.stderr)
        return 2
    pace = Pace(arguments.direction, arguments.speed, arguments.step, arguments.longest_pause)
    listen = arguments.listen is not None
    target = arguments.listen if listen else arguments.target
    patience = PATIENCE if arguments.patience is None else arguments.patience
    return job.replay(arguments.capture, arguments.input, pace, target, listen=listen, patience=patience)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Say what the command may be told."""
    command.add_argument("capture", metavar="CAPTURE", help="a file as `capture` writes it; - is stdin")
    command.add_argument(
        "target", metavar="TARGET", nargs="?", help="HOST:PORT, or an endpoint: serial:PATH, pty:PATH, ..."
    )
    command.add_argument(
        "--listen", metavar="PORT", help="or ADDRESS:PORT: play to those who connect, from the first on"
    )
    command.add_argument(
        "--direction", choices=("up", "down"), default="up", help="what is played; up is from the device"
    )
    pace = command.add_mutually_exclusive_group()
    pace.add_argument(
        "--speed", type=_number, default=1.0, help="10 is ten times as fast as it was, 0 as fast as it goes"
    )
    pace.add_argument("--step", action="store_true", help="each piece waits for the Enter key")
    command.add_argument(
        "--longest-pause",
        metavar="SECONDS",
        type=_number,
        help="no pause takes longer; without it each takes as long as it took",
    )
    command.add_argument(
        "--patience",
        metavar="SECONDS",
        type=_patience,
        help="give up when so long nothing is taken; 30 if not said",
    )
    command.add_argument(
        "--input", choices=tuple(captures.FORMS), default="", help="the form of the capture, if not guessed"
    )
