"""Calls of a share, in memory: whom they try, when, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionLost, DNSLookupError
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.calls.call import LASTED
from smartserial.channels.calls.caller import REACHING
from smartserial.channels.calls.rota import Rota
from smartserial.channels.listener import Listener
from smartserial.errors import PortBusyError, PortError
from smartserial.events import CallFailed, Calling, ClientConnected, ClientDisconnected, ShareStarted
from smartserial.settings import (
    ConnectSettings,
    Heartbeat,
    Keepalive,
    ListenerSettings,
    Mode,
    Sharing,
    TelnetRole,
    VirtualDevice,
    When,
)
from smartserial.sharing.access import Access
from smartserial.sharing.ledger import Reason
from smartserial.telnet.codes import Command
from tests.callstage import REFUSED, A, B, C, CallStage, EagerTransport, FakeVirtual, Net, VirtualEndpoint

ON_DEMAND = ConnectSettings((A,), when=When.ON_DEMAND, idle_timeout=30.0)
_SIZES = st.lists(st.floats(0.1, 100.0), min_size=1, max_size=5)


class RotaTest(SynchronousTestCase):
    """Who is next, and when."""

    @given(st.integers(1, 5), _SIZES, st.lists(st.booleans(), max_size=60))
    def test_each_is_tried_once_a_round_and_each_round_waits_longer(
        self, count: int, backoff: list[float], lasted: list[bool]
    ) -> None:
        rota, position, rounds = Rota(count, backoff), 0, 0
        for one in lasted:
            self.assertEqual(rota.position, position)
            delay = rota.lasted() if one else rota.failed()
            position = 0 if one or position + 1 == count else position + 1
            if one:
                rounds = 0
                self.assertEqual(delay, backoff[0])
            elif position:
                self.assertEqual(delay, 0.0)
            else:
                self.assertEqual(delay, backoff[min(rounds, len(backoff) - 1)])
                rounds += 1


class CallCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.net = Net(self)

    def stage(self, connect: ConnectSettings, **settings: Any) -> CallStage:
        return CallStage(self.net, connect, **settings).start()

    def virtual(self, connect: ConnectSettings, **settings: Any) -> tuple[CallStage, FakeVirtual]:
        endpoint = VirtualEndpoint()
        stage = self.stage(connect, device=VirtualDevice("/p"), endpoint=endpoint, **settings)  # type: ignore[arg-type]
        assert isinstance(endpoint.transport, FakeVirtual)
        return stage, endpoint.transport


class AttemptsTest(CallCase):
    """When a call is made, and made again."""

    def test_back_off(self) -> None:
        stage = self.stage(ConnectSettings((A,)))
        at = []
        for _ in range(6):
            at.append(stage.clock.seconds())
            self.net.ring().refuse()
            while not self.net.rings:
                stage.clock.advance(0.5)
        self.assertEqual(at, [0.0, 1.0, 3.0, 8.0, 18.0, 28.0])
        self.assertEqual([(e.to, e.why) for e in stage.of(CallFailed)], [(str(A), REFUSED)])
        self.assertEqual([e.to for e in stage.of(Calling)], [str(A)])

    def test_each_cause_is_told_once(self) -> None:
        stage = self.stage(ConnectSettings((A,), backoff=(1.0,)))
        for error in (None, DNSLookupError("no such name"), None, DNSLookupError("no such name")):
            self.net.ring().refuse(error)
            stage.clock.advance(1)
        self.assertEqual([e.why for e in stage.of(CallFailed)], [REFUSED, "DNS lookup failed: no such name"])
        client = stage.answered()
        stage.clock.advance(LASTED)
        client.reset()
        stage.clock.advance(1)
        self.net.ring().refuse()
        self.assertEqual(len(stage.of(CallFailed)), 3)

    def test_several_are_tried_in_turn(self) -> None:
        stage = self.stage(ConnectSettings((A, B, C), backoff=(1.0, 5.0)))
        for _ in range(7):
            self.net.ring().refuse()
            stage.clock.advance(0)
            stage.clock.pump([1] * (5 if not self.net.rings else 0))
        self.assertEqual(self.net.called[:7], [str(one) for one in (A, B, C, A, B, C, A)])
        self.assertEqual(stage.call.where, f"call to {A}, {B}, {C}")

    def test_a_connection_that_lasted_begins_anew_with_the_first(self) -> None:
        stage = self.stage(ConnectSettings((A, B), backoff=(1.0, 60.0)))
        self.net.ring().refuse()
        stage.turn()
        client = stage.answered()
        stage.clock.pump([1] * 10)
        client.reset()
        self.assertEqual(self.net.rings, [])
        stage.clock.advance(1)
        self.assertEqual(self.net.ring().where, str(A))

    def test_one_that_hangs_up_at_once_is_not_pestered(self) -> None:
        stage = self.stage(ConnectSettings((A,), backoff=(1.0, 60.0)))
        stage.answered().reset()
        stage.clock.advance(1)
        stage.answered().reset()
        stage.clock.pump([1] * 59)
        self.assertEqual(self.net.rings, [])
        stage.clock.advance(1)
        self.assertEqual(len(self.net.rings), 1)

    def test_one_that_hangs_up_at_once_leads_to_the_next(self) -> None:
        stage = self.stage(ConnectSettings((A, B)))
        stage.answered().reset()
        stage.turn()
        self.assertEqual(self.net.ring().where, str(B))

    def test_an_attempt_has_its_time(self) -> None:
        stage = self.stage(ConnectSettings((A,)))
        stage.clock.advance(REACHING)
        self.assertEqual(self.net.rings, [])
        self.assertEqual([e.why for e in stage.of(CallFailed)], ["no answer within 10 s"])
        stage.clock.advance(1)
        self.assertEqual(len(self.net.rings), 1)

    def test_all_at_once(self) -> None:
        stage = self.stage(ConnectSettings((A, B), all=True))
        rings, self.net.rings = self.net.rings, []
        rings[0].refuse()
        client = rings[1].answer()
        stage.turn()
        self.assertEqual(stage.states(), [f"calls {A} again soon", f"connected to {B}"])
        self.assertEqual([session.name for session in stage.share.clients], [str(B)])
        stage.device.say(b"to all")
        client.take(99)
        self.assertEqual(client.taken, b"to all")

    def test_options_of_the_connection(self) -> None:
        keepalive = Keepalive(1.0, 2.0, 3)
        self.stage(ConnectSettings((A,), nodelay=False, keepalive=keepalive))
        self.assertEqual(self.net.options, [{"nodelay": False, "keepalive": keepalive}])


class ClientTest(CallCase):
    """Who has answered is a client like any other."""

    def test_bytes_both_ways_and_the_account(self) -> None:
        stage = self.stage(ConnectSettings((A,)))
        stage.device.say(b"kept ")
        client = stage.answered()
        stage.device.say(b"said")
        client.say(b"asked")
        client.take(99)
        stage.device.take(99)
        self.assertEqual((client.taken, stage.device.taken), (b"kept said", b"asked"))
        (connected,) = stage.of(ClientConnected)
        self.assertEqual((connected.peer, connected.listener), (str(A), f"call to {A}"))
        client.reset()
        (gone,) = stage.of(ClientDisconnected)
        self.assertEqual((gone.received, gone.delivered, gone.discarded), (5, 9, 0))
        self.assertEqual(stage.unexplained(), (0, 0))

    def test_the_start_names_the_calls_where_there_are_no_listeners(self) -> None:
        (started,) = self.stage(ConnectSettings((A, B))).of(ShareStarted)
        self.assertEqual(started.listening, (f"call to {A}, {B}",))

    def test_access(self) -> None:
        stage = self.stage(ConnectSettings((A,), access=Access.READ))
        client = stage.answered()
        client.say(b"no")
        self.assertEqual(dict(stage.share.accounts()[1].discarded), {Reason.POLICY: 2})
        stage = self.stage(ConnectSettings((A,), access=Access.WRITE))
        client = stage.answered()
        stage.device.say(b"x")
        self.assertEqual(client.pending, 0)

    def test_without_a_place_nobody_is_called(self) -> None:
        stage = self.stage(ConnectSettings((A, B), all=True), sharing=Sharing(max_clients=1))
        rings, self.net.rings = self.net.rings, []
        rings[0].answer()
        late = rings[1].answer()
        self.assertIsNone(late.protocol)
        stage.clock.pump([1] * 10)
        self.assertEqual(self.net.rings, [])
        why = {e.why for e in stage.of(CallFailed)}
        self.assertEqual(len(why), 1)
        self.assertIn("one client is connected", why.pop())
        self.assertEqual(len(stage.share.clients), 1)

    def test_nobody_makes_room_for_a_call(self) -> None:
        stage = self.stage(
            ConnectSettings((A, B), all=True), sharing=Sharing(max_clients=1, kick_oldest=True)
        )
        rings, self.net.rings = self.net.rings, []
        first = rings[0].answer()
        self.assertIsNone(rings[1].answer().protocol)
        stage.clock.pump([1] * 30)
        self.assertEqual((first.connected, self.net.rings), (True, []))
        self.assertEqual([event.to for event in stage.of(CallFailed)], [str(B)])

    def test_who_comes_by_themselves_may_take_its_place_and_keeps_it(self) -> None:
        """Which of them came first does not matter: a call would come again and again."""
        stage = self.stage(ConnectSettings((A,)), sharing=Sharing(max_clients=1, kick_oldest=True))
        called = stage.answered()
        stage.listeners = [Listener(ListenerSettings(), stage.clock)]
        stage.share.update(stage.settings, stage.listeners, None)
        came = stage.client()
        self.assertEqual((called.connected, came.connected), (False, True))
        stage.clock.pump([1] * 60)
        self.assertEqual((came.connected, self.net.rings), (True, []))
        came.reset()
        stage.clock.pump([1] * 11)
        self.assertTrue(stage.answered().connected)

    def test_a_busy_device(self) -> None:
        stage = CallStage(self.net, ConnectSettings((A,)))
        stage.endpoint.error = PortBusyError("the port is in use by cat")
        stage.start()
        self.assertEqual(self.net.rings, [])
        (failed,) = stage.of(CallFailed)
        self.assertIn("in use by cat", failed.why)
        stage.endpoint.error = None
        stage.clock.pump([0.1] * 30)
        self.assertEqual(len(self.net.rings), 1)

    def test_kicked_it_is_called_again(self) -> None:
        stage = self.stage(ConnectSettings((A,)))
        client = stage.answered()
        (session,) = stage.share.clients
        session.cut("closed by an operator")
        self.assertFalse(client.connected)
        stage.clock.advance(0.9)
        self.assertEqual(self.net.rings, [])
        stage.clock.advance(0.2)
        self.assertEqual(len(self.net.rings), 1)
        self.assertEqual(stage.of(ClientDisconnected)[0].why, "closed by an operator")

    def test_a_lost_device_keeps_it(self) -> None:
        stage = self.stage(ConnectSettings((A,)))
        client = stage.answered()
        stage.endpoint.error = PortError("unplugged")
        stage.device.reset()
        stage.clock.pump([1] * 5)
        self.assertTrue(client.connected)
        self.assertEqual(client.told, b"")

    def test_idle(self) -> None:
        stage = self.stage(ConnectSettings((A,), idle_timeout=20.0))
        client = stage.answered()
        stage.clock.pump([1] * 15)
        client.say(b"x")
        stage.clock.pump([1] * 15)
        self.assertTrue(client.connected)
        stage.clock.pump([1] * 10)
        self.assertFalse(client.connected)
        stage.clock.advance(1)
        self.assertEqual(len(self.net.rings), 1)

    def test_one_that_stops_sending_hears_its_answer(self) -> None:
        stage = self.stage(ConnectSettings((A,)))
        client = stage.answered()
        client.say(b"question")
        client.finish_sending()
        stage.device.say(b"answer")
        client.take(99)
        self.assertEqual(client.taken, b"answer")
        stage.clock.pump([0.5] * 4)
        self.assertFalse(client.connected)
        stage.clock.pump([0.5] * 4)
        self.assertEqual(len(self.net.rings), 1)


class WordsTest(CallCase):
    """Bytes of our own: the registration, and heartbeats."""

    def test_the_registration_comes_before_all_data_and_is_in_no_account(self) -> None:
        stage = self.stage(ConnectSettings((A,), register=b"ID 4711\r\n"))
        stage.device.say(b"kept")
        ring = self.net.ring()
        client = ring.answer()
        self.assertEqual((client.told, client.taken, client.pending), (b"ID 4711\r\n", b"", 4))
        client.take(99)
        client.reset()
        (gone,) = stage.of(ClientDisconnected)
        self.assertEqual(gone.delivered, 4)

    def test_heartbeats_when_nothing_else_was_sent(self) -> None:
        stage = self.stage(ConnectSettings((A,), heartbeat=Heartbeat(b".", 30.0)))
        client = stage.answered()
        stage.clock.pump([0.25] * 119)
        self.assertEqual(client.told, b"")
        stage.clock.pump([0.25] * 2)
        self.assertEqual(client.told, b".")
        stage.clock.pump([0.25] * 100)
        stage.device.say(b"data")
        client.take(4)
        stage.clock.pump([0.25] * 118)
        self.assertEqual(client.told, b".")
        stage.clock.pump([0.25] * 4)
        self.assertEqual(client.told, b"..")

    def test_none_while_data_waits_and_none_when_it_is_over(self) -> None:
        stage = self.stage(ConnectSettings((A,), heartbeat=Heartbeat(b".", 1.0)))
        client = stage.answered()
        stage.device.say(b"data")
        stage.clock.pump([0.25] * 20)
        self.assertEqual(client.told, b"")
        client.reset()
        stage.stop()
        self.assertEqual(stage.clock.getDelayedCalls(), [])


class MomentsTest(CallCase):
    """Calls on demand, and those for programs."""

    def test_what_the_device_sends_makes_the_call_and_waits_for_it(self) -> None:
        stage = self.stage(ON_DEMAND)
        stage.clock.pump([1] * 60)
        self.assertEqual((self.net.rings, stage.states()), ([], ["waits for the device"]))
        stage.device.say(b"alarm")
        stage.device.say(b"!")
        self.assertEqual(stage.share.accounts()[0].buffered, 6)
        client = stage.answered()
        client.take(99)
        self.assertEqual((client.taken, stage.unexplained()), (b"alarm!", (0, 0)))
        self.assertEqual(stage.share.taps, {})
        stage.clock.pump([1] * 40)
        self.assertFalse(client.connected)
        stage.clock.pump([1] * 60)
        self.assertEqual(self.net.rings, [])
        stage.device.say(b"again")
        self.assertEqual(len(self.net.rings), 1)

    def test_it_is_tried_until_somebody_answers(self) -> None:
        stage = self.stage(ON_DEMAND)
        stage.device.say(b"alarm")
        for _ in range(5):
            self.net.ring().refuse()
            stage.clock.pump([1] * 10)
        client = stage.answered()
        client.take(9)
        self.assertEqual(client.taken, b"alarm")

    def test_what_it_did_not_get_makes_the_next_call(self) -> None:
        stage = self.stage(ON_DEMAND)
        stage.device.say(b"alarm")
        client = stage.answered()
        client.lose(ConnectionLost())
        self.assertEqual(stage.share.accounts()[0].buffered, 5)
        stage.clock.advance(1)
        client = stage.answered()
        client.take(9)
        self.assertEqual((client.taken, stage.unexplained()), (b"alarm", (0, 0)))

    def test_what_clients_send_makes_no_call(self) -> None:
        stage = self.stage(ON_DEMAND)
        stage.share.from_operator("me", b"question")
        self.assertEqual(self.net.rings, [])

    def test_a_program_that_opens_the_port_makes_the_call(self) -> None:
        stage, port = self.virtual(ON_DEMAND)
        port.opened()
        client = stage.answered()
        port.opened(0)
        self.assertTrue(client.connected)
        stage.clock.pump([1] * 40)
        self.assertFalse(client.connected)
        self.assertEqual(self.net.rings, [])

    def test_only_while_a_program_is_there(self) -> None:
        stage, port = self.virtual(ConnectSettings((A,), when=When.DEVICE_OPEN))
        self.assertEqual((self.net.rings, stage.states()), ([], ["waits for a program"]))
        port.opened()
        client = stage.answered()
        port.say(b"last words")
        port.opened(0)
        client.take(99)
        self.assertEqual((client.taken, client.connected), (b"last words", False))
        stage.clock.pump([1] * 20)
        self.assertEqual(self.net.rings, [])
        port.opened()
        self.assertEqual(len(self.net.rings), 1)

    def test_a_program_that_leaves_ends_the_attempts(self) -> None:
        stage, port = self.virtual(ConnectSettings((A,), when=When.DEVICE_OPEN))
        port.opened()
        port.opened(0)
        self.assertEqual(self.net.rings, [])
        port.opened()
        self.net.ring().refuse()
        port.opened(0)
        stage.clock.pump([1] * 20)
        self.assertEqual((self.net.rings, stage.states()), ([], ["waits for a program"]))


class ChangesTest(CallCase):
    """Other settings, and the end."""

    def test_what_did_not_change_keeps_the_connection(self) -> None:
        stage = self.stage(ConnectSettings((A, B)))
        client = stage.answered()
        stage.update(buffer=9)
        stage.update(connect=replace(stage.call.connect, to=(B, A), backoff=(7.0,)))
        stage.update(connect=replace(stage.call.connect, idle_timeout=5.0, heartbeat=Heartbeat(b".", 2.0)))
        self.assertTrue(client.connected)
        stage.clock.pump([0.25] * 10)
        self.assertEqual(client.told, b".")
        stage.clock.pump([0.25] * 20)
        self.assertFalse(client.connected)

    def test_what_changed_is_called_anew(self) -> None:
        for changes in ({"to": (C,)}, {"register": b"new"}, {"nodelay": False}):
            stage = self.stage(ConnectSettings((A, B)))
            client = stage.answered()
            stage.update(connect=replace(stage.call.connect, **changes))  # type: ignore[arg-type]
            self.assertFalse(client.connected, changes)
            self.assertEqual(len(self.net.rings), 1, changes)
            self.net.rings.clear()

    def test_of_several_those_that_stay_stay(self) -> None:
        stage = self.stage(ConnectSettings((A, B), all=True))
        rings, self.net.rings = self.net.rings, []
        first, second = (ring.answer() for ring in rings)
        stage.update(connect=replace(stage.settings.connect, to=(B, C)))  # type: ignore[type-var]
        self.assertEqual((first.connected, second.connected), (False, True))
        self.assertEqual(self.net.ring().where, str(C))

    def test_calls_come_and_go(self) -> None:
        stage = self.stage(ConnectSettings((A,)))
        client = stage.answered()
        stage.update(connect=None)
        self.assertFalse(client.connected)
        stage.clock.pump([1] * 20)
        self.assertEqual((self.net.rings, stage.states()), ([], []))
        stage.update(connect=ConnectSettings((B,)))
        self.assertEqual(self.net.ring().where, str(B))

    def test_a_call_that_waits_for_nothing_any_more_ends(self) -> None:
        stage = self.stage(ConnectSettings((A,)))
        client = stage.answered()
        stage.update(connect=replace(ON_DEMAND, to=(A,)))
        self.assertTrue(client.connected)  # it ends when it is idle
        stage.clock.pump([1] * 40)
        self.assertFalse(client.connected)
        self.assertEqual(self.net.rings, [])

    def test_stopping(self) -> None:
        for reached in (False, True):
            stage = self.stage(ConnectSettings((A,)))
            if reached:
                client = stage.answered()
                stage.device.say(b"on its way")
                stopping = stage.share.stopService()
                stage.clock.advance(0.1)
                client.take(99)
                self.assertEqual(client.taken, b"on its way")
                stage.clock.pump([0.1] * 70)
                self.assertEqual(self.successResultOf(stopping), None)
            else:
                stage.stop()
            self.assertEqual((self.net.rings, stage.clock.getDelayedCalls()), ([], []))
            self.assertEqual(stage.unexplained(), (0, 0))


class ServerTest(CallCase):
    """Over there is a client of RFC 2217: it is served as one that came by itself."""

    def test_it_is_greeted(self) -> None:
        connect = ConnectSettings((A,), Mode.RFC2217, TelnetRole.SERVER, register=b"ID\r\n")
        stage = self.stage(connect)
        client = self.net.ring().answer(EagerTransport)
        assert isinstance(client, EagerTransport)
        self.assertIn(bytes([255, Command.DO, 44]), client.wire)
        self.assertTrue(client.wire.endswith(b"ID\r\n"), client.wire)
        (session,) = stage.share.clients
        self.assertIn(session, stage.share.ports.ports)
