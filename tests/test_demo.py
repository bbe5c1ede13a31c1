"""The demonstration that comes with the package."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from smartserial import config
from smartserial.cli import main
from smartserial.settings import LoopDevice, NetworkCarrier, Role, ShareCarrier, SimDevice, VirtualDevice

ROOT = Path(__file__).parent.parent


class DemoTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = config.config_path("demo")
        self.settings, self.findings = config.load(self.path)

    def test_the_copy_in_etc(self) -> None:
        self.assertEqual((ROOT / "etc" / "demo.yaml").read_bytes(), self.path.read_bytes())

    def test_clean(self) -> None:
        self.assertEqual(self.findings, [])
        self.assertEqual(main(["check", "--strict", "demo"]), 0)
        self.assertEqual(main(["check", "--strict", str(ROOT / "etc" / "demo.yaml")]), 0)

    def test_the_first_port_is_the_meters(self) -> None:
        meter = self.settings.shares[0]
        assert isinstance(meter.device, SimDevice)
        self.assertEqual((meter.name, meter.device.name), ("meter", "scpi-meter"))
        first = next(word for word in self.path.read_text().split("port: ")[1:])
        self.assertEqual(int(first.split("}")[0]), meter.listeners[0].address.port)

    def test_without_hardware(self) -> None:
        for share in self.settings.shares:
            self.assertIsInstance(share.device, (SimDevice, LoopDevice, VirtualDevice))
        for element in self.settings.elements:
            for connection in element.connections:
                self.assertIsInstance(connection.carrier, (NetworkCarrier, ShareCarrier))

    def test_of_this_machine_alone(self) -> None:
        addresses = [listener.address for share in self.settings.shares for listener in share.listeners]
        self.assertEqual({address.host for address in addresses}, {"127.0.0.1"})
        self.assertEqual({address.endpoint for address in addresses}, {""})
        carriers = [one.carrier for element in self.settings.elements for one in element.connections]
        network = [one for one in carriers if isinstance(one, NetworkCarrier)]
        self.assertEqual({one.host for one in network}, {"127.0.0.1"})
        servers = [one for one in network if one.role is Role.SERVER]
        self.assertTrue(servers)
        ports = [address.port for address in addresses] + [one.port for one in servers]
        self.assertEqual(len(set(ports)), len(ports))
        self.assertTrue(all(ports), "a demonstration has ports that can be written down")
