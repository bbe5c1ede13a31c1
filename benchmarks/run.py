#!/usr/bin/env python3
"""Measure gateways between serial devices and TCP, side by side.

In each round every server runs once, on new ptys and in a new process, and the order rotates. A ratio
is the median of the ratios of the rounds. It takes Linux, a C compiler and the standard library.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import resource
import shlex
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from rig import goals, native, report
from rig.peer import Peer
from rig.peers import PEERS, Command
from rig.results import Results, Table
from rig.scenario import Scenario, Window
from rig.scenarios import chosen
from rig.wire import Failure


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--peers", type=_names, default=[], help="names, comma separated (default: all installed)")
    add("--scenarios", type=_names, default=[], help="names or prefixes, comma separated (default: all)")
    add("--rounds", type=int, default=5)
    add("--seconds", type=float, default=1.0, help="length of a measured window")
    add("--warm", type=float, default=0.3, help="seconds before it")
    add("--base", type=_names, default=["ser2net-tuned"], help="servers that ratios are given to")
    add("--peers-file", action="append", default=[], help="a module with a list PEERS")
    add("--server", action="append", default=[], metavar="NAME=COMMAND", help="another server; see README")
    add("--out", type=Path, help="write all single results as JSON here")
    add("--markdown", type=Path, help="write one table of all scenarios here, and one of the goals")
    add(
        "--goals",
        type=Path,
        nargs="?",
        const=goals.DEFAULT,
        help="ratios to hold (default: goals.json); exit 1 if one is missed",
    )
    add("--list", action="store_true", help="tell what is known and installed")
    return parser


def _known(options: argparse.Namespace) -> list[Peer]:
    """Return all servers: those of the rig, of other modules, and of commands."""
    found = list(PEERS)
    for number, path in enumerate(options.peers_file):
        spec = importlib.util.spec_from_file_location(f"more_peers_{number}", path)
        if spec is None or spec.loader is None:
            raise SystemExit(f"{path} is no Python module")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found += module.PEERS
    for text in options.server:
        name, _, command = text.partition("=")
        found.append(Command(name, shlex.split(command)))
    unknown = set(options.peers) - {peer.name for peer in found}
    if unknown:
        raise SystemExit(f"unknown peers: {', '.join(sorted(unknown))}")
    return [peer for peer in found if not options.peers or peer.name in options.peers]


def measure(scenario: Scenario, peers: list[Peer], rounds: int, window: Window) -> Table:
    """Run one scenario for all rounds; a failure leaves a gap, so that rounds stay aligned."""
    table = Table(scenario.columns, {peer.name: [] for peer in peers})
    for number in range(rounds):
        first = number % len(peers)
        for peer in peers[first:] + peers[:first]:
            try:
                table.runs[peer.name].append(scenario.run(peer, window))
            except (Failure, OSError, ValueError, IndexError) as error:
                table.errors[peer.name] = f"{type(error).__name__}: {error}"
                table.runs[peer.name].append(None)
    return table


def _write(path: Path, options: argparse.Namespace, peers: list[Peer], results: Results) -> None:
    about = {
        "machine": platform.platform(),
        "cpus": os.cpu_count(),
        "written": time.time(),
        "seconds": options.seconds,
        "rounds": options.rounds,
        "versions": {peer.name: peer.version() for peer in peers},
        "results": {name: asdict(table) for name, table in results.items()},
    }
    path.write_text(json.dumps(about, indent=1) + "\n")


def _judge(results: Results, options: argparse.Namespace) -> int:
    """Tell which goals are met; return the exit code."""
    verdicts = goals.check(results, goals.read(options.goals))
    for verdict in verdicts:
        print(verdict)
    if options.markdown:
        with options.markdown.open("a") as file:
            file.write("\n" + goals.markdown(verdicts))
    return 0 if all(verdict.met for verdict in verdicts) else 1


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped, too
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    native.build()
    known = _known(options)
    peers = [peer for peer in known if peer.available()]
    scenarios = chosen(options.scenarios)
    if options.list:
        missing = [peer.name for peer in known if peer not in peers]
        print("peers:", ", ".join(f"{peer.name} {peer.version()}".strip() for peer in peers))
        print("not installed:", ", ".join(missing) or "none")
        print("scenarios:", ", ".join(scenario.name for scenario in scenarios))
        return 0
    results: Results = {}
    for scenario in scenarios:
        able = [peer for peer in peers if scenario.suits(peer)]
        if not able:
            continue
        window = Window(options.seconds, options.warm)
        results[scenario.name] = measure(scenario, able, options.rounds, window)
        print(report.text(scenario.name, results[scenario.name], options.base), flush=True)
        if options.out:
            _write(options.out, options, peers, results)
        if options.markdown:
            options.markdown.write_text(report.markdown(results, options.base))
    return _judge(results, options) if options.goals else 0


if __name__ == "__main__":
    sys.exit(main())
