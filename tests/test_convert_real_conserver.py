"""A configuration of conserver, served by conserver and by us: the same is to be seen."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import Any
from unittest import TestCase

from tests.convertstage import Settings, Site, client
from tests.support import GUARD, until

CONSERVER, CONSOLE = "/usr/sbin/conserver", "/usr/bin/console"
SAID = b"boot: ok\r\nlogin: "


class User:
    """Somebody at a console, by the program `console` or by telnet; what is said to them is in `heard`."""

    def __init__(self, test: TestCase, name: str, port: int, *, telnet: bool) -> None:
        self.heard = b""
        self._sock: socket.socket | None = None
        if telnet:
            self._sock = client(port)
            test.addCleanup(self._sock.close)
            return
        self._process = subprocess.Popen(
            [CONSOLE, "-M", "127.0.0.1", "-p", str(port), "-l", "mary", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        test.addCleanup(self._end)
        self.hear(b"help]")

    def _end(self) -> None:
        self._process.kill()
        self._process.wait(GUARD)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def type(self, data: bytes) -> None:
        """Send what is typed."""
        if self._sock is not None:
            self._sock.sendall(data)
            return
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def hear(self, text: bytes) -> None:
        """Wait until something has been said."""
        while text not in self.heard:
            if self._sock is not None:
                piece = self._sock.recv(4096)
            else:
                assert self._process.stdout is not None
                piece = os.read(self._process.stdout.fileno(), 4096)
            assert piece, self.heard
            self.heard += piece


class ConserverTest(TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.site = Site(self, "conserver.cf", ["one", "two"])
        (self.site.folder / "passwd").write_text("*any*:\n")

    def look(self, *, telnet: bool, one: int, two: int) -> dict[str, Any]:
        """Be the users of both consoles, and note what is to be seen."""
        ptys, seen = self.site.ptys, {}
        with ExitStack():
            mary = User(self, "one", one, telnet=telnet)
            mary.type(b"first")
            self.assertEqual(ptys["one"].read(5), b"first")
            guest = User(self, "one", one, telnet=telnet)
            guest.type(b"nothing of this")
            ptys["one"].write(SAID)
            for user in (mary, guest):
                user.hear(SAID)
            mary.type(b"again")
            seen["typed"] = ptys["one"].read(5), ptys["one"].quiet()
            other = User(self, "two", two, telnet=telnet)
            other.type(b"root\r")
            seen["other console"] = ptys["two"].read(5)
            seen["settings"] = self.site.settings("one"), self.site.settings("two")
        return seen

    def test_users_devices_and_logs_see_the_same(self) -> None:
        ports = self.site.ports
        command = [CONSERVER, "-C", str(self.site.file), "-M", "127.0.0.1"]
        with self.site.theirs([*command, "-p", str(ports[0]), "-b", str(ports[1])], ports[0]):
            theirs = self.look(telnet=False, one=ports[0], two=ports[0])
            log = self.site.folder / "one.log"
            until(lambda: SAID in log.read_bytes())
        log.unlink()
        (self.site.folder / "two.log").unlink()
        with self.site.ours() as program:
            ours = self.look(telnet=True, one=program.ports("one")[0], two=program.ports("two")[0])
        self.assertEqual(theirs, ours)
        self.assertEqual(ours["settings"][0], Settings(19200, 1, False, False, False, True))
        self.assertEqual(ours["settings"][1], Settings(9600, 2, False, True, True, True))
        pieces = list(map(json.loads, log.read_text().splitlines()))
        up = b"".join(bytes.fromhex(one["bytes"]) for one in pieces if one["direction"] == "up")
        self.assertEqual(up, SAID)

    def test_guests_have_a_listener_of_their_own(self) -> None:
        with self.site.ours() as program:
            typing, watching = program.ports("two")
            guest, mary = (User(self, "two", port, telnet=True) for port in (watching, typing))
            guest.type(b"nothing of this")
            mary.type(b"hello")
            self.assertEqual(self.site.ptys["two"].read(5), b"hello")
            self.site.ptys["two"].write(SAID)
            guest.hear(SAID)
            self.assertTrue(self.site.ptys["two"].quiet())

    def test_a_break_is_a_sequence(self) -> None:
        with self.site.ours() as program:
            program.wait_for("one: opened port")
            done = subprocess.run(
                [sys.executable, "-m", "smartserial", "ctl", "sequence", "one", "break-1"],
                env={**os.environ, "RUNTIME_DIRECTORY": str(program.folder)},
                capture_output=True,
                text=True,
                timeout=GUARD,
            )
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            program.wait_for("one: set break=on")
            program.wait_for("one: set break=off")
