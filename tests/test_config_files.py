"""Files that a configuration names, where the files are there: its own, those with secrets, links to them."""

from __future__ import annotations

import socket
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from smartserial import config
from smartserial.findings import ERROR

SHARE = "shares:\n  a:\n    device: {loop: true}\n    listen: [{port: 1}]\n"


class FilesTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "c.yaml"

    def found(self, text: str) -> list[str]:
        """Judge a configuration, and return what is wrong with it: code, place and message."""
        self.path.write_text(text)
        findings = config.check(self.path)
        return [f"{f.code} {f.path}: {f.message}" for f in findings if f.severity == ERROR]

    def test_the_configuration_itself(self) -> None:
        expected = [f"CF06 shares.a.capture: {self.path} is also that of this configuration"]
        for name in ("c.yaml", "./c.yaml", str(self.path)):
            self.assertEqual(self.found(SHARE + f"    capture: {name}\n"), expected)
        self.assertEqual(
            self.found("audit: c.yaml\n" + SHARE),
            [f"CF06 audit: {self.path} is also that of this configuration"],
        )

    def test_a_link_to_it(self) -> None:
        (self.folder / "link").symlink_to("c.yaml")
        expected = [f"CF06 shares.a.capture: {self.folder}/link is also that of this configuration"]
        self.assertEqual(self.found(SHARE + "    capture: link\n"), expected)

    def test_as_the_name_of_a_full_one(self) -> None:
        self.path = self.folder / "c.1"
        message = f"{self.path}, the name of a full one of it, is also that of this configuration"
        self.assertEqual(self.found(SHARE + "    capture: c\n"), [f"CF06 shares.a.capture: {message}"])
        self.assertEqual(self.found(SHARE + "    capture: {file: c, keep: 0}\n"), [])

    def test_the_files_of_users_and_passwords(self) -> None:
        users = self.folder / "users.yaml"
        users.write_text("users: {}\n")
        users.chmod(0o600)
        secret = self.folder / "secret"
        secret.write_text("{\n")  # that alone would do for a file of ours
        secret.chmod(0o600)
        found = self.found("users: {file: users.yaml}\n" + SHARE + "    capture: users.yaml\n")
        self.assertEqual(found, [f"CF06 shares.a.capture: {users} is also that of users.file"])
        found = self.found(SHARE + "    password: {file: secret}\n    capture: secret\n")
        self.assertIn(f"CF06 shares.a.capture: {secret} is also that of shares.a.password.file", found)

    def test_files_of_checkers(self) -> None:
        (self.folder / "users.yaml").write_text("users: {}\n")
        (self.folder / "passwd").write_text("{\n")
        head = "users: {file: users.yaml, checkers: ['file:passwd']}\n"
        found = self.found(head + SHARE + "    capture: passwd\n")
        self.assertEqual(
            found, [f"CF06 shares.a.capture: {self.folder}/passwd is also that of users.checkers"]
        )

    def test_keys_and_scripts(self) -> None:
        (self.folder / "key.pem").write_text("")
        found = self.found("tls: {x: {certificate: key.pem}}\n" + SHARE + "    capture: key.pem\n")
        self.assertIn(
            f"CF06 shares.a.capture: {self.folder}/key.pem is also that of tls.x.certificate", found
        )
        (self.folder / "s.yaml").write_text("timeline: []\n")
        text = SHARE.replace("loop: true", "sim: s.yaml") + "    capture: s.yaml\n"
        self.assertIn(
            f"CF06 shares.a.capture: {self.folder}/s.yaml is also that of shares.a.device.sim",
            self.found(text),
        )

    def test_what_stands_there(self) -> None:
        here = self.folder / "x"
        text = SHARE + "    capture: x\n"
        self.assertEqual(self.found(text), [])
        for content in (b"", b'{"time": 1}\n'):
            here.write_bytes(content)
            self.assertEqual(self.found(text), [])
        message = "CF09 shares.a.capture: expected a file of its own, but there is {} at " + str(here)
        here.write_bytes(b"something")
        self.assertEqual(self.found(text), [message.format("something else than lines of JSON")])
        here.unlink()
        here.mkdir()
        self.assertEqual(self.found(text), [message.format("a folder")])
        here.rmdir()
        listening = socket.socket(socket.AF_UNIX)
        self.addCleanup(listening.close)
        listening.bind(str(here))
        self.assertEqual(self.found(text), [message.format("a socket")])

    def test_one_file_by_two_links(self) -> None:
        (self.folder / "x").write_bytes(b"")
        (self.folder / "y").symlink_to("x")
        found = self.found("audit: x\n" + SHARE + "    capture: y\n")
        self.assertEqual(found[0], f"CF06 audit: {self.folder}/x is also that of shares.a.capture")

    def test_one_file_by_two_names(self) -> None:
        """Hard links: nothing in their paths tells that they are one."""
        (self.folder / "x").write_bytes(b"")
        (self.folder / "y").hardlink_to(self.folder / "x")
        found = self.found("audit: x\n" + SHARE + "    capture: y\n")
        self.assertEqual(
            [one for one in found if "CF06" in one],
            [f"CF06 audit: {self.folder}/x is also that of shares.a.capture"],
        )

    def test_a_link(self) -> None:
        """As the gateway does: one to a file is not followed, one to /dev/stdout's like is."""
        link = self.folder / "y"
        message = f"expected a file of its own, but there is a link, which is not followed, at {link}"
        link.symlink_to("x")
        self.assertEqual(self.found("audit: y\n" + SHARE), [f"CF09 audit: {message}"])
        (self.folder / "x").write_bytes(b"{}\n")
        self.assertEqual(self.found(SHARE + "    capture: y\n"), [f"CF09 shares.a.capture: {message}"])
        link.unlink()
        link.symlink_to("/dev/null")
        self.assertEqual(self.found("audit: y\n" + SHARE), [])

    def test_what_everybody_can_come_by(self) -> None:
        """A warning: the operator may have meant it."""
        here = self.folder / "x"
        here.touch()
        self.path.write_text("audit: x\n" + SHARE + "    capture: y\n")
        for mode, able in (
            (0o600, ""),
            (0o660, ""),
            (0o604, "read"),
            (0o602, "change"),
            (0o666, "read and change"),
        ):
            here.chmod(mode)
            expected = [("CF16", f"everybody on this machine can {able} {here}", f"chmod 600 {here}")]
            found = [(f.code, f.message, f.hint) for f in config.check(self.path)]
            self.assertEqual(found, expected if able else [], oct(mode))
        here.unlink()
        here.symlink_to("/dev/null")
        self.assertEqual(config.check(self.path), [])

    def test_many_captures(self) -> None:
        """Each is looked at once, whatever it keeps."""
        shares = "".join(
            f"  s{n}: {{device: {{loop: true}}, listen: [{{port: {n + 1}}}], "
            f"capture: {{file: s{n}, keep: 1000}}}}\n"
            for n in range(200)
        )
        self.assertEqual(self.found("shares:\n" + shares), [])

    def test_odd_values_are_no_crash(self) -> None:
        for text in (
            "shares: [1]\n",
            "shares: {a: [1]}\n",
            'audit: "\\0"\n' + SHARE,
            "audit: /\n" + SHARE,
            "state: /\n" + SHARE,
            "state: /\n" + SHARE.replace("loop: true", "virtual: /, overlay: true") + "    capture: x\n",
            "audit: .\n" + SHARE,
            f"audit: {'x/' * 3000}y\n" + SHARE,
            f"audit: {'x' * 300}\n" + SHARE,
            SHARE.replace("loop: true", f"virtual: {'x' * 300}, overlay: true"),
            "users: {file: [x]}\n" + SHARE,
            "tls: {1: {certificate: 3}}\n" + SHARE + "    capture: x\n",
        ):
            self.path.write_text(text)
            config.check(self.path)
