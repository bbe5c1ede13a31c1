"""`smartserial passwd`: hashes, and users in a file that stays as it was otherwise."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from smartserial import passwd as room
from smartserial.config import filelock, usersfile
from smartserial.config.source import read_source
from smartserial.passwords import hash_password, verify
from tests.canary import CANARY
from tests.configs import listen
from tests.sessions import Terminal
from tests.support import GUARD
from tests.test_cli import run_it
from tests.userexamples import HASH

FILE = """\
# Who may use the machines
users:
  anna:  # in the laboratory
    password: '{hash}'
    groups: [operators, 'night shift'] # two of them
  bob: {{}}   # nothing yet

groups:
  operators:
    rights:
      "*": [read, write]  # everything
  'night shift': {{rights: {{"plc?": [read]}}}}
""".replace("night shift", "night")


class PasswdCase(SynchronousTestCase):
    maxDiff = None

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "users.yaml"
        self.patch(room, "hash_password", lambda password: hash_password(password, 1))

    def passwd(self, *words: str, typed: bytes = CANARY.encode() + b"\n") -> tuple[int, str, str]:
        stdin = io.TextIOWrapper(io.BytesIO(typed))
        with mock.patch.object(sys, "stdin", stdin):
            code, out, err = run_it("passwd", *words)
        self.assertNotIn(CANARY, out + err)
        return code, out, err

    def hash_of(self, user: str) -> str:
        found = read_source(self.path).written(("users", user, "password"))
        assert isinstance(found, str)
        return found


class HashTest(PasswdCase):
    def test_a_hash_alone(self) -> None:
        code, out, err = self.passwd()
        self.assertEqual((code, err, out.count("\n")), (0, "", 1))
        self.assertTrue(verify(CANARY.encode(), out.strip()))

    def test_the_end_of_the_line_is_not_part_of_it(self) -> None:
        for end in (b"", b"\n", b"\r\n", b"\nmore\n"):
            self.assertTrue(verify(CANARY.encode(), self.passwd(typed=CANARY.encode() + end)[1].strip()), end)

    def test_what_is_no_password(self) -> None:
        for typed, words in (
            (b"", "expected a password, found nothing"),
            (b"\n", "expected a password, found nothing"),
            (b"x" * 256 + b"\n", "expected at most 255 bytes"),
            (b"a\tb\n", "expected characters that can be typed"),
            (b"a\x7f\n", "expected characters that can be typed"),
        ):
            code, out, err = self.passwd(typed=typed)
            self.assertEqual((code, out), (2, ""))
            self.assertIn(words, err)
        self.assertEqual(self.passwd(typed=b"x" * 255)[0], 0)

    def test_words_that_do_not_fit(self) -> None:
        for words in (["FILE"], ["--group", "x"], ["--delete"], ["FILE", "--delete"]):
            self.assertEqual(self.passwd(*words)[0], 2, words)
        self.assertEqual(self.passwd(str(self.path), "anna", "--delete", "--group", "x")[0], 2)


class FileTest(PasswdCase):
    def test_a_new_file(self) -> None:
        code, out, err = self.passwd(str(self.path), "anna", "--group", "operators")
        self.assertEqual((code, out), (0, ""))
        self.assertIn("the group operators has no rights yet", err)
        self.assertEqual(self.path.stat().st_mode & 0o7777, 0o600)
        self.assertTrue(verify(CANARY.encode(), self.hash_of("anna")))
        self.path.with_name("g.yaml").write_text(
            "users: {file: users.yaml}\n" + listen("{port: 1, users: true}")
        )
        code, out, err = run_it("check", str(self.path.with_name("g.yaml")))
        self.assertEqual((code, out.count("\n"), err), (0, 1, ""))
        self.assertIn("CF16 warning: users.anna.password: the hash costs less than ln=14", out)

    def test_everything_else_stays_as_it_is(self) -> None:
        self.path.write_text(FILE.format(hash=HASH))
        self.assertEqual(self.passwd(str(self.path), "anna")[0], 0)
        self.assertEqual(self.path.read_text(), FILE.format(hash=self.hash_of("anna")))
        self.assertNotEqual(self.hash_of("anna"), HASH)

    def test_other_groups(self) -> None:
        self.path.write_text(FILE.format(hash=HASH))
        self.passwd(str(self.path), "anna", "--group", "night", "--group", "new", "--group", "night")
        text = self.path.read_text()
        self.assertIn("new:\n", text)
        self.assertIn("# everything", text)
        self.assertNotIn("[operators, ", text)

    def test_one_less(self) -> None:
        self.path.write_text(FILE.format(hash=HASH))
        self.assertEqual(self.passwd(str(self.path), "anna", "--delete")[0], 0)
        text = self.path.read_text()
        self.assertNotIn("anna", text)
        for left in ("# Who may use", "bob: {}", "# everything"):
            self.assertIn(left, text)
        code, _, err = self.passwd(str(self.path), "anna", "--delete")
        self.assertEqual((code, err), (2, f"smartserial passwd: {self.path}: there is no user anna\n"))

    def test_a_file_that_others_could_read_is_closed(self) -> None:
        self.path.write_text(FILE.format(hash=HASH))
        self.path.chmod(0o646)
        words = f"everybody could read {self.path}, and its owner and group alone can now"
        self.assertIn(words, self.passwd(str(self.path), "eva")[2])
        self.assertEqual(self.path.stat().st_mode & 0o7777, 0o640)
        self.assertNotIn(words, self.passwd(str(self.path), "eva")[2])
        self.path.chmod(0o644)
        self.assertIn(words, self.passwd(str(self.path), "eva", "--delete")[2])

    def test_who_might_read_it_still_may(self) -> None:
        """The gateway, by the group of the file; nobody may write but the owner."""
        self.path.write_text(FILE.format(hash=HASH))
        group = 1 if os.geteuid() == 0 else max(os.getgroups() or [os.getegid()])
        os.chown(self.path, -1, group)
        for mode, expected in ((0o640, 0o640), (0o660, 0o640), (0o600, 0o600), (0o620, 0o600)):
            self.path.chmod(mode)
            self.assertEqual(self.passwd(str(self.path), "eva")[0], 0)
            status = self.path.stat()
            self.assertEqual((status.st_mode & 0o7777, status.st_gid), (expected, group), oct(mode))

    def test_another_group_may_not(self) -> None:
        """Who may not give a file to its former group has made it one of their own group."""
        self.path.write_text(FILE.format(hash=HASH))
        self.path.chmod(0o640)
        former = self.path.stat()
        other = os.stat_result((*former[:5], former.st_gid + 1, *former[6:10]))
        with (
            mock.patch.object(os, "fchown", side_effect=PermissionError(1, "no")) as given,
            mock.patch.object(Path, "stat", return_value=other),
        ):
            usersfile._replace(self.path, b"users: {}\n")
        self.assertEqual(self.path.stat().st_mode & 0o7777, 0o600)
        self.assertEqual([call.args[1] for call in given.mock_calls], [former.st_uid, -1])

    def test_a_link_leads_to_the_file(self) -> None:
        real = self.path.with_name("real.yaml")
        real.write_text(FILE.format(hash=HASH))
        self.path.symlink_to("real.yaml")
        self.passwd(str(self.path), "eva")
        self.assertTrue(self.path.is_symlink())
        self.assertIn("eva", real.read_text())

    def test_names_that_are_none(self) -> None:
        for user, groups in (
            ("an na", []),
            ("", []),
            ("-a", []),
            ("x" * 65, []),
            ("anna", ["--group", "a b"]),
        ):
            words = ["--", str(self.path), user] if not groups else [str(self.path), user, *groups]
            code, _, err = self.passwd(*words)
            self.assertEqual(code, 2, user)
            self.assertIn("letters, digits", err)
        self.assertFalse(self.path.exists())

    def test_a_file_that_is_wrong_is_not_touched(self) -> None:
        for text in ("users: [", "users: [x]\n", f"users: {{anna: {{password: {CANARY}}}}}\n", "- x\n", "\0"):
            self.path.write_text(text)
            code, _, err = self.passwd(str(self.path), "anna")
            self.assertEqual((code, self.path.read_text()), (2, text))
            self.assertIn(str(self.path), err)

    def test_a_write_that_fails_leaves_the_old_one(self) -> None:
        self.path.write_text(FILE.format(hash=HASH))
        for name in ("fsync", "fchmod"):
            with mock.patch.object(os, name, side_effect=OSError(28, "No space left on device")):
                code, _, err = self.passwd(str(self.path), "anna")
            self.assertEqual(code, 2)
            self.assertIn("No space left on device", err)
            self.assertEqual([one.name for one in self.path.parent.iterdir()], ["users.yaml"])
            self.assertEqual(self.path.read_text(), FILE.format(hash=HASH))


class AtOnceTest(PasswdCase):
    """Several that change one file: each change is there."""

    def setUp(self) -> None:
        super().setUp()
        self.note = self.path.with_name(".users.yaml.lock")

    def test_several_programs(self) -> None:
        """Each writes ten users, and takes every other one out again."""
        script = (
            "import sys; from pathlib import Path; from smartserial.config.usersfile import *\n"
            "path, who = Path(sys.argv[1]), sys.argv[2]; sys.stdin.read()\n"
            f"for n in range(10): set_user(path, f'{{who}}{{n}}', {HASH!r}, [])\n"
            "for n in range(0, 10, 2): delete_user(path, f'{who}{n}')"
        )
        command = [sys.executable, "-c", script, str(self.path)]
        programs = [
            subprocess.Popen([*command, who], stdin=subprocess.PIPE, stderr=subprocess.PIPE) for who in "abcd"
        ]
        for program in programs:
            assert program.stdin is not None
            program.stdin.close()
            program.stdin = None
        for program in programs:
            _, err = program.communicate(timeout=GUARD)
            self.assertEqual((program.returncode, err), (0, b""))
        users = read_source(self.path).values["users"]
        self.assertEqual(set(users), {f"{who}{n}" for who in "abcd" for n in range(1, 10, 2)})
        self.assertEqual([one.name for one in self.path.parent.iterdir()], ["users.yaml"])

    def test_somebody_who_does_not_end(self) -> None:
        self.path.write_text(FILE.format(hash=HASH))
        self.patch(filelock, "PATIENCE", 0.0)
        with filelock.locked(self.path):
            for words in ((), ("--delete",)):
                code, _, err = self.passwd(str(self.path), "anna", *words)
                self.assertEqual(code, 2)
                self.assertIn(f"{self.path} is being changed by somebody else, who has {self.note}", err)
            self.assertTrue(self.note.exists())
        self.assertEqual(self.path.read_text(), FILE.format(hash=HASH))
        self.assertEqual(self.passwd(str(self.path), "anna")[0], 0)

    def test_it_is_waited_for(self) -> None:
        """Who finds that the note is gone, or another one, asks again."""
        first = filelock.locked(self.path)
        first.__enter__()

        def end(_: float) -> None:
            first.__exit__(None, None, None)

        with mock.patch.object(time, "sleep", side_effect=end) as slept, filelock.locked(self.path):
            self.assertEqual(slept.call_count, 1)
            self.assertTrue(self.note.exists())
        self.assertFalse(self.note.exists())

    def test_a_note_that_a_crash_left(self) -> None:
        self.note.touch()
        self.assertEqual(self.passwd(str(self.path), "anna")[0], 0)
        self.assertFalse(self.note.exists())

    def test_a_note_that_cannot_be(self) -> None:
        self.note.symlink_to("elsewhere")
        code, _, err = self.passwd(str(self.path), "anna")
        self.assertEqual(code, 2)
        self.assertIn(f"cannot change {self.path}: {self.note}: Too many levels of symbolic links", err)
        self.assertFalse(self.path.with_name("elsewhere").exists())
        nowhere = self.path.with_name("no") / "users.yaml"
        self.assertIn("No such file or directory", self.passwd(str(nowhere), "anna")[2])

    def test_a_change_that_fails_lets_others(self) -> None:
        self.path.write_text("users: [")
        self.assertEqual(self.passwd(str(self.path), "anna")[0], 2)
        self.assertFalse(self.note.exists())


class TerminalTest(PasswdCase):
    """As a program, at a terminal."""

    def at_terminal(self, *typed: bytes) -> tuple[int, bytes]:
        terminal = Terminal(self, sys.executable, "-m", "smartserial", "passwd", str(self.path), "anna")
        for word, prompt in zip(typed, (b"password: ", b"again: "), strict=True):
            terminal.shows(prompt)
            terminal.types(word + b"\n")
        code = terminal.process.wait(GUARD)
        os.set_blocking(terminal.screen, False)
        return code, os.read(terminal.screen, 4096)

    def test_twice_the_same(self) -> None:
        code, shown = self.at_terminal(CANARY.encode(), CANARY.encode())
        self.assertEqual(code, 0, shown)
        self.assertNotIn(CANARY.encode(), shown)
        self.assertTrue(verify(CANARY.encode(), self.hash_of("anna")))

    def test_twice_another(self) -> None:
        code, shown = self.at_terminal(b"one", b"other")
        self.assertEqual((code, self.path.exists()), (2, False))
        self.assertIn(b"two different passwords; nothing is changed", shown)

    def test_without_one(self) -> None:
        words = [sys.executable, "-m", "smartserial", "passwd"]
        done = subprocess.run(words, input=b"", capture_output=True, timeout=GUARD, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
