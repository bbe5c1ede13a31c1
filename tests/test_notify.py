"""What the service manager is told: at the socket that it names, at the right moments, and nothing else."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
from pathlib import Path
from typing import Any
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.notify import Notifier, watchdog_interval
from tests.support import GUARD, Program, make_folder
from tests.typist import ctl

RELOADING = re.compile(r"RELOADING=1\nMONOTONIC_USEC=([0-9]+)")
ECHO = "shares: {echo: {device: {loop: true}, listen: [{port: 0}]}}"


class Manager:
    """The service manager's socket; `said` are the messages so far."""

    def __init__(self, test: Any, where: str | bytes) -> None:
        self.said: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        test.addCleanup(self._socket.close)
        self._socket.bind(where)
        self._socket.settimeout(GUARD)

    def hear(self) -> str:
        """Return the next message, when it comes."""
        self.said.append(self._socket.recv(4096).decode())
        return self.said[-1]

    def rest(self) -> list[str]:
        """Return what has come and was not heard yet."""
        self._socket.setblocking(False)
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(self._socket.recv(4096).decode())
        self._socket.settimeout(GUARD)
        return found


class Started(Clock):
    """A reactor that runs when it is told so."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Any] = []

    def callWhenRunning(self, call: Any) -> None:
        self.waiting.append(call)

    def run(self) -> None:
        for call in self.waiting:
            call()


class NotifierTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = str(Path(make_folder(self)) / "notify")
        self.manager = Manager(self, self.path)
        self.reactor = Started()
        self.status = "1 share"

    def notifier(self, **environ: str) -> Notifier:
        notifier = Notifier(self.reactor, lambda: self.status, {"NOTIFY_SOCKET": self.path, **environ})
        self.addCleanup(notifier.stopService)
        return notifier

    def test_from_start_to_stop(self) -> None:
        notifier = self.notifier()
        notifier.startService()
        self.assertEqual(self.manager.rest(), [])
        self.reactor.run()
        self.assertEqual(self.manager.rest(), ["READY=1\nSTATUS=1 share"])
        notifier.stopService()
        self.assertEqual(self.manager.rest(), ["STOPPING=1"])
        with notifier.reloading():
            pass
        self.assertEqual(self.manager.rest(), [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_stopped_before_it_ran(self) -> None:
        notifier = self.notifier(WATCHDOG_USEC="2000000")
        notifier.startService()
        notifier.stopService()
        self.reactor.run()
        self.assertEqual(self.manager.rest(), ["STOPPING=1"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_signs_of_life(self) -> None:
        notifier = self.notifier(WATCHDOG_USEC="3000000", WATCHDOG_PID=str(os.getpid()))
        notifier.startService()
        self.reactor.run()
        self.assertEqual(self.manager.rest()[1:], ["WATCHDOG=1"])
        self.reactor.advance(1.4)
        self.assertEqual(self.manager.rest(), [])
        self.reactor.pump([0.1, 1.5])
        self.assertEqual(self.manager.rest(), ["WATCHDOG=1"] * 2)
        notifier.stopService()
        self.reactor.advance(10)
        self.assertEqual(self.manager.rest(), ["STOPPING=1"])

    def test_a_reload(self) -> None:
        notifier = self.notifier()
        notifier.startService()
        self.reactor.run()
        self.manager.rest()
        with notifier.reloading():
            self.status = "2 shares"
            (begun,) = self.manager.rest()
            with notifier.reloading():
                pass
            (again,) = self.manager.rest()
        self.assertEqual(self.manager.rest(), ["READY=1\nSTATUS=2 shares"])
        first, second = RELOADING.fullmatch(begun), RELOADING.fullmatch(again)
        assert first is not None and second is not None
        self.assertLessEqual(int(first[1]), int(second[1]))

    def test_a_reload_that_fails_is_over_too(self) -> None:
        notifier = self.notifier()
        notifier.startService()
        self.reactor.run()
        with self.assertRaises(KeyError), notifier.reloading():
            raise KeyError
        self.assertEqual(self.manager.rest()[2:], ["READY=1\nSTATUS=1 share"])

    def test_an_abstract_name(self) -> None:
        name = f"smartserial-test-{os.getpid()}"
        manager = Manager(self, f"\0{name}".encode())
        notifier = Notifier(self.reactor, str, {"NOTIFY_SOCKET": f"@{name}"})
        notifier.startService()
        self.reactor.run()
        self.assertEqual(manager.rest(), ["READY=1\nSTATUS="])
        notifier.stopService()

    def test_nobody_listens(self) -> None:
        for where in (
            "/nowhere/at/all",
            "@smartserial-nobody",
            "/" + "x" * 500,
            "@",
            "relative",
            "",
            "vsock:2:1",
        ):
            notifier = Notifier(self.reactor, str, {"NOTIFY_SOCKET": where, "WATCHDOG_USEC": "1000000"})
            notifier.startService()
            self.reactor.run()
            self.reactor.advance(0.5)
            with notifier.reloading():
                pass
            notifier.stopService()
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_a_manager_that_reads_nothing_holds_nobody_up(self) -> None:
        notifier = self.notifier(WATCHDOG_USEC="2")
        notifier.startService()
        self.reactor.run()
        self.reactor.pump([0.000_001] * 5000)
        self.assertEqual(self.manager.rest()[0], "READY=1\nSTATUS=1 share")
        notifier.stopService()
        self.assertEqual(self.manager.rest(), ["STOPPING=1"])

    def test_nothing_without_a_name(self) -> None:
        notifier = Notifier(self.reactor, str, {"WATCHDOG_USEC": "2000000"})
        notifier.startService()
        self.reactor.run()
        notifier.stopService()
        self.assertEqual(self.manager.rest(), [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class IntervalTest(SynchronousTestCase):
    def test_half_of_what_is_waited(self) -> None:
        own = str(os.getpid())
        for environ, expected in (
            ({"WATCHDOG_USEC": "30000000"}, 15.0),
            ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": own}, 15.0),
            ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
            ({"WATCHDOG_USEC": "0"}, None),
            ({"WATCHDOG_USEC": "-1"}, None),
            ({"WATCHDOG_USEC": "1\n"}, None),
            ({}, None),
        ):
            self.assertEqual(watchdog_interval(environ), expected, environ)

    @given(st.text(), st.text())
    def test_any_text(self, text: str, pid: str) -> None:
        watchdog_interval({"WATCHDOG_USEC": text, "WATCHDOG_PID": pid})


class RealTest(TestCase):
    """A real `twistd`, and what its manager hears."""

    def test_the_whole_life(self) -> None:
        folder = Path(make_folder(self))
        manager = Manager(self, str(folder / "notify"))
        program = Program(
            self, ECHO, env={"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "200000"}
        )
        self.assertEqual(manager.hear(), "READY=1\nSTATUS=1 share, 0 elements")
        program.connect("echo").close()
        self.assertEqual([manager.hear() for _ in range(3)], ["WATCHDOG=1"] * 3)
        program.configure(ECHO[:-1] + ", more: {device: {loop: true}, listen: [{port: 0}]}}")
        program.process.send_signal(signal.SIGHUP)
        self.expect(manager, RELOADING)
        self.expect(manager, "READY=1\nSTATUS=2 shares, 0 elements")
        program.configure("shares: 7")
        self.assertEqual(ctl(program, "reload").returncode, 1)
        self.expect(manager, RELOADING)
        self.expect(manager, "READY=1\nSTATUS=2 shares, 0 elements")
        self.assertEqual(program.stop(), 0)
        self.assertEqual([said for said in manager.rest() if said != "WATCHDOG=1"], ["STOPPING=1"])

    def expect(self, manager: Manager, pattern: str | re.Pattern[str]) -> None:
        """Wait for the next message that is no sign of life; it is what `pattern` says."""
        while (said := manager.hear()) == "WATCHDOG=1":
            pass
        self.assertTrue(re.fullmatch(pattern, said), said)
