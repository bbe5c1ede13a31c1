#!/usr/bin/env python3
"""Measure what the program does under bad conditions, beside what it promises.

It asserts nothing and prints a table; a test that decides belongs to the tests. Loopback, own ptys and
own processes only, all bounded in count and time.
"""

from __future__ import annotations

import argparse
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from probes import crowd, full, garbage, logins, slow, stopping, unplug, virtual, wrong
from probes.row import Check, Row, Scale
from rig.wire import Failure

_CHECKS: Mapping[str, Sequence[Check]] = {
    "G2": (slow.slow_device,),
    "G3": (slow.slow_reader, slow.slow_alone, slow.vanish, slow.vanish_alone),
    "G4": (garbage.odd_inputs, garbage.open_subnegotiation, garbage.contrary),
    "G5": (unplug.unplug, unplug.no_device),
    "G6": (stopping.to_client, stopping.to_device, stopping.never_read, stopping.killed),
    "G9": (crowd.churn, crowd.at_once),
    "G10": (full.over_max, full.no_descriptors),
    "G16": (wrong.bad_config, wrong.port_bound),
    "S3": (logins.crowd,),
    "VP": (virtual.many,),
}
_WITHOUT_CLIENTS = {"G16", "S3", "VP"}  # the same in telnet mode
_QUICK = Scale(megabytes=10, connects=500, crowd=100, cycles=3, ports=30)


def main() -> int:
    """Run the checks that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=f"of {', '.join(_CHECKS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the load")
    parser.add_argument("--telnet", action="store_true", help="the clients speak telnet, with RFC 2217")
    options = parser.parse_args()
    unknown = set(options.goals) - set(_CHECKS)
    if unknown:
        parser.error(f"unknown goals: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the gateway is stopped, too
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print("| goal | measured | aim |\n|---|---|---|")
    scale = replace(_QUICK if options.quick else Scale(), telnet=options.telnet)
    left_out = _WITHOUT_CLIENTS if options.telnet else set()
    for goal in options.goals or [goal for goal in _CHECKS if goal not in left_out]:
        for check in _CHECKS[goal]:
            _run(goal, check, scale)
    return 0


def _run(goal: str, check: Check, scale: Scale) -> None:
    """Print the rows of one check as they come, and what kept it from going on."""
    try:
        for row in check(scale):
            print(row, flush=True)
    except (Failure, OSError) as error:
        print(Row(goal, check.__name__, f"failed: {type(error).__name__}: {error}"), flush=True)


if __name__ == "__main__":
    sys.exit(main())
