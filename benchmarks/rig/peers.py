"""The other servers that are measured beside our own.

To measure one more, put a module with a list named PEERS anywhere and pass it with ``--peers-file``,
or give a command with ``--server``.
"""

from __future__ import annotations

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


class PyserialExample(Peer):
    """An example script of pyserial's sources, one process per port; ``$PYSERIAL_EXAMPLES`` is its folder.

    Args:
        name: what the reports call it.
        script: the file's name.
        can: what it can do.
        port_option: by which it is given the TCP port.
        stub: Python that runs the script, where it cannot run as it is.
    """

    max_ports = 50

    def __init__(self, name: str, script: str, can: Iterable[str], port_option: str, stub: str = "") -> None:
        self.name = name
        self.can = frozenset(can)
        self.script = Path(os.environ.get("PYSERIAL_EXAMPLES", "")) / script
        self.port_option = port_option
        self.before = ["-c", stub] if stub else []

    def available(self) -> bool:
        return self.script.is_file()

    def start(self, task: Task) -> Server:
        commands: list[Sequence[str | Path]] = [
            [sys.executable, *self.before, self.script, link.device, *self._options(link)]
            for link in task.links
        ]
        return Server([spawn(command) for command in commands])

    def _options(self, link: Link) -> list[str]:
        return [*(["115200"] if self.port_option == "-P" else []), self.port_option, str(link.port)]


# A pty has no modem lines, so the RFC 2217 example gets them from here.
_NO_LINES = """
import runpy, sys, serial
serial.Serial._update_rts_state = serial.Serial._update_dtr_state = lambda self: None
for line in "cts", "dsr", "ri", "cd":
    setattr(serial.Serial, line, property(lambda self: False))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


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
    PyserialExample("pyserial-redirect", "tcp_serial_redirect.py", ["raw", "many"], "-P"),
    PyserialExample("pyserial-rfc2217", "rfc2217_server.py", ["telnet"], "-p", _NO_LINES),
]
