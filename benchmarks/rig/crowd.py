"""Scenarios about clients that come, and that do nothing."""

from __future__ import annotations

import time

from rig.bench import Bench
from rig.load import load
from rig.peer import Peer
from rig.scenario import Column, Figures, Scenario, Window

_SPARE = 8  # places beyond those that are used, for clients whose going is not noticed yet


def accept() -> Scenario:
    """Connections that bring one byte and go, one after the other."""

    def run(peer: Peer, window: Window) -> Figures:
        # One client stays connected, so that no server closes its device in between.
        with Bench(peer, max_clients=64) as bench:
            got = load(bench, "accept", port=bench.links[0].port, seconds=window.seconds, warm=window.warm)
        count = max(1, got["connections"])
        return {"conn/s": count / got["seconds"], "cpu_us/conn": 1e6 * got["cpu"] / count}

    columns = (Column("conn/s", "connections/s", True), Column("cpu_us/conn", "us CPU per connection"))
    return Scenario("accept", frozenset({"raw", "accept"}), columns, run)


def storm(count: int) -> Scenario:
    """All clients connect at once: a short listen backlog costs seconds of repeated SYNs."""

    def run(peer: Peer, window: Window) -> Figures:
        with Bench(peer, max_clients=count + _SPARE) as bench:
            began = time.monotonic()
            bench.add_clients(count, count)
            return {"s": time.monotonic() - began}

    needs = frozenset({"raw", "idle", "fanout"})
    return Scenario(f"storm-{count}", needs, (Column("s", "s until all are served"),), run)


def idle(count: int) -> Scenario:
    """Memory of clients that do nothing; they come in waves small enough for any listen backlog."""

    def run(peer: Peer, window: Window) -> Figures:
        with Bench(peer, max_clients=count + _SPARE) as bench:
            before = bench.memory().rss
            bench.add_clients(count, 4)
            time.sleep(0.3)
            after = bench.memory().rss
            cpu = bench.cpu_seconds()
            time.sleep(window.seconds)
            cpu = bench.cpu_seconds() - cpu
        return {
            "rss_KiB/client": (after - before) / count,
            "rss_MiB": after / 1024,
            "idle_cpu_%": 100 * cpu / window.seconds,
        }

    columns = (
        Column("rss_KiB/client", "KiB per idle client"),
        Column("rss_MiB", "MiB in all"),
        Column("idle_cpu_%", "% CPU while idle"),
    )
    return Scenario(f"idle-{count}", frozenset({"raw", "idle", "fanout"}), columns, run)
