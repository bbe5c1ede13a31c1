"""Running the load generator on a bench."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from typing import IO

from rig.bench import Bench
from rig.native import LOADGEN
from rig.wire import Failure

_MARKS = (b"S\n", b"E\n")  # the measured window opens, and closes


def load(bench: Bench, mode: str, **options: object) -> dict[str, float]:
    """Load a server and return what the generator measured.

    The added figure ``cpu`` is the server's CPU seconds between the marks of the generator, so neither
    its own start nor the warming up is in it.

    Args:
        bench: the server.
        mode: bulk, ping or accept.
        options: those of the generator, by name.
    """
    devices, clients = bench.device_fds(), bench.client_fds()
    process = subprocess.Popen(
        _command(mode, devices, clients, options) + (["--telnet"] if bench.telnet else []),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=devices + clients,
    )
    with process:
        assert process.stdout is not None and process.stderr is not None
        try:
            cpu, last = _follow(bench, process.stdout)
            if process.wait(30):
                raise Failure(process.stderr.read().decode().strip() or "loadgen failed")
        except BaseException:
            process.kill()
            raise
    figures: dict[str, float] = json.loads(last)
    figures["cpu"] = cpu[1] - cpu[0]
    return figures


def _command(mode: str, devices: list[int], clients: list[int], options: Mapping[str, object]) -> list[str]:
    command = [str(LOADGEN), mode, "--dev", ",".join(map(str, devices))]
    if clients:
        command += ["--net", ",".join(map(str, clients))]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    return command


def _follow(bench: Bench, output: IO[bytes]) -> tuple[list[float], bytes]:
    """Take the CPU time at each mark; return the two times and the last line."""
    cpu: list[float] = []
    last = b""
    for line in output:
        if line in _MARKS:
            cpu.append(bench.cpu_seconds())
        else:
            last = line
    return cpu, last
