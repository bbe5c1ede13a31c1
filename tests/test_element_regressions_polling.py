"""Silence in the long run: stand-ins, pings, the state of the element; and definitions that are odd."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

from smartserial.definition.authoring import serial, smart_serial
from smartserial.definition.check import check
from smartserial.definition.connection import Connection, Setting, SlowPollBase
from smartserial.definition.flow import Timer
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.languages.pairoptions import parse_pair_options
from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import ConnectionState
from smartserial.script import Rule, Script, parse_text
from smartserial.settings import DeviceCarrier, SimDevice
from tests.elementstage import Acting, ElementCase, client, connection, server
from tests.enginestage import world
from tests.rulebook import constant, definition, param


def slowly(first: Connection, **more: Any) -> Connection:
    """A connection of which two timeouts begin a slow poll with a ping every five seconds."""
    port = replace(
        first.port,
        slow_poll=Setting(2),
        slow_poll_base=Setting(SlowPollBase.NUMBER),
        ping_interval=Setting(5000),
        timeout_time_element=Setting(10_000),
    )
    return replace(first, port=port, communication=CommunicationOptions(**more))


class ProgramsCase(ElementCase):
    """An element that asks several programs."""

    async def ask(self, definition: Protocol, retries: int = 0) -> tuple[Acting, list[socket.socket]]:
        listeners = [self.listener() for _ in definition.connections]
        mast = await self.run_one(
            definition,
            *(client(x.getsockname()[1], number=n, retries=retries) for n, x in enumerate(listeners)),
        )
        socks = [await self.accept(x) for x in listeners]
        await self.until(lambda: all(mast.peers(n) for n in range(len(listeners))))
        return mast, socks


class StandInTest(ProgramsCase):
    """Two connections of one kind stand in for each other."""

    async def test_the_first_other_one_of_the_same_kind(self) -> None:
        first = replace(serial("one"), communication=CommunicationOptions(redundant_polling=True))
        kinds = first, smart_serial("two"), serial("three"), serial("four")
        mast, (one, two, three, four) = await self.ask(world(3, connections=kinds))
        mast.run(1)
        await self.hears(one, b"C1\n")
        mast.run(2)
        self.stage.clock.advance(1.0)
        await self.hears(three, b"C2\n")
        three.sendall(b"R2:yes\n")
        await self.until(lambda: mast.value(302) == "yes")
        mast.run(3)
        await self.hears(three, b"C3\n")
        self.stage.clock.advance(1.0)
        mast.run(1)
        await self.hears(one, b"C1\n")
        await self.silent(one, two, three, four)
        changes = [line for line in mast.told() if "change connection" in line]
        self.assertEqual(len(changes), 4, changes)

    async def test_the_element_is_in_timeout_only_if_both_are(self) -> None:
        first = replace(
            slowly(serial("one"), redundant_polling=True),
            port=replace(serial("one").port, timeout_time_element=Setting(5000)),
        )
        timer = Timer(1, "t", 1000, (1,))
        mast, (one, other) = await self.ask(world(1, connections=(first, serial("two")), timers=(timer,)))
        self.assertEqual(mast.element.state.value, "active")
        one.setblocking(False)
        for _ in range(10):
            self.stage.clock.advance(1.0)
            await self.turns(5)
            if await self.asked(other):
                other.sendall(b"R1:x\n")
                await self.turns(5)
        self.assertEqual(mast.element.state.value, "active")
        for _ in range(20):
            self.stage.clock.advance(1.0)
            await self.turns(2)
        self.assertEqual(mast.element.state.value, "timeout")
        self.assertEqual(len([line for line in mast.told() if "is timeout" in line]), 1)

    async def asked(self, sock: socket.socket) -> bool:
        try:
            return bool(sock.recv(100))
        except BlockingIOError:
            return False


class SilenceTest(ProgramsCase):
    """What goes on when nobody answers on the main connection."""

    @staticmethod
    def routed(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
        """Pair 1 wants no answer, pair 4 is on the second connection."""
        there = parse_pair_options("connection:1").value
        return replace(pairs[0], responses=()), *pairs[1:3], replace(pairs[3], options=there)

    async def test_only_the_main_connection_is_slow(self) -> None:
        """It is pinged with the lowest pair that has an answer, made when it is sent."""
        connections = slowly(serial("one"), make_command_by_protocol=True), serial("two")
        protocol = world(4, connections=connections, pairs=self.routed)
        responses = (*protocol.responses[:3], replace(protocol.responses[3], connection=1))
        mast, (one, two) = await self.ask(replace(protocol, responses=responses))
        for _ in range(2):
            mast.run(3)
            await self.hears(one, b"C3\n")
            self.stage.clock.advance(1.0)
        mast.run(3)
        mast.run(4)
        await self.silent(one)
        await self.hears(two, b"C4\n")
        two.sendall(b"R4:x\n")
        await self.until(lambda: mast.value(304) == "x")
        mast.set(502, "new")
        self.stage.clock.advance(5.0)
        await self.hears(one, b"C2new\n")
        self.stage.clock.advance(5.0)
        await self.hears(one, b"C2new\n")
        one.sendall(b"R2:there\n")
        await self.until(lambda: mast.value(302) == "there")
        await self.hears(one, b"C3\n")
        self.assertEqual((mast.state(0), mast.state(1)), (ConnectionState.RESPONDING,) * 2)

    async def test_the_state_of_the_element(self) -> None:
        timer = Timer(1, "t", 1000, (1,))
        port = replace(serial("one").port, timeout_time_element=Setting(10_000))
        definition = world(1, connections=(replace(serial("one"), port=port),), timers=(timer,))
        mast, (one,) = await self.ask(definition)
        for _ in range(9):
            self.stage.clock.advance(1.0)
        self.assertEqual(mast.element.state.value, "active")
        for _ in range(3):
            self.stage.clock.advance(1.0)
        self.assertEqual(mast.element.state.value, "timeout")
        while mast.element.state.value == "timeout":
            one.sendall(b"R1:x\n")
            await self.turns(5)
            self.stage.clock.advance(0.5)
        self.assertEqual(mast.element.state.value, "active")
        self.assertEqual(mast.value(301), "x")


class SimulatedTest(ElementCase):
    async def test_a_simulated_device_answers(self) -> None:
        expect, answer = parse_text(b"C1", {}), parse_text(b"R1:sim\n", {})
        script = Script((Rule(expect, (answer,), delay=0.2),))
        for line in (serial("one"), smart_serial("one")):
            settings = connection(DeviceCarrier(SimDevice("sim", script)))
            mast = await self.run_one(world(1, connections=(line,)), settings)
            mast.run(1)
            await self.turns()
            self.assertEqual(mast.value(301), None)
            await self.pass_time(0.3)
            self.assertEqual(mast.value(301), "sim")
            await self.anew()


class OddDefinitionTest(ElementCase):
    """Lengths and optional parts that make no sense: findings, perhaps, but nothing breaks."""

    LENGTHS = (
        "",
        "<Length></Length>",
        "<Length>x</Length>",
        "<Length>-1</Length>",
        "<Length>0</Length>",
        "<Length>99999999999</Length>",
        "<LengthType>next param</LengthType>",
        "<LengthType id='77'>other param</LengthType>",
        "<LengthType id=''>other param</LengthType>",
        "<LengthType id='21'>other param</LengthType>",
    )
    CONTENTS = ("", "0", "x", "1;2", "99", "-1", "1;;2", "0;1;2;3")
    OPTIONALS = ("", "*", "99", "-1", "1;99", "x", "1-", "-", "0;1;2;3", "1*", ";;", "2-1", "0-99999999999")
    DATA = b"\x02", b"\x02\x03", b"\x02\xff\xff\xff\xffab\x03", b"\x02\x00\x03", b"junk\x02\x04abc\x03\x03"

    def sized(self, length: str, content: str) -> str:
        shape = (
            f"<Interprete><RawType>unsigned number</RawType>{self.typed(length)}<Type>double</Type>"
            f"</Interprete>"
        )
        more = f"<Length><Content>{content}</Content></Length>" if content else ""
        return param(21, "length", shape, more=more)

    @staticmethod
    def typed(length: str) -> str:
        return length if "LengthType" in length else f"<LengthType>fixed</LengthType>{length}"

    def text(self, length: str = "<Length>1</Length>", content: str = "2", optional: str = "") -> str:
        link = " options='headerTrailerLink=1'"
        return definition(
            f"<Params>{constant(11, '0x02', 'header', link)}{constant(12, '0x03', 'trailer', link)}"
            f"{param(22)}{self.sized(length, content)}</Params>"
            f"<Responses><Response id='1'><Name>r</Name><Content{optional}><Param>11</Param><Param>21</Param>"
            "<Param>22</Param><Param>12</Param></Content></Response></Responses>"
        )

    async def test_lengths(self) -> None:
        usable = 0
        for length in self.LENGTHS:
            for content in self.CONTENTS:
                usable += await self.survives(self.text(length, content))
        self.assertGreater(usable, 0)

    async def test_optional_parts(self) -> None:
        usable = 0
        for optional in self.OPTIONALS:
            usable += await self.survives(self.text(optional=f" optional='{optional}'"))
        self.assertGreater(usable, 1)

    async def survives(self, text: str) -> bool:
        """Judge a definition, and have an element with it hear things, if it may run."""
        protocol, findings = check(text.encode())
        if protocol is None:
            self.assertTrue([one for one in findings if one.severity == "error"], text)
            return False
        mast = await self.run_one(protocol, server())
        sock = await self.client(mast)
        for data in self.DATA:
            sock.sendall(data)
        size = sum(map(len, self.DATA))
        await self.until(lambda: mast.channel().tally.received == size)
        self.stage.clock.advance(1.0)
        self.assertEqual((mast.element.state.value, mast.told("error")), ("active", []), text)
        await self.anew()
        return True
