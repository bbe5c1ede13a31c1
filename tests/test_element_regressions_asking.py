"""Commands and their answers on a serial connection: over TCP to a program, or a device on a pty."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import (
    command,
    crc,
    fixed,
    header,
    length,
    pair,
    poll,
    response,
    serial,
    text,
    trailer,
)
from smartserial.definition.languages.pairoptions import parse_pair_options
from smartserial.definition.message import Pair, Response
from smartserial.definition.param import LengthType, Param
from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import ConnectionState
from smartserial.settings import DeviceCarrier, PortDevice
from smartserial.trace.events import Matched, Mismatched, PairStep, Rx, TimedOut
from tests.elementstage import LOCAL, Acting, DeviceEnd, ElementCase, client, connection, element
from tests.enginestage import At, Do, On, act, at, read_each, world
from tests.netstage import free_port
from tests.support import pattern

WAITING, OVER = ConnectionState.UNDEFINED, ConnectionState.NOT_RESPONDING
GOOD = ConnectionState.RESPONDING
ASK = fixed(2, "ask", "?")
HEAD, END = header(11, "head", "<"), trailer(12, "end", ">")
HEAD2, END2 = header(13, "head 2", "["), trailer(14, "end 2", "]")
VALUE, REST = text(20, "value"), text(21, "rest")
CHECK = crc(22, "check", "sum", (1,), width=1)


def line(count: int = 2, **more: Any) -> Protocol:
    """The usual world, on a serial connection."""
    return world(count, connections=(serial("Serial Connection"),), **more)


def asking(*contents: tuple[Param, ...], checks: tuple[Do, ...] = (), **options: str) -> Protocol:
    """Pair 1 sends ``?``; each content is an answer to it. Answers are read, and checked as said."""
    known = {param.id: param for content in contents for param in content}
    trigger, read = read_each()
    more = tuple(act(910 + n, ActionOn.RESPONSE, kind) for n, kind in enumerate(checks))
    steps = replace(
        trigger, content=(*trigger.content, *(replace(trigger.content[0], id=one.id) for one in more))
    )
    responses = tuple(
        response(n, f"r{n}", *(param.id for param in content)) for n, content in enumerate(contents, 1)
    )
    asked = pair(1, "p", 1, *responses)
    if options:
        asked = replace(asked, options=parse_pair_options(options["options"]).value)
    return Protocol(
        "Asking",
        connections=(serial("Serial Connection"),),
        params=(ASK, *known.values()),
        commands=(command(1, "ask", ASK),),
        responses=responses,
        pairs=(asked,),
        groups=(poll(1, "ask", 1),),
        triggers=(steps,),
        actions=(read, *more),
        relative_timers=True,
    )


class AskCase(ElementCase):
    """An element that asks a program over TCP."""

    async def ask(self, definition: Protocol, **more: Any) -> tuple[Acting, socket.socket]:
        self.there = self.listener()
        mast = await self.run_one(definition, client(self.there.getsockname()[1], **more))
        sock = await self.accept(self.there)
        await self.until(mast.peers)
        return mast, sock

    async def answered(self, definition: Protocol, *pieces: bytes) -> tuple[Acting, list[str]]:
        """Ask once, and answer in pieces, each of which is heard before the next one is sent.

        Returns:
            The element, and the steps of the pair.
        """
        mast, sock = await self.ask(definition, retries=0)
        traced = mast.watch()
        mast.run(1)
        await self.hears(sock, b"?")
        received = 0
        for piece in pieces:
            sock.sendall(piece)
            received += len(piece)
            await self.until(lambda: mast.channel().tally.received == received, "a piece")  # noqa: B023
        return mast, steps(traced)

    async def drained(self, sock: socket.socket) -> None:
        """Forget what has come."""
        await self.turns()
        with contextlib.suppress(BlockingIOError):
            while sock.recv(4096):
                pass


def steps(traced: list[Any]) -> list[str]:
    """How the pair fares."""
    return [
        "timed out" if isinstance(one, TimedOut) else one.step.value
        for one in traced
        if isinstance(one, PairStep | TimedOut)
    ]


class SendsTest(AskCase):
    """How often a command is sent, and what ends that."""

    async def test_silence_has_it_sent_again_as_often_as_said(self) -> None:
        for retries in (0, 1, 3):
            mast, sock = await self.ask(line(1), retries=retries, timeout=2.0)
            traced = mast.watch()
            self.assertEqual(mast.state(), WAITING)
            mast.run(1)
            for number in range(retries + 1):
                await self.hears(sock, b"C1\n")
                await self.silent(sock)
                self.stage.clock.advance(1.99)
                await self.silent(sock)
                self.assertEqual(mast.state(), WAITING, number)
                self.stage.clock.advance(0.01)
            await self.silent(sock)
            self.assertEqual(mast.state(), OVER)
            self.assertEqual(steps(traced), ["begun", "timed out"] * (retries + 1) + ["given up"])
            self.stage.clock.advance(100.0)
            await self.silent(sock)
            await self.anew()

    async def test_what_is_no_answer_has_it_sent_again_at_once(self) -> None:
        mast, sock = await self.ask(line(1), retries=2)
        mast.run(1)
        for _ in range(3):
            await self.hears(sock, b"C1\n")
            sock.sendall(b"what\n")
        await self.until(lambda: mast.state() is OVER)
        await self.silent(sock)
        mast.run(1)
        await self.hears(sock, b"C1\n")
        sock.sendall(b"R1:x\n")
        await self.until(lambda: mast.state() is GOOD)

    async def test_an_answer_to_a_bad_command_ends_it(self) -> None:
        def bad(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
            return replace(pairs[0], bad_responses=(2,)), *pairs[1:]

        mast, sock = await self.ask(line(2, pairs=bad), retries=3)
        mast.run(1)
        await self.hears(sock, b"C1\n")
        sock.sendall(b"R2:no\n")
        await self.until(lambda: mast.value(302) == "no")
        self.stage.clock.advance(10.0)
        await self.silent(sock)

    async def test_the_next_pair_follows_one_that_was_given_up(self) -> None:
        both = poll(7, "both", 1, 2)
        mast, sock = await self.ask(line(2, groups=(both,)), retries=0)
        mast.run(7)
        await self.hears(sock, b"C1\n")
        self.stage.clock.advance(1.0)
        await self.hears(sock, b"C2\n")
        sock.sendall(b"R2:yes\n")
        await self.until(lambda: mast.value(302) == "yes")

    async def test_a_command_without_answers_is_sent_once(self) -> None:
        mast, sock = await self.ask(
            line(1, pairs=lambda pairs: (replace(pairs[0], responses=()),)), retries=3
        )
        mast.run(1)
        await self.hears(sock, b"C1\n")
        self.stage.clock.advance(100.0)
        await self.silent(sock)
        self.assertEqual(mast.state(), WAITING)

    async def test_a_pair_has_a_patience_of_its_own(self) -> None:
        def own(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
            options = parse_pair_options("retries:0;ignoreTimeout").value
            return (replace(pairs[0], timeout=200, options=options),)

        mast, sock = await self.ask(line(1, pairs=own), retries=3, timeout=9.0)
        traced = mast.watch()
        mast.run(1)
        await self.hears(sock, b"C1\n")
        self.stage.clock.advance(0.2)
        await self.silent(sock)
        self.assertEqual(steps(traced), ["begun", "timed out", "given up"])
        self.assertEqual(mast.state(), WAITING, "it never counts")

    async def test_a_program_that_was_away_is_asked_again(self) -> None:
        mast, sock = await self.ask(line(1), retries=1)
        port = self.there.getsockname()[1]
        self.there.close()
        self.end_abruptly(sock)
        await self.until(lambda: not mast.peers())
        mast.run(1)
        await self.pass_time(20.0)
        self.assertEqual(mast.state(), OVER)
        again = self.listener(port=port)
        await self.until(lambda: self.stage.clock.advance(0.5) or mast.peers(), "it connects by itself")
        sock = await self.accept(again)
        await self.drained(sock)
        mast.run(1)
        await self.hears(sock, b"C1\n")
        sock.sendall(b"R1:back\n")
        await self.until(lambda: mast.value(301) == "back")
        self.assertEqual(mast.state(), GOOD)

    async def test_what_waited_for_a_program_is_sent_once(self) -> None:
        unanswered = line(1, pairs=lambda pairs: (replace(pairs[0], responses=()),))
        mast, sock = await self.ask(unanswered, retries=3)
        port = self.there.getsockname()[1]
        self.there.close()
        self.end_abruptly(sock)
        await self.until(lambda: not mast.peers())
        mast.run(1)
        await self.turns()
        again = self.listener(port=port)
        await self.until(lambda: self.stage.clock.advance(0.5) or mast.peers(), "it connects by itself")
        sock = await self.accept(again)
        await self.hears(sock, b"C1\n")
        await self.pass_time(100.0)
        await self.silent(sock)
        tally = mast.channel().tally
        self.assertEqual((tally.sent, tally.pending, tally.dropped, tally.unsent), (3, 0, 0, 0))

    async def test_no_time_at_all_to_wait_stops_nothing(self) -> None:
        mast, sock = await self.ask(line(2), timeout=0.0, retries=1)
        for number in (1, 2):
            mast.run(number)
            for _ in range(2):
                await self.hears(sock, f"C{number}\n".encode())
        self.stage.clock.advance(1.0)
        await self.silent(sock)
        self.assertEqual(mast.element.state.value, "active")

    async def test_a_definition_that_says_no_times_has_the_usual_ones(self) -> None:
        definition = line(1)
        for one in definition.connections:
            self.assertEqual((one.port.timeout_time, one.port.retries), (None, None))
        there = self.listener()
        usual = client(there.getsockname()[1])
        mast = await self.run_one(definition, replace(usual, timeout=1.5, retries=3))
        sock = await self.accept(there)
        mast.run(1)
        for _ in range(4):
            await self.hears(sock, b"C1\n")
            self.stage.clock.advance(1.5)
        await self.silent(sock)


class CompleteTest(AskCase):
    """When an answer is complete; pieces come one after the other."""

    async def test_what_follows_the_end_may_come_later(self) -> None:
        content = HEAD, VALUE, END, CHECK
        mast, done = await self.answered(asking(content, checks=(Do.CRC,)), b"<ab>")
        self.assertEqual((done, mast.value(20)), (["begun"], None))

    async def test_what_follows_the_end_belongs_to_it(self) -> None:
        content = HEAD, VALUE, END, CHECK
        check = bytes([sum(b"ab") & 0xFF])
        mast, done = await self.answered(asking(content, checks=(Do.CRC,)), b"<ab", b">", check)
        self.assertEqual((done, mast.value(20)), (["begun", "succeeded"], "ab"))

    async def test_a_wrong_check_after_the_end(self) -> None:
        content = HEAD, VALUE, END, CHECK
        mast, done = await self.answered(asking(content, checks=(Do.CRC,)), b"<ab>", b"\0")
        self.assertEqual((done, mast.value(20)), (["begun", "timed out", "given up"], None))

    async def test_a_length_in_digits_before_the_end_of_the_head(self) -> None:
        """The length has no length of its own; what it counts is behind the trailer."""
        digits = length(30, "length", 2, (2,), base=10)
        shape = digits.interprete
        assert shape is not None
        digits = replace(digits, interprete=replace(shape, length_type=LengthType.NEXT_PARAM, length=None))
        content = digits, END, VALUE
        mast, done = await self.answered(asking(content), b"1", b"2>", b"12345", b"6789>x")
        self.assertEqual(done, ["begun"])
        received = mast.channel().tally.received
        self.assertEqual((received, mast.value(20)), (14, None))
        mast, done = await self.again(asking(content), b"1", b"2>", b"12345", b"6789>xy")
        self.assertEqual((done, mast.value(20)), (["begun", "succeeded"], "123456789>xy"))

    async def again(self, *what: Any) -> tuple[Acting, list[str]]:
        """Begin anew with another gateway."""
        await self.anew()
        return await self.answered(*what)

    async def test_each_answer_has_its_own_head_and_end(self) -> None:
        definition = asking((HEAD, VALUE, END), (HEAD2, REST, END2))
        for data, values in ((b"<a]b>", ("a]b", None)), (b"[a>b]", (None, "a>b"))):
            mast, done = await self.again(definition, data[:2], data[2:])
            self.assertEqual((done, mast.value(20), mast.value(21)), (["begun", "succeeded"], *values))

    async def test_an_end_without_its_head_is_not_the_end(self) -> None:
        mast, done = await self.answered(asking((HEAD, VALUE, END)), b"ab>", b"c>")
        traced = mast.traced
        self.assertEqual(done, ["begun"])
        self.stage.clock.advance(1.0)
        self.assertEqual(steps(traced), ["begun", "timed out", "given up"])
        self.assertEqual([one.data for one in traced if isinstance(one, Mismatched)], [b"ab>c>"])

    async def test_noise_before_the_head_is_not_counted(self) -> None:
        size = length(30, "length", 1, (2,))
        content = HEAD, size, VALUE, END
        definition = asking(content, checks=(Do.LENGTH,))
        mast, done = await self.answered(definition, b"noise", b"\x00<\x03abc", b">")
        self.assertEqual((done, mast.value(20)), (["begun", "succeeded"], "abc"))

    async def test_a_length_takes_what_was_received(self) -> None:
        size = length(30, "length", 1, (2,))
        definition = asking((HEAD, size, VALUE, END), checks=(Do.LENGTH,))
        mast, done = await self.answered(definition, b"<\x03abc>")
        self.assertEqual((done, mast.value(30), mast.value(20)), (["begun", "succeeded"], 3, "abc"))
        mast, done = await self.again(definition, b"<\x04abc>")
        self.assertEqual(done, ["begun"], "one byte is missing")
        self.stage.clock.advance(1.0)
        self.assertEqual(steps(mast.traced), ["begun", "timed out", "given up"])
        self.assertEqual((mast.value(30), mast.value(20)), (4, None))

    async def test_a_value_and_constant_bytes_wait_for_the_whole_time(self) -> None:
        mast, done = await self.answered(asking((VALUE, fixed(31, "ok", "OK"))), b"a", b"O", b"K")
        self.assertEqual(done, ["begun"])
        self.stage.clock.advance(1.0)
        self.assertEqual((steps(mast.traced), mast.value(20)), (["begun", "succeeded"], "a"))

    async def test_silence_may_end_it_earlier(self) -> None:
        definition = asking((VALUE,), options="receiveInterval:50")
        mast, done = await self.answered(definition, b"ab", b"c")
        self.assertEqual(done, ["begun"])
        self.stage.clock.advance(0.05)
        self.assertEqual((steps(mast.traced), mast.value(20)), (["begun", "succeeded"], "abc"))

    async def test_large_answers_are_whole(self) -> None:
        data = pattern(900_000).replace(b">", b"=").replace(b"<", b"=")
        mast, sock = await self.ask(asking((HEAD, VALUE, END)))
        mast.run(1)
        await self.hears(sock, b"?")
        await self.put(sock, b"<" + data + b">")
        await self.until(lambda: mast.value(20) is not None)
        self.assertEqual(mast.work.engine.store.raw(20), data)


class LateTest(AskCase):
    """What comes when nothing was asked, or too late."""

    async def test_it_is_forgotten_before_each_command(self) -> None:
        mast, sock = await self.ask(line(1), retries=0)
        sock.sendall(b"R1:before\n")
        await self.until(lambda: mast.channel().tally.received == 10)
        mast.run(1)
        await self.hears(sock, b"C1\n")
        await self.turns()
        self.assertEqual(mast.value(301), None)
        self.stage.clock.advance(1.0)
        sock.sendall(b"R1:late\n")
        await self.until(lambda: mast.channel().tally.received == 18)
        mast.run(1)
        await self.hears(sock, b"C1\n")
        self.assertEqual(mast.value(301), None)
        sock.sendall(b"R1:now\n")
        await self.until(lambda: mast.value(301) == "now")
        lost = {reason.value: number for reason, number in mast.element.lines[0].lost.items()}
        self.assertEqual(sum(lost.values()), 18, lost)

    async def test_it_can_be_seen_though_the_protocol_only_sees_a_timeout(self) -> None:
        mast, sock = await self.ask(line(1), retries=0)
        traced = mast.watch()
        mast.run(1)
        await self.hears(sock, b"C1\n")
        sock.sendall(b"R9:wrong\n")
        await self.until(lambda: mast.state() is OVER)
        self.assertEqual([one.data for one in traced if isinstance(one, Rx)], [b"R9:wrong\n"])
        self.assertEqual([one.data for one in traced if isinstance(one, Mismatched)], [b"R9:wrong\n"])
        self.assertEqual([one for one in traced if isinstance(one, Matched)], [])
        self.assertEqual(steps(traced), ["begun", "timed out", "given up"])
        self.assertEqual(mast.element.lines[0].unmatched, 9)


class LifeTest(AskCase):
    """Pauses, closings and openings while a pair waits."""

    def device_settings(self, device: DeviceEnd) -> Any:
        return connection(DeviceCarrier(PortDevice(device.path, exclusive=False)))

    async def test_a_pause_lets_a_serial_port_go(self) -> None:
        device = self.device()
        mast = await self.run_one(line(1), self.device_settings(device))
        mast.run(1)
        await device.hears(b"C1\n")
        device.say(b"R1:before\n")
        await self.until(lambda: mast.value(301) == "before")
        mast.run(1)
        await device.hears(b"C1\n")
        await self.in_time(mast.element.pause())
        self.assertEqual((mast.element.state.value, mast.peers()), ("paused", ()))
        self.stage.clock.advance(100.0)
        await device.silent()
        await self.in_time(mast.element.start())
        await self.until(mast.peers)
        self.assertEqual(mast.element.state.value, "active")
        self.assertEqual(mast.value(301), "before", "values stay")
        await device.silent()
        self.stage.clock.advance(1.0)
        await device.hears(b"C1\n")
        device.say(b"R1:after\n")
        await self.until(lambda: mast.value(301) == "after")

    async def test_a_device_that_is_unplugged_while_it_is_asked(self) -> None:
        device = self.device()
        mast = await self.run_one(line(1), self.device_settings(device))
        mast.run(1)
        await device.hears(b"C1\n")
        device.unplug()
        await self.until(lambda: not mast.peers())
        await self.pass_time(5.0)
        self.assertEqual(mast.state(), OVER)
        self.assertEqual(mast.element.state.value, "active")
        self.assertEqual(len([one for one in mast.told("warn") if "connection 0" in one]), 1, mast.told())

    def on_set(self, *actions: Any) -> Protocol:
        """Two serial connections; these actions are done when param 501 is set, and each set counts."""
        number, connections = 1, (serial("one"), serial("two"))
        more = act(401, ActionOn.PARAMETER, Do.INCREMENT, 401)
        trigger = at(5, On.PARAMETER, At.CHANGE, 501, *(one.id for one in actions), more.id)

        def routed(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
            return pairs[0], replace(pairs[1], options=parse_pair_options(f"connection:{number}").value)

        found = world(2, connections=connections, triggers=(trigger,), actions=actions, pairs=routed)
        responses: tuple[Response, ...] = (found.responses[0], replace(found.responses[1], connection=1))
        return replace(found, responses=responses)

    async def two_lines(self, *actions: Any) -> tuple[Acting, socket.socket, socket.socket]:
        first, second = self.listener(), self.listener()
        self.first = first
        mast = await self.run_one(
            self.on_set(*actions),
            client(first.getsockname()[1]),
            client(second.getsockname()[1], number=1),
        )
        socks = await self.accept(first), await self.accept(second)
        await self.until(lambda: mast.peers(0) and mast.peers(1))
        return mast, *socks

    async def test_closing_while_a_pair_waits_holds_nothing_up(self) -> None:
        closing = act(1, ActionOn.PROTOCOL, Do.CLOSE, type_nr=0)
        mast, one, two = await self.two_lines(closing)
        mast.run(1)
        await self.hears(one, b"C1\n")
        mast.run(2)
        mast.set(501, "x")
        self.assertEqual(await self.ended(one), b"")
        self.assertEqual(mast.value(401), 1)
        mast.set(501, "y")
        self.assertEqual(mast.value(401), 2, "changes are seen at once")
        await self.pass_time(2.5)
        await self.hears(two, b"C2\n")
        two.sendall(b"R2:fine\n")
        await self.until(lambda: mast.value(302) == "fine")
        self.assertEqual((mast.state(0), mast.state(1)), (OVER, GOOD))

    async def test_opening_what_is_open_leaves_no_socket_behind(self) -> None:
        opening = act(1, ActionOn.PROTOCOL, Do.OPEN, type_nr=0)
        mast, one, two = await self.two_lines(opening)
        for former, word in pairwise(("", "a", "b", "c", "d")):
            mast.run(1)
            await self.hears(one, f"C1{former}\n".encode())
            mast.set(501, word)
            self.assertEqual(await self.ended(one), b"", "the old one is closed")
            one = await self.accept(self.first)
            await self.until(mast.peers)
            self.assertEqual(len(mast.peers()), 1)
            await self.pass_time(3.0)
            with_rest = mast.channel().tally
            self.assertEqual(with_rest.pending, 0)
            await self.drained(one)
        two.sendall(b"x")
        self.assertEqual(mast.value(401), 4)

    async def test_going_elsewhere_while_a_pair_waits_holds_nothing_up(self) -> None:
        definition = self.on_set()
        params = tuple(
            replace(one, options=replace(one.options, dynamic_ip=0)) if one.id == 501 else one
            for one in definition.params
        )
        first, second, other = self.listener(), self.listener(), self.listener(host="127.0.0.2")
        mast = await self.run_one(
            replace(definition, params=params),
            client(first.getsockname()[1]),
            client(second.getsockname()[1], number=1),
        )
        one, two = await self.accept(first), await self.accept(second)
        await self.until(lambda: mast.peers(0) and mast.peers(1))
        mast.run(1)
        await self.hears(one, b"C1")
        mast.run(2)
        mast.set(501, f"127.0.0.2:{other.getsockname()[1]}")
        self.assertEqual(mast.value(401), 1)
        sock = await self.accept(other)
        await self.ended(one)
        await self.until(mast.peers)
        await self.pass_time(2.5)
        await self.hears(two, b"C2\n")
        await self.drained(sock)
        mast.run(1)
        two.sendall(b"R2:x\n")
        await self.until(lambda: mast.value(302) == "x")
        await self.read(sock, 2)
        sock.sendall(b"R1:there\n")
        await self.until(lambda: mast.value(301) == "there")

    async def test_it_may_be_stopped_and_started_at_any_moment(self) -> None:
        mast, sock = await self.ask(line(1), retries=3)
        moments: tuple[Callable[[], object], ...] = (
            lambda: None,
            lambda: mast.run(1),
            lambda: sock.sendall(b"R1:"),
            lambda: self.end_abruptly(sock),
        )
        for happens in moments:
            happens()
            for change in (mast.element.restart, mast.element.pause, mast.element.start):
                await self.in_time(change())
            sock = await self.accept(self.there)
            while not mast.peers():
                await self.turns(1)
        self.assertEqual(mast.element.state.value, "active")


class LocalPortTest(ElementCase):
    async def test_commands_come_from_the_port_that_was_said(self) -> None:
        there, port = self.listener(), free_port()
        mast = await self.run_one(line(1), client(there.getsockname()[1], local_port=port))
        sock = await self.accept(there)
        self.assertEqual(sock.getpeername(), (LOCAL, port))
        await self.in_time(mast.element.stop())

    async def test_two_destinations_from_one_port_are_told(self) -> None:
        taken = self.listener()
        port = taken.getsockname()[1]
        there = self.listener()
        [mast] = await self.run_all(element(line(1), client(there.getsockname()[1], local_port=port)))
        [told] = [one for one in mast.told("warn") if "cannot connect" in one]
        self.assertIn("Address already in use", told)
