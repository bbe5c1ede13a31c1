"""A reload while clients are there: what was kept for them, how long they stay, and the open device."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.session import Session
from smartserial.channels.stream import HIGH
from smartserial.console.looking import _waiting
from smartserial.events import ClientDisconnected, DeviceClosed, DeviceOpened, LinesSet
from smartserial.lines import LineProfile, Lines, LineSettings
from smartserial.sequences import parse_sequence
from smartserial.settings import (
    DeviceRules,
    ListenerSettings,
    LoginSettings,
    PortDevice,
    Rfc2217Device,
    Sharing,
    VirtualDevice,
    When,
)
from smartserial.share import clients
from smartserial.share.clients import QUIET
from smartserial.sharing.access import Access
from smartserial.sharing.ledger import Reason
from smartserial.sharing.rights import Grant, Identity, Right
from smartserial.sharing.selection import SelectionRules, Who
from tests.callstage import A, CallStage, ConnectSettings, FakeVirtual, Net, VirtualEndpoint
from tests.comstage import BAUDRATE, ComStage
from tests.fakes import FakeTransport, SerialEndpoint
from tests.test_share import Stage

WRITERS = ListenerSettings(access=Access.WRITE)
WAITING = ListenerSettings(when=When.DEVICE_OPEN, linger=5.0)


def reload(stage: Stage, *listeners: ListenerSettings, endpoint: Any = None, **changes: Any) -> None:
    """Go over to other settings, as `Change` does."""
    if listeners:
        changes["listeners"] = listeners
        for listener, wanted in zip(stage.listeners, listeners, strict=True):
            listener.update(wanted)
    stage.settings = replace(stage.settings, **changes)
    stage.share.update(stage.settings, stage.listeners, endpoint)


def got(*transports: FakeTransport) -> list[bytes]:
    for transport in transports:
        transport.take(100)
    return [transport.taken for transport in transports]


class Far(FakeTransport):
    """A client that confirms what it has got only up to `acked`, until it is `gone`."""

    acked = 0
    gone = False

    def unconfirmed(self) -> int:
        return max(0, self.sent - self.acked)

    def abandon(self) -> None:
        lost = self.unconfirmed()
        self.sent -= lost
        self.dropped += lost


class RightsTest(SynchronousTestCase):
    """Who may hear the device only since a reload gets what was kept, before anything newer."""

    def stage(self, *listeners: ListenerSettings, **settings: Any) -> Stage:
        stage = Stage(listeners=listeners or (WRITERS,), **settings).start()
        self.addCleanup(lambda: self.assertEqual(stage.unexplained(), (0, 0)))
        return stage

    def test_a_client_that_may_read_now(self) -> None:
        stage = self.stage()
        client = stage.client()
        stage.device.say(b"OLD ")
        reload(stage, ListenerSettings())
        stage.device.say(b"NEW ")
        self.assertEqual(got(client), [b"OLD NEW "])
        self.assertEqual(stage.share.accounts()[0].buffered, 0)

    def test_the_first_of_several(self) -> None:
        stage = self.stage()
        first, second = stage.client(), stage.client()
        stage.device.say(b"OLD ")
        reload(stage, ListenerSettings())
        stage.device.say(b"NEW ")
        self.assertEqual(got(first, second), [b"OLD NEW ", b"NEW "])

    def test_one_that_has_finished_sending_may_be_gone(self) -> None:
        stage = self.stage(
            ListenerSettings(), sharing=Sharing(selection=SelectionRules(send_to=Who.LAST_ACTIVE))
        )
        leaving, client = stage.client(), stage.client()
        stage.device.say(b"OLD ")
        leaving.finish_sending()
        reload(stage, sharing=Sharing())
        stage.device.say(b"NEW ")
        self.assertEqual(got(leaving, client), [b"NEW ", b"OLD NEW "])

    def test_they_are_shown_the_past_too(self) -> None:
        stage = self.stage(WRITERS, ListenerSettings(access=Access.READ), replay=100)
        writer, reader = stage.client(), stage.client(1)
        stage.device.say(b"heard ")
        reload(stage, ListenerSettings(), ListenerSettings(access=Access.READ))
        stage.device.say(b"NEW ")
        self.assertEqual(got(writer, reader), [b"heard NEW ", b"heard NEW "])

    def test_another_rule(self) -> None:
        for who in (Who.LAST_ACTIVE, Who.FIRST, Who.LAST):
            stage = self.stage(
                ListenerSettings() if who is Who.LAST_ACTIVE else WRITERS,
                sharing=Sharing(selection=SelectionRules(send_to=who)),
            )
            client = stage.client()
            stage.device.say(b"OLD ")
            reload(stage, ListenerSettings(), sharing=Sharing())
            stage.device.say(b"NEW ")
            self.assertEqual(got(client), [b"OLD NEW "], who)

    def test_a_call(self) -> None:
        connect = ConnectSettings((A,), access=Access.WRITE)
        stage = CallStage(Net(self), connect).start()
        client = stage.answered()
        stage.device.say(b"OLD ")
        stage.update(connect=ConnectSettings((A,)))
        stage.device.say(b"NEW ")
        self.assertEqual((got(client), stage.unexplained()), ([b"OLD NEW "], (0, 0)))

    def test_a_user_who_may_read_now(self) -> None:
        """Users are read again without any change of the share."""
        login = LoginSettings()
        stage = self.stage(ListenerSettings(login=login))
        rights = {"ann": Right.WRITE}
        stage.share.keeper.identity = (  # type: ignore[method-assign]
            lambda name: Identity(name, (Grant("x", rights[name]),))
        )
        (listener,) = stage.listeners
        session = listener.admit(
            IPv4Address("TCP", "127.0.0.1", 9), stage.share.keeper.identity("ann"), login
        )
        assert isinstance(session, Session)
        client = FakeTransport(session)
        session.makeConnection(client)
        stage.device.say(b"OLD ")
        rights["ann"] = Right.READ | Right.WRITE
        stage.share.entry.review()
        stage.device.say(b"NEW ")
        self.assertEqual(got(client), [b"OLD NEW "])


class GoneTest(SynchronousTestCase):
    """What a client did not get that is gone does not count as delivered."""

    def setUp(self) -> None:
        self.patch(clients, "reset", lambda session: getattr(session.stream, "gone", False))
        self.stage = Stage().start()

    def client(self) -> Far:
        self.stage.port += 1
        protocol = self.stage.listeners[0].buildProtocol(IPv4Address("TCP", "127.0.0.1", self.stage.port))
        assert isinstance(protocol, Session)
        client = Far(protocol)
        protocol.makeConnection(client)
        self.stage.turn()
        return client

    def figures(self) -> tuple[int, dict[Reason, int]]:
        up, _ = self.stage.share.accounts()
        self.assertEqual(self.stage.unexplained(), (0, 0))
        return up.delivered, dict(up.discarded)

    def leaving(self, others: int) -> Far:
        """Return a client that has finished sending, was given something, and turns out to be gone."""
        client = self.client()
        client.finish_sending()
        for _ in range(others):
            self.client()
        self.stage.device.say(b"news")
        client.take(100)
        client.acked, client.gone = 1, True
        return client

    def test_others_got_it_too(self) -> None:
        client = self.leaving(others=1)
        self.stage.clock.advance(QUIET)
        self.assertFalse(client.connected)
        self.assertEqual(self.figures(), (1, {Reason.CLIENT_DROPPED: 3}))
        (gone,) = self.stage.of(ClientDisconnected)
        self.assertEqual((gone.delivered, gone.discarded), (1, 3))

    def test_nobody_else_did(self) -> None:
        self.leaving(others=0)
        self.stage.clock.advance(QUIET)
        self.assertEqual(self.figures(), (1, {}))
        self.assertEqual(got(self.client()), [b"ews"])

    def test_the_next_one_comes_before_it_was_found_out(self) -> None:
        self.leaving(others=0)
        self.assertEqual(got(self.client()), [b"ews"])

    def test_it_is_found_out_by_writing(self) -> None:
        client = self.leaving(others=1)
        self.stage.device.say(b"!")
        self.stage.turn()
        self.assertFalse(client.connected)
        self.assertEqual(self.figures(), (1, {Reason.CLIENT_DROPPED: 4}))

    def test_it_can_read_no_more(self) -> None:
        """But what it had sent is still on its way."""
        client, _ = self.client(), self.client()
        self.stage.device.say(b"news")
        client.take(100)
        client.acked = 1
        client.refuse_writes()
        client.say(b"last words")
        client.finish_sending()
        self.stage.turn()
        self.assertFalse(client.connected)
        self.assertEqual(self.figures(), (1, {Reason.CLIENT_DROPPED: 3}))

    def test_one_that_is_there_has_got_it(self) -> None:
        client = self.leaving(others=1)
        client.gone = False
        self.stage.clock.advance(QUIET)
        self.assertEqual((client.connected, self.figures()), (False, (4, {})))


class VirtualStage(Stage):
    """A share with a virtual port whose programs are the test."""

    def __init__(self, *listeners: ListenerSettings) -> None:
        super().__init__(listeners=listeners)
        self.settings = replace(self.settings, device=VirtualDevice("/p"))  # type: ignore[arg-type]
        self.endpoint = VirtualEndpoint()
        self.share.settings = self.settings
        self.share.device.link.use(self.endpoint)

    @property
    def programs(self) -> FakeVirtual:
        assert isinstance(self.endpoint.transport, FakeVirtual)
        return self.endpoint.transport


class LingerTest(SynchronousTestCase):
    """A program has closed the port; its clients have some time left."""

    def setUp(self) -> None:
        self.stage = VirtualStage(WAITING)
        self.stage.start()
        self.programs = self.stage.programs
        self.programs.opened()
        self.client = self.stage.client()
        self.programs.opened(0)
        self.pass_by(0.3)

    def pass_by(self, seconds: float) -> bool:
        """Tell whether the client is there afterwards."""
        self.stage.clock.advance(seconds)
        self.stage.turn()
        return self.client.connected

    def left(self) -> list[float]:
        return [round(seconds, 6) for seconds in self.stage.share.programs.endings.values()]

    def test_without_a_reload(self) -> None:
        self.assertEqual(self.left(), [4.7])
        self.assertTrue(self.pass_by(4.6))
        self.assertFalse(self.pass_by(0.2))
        self.assertEqual(self.left(), [])

    def test_it_is_shown(self) -> None:
        where = self.stage.listeners[0].where
        self.assertEqual(_waiting(self.stage.share), {"closed soon": [f"clients of {where} in 4.7 s"]})
        self.programs.opened()
        self.assertEqual(_waiting(self.stage.share), {})
        self.client.say(bytes(HIGH + 1))
        self.assertEqual(_waiting(self.stage.share), {"held until": "a program reads"})

    def test_it_needs_no_program_any_more(self) -> None:
        reload(self.stage, ListenerSettings())
        self.assertEqual(self.left(), [])
        self.assertTrue(self.pass_by(3600))
        reload(self.stage, WAITING)
        self.assertTrue(self.pass_by(4.9))
        self.assertFalse(self.pass_by(0.2))

    def test_a_longer_time_counts_from_when_the_program_went(self) -> None:
        reload(self.stage, replace(WAITING, linger=10.0))
        self.assertEqual(self.left(), [9.7])
        self.assertTrue(self.pass_by(9.6))
        self.assertFalse(self.pass_by(0.2))

    def test_a_shorter_time(self) -> None:
        reload(self.stage, replace(WAITING, linger=1.0))
        self.assertTrue(self.pass_by(0.6))
        self.assertFalse(self.pass_by(0.2))

    def test_a_time_that_is_over(self) -> None:
        for linger in (0.2, 0.0):
            with self.subTest(linger):
                reload(self.stage, replace(WAITING, linger=linger))
                self.assertFalse(self.pass_by(0))
                self.assertEqual(self.left(), [])

    def test_a_reload_of_something_else_changes_nothing(self) -> None:
        reload(self.stage, replace(WAITING, max_clients=3), buffer=7)
        self.assertEqual(self.left(), [4.7])

    def test_a_program_that_comes_keeps_them(self) -> None:
        reload(self.stage, replace(WAITING, linger=10.0))
        self.programs.opened()
        self.assertEqual(self.left(), [])
        self.assertTrue(self.pass_by(3600))

    def test_at_the_end_no_timer_is_left(self) -> None:
        reload(self.stage, replace(WAITING, linger=10.0))
        self.stage.stop()
        self.assertEqual(self.stage.clock.getDelayedCalls(), [])


class DeviceTest(SynchronousTestCase):
    """What is set on the open device, and what closes it."""

    def change(self, stage: ComStage, **changes: Any) -> None:
        device = replace(stage.settings.device, **changes)  # type: ignore[type-var]
        reload(stage, endpoint=SerialEndpoint(), device=device)

    def opened(self, stage: ComStage) -> tuple[int, int]:
        return len(stage.of(DeviceOpened)), len(stage.of(DeviceClosed))

    def test_the_lines_of_a_remote_port(self) -> None:
        stage = ComStage(device=Rfc2217Device("far", 1)).start()
        stage.client()
        ended: list[object] = []
        boot = parse_sequence("boot", "rts=on 2s rts=off")
        stage.share.device.sequencer.run(boot, stage.share.ports).addBoth(ended.append)
        self.assertEqual(stage.asked(Lines), [Lines(rts=True)])
        self.change(stage, lines=LineProfile(connected=Lines(dtr=False)))
        self.assertEqual((self.opened(stage), stage.asked(Lines)), ((1, 0), [Lines(dtr=False)]))
        stage.clock.advance(2)
        self.assertEqual((ended, stage.asked(Lines)), ([None], [Lines(rts=False)]))
        self.assertIn(Lines(dtr=False), [event.lines for event in stage.of(LinesSet)])
        self.assertEqual(stage.asked(LineSettings), [])

    def test_what_a_client_has_set_stays_in_force(self) -> None:
        for device in (
            PortDevice("ttyX", line=LineSettings(9600)),
            Rfc2217Device("far", 1, LineSettings(9600)),
        ):
            stage = ComStage(device=device).start()
            client = stage.com()
            self.assertEqual(client.request(BAUDRATE, 19200), 19200)
            self.change(stage, lines=LineProfile(connected=Lines(rts=False)))
            self.assertEqual((stage.serial.settings, self.opened(stage)), (LineSettings(19200), (1, 0)))

    def test_the_settings_of_a_line(self) -> None:
        stage = ComStage(device=Rfc2217Device("far", 1)).start()
        self.change(stage, line=LineSettings(300), lines=LineProfile(idle=Lines(rts=False)))
        self.assertEqual(stage.serial.asked, [LineSettings(300), Lines(rts=False)])
        self.change(stage, line=None)
        self.assertEqual((stage.serial.settings, self.opened(stage)), (LineSettings(300), (1, 0)))

    def test_another_port(self) -> None:
        stage = ComStage(device=Rfc2217Device("far", 1)).start()
        self.change(stage, host="farther", lines=LineProfile(connected=Lines(dtr=False)))
        stage.turn()
        self.assertEqual(self.opened(stage), (2, 1))

    def test_what_was_kept_for_it_has_no_room_any_more(self) -> None:
        for limit, reason in ((4, Reason.OVERFLOW), (0, Reason.NO_DEVICE)):
            stage = Stage(rules=DeviceRules(away_buffer=5))
            stage.endpoint.error = ConnectionError("away")
            stage.start()
            stage.client().say(b"12345")
            reload(stage, rules=DeviceRules(away_buffer=limit))
            self.assertEqual(dict(stage.share.accounts()[1].discarded), {reason: 5})
            self.assertEqual(stage.unexplained(), (0, 0))
