"""Logins of the real program, over real sockets, with real clients, and what its log and its files say."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from unittest import TestCase

from smartserial.passwords import hash_password
from tests.canary import CANARY, left_behind
from tests.netstage import Authority
from tests.sessions import Probe, Terminal
from tests.support import GUARD, Program, Pty, make_folder, receive, receive_all
from tests.telnetpeer import com_port
from tests.typist import telnet_port
from tests.userexamples import HASH, PASSWORD, write_users

USERS = """\
users:
  anna: {password: "%s", groups: [operators]}
  bob: {password: "%s", groups: [watchers]}
  eva: {password: "%s", groups: [chiefs]}
groups:
  operators: {rights: {"*": [read, write]}}
  watchers: {rights: {"*": [read]}}
  chiefs: {rights: {"*": [admin]}}
"""
CONFIG = """
users: {{file: users.yaml}}
console: {{telnet: 0, users: true}}
shares:
  x:
    device: {{port: {port}}}
    users: true
    sharing: {{max_clients: 200}}
    listen: [{{port: 0}}, {{port: 0, mode: rfc2217}}, {{port: 0, users: false}}]
  echo:
    device: {{loop: true}}
    listen: [{{port: 0, password: "{hash}"}}, {{port: 0}}]
"""
RIGHT = b"anna\r\n" + PASSWORD + b"\r\n"


class LoginCase(TestCase):
    cost = 1

    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.pty = Pty(self)
        hashed = HASH if self.cost == 1 else hash_password(PASSWORD, self.cost)
        write_users(self.folder, USERS.replace("%s", hashed))
        self.program = self.start(hashed)
        self.addCleanup(self.shows_nothing)

    def start(self, hashed: str) -> Program:
        program = Program(self, CONFIG.format(port=self.pty.path, hash=hashed), folder=self.folder)
        program.wait_for("x: opened")
        return program

    def shows_nothing(self) -> None:
        """The password is in no line of the log, and in no file."""
        self.assertNotIn(CANARY, self.program.log)
        self.assertEqual(list(left_behind([self.folder])), [])
        self.assertNotRegex(self.program.log, r"Traceback|Unhandled")

    def connect(self, share: str = "x", listener: int = 0, typed: bytes = b"") -> socket.socket:
        sock = self.program.connect(share, listener)
        self.addCleanup(sock.close)
        sock.sendall(typed)
        return sock


class RawTest(LoginCase):
    def test_a_session(self) -> None:
        sock = self.connect(typed=RIGHT + b"ahead")
        self.assertEqual(receive(sock, 17), b"login: password: ")
        self.assertEqual(self.pty.read(5), b"ahead")
        self.pty.write(b"up")
        self.assertEqual(receive(sock, 2), b"up")
        line = self.program.wait_for(r"x: anna at 127\.0\.0\.1:\d+ connected to ").string
        self.assertIn(f":{sock.getsockname()[1]} ", line)
        sock.close()
        self.program.wait_for(r"x: anna at \S+ is gone: finished; received 5, delivered 2, discarded 0 bytes")
        self.program.stop()
        up, down = self.program.accounts("x")
        self.assertEqual((up["delivered"], down["delivered"]), (2, 5))

    def test_one_who_says_all_at_once(self) -> None:
        """As ``printf ... | nc -N`` does."""
        sock = self.connect(typed=RIGHT + b"*IDN?\n")
        sock.shutdown(socket.SHUT_WR)
        self.assertEqual(self.pty.read(6), b"*IDN?\n")
        self.pty.write(b"meter")
        self.assertEqual(receive_all(sock), b"login: password: meter")

    def test_three_tries(self) -> None:
        sock = self.connect(typed=b"anna\nwrong\nnobody\nwrong\n\xff\x1b[2J\nwrong\nlate")
        text = receive_all(sock)
        self.assertEqual(text.count(b"the name or the password is wrong\r\n"), 3)
        self.program.wait_for(r"x: anna at \S+ could not log in: the name or the password is wrong")
        self.program.wait_for(r"x: an unknown user at \S+ could not log in", 2)
        self.assertNotIn("\x1b[2J", self.program.log)

    def test_the_secret(self) -> None:
        sock = self.connect("echo", typed=PASSWORD + b"\nhello")
        self.assertEqual(receive(sock, 15), b"password: hello")

    def test_a_watcher(self) -> None:
        sock = self.connect(typed=b"bob\n" + PASSWORD + b"\nnot this")
        self.program.wait_for("x: bob at ")
        self.pty.write(b"up")
        self.assertTrue(receive(sock, 19).endswith(b"up"))
        self.assertTrue(self.pty.quiet())
        self.program.stop()
        self.assertEqual(self.program.accounts("x")[1]["policy"], 8)


class TelnetTest(LoginCase):
    def test_a_terminal_does_not_show_the_password(self) -> None:
        terminal = Terminal(self, "telnet", "127.0.0.1", str(self.program.ports("x")[1]))
        terminal.shows(b"login: ")
        terminal.types(b"anna\r")
        terminal.shows(b"anna\r\npassword: ")
        terminal.types(b"wrong\r")
        terminal.shows(b"is wrong\r\nlogin: ")
        terminal.types(b"anna\r")
        terminal.shows(b"anna\r\npassword: ")
        terminal.types(PASSWORD + b"\r")
        self.program.wait_for("x: anna at .* connected")
        self.pty.write(b"hello")
        terminal.shows(b"\r\nhello")  # and nothing of the password before
        terminal.keys(b"k")
        self.assertEqual(self.pty.read(1), b"k")

    def test_requests_before_the_login(self) -> None:
        with Probe(self.program.ports("x")[1]) as probe:
            probe.sock.sendall(b"\xff\xfb\x2c" + com_port(1, (4800).to_bytes(4, "big")))
            probe.sock.sendall(b"eva\r\n" + PASSWORD + b"\r\n")
            self.program.wait_for("x: eva at .* connected")
            self.program.wait_for(r"x: is at 4800 8N1 for eva at 127\.0\.0\.1")
            self.assertEqual(probe.settings(), "4800 8N1 none")

    def test_one_who_may_not_control(self) -> None:
        with Probe(self.program.ports("x")[1]) as probe:
            probe.sock.sendall(b"\xff\xfb\x2c" + RIGHT + com_port(1, (4800).to_bytes(4, "big")))
            self.program.wait_for("x: anna at 127.* may not change settings: its user may not")
        self.assertNotIn("4800", self.program.log)

    def test_the_console(self) -> None:
        terminal = Terminal(self, "telnet", "127.0.0.1", str(telnet_port(self.program)))
        terminal.shows(b"login: ")
        terminal.types(b"anna\r")
        terminal.shows(b"anna\r\npassword: ")
        terminal.types(PASSWORD + b"\r")
        terminal.shows(b"smartserial> ")
        terminal.keys(b"send x go\r")
        terminal.shows(b"x: sent 2 bytes\r\n")
        self.assertEqual(self.pty.read(2), b"go")
        terminal.keys(b"break x\r")
        terminal.shows(b"break: this needs the right `control` on x\r\n")
        self.program.wait_for(r"x: anna at 127\.0\.0\.1:\d+ by telnet: sent 2 bytes")

    def test_a_wrong_word_at_the_console(self) -> None:
        with socket.create_connection(("127.0.0.1", telnet_port(self.program)), GUARD) as sock:
            sock.sendall(b"anna\r\nwrong\r\n")
            self.program.wait_for("console: anna at .* could not log in: the name or the password is wrong")


class BruteForceTest(LoginCase):
    def test_no_more_than_ten_guesses_a_minute(self) -> None:
        """Hundreds of connections to all doors, each with three words, as fast as they come."""
        wrong = late = 0
        for n in range(200):
            share, listener = (("x", 0), ("echo", 0))[n % 2]
            text = b"anna\nguess\n" * 3 if share == "x" else b"guess\n" * 3
            heard = receive_all(self.connect(share, listener, text))
            wrong += heard.count(b"password is wrong")
            late += heard.count(b"too many wrong passwords came from your address")
        self.assertGreaterEqual(wrong, 5)
        self.assertLessEqual(wrong, 10)
        self.assertGreater(late, 150)
        other = self.program.connect("x", source="127.0.0.9")
        other.sendall(RIGHT + b"x")
        self.assertEqual(self.pty.read(1), b"x")
        other.close()


class StormTest(LoginCase):
    cost = 14

    def test_a_hundred_logins_while_another_share_works(self) -> None:
        """Each comes in, and what it typed ahead arrives; round trips of another share go on meanwhile."""
        echo = self.connect("echo", 1)
        done, rounds = threading.Event(), 0
        for n in range(100):
            self.connect("x", n % 2, RIGHT + b"%03d" % n)

        def work() -> None:
            nonlocal rounds
            while not done.is_set():
                data = b"%08d" % rounds
                echo.sendall(data)
                assert receive(echo, 8) == data
                rounds += 1

        worker = threading.Thread(target=work)
        worker.start()
        try:
            came = self.pty.read(300)
        finally:
            done.set()
            worker.join(GUARD)
        self.assertEqual(sorted(came[n : n + 3] for n in range(0, 300, 3)), [b"%03d" % n for n in range(100)])
        self.assertGreater(rounds, 100)


class ReloadTest(LoginCase):
    def test_users_by_a_signal(self) -> None:
        anna, bob = (self.connect(typed=name + b"\n" + PASSWORD + b"\n") for name in (b"anna", b"bob"))
        self.program.wait_for("x: (?:anna|bob) at .* connected", 2)
        write_users(self.folder, USERS.replace("%s", HASH).replace("  anna:", "  hanna:"))
        self.program.process.send_signal(signal.SIGHUP)
        self.program.wait_for("x: anna at .* is gone: its user is gone")
        self.assertEqual(receive_all(anna), b"login: password: ")
        self.pty.write(b"up")
        self.assertTrue(receive(bob, 19).endswith(b"up"))
        self.connect(typed=b"hanna\n" + PASSWORD + b"\nx")
        self.assertEqual(self.pty.read(1), b"x")

    def test_a_file_that_is_wrong_changes_nothing(self) -> None:
        anna = self.connect(typed=RIGHT)
        self.program.wait_for("x: anna at .* connected")
        write_users(self.folder, f"users: {{anna: {{password: {CANARY}}}}}")
        self.program.process.send_signal(signal.SIGHUP)
        self.program.wait_for("nothing was changed: .*users.yaml:1:26: CF03 error: users.anna.password")
        (self.folder / "users.yaml").unlink()
        anna.sendall(b"x")
        self.assertEqual(self.pty.read(1), b"x")

    def test_by_the_command(self) -> None:
        """A user is made by `smartserial passwd`, and comes in after a reload."""
        words = [sys.executable, "-m", "smartserial", "passwd", str(self.folder / "users.yaml"), "carl"]
        subprocess.run(
            [*words, "--group", "operators"], input=PASSWORD, check=True, timeout=GUARD, capture_output=True
        )
        words = [sys.executable, "-m", "smartserial", "ctl", "--socket", str(self.folder / "console.sock")]
        told = subprocess.run([*words, "reload"], check=True, timeout=GUARD, capture_output=True).stdout
        self.assertEqual(told, b"users.carl: new\n")
        self.connect(typed=b"carl\n" + PASSWORD + b"\nx")
        self.assertEqual(self.pty.read(1), b"x")
        told = subprocess.run([*words, "clients"], check=True, timeout=GUARD, capture_output=True).stdout
        self.assertRegex(told.decode(), r"x  +127\.0\.0\.1:\d+  carl  127\.0\.0\.1:\d+  raw +both")


class SealedTest(TestCase):
    """TLS, telnet, login, session: in this order."""

    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        authority = Authority(self.folder)
        authority.make("server", "127.0.0.1")
        (self.folder / "server.key").chmod(0o600)
        self.context = ssl.create_default_context(cafile=str(authority.path))
        write_users(self.folder, USERS.replace("%s", HASH))
        self.program = Program(
            self,
            """
            users: {file: users.yaml}
            tls: {site: {certificate: server.pem, key: server.key}}
            console: {telnet: 0, users: true, tls: site}
            shares:
              x:
                device: {loop: true}
                users: true
                sharing: {max_clients: 1}
                listen: [{port: 0, tls: site}, {port: 0, tls: site, mode: rfc2217}]
            """,
            folder=self.folder,
        )
        self.program.ports("x")

    def connect(self, port: int) -> ssl.SSLSocket:
        sock = socket.create_connection(("127.0.0.1", port), GUARD)
        sealed = self.context.wrap_socket(sock, server_hostname="127.0.0.1")
        self.addCleanup(sealed.close)
        return sealed

    def hear(self, sock: ssl.SSLSocket, end: bytes) -> bytes:
        heard = b""
        while not heard.endswith(end):
            piece = sock.recv(4096)
            assert piece, heard
            heard += piece
        return heard

    def test_raw(self) -> None:
        port = self.program.ports("x")[0]
        sock = self.connect(port)
        self.hear(sock, b"login: ")
        sock.sendall(b"anna\nwrong\n" + RIGHT + b"ahead")
        self.assertTrue(self.hear(sock, b"ahead").endswith(b"is wrong\r\nlogin: password: ahead"))
        other = self.connect(port)
        other.sendall(RIGHT)
        self.assertIn(b"x is in use: one client is connected", self.hear(other, b"are let in\r\n"))
        self.assertEqual(other.recv(1), b"")

    def test_rfc2217(self) -> None:
        sock = self.connect(self.program.ports("x")[1])
        self.hear(sock, b"login: ")
        sock.sendall(b"eva\r\n" + PASSWORD + b"\r\n")
        self.program.wait_for("x: eva at .* connected")
        sock.sendall(b"data")
        self.hear(sock, b"data")

    def test_the_console(self) -> None:
        sock = self.connect(int(self.program.wait_for(r"TlsFactory starting on (\d+)")[1]))
        self.hear(sock, b"login: ")
        sock.sendall(b"eva\r\n" + PASSWORD + b"\r\n")
        self.hear(sock, b"smartserial> ")
        sock.sendall(b"log info\r\n")
        self.hear(sock, b"all: log level info\r\nsmartserial> ")

    def test_one_who_speaks_no_tls_is_told_nothing(self) -> None:
        with socket.create_connection(("127.0.0.1", self.program.ports("x")[0]), GUARD) as sock:
            sock.sendall(RIGHT)
            heard: Any = receive_all(sock)
        self.assertNotIn(b"login", heard)
        self.program.wait_for("x: .* was refused: TLS: ")
        self.assertNotIn(CANARY, self.program.log)


class SystemTest(LoginCase):
    def test_the_user_of_the_gateway_owns_what_is_written(self) -> None:
        words = [sys.executable, "-m", "smartserial", "passwd", str(self.folder / "new.yaml"), "carl"]
        done = subprocess.run(words, input=PASSWORD, timeout=GUARD, capture_output=True, check=True)
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)
        made = (self.folder / "new.yaml").stat()
        self.assertEqual((made.st_mode & 0o7777, made.st_uid), (0o600, os.geteuid()))
