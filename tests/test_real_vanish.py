"""Clients whose network disappears without a word, in network namespaces of the test's own."""

from __future__ import annotations

import subprocess
from unittest import TestCase

from tests.support import GUARD, Program, Pty, in_background

_CLIENT = """
import socket, sys
sock = socket.create_connection(("10.77.0.1", int(sys.argv[1])))
print("connected", flush=True)
sys.stdin.read()
"""
_FAST = "keepalive: {every: 1s, retry: 1s, count: 2}"


class Hosts:
    """Two hosts with a cable between them; ours has the address 10.77.0.1, the other 10.77.0.2."""

    def __init__(self, test: TestCase) -> None:
        self._test = test
        self.ours = self._host(["unshare", "--user", "--map-root-user", "--net", "cat"])
        self.other = self._host([*self.on(self.ours), "unshare", "--net", "cat"])
        self._ip(
            self.ours, "link", "add", "cable", "type", "veth", "peer", "name", "end", "netns", str(self.other)
        )
        for host, name, address in (
            (self.ours, "cable", "10.77.0.1/24"),
            (self.other, "end", "10.77.0.2/24"),
        ):
            self._ip(host, "address", "add", address, "dev", name)
            self._ip(host, "link", "set", name, "up")

    def _host(self, command: list[str]) -> int:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None and process.stdout is not None
        self._test.addCleanup(process.wait, GUARD)
        self._test.addCleanup(process.stdout.close)
        self._test.addCleanup(process.stdin.close)
        process.stdin.write(b"ready\n")
        process.stdin.flush()
        process.stdout.readline()
        return process.pid

    def on(self, host: int) -> list[str]:
        """Return the words that run a command on a host."""
        return ["nsenter", "--target", str(host), "--user", "--net", "--preserve-credentials"]

    def _ip(self, host: int, *words: str) -> None:
        subprocess.run([*self.on(host), "ip", *words], check=True)

    def client(self, port: int) -> None:
        """Connect from the other host."""
        process = subprocess.Popen(
            [*self.on(self.other), "python3", "-c", _CLIENT, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin is not None and process.stdout is not None
        self._test.addCleanup(process.wait, GUARD)
        self._test.addCleanup(process.stdout.close)
        self._test.addCleanup(process.stdin.close)
        self._test.assertEqual(process.stdout.readline(), b"connected\n")

    def cut_the_cable(self) -> None:
        """Let the other host vanish."""
        self._ip(self.other, "link", "set", "end", "down")


class VanishTests(TestCase):
    """The place of a vanished client is free again, whether it was idle or being sent to."""

    def start(self) -> tuple[Hosts, Program, Pty]:
        hosts, pty = Hosts(self), Pty(self)
        listen = f"[{{host: 10.77.0.1, port: 0, insecure: true, {_FAST}}}]"
        config = f"shares: {{x: {{device: {{port: {pty.path}, exclusive: false}}, listen: {listen}}}}}"
        program = Program(self, config, wrapper=hosts.on(hosts.ours))
        program.wait_for("x: opened")
        hosts.client(program.ports("x")[0])
        program.wait_for("x: 10.77.0.2:.* connected")
        return hosts, program, pty

    def test_an_idle_one(self) -> None:
        hosts, program, _ = self.start()
        hosts.cut_the_cable()
        program.wait_for("x: 10.77.0.2:.* is gone: ")
        self.assertEqual(program.stop(), 0)

    def test_one_that_is_being_sent_to(self) -> None:
        hosts, program, pty = self.start()
        hosts.cut_the_cable()
        in_background(self, lambda: pty.write(bytes(1000)))
        program.wait_for("x: 10.77.0.2:.* is gone: vanished")
        self.assertEqual(program.stop(), 0)
        up, _ = program.accounts("x")
        self.assertEqual((up["read"], up["client_dropped"]), (1000, 1000))
