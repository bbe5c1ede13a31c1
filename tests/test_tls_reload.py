"""A reload by which a listener demands more of who comes: TLS, or a certificate of certain authorities."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from smartserial.channels.tls.demands import unmet
from smartserial.events import ClientRefused
from smartserial.settings import GatewaySettings, TlsSettings
from tests.test_tls_real import TlsCase
from tests.test_users_reload import ReloadCase
from tests.tlspeer import world
from tests.typist import ctl

CLEAR = "its listener wants TLS now"
OTHERS = "its listener wants certificates of other authorities now"


class DemandsTest(ReloadCase):
    def sealed(self, tls: TlsSettings | None, login: bool = False) -> GatewaySettings:
        settings = self.settings() if login else self.settings(None)
        shares = tuple(
            replace(one, listeners=tuple(replace(way, tls=tls) for way in one.listeners))
            for one in settings.shares
        )
        return replace(settings, shares=shares)

    def refused(self) -> list[str]:
        return [one.why for one in self.stage.events if isinstance(one, ClientRefused)]

    def test_what_is_demanded(self) -> None:
        mine, other = TlsSettings(Path("a")), TlsSettings(Path("b"), Path("k"))
        strict = replace(mine, authorities=Path("ca"))
        cases: tuple[tuple[TlsSettings | None, TlsSettings | None, str], ...] = (
            (None, None, ""),
            (mine, None, ""),
            (None, mine, CLEAR),
            (None, strict, CLEAR),
            (mine, other, ""),  # another certificate of ours is for those who come
            (mine, strict, OTHERS),
            (strict, replace(other, authorities=Path("ca")), ""),
            (strict, replace(mine, authorities=Path("cb")), OTHERS),
            (strict, mine, ""),
        )
        for had, wanted, words in cases:
            self.assertEqual(unmet(had, wanted), words, (had, wanted))

    def test_clients_in_clear_are_closed(self) -> None:
        self.reload(self.sealed(None))
        clients = [self.enter("meter"), self.enter("plc")]
        self.reload(self.sealed(world().settings))
        self.assertEqual([one.connected for one in clients], [False, False])
        self.assertEqual(self.farewells(), [("", CLEAR)] * 2)

    def test_who_is_typing_a_password_in_clear_is_closed(self) -> None:
        self.reload(self.sealed(None, login=True))
        typing = self.enter("meter", b"anna")
        self.reload(self.sealed(world().settings, login=True))
        self.assertFalse(typing.connected)
        self.assertEqual(len(self.stage.share("meter").listeners[0].gate._logging_in), 0)

    def test_who_is_shaking_hands_is_closed(self) -> None:
        self.reload(self.sealed(world().settings))
        shaking = self.enter("meter")
        self.reload(self.sealed(replace(world().settings, authorities=world().authority.path)))
        self.assertFalse(shaking.connected)
        self.assertEqual(self.refused(), [f"TLS: {OTHERS}"])

    def test_clear_again(self) -> None:
        self.reload(self.sealed(world().settings))
        shaking = self.enter("meter")
        self.reload(self.sealed(None))
        self.assertTrue(shaking.connected)

    def test_the_same_again(self) -> None:
        for tls in (None, world().settings):
            self.reload(self.sealed(tls))
            client = self.enter("meter")
            self.reload(replace(self.sealed(tls), shares=self.sealed(tls).shares[::-1]))
            self.assertTrue(client.connected)


class RealTest(TlsCase):
    """The program, its console, and clients with certificates and without."""

    def reload(self, program: Any, listen: str) -> None:
        config = self.folder / "config.yaml"
        config.write_text(re.sub(r"\{port: 0, tls: \w+\}", listen, config.read_text()))
        done = ctl(program, "reload")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_authorities(self) -> None:
        program = self.echo()
        without, context = self.client(program), self.world.context()
        context.load_cert_chain(*self.authority.make("laptop"))
        self.exchange(without)
        self.reload(program, "{port: 0, tls: mutual}")
        self.assertEqual(without.recv(1), b"")
        program.wait_for(f"is gone: {OTHERS}")
        with_one = self.client(program, context)
        self.exchange(with_one)
        self.reload(program, "{port: 0, tls: site}")
        self.exchange(with_one)
