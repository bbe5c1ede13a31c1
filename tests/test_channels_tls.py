"""Encrypted connections of elements: real handshakes, certificates made for each test."""

from __future__ import annotations

import socket
import ssl
import sys
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.elements.channel import MOST_PENDING
from smartserial.channels.tls.ends import HANDSHAKE, client_tls, server_tls
from smartserial.errors import ConfigError
from smartserial.settings import NetworkCarrier, Role, TlsSettings, Transport
from tests.netstage import Authority, NetTestCase, client, free_port, port_of, server
from tests.support import make_folder, pattern


class SealedTests(NetTestCase):
    """Handshakes that succeed, and those that do not."""

    def setUp(self) -> None:
        super().setUp()
        folder = Path(make_folder(self))
        self.authority = Authority(folder)
        self.stranger = Authority(folder, "stranger")
        certificate, key = self.authority.make("server", "127.0.0.1", "device.example")
        self.server_side = TlsSettings(certificate, key)
        self.client_side = TlsSettings(authorities=self.authority.path)

    async def both(
        self, server_side: TlsSettings | None = None, client_side: TlsSettings | None = None
    ) -> Any:
        serving = await self.serve(tls=server_side or self.server_side)
        return serving, self.open(client(port_of(serving), tls=client_side or self.client_side))

    def seal(self, context: ssl.SSLContext, sock: socket.socket) -> ssl.SSLSocket:
        sealed = context.wrap_socket(sock, do_handshake_on_connect=False, server_hostname="127.0.0.1")
        self.addCleanup(sealed.close)
        return sealed

    async def refused(self, serving: Any, calling: Any, *words: str) -> None:
        await self.until(lambda: calling.owner.all("failed") or calling.owner.all("closed"))
        self.assertEqual(serving.owner.all("opened"), [])
        told = str(calling.owner.told)
        self.assertTrue(any(word in told for word in words), told)

    async def test_bytes_pass_both_ways(self) -> None:
        serving, calling = await self.both()
        await self.until(lambda: serving.peers and calling.peers)
        data = pattern(600_000)
        self.assertEqual(calling.send(data), 1)
        self.assertEqual(serving.send(data[::-1]), 1)
        await self.until(lambda: len(serving.owner.heard) == len(calling.owner.heard) == len(data))
        self.assertEqual((serving.owner.heard, calling.owner.heard), (data, data[::-1]))
        await self.until(lambda: serving.tally.sent == calling.tally.sent == len(data))
        self.assertEqual((serving.tally.pending, serving.tally.dropped), (0, 0))
        self.assertIn("with TLS", serving.where)
        peer = serving.peers[0]
        await self.fired(calling.close())
        await self.until(lambda: serving.owner.all("closed"))
        self.assertEqual(serving.owner.all("closed"), [(peer, "closed by the other side")])

    async def test_a_session_is_told_after_the_handshake_only(self) -> None:
        serving = await self.serve(tls=self.server_side)
        sock = self.connect(serving)
        await self.turns()
        self.assertEqual((serving.peers, serving.send(b"secret")), ((), 0))
        self.stage.clock.advance(HANDSHAKE)
        self.assertEqual(await self.ended(sock), b"")
        await self.until(lambda: serving.owner.all("refused"))
        self.assertEqual(serving.owner.all("refused")[0][1], "no TLS handshake within 10 s")
        self.assertEqual(serving.owner.all("opened") + serving.owner.all("closed"), [])

    async def test_a_handshake_takes_a_place(self) -> None:
        serving = await self.serve(tls=self.server_side, max_clients=1)
        self.connect(serving)
        await self.turns()
        self.assertEqual(await self.ended(self.connect(serving)), b"")
        self.assertEqual(len(serving.owner.all("refused")), 1)
        self.stage.clock.advance(HANDSHAKE)
        await self.turns()
        self.open(client(port_of(serving), tls=self.client_side))
        await self.until(lambda: serving.peers)

    async def test_what_is_not_tls_is_closed(self) -> None:
        serving = await self.serve(tls=self.server_side)
        sock = self.connect(serving)
        sock.send(b"GET / HTTP/1.0\r\n\r\n")
        await self.ended(sock)
        await self.until(lambda: serving.owner.all("refused"))
        self.assertIn("TLS: ", serving.owner.all("refused")[0][1])
        self.assertEqual((serving.owner.all("opened"), serving.tally.received), ([], 0))

    async def test_closing_during_a_handshake(self) -> None:
        serving = await self.serve(tls=self.server_side)
        sock = self.connect(serving)
        await self.turns()
        await self.fired(serving.close())
        await self.ended(sock)
        self.assertEqual(serving.owner.told, [("ready",)])

    async def test_old_versions_are_refused(self) -> None:
        serving = await self.serve(tls=self.server_side)
        for version, wanted in ((0x0303, "True"), (0x0302, "False")):  # TLS 1.2 and 1.1
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of Python, for the old one
                context = ssl.create_default_context(cafile=str(self.authority.path))
                context.set_ciphers("DEFAULT@SECLEVEL=0")
                context.minimum_version = context.maximum_version = ssl.TLSVersion(version)
            sealed = self.seal(context, self.connect(serving))
            self.assertEqual(await self.until(lambda sealed=sealed: _shaken(sealed)), wanted)

    async def test_a_stranger_is_not_trusted(self) -> None:
        stranger = TlsSettings(*self.stranger.make("other", "127.0.0.1"))
        await self.refused(*await self.both(stranger), "certificate verify failed")

    async def test_the_system_does_not_trust_it_either(self) -> None:
        await self.refused(*await self.both(client_side=TlsSettings()), "certificate verify failed")

    async def test_a_certificate_of_another_host(self) -> None:
        other = TlsSettings(*self.authority.make("elsewhere", "10.0.0.1"))
        await self.refused(*await self.both(other), "not that of this host", "certificate verify failed")

    async def test_a_certificate_of_no_host(self) -> None:
        """One that names itself only in its subject, as old devices have them."""
        old = TlsSettings(*self.authority.make("127.0.0.1"))
        await self.refused(*await self.both(old), "names no host", "certificate verify failed")

    async def test_the_host_may_be_said(self) -> None:
        side = TlsSettings(authorities=self.authority.path, hostname="device.example")
        serving, calling = await self.both(client_side=side)
        await self.until(lambda: serving.peers and calling.peers)
        wrong = TlsSettings(authorities=self.authority.path, hostname="other.example")
        calling = self.open(client(port_of(serving), tls=wrong))
        await self.until(lambda: calling.owner.all("failed"))
        self.assertEqual(calling.owner.all("opened"), [])

    async def test_judging_may_be_left_out(self) -> None:
        stranger = TlsSettings(*self.stranger.make("other", "10.9.9.9"))
        serving, calling = await self.both(stranger, TlsSettings(verify=False))
        await self.until(lambda: serving.peers and calling.peers)
        named = self.open(client(port_of(serving), "localhost", tls=TlsSettings(verify=False)))
        await self.until(lambda: named.peers)

    async def test_a_server_with_authorities_wants_a_certificate(self) -> None:
        demanding = TlsSettings(
            self.server_side.certificate, self.server_side.key, authorities=self.authority.path
        )
        serving = await self.serve(tls=demanding)
        own = TlsSettings(*self.authority.make("client", "mast"), authorities=self.authority.path)
        calling = self.open(client(port_of(serving), tls=own))
        await self.until(lambda: serving.peers)
        await self.in_time(calling.close())
        await self.until(lambda: not serving.peers)
        opened = len(serving.owner.all("opened"))
        foreign = TlsSettings(*self.stranger.make("foreign", "mast"), authorities=self.authority.path)
        for wrong in (self.client_side, foreign):
            calling = self.open(client(port_of(serving), tls=wrong))
            await self.until(lambda c=calling: c.owner.all("failed") or c.owner.all("closed"))
            await self.in_time(calling.close())
        self.assertEqual(len(serving.owner.all("opened")), opened)

    async def test_a_client_gives_a_handshake_ten_seconds(self) -> None:
        listener = self.listener()
        calling = self.open(client(listener.getsockname()[1], tls=self.client_side))
        await self.accept(listener)
        await self.turns()
        self.stage.clock.advance(10)
        await self.until(lambda: calling.owner.all("failed"))
        self.assertIn("within 10 s", calling.owner.all("failed")[0][0])

    async def test_a_slow_session_is_cut_off_and_counted(self) -> None:
        serving = await self.serve(tls=self.server_side)
        context = ssl.create_default_context(cafile=str(self.authority.path))
        sealed = self.seal(context, self.connect(serving))
        await self.until(lambda: _shaken(sealed))
        await self.until(lambda: serving.peers)
        given, data = 0, pattern(100_000)
        while serving.peers:
            serving.send(data)
            given += len(data)
            tally = serving.tally
            self.assertEqual(tally.sent + tally.pending + tally.dropped, given)
        await self.until(lambda: serving.owner.all("closed"))
        tally = serving.tally
        self.assertGreater(tally.dropped, MOST_PENDING)
        self.assertEqual((tally.sent + tally.dropped, tally.pending), (given, 0))
        self.assertIn("too slow", serving.owner.all("closed")[0][1])

    async def test_closing_sends_what_waits(self) -> None:
        serving, calling = await self.both()
        await self.until(lambda: serving.peers and calling.peers)
        data = pattern(900_000)
        serving.send(data)
        closing = serving.close()
        await self.until(lambda: len(calling.owner.heard) == len(data))
        self.assertEqual(calling.owner.heard, data)
        await self.in_time(closing)
        self.assertEqual((serving.tally.sent, serving.tally.dropped), (len(data), 0))

    async def test_two_elements_must_agree(self) -> None:
        first = await self.serve("first", tls=self.server_side)
        plain = self.open(server(), "plain")
        self.assertIn("uses TLS", plain.owner.all("failed")[0][0])
        other = self.open(server(tls=self.client_side), "other")
        self.assertIn("uses other TLS settings", other.owner.all("failed")[0][0])
        same = await self.serve("same", tls=self.server_side)
        await self.in_time(first.close())
        await self.in_time(same.close())
        await self.until(lambda: plain.owner.all("ready"))

    async def test_a_file_that_is_gone_at_the_next_opening(self) -> None:
        serving = await self.serve(tls=self.server_side)
        assert self.server_side.key is not None
        self.server_side.key.unlink()
        serving.open()
        ((why, news),) = serving.owner.all("failed")
        self.assertIn(f"cannot read {self.server_side.key}: No such file", why)
        self.assertTrue(news)

    async def test_all_files_are_looked_into_when_addresses_are_claimed(self) -> None:
        carriers = [
            NetworkCarrier(Transport.TCP, role, "127.0.0.1", free_port(), tls=TlsSettings(Path("/no/such")))
            for role in (Role.SERVER, Role.CLIENT)
        ]
        carriers.append(
            NetworkCarrier(Transport.TCP, Role.SERVER, "127.0.0.1", free_port(), tls=TlsSettings())
        )
        with self.assertRaises(ConfigError) as caught:
            self.ports.claim(carriers)
        self.assertEqual(
            str(caught.exception).splitlines(),
            ["cannot read /no/such: No such file or directory", "a server with TLS needs a certificate"],
        )


def _shaken(sealed: ssl.SSLSocket) -> str:
    """Go on with a handshake; return ``True`` or ``False`` when it is done, or failed."""
    try:
        sealed.do_handshake()
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return ""
    except (ssl.SSLError, ConnectionResetError):
        return "False"
    return "True"


class FilesTests(SynchronousTestCase):
    """What is said of files that cannot be used."""

    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.authority = Authority(self.folder)
        self.certificate, self.key = self.authority.make("own", "127.0.0.1")

    def says(self, words: str, **settings: Any) -> None:
        for make in (server_tls, lambda tls: client_tls(tls, "10.0.0.1")):
            with self.assertRaises(ConfigError) as caught:
                make(TlsSettings(**{"certificate": self.certificate, "key": self.key, **settings}))  # type: ignore[operator]
            self.assertIn(words, str(caught.exception))

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def test_right_ones(self) -> None:
        server_tls(TlsSettings(self.certificate, self.key))
        together = self.file("both.pem", self.key.read_bytes() + self.certificate.read_bytes())
        server_tls(TlsSettings(together))
        chain = self.file("chain.pem", self.certificate.read_bytes() + self.authority.path.read_bytes())
        server_tls(TlsSettings(chain, self.key))
        client_tls(TlsSettings(self.certificate, self.key), "device.example")

    def test_missing(self) -> None:
        gone = self.folder / "gone.pem"
        for name in ("certificate", "key", "authorities"):
            self.says(f"cannot read {gone}: No such file or directory", **{name: gone})

    def test_not_pem(self) -> None:
        rubbish = self.file("rubbish.pem", b"\x30\x82 rubbish")
        self.says(f"{rubbish}: there is no certificate in it", certificate=rubbish)
        self.says(f"{rubbish}: there is no certificate in it", authorities=rubbish)
        self.says(f"{rubbish}: there is no private key", key=rubbish)
        self.says(f"{self.certificate}: there is no private key", key=None)

    def test_damaged(self) -> None:
        text = self.certificate.read_bytes()
        damaged = self.file("damaged.pem", text[:100] + text[200:])
        self.says(f"{damaged}: a certificate cannot be read", certificate=damaged)

    def test_the_key_of_another(self) -> None:
        _, other = self.authority.make("other", "127.0.0.1")
        self.says(f"{other}: the key does not belong to {self.certificate}", key=other)

    def test_an_encrypted_key(self) -> None:
        from cryptography.hazmat.primitives import serialization

        key = serialization.load_pem_private_key(self.key.read_bytes(), None)
        locked = self.file(
            "locked.key",
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"word"),
            ),
        )
        self.says(f"{locked}: the private key is encrypted", key=locked)

    def test_a_server_needs_a_certificate(self) -> None:
        with self.assertRaisesRegex(ConfigError, "needs a certificate"):
            server_tls(TlsSettings())

    def test_a_host_that_no_certificate_can_name(self) -> None:
        with self.assertRaises(ConfigError):
            client_tls(TlsSettings(), "a" * 64 + ".example")

    def test_without_pyopenssl(self) -> None:
        with mock.patch.dict(sys.modules, {"OpenSSL": None}):
            self.says("install smartserial[tls]")
