"""Random schedules of a share with clients of RFC 2217: after each step every byte is explained."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.lines import LineCounts, LineSettings, ModemLines, Parity
from smartserial.settings import DeviceRules, ListenerSettings, LoopDevice, Mode, SlowClient
from smartserial.sharing.access import Access
from smartserial.sharing.control import Control, WhenRefused
from smartserial.sharing.slow import SlowPolicy
from tests.comstage import (
    BAUDRATE,
    BREAK_OFF,
    BREAK_ON,
    CONTROL,
    DTR_OFF,
    DTR_ON,
    LINE_MASK,
    LINESTATE,
    MODEM_MASK,
    MODEMSTATE,
    PARITY,
    PURGE,
    RESUME,
    RTS_OFF,
    RTS_ON,
    SUSPEND,
    ComClient,
    ComStage,
    ask,
)
from tests.fakes import FakeSerial, FakeTransport
from tests.telnetpeer import COM_PORT, com_port, option
from tests.test_share import KIB, Schedule, in_order

SEEDS = 400
REQUESTS = [
    *(ask(BAUDRATE, rate) for rate in (0, 300, 19200)),
    *(ask(PARITY, parity) for parity in (0, 1, 2, 4)),
    *(ask(CONTROL, value) for value in (0, BREAK_ON, BREAK_OFF, DTR_ON, DTR_OFF, RTS_ON, RTS_OFF)),
    *(ask(code) for code in (LINESTATE, MODEMSTATE)),
    *(ask(code, mask) for code in (LINE_MASK, MODEM_MASK) for mask in (0, 255)),
    *(ask(PURGE, which) for which in (1, 1, 2, 3)),
    *(com_port(code) for code in (SUSPEND, RESUME, RESUME)),
    com_port(0), com_port(0, b"me"), com_port(77), b"\xff\xf3", b"\xff\xf1", COM_PORT, option(253, 99),
]  # fmt: skip


class ScheduleTests(SynchronousTestCase):
    """Hundreds of seeds."""

    def test_no_schedule_breaks_the_law(self) -> None:
        for seed in range(SEEDS):
            with self.subTest(seed=seed):
                ComSchedule(seed).run()


class ComSchedule(Schedule):
    """One schedule by a seed: clients that agree to BINARY or are silent, raw ones, watchers."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        chance = self.chance
        modes = (Mode.RFC2217, Mode.RFC2217, Mode.RAW)
        listeners = tuple(ListenerSettings(mode=mode, access=access) for mode in modes for access in Access)
        self.serial = chance.random() < 0.7
        self.stage = ComStage(
            *listeners,
            device=None if self.serial else LoopDevice(),
            serial=self.serial,
            prepare=self.prepare,
            rules=DeviceRules(on_demand=chance.random() < 0.2, close_on_unplug=chance.random() < 0.2),
            buffer=chance.choice([0, 100, 8 * KIB]),
            max_clients=5,
            slow_client=SlowClient(chance.choice(list(SlowPolicy)), chance.choice([1, 8, 64]) * KIB, 30.0),
            control=chance.choice(list(Control)),
            refused=chance.choice(list(WhenRefused)),
            notify=chance.random() < 0.5,
            restore=chance.random() < 0.5,
        )
        self.silent: set[FakeTransport] = set()
        self.devices: list[FakeSerial] = []

    def prepare(self, serial: FakeSerial) -> None:
        self.devices.append(serial)
        serial.takes = self.takes
        if self.chance.random() < 0.8:
            serial.inputs, serial.counted = ModemLines(), LineCounts()

    def takes(self, wanted: LineSettings) -> LineSettings | None:
        return None if wanted.parity is Parity.MARK else wanted

    def run(self) -> None:
        self.stage.start()
        steps = (
            (self.connect, 4), (self.device_says, 8), (self.client_says, 6), (self.client_takes, 8),
            (self.client_asks, 12), (self.client_agrees, 2), (self.device_takes, 6), (self.time, 3),
            (self.device_lives, 4), (self.client_goes, 2), (self.client_finishes, 2),
            (self.client_refuses, 1), (self.device_goes, 1), (self.device_returns, 2),
        )  # fmt: skip
        calls, weights = zip(*steps, strict=True)
        for step in range(self.chance.randrange(100)):
            call = self.chance.choices(calls, weights)[0]
            call()
            self.check(f"step {step}: {call.__name__}")
        self.finish()

    def finish(self) -> None:
        for device in self.devices:
            device.answer_all()
            device.unsent = 0
        stopped = self.stage.stop()
        self.check("stop")
        purged = sum(device.purged for device in self.devices)
        read = (stopped.up.read, stopped.down.read)
        assert read == (len(self.from_device) + purged, self.from_clients), f"seed {self.seed}: {read}"
        assert stopped.up.buffered == stopped.down.buffered == 0, f"seed {self.seed}: {stopped}"
        for client in self.clients:
            got = bytes(client.peer.data) if isinstance(client, ComClient) else client.taken
            assert in_order(got, self.from_device), f"seed {self.seed}: out of order"
            assert not client.connected, f"seed {self.seed}: left"
        self.stage.turn()
        left = [call for call in self.stage.clock.getDelayedCalls() if call.active()]
        assert not left, f"seed {self.seed}: {left}"

    def connect(self) -> None:
        client = self.stage.connect(self.chance.randrange(9))
        if isinstance(client, FakeTransport):
            self.clients.append(client)
            self.silent.add(client)
            if self.chance.random() < 0.6:
                self.agree(client)

    def agree(self, client: FakeTransport) -> None:
        if isinstance(client, ComClient) and client.reading and client in self.silent:
            self.silent.discard(client)
            client.agree()
            if client.connected and client.reading:
                client.say(COM_PORT)

    def client_agrees(self) -> None:
        """Let a client answer late, perhaps when it is not waited for any more."""
        client = self.pick(reading=True)
        if client is not None:
            self.agree(client)

    def some(self, size: int) -> bytes:
        """Return bytes that are hard on telnet."""
        return bytes(self.chance.choices((255, 13, 10, 0, *range(65, 91)), k=min(size, 2000))) + bytes(
            max(0, size - 2000)
        )

    def device_says(self) -> None:
        device = self.stage.endpoint.transport
        if device is not None and device.connected and device.reading and not device.closing:
            data = self.chance.randbytes(self.chance.choice([1, 10, 1000, 3000])).replace(
                b"\x07", b"\xff\xff\r"
            )
            self.from_device += data
            device.say(data)

    def encoded(self, client: FakeTransport, data: bytes) -> bytes:
        if not isinstance(client, ComClient):
            return data
        data = data.replace(b"\xff", b"\xff\xff")
        return data.replace(b"\r", b"\r\0") if client in self.silent else data

    def client_says(self) -> None:
        client = self.pick(reading=True)
        if client is not None and not client.closing:
            data = self.some(self.chance.choice([1, 10, 1000, 1000, 100_000]))
            self.from_clients += len(data)
            client.say(self.encoded(client, data))

    def client_asks(self) -> None:
        """Let a client make some requests, with data in between."""
        client = self.pick(reading=True)
        if not isinstance(client, ComClient) or client.closing:
            return
        said = b""
        for _ in range(self.chance.choice([1, 1, 2, 5])):
            said += self.chance.choice(REQUESTS)
            if self.chance.random() < 0.3:
                data = self.some(20)
                self.from_clients += len(data)
                said += self.encoded(client, data)
        client.say(said)

    def device_lives(self) -> None:
        """Let the driver and the line do something, or answer late."""
        device = self.stage.endpoint.transport
        if not isinstance(device, FakeSerial) or not device.connected:
            return
        chance = self.chance
        device.unread = chance.choice([0, 7, 100])
        device.unsent = min(device.sent, chance.choice([0, 0, 5, 100]))
        if device.inputs is not None and device.counted is not None:
            device.inputs = replace(device.inputs, cts=chance.random() < 0.5, ri=chance.random() < 0.5)
            device.counted = replace(device.counted, brk=device.counted.brk + 1)
        chance.choice([device.keep_answers, device.answer_all, device.answer_all])()
