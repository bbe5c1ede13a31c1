"""Virtual ports and devices that come, when the kernel has no room to watch more files for this user."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import TestCase

from smartserial.channels import inotify as inotify_module
from smartserial.channels.inotify import Inotify, inotify
from smartserial.channels.serial.devwatch import Folders
from smartserial.errors import PortError
from tests.support import Pty, make_folder
from tests.virtualstage import Stage, until


class Full:
    """The kernel's inotify, but one of its calls fails while `code` says so.

    Args:
        name: of the call.
        code: the error.
    """

    def __init__(self, name: str, code: int) -> None:
        self.code = code
        self._name = name
        self._libc = ctypes.CDLL(None, use_errno=True)

    def __getattr__(self, name: str) -> Any:
        if name == self._name and self.code:
            return self._refuse
        return getattr(self._libc, name)

    def _refuse(self, *_: object) -> int:
        ctypes.set_errno(self.code)
        return -1


class UnwatchedCase(TestCase):
    timeout = 60

    def setUp(self) -> None:
        self.patch(inotify_module, "UNWATCHED", 0.01)
        self.folder = Path(make_folder(self))
        self.said: list[str] = []
        globalLogPublisher.addObserver(self.hear)
        self.addCleanup(globalLogPublisher.removeObserver, self.hear)

    def hear(self, event: LogEvent) -> None:
        self.said.append(formatEvent(event))

    def told(self, word: str) -> list[str]:
        return [line for line in self.said if word in line]

    def full(self, watching: Inotify, name: str, code: int) -> Full:
        kernel = Full(name, code)
        self.patch(watching, "_libc", kernel)
        self.patch(watching, "_complained", False)
        return kernel


class PortTest(UnwatchedCase):
    async def programs_come_and_go(self, stage: Stage) -> None:
        stage.told.clear()
        fd = stage.program()
        await until(lambda: stage.told == [1])
        os.write(fd, b"words")
        await until(lambda: stage.recorder.data.endswith(b"words"))
        os.close(fd)
        await until(lambda: stage.told == [1, 0])

    async def test_no_instance_is_left(self) -> None:
        self.full(inotify(reactor), "inotify_init1", errno.EMFILE)
        stages = [Stage(self) for _ in range(3)]
        for stage in stages:
            await self.programs_come_and_go(stage)
        (line,) = self.told("fs.inotify.")
        self.assertIn("cannot watch /dev/pts/", line)
        self.assertIn("raise fs.inotify.max_user_instances", line)
        self.assertEqual(inotify(reactor).fileno(), -1)

    async def test_no_watch_is_left(self) -> None:
        self.full(inotify(reactor), "inotify_add_watch", errno.ENOSPC)
        stage = Stage(self)
        await self.programs_come_and_go(stage)
        (line,) = self.told("fs.inotify.")
        self.assertIn("raise fs.inotify.max_user_watches", line)

    async def test_when_there_is_room_again(self) -> None:
        kernel = self.full(inotify(reactor), "inotify_add_watch", errno.ENOSPC)
        stage = Stage(self)
        self.assertEqual(stage.port._openers._watch.number, 0)
        await self.programs_come_and_go(stage)
        kernel.code = 0
        await until(lambda: stage.port._openers._watch.number)
        self.assertIsNone(inotify(reactor)._looking)
        await self.programs_come_and_go(stage)

    async def test_one_that_has_come_and_gone_between_two_looks(self) -> None:
        self.full(inotify(reactor), "inotify_init1", errno.EMFILE)
        stage = Stage(self)
        fd = stage.program()
        os.write(fd, b"the last words")
        os.close(fd)
        await until(lambda: stage.recorder.data == b"the last words")
        self.assertEqual(stage.told, [1, 0])

    async def test_while_the_port_is_not_read_from(self) -> None:
        self.full(inotify(reactor), "inotify_init1", errno.EMFILE)
        stage = Stage(self)
        stage.port.pauseProducing()
        fd = stage.program()
        await until(lambda: stage.told == [1])
        os.write(fd, b"kept")
        os.close(fd)
        await until(lambda: stage.told == [1, 0])
        stage.port.resumeProducing()
        await until(lambda: stage.recorder.data == b"kept")
        self.assertEqual(stage.told, [1, 0])

    async def test_an_end_without_a_watch_leaves_nothing(self) -> None:
        self.full(inotify(reactor), "inotify_init1", errno.EMFILE)
        stage, other = Stage(self), Stage(self)
        await stage.close()
        self.assertIsNotNone(inotify(reactor)._looking)
        await other.close()
        self.assertIsNone(inotify(reactor)._looking)
        self.assertEqual(inotify(reactor)._unwatched, {})

    async def test_another_error_is_one(self) -> None:
        self.full(inotify(reactor), "inotify_add_watch", errno.EACCES)
        with self.assertRaises(PortError):
            inotify(reactor).watch_or_look(self.folder, inotify_module.NAMES, lambda mask, name: None)
        self.assertEqual(self.told("fs.inotify."), [])


class NameTest(UnwatchedCase):
    async def test_an_overlay_keeps_its_name(self) -> None:
        self.full(inotify(reactor), "inotify_add_watch", errno.ENOSPC)
        path = self.folder / "port"
        first = Pty(self, path)  # type: ignore[arg-type]
        stage = Stage(self, path, overlay=True)
        real = path.with_name("port.real")
        self.assertEqual(real.readlink(), first.path)
        again = Pty(self, path)  # type: ignore[arg-type]
        await until(lambda: real.readlink() == again.path)
        await until(lambda: path.readlink() == stage.port._port.target)

    def test_who_waits_for_a_device_is_told_once_in_the_log(self) -> None:
        folders = Folders(reactor)
        watching = folders._inotify
        assert watching is not None
        self.full(watching, "inotify_init1", errno.EMFILE)
        for folder in (self.folder, Path("/dev"), self.folder):
            folders.enter(folder, object())  # type: ignore[arg-type]
        (line,) = self.told("fs.inotify.")
        self.assertIn("a device that appears is seen up to", line)
        self.assertEqual(folders._watches, {})

    def test_it_is_watched_when_there_is_room_again(self) -> None:
        folders, somebody = Folders(reactor), object()
        watching = folders._inotify
        assert watching is not None
        kernel = self.full(watching, "inotify_add_watch", errno.ENOSPC)
        folders.enter(self.folder, somebody)  # type: ignore[arg-type]
        kernel.code = 0
        folders.enter(self.folder, somebody)  # type: ignore[arg-type]
        self.assertEqual(list(folders._watches), [self.folder])
        folders.leave(self.folder, somebody)  # type: ignore[arg-type]
        self.assertEqual((folders._watches, watching.fileno()), ({}, -1))
