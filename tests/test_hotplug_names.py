"""Names of ports: paths, patterns, and adapters by what they say; on a system that the test makes."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.serial import portlist
from smartserial.channels.serial.portlist import ListedPort, find_port, folders_of, list_ports
from smartserial.errors import PortError
from smartserial.portnames import UsbName, check_name, is_pattern, usb_name
from smartserial.settings import PortDevice
from tests.configs import judged, the_share, two_devices
from tests.support import make_folder


class NameTest(SynchronousTestCase):
    def test_usb_names(self) -> None:
        for name, expected in (
            ("ttyUSB0", None),
            ("/dev/usb:x", None),
            ("usb:A50285BI", UsbName(serial="A50285BI")),
            ("usb:0403:6001", UsbName("0403", "6001")),
            ("usb:1A86:7523", UsbName("1a86", "7523")),
            ("usb:0403:6001:A50285BI", UsbName("0403", "6001", "A50285BI")),
            ("usb:0403:6001:a:b", UsbName("0403", "6001", "a:b")),
            ("usb:34:85:18:AA:BB:CC", UsbName(serial="34:85:18:AA:BB:CC")),  # some serial numbers look so
            ("usb:0403", UsbName(serial="0403")),
        ):
            self.assertEqual(usb_name(name), expected, name)

    def test_a_name_that_asks_nothing(self) -> None:
        for name in (
            "usb:",
            "usb:  ",
            "usb:0403:6001:",
            "usb:zz:10",
            "usb:0403:600",
            "usb:403:6001:A1",
            "usb:A1:",
        ):
            with self.assertRaises(ValueError) as caught:
                check_name(name)
            self.assertIn("expected usb:SERIAL, usb:VID:PID or usb:VID:PID:SERIAL", str(caught.exception))

    def test_a_name_that_no_port_can_have(self) -> None:
        for name, words in (
            ("usb:*", "expected a serial number, which is no pattern, found 'usb:*'"),
            ("usb:A5?", "expected a serial number"),
            ("tty[", "expected a ] for each [ of a pattern, found 'tty['"),
            ("/dev/serial/by-id/[", "expected a ] for each ["),
            (".", "expected the name or the path of a port, found '.'"),
            ("..", "expected the name or the path of a port"),
            ("/dev/", "expected the name or the path of a port"),
            ("./..", "expected the name or the path of a port"),
            ("/dev/ttyUSB*/x", "expected the name or the path of a port"),
            ("/dev/tty[0-3]/[", "expected the name or the path of a port"),
        ):
            with self.assertRaises(ValueError) as caught:
                check_name(name)
            self.assertIn(words, str(caught.exception))
        for name in ("ttyS0", "tty[0-3]", "/dev/serial/by-id/*", "usb:34:85:18:AA:BB:CC", "a]b"):
            check_name(name)
        for name in ("/dev/serial/*/x", "/home/tty/x", ".hidden", "...", "ports/left", "/dev/ttyUSB?"):
            check_name(name)

    def test_patterns(self) -> None:
        for name, expected in (
            ("ttyUSB0", False),
            ("/dev/serial/by-path/pci-0000:00:1d.0-usb-0:1:1.0-port0", False),
            ("usb:x", True),
            ("ttyUSB*", True),
            ("ttyUSB?", True),
            ("ttyUSB[01]", True),
        ):
            self.assertEqual(is_pattern(name), expected, name)

    @given(st.text(max_size=12))
    def test_each_part_that_is_asked_has_to_fit(self, serial: str) -> None:
        name = UsbName("0403", "6001", serial)
        self.assertTrue(name.fits("0403", "6001", serial))
        self.assertEqual(name.fits("0403", "6001", serial + "x"), not serial)
        self.assertFalse(name.fits("0403", "6010", serial) or name.fits("0404", "6001", serial))


class Machine:
    """Folders that look like /sys/class/tty and /dev."""

    def __init__(self, test: SynchronousTestCase) -> None:
        root = Path(make_folder(test)).resolve()
        self.sys, self.dev = root / "sys/class/tty", root / "dev"
        self.by_id, self.by_path = self.dev / "serial/by-id", self.dev / "serial/by-path"
        self.sys.mkdir(parents=True)
        self.dev.mkdir()
        for name, value in (
            ("SYSFS", self.sys),
            ("DEV", self.dev),
            ("FOLDERS", (self.dev, self.by_id, self.by_path)),
        ):
            patcher = patch.object(portlist, name, value)
            patcher.start()
            test.addCleanup(patcher.stop)

    def plug(self, name: str, *, by_id: str = "", by_path: str = "", **said: str) -> Path:
        """Plug an adapter in; `said` are files of its USB device, such as ``serial="A5"``."""
        usb = self.sys.parents[1] / "devices" / f"usb-of-{name}"
        port = usb / "1-1:1.0" / name
        port.mkdir(parents=True)
        for file, text in said.items():
            (usb / file).write_text(f"{text}\n")
        (self.sys / name).mkdir()
        (self.sys / name / "device").symlink_to(port)
        path = self.dev / name
        path.touch()
        for folder, link in ((self.by_id, by_id), (self.by_path, by_path)):
            if link:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / link).symlink_to(f"../../{name}")
        return path

    def ftdi(self, number: int, serial: str = "") -> Path:
        """Plug in a usual adapter."""
        return self.plug(
            f"ttyUSB{number}",
            by_id=f"usb-FTDI_FT232R_{serial or 'x'}-if00-port0",
            by_path=f"pci-0000:00:14.0-usb-0:{number}:1.0-port0",
            idVendor="0403",
            idProduct="6001",
            manufacturer="FTDI",
            product="FT232R USB UART",
            **({"serial": serial} if serial else {}),
        )


class MachineTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.machine = Machine(self)

    def wrong(self, name: str) -> str:
        with self.assertRaises(PortError) as caught:
            find_port(name)
        return str(caught.exception).replace(str(self.machine.dev), "DEV")

    def test_the_list(self) -> None:
        machine = self.machine
        self.assertEqual(list_ports(), [])
        machine.ftdi(10, "A10")
        machine.ftdi(9)
        uart = machine.plug("ttyAMA0")
        ghost = machine.plug("ttyS3")
        (machine.sys / "ttyS3" / "type").write_text("0\n")
        (machine.sys / "console").mkdir()  # no port at all
        machine.plug("ttyACM0").unlink()  # no node
        self.assertTrue(ghost.exists())
        self.assertEqual(
            list_ports(),
            [
                ListedPort(uart),
                ListedPort(
                    machine.dev / "ttyUSB9",
                    "0403",
                    "6001",
                    "",
                    "FTDI FT232R USB UART",
                    (
                        machine.by_id / "usb-FTDI_FT232R_x-if00-port0",
                        machine.by_path / "pci-0000:00:14.0-usb-0:9:1.0-port0",
                    ),
                ),
                ListedPort(
                    machine.dev / "ttyUSB10",
                    "0403",
                    "6001",
                    "A10",
                    "FTDI FT232R USB UART",
                    (
                        machine.by_id / "usb-FTDI_FT232R_A10-if00-port0",
                        machine.by_path / "pci-0000:00:14.0-usb-0:10:1.0-port0",
                    ),
                ),
            ],
        )
        self.assertEqual([port.usb for port in list_ports()], ["", "0403:6001", "0403:6001"])

    def test_by_serial_number(self) -> None:
        first, second = self.machine.ftdi(0, "A1"), self.machine.ftdi(1, "A2")
        self.assertEqual((find_port("usb:A1"), find_port("usb:0403:6001:A2")), (first, second))
        self.assertEqual(self.wrong("usb:A3"), "there is no port usb:A3")
        self.assertEqual(self.wrong("usb:0403:6010:A1"), "there is no port usb:0403:6010:A1")
        self.assertEqual(self.wrong("usb:a1"), "there is no port usb:a1")

    def test_several_are_named(self) -> None:
        self.machine.ftdi(0, "A1")
        self.assertEqual(find_port("usb:0403:6001").name, "ttyUSB0")
        self.machine.ftdi(1)
        self.assertEqual(
            self.wrong("usb:0403:6001"),
            "expected one port usb:0403:6001, found DEV/ttyUSB0 (serial number A1), DEV/ttyUSB1",
        )
        self.assertEqual(self.wrong("ttyUSB*"), "expected one port ttyUSB*, found DEV/ttyUSB0, DEV/ttyUSB1")

    def test_a_port_without_usb_is_not_meant(self) -> None:
        self.machine.plug("ttyAMA0")
        self.assertEqual(self.wrong("usb:x"), "there is no port usb:x")

    def test_by_pattern(self) -> None:
        machine = self.machine
        machine.ftdi(0, "A1")
        machine.ftdi(1, "A2")
        link = machine.by_id / "usb-FTDI_FT232R_A1-if00-port0"
        for name in (f"{machine.by_id}/*A1*", "usb-FTDI_FT232R_A1-*", f"{machine.dev}/serial/*/*_A1-*"):
            self.assertEqual(find_port(name), link, name)
        self.assertEqual(find_port("*-usb-0:1:*"), machine.by_path / "pci-0000:00:14.0-usb-0:1:1.0-port0")
        self.assertEqual(find_port(f"{machine.dev}/ttyUSB[1-9]"), machine.dev / "ttyUSB1")
        self.assertEqual(self.wrong(f"{machine.by_id}/*A3*"), "there is no port DEV/serial/by-id/*A3*")

    def test_links_to_one_port_are_one(self) -> None:
        self.machine.ftdi(0, "A1")
        for name in (f"{self.machine.dev}/serial/by-*/*", "*port0"):
            self.assertEqual(find_port(name).resolve(), self.machine.dev / "ttyUSB0")

    def test_what_is_not_meant_by_a_pattern(self) -> None:
        """Folders, links that lead nowhere, and whole trees."""
        dev = self.machine.dev
        (dev / "ttyX-folder").mkdir()
        (dev / "ttyX-link").symlink_to("nowhere")
        (dev / "deep").mkdir()
        (dev / "deep" / "er").mkdir()
        (dev / "deep" / "er" / "ttyX").touch()
        self.assertEqual(self.wrong(f"{dev}/ttyX*"), "there is no port DEV/ttyX*")
        self.assertEqual(self.wrong(f"{dev}/**/ttyX"), "there is no port DEV/**/ttyX")

    def test_a_name_that_only_looks_like_a_pattern(self) -> None:
        path = self.machine.dev / "port[1]"
        path.touch()
        (self.machine.dev / "port1").touch()
        self.assertEqual(find_port("port[1]"), path)

    def test_where_it_will_appear(self) -> None:
        machine = self.machine
        self.assertEqual(folders_of("usb:x"), (machine.dev,))
        self.assertEqual(folders_of("ttyUSB0"), (machine.dev, machine.by_id, machine.by_path))
        self.assertEqual(folders_of("/run/x/port"), (Path("/run/x"), machine.dev))


class ConfigurationTest(SynchronousTestCase):
    def test_names_mean_the_same_from_any_folder(self) -> None:
        for name, expected in (
            ("usb:0403:ABCD:A/5", "usb:0403:abcd:A/5"),
            ("usb:A5", "usb:A5"),
            ("./x/*A5*", "/base/x/*A5*"),
            ("ttyUSB*", "ttyUSB*"),
        ):
            device = the_share(f"shares: {{a: {{device: {{port: '{name}'}}, listen: [{{port: 1}}]}}}}").device
            assert isinstance(device, PortDevice)
            self.assertEqual(device.port, expected)

    def test_one_adapter_for_two_shares(self) -> None:
        _, findings = judged(two_devices("{port: 'usb:0403:abcd'}", "{port: 'usb:0403:ABCD'}"))
        self.assertEqual([finding.code for finding in findings], ["CF06"])
        self.assertEqual(findings[0].message, "usb:0403:abcd is also that of shares.a")

    def test_a_name_that_asks_nothing(self) -> None:
        _, findings = judged(two_devices("{port: 'usb:'}", "{port: x}"))
        self.assertEqual(
            [str(finding) for finding in findings],
            [
                "test.yaml:3:20: CF03 error: shares.a.device.port: "
                "expected usb:SERIAL, usb:VID:PID or usb:VID:PID:SERIAL, found 'usb:'"
            ],
        )
