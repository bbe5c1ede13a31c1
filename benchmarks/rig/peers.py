"""The other servers that are measured beside our own.

To measure one more, put a module with a list named PEERS anywhere and pass it with ``--peers-file``,
or give a command with ``--server``.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rig.native import FLOOR
from rig.own import Smartserial
from rig.peer import EVERYTHING, RAW, Link, Peer, Server, Task, config_file, spawn


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


class Floor(Peer):
    """The smallest C loop; it stands for the limit of the kernel path."""

    name = "floor"
    can = RAW

    def available(self) -> bool:
        return FLOOR.exists()

    def start(self, task: Task) -> Server:
        return Server([spawn([FLOOR, *(f"{link.device}:{link.port}" for link in task.links)])])


class Ser2net(Peer):
    """By default ser2net waits 1 ms or more to batch, with 64-byte buffers: it is measured tuned as well.

    Args:
        name: what the reports call it.
        tuned: send each byte at once, through buffers of 64 KiB.
    """

    can = EVERYTHING

    def __init__(self, name: str = "ser2net", tuned: bool = False) -> None:
        self.name = name
        self.tuned = tuned

    def available(self) -> bool:
        return shutil.which("ser2net") is not None

    def version(self) -> str:
        return _output("ser2net", "-v").split("version")[-1].strip()

    def _connection(self, number: int, link: Link, task: Task) -> Iterable[str]:
        size = "readbuf=65536" if self.tuned else ""
        telnet = "telnet(rfc2217)," if task.telnet else ""
        yield f"connection: &c{number}"
        yield f"  accepter: {telnet}tcp(nodelay{size and ',' + size}),127.0.0.1,{link.port}"
        yield f"  connector: serialdev{size and '(' + size + ')'},{link.device},115200n81,local"
        yield "  options:"
        yield f"    max-connections: {task.max_clients}"
        yield f"    chardelay: {'false' if self.tuned else 'true'}"
        if self.tuned:
            yield "    dev-to-net-bufsize: 65536"
            yield "    net-to-dev-bufsize: 65536"

    def start(self, task: Task) -> Server:
        lines = ["%YAML 1.1", "---", "define: &confver 1.0"]
        for number, link in enumerate(task.links):
            lines += self._connection(number, link, task)
        path = config_file("\n".join(lines) + "\n", ".yaml")
        return Server([spawn(["ser2net", "-n", "-u", "-c", path])], [path])


class Socat(Peer):
    """One process per port, as socat is used in practice."""

    name = "socat"
    can = frozenset({"raw", "many", "accept"})

    def available(self) -> bool:
        return shutil.which("socat") is not None

    def version(self) -> str:
        lines = [line for line in _output("socat", "-V").splitlines() if " version " in line]
        return lines[0].split(" version ")[1].split()[0] if lines else ""

    def start(self, task: Task) -> Server:
        listen = "TCP-LISTEN:{},bind=127.0.0.1,reuseaddr,nodelay,fork"
        return Server(
            [spawn(["socat", listen.format(link.port), f"FILE:{link.device},rawer"]) for link in task.links]
        )


class Ser2tcp(Peer):
    """Another gateway in Python, with a thread for each device."""

    name = "ser2tcp"
    can = RAW
    program = Path(sys.executable).parent / "ser2tcp"

    def available(self) -> bool:
        return self.program.exists()

    def version(self) -> str:
        words = _output(str(self.program), "--version").split()
        return words[1] if len(words) > 1 else ""

    def start(self, task: Task) -> Server:
        ports = [
            {
                "name": f"p{number}",
                "serial": {"port": link.device, "baudrate": 115200},
                "servers": [{"address": "127.0.0.1", "port": link.port, "protocol": "tcp"}],
            }
            for number, link in enumerate(task.links)
        ]
        path = config_file(json.dumps({"ports": ports}), ".json")
        return Server([spawn([self.program, "-q", "-c", path])], [path])


class PyserialRedirect(Peer):
    """An example script of pyserial's sources, one process per port; ``$PYSERIAL_EXAMPLES`` is its folder."""

    name = "pyserial-redirect"
    can = frozenset({"raw", "many"})
    max_ports = 50
    script = Path(os.environ.get("PYSERIAL_EXAMPLES", "")) / "tcp_serial_redirect.py"

    def available(self) -> bool:
        return self.script.is_file()

    def start(self, task: Task) -> Server:
        before = [sys.executable, self.script]
        return Server([spawn([*before, li.device, "115200", "-P", str(li.port)]) for li in task.links])


class PyserialRfc2217(Peer):
    """A server of our own around pyserial's `PortManager`, one process per port."""

    name = "pyserial-rfc2217"
    can = frozenset({"telnet", "codec"})
    codec = "pyserial"
    max_ports = 50
    program = Path(__file__).with_name("pyserial_rfc2217.py")

    def version(self) -> str:
        return importlib.metadata.version("pyserial")

    def start(self, task: Task) -> Server:
        before = [sys.executable, self.program]
        return Server([spawn([*before, link.device, str(link.port)]) for link in task.links])


class Conch(Peer):
    """The telnet codec of Twisted; there is no server of it to measure."""

    name = "conch"
    can = frozenset({"codec"})
    codec = "conch"

    def version(self) -> str:
        return importlib.metadata.version("twisted")


class Command(Peer):
    """Any server that reads JSON: ``{"telnet": bool, "max_clients": n, "links": [[device, port], ...]}``.

    In the command, ``{config}`` becomes the path of that file. A server with its own configuration
    format gets a class of its own instead.
    """

    can = EVERYTHING

    def __init__(self, name: str, words: Sequence[str]) -> None:
        self.name = name
        self.words = words

    def start(self, task: Task) -> Server:
        links = [[link.device, link.port] for link in task.links]
        text = json.dumps({"telnet": task.telnet, "max_clients": task.max_clients, "links": links})
        path = config_file(text, ".json")
        return Server([spawn([word.replace("{config}", str(path)) for word in self.words])], [path])


PEERS: list[Peer] = [
    Smartserial(),
    Floor(),
    Ser2net(),
    Ser2net("ser2net-tuned", tuned=True),
    Socat(),
    Ser2tcp(),
    PyserialRedirect(),
    PyserialRfc2217(),
    Conch(),
]
