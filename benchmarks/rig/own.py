"""Smartserial itself, as users run it."""

from __future__ import annotations

import importlib.metadata
import sys
import tempfile
from pathlib import Path

from rig.peer import EVERYTHING, Peer, Server, Task, spawn

TWISTD = Path(sys.executable).parent / "twistd"


def share(name: str, device: str, port: int, max_clients: int, telnet: bool = False) -> str:
    """Return the part of a configuration file that serves one link."""
    mode = "rfc2217" if telnet else "raw"
    return (
        f"  {name}:\n"
        f"    device: {{port: {device}, baudrate: 115200, exclusive: false}}\n"
        f"    listen: [{{mode: {mode}, port: {port}}}]\n"
        f"    sharing: {{max_clients: {max_clients}}}\n"
    )


def command(config: Path, *before: str) -> list[str]:
    """Return the command line; `before` are options of twistd itself."""
    return [str(TWISTD), "-n", "--pidfile=", *before, "smartserial", "--config", str(config)]


class Smartserial(Peer):
    """One process for all links, with a configuration file, under the default reactor or another one."""

    can = EVERYTHING | {"codec"}
    codec = "smartserial"

    def __init__(self, name: str = "smartserial", *options: str) -> None:
        self.name = name
        self.options = options

    def available(self) -> bool:
        return TWISTD.exists()

    def version(self) -> str:
        return importlib.metadata.version("smartserial")

    def start(self, task: Task) -> Server:
        folder = Path(tempfile.mkdtemp(prefix="rig-"))
        config = folder / "config.yaml"
        parts = [
            share(f"p{number}", link.device, link.port, task.max_clients, task.telnet)
            for number, link in enumerate(task.links)
        ]
        config.write_text("shares:\n" + "".join(parts))
        return Server([spawn(command(config, *self.options), folder)], [folder])
