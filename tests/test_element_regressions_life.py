"""Elements while everything around them changes: settings, sessions, full pipes; and in the real program."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import (
    command,
    numeric_text,
    pair,
    poll,
    serial,
    smart_serial,
    text,
    trailer,
)
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.message import Pair
from smartserial.definition.param import Interprete, Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import ConnectionState
from smartserial.events import PeerConnected, PeerDisconnected
from smartserial.script import Rule, Script, parse_text
from smartserial.settings import (
    Address,
    DeviceCarrier,
    ListenerSettings,
    Mode,
    NetworkCarrier,
    RecordFile,
    Rfc2217Device,
    Role,
    ShareSettings,
    SimDevice,
)
from tests.configs import judged
from tests.elementstage import LOCAL, Acting, ElementCase, client, connection, element, server
from tests.enginestage import At, Do, On, act, at, world
from tests.netstage import free_port
from tests.rulebook import constant, definition, param
from tests.support import Program, make_folder, until


def unanswered(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """The same commands, that want no answers."""
    return tuple(replace(one, responses=()) for one in pairs)


def echo() -> Protocol:
    """Whoever says ``R1:x`` is sent ``C2``; params 90 and 91 tell who came and who left."""
    said = CommunicationOptions(notify_connection_pids=(90, 91))
    return world(
        2,
        connections=(replace(smart_serial("IP"), communication=said),),
        params=(text(90, "came"), text(91, "left")),
        triggers=(at(5, On.RESPONSE, At.AFTER, 1, 5),),
        actions=(act(5, ActionOn.GROUP, Do.EXECUTE, 2),),
        pairs=unanswered,
    )


def where(sock: socket.socket) -> str:
    host, port = sock.getsockname()
    return f"{host}:{port}"


class FullPipeTest(ElementCase):
    """The other side does not read, and a lot waits for it."""

    async def full(self, mast: Acting) -> int:
        """Send until the kernel takes no more, but less than a session is closed for; return how much."""
        mast.set(501, "x" * 400_000)
        given = 0
        for _ in range(100):
            mast.run(1)
            given += 400_003
            await self.turns()
            if mast.channel().tally.pending:
                return given
        raise AssertionError("the kernel takes everything")

    async def test_a_server_restarts_all_the_same(self) -> None:
        mast = await self.run_one(world(1, pairs=unanswered), server())
        for _ in range(3):
            self.call(mast)
            await self.until(mast.peers)
            self.call(mast)
            await self.until(lambda: len(mast.peers()) == 2)
            await self.full(mast)
            before = self.stage.clock.seconds()
            first, second = mast.element.restart(), mast.element.restart()
            for change in (first, second):
                await self.in_time(change)
            self.assertLess(self.stage.clock.seconds() - before, 5.0)
            await self.settled(mast)
            self.assertEqual((mast.element.state.value, mast.peers()), ("active", ()))
            await self.client(mast)
            await self.in_time(mast.element.restart())
            await self.settled(mast)

    async def test_a_client_opens_again_all_the_same(self) -> None:
        opening = act(6, ActionOn.PROTOCOL, Do.OPEN, type_nr=0)
        opens = at(6, On.PARAMETER, At.CHANGE, 502, 6)
        there = self.listener()
        mast = await self.run_one(
            world(2, triggers=(opens,), actions=(opening,), pairs=unanswered), client(there.getsockname()[1])
        )
        sock, given = await self.accept(there), 0
        for number in range(3):
            await self.until(mast.peers)
            filled = await self.full(mast)
            given += filled
            mast.set(502, f"again {number}")
            mast.set(502, f"and again {number}")
            mast.run(2)
            await self.pass_time(2.0)
            newer = await self.accept(there)
            ending = await self.ended(sock)
            self.assertLess(len(ending), filled, "it was cut off")
            await self.hears(newer, f"C2and again {number}\n".encode())
            sock = newer
        tally = mast.channel().tally
        self.assertEqual(tally.pending, 0)
        given += 3 * len("C2and again 0\n")
        self.assertEqual((tally.sent + tally.dropped, tally.unsent), (given, 0))
        self.assertGreater(tally.dropped, 0)


class PauseTest(ElementCase):
    async def test_a_definition_that_opens_again_does_not_end_a_pause(self) -> None:
        reopens = at(6, On.PARAMETER, At.CHANGE, 91, 6, 401)
        opening = act(6, ActionOn.PROTOCOL, Do.OPEN, type_nr=0)
        protocol = echo()
        protocol = replace(
            protocol, triggers=(*protocol.triggers, reopens), actions=(*protocol.actions, opening)
        )
        there = self.listener()
        mast = await self.run_one(protocol, client(there.getsockname()[1]))
        sock = await self.accept(there)
        await self.until(mast.peers)
        await self.in_time(mast.element.pause())
        await self.ended(sock)
        await self.pass_time(30.0)
        self.assertEqual((mast.value(401), mast.peers(), mast.element.state.value), (1, (), "paused"))
        await self.in_time(mast.element.start())
        sock = await self.accept(there)
        await self.until(mast.peers)
        sock.close()
        await self.accept(there)
        await self.until(lambda: mast.value(401) == 2, "it opens again, as it should")


class FailureTest(ElementCase):
    """A protocol that failed; what an operator changes then is tried."""

    async def failed(self, mast: Acting) -> None:
        self.patch(mast.work.engine, "received", lambda *args: 1 / 0)
        sock = await self.client(mast)
        sock.sendall(b"R1:x\n")
        self.assertEqual(await self.ended(sock), b"")
        self.assertEqual(mast.element.state.value, "error")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def works(self, mast: Acting) -> None:
        await self.settled(mast)
        sock = await self.client(mast)
        sock.sendall(b"R1:works\n")
        await self.hears(sock, b"C2\n")
        self.assertEqual((mast.element.state.value, mast.value(301)), ("active", "works"))

    async def test_it_is_started_again(self) -> None:
        trace = RecordFile(Path(make_folder(self)) / "trace.jsonl")
        mast = await self.run_one(echo(), server(), trace=trace)
        for _ in range(5):
            await self.failed(mast)
            await self.in_time(mast.element.start())
            await self.works(mast)
        await self.in_time(mast.element.stop())
        leading = [Path(entry).resolve() for entry in Path("/proc/self/fd").iterdir()]
        self.assertNotIn(trace.path.resolve(), leading, "no file is left open")
        lines = trace.path.read_text().splitlines()
        self.assertEqual(len([line for line in lines if "works" in line and '"match"' in line]), 5)

    async def test_other_settings_are_tried(self) -> None:
        settings = element(echo(), server())
        [mast] = await self.run_all(settings)
        await self.failed(mast)
        await self.reload(replace(settings, connections=(server(host="127.0.0.2", retries=2),)))
        await self.settled(mast)
        self.assertEqual(mast.element.state.value, "active")
        sock = self.call(mast, host="127.0.0.2")
        sock.sendall(b"R1:works\n")
        await self.hears(sock, b"C2\n")

    async def test_a_better_definition_is_tried(self) -> None:
        good = echo()
        shape = replace(numeric_text(5, "x").interprete or Interprete(), base=99)
        bad = replace(good, params=(*good.params, Param(5, "x", interprete=shape)))
        settings = element(bad, server())
        self.configured = replace(self.configured, elements=(settings,))
        self.gateway.open(self.configured)
        self.gateway.startService()
        mast = Acting(self.gateway.elements["mast"], self.events)
        self.assertEqual((mast.element.state.value, mast.element.work), ("error", None))
        await self.reload(replace(settings, definition=good))
        await self.works(mast)


class ReloadTest(ElementCase):
    async def test_another_bus_address_counts_at_once(self) -> None:
        end = trailer(1, "end", b"\n", link=1)
        address = Param(2, "address", ParamType.BUS)
        protocol = Protocol(
            "Bus",
            connections=(smart_serial("IP"),),
            params=(end, address),
            commands=(command(1, "c", address, end),),
            pairs=(pair(1, "p", 1),),
            groups=(poll(1, "g", 1),),
        )
        settings = element(protocol, server(bus_address="7"))
        [mast] = await self.run_all(settings)
        for said in ("7", "8"):
            await self.reload(replace(settings, connections=(server(bus_address=said),)))
            await self.settled(mast)
            sock = await self.client(mast)
            mast.run(1)
            await self.hears(sock, f"{said}\n".encode())

    async def test_an_element_less_and_one_more(self) -> None:
        one, two, three = (element(echo(), server(), name=f"e{n}") for n in range(3))
        first, second = await self.run_all(one, two)
        sock = await self.client(first)
        await self.until(second.peers)
        before = second.peers()
        await self.reload(two)
        self.assertEqual(second.peers(), before)
        sock.sendall(b"R1:two\n")
        await self.hears(sock, b"C2\n")
        await self.reload(two, three)
        third = Acting(self.gateway.elements["e2"], self.events)
        await self.settled(third)
        self.assertEqual((second.peers(), third.peers()), (before, before))
        self.assertEqual(third.value(90), where(sock))
        sock.sendall(b"R1:three\n")
        await self.hears(sock, b"C2\nC2\n")
        self.assertEqual(second.port(), third.port())

    async def test_another_way_on_the_same_address(self) -> None:
        """The old session ends, and counts no more; the address is never given up."""
        settings = element(echo(), server())
        mast = await self.run_one(echo(), server())
        sock = await self.client(mast)
        port = mast.port()
        carrier = NetworkCarrier(settings.connections[0].carrier.transport, Role.SERVER, LOCAL, 0,  # type: ignore[union-attr]
                                 keepalive=None)  # fmt: skip
        changed = replace(settings, connections=(replace(settings.connections[0], carrier=carrier),))
        await self.reload(changed)
        self.assertEqual(await self.ended(sock), b"")
        await self.settled(mast)
        await self.until(lambda: mast.value(91) == where(sock))
        self.assertEqual(mast.port(), port)
        self.assertEqual(mast.state(), ConnectionState.DISCONNECTED)
        sock = await self.client(mast)
        self.assertEqual(mast.state(), ConnectionState.CONNECTED)
        sock.sendall(b"R1:x\n")
        await self.hears(sock, b"C2\n")

    async def test_a_client_goes_where_the_settings_say(self) -> None:
        one, two = self.listener(), self.listener()
        settings = element(echo(), client(one.getsockname()[1]))
        [mast] = await self.run_all(settings)
        sock = await self.accept(one)
        await self.until(mast.peers)
        await self.reload(replace(settings, connections=(client(two.getsockname()[1]),)))
        self.assertEqual(await self.ended(sock), b"")
        sock = await self.accept(two)
        await self.until(mast.peers)
        self.assertEqual(mast.state(), ConnectionState.CONNECTED)
        mast.run(1)
        await self.hears(sock, b"C1\n")

    async def test_a_session_that_is_lost_to_another_list_is_told(self) -> None:
        lists = ((), ()), (("127.0.0.11",), ())
        open_to_all, narrowed = (
            [element(echo(), server(host="0.0.0.0", allowed=one), name=f"e{n}") for n, one in enumerate(both)]
            for both in lists
        )
        first, second = await self.run_all(*open_to_all)
        sock = await self.client(first, "127.0.0.12")
        await self.until(second.peers)
        await self.reload(*narrowed)
        self.assertEqual((first.value(91), second.value(91)), (where(sock), None))
        self.assertEqual(first.state(), ConnectionState.DISCONNECTED)
        told = [one.name for one in self.events if isinstance(one, PeerDisconnected)]
        self.assertEqual(told, ["e0"])
        await self.reload(*open_to_all)
        self.assertEqual(first.value(90), where(sock))
        self.assertEqual(first.state(), ConnectionState.CONNECTED)
        came = [one.name for one in self.events if isinstance(one, PeerConnected)]
        self.assertEqual(sorted(came), ["e0", "e0", "e1"])

    async def test_other_times_count_from_the_next_command_on(self) -> None:
        there = self.listener()
        settings = element(world(1), client(there.getsockname()[1], timeout=5.0, retries=0))
        [mast] = await self.run_all(settings)
        sock = await self.accept(there)
        await self.until(mast.peers)
        [former] = settings.connections
        await self.reload(replace(settings, connections=(replace(former, timeout=2.0, retries=1),)))
        mast.run(1)
        for _ in range(2):
            await self.hears(sock, b"C1\n")
            self.stage.clock.advance(2.0)
        await self.silent(sock)
        self.assertEqual(len(mast.peers()), 1, "it is the same session")


class AskedTest(ElementCase):
    """Who may answer what a server asks."""

    def reply(self) -> Protocol:
        """Whoever says ``R1:x`` is asked ``C2``."""
        asks = at(5, On.RESPONSE, At.AFTER, 1, 5)
        done = at(6, On.PAIR, At.SUCCEEDED, 2, 401)

        def second(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
            return pairs[1:]

        return world(
            2, triggers=(asks, done), actions=(act(5, ActionOn.GROUP, Do.EXECUTE, 2),), pairs=second,
            groups=(),
        )  # fmt: skip

    async def test_only_the_one_that_was_asked(self) -> None:
        mast = await self.run_one(self.reply(), server(retries=0))
        one, two = await self.client(mast), await self.client(mast)
        one.sendall(b"R1:x\n")
        await self.hears(one, b"C2\n")
        await self.silent(two)
        two.sendall(b"R2:two\n")
        await self.until(lambda: mast.channel().tally.received == 12)
        self.assertEqual(mast.value(401), 0)
        one.sendall(b"R2:one\n")
        await self.until(lambda: mast.value(401) == 1)
        self.assertEqual(mast.value(302), "one")

    async def test_of_all_the_first_that_answers(self) -> None:
        mast = await self.run_one(self.reply(), server(retries=0))
        one, two = await self.client(mast), await self.client(mast)
        mast.run(2)
        for sock in (one, two):
            await self.hears(sock, b"C2\n")
        two.sendall(b"R2:two\n")
        await self.until(lambda: mast.value(401) == 1)
        one.sendall(b"R2:one\n")
        await self.until(lambda: mast.value(302) == "one")
        self.assertEqual(mast.value(401), 1, "it was answered already")

    async def test_one_that_leaves_instead(self) -> None:
        mast = await self.run_one(self.reply(), server(retries=3))
        one, two = await self.client(mast), await self.client(mast)
        one.sendall(b"R1:x\n")
        await self.hears(one, b"C2\n")
        self.end_abruptly(one)
        await self.until(lambda: len(mast.peers()) == 1)
        await self.pass_time(10.0)
        await self.silent(two)
        mast.run(2)
        await self.hears(two, b"C2\n")
        two.sendall(b"R2:x\n")
        await self.until(lambda: mast.value(401) == 1)


class RemotePortTest(ElementCase):
    async def test_a_port_of_another_gateway(self) -> None:
        """Over RFC 2217, which is a device like any other."""
        script = Script((Rule(parse_text(b"C1", {}), (parse_text(b"R1:\xff\r\x00far\n", {}),)),))
        port = free_port()
        listener = ListenerSettings(Address(LOCAL, port), Mode.RFC2217)
        share = ShareSettings("far", SimDevice("sim", script), (listener,))
        for line in (serial("one"), smart_serial("one")):
            settings = connection(DeviceCarrier(Rfc2217Device(LOCAL, port)), timeout=5.0)
            [mast] = await self.run_all(element(world(1, connections=(line,)), settings), shares=(share,))
            await self.until(lambda: self.stage.clock.advance(0.01) or mast.peers(), "a session")  # noqa: B023
            mast.run(1)
            await self.until(lambda: self.stage.clock.advance(0.001) or mast.value(301))  # noqa: B023
            self.assertEqual(mast.work.engine.store.raw(301), b"\xff\r\x00far")
            await self.anew()


class LoopbackTest(SynchronousTestCase):
    def test_each_spelling_of_it_is_one_server(self) -> None:
        folder = Path(make_folder(self))
        (folder / "smart.xml").write_text(definition())
        for host in ("::1", "0:0:0:0:0:0:0:1", "0000::0001", "0:0::0.0.0.1"):
            settings, findings = judged(
                f'elements:\n  e:\n    protocol: ./smart.xml\n    connections: {{0: {{host: "{host}", '
                "type: tcp, port: 7001}}\n",
                folder,
            )
            assert settings is not None, findings
            carrier: Any = settings.elements[0].connections[0].carrier
            self.assertEqual((carrier.role, carrier.host), (Role.SERVER, "::1"), host)


TIMED = """
<Timers><Timer id="1"><Name>t</Name><Time>1000</Time><Interval>75</Interval>
<Content><Group>3</Group></Content></Timer></Timers>
"""


class ProgramTest(SynchronousTestCase):
    """A server for two, from its files to the sockets, in its own time."""

    def definition(self) -> str:
        said = ' communicationOptions="maxConcurrentConnections:2;notifyConnectionPIDs:90,91"'
        link = " options='headerTrailerLink=1'"

        def item(kind: str, number: int, content: str) -> str:
            return f'<{kind} id="{number}"><Name>{kind} {number}</Name><Content>{content}</Content></{kind}>'

        def sent(number: int, word: int) -> str:
            return (
                item("Command", number, f"<Param>{word}</Param><Param>12</Param>"),
                item("Pair", number, f"<Command>{number}</Command>"),
                item("Group", number, f"<Pair>{number}</Pair>"),
            )  # type: ignore[return-value]

        commands, pairs, groups = map("".join, zip(sent(2, 20), sent(3, 21), strict=True))
        trigger = (
            '<Trigger id="{0}"><Name>t{0}</Name><On id="1">response</On><Time>{1}</Time><Type>action</Type>'
            "<Content><Id>{0}</Id></Content></Trigger>"
        )
        body = (
            f"<Params>{param(10)}{constant(12, '0x0A', 'trailer', link)}{constant(20, 'ACK')}"
            f"{constant(21, 'TIME')}{param(90)}{param(91)}</Params><Commands>{commands}</Commands>"
            f"<Responses>{item('Response', 1, '<Param>10</Param><Param>12</Param>')}</Responses>"
            f"<Pairs>{pairs}</Pairs><Groups>{groups}</Groups>"
            f"<Triggers>{trigger.format(1, 'before')}{trigger.format(2, 'after')}</Triggers><Actions>"
            '<Action id="1"><Name>a1</Name><On>response</On><Type>read</Type></Action>'
            '<Action id="2"><Name>a2</Name><On id="2">group</On><Type>execute</Type></Action></Actions>'
            f"{TIMED}"
        )
        return definition(body, f'<Type relativeTimers="true"{said}>smart-serial</Type>')

    def test_three_clients(self) -> None:
        folder, port = Path(make_folder(self)), free_port()
        (folder / "two.xml").write_text(self.definition())
        (folder / "config.yaml").write_text(
            "elements:\n  two:\n    protocol: ./two.xml\n"
            f"    connections: {{0: {{type: tcp, host: any, port: {port}, insecure: true}}}}\n"
        )
        program = Program(self, ["--config", "config.yaml"], folder=folder)
        program.wait_for("two: is active")
        a, b = self.call(program, port, "127.0.0.5"), self.call(program, port, "127.0.0.6")
        c = socket.create_connection((LOCAL, port), 30, ("127.0.0.7", 0))
        self.assertEqual(c.recv(10), b"")
        c.close()
        program.wait_for(r"127\.0\.0\.7:\d+")
        heard = {a: b"", b: b""}

        def listen(sock: socket.socket, word: bytes) -> None:
            def came() -> bool:
                heard[sock] += sock.recv(100)
                return word in heard[sock]

            until(came, f"{word!r}")

        a.sendall(b"hi\n")
        listen(a, b"ACK\n")
        listen(a, b"TIME\n")
        listen(b, b"TIME\n")
        b.sendall(b"hi\n")
        listen(b, b"ACK\n")
        self.assertEqual((heard[a].count(b"ACK"), heard[b].count(b"ACK")), (1, 1))
        left = where(a)
        a.close()
        program.wait_for(f"{left} is gone")
        d = self.call(program, port, "127.0.0.8")
        heard[d] = b""
        d.sendall(b"hi\n")
        listen(d, b"ACK\n")
        heard[b] += b.recv(100)
        self.assertEqual(heard[b].count(b"ACK"), 1)
        for sock in (b, d):
            lines = heard[sock].split(b"\n")[:-1]
            self.assertLessEqual({*lines}, {b"ACK", b"TIME"})
        self.assertEqual(program.stop(), 0)

    def call(self, program: Program, port: int, source: str) -> socket.socket:
        sock = socket.create_connection((LOCAL, port), 30, (source, 0))
        self.addCleanup(sock.close)
        program.wait_for(f"{where(sock)} connected")
        return sock
