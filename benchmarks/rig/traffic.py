"""Scenarios about bytes that flow: bulk, round trips, fan-out, many ports."""

from __future__ import annotations

import time
from collections.abc import Iterable

from rig.bench import Bench
from rig.load import load
from rig.peer import Peer
from rig.scenario import Column, Figures, Scenario, Window

_MB = 1e6  # bytes


def _needs(clients: int, telnet: bool) -> frozenset[str]:
    return frozenset({"telnet" if telnet else "raw"} | ({"fanout"} if clients > 1 else set()))


def _name(parts: Iterable[str], clients: int, telnet: bool) -> str:
    return "-".join(
        [*(["telnet"] if telnet else []), *parts, *([f"{clients}clients"] if clients > 1 else [])]
    )


def bulk(direction: str, clients: int = 1, telnet: bool = False, fill: str = "bin") -> Scenario:
    """As much as goes: `direction` is up (device to TCP), down, or both at once."""

    def run(peer: Peer, window: Window) -> Figures:
        with Bench(peer, clients=clients, telnet=telnet) as bench:
            got = load(bench, "bulk", dir=direction, fill=fill, seconds=window.seconds, warm=window.warm)
        seconds, megabytes = got["seconds"], (got["up_bytes"] + got["down_bytes"]) / _MB
        return {
            "MB/s": megabytes / seconds,
            "up_MB/s": got["up_bytes"] / _MB / seconds,
            "down_MB/s": got["down_bytes"] / _MB / seconds,
            "device_MB/s": got["least_client_bytes"] / _MB / seconds,
            "cpu_ms/MB": 1e3 * got["cpu"] / max(megabytes, 1e-6),
            "corrupt": got["corrupt"],
        }

    columns = [Column("MB/s", "MB/s", True), Column("cpu_ms/MB", "ms CPU per MB")]
    if direction == "both":
        columns += [Column("up_MB/s", "MB/s", True), Column("down_MB/s", "MB/s", True)]
    if clients > 1:
        columns.append(Column("device_MB/s", "MB/s of device data", True))
    name = _name(["bulk", direction, *([fill] if telnet else [])], clients, telnet)
    return Scenario(name, _needs(clients, telnet), tuple(columns), run)


def _ping_figures(got: Figures) -> Figures:
    return {
        "p50": got["p50_us"],
        "p99": got["p99_us"],
        "cpu_us/msg": 1e6 * got["cpu"] / max(1, got["messages"]),
        "corrupt": got["corrupt"],
    }


_PING = (Column("p50", "us"), Column("p99", "us"), Column("cpu_us/msg", "us CPU per message"))


def ping(size: int, path: str = "echo", clients: int = 1, telnet: bool = False) -> Scenario:
    """One message of `size` bytes at a time: echoed by the device, or one way up or down."""

    def run(peer: Peer, window: Window) -> Figures:
        with Bench(peer, clients=clients, telnet=telnet) as bench:
            got = load(bench, "ping", path=path, size=size, seconds=window.seconds, warm=window.warm)
        return _ping_figures(got)

    return Scenario(_name(["ping", path, f"{size}B"], clients, telnet), _needs(clients, telnet), _PING, run)


def many(ports: int, rate: int, size: int = 32) -> Scenario:
    """Round trips on many ports of one server, `rate` a second on each."""

    def run(peer: Peer, window: Window) -> Figures:
        seconds = window.seconds * 2
        with Bench(peer, ports=ports) as bench:
            time.sleep(0.3)
            used = bench.memory()
            got = load(bench, "ping", path="echo", size=size, rate=rate, seconds=seconds, warm=window.warm)
        done = 100 * got["messages"] / (ports * rate * got["seconds"])
        more = {"done_%": done, "rss_KiB/port": used.rss / ports, "pss_KiB/port": used.pss / ports}
        return _ping_figures(got) | more

    needs = frozenset({"raw", "many"} if ports > 1 else {"raw"})
    columns = (*_PING, Column("done_%", "% of offered", True), Column("pss_KiB/port", "KiB (PSS) per port"))
    return Scenario(f"ports-{ports}x{rate}/s", needs, columns, run, ports)
