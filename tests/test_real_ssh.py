"""The SSH door, by OpenSSH's own client: the console, one verb, clients of shares, and those not let in."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import termios
from pathlib import Path
from typing import IO, Any
from unittest import TestCase

from tests.canary import CANARY
from tests.fakeport import FakePort
from tests.support import GUARD, Program, Pty, in_background, make_folder, pattern, read_exactly, until
from tests.typist import Screen, ctl, rows
from tests.userexamples import HASH

USERS = """\
users:
  anna: {password: "%(hash)s", groups: [operators], keys: ["%(key)s"]}
  bob: {password: "%(hash)s", groups: [watchers]}
  nix: {password: "%(hash)s"}
groups:
  operators: {rights: {"*": [read, write, control]}}
  watchers: {rights: {echo: [read]}}
"""
CONFIG = """\
users: {file: users.yaml}
console: {ssh: 0, host_key: keys/host}
shares:
  echo: {device: {loop: true}, listen: [{port: 0}], sharing: {max_clients: 2}}
"""
PROMPT = rb"smartserial> "


class SshCase(TestCase):
    """A gateway, a user ``anna`` with a key, and a password for all."""

    def setUp(self) -> None:
        self.folder, self.home = Path(make_folder(self)), Path(make_folder(self))
        self.key = self.home / "key"
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", self.key], check=True)
        public = self.key.with_name("key.pub").read_text().strip()
        users = self.folder / "users.yaml"
        users.write_text(USERS % {"hash": HASH, "key": public})
        users.chmod(0o600)
        self.asker = self.home / "asker"
        self.asker.write_text('#!/bin/sh\necho "$WORD"\n')
        self.asker.chmod(0o700)

    def start(self, config: str = CONFIG, env: dict[str, str] | None = None) -> None:
        self.program = Program(self, config, folder=self.folder, env=env)
        found = self.program.wait_for(r"ssh on 127\.0\.0\.1:(\d+) with host key (\S+?)(, which is new)?$")
        self.port, self.fingerprint, self.new = int(found[1]), found[2], bool(found[3])
        trusted = subprocess.run(
            ["ssh-keygen", "-yf", self.folder / "keys" / "host"], capture_output=True, text=True, check=True
        )
        (self.home / "known").write_text(f"[127.0.0.1]:{self.port} {trusted.stdout}")

    def words(self, *words: str, user: str = "anna", key: bool = True) -> list[str]:
        """Return a command line of the client."""
        options = {
            "UserKnownHostsFile": self.home / "known",
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "IdentityFile": self.key,
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "LogLevel": "ERROR",
            "PubkeyAuthentication": "yes" if key else "no",
            "PasswordAuthentication": "no" if key else "yes",
            "KbdInteractiveAuthentication": "no",
        }
        pairs = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return ["ssh", "-F", "none", "-p", str(self.port), *pairs, "-l", user, "127.0.0.1", *words]

    def ssh(
        self, *words: str, data: bytes = b"", password: str | None = None, **more: Any
    ) -> tuple[int, bytes, str]:
        """Run the client; return its exit status, what it says, and what is wrong."""
        env = {**os.environ, "SSH_ASKPASS": str(self.asker), "SSH_ASKPASS_REQUIRE": "force"}
        done = subprocess.run(
            self.words(*words, key=password is None, **more),
            input=data,
            capture_output=True,
            env={**env, "WORD": password or ""},
            timeout=GUARD,
        )
        return done.returncode, done.stdout, done.stderr.decode()

    def client(self, *words: str) -> subprocess.Popen[bytes]:
        """Start the client, with pipes."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(self.words(*words), stdin=pipe, stdout=pipe, stderr=pipe)

        def end() -> None:
            process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def screen(self, *words: str) -> Screen:
        """Start the client at a terminal."""
        return Screen(self, *self.words(*words))


class VerbTests(SshCase):
    def setUp(self) -> None:
        super().setUp()
        self.start()

    def test_one_verb(self) -> None:
        status, said, wrong = self.ssh("clients", "echo")
        self.assertEqual((status, said, wrong), (0, b"nothing\n", ""))
        self.assertEqual(self.ssh("clients", "nope"), (1, b"", "there is no share nope (known: echo)\n"))
        self.assertEqual(self.ssh("who '"), (2, b"", "expected a closing quote\n"))
        status, said, _ = self.ssh("shares", "--format", "json")
        self.assertEqual((status, json.loads(said)["share"]), (0, "echo"))
        self.assertIn(b"clients", self.ssh("ctl share echo")[1])

    def test_a_plain_console(self) -> None:
        status, said, _ = self.ssh(data=b"who\nsend echo x\n")
        self.assertEqual(status, 0)
        self.assertRegex(said, rb"anna at 127\.0\.0\.1:\d+ +ssh +change +yes")
        self.program.wait_for(r"echo: anna at 127\.0\.0\.1:\d+ by ssh: sent 1 bytes")

    def test_what_there_is_not(self) -> None:
        self.assertEqual(self.ssh("-s", "sftp")[0], 255)
        forward = ("-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:9")
        words = self.words("who")
        self.assertEqual(
            subprocess.run([words[0], *forward, *words[1:]], capture_output=True, timeout=GUARD).returncode,
            255,
        )
        words = [words[0], "-A", "-X", *words[1:]]
        self.assertEqual(subprocess.run(words, capture_output=True, timeout=GUARD).returncode, 0)


class LoginTests(SshCase):
    def setUp(self) -> None:
        super().setUp()
        self.start()

    def test_a_password(self) -> None:
        status, said, _ = self.ssh("who", user="bob", password=CANARY)
        self.assertEqual(status, 0)
        self.assertRegex(said, rb"bob at .* look ")
        denied = "send: this console may only look\n"
        self.assertEqual(self.ssh("send echo x", user="bob", password=CANARY), (1, b"", denied))

    def test_wrong_ones(self) -> None:
        status, _, wrong = self.ssh("who", user="bob", password="wrong")
        self.assertEqual(status, 255)
        self.assertIn("the name or the password is wrong", wrong)
        other = self.home / "other"
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", other], check=True)
        self.key = other
        status, _, wrong = self.ssh("who")
        self.assertEqual(status, 255)
        self.assertIn("Permission denied", wrong)
        status, _, wrong = self.ssh("who", user="nix", password=CANARY)
        self.assertIn("nix has no rights here", wrong)
        self.program.wait_for("bob at .* could not log in: the name or the password is wrong", 3)
        self.program.wait_for("nix at .* could not log in: nix has no rights here")

    def test_the_host_key(self) -> None:
        self.assertTrue(self.new)
        path = self.folder / "keys" / "host"
        self.assertEqual((path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777), (0o600, 0o700))
        told = subprocess.run(["ssh-keygen", "-lf", path], capture_output=True, text=True, check=True)
        self.assertEqual(told.stdout.split()[1], self.fingerprint)
        before = self.fingerprint
        self.assertEqual(self.program.stop(), 0)
        self.start()
        self.assertEqual((self.fingerprint, self.new), (before, False))
        self.program.stop()
        path.chmod(0o644)
        program = Program(self, CONFIG, folder=self.folder)
        self.assertEqual(program.process.wait(GUARD), 2)
        program.wait_for(f"the SSH host key {path} can be read or changed by others: chmod 600 {path}")

    def test_odd_beginnings(self) -> None:
        for data in (b"GET / HTTP/1.1\r\n\r\n" * 400, b"SSH-2.0-x\r\n" + b"\xff" * 100, b"SSH-1.0-x\n", b""):
            with socket.create_connection(("127.0.0.1", self.port), GUARD) as sock:
                sock.sendall(data)
                if data:
                    while sock.recv(65536):
                        pass
        self.assertEqual(self.ssh("who")[0], 0)
        self.assertNotIn("Traceback", self.program.log)
        self.assertNotIn("Unhandled", self.program.log)
        self.program.wait_for("console: .* by ssh was sent away: bad packet length 4294967295")


class TerminalTests(SshCase):
    def test_a_console(self) -> None:
        self.start()
        screen = self.screen()
        screen.sees(PROMPT)
        screen.keys(b"sha\t")
        screen.sees(rb"share")
        screen.types(b" e\t\r")
        screen.sees(rb"state +up.*" + PROMPT)
        termios.tcsetwinsize(screen.line, (6, 80))
        screen.process.send_signal(signal.SIGWINCH)
        screen.types(b"\r")
        screen.sees(PROMPT)
        until(lambda: self.paged(screen), "pages of six lines")
        screen.types(b"quit\r")
        self.assertEqual(screen.process.wait(GUARD), 0)

    def paged(self, screen: Screen) -> bool:
        """Tell whether a long answer stops after five lines."""
        screen.types(b"help\r")
        lines = screen.sees(rb"help\r\n(.*?)(-- more: any key, or q --|" + PROMPT + rb")")
        if lines[2].startswith(b"-- more"):
            screen.types(b"q")
            screen.sees(PROMPT)
        return lines[1].count(b"\r\n") < 6

    def test_a_share_and_a_break(self) -> None:
        fake = FakePort(self)
        shares = f"shares: {{x: {{device: {{port: {fake.path}}}, listen: [{{port: 0}}]}}}}\n"
        self.start(CONFIG.partition("shares:")[0] + shares, fake.env)
        command = self.words("share", "x")
        screen = Screen(self, command[0], "-tt", *command[1:])
        self.program.wait_for("x: anna at .* connected to ssh")
        screen.keys(bytes(range(1, 126)))
        self.assertEqual(fake.read(125), bytes(range(1, 126)))
        fake.write(bytes(range(128, 256)))
        shown = read_exactly(screen.screen, 128, lambda count: os.read(screen.screen, count))
        self.assertEqual(shown, bytes(range(128, 256)))
        fake.clear()
        screen.types(b"\r~B")
        self.program.wait_for(r"x: sent a break of 1\.0 s for anna at 127\.0\.0\.1:\d+")
        self.assertEqual(fake.read(1), b"\r")
        until(lambda: [call.argument for call in fake.calls("TIOCSBRK", "TIOCCBRK")], "the break")
        screen.types(b"\r~.")
        self.program.wait_for("x: anna at .* is gone: closed; received 12[67], delivered 128, discarded 0")


class ShareTests(SshCase):
    def test_a_pipe(self) -> None:
        self.start()
        data = pattern(6_000_000)
        status, said, wrong = self.ssh("share", "echo", data=data)
        self.assertEqual((status, wrong), (0, ""))
        self.assertTrue(said == data)
        self.program.wait_for("is gone: finished; received 6000000, delivered 6000000, discarded 0 bytes")

    def test_new_keys_meanwhile(self) -> None:
        self.start()
        data = pattern(3_000_000)
        words = self.words("share", "echo")
        words[1:1] = ["-o", "RekeyLimit=500K"]
        done = subprocess.run(words, input=data, capture_output=True, timeout=GUARD)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertTrue(done.stdout == data)

    def test_kicked_full_and_refused(self) -> None:
        self.start()
        first, second = self.client("share", "echo"), self.client("share", "echo")
        self.program.wait_for("echo: anna at .* connected to ssh", 2)
        words = "echo is in use: 2 clients are connected and no more are let in\n"
        self.assertEqual(self.ssh("share", "echo"), (1, b"", words))
        self.assertEqual(self.ssh("share", "nope"), (1, b"", "there is no share nope (known: echo)\n"))
        self.assertEqual(
            [(row["user"], row["listener"]) for row in rows(self.program, "clients")], [("anna", "ssh")] * 2
        )
        self.assertEqual(ctl(self.program, "kick", "echo", "all").returncode, 0)
        for client in (first, second):
            _, wrong = client.communicate(timeout=GUARD)
            self.assertEqual(client.returncode, 1)
            self.assertRegex(wrong, rb"^echo: closed by root \(pid \d+\)\n$")

    def test_a_watcher(self) -> None:
        self.start()
        status, said, _ = self.ssh("share", "echo", data=b"not heard", user="bob", password=CANARY)
        self.assertEqual((status, said), (0, b""))
        self.program.wait_for("bob at .* is gone: finished; received 9, delivered 0, discarded 0")

    def test_one_that_does_not_read(self) -> None:
        """The device waits for a client that is alone; what waits here is bounded, and nothing is lost."""
        pty = Pty(self)
        shares = f"shares: {{x: {{device: {{port: {pty.path}}}, listen: [{{port: 0}}]}}}}\n"
        self.start(CONFIG.partition("shares:")[0] + shares)
        client = self.client("share", "x")
        self.program.wait_for("x: anna at .* connected to ssh")
        data = pattern(12_000_000)
        in_background(self, lambda: pty.write(data))
        waiting = until(lambda: rows(self.program, "clients")[0]["waiting"] > 256 * 1024, "a full client")
        self.assertTrue(waiting)
        self.assertLess(rows(self.program, "clients")[0]["waiting"], 1024 * 1024)
        self.assertEqual(rows(self.program, "clients")[0]["discarded"], 0)
        output: IO[bytes] | None = client.stdout
        assert output is not None
        self.assertTrue(output.read(len(data)) == data)

    def test_several_at_one_connection(self) -> None:
        self.start()
        control = ["-o", f"ControlPath={self.home / 'control'}"]
        words = self.words("share", "echo")
        words[1:1] = [*control, "-o", "ControlMaster=yes"]
        pipe = subprocess.PIPE
        master = subprocess.Popen(words, stdin=pipe, stdout=pipe)
        self.addCleanup(master.communicate)
        self.addCleanup(master.kill)
        self.program.wait_for("echo: anna at .* connected to ssh")
        words = self.words("share", "echo")
        words[1:1] = control
        done = subprocess.run(words, input=b"from the second", capture_output=True, timeout=GUARD)
        self.assertEqual((done.returncode, done.stdout), (0, b"from the second"))
        self.program.wait_for(r"echo: anna at 127\.0\.0\.1:\d+/\d is gone: finished")
        assert master.stdin is not None and master.stdout is not None
        self.assertEqual(master.stdout.read(15), b"from the second")

    def test_the_gateway_stops(self) -> None:
        self.start()
        client, console = self.client("share", "echo"), self.client("events")
        self.program.wait_for("echo: anna at .* connected to ssh")
        self.assertEqual(self.program.stop(), 0)
        _, wrong = client.communicate(timeout=GUARD)
        self.assertEqual((client.returncode, wrong), (1, b"echo: stopped\n"))
        console.communicate(timeout=GUARD)
        self.assertEqual(console.returncode, 255)
        self.assertNotIn("Traceback", self.program.log)
