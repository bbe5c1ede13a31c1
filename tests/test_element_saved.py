"""Params that survive: a restart, a kill in the middle, a full disk, a newer definition."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from smartserial.definition.authoring import fixed, text
from smartserial.definition.protocol import Protocol
from smartserial.element import saved as room
from smartserial.element.saved import AGAIN, GATHERING, SavedParams, SavedValue, fitting
from smartserial.engine.store import Store
from smartserial.errors import ConfigError

from .test_element_tracefile import Workers

ROOT = Path(__file__).parent.parent


class SavedTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "state.sqlite"
        self.reactor = Workers()
        self.notes: list[str] = []

    def saved(self) -> SavedParams:
        return SavedParams(self.path, self.reactor, self.notes.append, self.reactor.seconds)

    def close(self, saved: SavedParams) -> None:
        closed = saved.close()
        self.reactor.work()
        self.successResultOf(closed)

    def held(self, element: str = "mast", path: Path | None = None) -> dict[int, bytes]:
        """Return what the file holds."""
        known = SavedParams(path or self.path, Workers()).load(element)
        return {id: value.raw for id, value in known.items()}


class LifeTest(SavedTest):
    def test_a_restart(self) -> None:
        saved = self.saved()
        self.assertEqual(saved.load("mast"), {})
        self.reactor.advance(7.0)
        saved.save("mast", 1, "temperature", b"\x00\xff", "1.0.0.2")
        saved.save("mast", 2, "", b"")
        saved.save("gate", 1, "position", b"7")
        self.close(saved)
        again = self.saved()
        expected = {
            1: SavedValue("temperature", b"\x00\xff", "1.0.0.2", 7.0),
            2: SavedValue("", b"", "", 7.0),
        }
        self.assertEqual(again.load("mast"), expected)
        self.assertEqual(again.load("gate"), {1: SavedValue("position", b"7", "", 7.0)})
        self.assertEqual(again.load("other"), {})
        self.assertEqual(self.notes, [])

    def test_within_a_second(self) -> None:
        saved = self.saved()
        for number in range(100):
            saved.save("mast", number % 3, "x", b"%d" % number)
        self.assertFalse(self.path.exists())
        self.reactor.advance(1.0)
        self.assertEqual(len(self.reactor.jobs), 1)
        self.reactor.work()
        self.assertEqual(self.held(), {0: b"99", 1: b"97", 2: b"98"})
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_found_before_it_is_written(self) -> None:
        """An element that begins anew has what it saved."""
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        self.assertEqual(saved.load("mast")[1].raw, b"1")
        self.reactor.advance(GATHERING)
        self.assertEqual(saved.load("mast")[1].raw, b"1")

    def test_the_same_again_costs_nothing(self) -> None:
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        self.reactor.wait(1)
        saved.save("mast", 1, "x", b"1")
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        saved.save("mast", 1, "renamed", b"1")
        self.close(saved)
        self.assertEqual(self.saved().load("mast")[1].name, "renamed")

    def test_one_batch_at_a_time(self) -> None:
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        self.reactor.advance(GATHERING)
        saved.save("mast", 1, "x", b"2")
        self.reactor.advance(10)
        self.assertEqual(len(self.reactor.jobs), 1)
        self.reactor.work()
        self.reactor.wait(1)
        self.assertEqual(self.held(), {1: b"2"})

    def test_forget(self) -> None:
        saved = self.saved()
        for element in ("mast", "gate"):
            saved.save(element, 1, "x", b"1")
        self.reactor.wait(1)
        saved.save("mast", 2, "y", b"2")
        saved.forget("mast")
        saved.save("mast", 3, "z", b"3")
        saved.forget("nobody")
        self.assertEqual(list(saved.load("mast")), [3])
        self.close(saved)
        self.assertEqual((self.held(), self.held("gate")), ({3: b"3"}, {1: b"1"}))

    def test_memory_only(self) -> None:
        saved = SavedParams(None, self.reactor)
        saved.save("mast", 1, "x", b"1")
        self.assertEqual(saved.load("mast")[1].raw, b"1")
        self.assertEqual((self.reactor.getDelayedCalls(), self.reactor.jobs), ([], []))
        self.successResultOf(saved.close())

    def test_close(self) -> None:
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        self.reactor.advance(GATHERING)
        saved.save("mast", 1, "x", b"2")
        closed, again = saved.close(), saved.close()
        self.assertNoResult(closed)
        self.reactor.work()
        self.successResultOf(closed)
        self.successResultOf(again)
        self.successResultOf(saved.close())
        saved.save("mast", 1, "x", b"3")
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.held(), {1: b"2"})
        self.assertEqual([path.name for path in self.path.parent.iterdir()], [self.path.name])

    def test_close_of_nothing(self) -> None:
        self.close(self.saved())
        self.assertFalse(self.path.exists())

    def test_only_the_owner_reads(self) -> None:
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        former = os.umask(0)
        try:
            self.reactor.wait(1)
        finally:
            os.umask(former)
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in self.path.parent.iterdir()}
        self.assertEqual(set(files.values()), {0o600}, files)


class TroubleTest(SavedTest):
    def test_no_database(self) -> None:
        for content in (
            b"just text, and rather more of it than a header would be" * 20,
            b"SQLite format 3\0junk",
        ):
            self.path.write_bytes(content)
            error = self.assertRaises(ConfigError, self.saved)
            self.assertIn(str(self.path), str(error))
            self.assertEqual(self.path.read_bytes(), content)

    def test_another_database(self) -> None:
        for table in ("history (time)", "saved (something)"):
            self.path.unlink(missing_ok=True)
            with closing(sqlite3.connect(self.path)) as database:
                database.execute(f"CREATE TABLE {table}")
            self.assertIn(str(self.path), str(self.assertRaises(ConfigError, self.saved)))

    def test_an_empty_file(self) -> None:
        self.path.touch()
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        self.close(saved)
        self.assertEqual(self.held(), {1: b"1"})

    def test_no_folder(self) -> None:
        self.path = self.path.parent / "away" / "state.sqlite"
        self.assertIn(str(self.path), str(self.assertRaises(ConfigError, self.saved)))

    def test_a_folder_in_its_place(self) -> None:
        self.path.mkdir()
        self.assertIn(str(self.path), str(self.assertRaises(ConfigError, self.saved)))

    def test_a_full_disk(self) -> None:
        """Told once, tried again, and nothing is lost."""
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        saved.save("mast", 2, "y", b"1")
        saved.forget("gone")
        full = sqlite3.OperationalError("database or disk is full")
        with patch.object(room.sqlite3, "connect", side_effect=full):
            self.reactor.wait(1)
            saved.save("mast", 1, "x", b"2")
            self.reactor.wait(3 * AGAIN)
        self.assertEqual(len(self.notes), 1)
        self.assertIn("database or disk is full", self.notes[0])
        self.reactor.wait(AGAIN)
        self.assertEqual(self.held(), {1: b"2", 2: b"1"})
        self.assertEqual(len(self.notes), 2)

    def test_a_disk_that_is_really_full(self) -> None:
        """SQLite itself, with no page left for what is large."""
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        self.reactor.wait(1)
        assert saved._file is not None and saved._file._database is not None
        saved._file._database.execute("PRAGMA max_page_count = 4")
        saved.save("mast", 2, "y", bytes(100_000))
        saved.save("mast", 1, "x", b"2")
        self.reactor.wait(1)
        self.assertIn("full", self.notes[0])
        self.assertEqual(self.held(), {1: b"1"})
        self.reactor.wait(AGAIN)
        self.assertEqual(self.held(), {1: b"2", 2: bytes(100_000)})

    def test_forgotten_while_it_cannot_be_written(self) -> None:
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        self.reactor.wait(1)
        saved.save("mast", 2, "y", b"2")
        with patch.object(room._File, "put", return_value="no"):
            self.reactor.advance(GATHERING)
            saved.forget("mast")
            self.reactor.work()
        saved.save("mast", 3, "z", b"3")
        self.close(saved)
        self.assertEqual(self.held(), {3: b"3"})

    def test_what_is_lost_at_the_end_is_told(self) -> None:
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        with patch.object(room.sqlite3, "connect", side_effect=sqlite3.OperationalError("no")):
            self.close(saved)
        self.assertEqual(self.notes[1:], [f"1 params were not saved in {self.path}"])

    def test_a_file_that_vanishes(self) -> None:
        """All that is known is written to the new one."""
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        self.reactor.wait(1)
        for path in self.path.parent.iterdir():
            path.unlink()
        saved.save("mast", 2, "y", b"2")
        self.reactor.wait(1)
        self.assertEqual(len(self.notes), 1)
        self.reactor.wait(AGAIN)
        self.assertEqual(self.held(), {1: b"1", 2: b"2"})

    def test_no_threads_any_more(self) -> None:
        saved = self.saved()
        saved.save("mast", 1, "x", b"1")
        with patch.object(self.reactor, "callInThreadWithCallback", side_effect=RuntimeError("it is over")):
            self.reactor.advance(GATHERING)
        self.reactor.wait(AGAIN)
        self.assertEqual(self.held(), {1: b"1"})


class KillTest(SavedTest):
    """A process that is killed while it writes; each of its batches has the same number twice."""

    PROGRAM = """
import sys
from pathlib import Path
from smartserial.element.saved import SavedParams
from tests.test_element_tracefile import Workers

reactor = Workers()
saved = SavedParams(Path(sys.argv[1]), reactor)
number = int(saved.load("mast")[1].raw) if 1 in saved.load("mast") else 0
while True:
    number += 1
    for param in (1, 2):
        saved.save("mast", param, "x", b"%d" % number)
    saved.save("mast", 3, "large", b"%9d" % number * 5000)
    reactor.wait(1)
    print(number, flush=True)
"""

    def test_killed(self) -> None:
        last = 0
        for _ in range(3):
            with subprocess.Popen(
                [sys.executable, "-c", self.PROGRAM, str(self.path)], cwd=ROOT, stdout=subprocess.PIPE
            ) as process:
                assert process.stdout is not None
                for _ in range(20):
                    last = int(process.stdout.readline())
                process.kill()
                said = process.stdout.read().split()
            last = int(said[-1]) if said else last
            held = self.held()
            number = int(held[1])
            self.assertIn(number, (last, last + 1))
            self.assertEqual(held, {1: b"%d" % number, 2: b"%d" % number, 3: b"%9d" % number * 5000})


class ReactorTest(TestCase):
    """With the threads of the real reactor."""

    async def check(self, path: Path) -> None:
        saved = SavedParams(path, reactor)
        saved.save("mast", 1, "x", b"1")
        await saved.close()
        self.assertEqual(SavedParams(path, reactor).load("mast")[1].raw, b"1")

    def test_close(self) -> Deferred[None]:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Deferred.fromCoroutine(self.check(Path(folder.name) / "state.sqlite"))


class FittingTest(SynchronousTestCase):
    def test_a_newer_definition(self) -> None:
        kept = replace(text(1, "kept"), save=True)
        length = replace(fixed(6, "shorter", "ab"), save=True)
        protocol = Protocol(
            "Mast",
            params=(kept, replace(text(2, "renamed now"), save=True), text(3, "no more"), length),
        )
        saved = {
            1: SavedValue("kept", b"one", "1.0.0.1"),
            2: SavedValue("renamed", b"two"),
            3: SavedValue("no more", b"three"),
            4: SavedValue("gone", b"four"),
            6: SavedValue("shorter", b"abcdef"),
        }
        fitted = fitting(protocol, saved)
        self.assertEqual(fitted, {1: b"one", 6: b"abcdef"})
        self.assertEqual(Store(protocol, saved=fitted).value(1), "one")
