"""Who an element talks to: its role, lists of addresses, limits, and whom what it sends is for."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import command, fixed, pair, poll, response, smart_serial, text, trailer
from smartserial.definition.flow import Initial, Timer
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import ConnectionState
from smartserial.hosts import role_of
from smartserial.settings import Role
from tests.elementstage import LOCAL, Acting, ElementCase, client, element, server, udp_client, udp_server
from tests.enginestage import At, Do, On, act, at, read_each, world

HOME = "192.0.2.1"
S, C = Role.SERVER, Role.CLIENT
REPLY = at(5, On.RESPONSE, At.AFTER, 1, 5)
EXECUTE = act(5, ActionOn.GROUP, Do.EXECUTE, 2)


def unanswered(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """The same commands, that want no answers."""
    return tuple(replace(one, responses=()) for one in pairs)


def echo() -> Protocol:
    """Whoever says ``R1:x`` is sent ``C2``."""
    return world(2, triggers=(REPLY,), actions=(EXECUTE,), pairs=unanswered)


class RoleTest(SynchronousTestCase):
    """What a host setting makes of a connection."""

    TABLE = (
        ("any", S, "0.0.0.0"),
        ("ANY", S, "0.0.0.0"),
        ("0.0.0.0", S, "0.0.0.0"),
        ("::", S, "::"),
        ("0:0:0:0:0:0:0:0", S, "::"),
        ("127.0.0.1", S, "127.0.0.1"),
        ("localhost", S, "127.0.0.1"),
        ("::ffff:127.0.0.1", S, "127.0.0.1"),
        *((text, S, "::1") for text in ("::1", "0:0:0:0:0:0:0:1", "0000:0000::0001", "::0.0.0.1", "0::0:1")),
        (HOME, S, HOME),
        ("127.0.0.2", C, "127.0.0.2"),
        ("127.1.0.1", C, "127.1.0.1"),
        ("192.0.2.9", C, "192.0.2.9"),
        ("2001:db8::1", C, "2001:db8::1"),
        ("station.example", C, "station.example"),
    )

    def test_the_host_decides(self) -> None:
        for host, role, plain in self.TABLE:
            found = role_of(host, own=HOME.__eq__)
            self.assertEqual(found[:2], (role, plain), host)
            self.assertTrue(found[2])

    def test_the_operator_may_say_otherwise(self) -> None:
        for host, _, plain in self.TABLE:
            for said in (S, C):
                self.assertEqual(role_of(host, said, HOME.__eq__)[:2], (said, plain), host)


class ListTest(ElementCase):
    """Three elements on one address: one has a list, another has another one, a third has none."""

    ONE, TWO, OTHER = "127.0.0.11", "127.0.0.12", "127.0.0.19"

    def settings(self, *lists: tuple[str, ...]) -> list[Any]:
        return [
            element(echo(), server(host="0.0.0.0", allowed=one), name=f"e{n}")
            for n, one in enumerate(lists, 1)
        ]

    async def meet(self, *lists: tuple[str, ...]) -> list[Acting]:
        self.acting = await self.run_all(*self.settings(*lists))
        self.assertEqual(len({one.port() for one in self.acting}), 1)
        return self.acting

    async def heard_by(self, host: str) -> str:
        """Which elements hear a new session of a host, by number; what each answers is counted too."""
        number = len(self.events)
        word = f"w{number}"
        sock = self.call(self.acting[0], host)
        sock.sendall(f"R1:{word}\n".encode())
        source = sock.getsockname()
        await self.until(
            lambda: any(source[1] in {peer.port for peer in one.peers()} for one in self.acting), "a session"
        )
        await self.until(lambda: any(one.value(301) == word for one in self.acting), "it is heard")
        hearing = [one for one in self.acting if one.value(301) == word]
        having = [one for one in self.acting if source[1] in {peer.port for peer in one.peers()}]
        self.assertEqual([one.name for one in hearing], [one.name for one in having])
        await self.hears(sock, b"C2\n" * len(hearing))
        await self.silent(sock)
        sock.close()
        await self.until(lambda: not any(one.peers() for one in self.acting), "the session is over")
        return "".join(one.name[1:] for one in hearing)

    async def test_whose_list_it_is_on(self) -> None:
        await self.meet((self.ONE,), (self.TWO,), ())
        for host, expected in ((self.ONE, "1"), (self.TWO, "2"), (self.OTHER, "3"), (LOCAL, "3")):
            self.assertEqual(await self.heard_by(host), expected, host)

    async def test_without_lists_everybody_hears_everybody(self) -> None:
        await self.meet((), (), ())
        for host in (self.ONE, self.OTHER):
            self.assertEqual(await self.heard_by(host), "123")

    async def test_one_address_on_two_lists(self) -> None:
        await self.meet((self.ONE, self.TWO), (self.TWO,), ())
        for host, expected in ((self.ONE, "1"), (self.TWO, "12"), (self.OTHER, "3")):
            self.assertEqual(await self.heard_by(host), expected, host)

    async def test_networks_are_lists_too(self) -> None:
        await self.meet(("127.0.0.8/29",), ("127.0.0.12",), ())
        for host, expected in ((self.ONE, "1"), (self.TWO, "12"), (self.OTHER, "3")):
            self.assertEqual(await self.heard_by(host), expected, host)

    async def test_where_all_have_lists_a_stranger_is_closed_at_once(self) -> None:
        acting = await self.meet((self.ONE,), (self.TWO,), (self.TWO,))
        sock = self.call(acting[0], self.OTHER)
        self.assertEqual(await self.ended(sock), b"")
        refused = [line for one in acting for line in one.told() if self.OTHER in line]
        self.assertEqual(len(refused), 1, refused)
        self.assertEqual([one.peers() for one in acting], [(), (), ()])
        self.assertEqual(await self.heard_by(self.TWO), "23")

    async def test_what_is_for_all_goes_to_those_who_are_heard(self) -> None:
        acting = await self.meet((self.ONE,), (self.TWO,), ())
        socks = [await self.client(one, host) for one, host in
                 zip(acting, (self.ONE, self.TWO, self.OTHER), strict=True)]  # fmt: skip
        for one, sock in zip(acting, socks, strict=True):
            one.run(1)
            await self.hears(sock, b"C1\n")
            await self.silent(*socks)

    async def test_sessions_are_judged_again_when_lists_change(self) -> None:
        first, second, third = await self.meet((), (), ())
        sock = await self.client(first, self.ONE)
        other = await self.client(first, self.OTHER)
        everybody = {one: one.peers() for one in self.acting}
        self.assertEqual([len(peers) for peers in everybody.values()], [2, 2, 2])
        await self.reload(*self.settings((self.ONE,), (), ()))
        self.assertEqual(first.peers(), everybody[first][:1])
        self.assertEqual(second.peers(), everybody[second][1:])
        self.assertEqual(third.peers(), everybody[third][1:])
        sock.sendall(b"R1:mine\n")
        await self.hears(sock, b"C2\n")
        other.sendall(b"R1:ours\n")
        await self.hears(other, b"C2\nC2\n")
        await self.silent(sock, other)
        self.assertEqual([one.value(301) for one in self.acting], ["mine", "ours", "ours"])
        await self.reload(*self.settings((self.TWO,), (self.TWO,), (self.OTHER,)))
        self.assertEqual(await self.ended(sock), b"")
        self.assertEqual([len(one.peers()) for one in self.acting], [0, 0, 1])
        other.sendall(b"R1:last\n")
        await self.hears(other, b"C2\n")
        self.assertEqual([one.value(301) for one in self.acting], ["mine", "ours", "last"])

    async def test_without_lists_again_sessions_are_shared_again(self) -> None:
        first, second, third = await self.meet((self.ONE,), (), ())
        sock = await self.client(first, self.ONE)
        self.assertEqual([len(one.peers()) for one in self.acting], [1, 0, 0])
        await self.reload(*self.settings((), (), ()))
        self.assertEqual([len(one.peers()) for one in self.acting], [1, 1, 1])
        sock.sendall(b"R1:all\n")
        await self.hears(sock, b"C2\nC2\nC2\n")
        self.assertEqual([one.value(301) for one in (first, second, third)], ["all"] * 3)


class SharedAddressTest(ElementCase):
    """Elements on one address live for themselves."""

    async def test_each_restarts_and_the_others_go_on(self) -> None:
        settings = [element(echo(), server(), name=f"e{n}") for n in range(3)]
        acting = await self.run_all(*settings)
        sock = await self.client(acting[0])
        for number, one in enumerate(acting):
            others = [other for other in acting if other is not one]
            before = [other.peers() for other in others]
            restarting = one.element.restart()
            word = f"word {number}"
            sock.sendall(f"R1:{word}\n".encode())
            await self.in_time(restarting)
            await self.settled(one)
            await self.until(lambda: all(x.value(301) == word for x in others), "others hear it")  # noqa: B023
            self.assertEqual([other.peers() for other in others], before)
            await self.until(one.peers.__call__, "the session is its own again")
        self.assertEqual(len({one.port() for one in acting}), 1)
        self.assertEqual([line for one in acting for line in one.told("warn", "error")], [])

    async def test_the_last_one_gives_the_address_up(self) -> None:
        acting = await self.run_all(*(element(echo(), server(), name=f"e{n}") for n in range(3)))
        port = acting[0].port()
        sock = await self.client(acting[0])
        for one in acting:
            self.assertTrue(self.listens(port))
            await self.in_time(one.element.stop())
        self.assertEqual(await self.ended(sock), b"")
        self.assertFalse(self.listens(port))
        with socket.create_server((LOCAL, port)):
            pass

    def listens(self, port: int) -> bool:
        try:
            socket.create_connection((LOCAL, port)).close()
        except ConnectionRefusedError:
            return False
        return True

    async def test_they_may_restart_all_at_once_again_and_again(self) -> None:
        acting = await self.run_all(*(element(echo(), server(), name=f"e{n}") for n in range(2)))
        port = acting[0].port()
        for _ in range(5):
            sock = await self.client(acting[0])
            sock.sendall(b"R1:x")
            endings = [one.element.restart() for one in acting] + [acting[0].element.restart()]
            for ending in endings:
                await self.in_time(ending)
            await self.settled(*acting)
            await self.ended(sock)
        self.assertEqual([str(one.element.state.value) for one in acting], ["active", "active"])
        self.assertEqual(len({one.port() for one in acting}), 1)
        self.assertNotEqual(port, 0)


class LimitTest(ElementCase):
    async def test_the_smallest_limit_of_those_who_would_hear_counts(self) -> None:
        wide, narrow = await self.run_all(
            element(echo(), server(max_clients=3), name="wide"),
            element(echo(), server(max_clients=1), name="narrow"),
        )
        one = await self.client(wide)
        two = self.call(wide)
        self.assertEqual(await self.ended(two), b"")
        self.assertEqual((len(wide.peers()), len(narrow.peers())), (1, 1))
        self.assertEqual([len([x for x in y.told() if "no more are let in" in x]) for y in (wide, narrow)],
                         [1, 1])  # fmt: skip
        one.close()
        await self.until(lambda: not wide.peers())
        await self.client(wide)


class WorkedTest(ElementCase):
    """A server for two: what one causes is for it alone, what a timer causes is for both."""

    def protocol(self) -> Protocol:
        end = trailer(12, "end", b"\n", link=1)
        trigger, action = read_each()
        said = CommunicationOptions(max_concurrent_connections=2, notify_connection_pids=(90, 91))
        return Protocol(
            "Server",
            connections=(replace(smart_serial("IP Connection"), communication=said),),
            params=(text(10, "said"), end, fixed(20, "ack", "ACK"), fixed(21, "time", "TIME"),
                    text(90, "came"), text(91, "left")),
            commands=(command(2, "ack", 20, end), command(3, "time", 21, end)),
            responses=(response(1, "said", 10, end),),
            pairs=(pair(2, "ack", 2), pair(3, "time", 3)),
            groups=(poll(2, "ack", 2), poll(3, "time", 3)),
            triggers=(at(1, On.RESPONSE, At.AFTER, 1, 1), trigger),
            actions=(act(1, ActionOn.GROUP, Do.EXECUTE, 2), action),
            timers=(Timer(1, "t", 60_000, (3,), 75, Initial(True, 60, 60)),),
        )  # fmt: skip

    async def test_it(self) -> None:
        mast = await self.run_one(self.protocol(), server(host="0.0.0.0", max_clients=2))
        changes = mast.watch()
        self.assertEqual(mast.state(), ConnectionState.UNDEFINED)
        a = await self.client(mast, "127.0.0.5")
        self.assertEqual(mast.value(90), f"127.0.0.5:{a.getsockname()[1]}")
        self.assertEqual(mast.state(), ConnectionState.CONNECTED)
        b = await self.client(mast, "127.0.0.6")
        self.assertEqual(mast.value(90), f"127.0.0.6:{b.getsockname()[1]}")
        c = self.call(mast, "127.0.0.7")
        self.assertEqual(await self.ended(c), b"")
        self.assertEqual(mast.value(90), f"127.0.0.6:{b.getsockname()[1]}", "it never was there")
        self.assertEqual(mast.value(91), None)
        a.sendall(b"hi\n")
        await self.hears(a, b"ACK\n")
        self.assertEqual(mast.value(10), "hi")
        await self.silent(a, b)
        self.stage.clock.advance(60.0)
        await self.hears(a, b"TIME\n")
        await self.hears(b, b"TIME\n")
        self.stage.clock.advance(0.075)
        left = f"127.0.0.5:{a.getsockname()[1]}"
        a.close()
        await self.until(lambda: mast.value(91), "it left")
        self.assertEqual(mast.value(91), left)
        self.assertEqual(mast.state(), ConnectionState.CONNECTED)
        count = len([one for one in changes if type(one).__name__ == "ParamChanged"])
        b.sendall(b"hi\n")
        await self.hears(b, b"ACK\n")
        self.assertEqual(len([one for one in changes if type(one).__name__ == "ParamChanged"]), count)
        c = await self.client(mast, "127.0.0.7")
        for sock in (b, c):
            sock.close()
        await self.until(lambda: not mast.peers())
        self.assertEqual(mast.state(), ConnectionState.DISCONNECTED)

    async def test_one_that_left_is_not_answered_and_nobody_else_is(self) -> None:
        protocol = self.protocol()
        slow = replace(protocol, actions=(*protocol.actions, act(2, ActionOn.PROTOCOL, Do.SLEEP,
                       type_value="5000")), triggers=(at(1, On.RESPONSE, At.AFTER, 1, 2, 1),
                       *protocol.triggers[1:]))  # fmt: skip
        mast = await self.run_one(slow, server())
        a, b = await self.client(mast), await self.client(mast)
        a.sendall(b"hi\n")
        await self.until(lambda: mast.value(10) == "hi")
        a.close()
        await self.until(lambda: len(mast.peers()) == 1)
        self.stage.clock.advance(5.0)
        await self.silent(b)
        self.assertEqual(mast.channel().tally.sent, 0)
        self.assertEqual(len([line for line in mast.told("warn") if "nobody to answer" in line]), 1)


class DatagramPeersTest(ElementCase):
    """What is for all goes to who was heard last; a reply goes to who asked."""

    async def test_for_all_and_for_one(self) -> None:
        mast = await self.run_one(echo(), udp_server())
        where = LOCAL, mast.port()
        self.assertEqual(mast.state(), ConnectionState.CONNECTED, "its address is bound")
        mast.run(2)
        await self.until(lambda: [x for x in mast.told("warn") if "nobody has sent anything yet" in x])
        one, two = self.sender("127.0.0.21"), self.sender("127.0.0.22")
        one.sendto(b"R1:one\n", where)
        self.assertEqual(await self.datagram(one), b"C2\n")
        two.sendto(b"R1:two\n", where)
        self.assertEqual(await self.datagram(two), b"C2\n")
        mast.run(2)
        self.assertEqual(await self.datagram(two), b"C2\n")
        one.sendto(b"", where)
        await self.until(lambda: mast.peers()[-1].host == "127.0.0.21" or len(mast.peers()) == 2)
        await self.turns()
        mast.run(2)
        self.assertEqual(await self.datagram(one), b"C2\n", "nothing at all is a datagram too")
        await self.silent(one, two)
        noted = [line for line in mast.told("warn") if "both" in line]
        self.assertEqual(len(noted), 1, noted)
        for sock in (one, two):
            self.assertIn(sock.getsockname()[0], noted[0])

    async def test_a_reply_after_another_one_was_heard(self) -> None:
        sleeping = act(6, ActionOn.PROTOCOL, Do.SLEEP, type_value="3000")
        reply = at(5, On.RESPONSE, At.AFTER, 1, 6, 5)
        mast = await self.run_one(
            world(2, triggers=(reply,), actions=(EXECUTE, sleeping), pairs=unanswered), udp_server()
        )
        where = LOCAL, mast.port()
        one, two = self.sender(), self.sender()
        one.sendto(b"R1:one\n", where)
        await self.until(lambda: mast.value(301) == "one")
        two.sendto(b"R2:two\n", where)
        await self.until(lambda: len(mast.peers()) == 2)
        self.stage.clock.advance(3.0)
        self.assertEqual(await self.datagram(one), b"C2\n")
        await self.silent(two)

    async def test_a_client_hears_nobody_else(self) -> None:
        program, stranger = self.sender(), self.sender()
        mast = await self.run_one(echo(), udp_client(program.getsockname()[1]))
        mast.run(1)
        data, where = b"", ("", 0)

        def came() -> bool:
            nonlocal data, where
            try:
                data, where = program.recvfrom(100)
            except BlockingIOError:
                return False
            return True

        await self.until(came)
        self.assertEqual(data, b"C1\n")
        stranger.sendto(b"R1:wrong\n", where)
        program.sendto(b"R1:right\n", where)
        await self.until(lambda: mast.value(301) == "right")
        self.assertEqual(mast.channel().tally.received, len(b"R1:right\n"))

    async def test_lists_are_for_datagrams_too(self) -> None:
        acting = await self.run_all(
            element(echo(), udp_server(host="0.0.0.0", allowed=("127.0.0.21",)), name="e1"),
            element(echo(), udp_server(host="0.0.0.0"), name="e2"),
        )
        where = LOCAL, acting[0].port()
        one, other = self.sender("127.0.0.21"), self.sender("127.0.0.22")
        one.sendto(b"R1:one\n", where)
        self.assertEqual(await self.datagram(one), b"C2\n")
        other.sendto(b"R1:other\n", where)
        self.assertEqual(await self.datagram(other), b"C2\n")
        await self.silent(one, other)
        self.assertEqual([x.value(301) for x in acting], ["one", "other"])


class StateTest(ElementCase):
    """How a connection stands, as the built-in param tells it."""

    async def test_a_client(self) -> None:
        listener = self.listener()
        port = listener.getsockname()[1]
        mast = await self.run_one(echo(), client(port))
        sock = await self.accept(listener)
        self.assertEqual(mast.state(), ConnectionState.CONNECTED)
        self.assertEqual(mast.value(65045), 3)
        listener.close()
        sock.close()
        await self.until(lambda: mast.state() is ConnectionState.DISCONNECTED)
        self.assertEqual(mast.value(65045), 4)
        again = self.listener(port=port)
        await self.until(lambda: self.stage.clock.advance(0.5) or mast.peers())
        await self.accept(again)
        self.assertEqual(mast.state(), ConnectionState.CONNECTED)

    async def test_a_client_of_nobody(self) -> None:
        with socket.create_server((LOCAL, 0)) as taken:
            port = taken.getsockname()[1]
        mast = await self.run_one(echo(), client(port))
        self.assertEqual(mast.state(), ConnectionState.DISCONNECTED)
        self.assertEqual(len([x for x in mast.told("warn") if "cannot connect" in x]), 1)
        await self.pass_time(30.0)
        self.assertEqual(len([x for x in mast.told("warn") if "cannot connect" in x]), 1, "once for a cause")
