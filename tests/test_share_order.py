"""Data between requests of RFC 2217: their order, what is thrown away, and who is stopped."""

from __future__ import annotations

from twisted.internet.error import ConnectionLost
from twisted.trial.unittest import SynchronousTestCase

from smartserial.events import ClientDisconnected
from smartserial.lines import Lines, LineSettings
from smartserial.settings import DeviceRules, SlowClient
from smartserial.sharing.ledger import Reason
from smartserial.sharing.slow import SlowPolicy
from tests.comstage import (
    BAUDRATE,
    CONTROL,
    DTR_OFF,
    LINESTATE,
    PARITY,
    PURGE,
    RAW,
    RESUME,
    RFC,
    SUSPEND,
    WATCHERS,
    ComClient,
    ComStage,
    ask,
    loop_stage,
)
from tests.telnetpeer import com_port

KIB = 1024
SUSPENDED, RESUMED = (108, 0), (109, 0)


def slow(policy: SlowPolicy, limit: int) -> SlowClient:
    return SlowClient(policy, limit, 30.0)


class OrderTests(SynchronousTestCase):
    """A request acts after the data before it, and before the data after it."""

    def test_data_and_requests_reach_the_device_as_they_came(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        client.say(
            b"one" + ask(BAUDRATE, 300) + b"two" + ask(CONTROL, DTR_OFF) + ask(PARITY, 3) + b"\xff\xf3three"
        )
        rate = LineSettings(300)
        even = stage.serial.settings
        self.assertEqual(stage.serial.asked, [b"one", rate, b"two", Lines(dtr=False), even, 0.25, b"three"])
        self.assertEqual(client.hear(), [(101, 300), (105, 9), (103, 3)])

    def test_data_waits_for_a_change_that_takes_its_time(self) -> None:
        stage = ComStage().start()
        client, other = stage.com(), stage.com()
        stage.serial.keep_answers()
        client.say(b"one" + ask(BAUDRATE, 300) + b"two" + ask(BAUDRATE, 600) + b"\xff\xf3" + b"three")
        self.assertEqual(stage.serial.asked, [b"one", LineSettings(300)])
        self.assertEqual((client.hear(), client.reading, other.reading), ([], False, True))
        other.say(b"other")
        stage.serial.answer()
        self.assertEqual(stage.serial.asked[2:], [b"other", b"two", LineSettings(600)])
        self.assertEqual((client.hear(), client.reading), ([(101, 300)], False))
        stage.serial.answer()
        self.assertEqual(stage.serial.asked[5:], [0.25, b"three"])
        self.assertEqual((client.hear(), client.reading), ([(101, 600)], True))
        client.say(b"four")
        self.assertEqual(stage.serial.asked[7:], [b"four"])

    def test_a_connection_that_is_lost_meanwhile_loses_no_byte(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        stage.serial.keep_answers()
        client.say(b"one" + ask(BAUDRATE, 300) + b"two\xff\xff" + ask(BAUDRATE, 600) + b"three")
        client.reset()
        self.assertEqual(b"".join(stage.asked(bytes)), b"onetwo\xffthree")
        self.assertEqual((stage.share.accounts()[1].read, stage.unexplained()), (12, (0, 0)))
        stage.serial.answer_all()
        self.assertEqual(b"".join(stage.asked(bytes)), b"")

    def test_it_is_not_read_while_the_device_is_full_even_when_a_change_is_done(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        stage.serial.keep_answers()
        client.say(ask(BAUDRATE, 300) + bytes(300 * KIB))
        stage.serial.answer_all()
        self.assertFalse(client.reading)
        stage.serial.take(300 * KIB)
        self.assertTrue(client.reading)

    def test_whether_all_has_been_sent_is_told(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        self.assertEqual(client.request(LINESTATE), 96)
        client.say(b"data")
        self.assertEqual(client.request(LINESTATE), 0)
        stage.serial.take(4)
        stage.serial.unsent = 1
        self.assertEqual(client.request(LINESTATE), 0)
        stage.serial.unsent = 0
        self.assertEqual(client.request(LINESTATE), 96)


class PurgeTests(SynchronousTestCase):
    """Bytes that a client wants thrown away are, and are counted."""

    def purged(self, stage: ComStage) -> tuple[int, int]:
        self.assertEqual(stage.unexplained(), (0, 0))
        up, down = (dict(account.discarded) for account in stage.share.accounts())
        return up.get(Reason.PURGED, 0), down.get(Reason.PURGED, 0)

    def waiting(self, stage: ComStage) -> ComClient:
        """Return a client for which 3 bytes are on their way, and 7 wait; as many wait for the device."""
        client = stage.com()
        client.say(b"to the device")
        stage.serial.take(6)
        stage.serial.unsent = 2
        stage.device.say(b"abc")
        stage.device.say(b"defghij")
        return client

    def test_alone_it_may_purge_everything(self) -> None:
        stage = ComStage().start()
        client = self.waiting(stage)
        stage.serial.unread = 5
        client.say(ask(PURGE, 3))
        self.assertEqual((client.hear(), client.data), ([(112, 3)], b"abc"))
        self.assertEqual(self.purged(stage), (7 + 5, 7 + 2))
        up, down = stage.share.accounts()
        self.assertEqual((up.read, up.delivered, down.read, down.delivered), (15, 3, 13, 4))

    def test_each_direction_by_itself(self) -> None:
        for which, purged in ((1, (7, 0)), (2, (0, 9))):
            stage = ComStage().start()
            client = self.waiting(stage)
            client.say(ask(PURGE, which))
            self.assertEqual((client.hear(), self.purged(stage)), ([(112, which)], purged))

    def test_with_others_it_purges_what_is_its_own(self) -> None:
        stage = ComStage(RFC, RAW).start()
        other, raw = stage.com(), stage.client(1)
        client = self.waiting(stage)
        stage.serial.unread = 5
        client.say(ask(PURGE, 3))
        raw.take(100)
        self.assertEqual((client.hear(), client.data, other.data), ([(112, 3)], b"abc", b"abcdefghij"))
        self.assertEqual((raw.taken, self.purged(stage)), (b"abcdefghij", (7, 0)))
        self.assertEqual((stage.serial.unread, stage.serial.pending), (5, 7))

    def test_a_watcher_leaves_what_goes_to_the_device(self) -> None:
        stage = ComStage(RFC, WATCHERS).start()
        user = self.waiting(stage)
        user.reset()
        watcher = stage.com(1)
        watcher.say(ask(PURGE, 2))
        self.assertEqual((watcher.hear(), stage.serial.pending, self.purged(stage)), ([(112, 2)], 7, (0, 0)))

    def test_what_is_gone_is_told_as_discarded_to_that_client(self) -> None:
        stage = ComStage().start()
        client = self.waiting(stage)
        client.say(ask(PURGE, 1))
        client.drain()
        client.reset()
        (gone,) = stage.of(ClientDisconnected)
        self.assertEqual((gone.received, gone.delivered, gone.discarded), (13, 3, 7))
        self.assertEqual(stage.unexplained(), (0, 0))

    def test_without_a_device_there_is_nothing_to_purge(self) -> None:
        stage = loop_stage()
        client = stage.com()
        self.assertEqual([client.request(PURGE, which) for which in (1, 2, 3)], [1, 2, 3])
        self.assertEqual(stage.unexplained(), (0, 0))

    def test_a_purge_lets_a_device_go_on_that_was_held_back(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        client.say(com_port(SUSPEND))
        stage.device.say(bytes(300 * KIB))
        self.assertFalse(stage.device.reading)
        self.assertEqual(client.request(PURGE, 1), 1)
        stage.turn()
        self.assertTrue(stage.device.reading)


class SuspendTests(SynchronousTestCase):
    """A client that wants no more gets no data; the others do."""

    def test_only_that_client_is_stopped(self) -> None:
        stage = ComStage().start()
        client, other = stage.com(), stage.com()
        client.say(com_port(SUSPEND))
        stage.device.say(b"da\xffta")
        self.assertEqual((client.hear(), client.data, other.data), ([], b"", b"da\xffta"))
        self.assertEqual(client.request(BAUDRATE, 300), 300)
        client.say(com_port(RESUME))
        self.assertEqual((client.hear(), client.data), ([], b"da\xffta"))
        stage.device.say(b"more")
        self.assertEqual(client.data, b"da\xfftamore")

    def test_what_it_does_not_get_is_kept_by_the_rule_for_slow_clients(self) -> None:
        stage = ComStage(slow_client=slow(SlowPolicy.DISCARD, 4 * KIB)).start()
        client = stage.com()
        client.say(com_port(SUSPEND))
        for n in range(8):
            stage.device.say(bytes([n]) * KIB)
        client.say(com_port(RESUME))
        self.assertEqual(client.data, b"".join(bytes([n]) * KIB for n in range(4, 8)))
        self.assertEqual(dict(stage.share.accounts()[0].discarded), {Reason.SLOW_CLIENT: 4 * KIB})

    def test_alone_it_holds_the_device_back(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        client.say(com_port(SUSPEND))
        stage.device.say(bytes(300 * KIB))
        self.assertFalse(stage.device.reading)
        client.say(com_port(RESUME))
        self.assertEqual((len(client.data), stage.device.reading), (300 * KIB, True))

    def test_with_others_it_is_too_slow_in_the_end(self) -> None:
        stage = ComStage(slow_client=slow(SlowPolicy.AUTO, 4 * KIB)).start()
        client, other = stage.com(), stage.com()
        client.say(com_port(SUSPEND))
        stage.device.say(bytes(3 * KIB))
        other.drain()
        self.assertTrue(client.connected)
        stage.device.say(bytes(3 * KIB))
        stage.turn()
        self.assertEqual((client.connected, other.connected, stage.unexplained()), (False, True, (0, 0)))

    def test_the_words_of_one_that_is_sent_away_are_heard_once(self) -> None:
        stage = ComStage(rules=DeviceRules(close_on_unplug=True)).start()
        client = stage.com()
        client.say(com_port(SUSPEND))
        stage.device.say(b"data")
        stage.device.reset()
        client.refuse_writes()
        client.say(com_port(RESUME) + b"late")
        self.assertFalse(client.connected)
        self.assertEqual((stage.share.accounts()[1].read, stage.unexplained()), (4, (0, 0)))

    def test_one_that_can_never_go_on_does_not_stay(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        client.say(b"?" + com_port(SUSPEND))
        client.finish_sending()
        stage.device.say(b"answer")
        self.assertEqual(client.data, b"answer")
        stage.clock.pump([1] * 60)
        self.assertFalse(client.connected)


class WatermarkTests(SynchronousTestCase):
    """Clients are told to stop while the device is full."""

    def test_they_are_told_and_not_read_from(self) -> None:
        stage = ComStage(RFC, RAW).start()
        client, other, raw = stage.com(), stage.com(), stage.client(1)
        client.say(bytes(300 * KIB))
        self.assertEqual((client.hear(), other.hear()), ([SUSPENDED], [SUSPENDED]))
        self.assertFalse(client.reading or other.reading or raw.reading)
        stage.serial.take(200 * KIB)
        self.assertEqual((client.hear(), client.reading), ([], False))
        stage.serial.take(100 * KIB)
        self.assertEqual((client.hear(), other.hear(), raw.taken), ([RESUMED], [RESUMED], b""))
        self.assertTrue(client.reading and other.reading and raw.reading)

    def test_the_device_that_goes_away_is_full_no_more(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        client.say(bytes(300 * KIB))
        stage.device.lose(ConnectionLost())
        self.assertEqual([said for said in client.hear() if said[0] != 107], [SUSPENDED, RESUMED])
        self.assertEqual((client.reading, stage.unexplained()), (True, (0, 0)))

    def test_one_that_comes_meanwhile_hears_both_or_nothing(self) -> None:
        stage = ComStage().start()
        stage.com().say(bytes(300 * KIB))
        late = stage.com(silent=True)
        late.reading = True  # what it sent with its first segment
        late.agree()
        late.say(ask(BAUDRATE))
        stage.serial.take(300 * KIB)
        said = [code for code, _ in late.hear() if code in (108, 109)]
        self.assertIn(said, ([], [108, 109]))
