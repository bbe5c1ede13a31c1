"""What SSH requests say, the host key, and public keys in a file of users."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from twisted.conch.ssh.common import NS
from twisted.trial.unittest import SynchronousTestCase

from smartserial.config.sshkeys import key_fault
from smartserial.console.sshkey import default_path, fingerprint, host_key
from smartserial.console.sshwords import (
    Connect,
    Perform,
    break_of,
    new_size_of,
    terminal_of,
    text_of,
    wish_of,
)
from smartserial.errors import ConfigError, PeerError
from tests.support import make_folder


class WordsTest(SynchronousTestCase):
    def test_commands(self) -> None:
        for command, wish in (
            ("share plc", Connect("plc")),
            ("  share   'p l c' ", Connect("p l c")),
            ("share", Perform("share")),
            ("share plc more", Perform("share plc more")),
            ("ctl share plc", Perform(" share plc")),
            ('send plc "a b"', Perform('send plc "a b"')),
            ("shares", Perform("shares")),
            ("", Perform("")),
        ):
            self.assertEqual(wish_of(command), wish)

    def test_terminals(self) -> None:
        for columns, rows, size in (
            (80, 24, (80, 24)),
            (0, 24, (80, 24)),
            (1, 0, (80, 24)),
            (9999, 1, (1000, 1)),
        ):
            sizes = struct.pack(">4L", columns, rows, 0, 0)
            self.assertEqual(terminal_of(NS(b"xterm") + sizes + NS(b"")), size)
            self.assertEqual(new_size_of(sizes), size)

    def test_breaks(self) -> None:
        for milliseconds, seconds in ((0, 0.25), (1, 0.5), (500, 0.5), (1500, 1.5), (3001, 3.0)):
            self.assertEqual(break_of(struct.pack(">L", milliseconds)), seconds)

    @given(st.binary(max_size=40))
    def test_any_bytes(self, data: bytes) -> None:
        """What is no request is the other side's fault, and nothing else."""
        for read in (text_of, terminal_of, new_size_of, break_of):
            try:
                read(data)
            except PeerError:
                continue


class HostKeyTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.path = self.folder / "deep" / "down" / "key"

    def refused(self) -> str:
        return str(self.assertRaises(ConfigError, host_key, self.path))

    def test_it_is_made_once(self) -> None:
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        key, new = host_key(self.path)
        self.assertEqual((new, self.path.stat().st_mode & 0o777), (True, 0o600))
        self.assertEqual(self.path.parent.stat().st_mode & 0o777, 0o700)
        again, new = host_key(self.path)
        self.assertEqual((again, new), (key, False))
        self.assertEqual([path.name for path in self.path.parent.iterdir()], ["key"])

    def test_openssh_knows_it(self) -> None:
        key, _ = host_key(self.path)
        told = subprocess.run(["ssh-keygen", "-lf", self.path], capture_output=True, text=True, check=True)
        self.assertEqual(told.stdout.split()[1], fingerprint(key))

    def test_one_of_openssh(self) -> None:
        self.path.parent.mkdir(parents=True, mode=0o700)
        command = ["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", self.path]
        subprocess.run(command, check=True)
        told = subprocess.run(["ssh-keygen", "-lf", self.path], capture_output=True, text=True, check=True)
        self.assertEqual(told.stdout.split()[1], fingerprint(host_key(self.path)[0]))

    def test_others_can_read_it(self) -> None:
        host_key(self.path)
        for mode in (0o640, 0o604, 0o620):
            self.path.chmod(mode)
            self.assertIn(f"can be read or changed by others: chmod 600 {self.path}", self.refused())
        self.path.chmod(0o600)
        self.path.parent.chmod(0o777)
        self.assertIn(f"others can replace the SSH host key {self.path}", self.refused())

    def test_it_is_no_such_key(self) -> None:
        host_key(self.path)
        whole = self.path.read_bytes()
        texts = [
            b"",
            b"x",
            whole[:100],
            whole.replace(b"b3B", b"AAA"),
            b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
        ]
        for options in (["-t", "rsa", "-b", "2048"], ["-t", "ecdsa"]):
            self.path.unlink()
            subprocess.run(["ssh-keygen", "-q", "-N", "", *options, "-f", self.path], check=True)
            texts += [self.path.read_bytes(), self.path.with_name("key.pub").read_bytes()]
            self.path.with_name("key.pub").unlink()
        for text in texts:
            self.path.write_bytes(text)
            words = f"expected a private key of kind ed25519 in {self.path}, as ssh-keygen makes it"
            self.assertEqual(self.refused(), words)

    def test_it_has_a_passphrase(self) -> None:
        self.path.parent.mkdir(parents=True, mode=0o700)
        command = ["ssh-keygen", "-q", "-N", "none of yours", "-t", "ed25519", "-f", self.path]
        subprocess.run(command, check=True)
        self.assertIn("has a passphrase, which nobody could type", self.refused())

    def test_it_cannot_be_made_or_read(self) -> None:
        (self.folder / "deep").write_text("")
        self.assertIn("cannot be made: Not a directory", self.refused())
        self.path = self.folder / "link"
        self.path.symlink_to(self.folder / "nowhere")
        self.assertIn(f"the SSH host key {self.path} cannot be used", self.refused())
        self.path = self.folder
        self.assertIn("cannot be used", self.refused())

    def test_its_usual_place(self) -> None:
        name = "ssh_host_ed25519_key"
        for user, variables, place in (
            (0, {"STATE_DIRECTORY": "/s:/t", "XDG_STATE_HOME": "/x"}, f"/s/{name}"),
            (0, {"XDG_STATE_HOME": "/x"}, f"/var/lib/smartserial/{name}"),
            (1, {"XDG_STATE_HOME": "/x", "HOME": "/h"}, f"/x/smartserial/{name}"),
            (1, {"XDG_STATE_HOME": "not/whole", "HOME": "/h"}, f"/h/.local/state/smartserial/{name}"),
        ):
            with (
                mock.patch.dict(os.environ, variables, clear=True),
                mock.patch("os.geteuid", return_value=user),
            ):
                self.assertEqual(default_path(), Path(place))


class PublicKeyTest(SynchronousTestCase):
    def test_those_that_can_log_in(self) -> None:
        folder = Path(make_folder(self))
        for kind, *more in (
            ("ed25519",),
            ("ecdsa", "-b", "256"),
            ("ecdsa", "-b", "521"),
            ("rsa", "-b", "2048"),
        ):
            path = folder / "-".join((kind, *more))
            subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", kind, *more, "-f", path], check=True)
            line = path.with_name(f"{path.name}.pub").read_text().strip()
            self.assertEqual(key_fault(line), "", line)
            self.assertEqual(key_fault(" ".join(line.split()[:2])), "")
            self.assertIn("without options", key_fault(f'command="x" {line}'))
            self.assertIn("a whole public key", key_fault(line[:60]))

    def test_others(self) -> None:
        ed25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIBJvGCnLgveL3kmNbCEP4d4xtHGHigCAERx7VbLy0Q0U"
        for line, words in (
            ("", "one of the kinds"),
            ("ssh-dss AAAA", "one of the kinds ssh-ed25519,"),
            ("ssh-ed25519-cert-v01@openssh.com AAAA", "one of the kinds"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----", "one of the kinds"),
            (f"ssh-rsa {ed25519}", "expected a key of kind ssh-rsa"),
            ("ssh-ed25519", "expected a key of kind"),
            ("ssh-ed25519 ", "expected a key of kind"),
            ("ssh-ed25519 A*B", "expected a whole public key"),
            (f"ssh-ed25519  {ed25519}", "expected a key of kind"),
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAXg=", "expected a key of 32 bytes"),
            ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAXg=", "expected an RSA key of at least 2048 bits"),
        ):
            self.assertIn(words, key_fault(line), line)

    @given(st.text(max_size=60), st.binary(max_size=60))
    def test_any_text(self, text: str, blob: bytes) -> None:
        self.assertNotEqual(key_fault(text), "")
        self.assertIsInstance(key_fault(f"ssh-rsa {text}"), str)
