"""Two gateways in a row: settings, lines and breaks pass through both, from pyserial to the port."""

from __future__ import annotations

import warnings
from typing import Any
from unittest import TestCase

import serial
import serial.rfc2217

from tests.fakeport import FakePort
from tests.support import GUARD, Program, receive, until

NEAR = """
shares:
  near:
    device: {{rfc2217: "127.0.0.1:{port}"{line}}}
    listen: [{{port: 0}}, {{port: 0, mode: rfc2217}}]
    sharing: {{settings: {{notify: true}}}}
"""


class ChainTests(TestCase):
    """Gateway `far` has the port; `near` has `far`, for plain and for RFC 2217 clients."""

    def setUp(self) -> None:
        self.port = FakePort(self)
        self.far_config = f"""
            shares:
              far:
                device: {{port: "{self.port.path}"}}
                listen: [{{port: %d, mode: rfc2217}}]
                sharing: {{settings: {{notify: true}}, control: anyone}}
            """
        self.far = Program(self, self.far_config % 0, env=self.port.env)
        self.number = self.far.ports("far")[0]

    def start(self, line: str = "") -> None:
        self.near = Program(self, NEAR.format(port=self.number, line=line))
        self.near.wait_for("near: opened rfc2217 ")

    def pyserial(self, number: int, **settings: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it names its threads in the old way
            port = serial.serial_for_url(f"rfc2217://127.0.0.1:{number}", timeout=GUARD, **settings)
        self.addCleanup(port.close)
        return port

    def test_what_a_client_sets_reaches_the_port(self) -> None:
        self.start()
        self.near.wait_for("near: opened rfc2217 .* 9600 8N1")
        client = self.pyserial(self.near.ports("near")[1], baudrate=19200, bytesize=7, parity="E", stopbits=2)
        self.assertEqual(self.port.settings(), "19200 7E2 none")
        client.baudrate = 115200
        client.rtscts = True
        self.assertEqual(self.port.settings(), "115200 7E2 rtscts")
        for dtr, rts in ((False, True), (True, False), (False, False)):
            client.dtr, client.rts = dtr, rts
            self.assertEqual(self.port.outputs(), (dtr, rts))
        self.port.clear()
        client.send_break(0.01)
        until(lambda: len(self.port.calls("TIOCSBRK", "TIOCCBRK")) == 2)
        client.reset_input_buffer()
        client.reset_output_buffer()
        until(lambda: len(self.port.calls("TCFLSH")) == 2)
        client.close()
        until(lambda: self.port.settings() == "9600 8N1 none", "what was in force before comes back")

    def test_what_the_port_tells_reaches_the_clients(self) -> None:
        self.start()
        client = self.pyserial(self.near.ports("near")[1])
        self.port.set_inputs(cts=True, cd=True)
        until(lambda: client.cts and client.cd and not client.dsr and not client.ri)
        self.port.set_inputs(cts=False, dsr=True, ri=True)
        until(lambda: client.dsr and client.ri and not client.cts)
        client.rfc2217_send_subnegotiation(serial.rfc2217.SET_LINESTATE_MASK, b"\x1e")
        self.port.count(frame=1)
        until(lambda: (client._linestate or 0) & 8, "a framing error")

    def test_every_byte_passes(self) -> None:
        self.start()
        data = bytes(range(256)) * 64
        plain, client = self.near.connect("near"), self.pyserial(self.near.ports("near")[1])
        self.addCleanup(plain.close)
        for write in (plain.sendall, client.write):
            write(data)
            self.assertEqual(self.port.read(len(data)), data)
        self.port.write(data)
        self.assertEqual(receive(plain, len(data)), data)
        self.assertEqual(client.read(len(data)), data)

    def test_the_line_is_set_by_configuration(self) -> None:
        self.start(", line: 19200 8E1, strict: true, lines: {connected: {dtr: false}, idle: {rts: false}}")
        self.near.wait_for("near: opened rfc2217 .* 19200 8E1")
        self.assertEqual(self.port.settings(), "19200 8E1 none")
        until(lambda: self.port.outputs() == (True, False))
        with self.near.connect("near"):
            until(lambda: self.port.outputs() == (False, False))

    def test_a_change_behind_us_is_told(self) -> None:
        self.start()
        client = self.pyserial(self.near.ports("near")[1])
        other = self.pyserial(self.number, baudrate=38400)
        self.near.wait_for("near: is at 38400 8N1")
        self.assertEqual(other.baudrate, 38400)
        client.baudrate = 57600
        self.assertEqual(self.port.settings(), "57600 8N1 none")

    def test_a_refused_setting_stays_as_it_was(self) -> None:
        self.start()
        self.port.refuse(parities="MS")
        client = self.pyserial(self.near.ports("near")[1])
        with self.assertRaises(ValueError):
            client.parity = "M"
        self.assertEqual(self.port.settings(), "9600 8N1 none")
        self.near.wait_for("near: .* refused parity mark; it stays at 9600 8N1")

    def test_the_far_gateway_comes_back(self) -> None:
        self.start()
        client = self.pyserial(self.near.ports("near")[1], baudrate=19200)
        self.assertEqual(self.far.stop(), 0)
        self.near.wait_for("near: lost the device|near: .*(lost|gone|trying again)")
        again = Program(self, self.far_config % self.number, env=self.port.env)
        self.near.wait_for("near: opened rfc2217 ", 2)
        until(lambda: self.port.settings() == "19200 8N1 none", "what the client has set is set again")
        client.write(b"\xffback")
        self.assertEqual(self.port.read(5), b"\xffback")
        self.assertIsNone(again.process.poll())
