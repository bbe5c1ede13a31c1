"""A device of an element's own: on real ptys, and in memory where lines and time matter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from smartserial.channels.elements import devicechannel
from smartserial.channels.elements.channel import MOST_PENDING, Channel, ChannelError, Tally
from smartserial.channels.elements.devicechannel import LAST_WORDS, DeviceChannel
from smartserial.channels.retries import LAST_RETRY
from smartserial.channels.serial.holders import held_here
from smartserial.channels.serial.port import close_port, keep_others_out, open_port
from smartserial.engine.effects import Peer
from smartserial.errors import ConfigError, PortBusyError, PortError
from smartserial.lines import LineProfile, Lines
from smartserial.settings import (
    Device,
    EndpointDevice,
    LoopDevice,
    PortDevice,
    Rfc2217Device,
    VirtualDevice,
)
from tests.fakes import FakeEndpoint, FakeSerial, FakeTransport, SerialEndpoint
from tests.support import Pty, make_folder, pattern
from tests.test_channels_datagrams import Owner
from tests.test_stream import until

IN_USE, IDLE = Lines(dtr=True, rts=True), Lines(dtr=False)
LINED = PortDevice("ttyX", lines=LineProfile(connected=IN_USE, idle=IDLE))


class Stage:
    """A channel on a fake device, with a clock of our own."""

    def __init__(self, test: Any, device: Device | None = None, serial: bool = True) -> None:
        self.clock = Clock()
        self.owner = Owner()
        self.endpoint = SerialEndpoint() if serial else FakeEndpoint()
        test.patch(devicechannel, "device_endpoint", lambda device, reactor: self.endpoint)
        self.channel = DeviceChannel(self.owner, device or PortDevice("ttyX"), self.clock)
        self.ended: list[None] = []

    def opened(self) -> Stage:
        self.channel.open()
        return self

    @property
    def device(self) -> FakeTransport:
        assert self.endpoint.transport is not None
        return self.endpoint.transport

    @property
    def serial(self) -> FakeSerial:
        assert isinstance(self.device, FakeSerial)
        return self.device

    def close(self) -> None:
        self.channel.close().addCallback(self.ended.append)

    def tick(self, seconds: float = 0.02) -> None:
        for _ in range(round(seconds / 0.02)):
            self.clock.advance(0.02)


class SessionTests(SynchronousTestCase):
    """One session while the device is open."""

    def test_what_the_device_says_is_heard(self) -> None:
        stage = Stage(self).opened()
        stage.device.say(b"hello")
        peer = Peer("", 0, 1)
        self.assertEqual(stage.owner.told, [("opened", peer), ("data", peer, b"hello")])
        self.assertEqual(stage.channel.peers, (peer,))
        self.assertEqual(stage.channel.tally, Tally(received=5))

    def test_what_is_sent_is_counted_by_what_became_of_it(self) -> None:
        stage = Stage(self)
        self.assertEqual(stage.channel.send(b"too early"), 0)
        stage.opened()
        self.assertEqual(stage.channel.send(b"question"), 1)
        self.assertEqual(stage.channel.tally, Tally(unsent=9, pending=8))
        stage.device.take(5)
        self.assertEqual(stage.channel.tally, Tally(unsent=9, sent=5, pending=3))
        stage.endpoint.error = PortError("unplugged")
        stage.device.reset()
        self.assertEqual(stage.channel.tally, Tally(unsent=9, sent=5, dropped=3))
        self.assertEqual(stage.channel.send(b"too late"), 0)
        self.assertEqual(stage.channel.tally, Tally(unsent=17, sent=5, dropped=3))

    def test_it_is_opened_again_after_it_was_lost(self) -> None:
        stage = Stage(self).opened()
        stage.endpoint.error = PortError("not there")
        stage.device.reset()
        stage.tick(2 * LAST_RETRY)
        stage.endpoint.error = PortError("not allowed")
        stage.tick(2 * LAST_RETRY)
        self.assertEqual(
            [why for why, news in stage.owner.of("failed") if news], ["not there", "not allowed"]
        )
        stage.endpoint.error = None
        stage.tick(LAST_RETRY)
        self.assertEqual(stage.owner.of("opened"), [(Peer("", 0, 1),), (Peer("", 0, 2),)])
        ((peer, why),) = stage.owner.of("closed")
        self.assertEqual((peer, "lost" in why), (Peer("", 0, 1), True))
        self.assertEqual(stage.channel.send(b"for a former session", peer), 0)
        self.assertEqual(stage.channel.send(b"for this one", stage.channel.peers[0]), 1)

    def test_a_busy_port_is_told(self) -> None:
        stage = Stage(self)
        stage.endpoint.error = PortBusyError("minicom has it")
        stage.opened()
        self.assertEqual(stage.owner.told, [("failed", "minicom has it", True)])

    def test_too_much_is_dropped_and_told_once(self) -> None:
        stage = Stage(self).opened()
        for _ in range(5):
            stage.channel.send(bytes(MOST_PENDING // 4))
        stage.channel.send(b"more")
        self.assertEqual(stage.channel.tally, Tally(pending=MOST_PENDING, dropped=MOST_PENDING // 4 + 4))
        self.assertEqual(len(stage.owner.of("noted")), 1)
        stage.device.take(MOST_PENDING)
        self.assertEqual(stage.channel.send(b"again"), 1)

    def test_an_owner_that_fails_is_logged_and_the_device_stays(self) -> None:
        stage = Stage(self).opened()
        stage.owner.on_data = lambda peer, data: 1 / 0
        stage.device.say(b"x")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(len(stage.channel.peers), 1)

    def test_an_owner_may_send_at_once(self) -> None:
        stage = Stage(self)
        stage.owner.on_opened = lambda peer: stage.channel.send(b"hello", peer)
        stage.opened()
        stage.device.take(9)
        self.assertEqual(stage.device.taken, b"hello")

    def test_dropping_opens_it_anew(self) -> None:
        stage = Stage(self).opened()
        self.assertFalse(stage.channel.drop(Peer("", 0, 7)))
        self.assertTrue(stage.channel.drop(Peer("", 0, 1)))
        stage.tick(0.1)
        self.assertEqual(stage.channel.peers, (Peer("", 0, 2),))

    def test_it_stays_where_it_is(self) -> None:
        stage = Stage(self).opened()
        self.assertRaises(ChannelError, stage.channel.redirect, "10.0.0.1", 1)
        had: list[None] = []
        for held in (True, True, False, False):
            stage.channel.lock(held, False).addCallback(had.append)
        self.assertEqual(had, [None] * 4)
        channel: Channel = stage.channel
        self.assertEqual(channel.where, "port ttyX")

    def test_a_string_that_means_nothing_is_the_operators(self) -> None:
        device = EndpointDevice("nonsense")
        error = self.assertRaises(ConfigError, DeviceChannel, Owner(), device, Clock())
        self.assertIn("endpoint nonsense", str(error))


class EndTests(SynchronousTestCase):
    """Closing, and opening while that goes on."""

    def test_what_waits_is_sent_first(self) -> None:
        stage = Stage(self).opened()
        stage.channel.send(b"goodbye")
        stage.close()
        stage.close()
        stage.tick(0.1)
        self.assertEqual(stage.channel.send(b"too late"), 0)
        stage.device.say(b"not heard")
        self.assertEqual((stage.ended, stage.device.connected), ([], True))
        stage.device.take(7)
        stage.tick(0.04)
        self.assertEqual((stage.ended, stage.device.connected), ([None, None], False))
        self.assertEqual(stage.channel.tally, Tally(sent=7, unsent=8))
        self.assertEqual(stage.owner.told[1:], [("closed", Peer("", 0, 1), "closed")])
        self.assertEqual(stage.clock.getDelayedCalls(), [])

    def test_a_device_that_takes_nothing_is_waited_for_a_second(self) -> None:
        stage = Stage(self).opened()
        stage.channel.send(b"goodbye")
        stage.close()
        stage.tick(LAST_WORDS - 0.1)
        self.assertEqual(stage.ended, [])
        stage.tick(0.2)
        self.assertEqual(stage.ended, [None])
        self.assertEqual(stage.channel.tally, Tally(dropped=7))

    def test_what_is_in_the_driver_is_waited_for_too(self) -> None:
        stage = Stage(self).opened()
        stage.serial.unsent = 3
        stage.close()
        stage.tick(0.1)
        self.assertEqual(stage.ended, [])
        stage.serial.unsent = 0
        stage.tick(0.04)
        self.assertEqual(stage.ended, [None])

    def test_one_that_never_was_open_ends_at_once(self) -> None:
        stage = Stage(self)
        stage.close()
        self.assertEqual(stage.ended, [None])
        stage.endpoint.error = PortError("not there")
        stage.opened()
        stage.close()
        self.assertEqual((stage.ended, stage.clock.getDelayedCalls()), ([None, None], []))

    def test_one_that_is_lost_meanwhile_ends(self) -> None:
        stage = Stage(self).opened()
        stage.channel.send(b"goodbye")
        stage.close()
        stage.device.reset()
        stage.tick(0.1)
        self.assertEqual((stage.ended, stage.clock.getDelayedCalls()), ([None], []))
        self.assertEqual(len(stage.endpoint.gone), 0)

    def test_opening_while_it_closes(self) -> None:
        stage = Stage(self).opened()
        stage.channel.send(b"goodbye")
        stage.close()
        stage.channel.open()
        stage.device.take(7)
        stage.tick(0.1)
        self.assertEqual((stage.ended, stage.channel.peers), ([None], (Peer("", 0, 2),)))

    def test_opening_what_is_open_closes_it_first(self) -> None:
        stage = Stage(self).opened()
        stage.opened()
        stage.tick(0.1)
        kinds = [told[0] for told in stage.owner.told]
        self.assertEqual(kinds, ["opened", "closed", "opened"])
        self.assertEqual([transport.connected for transport in stage.endpoint.gone], [False])

    def test_any_order_of_opening_and_closing_ends_as_the_last_one_says(self) -> None:
        for number in range(64):
            with self.subTest(number=number):
                stage = Stage(self)
                steps = [bool(number >> bit & 1) for bit in range(6)]
                for step in steps:
                    stage.channel.open() if step else stage.close()
                    if stage.channel.peers:
                        stage.channel.send(b"x")
                        stage.tick(0.02 * (number % 3))
                stage.tick(3)
                self.assertEqual(len(stage.channel.peers), int(steps[-1]))
                self.assertEqual(len(stage.ended), 6 - sum(steps))
                opened, closed = stage.owner.of("opened"), stage.owner.of("closed")
                self.assertEqual([peer for peer, _ in closed], [peer for (peer,) in opened][: len(closed)])


class LineTests(SynchronousTestCase):
    """DTR and RTS follow the use of the port; a break needs a line."""

    def test_the_lines_follow(self) -> None:
        for device in (LINED, Rfc2217Device("h", 1, lines=LINED.lines)):
            stage = Stage(self, device).opened()
            self.assertEqual(stage.serial.asked, [IN_USE])
            stage.channel.send(b"goodbye")
            stage.close()
            stage.tick(0.1)
            self.assertEqual(stage.serial.asked, [IN_USE, b"goodbye"])
            stage.device.take(7)
            stage.tick(0.04)
            self.assertEqual(stage.serial.asked, [IN_USE, b"goodbye", IDLE])
            self.assertEqual(stage.ended, [None])

    def test_a_far_port_that_does_not_answer_is_closed_all_the_same(self) -> None:
        stage = Stage(self, Rfc2217Device("h", 1, lines=LINED.lines)).opened()
        stage.serial.keep_answers()
        stage.close()
        stage.tick(LAST_WORDS - 0.1)
        self.assertEqual(stage.ended, [])
        stage.tick(0.2)
        self.assertEqual((stage.ended, stage.device.connected), ([None], False))

    def test_lines_that_cannot_be_set_are_noted(self) -> None:
        def fail(lines: Lines) -> Deferred[None]:
            failed: Deferred[None] = Deferred()
            failed.errback(PortError("no such line"))
            return failed

        stage = Stage(self, LINED)
        assert isinstance(stage.endpoint, SerialEndpoint)
        stage.endpoint.prepare = lambda serial: setattr(serial, "set_lines", fail)
        stage.opened()
        stage.close()
        stage.tick(0.1)
        self.assertEqual((stage.owner.of("noted"), stage.ended), ([("no such line",)], [None]))

    def test_a_break_is_held(self) -> None:
        stage = Stage(self).opened()
        stage.channel.send_break(0.25)
        self.assertEqual(stage.serial.asked, [0.25])

    def test_without_a_line_there_is_no_break(self) -> None:
        stage = Stage(self, LoopDevice(), serial=False).opened()
        stage.channel.send_break(0.25)
        stage.channel.send_break(0.25)
        self.assertEqual(stage.owner.of("noted"), [("loop has no serial line to hold a break on",)])


class RealTests(TestCase):
    """Ptys, and the reactor itself."""

    timeout = 60

    def setUp(self) -> None:
        self.owner = Owner()

    def channel(self, device: Device) -> DeviceChannel:
        channel = DeviceChannel(self.owner, device, reactor)
        self.addCleanup(channel.close)
        return channel

    async def test_a_port_both_ways(self) -> None:
        pty = Pty(self)
        channel = self.channel(PortDevice(str(pty.path)))
        channel.open()
        await until(lambda: channel.peers)
        data = pattern(3000)
        pty.write(data)
        await until(lambda: len(b"".join(self.owner.data)) == len(data))
        channel.send(data)
        self.assertEqual(b"".join(self.owner.data), data)
        self.assertEqual(pty.read(3000), data)
        self.assertEqual(channel.tally, Tally(received=3000, sent=3000))

    async def test_closing_frees_the_port_and_opening_takes_it_again(self) -> None:
        pty = Pty(self)
        os.close(pty.slave)
        pty.slave = os.dup(pty.master)  # nobody but the channel may have the port open
        channel = self.channel(PortDevice(str(pty.path)))
        for _ in range(3):
            channel.open()
            await until(lambda: channel.peers)
            await channel.close()
            self.assertEqual(held_here(pty.path), 0)
            fd = open_port(pty.path)
            await keep_others_out(fd, pty.path, reactor)
            close_port(fd, exclusive=True)

    async def test_opening_while_it_opens_and_closes(self) -> None:
        pty = Pty(self)
        channel = self.channel(PortDevice(str(pty.path), exclusive=False))
        for _ in range(5):
            channel.open()
            channel.close()
            channel.open()
            channel.open()
        await until(lambda: channel.peers)
        await channel.close()
        self.assertEqual(channel.peers, ())

    async def test_a_stuck_port_is_closed_all_the_same(self) -> None:
        pty = Pty(self)
        channel = self.channel(PortDevice(str(pty.path), exclusive=False))
        channel.open()
        await until(lambda: channel.peers)
        channel.send(bytes(100_000))
        await channel.close()
        tally = channel.tally
        self.assertEqual((tally.pending, tally.sent + tally.dropped), (0, 100_000))
        self.assertGreater(tally.dropped, 0)

    async def test_an_unplugged_port_is_told_and_found_again(self) -> None:
        link = Path(make_folder(self)) / "port"
        first = Pty(self, link)
        channel = self.channel(PortDevice(str(link), exclusive=False))
        channel.open()
        await until(lambda: channel.peers)
        first.close()
        await until(lambda: not channel.peers)
        second = Pty(self, link)
        await until(lambda: channel.peers)
        channel.send(b"back")
        self.assertEqual(second.read(4), b"back")

    async def test_a_virtual_port_is_there_while_it_is_open(self) -> None:
        folder = Path(make_folder(self))
        channel = self.channel(VirtualDevice(folder / "port"))
        for _ in range(2):
            channel.open()
            await until(lambda: channel.peers)
            fd = os.open(folder / "port", os.O_RDWR | os.O_NOCTTY)
            os.write(fd, b"in")
            count = len(self.owner.data)
            await until(lambda count=count: len(self.owner.data) > count)
            channel.send(b"out")
            self.assertEqual(os.read(fd, 10), b"out")
            os.close(fd)
            await channel.close()
            self.assertEqual(list(folder.iterdir()), [])

    async def test_a_loop(self) -> None:
        channel = self.channel(LoopDevice())
        channel.open()
        channel.send(b"echo")
        await until(lambda: self.owner.data)
        await channel.close()
        self.assertEqual(channel.tally, Tally(received=4, sent=4))
