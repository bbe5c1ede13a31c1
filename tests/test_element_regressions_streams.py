"""From sockets to values and back on smart-serial connections: units, datagrams, escapes, addresses."""

from __future__ import annotations

import gc
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import (
    header,
    response,
    smart_serial,
    text,
    trailer,
)
from smartserial.definition.connection import Connection
from smartserial.definition.flow import Timer
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.languages.pairoptions import parse_pair_options
from smartserial.definition.languages.typeoptions import TypeOptions
from smartserial.definition.message import Pair
from smartserial.definition.param import Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import ConnectionState
from smartserial.settings import NetworkCarrier, Role, Transport
from smartserial.trace.events import UnitMade
from tests.elementstage import (
    LOCAL,
    Acting,
    ElementCase,
    client,
    connection,
    element,
    server,
    udp_client,
    udp_server,
)
from tests.enginestage import At, Do, On, act, at, read_each, world
from tests.netstage import free_port
from tests.rulebook import constant, definition, param
from tests.support import pattern

ALL = text(31, "all")


def smart(**said: Any) -> Connection:
    """A smart-serial connection with communication options."""
    return replace(smart_serial("IP Connection"), communication=CommunicationOptions(**said))


def catching(one: Connection) -> Protocol:
    """All that comes is param 31; each unit counts in param 401."""
    trigger, read = read_each()
    usual = world(0)
    return replace(
        usual,
        connections=(one,),
        params=(*(x for x in usual.params if x.id != 1), ALL),
        responses=(response(1, "all", ALL),),
        triggers=(trigger, at(5, On.RESPONSE, At.AFTER, 1, 401)),
        actions=(read, *(x for x in usual.actions if x.id != read.id)),
    )


def unanswered(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    return tuple(replace(one, responses=()) for one in pairs)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class UnitTest(ElementCase):
    """Where nothing says how units end, time does."""

    async def test_fifteen_milliseconds(self) -> None:
        mast = await self.run_one(catching(smart()), server())
        sock = await self.client(mast)
        sock.sendall(b"half")
        await self.until(lambda: mast.channel().tally.received == 4)
        self.stage.clock.advance(0.0149)
        self.assertEqual(mast.value(31), None)
        sock.sendall(b" and half")
        await self.until(lambda: mast.channel().tally.received == 13)
        self.stage.clock.advance(0.0002)
        self.assertEqual((mast.value(31), mast.value(401)), ("half and half", 1))

    async def test_so_many_bytes_do_not_wait(self) -> None:
        mast = await self.run_one(catching(smart(max_receive_buffer=4)), server())
        sock = await self.client(mast)
        sock.sendall(b"abcdef")
        await self.until(lambda: mast.value(31) == "abcd")
        sock.sendall(b"gh")
        await self.until(lambda: mast.value(31) == "efgh")
        sock.sendall(b"i")
        await self.until(lambda: mast.channel().tally.received == 9)
        self.assertEqual(mast.value(31), "efgh")
        self.stage.clock.advance(0.015)
        self.assertEqual((mast.value(31), mast.value(401)), ("i", 3))

    async def test_each_connection_has_its_own_ends(self) -> None:
        """The second one hears nothing that the first one's constants would end."""
        first = header(11, "head", "<", link=1, connection=0), trailer(12, "end", ">", link=1, connection=0)
        second = header(13, "head", "[", link=2, connection=1), trailer(14, "end", "]", link=2, connection=1)
        one, two = text(21, "one"), text(22, "two")
        trigger, read = read_each()
        protocol = Protocol(
            "Two",
            connections=(smart(), smart()),
            params=(*first, *second, one, two),
            responses=(
                response(1, "one", first[0], one, first[1]),
                response(2, "two", second[0], two, second[1], connection=1),
            ),
            triggers=(trigger,),
            actions=(read,),
        )
        mast = await self.run_one(protocol, server(), server(host="127.0.0.2", number=1))
        socks = await self.client(mast), await self.client2(mast)
        for sock in socks:
            sock.sendall(b"<a]b>[c>d]")
        await self.until(lambda: mast.value(21) and mast.value(22))
        self.assertEqual((mast.value(21), mast.value(22)), ("a]b", "c>d"))

    async def client2(self, mast: Acting) -> socket.socket:
        sock = self.call(mast, number=1, host="127.0.0.2")
        await self.until(lambda: mast.peers(1))
        return sock

    async def test_what_follows_the_end_may_come_later(self) -> None:
        """Two bytes after the trailer belong to the unit, whenever they come."""
        head, end = header(11, "head", "<", link=1), trailer(12, "end", ">", link=1)
        value, check = text(21, "value"), text(22, "check", 2)
        trigger, read = read_each()
        protocol = Protocol(
            "Tail",
            connections=(smart(),),
            params=(head, end, value, check),
            responses=(response(1, "r", head, value, end, check),),
            triggers=(trigger,),
            actions=(read,),
        )
        mast = await self.run_one(protocol, server())
        sock = await self.client(mast)
        for piece, count in ((b"<ab>", 4), (b"x", 5)):
            sock.sendall(piece)
            await self.until(lambda: mast.channel().tally.received == count)  # noqa: B023
            self.assertEqual(mast.value(21), None)
        sock.sendall(b">")
        await self.until(lambda: mast.value(21) == "ab")
        self.assertEqual(mast.value(22), "x>")

    async def test_large_messages_are_whole(self) -> None:
        mast = await self.run_one(world(1, pairs=unanswered), server())
        sock, other = await self.client(mast), await self.client(mast)
        data = pattern(1_000_000).replace(b"\n", b"-")
        await self.put(sock, b"R1:" + data + b"\n")
        await self.until(lambda: mast.value(301) is not None)
        store = mast.work.engine.store
        self.assertEqual(store.raw(301), data)
        word = "x" * 700_000
        mast.set(501, word)
        mast.run(1)
        for one in (sock, other):
            self.assertEqual(await self.read(one, len(word) + 3), f"C1{word}\n".encode())
        self.assertEqual(mast.channel().tally.sent, 2 * (len(word) + 3))

    async def test_a_flood_of_units_in_one_piece(self) -> None:
        mast = await self.run_one(
            world(1, triggers=(at(5, On.RESPONSE, At.AFTER, 1, 401),), pairs=unanswered), server()
        )
        sock = await self.client(mast)
        await self.put(sock, b"".join(b"R1:%d\n" % n for n in range(3000)))
        await self.until(lambda: mast.value(301) == "2999")
        self.assertEqual(mast.value(401), 3000)


class DatagramTest(ElementCase):
    def flushing(self, flush: bool, **said: Any) -> Protocol:
        one = smart(**said)
        return catching(replace(one, port=replace(one.port, flush_per_datagram=flush)))

    async def test_the_first_datagram_of_another_sender_is_a_unit_at_once(self) -> None:
        mast = await self.run_one(self.flushing(True, smart_ip_header=True), udp_server(host="0.0.0.0"))
        traced = mast.watch()
        where = LOCAL, mast.port()
        expected = []
        for number, host in enumerate(("127.0.0.21", "127.0.0.22", "127.0.0.23", "127.0.0.21"), 1):
            sock = self.sender(host)
            sock.sendto(b"hi", where)
            await self.until(lambda: mast.value(401) == number, "a unit at once")  # noqa: B023
            head = socket.inet_aton(host) + sock.getsockname()[1].to_bytes(2, "big")
            self.assertEqual(mast.work.engine.store.raw(31), head + b"hi")
            expected.append(head + b"hi")
        self.assertEqual([one.data for one in traced if isinstance(one, UnitMade)], expected)

    async def test_a_new_sender_is_no_empty_unit(self) -> None:
        mast = await self.run_one(self.flushing(False, smart_ip_header=True), udp_server())
        one, two = self.sender(), self.sender()
        where = LOCAL, mast.port()
        for number, sock in enumerate((one, two, one), 1):
            sock.sendto(b"", where)
            sock.sendto(b"hi", where)
            await self.until(lambda: mast.channel().tally.received == 2 * number)  # noqa: B023
            await self.turns()
        self.stage.clock.advance(0.015)
        self.assertEqual(mast.value(401), 2, "one of each, with nothing empty before")
        self.assertEqual(len(mast.work.engine.store.raw(31)), 6 + 2)

    async def test_each_datagram_is_a_unit_if_that_is_said(self) -> None:
        self.assertEqual(await self.three(True), (3, "three"))
        await self.anew()
        self.assertEqual(await self.three(False), (1, "onetwothree"))

    async def three(self, flush: bool) -> tuple[Any, Any]:
        """Send three datagrams; return how many units there were, and the last one."""
        mast = await self.run_one(self.flushing(flush), udp_server())
        sock = self.sender()
        for word in (b"one", b"two", b"three"):
            sock.sendto(word, (LOCAL, mast.port()))
        await self.until(lambda: mast.channel().tally.received == 11)
        self.stage.clock.advance(0.015)
        return mast.value(401), mast.value(31)

    async def test_a_client_sends_from_the_port_that_was_said(self) -> None:
        there, port = self.sender(), free_port()
        mast = await self.run_one(
            world(1, pairs=unanswered), udp_client(there.getsockname()[1], local_port=port)
        )
        mast.run(1)
        await self.until(lambda: mast.channel().tally.sent == 3)
        data, where = there.recvfrom(100)
        self.assertEqual((data, where), (b"C1\n", (LOCAL, port)))

    async def test_stopping_again_and_again_leaves_nothing_behind(self) -> None:
        mast = await self.run_one(world(1, pairs=unanswered), udp_server())
        before = 0
        for number in range(25):
            if number == 5:
                before = open_files()
            sock = self.sender()
            sock.sendto(b"R1:x\n", (LOCAL, mast.port()))
            await self.until(mast.peers)
            sock.close()
            await self.in_time(mast.element.stop())
            await self.in_time(mast.element.start())
            await self.settled(mast)
        self.assertLessEqual(open_files(), before)
        await self.in_time(mast.element.stop())
        self.assertEqual(self.stage.clock.getDelayedCalls(), [])


STUFFING = "on=command,response;escape=0x10;stuffing=0x10;startoffset=1;endoffset=1"


class EscapeTest(ElementCase):
    """Bytes that are escaped on the wire."""

    def escaping(self, stuffing: str) -> str:
        value = param(21)
        write = param(22, "write")
        body = (
            f"<Advanced stuffing='{stuffing}'/><Params>"
            f"{constant(11, '0x02', 'header')}{constant(12, '0x03', 'trailer')}{value}{write}</Params>"
            "<Commands><Command id='1'><Name>c</Name><Content><Param>11</Param><Param>22</Param>"
            "<Param>12</Param></Content></Command></Commands>"
            "<Responses><Response id='1'><Name>r</Name><Content><Param>11</Param><Param>21</Param>"
            "<Param>12</Param></Content></Response></Responses>"
            "<Pairs><Pair id='1'><Name>p</Name><Content><Command>1</Command></Content></Pair></Pairs>"
            "<Groups><Group id='1'><Name>g</Name><Content><Pair>1</Pair></Content></Group></Groups>"
        )
        return definition(body)

    async def both_ways(self, stuffing: str) -> None:
        mast = await self.run_one(self.escaping(stuffing), server())
        sock = await self.client(mast)
        sock.sendall(bytes.fromhex("02 10 10 41 10 10 03"))
        await self.until(lambda: mast.value(21))
        self.assertEqual(mast.work.engine.store.raw(21), b"\x10A\x10")
        mast.set(22, "\x10A")
        for _ in range(4):  # never doubled, however often the same param is sent
            mast.run(1)
            await self.hears(sock, bytes.fromhex("02 10 10 41 03"))
        self.assertEqual(mast.work.engine.store.raw(22), b"\x10A")

    async def test_as_it_is_written_usually(self) -> None:
        await self.both_ways(STUFFING)

    async def test_blanks_around_keys_and_values(self) -> None:
        spaced = STUFFING.replace("=", " =  ").replace(";", " ; ").replace(",", " , ")
        await self.both_ways(f"  {spaced} ;")

    async def test_an_action_escapes_each_command_once(self) -> None:
        stuffed = act(6, ActionOn.COMMAND, Do.STUFFING, type_value="0x41", allowed=b"")
        before = at(6, On.COMMAND, At.BEFORE, 1, 6)
        mast = await self.run_one(
            world(2, triggers=(before,), actions=(stuffed,), pairs=unanswered), server()
        )
        sock = await self.client(mast)
        mast.set(501, "xAy")
        for _ in range(3):
            mast.run(1)
            await self.hears(sock, b"C1xAAy\n")
        self.assertEqual(mast.value(501), "xAy")


class TextTest(ElementCase):
    """Texts and bytes of a definition whose texts are two bytes a character."""

    async def test_what_a_command_sends(self) -> None:
        told = {"": b"O\0K\0A\xe9\0", " ascii='true'": b"OKA\xe9", " ascii='22'": b"O\0K\0A\xe9"}
        for said, expected in told.items():
            mast = await self.run_one(self.definition(said), server())
            sock = await self.client(mast)
            mast.set(22, "\xe9")
            mast.run(1)
            await self.hears(sock, expected)
            await self.silent(sock)
            await self.anew()

    def definition(self, said: str) -> str:
        word, raw = constant(20, "OK").replace("<Length>2</Length>", ""), constant(21, "0x41")
        body = (
            f"<Params>{word}{raw}{param(22, 'write')}</Params>"
            f"<Commands><Command id='1'{said}><Name>c</Name><Content><Param>20</Param><Param>21</Param>"
            "<Param>22</Param></Content></Command></Commands>"
            "<Pairs><Pair id='1'><Name>p</Name><Content><Command>1</Command></Content></Pair></Pairs>"
            "<Groups><Group id='1'><Name>g</Name><Content><Pair>1</Pair></Content></Group></Groups>"
        )
        return definition(body, '<Type relativeTimers="true" options="unicode">smart-serial</Type>')


class GrowthTest(ElementCase):
    async def test_nothing_grows_with_what_is_heard(self) -> None:
        """Change triggers after responses, and the record of what happens."""
        after = at(5, On.PARAMETER, At.CHANGE_AFTER_RESPONSE, 301, 401)
        reply = at(6, On.RESPONSE, At.AFTER, 1, 5)
        execute = act(5, ActionOn.GROUP, Do.EXECUTE, 2)
        mast = await self.run_one(
            world(2, triggers=(after, reply), actions=(execute,), pairs=unanswered), server()
        )
        sock = await self.client(mast)
        sizes = []
        for turn in range(3):
            for number in range(10):
                first = (turn * 10 + number) * 100
                sock.sendall(b"".join(b"R1:%d\n" % n for n in range(first, first + 100)))
                await self.hears(sock, b"C2\n" * 100)
                self.stage.clock.advance(0.01)
            gc.collect()
            sizes.append(len(gc.get_objects()))
        self.assertEqual(mast.value(401), 3000)
        self.assertLess(sizes[2] - sizes[1], 500)
        self.assertLessEqual(len(list(mast.work.record.last())), 1000)

    async def test_nothing_grows_with_who_comes_and_leaves(self) -> None:
        mast = await self.run_one(world(1, pairs=unanswered), server())
        sizes = []
        for _ in range(3):
            for number in range(50):
                sock = self.call(mast)
                sock.sendall(b"R1:x\nR1:" if number % 2 else b"")
                await self.until(mast.peers)
                if number % 3:
                    self.end_abruptly(sock)
                else:
                    sock.close()
                await self.until(lambda: not mast.peers())
            gc.collect()
            sizes.append(len(gc.get_objects()))
        self.assertLess(sizes[2] - sizes[1], 1000)


class RedirectTest(ElementCase):
    """A param says where a client connects to."""

    def moving(self, *connections: Connection) -> Protocol:
        said = world(2, connections=connections, pairs=self.routed)
        address = Param(600, "address", ParamType.WRITE, ALL.interprete, options=TypeOptions(dynamic_ip=0))
        return replace(said, params=(*said.params, replace(address, save=True)))

    @staticmethod
    def routed(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
        first, second = unanswered(pairs)
        return first, replace(second, options=parse_pair_options("connection:1").value)

    async def test_one_connection_moves_and_the_other_stays(self) -> None:
        one, two, other = self.listener(), self.listener(), self.listener(host="127.0.0.2")
        mast = await self.run_one(
            self.moving(smart(), smart()),
            client(one.getsockname()[1]),
            client(two.getsockname()[1], number=1),
        )
        first, second = await self.accept(one), await self.accept(two)
        await self.until(lambda: mast.peers(0) and mast.peers(1))
        stays = mast.peers(1)
        mast.set(600, f"127.0.0.2:{other.getsockname()[1]}")
        moved = await self.accept(other)
        self.assertEqual(await self.ended(first), b"")
        await self.until(mast.peers)
        mast.run(1)
        await self.hears(moved, b"C1\n")
        mast.run(2)
        await self.hears(second, b"C2\n")
        self.assertEqual(mast.peers(1), stays)
        self.assertEqual((mast.state(0), mast.state(1)), (ConnectionState.CONNECTED,) * 2)

    async def test_without_a_port_the_last_one_stays(self) -> None:
        one = self.listener()
        other = self.listener(host="127.0.0.2")
        port = other.getsockname()[1]
        third = self.listener(host="127.0.0.3", port=port)
        fourth = self.listener(host="127.0.0.4", port=one.getsockname()[1])
        mast = await self.run_one(self.moving(smart()), client(one.getsockname()[1]))
        await self.accept(one)
        await self.until(mast.peers)
        mast.set(600, "127.0.0.4")
        await self.accept(fourth)
        mast.set(600, f"127.0.0.2:{port}")
        await self.accept(other)
        mast.set(600, "127.0.0.3")
        await self.accept(third)
        self.assertIn(f"127.0.0.3:{port}", mast.channel().where)
        fifth = self.listener(host="127.0.0.3", port=one.getsockname()[1])
        await self.in_time(mast.element.restart())
        await self.accept(fifth)
        await self.until(mast.peers)
        self.assertEqual(mast.told("error"), [])

    async def test_datagrams_go_elsewhere_too(self) -> None:
        one = self.sender()
        two = self.sender("127.0.0.2", one.getsockname()[1])
        mast = await self.run_one(self.moving(smart()), udp_client(one.getsockname()[1]))
        mast.run(1)
        self.assertEqual(await self.datagram(one), b"C1\n")
        mast.set(600, "127.0.0.2")
        mast.run(1)
        self.assertEqual(await self.datagram(two), b"C1\n")
        await self.silent(one)

    async def test_a_client_does_not_become_a_server(self) -> None:
        one = self.listener()
        mast = await self.run_one(self.moving(smart()), client(one.getsockname()[1]))
        await self.accept(one)
        await self.until(mast.peers)
        before = mast.peers()
        for host in ("any", "127.0.0.1", "0:0:0:0:0:0:0:1", "what is this", "127.0.0.2:0"):
            mast.set(600, host)
        await self.turns()
        self.assertEqual(mast.peers(), before)
        self.assertGreater(len(mast.told("warn")), 3)


class Names:
    """Answers what names mean; remembers who asked."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = list(hosts)
        self.asked: list[str] = []

    def resolveHostName(self, receiver: Any, host: str, port: int = 0, *args: Any, **more: Any) -> Any:
        receiver.resolutionBegan(self)
        self.asked.append(host)
        kind = more.get("transportSemantics", "TCP")
        receiver.addressResolved(IPv4Address(kind, self.hosts[0], more.get("portNumber", port)))
        if len(self.hosts) > 1:
            self.hosts.pop(0)
        receiver.resolutionComplete()
        return self

    def cancel(self) -> None:
        """Do nothing: there is nothing that waits."""


class NameTest(ElementCase):
    """Names are looked up when it matters."""

    async def test_at_each_connect(self) -> None:
        one = self.listener(host="127.0.0.2")
        port = one.getsockname()[1]
        two = self.listener(host="127.0.0.3", port=port)
        names = Names("127.0.0.2", "127.0.0.3")
        self.stage.nameResolver = names  # type: ignore[attr-defined]
        mast = await self.run_one(world(1), client(port, "mast.example"))
        sock = await self.accept(one)
        await self.until(mast.peers)
        self.end_abruptly(sock)
        await self.until(lambda: not mast.peers())
        await self.until(lambda: self.stage.clock.advance(0.5) or mast.peers())
        await self.accept(two)
        self.assertEqual(mast.peers()[0].host, "127.0.0.3")
        self.assertEqual(names.asked, ["mast.example"] * 2)

    async def test_at_each_datagram(self) -> None:
        one = self.sender("127.0.0.2")
        two = self.sender("127.0.0.3", one.getsockname()[1])
        names = Names("127.0.0.2", "127.0.0.2", "127.0.0.3")
        self.stage.nameResolver = names  # type: ignore[attr-defined]
        mast = await self.run_one(
            world(1, pairs=unanswered), udp_client(one.getsockname()[1], "mast.example")
        )
        for sock in (one, two):
            mast.run(1)
            self.assertEqual(await self.datagram(sock), b"C1\n")
        self.assertEqual(names.asked, ["mast.example"] * 3)


class AddressTest(ElementCase):
    """An address that cannot be had."""

    def carrier(self, port: int, transport: Transport = Transport.TCP) -> NetworkCarrier:
        return NetworkCarrier(transport, Role.SERVER, LOCAL, port, retry_bind=True)

    async def test_the_element_is_in_error_until_it_is_free(self) -> None:
        taken = self.listener()
        await self.until_free(Transport.TCP, taken)
        await self.anew()
        await self.until_free(Transport.UDP, self.sender())

    async def until_free(self, transport: Transport, taken: socket.socket) -> None:
        port = taken.getsockname()[1]
        mast = await self.run_one(world(1), connection(self.carrier(port, transport)))
        self.assertEqual(mast.element.state.value, "error")
        [told] = mast.told("error")
        self.assertIn(f"{LOCAL}:{port}", told)
        self.assertIn("in use", told)
        await self.pass_time(30.0)
        self.assertEqual(len(mast.told("error", "warn")), 2, "once for a cause")
        taken.close()
        await self.until(lambda: self.stage.clock.advance(0.5) or mast.element.state.value == "active")
        self.assertIn("is active", mast.told())

    async def test_the_others_serve(self) -> None:
        taken = self.listener()
        bad, good = await self.run_all(
            element(world(1), connection(self.carrier(taken.getsockname()[1])), name="bad"),
            element(world(1), server(host="127.0.0.2"), name="good"),
        )
        self.assertEqual((bad.element.state.value, good.element.state.value), ("error", "active"))
        sock = self.call(good, host="127.0.0.2")
        sock.sendall(b"R1:x\n")
        await self.until(lambda: good.value(301) == "x")


class SessionTest(ElementCase):
    """What a definition does about its sessions."""

    async def test_it_may_close_one_by_its_address(self) -> None:
        """The end is told like any other."""
        closing = act(6, ActionOn.PROTOCOL, Do.CLOSE, type_nr=0, type_id=501)
        changed = at(6, On.PARAMETER, At.CHANGE, 501, 6)
        said = CommunicationOptions(notify_connection_pids=(90, 91))
        protocol = world(
            1,
            connections=(replace(smart_serial("IP"), communication=said),),
            params=(text(90, "came"), text(91, "left")),
            triggers=(changed,),
            actions=(closing,),
        )
        mast = await self.run_one(protocol, server())
        one, two = await self.client(mast), await self.client(mast)
        where = "{}:{}".format(*one.getsockname())
        mast.set(501, where)
        self.assertEqual(await self.ended(one), b"")
        await self.until(lambda: mast.value(91) == where)
        self.assertEqual(len(mast.peers()), 1)
        await self.silent(two)
        mast.set(501, "10.9.8.7:1")
        await self.silent(two)

    async def test_a_timer_goes_on_whatever_sessions_do(self) -> None:
        timed = world(1, timers=(Timer(1, "t", 1000, (1,)),), pairs=unanswered)
        mast = await self.run_one(timed, server())
        self.stage.clock.advance(5.0)
        sock = await self.client(mast)
        for _ in range(3):
            self.stage.clock.advance(1.0)
            await self.hears(sock, b"C1\n")
        self.end_abruptly(sock)
        await self.until(lambda: not mast.peers())
        self.stage.clock.advance(5.0)
        sock = await self.client(mast)
        self.stage.clock.advance(1.0)
        await self.hears(sock, b"C1\n")
