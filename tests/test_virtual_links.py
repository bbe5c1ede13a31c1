"""The link of a virtual port while others remove it, or take its place; what is left of overlaid devices."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase

from smartserial import nodes
from smartserial.channels.virtual import linkkeeper
from smartserial.channels.virtual import port as virtualport
from smartserial.channels.virtual.note import Note
from smartserial.channels.virtual.overlay import Overlay
from smartserial.channels.virtual.port import VirtualPort, foresee
from smartserial.errors import PortError
from smartserial.settings import VirtualDevice
from tests.support import Pty, make_folder
from tests.virtualstage import Stage, turn, until


class LinkTest(TestCase):
    """The link is put back, but never in the place of something else."""

    timeout = 60

    def setUp(self) -> None:
        self.patch(linkkeeper, "AGAIN", 0.01)
        self.said: list[str] = []
        globalLogPublisher.addObserver(self.hear)
        self.addCleanup(globalLogPublisher.removeObserver, self.hear)
        self.stage = Stage(self)
        self.path = self.stage.path
        self.target = self.stage.port._port.target

    def hear(self, event: LogEvent) -> None:
        self.said.append(formatEvent(event))

    def there(self) -> bool:
        return self.path.is_symlink() and self.path.readlink() == self.target

    async def test_one_that_was_removed(self) -> None:
        for _ in range(3):
            self.path.unlink()
            await until(self.there)
        self.assertEqual(self.said, [f"somebody has taken away the link {self.path}; it is there again"] * 3)
        fd = self.stage.program()
        await until(lambda: self.stage.told == [1])
        os.close(fd)

    async def test_one_that_was_renamed(self) -> None:
        self.path.rename(self.path.with_name("elsewhere"))
        await until(self.there)

    async def test_one_in_whose_place_something_stands(self) -> None:
        for make in (
            lambda path: path.write_text("precious"),
            lambda path: path.symlink_to("/dev/null"),
            Path.mkdir,
        ):
            self.said.clear()
            other = self.path.with_name("other")
            make(other)
            self.path.unlink()
            other.rename(self.path)
            await until(lambda: self.said)
            await turn(0.05)
            self.assertFalse(self.there())
            words = "no virtual port any more: something that smartserial did not make is there; trying again"
            self.assertEqual(sum(words in line for line in self.said), 1)
            self.path.rename(other)
            await until(self.there)
            other.rmdir() if other.is_dir() and not other.is_symlink() else other.unlink()

    async def test_with_its_folder(self) -> None:
        folder = self.path.parent
        folder.rename(folder.with_name("moved"))
        for path in folder.with_name("moved").iterdir():
            path.unlink()
        folder.with_name("moved").rmdir()
        await until(lambda: self.there())
        note = Note(self.path)
        self.assertRaises(PortError, note.claim)  # the note is there again, and locked
        await self.stage.close()
        self.assertEqual(list(folder.iterdir()), [])

    async def test_nothing_is_left_of_it(self) -> None:
        await self.stage.close()
        self.assertEqual(list(self.path.parent.iterdir()), [])
        await turn()
        self.assertFalse(os.path.lexists(self.path))


class OverlayTest(SynchronousTestCase):
    """A node of the kernel's, as far as that can be had: else a number that no driver has."""

    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.path, self.real = self.folder / "port", self.folder / "port.real"
        self.sysfs = self.folder / "sysfs"
        self.sysfs.mkdir()
        self.patch(nodes, "SYSFS", self.sysfs)
        self.number = Path("/dev/null").stat().st_rdev
        self.plugged = self.sysfs / f"{os.major(self.number)}:{os.minor(self.number)}"

    def plug(self, path: Path) -> None:
        """Make the node of a device."""
        try:
            os.mknod(path, 0o600 | stat.S_IFCHR, self.number)
        except OSError:  # not root, or not here: something that has the same number
            os.link("/dev/null", path) if os.access("/dev", os.W_OK) else self.stand_in(path)
        self.plugged.mkdir(exist_ok=True)
        (self.plugged / "subsystem").symlink_to("../../class/tty")

    def unplug(self) -> None:
        """Have the kernel forget the device."""
        (self.plugged / "subsystem").unlink()
        self.plugged.rmdir()

    def stand_in(self, path: Path) -> None:
        path.write_text("")
        status = Path("/dev/null").stat()
        self.patch(Path, "lstat", lambda _: status)
        self.patch(Path, "stat", lambda _: status)

    def overlaid(self) -> tuple[Overlay, Note]:
        note = Note(self.path)
        note.claim()
        self.addCleanup(note.remove)
        self.plug(self.path)
        one = Overlay(note)
        one.begin(wanted=True)
        note.write("/dev/pts/none")
        self.path.symlink_to("/dev/pts/none")
        return one, note

    def test_a_device_that_is_there(self) -> None:
        one, _ = self.overlaid()
        self.assertFalse(one.unplugged)
        one.end()
        self.assertFalse(self.path.is_symlink())
        self.assertFalse(os.path.lexists(self.real))

    def test_the_node_of_one_that_is_gone_does_not_get_its_name_back(self) -> None:
        """The kernel makes no node where one stands, but one left by it is right again when it is back."""
        one, _ = self.overlaid()
        self.unplug()
        self.assertTrue(one.unplugged)
        self.plugged.mkdir()
        self.assertFalse(one.unplugged)
        self.plugged.rmdir()
        one.end()
        self.assertFalse(os.path.lexists(self.real))

    def test_without_sysfs_nothing_is_known(self) -> None:
        one, _ = self.overlaid()
        self.unplug()
        self.sysfs.rmdir()
        self.assertFalse(one.unplugged)
        one.end()
        self.assertTrue(os.path.lexists(self.path))

    def test_what_is_no_serial_device_keeps_its_name(self) -> None:
        """Somebody else may need it: the whole machine needs /dev/null."""
        note = Note(self.path)
        note.claim()
        self.addCleanup(note.remove)
        self.plug(self.path)
        (self.plugged / "subsystem").unlink()
        (self.plugged / "subsystem").symlink_to("../../class/mem")
        with self.assertRaises(PortError) as caught:
            Overlay(note).begin(wanted=True)
        self.assertEqual(str(caught.exception), f"cannot overlay {self.path}: it is no serial device")
        self.assertEqual((os.path.lexists(self.path), os.path.lexists(self.real)), (True, False))

    def test_a_link_of_the_systems_is_never_taken_for_a_node_that_was_left(self) -> None:
        pty = Pty(self, self.path)  # type: ignore[arg-type]
        port = VirtualPort(VirtualDevice(self.path, overlay=True))
        assert port.overlay is not None
        self.assertFalse(port.overlay.unplugged)
        port.release()
        self.assertEqual(self.path.readlink(), pty.path)


class ForeseeTest(SynchronousTestCase):
    """What can be known before a port is given up for another one at its path."""

    def setUp(self) -> None:
        self.path = Path(make_folder(self)) / "port"
        self.plain = VirtualDevice(self.path)
        self.over = VirtualDevice(self.path, overlay=True)

    def refused(self, device: VirtualDevice, former: VirtualDevice) -> str:
        with self.assertRaises(PortError) as caught:
            foresee(device, former)
        return str(caught.exception)

    def test_what_can_be_made(self) -> None:
        foresee(self.plain, VirtualDevice(self.path, mode=0o600))
        foresee(
            VirtualDevice(self.path, mode=0o660, owner=str(os.getuid()), group=str(os.getgid())), self.plain
        )
        self.path.with_name("port.real").symlink_to("/dev/null")
        foresee(VirtualDevice(self.path, overlay=True, mode=0o660), self.over)

    def test_a_device_that_gets_its_name_back(self) -> None:
        self.assertIn("the real device gets its name back", self.refused(self.plain, self.over))

    def test_a_device_that_is_not_there(self) -> None:
        for former in (self.plain, self.over):
            self.assertIn("there is no such device", self.refused(self.over, former))

    def test_rights_that_cannot_be_given(self) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        self.patch(virtualport.os, "fchown", refuse)
        wanted = VirtualDevice(self.path, group=str(os.getgid() + 1))
        words = f"cannot make a virtual port at {self.path}: Operation not permitted"
        self.assertEqual(self.refused(wanted, self.plain), words)
        fds = len(list(Path("/proc/self/fd").iterdir()))
        self.refused(wanted, self.plain)
        self.assertEqual(len(list(Path("/proc/self/fd").iterdir())), fds)
