"""A program that opens a virtual port, and sets it, before the share has begun to serve it."""

from __future__ import annotations

import os
import termios
from pathlib import Path

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from smartserial.channels.endpoints import VirtualEndpoint
from smartserial.channels.virtual.port import VirtualPort
from smartserial.events import (
    DeviceOpened,
    Event,
    EventStream,
    PortClosed,
    PortOpened,
    SettingsChanged,
    ShareStarted,
)
from smartserial.settings import ShareSettings, VirtualDevice
from smartserial.share.service import Share
from tests.support import make_folder
from tests.virtualstage import turn, until


class EarlyTest(TestCase):
    timeout = 60

    def setUp(self) -> None:
        self.device = VirtualDevice(Path(make_folder(self)) / "port")
        self.events: list[Event] = []
        self.stream = EventStream()
        self.stream.subscribe(self.events.append)

    def program(self) -> None:
        """Open the port and set its speed, as a program does that has waited for it."""
        fd = os.open(self.device.path, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        attributes = termios.tcgetattr(fd)
        attributes[4] = attributes[5] = termios.B2400
        termios.tcsetattr(fd, termios.TCSANOW, attributes)

    def serve(self, port: VirtualPort | None = None) -> Share:
        """Serve the device; `port` was made before."""
        endpoint = VirtualEndpoint(self.device, reactor, port)
        share = Share(ShareSettings("v", self.device, ()), endpoint, [], self.stream, reactor)
        share.startService()
        self.addCleanup(share.stopService)
        return share

    async def told(self) -> None:
        self.serve()
        await until(lambda: any(isinstance(event, SettingsChanged) for event in self.events))
        kinds = [type(event) for event in self.events]
        self.assertEqual(kinds, [ShareStarted, DeviceOpened, PortOpened, SettingsChanged])
        self.assertEqual(self.events[-1].settings, "2400 8N1")  # type: ignore[attr-defined]

    async def test_as_soon_as_its_link_is_there(self) -> None:
        put_link = VirtualPort.put_link

        def then_the_program(port: VirtualPort) -> None:
            put_link(port)
            self.program()

        self.patch(VirtualPort, "put_link", then_the_program)
        await self.told()

    async def test_as_soon_as_it_is_told_to_be_open(self) -> None:
        self.stream.subscribe(lambda event: self.program() if isinstance(event, DeviceOpened) else None)
        await self.told()

    async def test_one_that_has_written_and_is_gone(self) -> None:
        port = VirtualPort(self.device)
        fd = os.open(self.device.path, os.O_RDWR | os.O_NOCTTY)
        os.write(fd, b"hello")
        os.close(fd)
        share = self.serve(port)
        await until(lambda: share.stock.size == 5 and share.device.streams[0].drained)
        kinds = [type(event) for event in self.events]
        self.assertEqual(kinds, [ShareStarted, DeviceOpened, PortOpened, PortClosed])

    async def test_one_that_comes_and_goes_as_it_is_told_to_be_open(self) -> None:
        def program(event: Event) -> None:
            if isinstance(event, DeviceOpened):
                fd = os.open(self.device.path, os.O_RDWR | os.O_NOCTTY)
                os.write(fd, b"hello")
                os.close(fd)

        self.stream.subscribe(program)
        share = self.serve()
        await until(lambda: share.stock.size == 5 and share.device.streams[0].drained)
        await turn()
        kinds = [type(event) for event in self.events]
        self.assertEqual(kinds, [ShareStarted, DeviceOpened, PortOpened, PortClosed])
