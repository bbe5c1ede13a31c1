"""The certificates of a server: folders, names that clients ask for, files that change, and notes."""

from __future__ import annotations

import os
import shutil
import ssl
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography import x509
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.tls.certificates import LOOK, Certificates
from smartserial.channels.tls.ends import server_creator, server_tls
from smartserial.errors import ConfigError
from smartserial.settings import TlsSettings
from tests.netstage import Authority
from tests.support import make_folder
from tests.tlspeer import Layer, TlsPeer


class CertificateCase(SynchronousTestCase):
    """A folder, an authority, and a clock."""

    def setUp(self) -> None:
        self.base = Path(make_folder(self))
        self.authority = Authority(self.base)
        self.folder = self.base / "certificates"
        self.folder.mkdir()
        self.notes: list[str] = []
        self.now = 1000.0
        self._stamp = 1_000_000_000

    def open(self, **settings: Any) -> Certificates:
        wanted = TlsSettings(**({"folder": self.folder} | settings))
        return Certificates(wanted, self.notes.append, lambda: self.now)

    def put(self, where: str, *hosts: str, key: str = "", together: bool = False) -> None:
        """Write a certificate with its key to files of the folder; each time they are newer."""
        certificate, private = self.authority.make("new", *hosts)
        wanted, keyed = self.folder / where, self.folder / (key or where)
        wanted.parent.mkdir(exist_ok=True)
        wanted.write_bytes(certificate.read_bytes() + (private.read_bytes() if together else b""))
        if not together:
            keyed.write_bytes(private.read_bytes())
        self.changed(wanted, keyed)

    def changed(self, *paths: Path) -> None:
        for path in paths:
            self._stamp += 1_000_000_000
            os.utime(path, ns=(self._stamp, self._stamp))
            path.chmod(0o600)

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.path))
        context.check_hostname = False
        return context

    def seen(self, certificates: object, name: str | None = None) -> list[str]:
        """Return the names in the certificate that a client gets who asks for one."""
        layer = Layer(shake=False, creator=certificates)
        layer.peer = layer.wire.peer = TlsPeer(self.context(), name)
        layer.shake()
        found = layer.peer.tls.getpeercert(True)
        assert found is not None
        names = x509.load_der_x509_certificate(found).extensions
        return names.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
            x509.DNSName
        )

    def later(self) -> None:
        self.now += LOOK


class FolderTests(CertificateCase):
    """Which files are certificates, and which one a client gets."""

    def test_all_layouts(self) -> None:
        self.put("a.pem", "a.example", together=True)
        self.put("b.pem", "b.example", key="b.key")
        self.put("c.crt", "c.example", key="c.key")
        self.put("d.example/fullchain.pem", "d.example", key="d.example/privkey.pem")
        (self.folder / "README").write_text("certificates of this site")
        (self.folder / "empty").mkdir()
        (self.folder / ".hidden.pem").write_text("nothing")
        certificates = self.open()
        for name in "abcd":
            self.assertEqual(self.seen(certificates, f"{name}.example"), [f"{name}.example"])
        self.assertEqual(self.notes, [])

    def test_the_first_by_name_is_for_those_who_ask_for_none_or_another(self) -> None:
        self.put("20.pem", "second.example", together=True)
        self.put("10.crt", "first.example", key="10.key")
        certificates = self.open()
        for name in (None, "other.example", "127.0.0.1"):
            self.assertEqual(self.seen(certificates, name), ["first.example"])

    def test_names_are_those_in_the_certificate_in_any_case(self) -> None:
        self.put("0.pem", "zero.example", together=True)
        self.put("x.pem", "Up.Example", "*.wild.example", together=True)
        certificates = self.open()
        found = ["Up.Example", "*.wild.example"]
        for name, expected in (
            ("UP.example", found), ("a.wild.example", found), ("A.WILD.EXAMPLE", found),
            ("a.b.wild.example", ["zero.example"]), ("wild.example", ["zero.example"]),
            ("x", ["zero.example"]),
        ):  # fmt: skip
            self.assertEqual(self.seen(certificates, name), expected, name)

    def test_of_two_with_the_same_name_the_first_counts(self) -> None:
        self.put("1.pem", "same.example", "one.example", together=True)
        self.put("2.pem", "same.example", "two.example", together=True)
        self.assertEqual(self.seen(self.open(), "same.example"), ["same.example", "one.example"])

    def test_what_is_said_of_one_that_cannot_be_used(self) -> None:
        rows: list[tuple[str, bytes, str]] = [
            ("a.pem", b"rubbish", "a.pem: there is no certificate in it; it must be a PEM file"),
            ("a.pem", self.authority.path.read_bytes(), "a.pem: there is no private key in it"),
        ]
        for name, data, words in rows:
            (self.folder / name).write_bytes(data)
            with self.assertRaises(ConfigError) as caught:
                self.open()
            self.assertIn(str(self.folder / words), str(caught.exception))
        (self.folder / "a.pem").unlink()
        with self.assertRaisesRegex(ConfigError, "there is no certificate in it; expected NAME.pem with its"):
            self.open()
        with self.assertRaisesRegex(ConfigError, f"cannot read {self.base}/none: No such file"):
            self.open(folder=self.base / "none")
        os.mkfifo(self.folder / "pipe.pem")
        with self.assertRaisesRegex(ConfigError, "pipe.pem: expected a file, found a pipe"):
            self.open()

    def test_a_new_key_that_everybody_can_read_is_noted(self) -> None:
        """Of those that are there at the start `smartserial check` tells."""
        self.put("a.pem", "a.example", together=True)
        (self.folder / "a.pem").chmod(0o644)
        certificates = self.open()
        self.put("a.pem", "a.example", together=True)
        self.put("b.crt", "b.example", key="b.key")
        (self.folder / "a.pem").chmod(0o644)
        (self.folder / "b.crt").chmod(0o644)
        (self.folder / "b.key").chmod(0o640)
        for _ in range(2):
            self.later()
            self.seen(certificates)
        path = self.folder / "a.pem"
        self.assertEqual(
            self.notes, [f"everybody on this machine can read the private key in {path}: chmod 600 {path}"]
        )


class ChangeTests(CertificateCase):
    """Files are read again when they have changed, and somebody connects."""

    def setUp(self) -> None:
        super().setUp()
        self.put("a.pem", "old.example", together=True)
        self.put("b.pem", "b.example", together=True)

    def test_a_new_one_is_used_from_the_next_connection_on(self) -> None:
        certificates = self.open()
        self.put("a.pem", "new.example", together=True)
        self.assertEqual(self.seen(certificates), ["old.example"])
        self.later()
        self.assertEqual(self.seen(certificates), ["new.example"])
        self.assertEqual(self.seen(certificates, "old.example"), ["new.example"])
        self.assertEqual(self.notes, [])

    def test_files_are_looked_at_once_a_second_at_most(self) -> None:
        certificates = self.open()
        with mock.patch.object(Path, "iterdir", side_effect=AssertionError):
            for step in range(9):
                self.now = 1000 + step / 10
                self.seen(certificates)
        looks = []
        listed = Path.iterdir
        with mock.patch.object(Path, "iterdir", lambda path: looks.append(path) or listed(path)):
            for _ in range(3):
                self.later()
                self.seen(certificates)
                self.seen(certificates)
        self.assertEqual(len(looks), 3)

    def test_a_clock_that_goes_back_does_no_harm(self) -> None:
        certificates = self.open()
        self.put("a.pem", "new.example", together=True)
        self.now -= 5000
        self.assertEqual(self.seen(certificates), ["new.example"])

    def test_one_that_is_broken_stays_as_it_was_and_is_noted_once(self) -> None:
        certificates = self.open()
        (self.folder / "a.pem").write_text("half of it")
        self.changed(self.folder / "a.pem")
        self.put("b.pem", "new-b.example", together=True)
        for _ in range(3):
            self.later()
            self.assertEqual(self.seen(certificates), ["old.example"])
        self.assertEqual(self.seen(certificates, "new-b.example"), ["new-b.example"])
        (note,) = self.notes
        self.assertIn("a.pem: there is no certificate in it", note)
        self.assertIn("the former one stays in use", note)
        self.put("a.pem", "mended.example", together=True)
        self.later()
        self.assertEqual(self.seen(certificates), ["mended.example"])
        self.assertEqual(len(self.notes), 1)

    def test_a_new_one_that_is_broken_is_left_out_until_it_is_mended(self) -> None:
        certificates = self.open()
        (self.folder / "0.pem").write_text("not yet")
        self.changed(self.folder / "0.pem")
        for _ in range(2):
            self.later()
            self.assertEqual(self.seen(certificates), ["old.example"])
        self.assertEqual(len(self.notes), 1)
        self.put("0.pem", "zero.example", together=True)
        self.later()
        self.assertEqual(self.seen(certificates), ["zero.example"])

    def test_one_that_comes_and_one_that_goes(self) -> None:
        certificates = self.open()
        self.put("0.pem", "zero.example", together=True)
        (self.folder / "a.pem").unlink()
        self.later()
        self.assertEqual(self.seen(certificates, "old.example"), ["zero.example"])
        self.assertEqual((self.seen(certificates, "b.example"), self.notes), (["b.example"], []))

    def test_a_folder_that_is_gone_or_empty_changes_nothing(self) -> None:
        certificates = self.open()
        shutil.move(self.folder, self.base / "away")
        for _ in range(3):
            self.later()
            self.assertEqual(self.seen(certificates), ["old.example"])
        self.folder.mkdir()
        for _ in range(2):
            self.later()
            self.assertEqual(self.seen(certificates), ["old.example"])
        self.assertEqual(len(self.notes), 2)
        self.assertIn("No such file or directory; the former certificates stay in use", self.notes[0])
        self.assertIn("there is no certificate in it", self.notes[1])

    def test_a_single_certificate_too(self) -> None:
        self.put("s.pem", "single.example", key="s.key")
        certificates = self.open(folder=None, certificate=self.folder / "s.pem", key=self.folder / "s.key")
        self.put("s.pem", "changed.example", key="s.key")
        self.later()
        self.assertEqual(self.seen(certificates), ["changed.example"])
        (self.folder / "s.key").unlink()
        self.later()
        self.assertEqual(self.seen(certificates), ["changed.example"])
        (note,) = self.notes
        self.assertIn(f"cannot read {self.folder / 's.key'}: No such file", note)

    def test_a_certificate_before_its_key_is_not_used(self) -> None:
        """Tools write one after the other."""
        self.put("s.pem", "single.example", key="s.key")
        certificates = self.open(folder=None, certificate=self.folder / "s.pem", key=self.folder / "s.key")
        key = (self.folder / "s.key").read_bytes()
        self.put("s.pem", "changed.example", key="s.key")
        new = (self.folder / "s.key").read_bytes()
        (self.folder / "s.key").write_bytes(key)
        self.later()
        self.assertEqual(self.seen(certificates), ["single.example"])
        self.assertIn("the key does not belong to", self.notes[0])
        (self.folder / "s.key").write_bytes(new)
        self.changed(self.folder / "s.key")
        self.later()
        self.assertEqual(self.seen(certificates), ["changed.example"])

    def test_authorities_too(self) -> None:
        other = Authority(self.base, "other")
        trusted = self.base / "trusted.pem"
        shutil.copy(other.path, trusted)
        certificates = self.open(authorities=trusted)
        client = self.context()
        client.load_cert_chain(*self.authority.make("client", "mast"))

        def shakes() -> int:
            layer = Layer(shake=False, creator=certificates)
            layer.peer = layer.wire.peer = TlsPeer(client, None)
            layer.wire.say(layer.peer.hear(b""))
            layer.wire.drain()
            return layer.made

        self.assertEqual(shakes(), 0)
        shutil.copy(self.authority.path, trusted)
        self.changed(trusted)
        self.assertEqual(shakes(), 0)
        self.later()
        self.assertEqual(shakes(), 1)


class CreatorTests(CertificateCase):
    """What listeners ask for."""

    def test_files_are_read_at_once_and_each_connection_gets_the_current_ones(self) -> None:
        self.put("a.pem", "a.example", together=True)
        creator = server_creator(TlsSettings(folder=self.folder), self.notes.append)
        self.assertEqual(self.seen(creator()), ["a.example"])
        self.assertEqual(self.seen(server_tls(TlsSettings(folder=self.folder))), ["a.example"])
        with self.assertRaisesRegex(ConfigError, "needs a certificate"):
            server_creator(TlsSettings(), self.notes.append)
        self.assertEqual(self.notes, [])

    def test_a_session_may_be_taken_up_again(self) -> None:
        """Nothing is remembered of it here; the handshake is a whole one."""
        certificate, key = self.authority.make("own", "device.example")
        settings = TlsSettings(certificate, key, authorities=self.authority.path)
        creator = server_creator(settings, self.notes.append)
        context = self.context()
        context.load_cert_chain(*self.authority.make("client", "mast"))
        session = None
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_2, version
            for _ in range(2):
                layer = Layer(shake=False, creator=creator())
                layer.peer = layer.wire.peer = TlsPeer(context, "device.example")
                if session is not None and session.id:
                    layer.peer.tls.session = session
                layer.shake()
                session = layer.peer.tls.session
            session = None
