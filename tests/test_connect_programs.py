"""Calls for programs that have the virtual port open only for a moment, in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.calls.call import QUIET
from smartserial.events import CallFailed, ClientDisconnected, ShareNoted
from smartserial.settings import ConnectSettings, Sharing, VirtualDevice, When
from smartserial.sharing.access import Access
from smartserial.sharing.selection import SelectionRules, Who
from tests.callstage import A, B, CallStage, FakeVirtual, Net, VirtualEndpoint

FOR_PROGRAMS = ConnectSettings((A,), when=When.DEVICE_OPEN)
ASLEEP = "waits for a program"


class ProgramCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.net = Net(self)

    def stage(self, connect: ConnectSettings = FOR_PROGRAMS, **settings: Any) -> CallStage:
        self.endpoint = VirtualEndpoint()
        stage = CallStage(self.net, connect, VirtualDevice("/p"), self.endpoint, **settings)
        return stage.start()

    @property
    def port(self) -> FakeVirtual:
        assert isinstance(self.endpoint.transport, FakeVirtual)
        return self.endpoint.transport

    def short(self, words: bytes, late: bool = True) -> None:
        """Let a program open the port, write, and close it; `late`: it is read when that one has gone."""
        port = self.port
        port.opened()
        if not late:
            port.say(words)
        port.programs = 0
        assert port.on_programs is not None and port.on_drained is not None
        port.on_programs(0)
        if late and words:
            port.say(words)
        port.drained = True
        port.on_drained()

    def notes(self, stage: CallStage) -> list[str]:
        return [event.text for event in stage.events if isinstance(event, ShareNoted)]


class ShortProgramTest(ProgramCase):
    """What it has written is not left for the next one."""

    def test_its_bytes_are_delivered_when_it_has_gone(self) -> None:
        for late in (False, True):
            stage = self.stage()
            self.short(b"plain\n", late)
            client = stage.answered()
            client.take(99)
            self.assertEqual((client.taken, client.connected), (b"plain\n", True), late)
            stage.clock.advance(QUIET)
            self.assertFalse(client.connected)
            stage.clock.pump([1] * 30)
            self.assertEqual((self.net.rings, stage.states()), ([], [ASLEEP]))
            self.assertEqual((stage.unexplained(), self.notes(stage)), ((0, 0), []))

    def test_it_is_tried_until_somebody_answers(self) -> None:
        stage = self.stage(replace(FOR_PROGRAMS, backoff=(1.0, 5.0)))
        self.short(b"plain")
        self.net.ring().refuse()
        stage.clock.advance(1)
        self.net.ring().refuse()
        stage.clock.advance(4)
        self.assertEqual((self.net.rings, stage.share.accounts()[0].buffered), ([], 5))
        stage.clock.advance(1)
        client = stage.answered()
        client.take(9)
        self.assertEqual((client.taken, len(stage.of(CallFailed))), (b"plain", 1))

    def test_several_go_in_one_call(self) -> None:
        stage = self.stage()
        for words in (b"one,", b"two,", b"three"):
            self.short(words)
        client = stage.answered()
        client.take(99)
        self.assertEqual(client.taken, b"one,two,three")
        self.short(b",four")
        client.take(99)
        self.assertEqual((client.taken, client.connected), (b"one,two,three,four", False))
        stage.clock.pump([1] * 30)
        self.assertEqual(self.net.rings, [])

    def test_one_that_stays_has_the_call(self) -> None:
        stage = self.stage()
        self.short(b"one")
        client = stage.answered()
        self.port.opened()
        stage.clock.pump([QUIET] * 30)
        client.take(99)
        self.assertTrue(client.connected)
        self.port.opened(0)
        self.assertFalse(client.connected)
        self.assertEqual(self.net.rings, [])

    def test_one_that_wrote_nothing_makes_no_call(self) -> None:
        stage = self.stage()
        self.short(b"")
        self.assertEqual((self.net.rings, stage.states()), ([], [ASLEEP]))

    def test_without_a_place_to_keep_anything_there_is_nothing_to_call_for(self) -> None:
        stage = self.stage(buffer=0)
        self.short(b"plain")
        self.assertEqual((self.net.rings, stage.unexplained()), ([], (0, 0)))

    def test_what_the_far_side_did_not_take_makes_the_next_call(self) -> None:
        stage = self.stage()
        self.short(b"plain")
        stage.answered().lose(ConnectionLost())
        self.assertEqual((stage.share.accounts()[0].buffered, self.net.rings), (5, []))
        stage.clock.advance(1)
        client = stage.answered()
        client.take(9)
        self.assertEqual((client.taken, stage.unexplained()), (b"plain", (0, 0)))

    def test_what_still_waits_for_the_far_side_is_sent_before_it_is_hung_up(self) -> None:
        stage = self.stage()
        self.short(b"plain")
        client = stage.answered()
        client.take(2)
        stage.clock.advance(QUIET)
        self.assertTrue(client.connected)
        client.take(3)
        self.assertEqual((client.taken, client.connected), (b"plain", False))

    def test_what_another_one_has_got_meanwhile_makes_no_call(self) -> None:
        stage = self.stage(replace(FOR_PROGRAMS, to=(A, B), all=True))
        self.short(b"plain")
        first, second = self.net.rings
        self.net.rings.clear()
        second.refuse()
        client = first.answer()
        stage.turn()
        client.take(9)
        self.assertEqual(client.taken, b"plain")
        stage.clock.pump([1] * 30)
        self.assertEqual((self.net.rings, stage.states()), ([], [ASLEEP] * 2))


class EndTest(ProgramCase):
    """It is told when bytes will not be called for."""

    def test_stop(self) -> None:
        stage = self.stage()
        self.short(b"plain")
        stage.stop()
        self.assertEqual(stage.clock.getDelayedCalls(), [])
        self.assertEqual((self.net.rings, stage.unexplained()), ([], (0, 0)))
        self.assertEqual(
            self.notes(stage), ["the call to 10.0.0.1:2217 is given up; bytes that waited for it: 5"]
        )

    def test_stop_in_the_quiet_after_the_last_byte(self) -> None:
        stage = self.stage()
        self.short(b"plain")
        stage.answered().take(9)
        stage.stop()
        self.assertEqual((stage.clock.getDelayedCalls(), self.notes(stage)), ([], []))
        self.assertEqual(stage.unexplained(), (0, 0))

    def test_other_settings(self) -> None:
        stage = self.stage()
        self.short(b"plain")
        self.net.ring().refuse()
        stage.update(connect=replace(FOR_PROGRAMS, backoff=(7.0,)))
        self.assertEqual((len(self.net.rings), self.notes(stage)), (1, []))
        stage.update(connect=replace(FOR_PROGRAMS, to=(B,)))
        self.assertEqual(len(self.notes(stage)), 1)
        client = stage.answered()
        client.take(9)
        self.assertEqual(client.taken, b"plain")

    def test_on_demand_instead(self) -> None:
        stage = self.stage()
        self.short(b"plain")
        stage.update(connect=replace(FOR_PROGRAMS, when=When.ON_DEMAND, idle_timeout=3.0))
        client = stage.answered()
        client.take(9)
        self.assertEqual(client.taken, b"plain")

    def test_one_that_only_speaks_is_not_called_for_that(self) -> None:
        stage = self.stage(replace(FOR_PROGRAMS, access=Access.WRITE))
        self.short(b"plain")
        self.assertEqual((self.net.rings, stage.states()), ([], [ASLEEP]))

    def test_one_that_may_not_hear_it_is_not_called_again_and_again(self) -> None:
        stage = self.stage(sharing=Sharing(selection=SelectionRules(send_to=Who.LAST_ACTIVE)))
        self.short(b"plain")
        client = stage.answered()
        stage.clock.advance(QUIET)
        self.assertEqual((client.taken, client.connected), (b"", False))
        stage.clock.pump([1] * 30)
        self.assertEqual((self.net.rings, stage.states()), ([], [ASLEEP]))
        self.assertEqual(len(self.notes(stage)), 1)
        self.port.opened()
        self.assertEqual(len(self.net.rings), 1)


class BackOffTest(ProgramCase):
    """A short session that we ended is no failure."""

    def test_a_program_that_goes(self) -> None:
        stage = self.stage(replace(FOR_PROGRAMS, to=(A, B), backoff=(2.0, 50.0)))
        for _ in range(4):
            self.port.opened()
            self.assertEqual(self.net.rings[0].where, str(A))
            client = stage.answered()
            self.port.opened(0)
            self.assertFalse(client.connected)
        self.port.opened()
        self.net.ring().refuse()
        stage.clock.advance(0)
        self.assertEqual(self.net.rings[0].where, str(B))
        self.net.ring().refuse()
        stage.clock.advance(2)
        self.assertEqual(len(self.net.rings), 1)

    def test_one_that_comes_before_the_connection_has_ended(self) -> None:
        stage = self.stage(replace(FOR_PROGRAMS, backoff=(2.0, 50.0)))
        self.port.opened()
        for _ in range(4):
            client = stage.answered()
            self.port.say(b"x")
            self.port.opened(0)
            self.port.opened()
            client.take(9)
            self.assertFalse(client.connected)
            stage.clock.advance(2)
        self.assertEqual(len(self.net.rings), 1)

    def test_an_idle_call_on_demand(self) -> None:
        stage = self.stage(ConnectSettings((A, B), when=When.ON_DEMAND, idle_timeout=1.0))
        for _ in range(4):
            self.port.say(b"x")
            self.assertEqual(self.net.rings[0].where, str(A))
            stage.answered().take(9)
            stage.clock.pump([0.25] * 12)
        self.assertEqual(len(stage.of(ClientDisconnected)), 4)

    def test_a_far_side_that_hangs_up_at_once_is_one(self) -> None:
        stage = self.stage(replace(FOR_PROGRAMS, backoff=(2.0, 50.0)))
        self.port.opened()
        stage.answered().lose(ConnectionLost())
        stage.clock.advance(2)
        stage.answered().lose(ConnectionLost())
        stage.clock.advance(49)
        self.assertEqual(self.net.rings, [])
        stage.clock.advance(1)
        self.assertEqual(len(self.net.rings), 1)
