"""The SSH door in a configuration, and where what it needs is not installed."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.console.doors import Doors
from smartserial.errors import ConfigError
from smartserial.settings import Address, ConsoleSettings
from tests.configs import FOLDER, console, in_short, judged
from tests.support import make_folder
from tests.userexamples import users


class SettingsTest(SynchronousTestCase):
    def test_where_it_is(self) -> None:
        for text, address in (
            ("2222", Address("127.0.0.1", 2222)),
            ("'any:2222'", Address("0.0.0.0", 2222)),
            ("'[::1]:2222'", Address("::1", 2222)),
        ):
            settings, findings = judged(users(console(f"{{ssh: {text}, host_key: k, groups: [watchers]}}")))
            self.assertEqual(findings, [])
            assert settings is not None and settings.console.login is not None
            self.assertEqual((settings.console.ssh, settings.console.host_key), (address, FOLDER / "k"))
            self.assertEqual(settings.console.login.groups, {"watchers"})
            self.assertIsNone(settings.console.telnet)

    def test_wrong_values_are_one_finding(self) -> None:
        for text in ("x", "true", "65536", "'h:1'", "[1]"):
            settings, findings = judged(users(console(f"{{ssh: {text}, host_key: k}}")))
            self.assertEqual((settings, in_short(findings)), (None, ["2:16 CF03 console.ssh"]), text)


class InstalledTest(SynchronousTestCase):
    """SSH is for those who have installed what it needs; others are told so, and all else works."""

    def test_by_the_checker(self) -> None:
        for name in ("cryptography", "bcrypt"):
            with mock.patch.dict(sys.modules, {name: None}):
                settings, findings = judged(users(console("{ssh: 2222}")))
                self.assertIsNone(settings)
                self.assertEqual(in_short(findings), ["2:11 CF08 console.ssh"])
                self.assertEqual(findings[0].message, f"cannot act: SSH needs more of Python ({name})")
                self.assertEqual(findings[0].hint, "install smartserial[ssh]")
                self.assertEqual(judged(users(console("{telnet: 2222}")))[1], [])

    def test_by_the_door(self) -> None:
        key = Path(make_folder(self), "key")
        settings = ConsoleSettings(default=False, ssh=Address(port=0), host_key=key)
        with mock.patch.dict(sys.modules, {"smartserial.console.sshdoor": None}):
            doors = Doors(mock.Mock(), settings, Clock())
            words = str(self.assertRaises(ConfigError, doors.open))
        self.assertRegex(words, r"^SSH needs more of Python \(.*\): install smartserial\[ssh\]$")
