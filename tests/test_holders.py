"""Who has a port open, found for all who ask at the same time by one look."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Set
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from smartserial.channels.endpoints import SerialEndpoint
from smartserial.channels.serial import holders as room
from smartserial.channels.serial.holders import Looks, holders, look_for, looks
from smartserial.errors import PortBusyError
from smartserial.settings import PortDevice
from tests.support import Pty

_HOLD = "import os, sys; fd = os.open(sys.argv[1], int(sys.argv[2])); print(); sys.stdin.read()"


class LookTest(TestCase):
    def holder(self, path: Path, flags: int = os.O_RDWR | os.O_NOCTTY) -> int:
        """Start a program that has a terminal open; return its number."""
        process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(path), str(flags)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

        def end() -> None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                pipe.close()

        self.addCleanup(end)
        assert process.stdout is not None
        process.stdout.readline()
        return process.pid

    def test_several_at_once(self) -> None:
        one, two, three = Pty(self), Pty(self), Pty(self)
        first, second = self.holder(one.path), self.holder(one.path)
        third = self.holder(two.path)
        found = look_for({one.path, two.path, three.path, Path("/no/such/port")})
        numbers = {
            path: sorted(word.rpartition(" (pid ")[2] for word in words) for path, words in found.items()
        }
        self.assertEqual(
            numbers,
            {
                one.path: sorted((f"{first})", f"{second})")),
                two.path: [f"{third})"],
                three.path: [],
                Path("/no/such/port"): [],
            },
        )
        self.assertEqual(holders(one.path), found[one.path])

    def test_a_name_that_is_held_is_no_open_port(self) -> None:
        pty = Pty(self)
        self.holder(pty.path, os.O_PATH)
        self.assertEqual(holders(pty.path), [])
        self.assertIn(f"(pid {self.holder(pty.path)})", "".join(holders(pty.path)))

    def test_each_container_has_pseudo_terminals_of_its_own(self) -> None:
        def number(major: int, filesystem: int) -> object:
            status = SimpleNamespace(st_rdev=os.makedev(major, 3), st_dev=filesystem)
            return room._number(cast(Any, SimpleNamespace(stat=lambda: status)))

        self.assertNotEqual(number(136, 1), number(136, 2))
        self.assertEqual(number(188, 1), number(188, 2))  # a serial adapter, whatever /dev it is in

    async def test_a_port_that_another_program_has(self) -> None:
        pty = Pty(self)
        pid = self.holder(pty.path)
        endpoint = SerialEndpoint(PortDevice(str(pty.path)), reactor)
        with self.assertRaises(PortBusyError) as caught:
            await endpoint.connect(Factory.forProtocol(Protocol))
        self.assertIn(
            f"is in use by {Path(f'/proc/{pid}/comm').read_text().strip()} (pid {pid})", str(caught.exception)
        )
        fds = [fd for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink() and fd.readlink() == pty.path]
        self.assertEqual(len(fds), 1)  # the test's own

    async def test_many_at_once_need_few_looks(self) -> None:
        count = []

        def counting(devices: Set[Path]) -> dict[Path, list[str]]:
            count.append(len(devices))
            return look_for(devices)

        self.patch(room, "look_for", counting)
        ptys = [os.openpty() for _ in range(40)]
        for pair in ptys:
            for fd in pair:
                self.addCleanup(os.close, fd)
        names = [os.ttyname(slave) for _, slave in ptys]
        opening = [
            SerialEndpoint(PortDevice(name), reactor).connect(Factory.forProtocol(Protocol)) for name in names
        ]
        for protocol in await gatherResults(opening):
            protocol.transport.abortConnection()
        self.assertEqual(sum(count), 40)
        self.assertLess(len(count), 20)

    def test_one_for_each_reactor(self) -> None:
        self.assertIs(looks(reactor), looks(reactor))


class SharingTest(SynchronousTestCase):
    """Who asks gets a look that began after the question."""

    def setUp(self) -> None:
        self.looking: list[tuple[set[Path], Deferred[dict[Path, list[str]]]]] = []
        self.patch(room, "deferToThreadPool", self.in_thread)
        self.looks = Looks(self)

    def getThreadPool(self) -> None:
        """Stand in for the reactor's."""

    def in_thread(
        self, _: object, pool: None, look: object, devices: Set[Path]
    ) -> Deferred[dict[Path, list[str]]]:
        self.assertIs(look, look_for)
        result: Deferred[dict[Path, list[str]]] = Deferred()
        self.looking.append((set(devices), result))
        return result

    def test_one_after_the_other(self) -> None:
        a, b = Path("a"), Path("b")
        first = self.looks.holders(a)
        second, third, again = self.looks.holders(a), self.looks.holders(b), self.looks.holders(a)
        self.assertEqual([devices for devices, _ in self.looking], [{a}])
        self.looking[0][1].callback({a: ["before"]})
        self.assertEqual(self.successResultOf(first), ["before"])
        for waiting in (second, third, again):
            self.assertNoResult(waiting)
        self.assertEqual([devices for devices, _ in self.looking], [{a}, {a, b}])
        self.looking[1][1].callback({a: [], b: ["x"]})
        results = [self.successResultOf(waiting) for waiting in (second, third, again)]
        self.assertEqual(results, [[], ["x"], []])
        self.assertEqual(len(self.looking), 2)

    def test_one_that_fails_fails_for_all(self) -> None:
        waiting = [self.looks.holders(Path("a")) for _ in range(3)]
        self.looking[0][1].errback(Failure(MemoryError()))
        self.looking[1][1].callback({Path("a"): []})
        self.failureResultOf(waiting[0], MemoryError)
        self.assertEqual([self.successResultOf(one) for one in waiting[1:]], [[], []])
