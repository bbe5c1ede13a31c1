"""G16: a start that cannot succeed."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

from probes.gateway import Gateway, one_share
from probes.row import Row, Scale
from probes.site import Device
from rig.wire import free_port

_BAD: dict[str, Callable[[str], str]] = {
    "baudrate: fast": lambda text: text.replace("baudrate: 115200", "baudrate: fast"),
    "an unknown key": lambda text: text.replace("exclusive:", "exclusiv:"),
    "no YAML": lambda text: text + "  : [",
}


def bad_config(scale: Scale) -> Iterator[Row]:
    """Files with one thing wrong."""
    for what, spoil in _BAD.items():
        yield _refused(what, spoil(one_share("/dev/null", free_port())), "<= 1 s, rc 2")


def port_bound(scale: Scale) -> Iterator[Row]:
    """Another program has the TCP port."""
    device = Device()
    try:
        with socket.create_server(("127.0.0.1", 0)) as other:
            yield _refused("port bound", one_share(device.path, other.getsockname()[1]), "<= 2 s, rc 2")
    finally:
        device.close()


def _refused(what: str, config: str, aim: str) -> Row:
    began = time.monotonic()
    with Gateway(config, set()) as gateway:
        code = gateway.wait(10)
        seconds = time.monotonic() - began
        text = gateway.log.read_text().strip().replace(str(gateway.folder) + "/", "").replace("|", "/")
    lines = text.splitlines() or ["nothing said"]
    more = f" (+{len(lines) - 1} lines)" if len(lines) > 1 else ""
    return Row("G16", what, f"{seconds:.2f} s, rc {code}: {lines[0]}{more}", aim)
