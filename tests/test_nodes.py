"""Device nodes: which are serial ports, by what the kernel says of their numbers."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from smartserial import nodes
from smartserial.nodes import is_left, is_serial, is_serial_number
from tests.support import Pty, make_folder

DRIVERS = """\
/dev/tty             /dev/tty        5       0 system:/dev/tty
/dev/ptmx            /dev/ptmx       5       2 system
/dev/vc/0            /dev/vc/0       4       0 system:vtmaster
usbserial            /dev/ttyUSB   188 0-511 serial
serial               /dev/ttyS       4 64-95 serial
hvc                  /dev/hvc      229 0-7 system
two words            /dev/one      240       3 serial
pty_master           /dev/ptm      128 0-1048575 pty:master
unknown              /dev/tty        4 1-63 console
odd
still more odd
"""


class NodesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.sysfs, self.drivers = self.folder / "sysfs", self.folder / "drivers"
        self.sysfs.mkdir()
        self.patch(nodes, "SYSFS", self.sysfs)
        self.patch(nodes, "DRIVERS", self.drivers)

    def known(self, major: int, minor: int, kind: str) -> None:
        """Have sysfs know a device of a kind."""
        (self.sysfs / f"{major}:{minor}").mkdir()
        (self.sysfs / f"{major}:{minor}" / "subsystem").symlink_to(f"../../../class/{kind}")

    def serial(self, major: int, minor: int) -> bool:
        return is_serial_number(os.makedev(major, minor))

    def test_by_the_list_of_drivers(self) -> None:
        self.drivers.write_text(DRIVERS)
        for major, minor, serial in (
            (188, 0, True),
            (188, 511, True),
            (188, 512, False),
            (4, 64, True),
            (4, 95, True),
            (4, 96, False),
            (229, 0, True),
            (240, 3, True),
            (240, 4, False),
            (1, 3, False),
        ):
            self.assertEqual(self.serial(major, minor), serial, (major, minor))

    def test_by_sysfs(self) -> None:
        for number, (kind, serial) in enumerate((("tty", True), ("mem", False), ("tty2", False))):
            self.known(240, number, kind)
            self.assertEqual(self.serial(240, number), serial, kind)

    def test_either_is_enough(self) -> None:
        """A service may be kept from the list, and sysfs may be a part of the real one."""
        self.drivers.write_text(DRIVERS)
        self.known(240, 9, "tty")
        self.assertTrue(self.serial(240, 9) and self.serial(188, 1))
        self.drivers.unlink()
        self.assertTrue(self.serial(240, 9))
        self.assertFalse(self.serial(188, 1))

    def test_what_the_machine_needs_itself(self) -> None:
        self.drivers.write_text(DRIVERS)
        for major, minor in ((5, 0), (5, 1), (5, 2), (4, 0), (4, 1), (4, 63), (128, 0)):
            self.known(major, minor, "tty" if major < 128 else "pty")
            self.assertFalse(self.serial(major, minor), (major, minor))

    def test_files(self) -> None:
        pty = Pty(self, self.folder / "port")
        self.assertTrue(is_serial(pty.path) and is_serial(self.folder / "port"))
        (self.folder / "file").write_text("")
        for path in ("/dev/null", "/etc", self.folder / "file", self.folder / "none", "x" * 300, "a\0b"):
            self.assertFalse(is_serial(Path(path)), path)

    def test_nodes_that_are_left(self) -> None:
        number = Path("/dev/null").stat().st_rdev
        self.assertTrue(is_left(Path("/dev/null")))
        self.known(os.major(number), os.minor(number), "mem")
        self.assertFalse(is_left(Path("/dev/null")))
        self.assertFalse(is_left(Pty(self, self.folder / "port").path))
        self.assertFalse(is_left(self.folder / "none"))
        self.assertFalse(is_left(self.folder))
