"""Pools of the real program: who comes gets the first share that is free, and is told which."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from unittest import TestCase

from tests.sessions import Probe
from tests.support import GUARD, Program, make_folder, receive, receive_all, until
from tests.telnetpeer import com_port
from tests.userexamples import HASH, PASSWORD, write_users

SHARES = """
shares:
  a: {{device: {{loop: true}}, listen: [{{port: 0}}]}}
  b: {{device: {{loop: true}}, listen: [{{port: 0}}]}}
  c: {{device: {{loop: true}}, listen: [{{port: 0}}]}}
pools:
  lab: {{{lab}}}
"""
USERS = """\
users:
  anna: {password: "%s", groups: [all]}
  bob: {password: "%s", groups: [third]}
  eva: {password: "%s", groups: [none]}
groups:
  all: {rights: {"*": [read, write]}}
  third: {rights: {c: [read, write]}}
  none: {rights: {x: [read]}}
"""


class PoolCase(TestCase):
    def begin(self, lab: str = "shares: [a, b, c], listen: [{port: 0}]", more: str = "") -> Program:
        self.folder = Path(make_folder(self))
        write_users(self.folder, USERS.replace("%s", HASH))
        self.program = Program(self, more + SHARES.format(lab=lab), folder=self.folder)
        for name in "abc":
            self.program.wait_for(f"{name}: opened")
        self.port = self.where()
        return self.program

    def where(self, count: int = 1) -> int:
        """Return the port of the pool."""
        match = self.program.wait_for(r"lab: gives one of .* on 127\.0\.0\.1:(\d+)", count)
        return int(match[1])

    def come(self, typed: bytes = b"", source: str = "127.0.0.1") -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), GUARD, (source, 0))
        self.addCleanup(sock.close)
        sock.sendall(typed)
        return sock

    def told(self, share: str, typed: bytes = b"") -> socket.socket:
        """Come in, and be told that one has this share; its bytes come back."""
        sock = self.come(typed)
        line = f"lab: this is {share}\r\n".encode()
        self.assertEqual(receive(sock, len(line)), line)
        sock.sendall(b"hello")
        self.assertEqual(receive(sock, 5), b"hello")
        return sock

    def ctl(self, *words: str) -> str:
        """Return what a verb of the console says."""
        command = [str(Path(sys.executable).with_name("smartserial")), "ctl", "--socket"]
        done = subprocess.run(
            [*command, str(self.folder / "console.sock"), *words],
            capture_output=True,
            text=True,
            timeout=GUARD,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class FreeTest(PoolCase):
    def test_each_gets_the_first_that_is_free(self) -> None:
        program = self.begin()
        first, second, third = (self.told(name) for name in "abc")
        self.assertEqual(receive_all(self.come()), b"lab is in use: none of a, b, c is free\r\n")
        program.wait_for(r"lab: 127\.0\.0\.1:\d+ was refused: lab is in use")
        second.close()
        program.wait_for(r"b: 127\.0\.0\.1:\d+ is gone")
        self.told("b").close()
        program.wait_for(rf"b: 127\.0\.0\.1:\d+ connected to 127\.0\.0\.1:{self.port} of pool lab", 2)
        for sock in (first, third):
            sock.close()
        self.assertEqual(program.stop(), 0)
        self.assertEqual([program.accounts(name)[1]["delivered"] for name in "abc"], [5, 10, 5])

    def test_who_came_by_the_share_itself_has_it(self) -> None:
        program = self.begin()
        own = program.connect("a")
        own.sendall(b"x")
        self.assertEqual(receive(own, 1), b"x")
        self.told("b")
        rows = self.ctl("pools")
        self.assertRegex(rows, rf"lab +127\.0\.0\.1:{self.port} +a in use, b in use, c free +0")
        own.close()

    def test_who_has_finished_sending_has_no_place(self) -> None:
        self.begin("shares: [a], listen: [{port: 0}]")
        for _ in range(20):
            sock = self.told("a")
            sock.shutdown(socket.SHUT_WR)
            self.told("a").close()

    def test_a_disabled_share_is_none(self) -> None:
        self.begin()
        self.ctl("disable", "a")
        self.told("b").close()
        self.assertIn("a disabled", self.ctl("pools"))
        self.ctl("enable", "a")
        self.told("a").close()

    def test_without_words(self) -> None:
        self.begin("shares: [b], announce: false, listen: [{port: 0, refusal: close}]")
        sock = self.come(b"hello")
        self.assertEqual(receive(sock, 5), b"hello")
        self.assertEqual(receive_all(self.come()), b"")

    def test_limits_are_those_of_the_pool(self) -> None:
        self.begin("shares: [a, b, c], listen: [{port: 0, max_clients: 2, max_per_source: 1}]")
        self.told("a")
        self.assertRegex(receive_all(self.come()), rb"^lab: .*127\.0\.0\.1")
        other = self.come(source="127.0.0.2")
        self.assertEqual(receive(other, 16), b"lab: this is b\r\n")
        self.assertRegex(receive_all(self.come(source="127.0.0.3")), rb"^lab is in use: 2 clients")


class OnlyTest(PoolCase):
    """Shares that no listener of their own leads to."""

    def test_each_gets_the_first_that_is_free(self) -> None:
        text = "shares: {a: {device: {loop: true}}, b: {device: {loop: true}}}\n"
        program = self.program = Program(
            self, f"{text}pools: {{lab: {{shares: [a, b], listen: [{{port: 0}}]}}}}\n"
        )
        program.wait_for(r"a: serves loop on its pools")
        self.port = self.where()
        first, second = self.told("a"), self.told("b")
        self.assertEqual(receive_all(self.come()), b"lab is in use: none of a, b is free\r\n")
        for sock in (first, second):
            sock.close()
        self.assertEqual(program.stop(), 0)
        self.assertEqual([program.accounts(name)[1]["delivered"] for name in "ab"], [5, 5])


class LayersTest(PoolCase):
    def test_with_rfc2217(self) -> None:
        self.begin("shares: [a, b], listen: [{port: 0, mode: rfc2217}]")
        for share in (b"a", b"b"):
            probe = Probe(self.port)
            self.addCleanup(probe.sock.close)
            self.assertIn(b"lab: this is " + share, probe.exchange(com_port(1, bytes(4))))

    def test_users_get_what_they_have_a_right_on(self) -> None:
        program = self.begin(
            "shares: [a, b, c], users: true, listen: [{port: 0}]", "users: {file: users.yaml}\n"
        )
        typed = b"\r\n" + PASSWORD + b"\r\n"
        prompts = b"login: password: "
        for user, share in ((b"bob", "c"), (b"anna", "a")):
            sock = self.come(user + typed)
            line = f"lab: this is {share}\r\n".encode()
            self.assertEqual(receive(sock, len(prompts + line)).replace(b"\r\n", b"", 0)[-len(line) :], line)
        refused = receive_all(self.come(b"bob" + typed))
        self.assertIn(b"lab is in use: none of c is free\r\n", refused)  # of a and b bob need not know
        self.assertIn(
            b"eva may neither read nor write any share of lab\r\n", receive_all(self.come(b"eva" + typed))
        )
        program.wait_for(r"lab: .*eva may neither read nor write")


class ReloadTest(PoolCase):
    def reload(self, lab: str) -> None:
        self.program.configure(SHARES.format(lab=lab))
        self.program.process.send_signal(signal.SIGHUP)

    def test_the_socket_stays_and_who_has_a_share_that_stays_keeps_it(self) -> None:
        program = self.begin()
        first, second = self.told("a"), self.told("b")
        self.reload(f"shares: [c, b], listen: [{{port: {self.port}}}]")
        self.assertEqual(self.where(2), self.port)
        self.assertEqual(receive_all(first), b"")
        second.sendall(b"still")
        self.assertEqual(receive(second, 5), b"still")
        self.told("c")
        self.assertIn("its listener was closed", program.log)

    def test_the_socket_goes_to_a_share(self) -> None:
        program = self.begin()
        former = self.told("a")
        text = SHARES.format(lab="shares: [b], listen: [{port: 0}]")
        text = text.replace(
            "c: {device: {loop: true}, listen: [{port: 0}]}",
            f"c: {{device: {{loop: true}}, listen: [{{port: {self.port}}}]}}",
        )
        program.configure(text)
        program.process.send_signal(signal.SIGHUP)
        self.where(2)
        self.assertEqual(receive_all(former), b"")
        sock = self.come(b"hello")
        self.assertEqual(receive(sock, 5), b"hello")
        program.wait_for(r"c: 127\.0\.0\.1:\d+ connected")

    def test_no_pool_any_more(self) -> None:
        program = self.begin()
        former = self.told("a")
        program.configure(re.sub(r"pools:[^$]*", "", SHARES.format(lab="")))
        program.process.send_signal(signal.SIGHUP)
        self.assertEqual(receive_all(former), b"")
        until(lambda: not self.listens())
        self.assertEqual(program.stop(), 0)

    def listens(self) -> bool:
        """Tell whether somebody listens at the pool's port."""
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0
