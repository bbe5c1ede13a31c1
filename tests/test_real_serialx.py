"""serialx's `rfc2217://`, plain and for asyncio."""

from __future__ import annotations

import asyncio
from typing import Any

import serialx

from tests.sessions import ALL, GatewayCase
from tests.support import GUARD, until

# What is set together, what is told then, and what the driver has where that is something else.
SETTINGS: list[tuple[dict[str, Any], str, str]] = [
    ({"baudrate": 300}, "300 8N1 none", ""),
    ({"baudrate": 250000}, "250000 8N1 none", ""),
    ({"baudrate": 65535}, "65535 8N1 none", ""),
    ({"parity": "O"}, "65535 8O1 none", ""),
    ({"parity": "M"}, "65535 8M1 none", ""),
    ({"parity": "S"}, "65535 8S1 none", ""),
    ({"parity": "E", "byte_size": 7, "stopbits": 2}, "65535 7E2 none", ""),
    ({"byte_size": 6, "stopbits": 1}, "65535 6E1 none", ""),
    ({"byte_size": 5}, "65535 5E1 none", ""),
    ({"stopbits": 1.5}, "65535 5E1.5 none", ""),
    ({"stopbits": 1}, "65535 5E1 none", ""),
    ({"byte_size": 8, "parity": "N", "stopbits": 1.5}, "65535 8N1.5 none", "65535 8N2 none"),
    ({"stopbits": 2, "xonxoff": True}, "65535 8N2 xonxoff", ""),
    ({"xonxoff": False, "rtscts": True}, "65535 8N2 rtscts", ""),
    ({"rtscts": False, "baudrate": 115200}, "115200 8N2 none", ""),
]
OPEN: dict[str, Any] = {"baudrate": 19200, "parity": "E", "stopbits": 2, "byte_size": 7, "xonxoff": True}


def lines(pins: serialx.ModemPins) -> tuple[bool | None, ...]:
    return tuple(pin.to_bool() for pin in (pins.cts, pins.dsr, pins.rng, pins.car))


class SerialxTests(GatewayCase):
    def setUp(self) -> None:
        super().setUp()
        self.url = f"rfc2217://127.0.0.1:{self.number}"
        self.none = (False,) * 4 if self.fake else (True, True, False, True)

    def test_settings(self) -> None:
        with serialx.serial_for_url(self.url, **OPEN) as port:
            self.in_force("19200 7E2 xonxoff")
            port.reconfigure_port(baudrate=9600, parity="N", byte_size=8, stopbits=1, xonxoff=False)
            for wanted, told, driver in SETTINGS:
                with self.subTest(wanted):
                    port.reconfigure_port(**wanted)
                    self.in_force(told, driver)
        self.restored()

    def test_lines_buffers_and_bytes(self) -> None:
        port = serialx.serial_for_url(self.url, baudrate=115200, read_timeout=GUARD)
        self.addCleanup(port.close)
        for _ in range(2):
            port.open()
            self.assertEqual(lines(port.get_modem_pins()), self.none)
            self.drive(port)
            port.write(ALL * 8)
            self.assertEqual(self.port.read(2048), ALL * 8)
            self.port.write(ALL * 8 + b"line\nrest")
            self.assertEqual(port.readexactly(2048), ALL * 8)
            self.assertEqual(port.read_until(b"\n"), b"line\n")
            self.assertEqual(port.read(4), b"rest")
            port.close()
            self.restored()

    def drive(self, port: serialx.BaseSerial) -> None:
        port.set_modem_pins(dtr=False, rts=False)
        self.assertEqual((port.dtr, port.rts), (False, False))
        port.dtr = True
        port.set_modem_pins(serialx.ModemPins(rts=serialx.PinState.HIGH))
        port.rts = False
        port.rts = True
        levels = ((0, 1), (0, 0), (1, 0), (1, 1), (1, 0), (1, 1))
        self.took(*(f"TIOCMSET dtr={dtr} rts={rts}" for dtr, rts in levels))

    def test_buffers(self) -> None:
        with serialx.serial_for_url(self.url, baudrate=9600, read_timeout=GUARD) as port:
            self.port.write(b"stale")
            self.assertEqual(port.read(1), b"s")
            until(lambda: port.get_modem_pins() and port.num_unread_bytes() == 4, "what is waiting")
            port.reset_read_buffer()
            self.assertEqual(port.num_unread_bytes(), 0)
            port.reset_write_buffer()
            self.flushed("out", "in")  # it has the two the other way round
            port.write(b"fresh")
            port.flush()
            self.assertEqual(self.port.read(5), b"fresh")

    def test_modem_lines(self) -> None:
        with serialx.serial_for_url(self.url, baudrate=9600) as port:
            self.assertEqual(lines(port.get_modem_pins()), self.none)
            if self.fake:
                self.fake.set_inputs(cts=True, ri=True)
                until(lambda: lines(port.get_modem_pins()) == (True, False, True, False), "a notification")
                self.fake.set_inputs(cts=False, dsr=True, ri=False, cd=True)
                until(lambda: lines(port.get_modem_pins()) == (False, True, False, True), "a notification")

    def test_asyncio(self) -> None:
        asyncio.run(asyncio.wait_for(self.with_asyncio(), GUARD))

    async def with_asyncio(self) -> None:
        async with serialx.async_serial_for_url(self.url, **OPEN) as port:
            self.in_force("19200 7E2 xonxoff")
            await port.reconfigure_port(baudrate=9600, parity="N", byte_size=8, stopbits=1, xonxoff=False)
            for wanted, told, driver in SETTINGS:
                with self.subTest(wanted):
                    await port.reconfigure_port(**wanted)
                    self.in_force(told, driver)
            self.assertEqual(lines(await port.get_modem_pins()), self.none)
            await port.set_modem_pins(dtr=False, rts=False)
            await port.set_modem_pins(dtr=True)
            self.took(*(f"TIOCMSET dtr={dtr} rts={rts}" for dtr, rts in ((0, 1), (0, 0), (1, 0))))
            await port.write(ALL * 8)
            await port.flush()
            self.assertEqual(self.port.read(2048), ALL * 8)
            self.port.write(ALL * 8 + b"line\nword;rest")
            self.assertEqual(await port.readexactly(2048), ALL * 8)
            self.assertEqual(await port.readline(), b"line\n")
            self.assertEqual(await port.readuntil(b";"), b"word;")
            self.assertEqual(await port.readexactly(4), b"rest")
            port.writelines_nowait([b"the ", b"last"])
        self.assertEqual(self.port.read(8), b"the last")
        self.restored()

    def test_streams(self) -> None:
        asyncio.run(asyncio.wait_for(self.with_streams(), GUARD))

    async def with_streams(self) -> None:
        reader, writer = await serialx.open_serial_connection(self.url, baudrate=115200)
        writer.write(b"\xff\r\n")
        await writer.drain()
        self.assertEqual(self.port.read(3), b"\xff\r\n")
        self.port.write(b"\xff\r\n")
        self.assertEqual(await reader.readexactly(3), b"\xff\r\n")
        self.in_force("115200 8N1 none")
        writer.close()
        await writer.wait_closed()
        self.restored()


class SerialxOnAPtyTests(SerialxTests):
    uart = False
