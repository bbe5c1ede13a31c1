"""What one RFC 2217 client of a share did not get is for the next one, and is not sent twice."""

from __future__ import annotations

import random
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from tests.comstage import ComClient, ComStage
from tests.test_share import in_order

SEEDS = 600


class SuccessionTests(SynchronousTestCase):
    """What one client did not get is for the next, once."""

    def test_the_rest_of_an_answer(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        client.say(b"?")
        client.finish_sending()
        stage.device.say(b"the \xff answer")
        client.take(6)
        client.reset()
        self.assertEqual((bytes(client.peer.data), stage.com().data), (b"the \xff", b" answer"))
        self.assertEqual(stage.unexplained(), (0, 0))

    def test_what_was_on_its_way(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        client.say(b"?")
        client.finish_sending()
        for word in (b"the ", b"\xff ", b"answer"):
            stage.device.say(word)
            client.drain()
        client.owed = 8  # of IAC, space and six letters
        client.reset()
        self.assertEqual((stage.com().data, stage.unexplained()), (b"\xff answer", (0, 0)))

    def test_what_was_kept_is_not_spoilt_by_one_that_just_looks_in(self) -> None:
        stage = ComStage().start()
        stage.device.say(b"kept\r\xff")
        for _ in range(3):
            silent = stage.com(silent=True)
            silent.drain()
            silent.reset()
        self.assertEqual((stage.com().data, stage.unexplained()), (b"kept\r\xff", (0, 0)))

    def test_one_after_the_other_they_get_nothing_twice(self) -> None:
        for seed in range(SEEDS):
            with self.subTest(seed=seed):
                Succession(seed).run()


class Succession:
    """One client at a time, each of which is lost at some moment, with bytes on their way to it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seed = seed
        self.stage = ComStage().start()
        self.from_device = b""
        self.confirmed = b""

    def run(self) -> None:
        for _ in range(self.chance.randrange(1, 6)):
            self.device_says()
            client = self.stage.connect()
            assert isinstance(client, ComClient)
            client.acked = 0
            if self.chance.random() < 0.7:
                client.agree()
            self.live(client)
            if client.connected:
                client.reset()
            else:
                client.acked = client.sent  # it was closed in peace
            self.confirmed += client.confirmed()
            self.stage.clock.advance(0.01)
            assert self.stage.unexplained() == (0, 0), f"seed {self.seed}"
        assert in_order(self.confirmed, self.from_device), f"seed {self.seed}: some of it came twice"

    def live(self, client: ComClient) -> None:
        steps: list[Callable[[ComClient], None]]
        steps = [self.device_says, self.takes, self.takes, self.confirms, self.time, self.finishes]
        for _ in range(self.chance.randrange(12)):
            if client.connected:
                self.chance.choice(steps)(client)

    def device_says(self, _: object = None) -> None:
        data = self.chance.randbytes(self.chance.choice([1, 10, 100])).replace(b"\x07", b"\xff\r")
        self.from_device += data
        self.stage.device.say(data)

    def takes(self, client: ComClient) -> None:
        client.take(self.chance.choice([1, 3, 20, 200]))

    def confirms(self, client: ComClient) -> None:
        client.acked = self.chance.randrange(client.acked or 0, client.sent + 1)

    def time(self, _: ComClient) -> None:
        self.stage.clock.advance(self.chance.choice([0.1, 0.4]))

    def finishes(self, client: ComClient) -> None:
        if client.reading and self.chance.random() < 0.5:
            client.say(b"?")
            client.finish_sending()
