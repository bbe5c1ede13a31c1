"""Random lives of calls: whoever answers, hangs up or does not read, each byte is accounted for."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from smartserial.settings import ConnectSettings, Heartbeat, When
from tests.callstage import A, B, C, CallStage, Net
from tests.fakes import FakeTransport

SCHEDULES, STEPS = 150, 60
_CALLS = (
    ConnectSettings((A,), backoff=(0.5,)),
    ConnectSettings((A, B, C), register=b"ID", heartbeat=Heartbeat(b".", 1.0)),
    ConnectSettings((A, B), all=True, backoff=(0.2, 3.0)),
    ConnectSettings((A,), when=When.ON_DEMAND, idle_timeout=3.0, backoff=(0.5,)),
)


class ScheduleTest(SynchronousTestCase):
    """Each is told by its seed."""

    def test_accounts(self) -> None:
        lives = [self.live(Random(seed), seed) for seed in range(SCHEDULES)]
        calls, delivered = (sum(figures) for figures in zip(*lives, strict=True))
        self.assertGreater(calls, 2 * SCHEDULES)  # so that there was something to go wrong
        self.assertGreater(delivered, 20 * SCHEDULES)

    def live(self, random: Random, seed: int) -> tuple[int, int]:
        """Return how many calls were answered, and how many bytes were delivered to them."""
        net = Net(self)
        stage = CallStage(net, random.choice(_CALLS), buffer=random.choice((0, 50, 8192))).start()
        clients: list[FakeTransport] = []
        said = heard = 0
        for _ in range(STEPS):
            there = [client for client in clients if client.connected]
            one = random.choice(there) if there else None
            match random.randrange(9):
                case 0 | 1 if net.rings:
                    ring = net.rings.pop(random.randrange(len(net.rings)))
                    if random.random() < 0.3:
                        ring.refuse()
                    else:
                        clients.append(ring.answer())
                case 2 | 3 if stage.device.reading:
                    size = random.randrange(1, 40)
                    stage.device.say(bytes(size))
                    said += size
                case 4 if one is not None and one.reading:
                    size = random.randrange(1, 40)
                    one.say(bytes(size))
                    heard += size
                case 5 if one is not None:
                    one.take(random.randrange(60))
                case 6 if one is not None:
                    one.reset()
                case 7:
                    connect = random.choice(_CALLS)
                    stage.update(connect=replace(connect) if random.random() < 0.5 else None)
                case _:
                    stage.clock.advance(random.choice((0.0, 0.2, 1.0, 4.0)))
            up, down = stage.share.accounts()
            self.assertEqual((up.unexplained, down.unexplained), (0, 0), f"seed {seed}: {up}; {down}")
            self.assertEqual((up.read, down.read), (said, heard), f"seed {seed}")
        stopped = stage.stop()
        self.assertEqual((stopped.up.unexplained, stopped.down.unexplained), (0, 0), f"seed {seed}")
        self.assertEqual((net.rings, stage.clock.getDelayedCalls()), ([], []), f"seed {seed}")
        self.assertFalse(any(client.connected for client in clients), f"seed {seed}")
        return len(clients), stopped.up.delivered
