"""Elements talk to one another over real sockets, TCP, TLS and UDP, through cuts and pauses.

For longer: ``python -m tests.test_element_ledger_sockets --minutes 3``
"""

from __future__ import annotations

import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater, react

from smartserial.element.service import Element
from smartserial.events import ElementState, EventStream
from smartserial.gateway import Gateway
from smartserial.settings import ElementSettings, GatewaySettings, TlsSettings
from tests.elementstage import ElementCase, client, server, udp_client, udp_server
from tests.messageledger import CLIENT_PROTOCOL, HUB, HUB_PROTOCOL, KINDS, OTHER_PROTOCOL, SIZES, Ledger
from tests.messagerelay import Relay
from tests.netstage import Authority, free_port
from tests.support import make_folder

DISTURBANCES = ("cut", "drop", "pause", "pause hub", "restart")
PATIENT = 100_000.0
"""Seconds that the hub waits for an answer: nothing here shall depend on time."""


class Talk:
    """A hub and clients of it.

    Args:
        chance: decides what happens.
        count: clients; over TCP every second one goes through a relay.
        udp: over UDP.
        folder: for certificates: over TLS.
    """

    def __init__(self, chance: Random, count: int, udp: bool = False, folder: Path | None = None) -> None:
        self.chance = chance
        self.ledger = Ledger()
        self.udp = udp
        self.clients = [f"c{n}" for n in range(count)]
        self.port = free_port()
        self.relay = None if udp else Relay("127.0.0.3", self.port, Random(count))
        self.closing: list[Deferred[None]] = []
        self.done: Counter[str] = Counter()
        self._authority = None if folder is None else Authority(folder)
        self.elements: dict[str, Element] = {}

    def _tls(self, serves: bool) -> TlsSettings | None:
        authority = self._authority
        if authority is None:
            return None
        if not serves:
            return TlsSettings(authorities=authority.path, hostname="hub.example")
        return TlsSettings(*authority.make(HUB, "hub.example"))

    def settings(self) -> GatewaySettings:
        """The whole gateway: servers on any address, clients that go to 127.0.0.2, or to the relay."""
        serving = udp_server if self.udp else server
        going = udp_client if self.udp else client
        more = {} if self.udp else {"tls": self._tls(True)}
        patience = 0.5 if self.udp else PATIENT  # a question may be lost with a pause
        carried = serving(self.port, "0.0.0.0", timeout=patience, retries=2, **more)
        found = [self._element(HUB, HUB_PROTOCOL, carried), self._element("other", OTHER_PROTOCOL, carried)]
        for number, name in enumerate(self.clients):
            relayed = self.relay is not None and number % 2
            host, port = (
                ("127.0.0.3", self.relay.port) if relayed and self.relay else ("127.0.0.2", self.port)
            )
            more = {"single": True, **({} if self.udp else {"tls": self._tls(False)})}
            found.append(self._element(name, CLIENT_PROTOCOL, going(port, host, **more)))
        return GatewaySettings(elements=tuple(found))

    def _element(self, name: str, protocol: Any, carried: Any) -> ElementSettings:
        return ElementSettings(
            name, "test", protocol, (carried,), reactions=lambda: self.ledger.reactions(name)
        )

    # ---- what happens

    def say(self) -> None:
        for who in self.clients:
            for _ in range(self.chance.choice((0, 1, 3))):
                self.ledger.say(
                    self.elements[who], self.chance.choice(KINDS + "Y"), self.chance.choice(SIZES)
                )
        if not self.udp:
            self.ledger.say(self.elements[HUB], "B", self.chance.choice(SIZES))

    def disturb(self) -> None:
        """Cut a connection, drop a session, or pause or restart an element."""
        what = self.chance.choice(("pause hub",) if self.udp else DISTURBANCES)
        self.done[what] += 1
        element = self.elements[HUB if what == "pause hub" else self.chance.choice(self.clients)]
        if what == "cut" and self.relay is not None:
            self.relay.cut()
        elif what == "drop" and element.work is not None:
            channel = self.elements[HUB].lines[0].channel if self.elements[HUB].lines else None
            for peer in channel.peers[-1:] if channel is not None else ():
                channel.drop(peer)
        elif what.startswith("pause"):
            self.closing.append(element.pause())
        elif what == "restart":
            self.closing.append(element.restart())

    def resume(self) -> None:
        for element in self.elements.values():
            if element.state in (ElementState.PAUSED, ElementState.STOPPED):
                element.start()

    async def play(
        self, rounds: int, turn: Callable[[], Awaitable[object]], seconds: float | None = None
    ) -> None:
        """Talk for so many rounds, or for a time; let all arrive after every tenth round, and at the end."""
        end = None if seconds is None else monotonic() + seconds
        await self.quiet(turn)
        number = 0
        while number < rounds or (end is not None and monotonic() < end):
            number += 1
            self.say()
            if self.chance.random() < 0.3:
                self.disturb()
            for _ in range(self.chance.choice((0, 1, 5))):
                await turn()
            if number % 3 == 0:
                self.resume()
            if number % 10 == 0:
                await self.quiet(turn)
        await self.quiet(turn)

    async def quiet(self, turn: Callable[[], Awaitable[object]]) -> None:
        """Have everybody back, say one more message of each kind, and wait until all that is answered."""
        for _ in range(100_000):
            self.resume()
            await turn()
            if all(deferred.called for deferred in self.closing) and self._all_here():
                break
        else:
            raise AssertionError("somebody does not come back")
        self.closing.clear()
        for _ in range(
            20
        ):  # a session that has just ended over here may still be there, so a last word is cut
            if await self._last_words(turn):
                return
        missing = self.ledger.unanswered(self.clients, everywhere=not self.udp)
        raise AssertionError("\n".join([*missing, str(self.ledger.found), *self.ledger.notes]))

    async def _last_words(self, turn: Callable[[], Awaitable[object]]) -> bool:
        for who in self.clients:
            for kind in KINDS:
                assert self.ledger.say(self.elements[who], kind, 3)
        if not self.udp:
            assert self.ledger.say(self.elements[HUB], "B", 3)
        for _ in range(5000):
            await turn()
            if not self.ledger.unanswered(self.clients, everywhere=not self.udp):
                return True
        return False

    def _all_here(self) -> bool:
        """Tell whether each client has a session, and the hub has that too."""
        channels = [self.elements[name].lines for name in (HUB, *self.clients)]
        if not all(lines and (self.udp or lines[0].channel.peers) for lines in channels):
            return False
        return self.udp or len(channels[0][0].channel.peers) == len(self.clients)

    def judge(self) -> str:
        """Return what is wrong, or nothing."""
        found = []
        if self.ledger.found.wrong:
            found += [str(self.ledger.found), *self.ledger.notes]
        for name, element in self.elements.items():
            for line in element.lines:
                tally = line.tally
                explained = sum(line.lost.values())
                if tally.pending or explained > tally.received:
                    found.append(f"{name}: {tally}, lost {line.lost}")
        return "\n".join(found)


class SocketTests(ElementCase):
    maxDiff = None
    timeout = 120

    async def converse(self, rounds: int, **more: Any) -> Talk:
        talk = Talk(Random(rounds), **more)
        self.gateway.events.subscribe(talk.ledger.take_note)
        acting = await self.run_all(*talk.settings().elements)
        if talk.relay is not None:
            self.addCleanup(talk.relay.stop)
        talk.elements = {one.name: one.element for one in acting}
        await talk.play(rounds, self.turn)
        self.assertEqual(talk.judge(), "")
        self.assertGreater(talk.ledger.found.heard, 10 * rounds)
        return talk

    async def turn(self) -> None:
        self.stage.clock.advance(0.01)
        await deferLater(real_reactor, 0)  # type: ignore[arg-type]

    async def test_over_tcp(self) -> None:
        talk = await self.converse(100, count=4)
        self.assertEqual(set(talk.done), set(DISTURBANCES))

    async def test_over_tls(self) -> None:
        await self.converse(20, count=2, folder=Path(make_folder(self)))

    async def test_over_udp(self) -> None:
        await self.converse(40, count=3, udp=True)


class CalledTests(ElementCase):
    """A UDP server on all addresses answers from the one that was called."""

    async def test_each_caller_hears_the_address_it_called(self) -> None:
        for host in ("0.0.0.0", "::"):
            definition = replace(HUB_PROTOCOL, name=host)
            self.gateway = Gateway(self.stage, EventStream())
            ledger = Ledger()
            port = free_port()
            serving = udp_server(port, host)
            hub = ElementSettings(
                HUB, "test", definition, (serving,), reactions=partial(ledger.reactions, HUB)
            )
            await self.run_all(hub)
            for called in ("127.0.0.1", "127.0.0.2", *(["::1"] if ":" in host else [])):
                family = socket.AF_INET6 if ":" in called else socket.AF_INET
                with socket.socket(family, socket.SOCK_DGRAM) as caller:
                    caller.setblocking(False)
                    caller.connect((called, port))
                    for kind in "MNC":
                        ledger.said[called, kind] = 1
                        caller.send(f"{kind} {called}.1.\n".encode())
                        self.assertEqual(
                            await self.datagram(caller), f"{kind.lower()} {called}.1.\n".encode()
                        )
            await self.in_time(self.gateway.stopService())


async def run_long(reactor: Any, seconds: float) -> None:
    """Talk over TCP, TLS and UDP, a third of the time each; tell how it went."""
    with TemporaryDirectory() as folder:
        for name, more in (("tcp", {}), ("tls", {"folder": Path(folder)}), ("udp", {"udp": True})):
            talk = Talk(Random(1), 6, **more)  # type: ignore[arg-type]
            gateway = Gateway(reactor, EventStream())
            gateway.events.subscribe(talk.ledger.take_note)
            gateway.open(talk.settings())
            gateway.startService()
            talk.elements = dict(gateway.elements)
            begun = monotonic()
            await talk.play(0, lambda: deferLater(reactor, 0.0005), seconds / 3)
            wrong = talk.judge()
            found = talk.ledger.found
            rate = found.heard / (monotonic() - begun)
            print(
                f"{name}: {found.heard} messages heard ({rate:.0f}/s), {found.cut} cut, {dict(talk.done)}",
                end="",
            )
            print(f", {talk.relay.cuts} wires cut" if talk.relay else "", f"\n{wrong or 'nothing is wrong'}")
            await gateway.stopService()
            if talk.relay is not None:
                await talk.relay.stop()
            if wrong:
                raise SystemExit(1)


if __name__ == "__main__":
    minutes = float(sys.argv[sys.argv.index("--minutes") + 1])
    react(lambda reactor: Deferred.fromCoroutine(run_long(reactor, minutes * 60)))  # type: ignore[misc]
