"""The keeper: who is known, what is hashed and when, and who has to wait."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import scrypt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial import passwords as passwords_room
from smartserial.channels.login import checkers as checkers_room
from smartserial.channels.login.keeper import (
    AT_ONCE,
    BUSY,
    MOST_WAITING,
    UNKNOWN_USER,
    WRONG_SECRET,
    WRONG_USER,
    Keeper,
    LoginRefused,
)
from smartserial.errors import ConfigError
from smartserial.passwords import hash_password
from smartserial.settings import GroupSettings, LoginSettings, UserSettings, UsersSettings
from smartserial.sharing.rights import ANYBODY, Grant, Identity, Right
from tests.canary import CANARY
from tests.loginstage import Threads
from tests.userexamples import HASH, PASSWORD

READ, WRITE = Grant("*", Right.READ), Grant("plc", Right.WRITE)
KNOWN = UsersSettings(
    (
        UserSettings("anna", HASH, ("readers", "writers")),
        UserSettings("bob", HASH, ("readers",)),
        UserSettings("key", "", ("writers",), ("ssh-ed25519 AAAA",)),
    ),
    (GroupSettings("readers", (READ,)), GroupSettings("writers", (WRITE,))),
)
USERS, SECRET = LoginSettings(), LoginSettings(HASH)
ANNA = Identity("anna", (READ, WRITE), frozenset({"readers", "writers"}))


class KeeperCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock, self.threads = Clock(), Threads()
        self.keeper = Keeper(KNOWN, self.clock, self.threads.run)

    def login(
        self, name: str, password: bytes = PASSWORD, login: LoginSettings = USERS, source: str = "10.0.0.7"
    ) -> Deferred[Identity]:
        deferred = self.keeper.login(login, name, password, source)
        self.clock.advance(0)
        return deferred

    def refused(self, deferred: Deferred[Identity]) -> str:
        return str(self.failureResultOf(deferred, LoginRefused).value)


class WhoTest(KeeperCase):
    def test_a_user(self) -> None:
        self.assertEqual(self.successResultOf(self.login("anna")), ANNA)
        self.assertEqual(self.keeper.identity("anna"), ANNA)

    def test_those_who_are_not(self) -> None:
        for name, password in (
            ("anna", b"wrong"),
            ("anna", b""),
            ("nobody", PASSWORD),
            ("Anna", PASSWORD),
            ("", PASSWORD),
            ("key", PASSWORD),
            ("key", b""),
            ("anna\0", PASSWORD),
        ):
            self.assertEqual(self.refused(self.login(name, password, source=name + "x")), WRONG_USER, name)
        self.assertIsNone(self.keeper.identity("nobody"))

    def test_each_costs_one_hash(self) -> None:
        for n, name in enumerate(("anna", "nobody", "key", "")):
            self.refused(self.login(name, b"wrong", source=str(n)))
        self.assertEqual(self.threads.done, 4)

    def test_a_decoy_takes_as_long_as_a_users_hash(self) -> None:
        self.assertEqual(self.keeper._decoy.split("$")[2], HASH.split("$")[2])
        self.assertEqual(Keeper(UsersSettings(), self.clock)._decoy.split("$")[2], "ln=17,r=8,p=1")

    def test_a_wrong_password_takes_as_long_whoever_it_is_of(self) -> None:
        cheap, dear = hash_password(PASSWORD, 1), hash_password(PASSWORD, 5)
        users = (UserSettings("anna", cheap), UserSettings("bob", dear), UserSettings("key"))
        self.keeper.update(UsersSettings(users))
        spent: list[int] = []

        def counting(password: bytes, *, n: int, r: int, p: int, **rest: Any) -> bytes:
            spent.append(n * r * p)
            return scrypt(password, n=n, r=r, p=p, **rest)

        self.patch(passwords_room, "scrypt", counting)
        for name in ("anna", "bob", "key", "nobody"):
            spent.clear()
            self.refused(self.login(name, b"wrong", source=name))
            self.assertEqual(sum(spent), 8 << 5, name)

    def test_what_is_shown_of_names(self) -> None:
        shown = [self.keeper.shown(name) for name in ("anna", "key", "", "Anna", CANARY, "\n")]
        self.assertEqual(shown, ["anna", "key", "", *[UNKNOWN_USER] * 3])

    def test_one_secret(self) -> None:
        self.assertEqual(self.successResultOf(self.login("", login=SECRET)), ANYBODY)
        self.assertEqual(self.refused(self.login("", b"wrong", SECRET)), WRONG_SECRET)

    def test_groups(self) -> None:
        writers = LoginSettings(groups=frozenset({"writers", "more"}))
        self.assertEqual(self.successResultOf(self.login("anna", login=writers)), ANNA)
        self.assertIn("bob is in none of the groups", self.refused(self.login("bob", login=writers)))
        self.assertEqual(self.refused(self.login("bob", b"wrong", writers)), WRONG_USER)
        self.assertEqual(len(self.keeper._attempts._records["10.0.0.7"].__class__.__slots__), 3)
        self.assertEqual(self.keeper._attempts._records["10.0.0.7"].failures, 1)  # that was no guess

    def test_other_users(self) -> None:
        self.keeper.update(UsersSettings((UserSettings("bob", hash_password(b"new", 1), ("gone",)),)))
        self.assertEqual(self.refused(self.login("anna")), WRONG_USER)
        self.assertEqual(self.refused(self.login("bob")), WRONG_USER)
        self.assertEqual(
            self.successResultOf(self.login("bob", b"new")), Identity("bob", (), frozenset({"gone"}))
        )

    def test_nothing_shows_a_password_or_a_hash(self) -> None:
        shown = repr((KNOWN, SECRET, self.keeper, self.login("anna"), USERS))
        self.assertNotIn(CANARY, shown)
        self.assertNotIn("$scrypt$", shown)

    def test_something_that_breaks(self) -> None:
        def broken(call: object) -> Deferred[bool]:
            raise MemoryError("no 128 MiB")

        self.keeper._run = broken  # type: ignore[method-assign,assignment]
        self.assertIn("nobody can log in now", self.refused(self.login("anna")))
        (failure,) = self.flushLoggedErrors(MemoryError)
        self.assertNotIn(CANARY, failure.getTraceback())


class QueueTest(KeeperCase):
    def setUp(self) -> None:
        super().setUp()
        self.threads.at_once = False

    def test_two_at_once(self) -> None:
        answers = [self.login("anna", source=f"10.0.0.{n}") for n in range(5)]
        for left in (5, 4, 3, 2, 1, 0):
            self.assertEqual(len(self.threads.waiting), min(AT_ONCE, left))
            self.assertEqual(sum(not one.called for one in answers), left)
            if left:
                self.threads.work()
                self.clock.advance(0)

    def test_in_the_order_of_coming(self) -> None:
        done: list[int] = []
        for n in range(5):
            self.login("anna", source=f"10.0.0.{n}").addCallback(lambda _, n=n: done.append(n))
        for _ in range(5):
            self.threads.work()
            self.clock.advance(0)
        self.assertEqual(done, [0, 1, 2, 3, 4])

    def test_so_many_wait_and_no_more(self) -> None:
        answers = [
            self.login("anna", source=f"10.0.{n % 256}.{n // 256}") for n in range(AT_ONCE + MOST_WAITING)
        ]
        self.assertNoResult(self.login("anna", source="10.9.9.9"))
        self.assertEqual(self.refused(answers[AT_ONCE]), BUSY)  # it had waited longest
        self.assertEqual([n for n, one in enumerate(answers) if one.called], [AT_ONCE])
        self.threads.work()
        self.clock.advance(0)
        self.assertNoResult(self.login("anna", source="10.9.9.9"))
        self.assertEqual([n for n, one in enumerate(answers) if one.called], [0, AT_ONCE])

    def test_the_source_that_waits_most_often_makes_room(self) -> None:
        answers = [self.login("anna", source="10.0.0.1") for _ in range(AT_ONCE + MOST_WAITING)]
        other = self.login("anna", source="10.9.9.9")
        self.assertEqual(self.refused(answers[AT_ONCE]), BUSY)
        self.assertEqual(self.keeper.delay("10.0.0.1"), 0)  # that was no guess
        self.threads.work(2)
        self.clock.advance(0)
        self.threads.work(2)
        self.assertEqual(self.successResultOf(other), ANNA)

    def test_one_of_each_source_in_turn(self) -> None:
        for n in range(100):
            self.login("anna", b"wrong", source=f"10.0.0.{n % 20}").addErrback(lambda failure: None)
        right = self.login("anna", source="10.9.9.9")
        while not right.called:
            self.threads.work()
            self.clock.advance(0)
        self.assertLessEqual(self.threads.done, AT_ONCE + 20 + 1)
        self.assertEqual(self.successResultOf(right), ANNA)

    def test_one_who_has_gone(self) -> None:
        first, second, third, fourth = (self.login("anna", source=f"10.0.0.{n}") for n in range(4))
        for one in (first, third):  # the one is hashed, the other waits
            one.cancel()
            self.failureResultOf(one)
        self.threads.work(2)
        self.clock.advance(0)
        self.threads.work()
        self.assertEqual([self.successResultOf(one) for one in (second, fourth)], [ANNA] * 2)
        self.assertEqual(self.threads.done, 3)

    def test_a_hundred_right_ones_from_one_source_all_come_in(self) -> None:
        answers = [self.login("anna") for _ in range(100)]
        while self.threads.waiting:
            self.threads.work()
            self.clock.advance(0)
        self.assertEqual([self.successResultOf(one) for one in answers], [ANNA] * 100)

    def test_a_hundred_wrong_ones_from_one_source_are_five_guesses(self) -> None:
        answers = [self.login("anna", b"wrong") for _ in range(100)]
        other = self.login("anna", source="10.0.0.8")
        while self.threads.waiting:
            self.threads.work()
            self.clock.advance(0)
        self.assertEqual(self.threads.done, 6)
        self.assertEqual(self.successResultOf(other), ANNA)
        texts = [self.refused(one) for one in answers]
        self.assertEqual(texts.count(WRONG_USER), 5)
        self.assertEqual(sum("too many wrong passwords came from your address" in text for text in texts), 95)


class BruteForceTest(KeeperCase):
    """S4: no more than ten guesses a minute and source."""

    def guesses(self, seconds: int, source: Iterator[str]) -> list[float]:
        times = []
        for _ in range(seconds * 10):
            for login in (USERS, SECRET):
                before = self.threads.done
                self.refused(self.login("anna", b"guess", login, next(source)))
                times += [self.clock.seconds()] * (self.threads.done - before)
            self.clock.advance(0.1)
        return times

    def test_a_minute_and_an_hour(self) -> None:
        times = self.guesses(600, iter(lambda: "10.0.0.7", None))
        self.assertEqual(len([one for one in times if one < 60]), 10)
        self.assertLessEqual(len(times), 20)
        for first, after in zip(times, times[10:], strict=False):
            self.assertGreaterEqual(after - first, 60)

    def test_all_addresses_of_a_network_are_one(self) -> None:
        hosts = (f"2001:db8::{n:x}" for n in range(1, 100000))
        self.assertEqual(len(self.guesses(60, hosts)), 10)

    def test_the_right_password_is_not_looked_at_while_one_has_to_wait(self) -> None:
        for _ in range(5):
            self.refused(self.login("anna", b"wrong"))
        self.assertEqual(self.keeper.delay("10.0.0.7"), 1.0)
        self.assertIn("try again in 1 s", self.refused(self.login("anna")))
        self.clock.advance(1)
        self.assertEqual(self.successResultOf(self.login("anna")), ANNA)

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 1), st.booleans(), st.floats(0, 20)), max_size=120))
    def test_no_schedule_gets_more(self, schedule: list[tuple[int, bool, float]]) -> None:
        self.setUp()
        self.threads.at_once = False
        wrong: dict[int, list[float]] = {0: [], 1: []}
        for source, right, pause in schedule:
            answer = self.login("anna", PASSWORD if right else b"x", source=f"10.0.0.{source}")
            answer.addErrback(lambda failure, n=source: self.note(failure, wrong[n]))
            self.clock.advance(pause)
            if self.threads.waiting and pause > 5:
                self.threads.work(len(self.threads.waiting))
                self.clock.advance(0)
        for times in wrong.values():
            for first, after in zip(times, times[10:], strict=False):
                self.assertGreaterEqual(after - first, 60)

    def note(self, failure: Any, times: list[float]) -> None:
        if str(failure.value) == WRONG_USER:
            times.append(self.clock.seconds())


def no_such_module(name: str) -> None:
    raise ImportError(name)


class CheckersTest(KeeperCase):
    def setUp(self) -> None:
        super().setUp()
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "passwords"
        self.file.write_text("carl:hisword\nkey:herword\nanna:another\n")

    def use(self, *checkers: str) -> None:
        self.keeper.update(UsersSettings(KNOWN.users, KNOWN.groups, checkers))

    def test_a_file_of_twisted(self) -> None:
        self.use(f"file:{self.file}")
        key = self.successResultOf(self.login("key", b"herword"))
        self.assertEqual((key.name, key.groups), ("key", frozenset({"writers"})))
        self.assertEqual(self.refused(self.login("carl", b"hisword")), "carl is no user of this gateway")
        self.assertEqual(len(self.keeper._attempts), 0)  # known there, and not here: that was no guess
        for name, password in (("key", b"hisword"), ("dora", b"hisword"), ("key", b"")):
            self.assertEqual(self.refused(self.login(name, password)), WRONG_USER)

    def test_who_has_a_password_here_has_no_other(self) -> None:
        self.use(f"file:{self.file}")
        self.assertEqual(self.refused(self.login("anna", b"another")), WRONG_USER)
        self.assertEqual(self.successResultOf(self.login("anna")), ANNA)

    def test_several_are_asked_in_turn(self) -> None:
        other = self.file.with_name("others")
        other.write_text("eva:hers\n")
        self.use(f"file:{other}", f"file:{self.file}")
        names = ("eva", "carl")
        known = (*KNOWN.users, *(UserSettings(name, "", ("readers",)) for name in names))
        self.keeper.update(UsersSettings(known, KNOWN.groups, (f"file:{other}", f"file:{self.file}")))
        for name, password in zip(names, (b"hers", b"hisword"), strict=True):
            self.assertEqual(self.successResultOf(self.login(name, password)).name, name)

    def test_the_system_is_asked(self) -> None:
        self.use("unix")
        self.assertEqual(self.refused(self.login("root", b"surely-not")), WRONG_USER)
        self.patch(checkers_room, "import_module", no_such_module)
        with self.assertRaisesRegex(ConfigError, "this Python has not any more"):
            Keeper(UsersSettings(checkers=("unix",)), self.clock)

    def test_those_that_cannot_be_had(self) -> None:
        for text, words in (
            ("nosuch:arg", "nosuch cannot be used; known: .*file.*unix"),
            ("file:/no/such/file", "there is no file /no/such/file"),
            ("file:", "there is no file"),
            (f"memory:{CANARY}", "memory has passwords in clear"),
            ("anonymous", "anonymous knows no names with passwords"),
        ):
            with self.assertRaisesRegex(ConfigError, words) as caught:
                self.use(text)
            self.assertNotIn(CANARY, str(caught.exception))
        self.assertEqual(self.successResultOf(self.login("anna")), ANNA)  # nothing has changed
