"""What was kept for a client does not make it a slow one."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.settings import ListenerSettings, Sharing, SlowClient
from smartserial.sharing.access import Access
from smartserial.sharing.ledger import Reason
from smartserial.sharing.slow import SlowPolicy
from tests.fakes import FakeTransport
from tests.test_share import Stage

KIB, MIB = 1024, 1024 * 1024
LISTENERS = (ListenerSettings(), ListenerSettings(access=Access.WRITE))


def slow(policy: SlowPolicy, limit: int = KIB, timeout: float = 30.0) -> Sharing:
    return Sharing(slow_client=SlowClient(policy, limit, timeout))


class KeptTest(SynchronousTestCase):
    def begin(self, **settings: Any) -> Stage:
        self.stage = Stage(listeners=LISTENERS, **{"buffer": 8 * MIB, **settings}).start()
        return self.stage

    def tearDown(self) -> None:
        self.assertEqual(self.stage.unexplained(), (0, 0))
        self.assertEqual(self.stage.stop().up.unexplained, 0)

    def slowness(self) -> int:
        return dict(self.stage.share.accounts()[0].discarded).get(Reason.SLOW_CLIENT, 0)

    def takes(self, client: FakeTransport, count: int) -> None:
        """Let a client take so much of what waits for it."""
        size = len(client.taken) + count
        while len(client.taken) < size and client.pending:
            client.take(size - len(client.taken))

    def test_more_than_may_wait(self) -> None:
        stage = self.begin(sharing=slow(SlowPolicy.DISCONNECT))
        stage.device.say(b"k" * 4 * MIB)
        client = stage.client()
        self.assertEqual((client.connected, client.pending), (True, 4 * MIB))
        stage.device.say(b"n" * KIB)
        self.takes(client, 5 * MIB)
        self.assertTrue(client.connected)
        self.assertEqual(client.taken, b"k" * 4 * MIB + b"n" * KIB)
        self.assertEqual(self.slowness(), 0)

    def test_with_all_defaults_and_another_client(self) -> None:
        stage = self.begin()
        writer = stage.client(1)
        stage.device.say(b"k" * 8 * MIB)
        client = stage.client()
        stage.device.say(b"n" * MIB)
        self.assertTrue(client.connected and writer.connected)
        self.takes(client, 9 * MIB)
        self.assertEqual((len(client.taken), self.slowness()), (9 * MIB, 0))

    def test_who_comes_after_one_that_was_given_much(self) -> None:
        stage = self.begin()
        stage.device.say(b"k" * 8 * MIB)
        client, other = stage.client(), stage.client()
        stage.device.say(b"n")
        self.assertTrue(client.connected and other.connected)
        self.takes(client, 9 * MIB)
        self.takes(other, 1)
        self.assertEqual((client.taken[-1:], other.taken), (b"n", b"n"))

    def test_what_is_new_counts(self) -> None:
        stage = self.begin(sharing=slow(SlowPolicy.DISCONNECT))
        stage.device.say(b"k" * 4 * MIB)
        client = stage.client()
        self.takes(client, MIB)
        stage.device.say(b"n" * KIB)
        stage.clock.advance(0)
        self.assertTrue(client.connected)
        stage.device.say(b"n")
        stage.clock.advance(0)
        self.assertFalse(client.connected)

    def test_once_it_is_taken_it_is_no_excuse(self) -> None:
        stage = self.begin(sharing=slow(SlowPolicy.DISCONNECT))
        stage.device.say(b"k" * 4 * KIB)
        client = stage.client()
        self.takes(client, 4 * KIB)
        stage.device.say(b"n" * (KIB + 1))
        stage.clock.advance(0)
        self.assertFalse(client.connected)

    def test_taking_nothing_of_it_is_slow(self) -> None:
        stage = self.begin(sharing=slow(SlowPolicy.DISCONNECT, timeout=5.0))
        stage.device.say(b"k" * 4 * MIB)
        client = stage.client()
        for _ in range(10):
            stage.clock.advance(1)
        self.assertFalse(client.connected)

    def test_the_oldest_go_first_where_they_are_thrown_away(self) -> None:
        stage = self.begin(sharing=slow(SlowPolicy.DISCARD), buffer=4 * KIB)
        stage.device.say(b"k" * 4 * KIB)
        client = stage.client()
        stage.device.say(b"n" * (KIB + 100))
        self.assertEqual((client.pending, self.slowness()), (5 * KIB, 100))
        stage.device.say(b"m")
        self.assertEqual((client.pending, self.slowness()), (5 * KIB, 101))
        self.takes(client, 4 * KIB - 101)
        self.assertEqual(set(client.taken), set(b"k"))

    def test_the_last_bytes_too(self) -> None:
        stage = self.begin(sharing=slow(SlowPolicy.DISCONNECT), replay=2 * MIB)
        first = stage.client()
        for _ in range(32):
            stage.device.say(b"r" * KIB)
            first.take(KIB)
        second = stage.client()
        stage.device.say(b"n" * KIB)
        self.takes(first, KIB)
        self.takes(second, 40 * KIB)
        self.assertEqual(second.taken, b"r" * 32 * KIB + b"n" * KIB)

    def test_there_is_one_excuse_at_a_time(self) -> None:
        stage = self.begin(sharing=slow(SlowPolicy.DISCONNECT))
        client = stage.client()
        session = next(iter(stage.share.clients))
        client.write(b"k" * 3 * KIB)
        session.excuse(KIB)
        session.excuse(2 * KIB)
        session.excuse(KIB)
        self.assertEqual(session.excused, 2 * KIB)
        self.takes(client, KIB)
        self.assertEqual(session.excused, KIB)
        session.excuse(KIB)
        self.takes(client, 2 * KIB)
        self.assertEqual(session.excused, 0)
        stage.share._books.up.read += 3 * KIB
