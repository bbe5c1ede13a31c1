"""Encryption in a configuration: what sets come to, and what is said where something is not installed."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from smartserial.findings import WARNING
from smartserial.settings import TlsSettings
from tests.configs import FOLDER, in_short, judged, listen
from tests.elementconfigs import ElementCase, connection
from tests.support import make_folder

SETS = "tls: {one: {certificate: c.pem, key: /k.pem, authorities: a.pem}, many: {folder: f, verify: false}}\n"
ONE = TlsSettings(FOLDER / "c.pem", FOLDER / "/k.pem", FOLDER / "a.pem")
MANY = TlsSettings(verify=False, folder=FOLDER / "f")
NEEDED = "cannot act: TLS needs more of Python (OpenSSL)"


class SetTests(SynchronousTestCase):
    """Listeners and the console have the settings of the set that they name."""

    def test_listeners_and_the_console(self) -> None:
        text = (
            SETS
            + "console: {telnet: 'any:9', tls: many}\n"
            + listen("{port: 1, tls: one, host: any}, {port: 2, tls: many, mode: rfc2217}, {port: 3}")
        )
        settings, findings = judged(text)
        self.assertEqual(findings, [])
        assert settings is not None
        self.assertEqual([one.tls for one in settings.shares[0].listeners], [ONE, MANY, None])
        self.assertEqual((settings.console.tls, settings.console.insecure), (MANY, False))

    def test_a_wrong_name_is_no_other_finding_and_none_is_salvaged(self) -> None:
        for value in ("[]", "3", "true", "'a b'"):
            settings, findings = judged(SETS + listen(f"{{port: 1, host: any, tls: {value}}}"))
            self.assertEqual([one.code for one in findings], ["CF03"], in_short(findings))
            self.assertIsNone(settings)


class KeyTests(SynchronousTestCase):
    """Private keys that others can read are a warning, wherever they stand."""

    def test_exposed(self) -> None:
        folder = Path(make_folder(self))
        (folder / "many" / "site").mkdir(parents=True)
        modes = {
            "c.pem": 0o644, "k.key": 0o604, "good.key": 0o640, "many/a.pem": 0o646, "many/b.crt": 0o644,
            "many/b.key": 0o644, "many/c.pem": 0o600, "many/site/fullchain.pem": 0o644,
            "many/site/privkey.pem": 0o602,
        }  # fmt: skip
        for name, mode in modes.items():
            (folder / name).touch()
            (folder / name).chmod(mode)
        text = (
            "tls: {one: {certificate: c.pem}, two: {certificate: c.pem, key: k.key}, many: {folder: many},"
            " good: {certificate: c.pem, key: good.key}, gone: {certificate: gone.pem}}\n"
        ) + listen("{port: 1, tls: one}")
        settings, findings = judged(text, folder)
        self.assertIsNotNone(settings)
        self.assertEqual({(one.code, one.severity) for one in findings}, {("CF16", WARNING)})
        able = {"many/a.pem": "read and change", "many/site/privkey.pem": "change"}
        places = {"c.pem": "tls.one.certificate", "k.key": "tls.two.key"}
        exposed = ("c.pem", "k.key", "many/a.pem", "many/b.key", "many/site/privkey.pem")
        self.assertEqual(
            {(one.path, one.message, one.hint) for one in findings},
            {
                (
                    places.get(name, "tls.many.folder"),
                    f"everybody on this machine can {able.get(name, 'read')} the private key"
                    f" in {folder / name}",
                    f"chmod 600 {folder / name}",
                )
                for name in exposed
            },
        )


class InstalledTests(ElementCase):
    """What is not installed is told by the check, once."""

    def test_a_package_that_is_missing(self) -> None:
        texts = (
            SETS + listen("{port: 1}, {port: 2, tls: one}, {port: 3, tls: one}"),
            SETS + "console: {telnet: 9, tls: many}\n" + listen("{port: 1}"),
            SETS + connection("tls: one"),
            connection("host: h, tls: true"),
        )
        places = ("shares.a.listen[1].tls", "console.tls", *["elements.e.connections.0.tls"] * 2)
        with mock.patch.dict(sys.modules, {"OpenSSL": None}):
            for text, place in zip(texts, places, strict=True):
                settings, findings = judged(text, self.folder)
                self.assertEqual([(one.path, one.code) for one in findings], [(place, "CF08")])
                self.assertEqual(
                    (findings[0].message, findings[0].hint), (NEEDED, "install smartserial[tls]")
                )
                self.assertIsNone(settings)
            self.assertEqual(judged(listen("{port: 1}"))[1], [])
