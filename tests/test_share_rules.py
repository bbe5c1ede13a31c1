"""Who speaks, who hears and in what packets, on a share in memory; and thousands of random schedules."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.settings import ListenerSettings, Sharing
from smartserial.sharing.access import Access
from smartserial.sharing.ledger import Reason
from smartserial.sharing.packets import PacketRules
from smartserial.sharing.selection import SelectionRules, Who
from tests.fakes import FakeTransport
from tests.test_share import Stage, in_order
from tests.test_share_arbitrate import NMEA, SCPI

LISTENERS = (
    ListenerSettings(),
    ListenerSettings(access=Access.READ),
    ListenerSettings(access=Access.WRITE),
)


def rules(**selection: Any) -> dict[str, Any]:
    return {"sharing": Sharing(selection=SelectionRules(**selection)), "listeners": LISTENERS}


def taken(*clients: FakeTransport) -> list[bytes]:
    """Let clients take all that waits for them, and return what each has got since the last time."""
    got = []
    for client in clients:
        client.take(1 << 20)
        got.append(client.taken)
        client.taken = b""
    return got


class HearingTests(SynchronousTestCase):
    """Where the device's bytes go."""

    def tearDown(self) -> None:
        self.assertEqual(self.stage.unexplained(), (0, 0))
        self.assertEqual(self.stage.stop().up.unexplained, 0)

    def begin(self, **settings: Any) -> Stage:
        self.stage = Stage(**settings).start()
        return self.stage

    def discarded(self, direction: int, reason: Reason) -> int:
        return dict(self.stage.share.accounts()[direction].discarded).get(reason, 0)

    def test_first(self) -> None:
        stage = self.begin(**rules(send_to=Who.FIRST))
        a, b = stage.client(), stage.client()
        stage.device.say(b"one")
        self.assertEqual(taken(a, b), [b"one", b""])
        a.reset()
        stage.device.say(b"two")
        self.assertEqual(taken(b), [b"two"])
        self.assertEqual(stage.share.accounts()[0].copied, 0)

    def test_last(self) -> None:
        stage = self.begin(**rules(send_to=Who.LAST))
        a = stage.client()
        stage.device.say(b"one")
        b, watcher, writer = stage.client(), stage.client(1), stage.client(2)
        stage.device.say(b"two")
        watcher.reset()
        stage.device.say(b"three")
        self.assertEqual(taken(a, b, watcher, writer), [b"one", b"three", b"", b""])

    def test_what_nobody_hears_is_kept_for_the_first_that_may(self) -> None:
        stage = self.begin(**rules(send_to=Who.LAST_ACTIVE), buffer=6)
        a, b = stage.client(), stage.client()
        stage.device.say(b"kept and lost")
        self.assertEqual((taken(a, b), stage.share.accounts()[0].buffered), ([b"", b""], 6))
        b.say(b"?")
        stage.device.say(b"!")
        self.assertEqual(taken(a, b), [b"", b"kept a!"])
        a.say(b"?")
        stage.device.say(b"more")
        self.assertEqual(taken(a, b), [b"more", b""])
        a.reset()
        b.reset()
        self.assertEqual(self.discarded(0, Reason.OVERFLOW), 7)

    def test_nobody(self) -> None:
        stage = self.begin(**rules(send_to=Who.NONE))
        stage.device.say(b"early")
        a = stage.client()
        stage.device.say(b"late")
        self.assertEqual((taken(a), self.discarded(0, Reason.POLICY)), ([b""], 9))

    def test_an_answer_is_for_who_asked(self) -> None:
        stage = self.begin(**rules(send_to=Who.ASKER))
        a, b = stage.client(), stage.client()
        stage.device.say(b"news ")
        b.say(b"?")
        stage.device.say(b"answer")
        self.assertEqual(taken(a, b), [b"news ", b"news answer"])
        stage.clock.advance(1)
        stage.device.say(b"late")
        stage.clock.advance(0.1)
        stage.device.say(b"news")
        self.assertEqual(taken(a, b), [b"news", b"latenews"])

    def test_an_answer_for_who_is_gone_is_for_nobody_who_asks(self) -> None:
        stage = self.begin(**rules(send_to=Who.ASKER), replay=100)
        a, b, watcher = stage.client(), stage.client(), stage.client(1)
        a.say(b"?")
        a.reset()
        stage.device.say(b"for nobody")
        self.assertEqual(taken(b, watcher), [b"", b"for nobody"])
        watcher.reset()
        stage.device.say(b" at all")
        self.assertEqual(self.discarded(0, Reason.POLICY), 7)
        stage.clock.advance(1.1)
        stage.device.say(b"news")
        self.assertEqual(taken(b, stage.client()), [b"news", b"news"])

    def test_an_answer_for_nobody_is_not_kept(self) -> None:
        stage = self.begin(packets=PacketRules(size=100), **rules(send_to=Who.ASKER))
        a = stage.client()
        a.say(b"?")
        stage.device.say(b"held")
        a.reset()
        stage.device.say(b"late")
        self.assertEqual((stage.share.accounts()[0].buffered, self.discarded(0, Reason.POLICY)), (0, 8))
        stage.clock.advance(1.1)
        stage.device.say(b"news")
        self.assertEqual(taken(stage.client()), [b"news"])

    def test_an_answer_that_the_only_client_did_not_get_is_not_for_the_next(self) -> None:
        stage = self.begin(**rules(send_to=Who.ASKER))
        a = stage.client()
        a.say(b"?")
        a.finish_sending()
        stage.device.say(b"answer")
        a.reset()
        self.assertEqual(taken(stage.client()), [b""])

    def test_an_answer_that_is_held_until_its_asker_is_gone(self) -> None:
        stage = self.begin(packets=PacketRules(size=100), **rules(send_to=Who.ASKER))
        a, b = stage.client(), stage.client()
        a.say(b"?")
        stage.device.say(b"held")
        stage.clock.advance(1.1)
        a.reset()
        stage.share.floor.flush()
        self.assertEqual((taken(b), self.discarded(0, Reason.POLICY)), ([b""], 4))

    def test_who_only_writes_has_asked_nothing(self) -> None:
        stage = self.begin(**rules(send_to=Who.ASKER))
        a, writer = stage.client(), stage.client(2)
        writer.say(b"!")
        stage.device.say(b"news")
        self.assertEqual(taken(a), [b"news"])

    def test_who_asked_and_finished_hears_its_answer(self) -> None:
        stage = self.begin(**rules(send_to=Who.ASKER))
        a, b = stage.client(), stage.client()
        a.say(b"?")
        a.finish_sending()
        stage.device.say(b"answer")
        self.assertEqual(taken(a, b), [b"answer", b""])

    def test_an_answer_that_its_asker_did_not_get(self) -> None:
        stage = self.begin(**rules(send_to=Who.ASKER))
        a, b = stage.client(), stage.client()
        a.say(b"?")
        a.finish_sending()
        stage.device.say(b"answer")
        a.reset()
        self.assertEqual(taken(b), [b""])
        stage.clock.advance(1.1)
        b.finish_sending()
        stage.device.say(b"news")
        b.reset()
        self.assertEqual(taken(stage.client()), [b"news"])

    def test_what_others_had_too_does_not_come_twice(self) -> None:
        stage = self.begin(**rules(send_to=Who.ASKER))
        a, b = stage.client(), stage.client()
        stage.device.say(b"news")
        a.say(b"?")
        a.finish_sending()
        stage.device.say(b"answer")
        stage.clock.advance(1.1)
        b.say(b"?")
        stage.device.say(b"newer")
        a.reset()
        self.assertEqual(taken(b), [b"newsnewer"])

    def test_what_the_first_did_not_get_goes_to_the_next_at_once(self) -> None:
        stage = self.begin(**rules(send_to=Who.FIRST))
        a, b = stage.client(), stage.client()
        a.say(b"?")
        a.finish_sending()
        stage.device.say(b"precious")
        a.take(4)
        a.refuse_writes()
        stage.device.say(b"!")
        self.assertEqual(taken(b), [b"ious!"])

    def test_other_rules_at_run_time(self) -> None:
        stage = self.begin(**rules(send_to=Who.FIRST, receive_from=Who.FIRST))
        a, b = stage.client(), stage.client()
        for selection, packets in (
            (SelectionRules(send_to=Who.LAST), None),
            (SelectionRules(), PacketRules(size=4)),
            (SelectionRules(), None),
        ):
            settings = replace(stage.settings, sharing=Sharing(selection=selection), packets=packets)
            stage.share.update(settings, stage.listeners, None)
            stage.device.say(b"x")
            b.say(b"y")
        self.assertEqual(taken(a, b), [b"xx", b"xxx"])
        self.assertEqual(stage.device._outbox.size, 3)


class SpeakingTests(SynchronousTestCase):
    """Whose bytes reach the device."""

    def heard(self, stage: Stage) -> bytes:
        return taken(stage.device)[0]

    def test_each_rule(self) -> None:
        expected = {Who.NONE: b"", Who.FIRST: b"a", Who.LAST: b"b", Who.LAST_ACTIVE: b"a", Who.ALL: b"ab"}
        for who, data in expected.items():
            with self.subTest(who):
                stage = Stage(**rules(receive_from=who)).start()
                watcher, a, b = stage.client(1), stage.client(), stage.client()
                watcher.say(b"w")
                a.say(b"a")
                b.say(b"b")
                self.assertEqual(self.heard(stage), data)
                down = stage.share.accounts()[1]
                refused = dict(down.discarded).get(Reason.POLICY, 0)
                self.assertEqual((refused, down.unexplained), (3 - len(data), 0))

    def test_the_write_lock(self) -> None:
        stage = Stage(**rules(exclusive=True, turn=3.0)).start()
        a, b = stage.client(), stage.client()
        for client, seconds in ((a, 2), (b, 0), (a, 2.9), (b, 0.2), (b, 0), (a, 0)):
            client.say(b"a" if client is a else b"b")
            stage.clock.advance(seconds)
        self.assertEqual(self.heard(stage), b"aab")
        b.reset()
        a.say(b"a")
        self.assertEqual(self.heard(stage), b"a")

    def test_an_operator_stands_above_that(self) -> None:
        stage = Stage(**rules(exclusive=True)).start()
        a = stage.client()
        stage.share.ports.desk.seize(self)
        a.say(b"a")
        stage.share.from_operator("op", b"o")
        self.assertEqual(self.heard(stage), b"o")
        stage.share.ports.desk.leave(self)
        b = stage.client()
        b.say(b"b")
        self.assertEqual(self.heard(stage), b"b")


class PacketTests(SynchronousTestCase):
    """Each write to a client is one packet."""

    def begin(self, packets: PacketRules, **settings: Any) -> Stage:
        self.stage = Stage(packets=packets, **settings).start()
        return self.stage

    def written(self, client: FakeTransport) -> list[bytes]:
        """Remember each write to a client from now on."""
        pieces: list[bytes] = []
        write = client.write

        def remember(data: bytes) -> None:
            pieces.append(data)
            write(data)

        client.write = remember  # type: ignore[method-assign]
        self.stage.share.clients.reviewed()
        return pieces

    def test_packets_at_their_time(self) -> None:
        stage = self.begin(PacketRules(chars=b"\r", gap=0.05))
        pieces = [self.written(stage.client()), self.written(stage.client())]
        stage.device.say(b"one\rtwo")
        self.assertEqual(pieces, [[b"one\r"]] * 2)
        self.assertEqual((stage.share.accounts()[0].buffered, stage.unexplained()), (3 + 8, (0, 0)))
        stage.clock.advance(0.04)
        stage.device.say(b"!")
        stage.clock.advance(0.04)
        self.assertEqual(pieces, [[b"one\r"]] * 2)
        stage.clock.advance(0.011)
        self.assertEqual(pieces, [[b"one\r", b"two!"]] * 2)
        self.assertEqual(stage.unexplained(), (0, 0))

    def test_what_is_held_when_the_last_leaves_is_kept(self) -> None:
        stage = self.begin(PacketRules(size=100))
        a, b = stage.client(), stage.client()
        stage.device.say(b"held")
        a.reset()
        self.assertEqual(stage.share.floor.held, 4)
        b.reset()
        self.assertEqual((stage.share.floor.held, stage.share.accounts()[0].buffered), (0, 4))
        stage.device.say(b" more")
        self.assertEqual(taken(stage.client()), [b"held more"])
        self.assertEqual(stage.unexplained(), (0, 0))

    def test_a_stop_gives_what_is_held(self) -> None:
        stage = self.begin(PacketRules(size=100))
        client = stage.client()
        stage.device.say(b"held")
        done = stage.share.stopService()
        stage.device.say(b", last words")
        client.take(100)
        stage.clock.pump([0.02] * 400)
        self.assertEqual(client.taken, b"held, last words")
        self.assertEqual(self.successResultOf(done), None)
        self.assertEqual(stage.unexplained(), (0, 0))

    def test_a_device_that_goes_takes_nothing_with_it(self) -> None:
        stage = self.begin(PacketRules(size=100))
        client = stage.client()
        stage.device.say(b"half")
        stage.device.reset()
        self.assertEqual(taken(client), [b"half"])

    def test_what_is_held_is_for_those_who_heard_it_come(self) -> None:
        stage = self.begin(PacketRules(size=100), **rules(send_to=Who.ASKER))
        a, b = stage.client(), stage.client()
        a.say(b"?")
        stage.device.say(b"for a")
        b.say(b"?")
        stage.device.say(b"for b")
        stage.clock.advance(2)
        stage.device.say(b"for all")
        stage.share.floor.end()
        self.assertEqual(taken(a, b), [b"for afor all", b"for bfor all"])

    def test_who_comes_gets_whole_packets(self) -> None:
        stage = self.begin(PacketRules(chars=b"\r"))
        a = stage.client()
        stage.device.say(b"li")
        b = stage.client()
        stage.device.say(b"ne\r")
        self.assertEqual(taken(a, b), [b"line\r", b"line\r"])

    def test_nothing_comes_twice_with_a_replay(self) -> None:
        stage = self.begin(PacketRules(chars=b"\r"), replay=100)
        a = stage.client()
        stage.device.say(b"old\rli")
        b = stage.client()
        stage.device.say(b"ne\r")
        self.assertEqual(taken(a, b), [b"old\rline\r", b"old\rline\r"])


class Schedule:
    """One random life of a share: any rules, anybody comes, goes and speaks."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = chance = random.Random(seed)
        selection = SelectionRules(
            chance.choice([who for who in Who if who is not Who.ASKER]),
            chance.choice(list(Who)),
            chance.choice((0.5, 1.0)),
            chance.choice((0.5, 1.0)),
            chance.random() < 0.3,
        )
        self.stage = Stage(
            sharing=Sharing(
                selection=selection,
                kick_oldest=True,
                max_clients=4,
                arbitration=chance.choice((None, None, SCPI, NMEA)),
            ),
            packets=chance.choice((None, self.packets())),
            listeners=LISTENERS,
            buffer=chance.choice((0, 10, 1000)),
            replay=chance.choice((0, 0, 30)),
        ).start()
        self.clients: list[FakeTransport] = []
        self.said = b""

    def packets(self) -> PacketRules:
        chance = self.chance
        return PacketRules(
            chance.choice((None, 3, 50)),
            chance.choice((None, 0.2, 1.0)),
            chance.choice((b"", b"\x07")),
            chance.choice((None, 0.1)),
            chance.choice((None, 0.5)),
        )

    def run(self) -> None:
        deeds = (
            self.come,
            self.speak,
            self.speak,
            self.say,
            self.say,
            self.say,
            self.take,
            self.wait,
            self.go,
        )
        for _ in range(80):
            self.chance.choice(deeds)()
            assert self.stage.unexplained() == (0, 0), f"seed {self.seed}: {self.stage.share.accounts()}"
        self.stage.share.hurry()
        stopped = self.stage.stop()
        assert (stopped.up.unexplained, stopped.down.unexplained) == (0, 0), f"seed {self.seed}: {stopped}"
        assert stopped.up.buffered == stopped.down.buffered == 0, f"seed {self.seed}: {stopped}"
        assert stopped.up.read == len(self.said), f"seed {self.seed}"
        for client in self.clients:
            assert in_order(client.taken, self.said), f"seed {self.seed}: out of order, or twice"

    def come(self) -> None:
        client = self.stage.connect(self.chance.choice((0, 0, 0, 1, 2)))
        if isinstance(client, FakeTransport):
            self.clients.append(client)
        self.stage.turn()

    def one(self) -> FakeTransport | None:
        here = [client for client in self.clients if client.connected]
        return self.chance.choice(here) if here else None

    def speak(self) -> None:
        client = self.one()
        if client is not None and client.reading:
            client.say(bytes(self.chance.randrange(1, 9)))

    def say(self) -> None:
        if self.stage.device.reading:
            data = self.chance.randbytes(self.chance.choice((1, 2, 40)))
            self.said += data
            self.stage.device.say(data)

    def take(self) -> None:
        for client in (self.one(), self.stage.device):
            if client is not None:
                client.take(self.chance.choice((1, 30, 1000)))

    def wait(self) -> None:
        self.stage.clock.advance(self.chance.choice((0, 0.05, 0.1, 0.5, 1.5)))

    def go(self) -> None:
        client = self.one()
        if client is None:
            return
        if self.chance.random() < 0.4:
            client.reset()
        elif client.reading:
            client.finish_sending()
        else:
            client.refuse_writes()
        self.stage.turn()


class ScheduleTests(SynchronousTestCase):
    def test_every_byte_is_explained(self) -> None:
        for seed in range(1500):
            Schedule(seed).run()
