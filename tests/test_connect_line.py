"""Settings between a share and a far port that it calls, in memory: message by message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.events import CallFailed, ChangeFailed, ChangeRefused, SettingsChanged, ShareNoted
from smartserial.lines import LineProfile, Lines, LineSettings, Parity
from smartserial.settings import (
    ConnectSettings,
    Device,
    LoopDevice,
    Mode,
    PortDevice,
    RemoteSettings,
    Sharing,
    VirtualDevice,
)
from smartserial.sharing.control import Control
from smartserial.sharing.packets import PacketRules
from tests.callstage import A, B, CallStage, EagerTransport, FakeVirtual, Net, VirtualEndpoint
from tests.comstage import BAUDRATE, CONTROL, DATASIZE, MODEMSTATE, PARITY, STOPSIZE
from tests.fakes import FakeSerial, SerialEndpoint
from tests.telnetpeer import BINARY, Peer, com_port, option

CALL = ConnectSettings((A,), Mode.RFC2217, backoff=(1.0,))
LINES = LineProfile(Lines(dtr=True), Lines(dtr=False, rts=False))
DO, COM = 253, 44
ASKED = [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0)]
FAR_LINE = {1: 9600, 2: 7, 3: 3, 4: 1, 5: 1}  # 9600 7E1


class FarServer:
    """A far server of RFC 2217 whose line the test is.

    Args:
        transport: of whoever called.
        line: what is in force, by the codes of the settings; empty: it answers nothing.
    """

    def __init__(self, transport: EagerTransport, line: dict[int, int] | None = None) -> None:
        self.transport = transport
        self.line = dict(FAR_LINE if line is None else line)
        self.refused: set[int] = set()
        self._peer = Peer()
        self._heard = self._said = 0

    def agree(self) -> FarServer:
        """Agree to the option."""
        self.transport.say(option(DO, COM) + BINARY)
        return self

    def hear(self) -> list[tuple[int, int]]:
        """Return the requests since the last time, as codes and values, when they have been answered."""
        requests: list[tuple[int, int]] = []
        while self._heard < len(self.transport.wire):
            wire, self._heard = self.transport.wire[self._heard :], len(self.transport.wire)
            self._peer.hear(wire)
            said, self._said = self._peer.said[self._said :], len(self._peer.said)
            for one in said:
                if one[:2] == b"\xfa\x2c":
                    requests.append((one[2], int.from_bytes(one[3:], "big")))
                    self._answer(*requests[-1])
        return requests

    def _answer(self, code: int, value: int) -> None:
        if code not in self.line:
            return
        lines = code == CONTROL and value > 3
        if value and code not in self.refused and not lines:
            self.line[code] = value
        self.tell(code, value if lines else self.line[code])

    def tell(self, code: int, value: int) -> None:
        """Say something."""
        self.transport.say(com_port(100 + code, value.to_bytes(4 if code == BAUDRATE else 1, "big")))


class LineCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.net = Net(self)

    def begin(
        self,
        device: Device,
        endpoint: Any,
        connect: ConnectSettings = CALL,
        line: dict[int, int] | None = None,
        **settings: Any,
    ) -> None:
        self.stage = CallStage(self.net, connect, device=device, endpoint=endpoint, **settings).start()
        self.call(line)

    def call(self, line: dict[int, int] | None = None) -> FarServer:
        transport = self.net.ring().answer(EagerTransport)
        assert isinstance(transport, EagerTransport)
        self.far = FarServer(transport, line).agree()
        return self.far

    def said(self) -> list[str]:
        return [event.why for event in self.stage.of(ChangeFailed)]


class LeadingTest(LineCase):
    """A virtual port here."""

    def virtual(self, line: dict[int, int] | None = None, **settings: Any) -> FakeVirtual:
        endpoint = VirtualEndpoint()
        self.begin(VirtualDevice(Path("/p")), endpoint, line=line, **settings)
        assert isinstance(endpoint.transport, FakeVirtual)
        return endpoint.transport

    def test_it_learns_first_how_it_is_there(self) -> None:
        port = self.virtual()
        self.assertEqual(self.stage.share.clients.sessions(), [])
        self.assertEqual(self.far.hear()[:5], ASKED)
        self.assertEqual(len(self.stage.share.clients), 1)
        self.assertEqual(port.settings, LineSettings(9600, 7, Parity.EVEN))
        self.assertEqual(self.far.hear(), [])

    def test_what_a_program_sets_goes_there_before_its_data(self) -> None:
        port = self.virtual()
        self.far.hear()
        port.opened()
        self.assertEqual(self.far.hear(), [])
        before = len(self.far.transport.wire)
        port.change_over_there(baudrate=19200, stopbits=2.0)
        port.say(b"data")
        wire = self.far.transport.wire[before:]
        self.assertEqual(
            wire, com_port(BAUDRATE, (19200).to_bytes(4, "big")) + com_port(STOPSIZE, b"\2") + b"data"
        )
        self.assertEqual(self.far.hear(), [(BAUDRATE, 19200), (STOPSIZE, 2)])

    def test_data_bits_and_parity_of_a_program_do_not(self) -> None:
        port = self.virtual()
        self.far.hear()
        port.opened()
        port.change_over_there(bytesize=8, parity=Parity.NONE, baudrate=1200)
        self.assertEqual(self.far.hear(), [(BAUDRATE, 1200)])

    def test_those_of_an_operator_do_and_stay(self) -> None:
        port = self.virtual()
        self.far.hear()
        self.stage.share.ports.operate({"bytesize": 8, "parity": Parity.ODD}, lambda: None)
        self.assertEqual(self.far.hear(), [(DATASIZE, 8), (PARITY, 2)])
        self.far.line[DATASIZE] = 5
        port.opened()
        port.set_anew()
        self.assertEqual(
            sorted(self.far.hear()),
            [(BAUDRATE, 9600), (DATASIZE, 8), (PARITY, 2), (STOPSIZE, 1), (CONTROL, 1)],
        )

    def test_the_same_again_is_said_again(self) -> None:
        port = self.virtual()
        self.far.hear()
        port.opened()
        port.set_anew()
        self.assertEqual(self.far.hear(), [(BAUDRATE, 9600), (STOPSIZE, 1), (CONTROL, 1)])

    def test_quick_changes_end_with_the_last(self) -> None:
        """An answer to the one before does not count for it."""
        port = self.virtual()
        self.far.hear()
        port.opened()
        for speed in (1200, 2400, 9600):
            port.change_over_there(baudrate=speed)
        self.assertEqual(self.far.hear(), [(BAUDRATE, 1200), (BAUDRATE, 2400), (BAUDRATE, 9600)])
        self.assertEqual(self.far.line[BAUDRATE], 9600)

    def test_what_is_not_possible_there_is_told(self) -> None:
        port = self.virtual()
        self.far.hear()
        self.far.refused.add(BAUDRATE)
        port.opened()
        port.change_over_there(baudrate=12345)
        self.assertEqual(self.far.hear(), [(BAUDRATE, 12345)])
        self.assertEqual(self.said(), [f"{A} refused baudrate 12345; it is at 9600 7E1"])

    def test_what_is_announced_goes_to_no_program(self) -> None:
        port = self.virtual()
        self.far.hear()
        port.opened()
        for code, value in ((BAUDRATE, 300), (DATASIZE, 5), (CONTROL, 8), (MODEMSTATE, 0xF0)):
            self.far.tell(code, value)
        self.assertEqual(port.settings, LineSettings(9600, 7, Parity.EVEN))
        self.assertEqual((port.lines(), self.far.hear()), (Lines(), []))

    def test_what_was_set_while_nobody_was_there(self) -> None:
        port = self.virtual()
        self.far.hear()
        port.opened()
        self.far.transport.reset()
        port.change_over_there(baudrate=300)
        self.stage.clock.advance(1)
        self.call()
        self.assertIn((BAUDRATE, 300), self.far.hear())
        self.far.transport.reset()
        self.stage.clock.advance(1)
        self.call()
        self.assertEqual([r for r in self.far.hear() if r[0] < 6], [*ASKED, (BAUDRATE, 300)])
        self.assertEqual(self.far.line[BAUDRATE], 300)

    def again(self, line: dict[int, int] | None = None) -> list[tuple[int, int]]:
        """Lose the connection, and call again; return what a far side that has forgotten is asked for."""
        self.far.transport.reset()
        self.stage.clock.advance(1)
        self.call(line)
        return [
            request for request in self.far.hear() if request[0] < 6 and request[1] and request not in ASKED
        ]

    def test_a_program_that_has_set_something_decides_after_each_reconnect(self) -> None:
        port = self.virtual()
        self.far.hear()
        port.opened()
        port.change_over_there(baudrate=300, stopbits=2.0)
        self.far.hear()
        for _ in range(3):
            self.assertEqual(self.again(), [(BAUDRATE, 300), (STOPSIZE, 2)])
        self.assertEqual(
            [event.text for event in self.stage.of(ShareNoted)],
            [f"{A} is at 9600 7E1; it is set to 300 7E2, as it was set here"] * 3,
        )
        port.opened(0)
        self.assertEqual(self.again(), [])
        self.assertEqual(port.settings, LineSettings(9600, 7, Parity.EVEN))

    def test_one_that_has_set_nothing_changes_nothing(self) -> None:
        port = self.virtual()
        self.far.hear()
        port.opened()
        port.change_over_there(baudrate=300)
        self.far.hear()
        port.opened(0)
        port.opened()
        self.assertEqual(self.again(), [])
        self.assertEqual((port.settings.baudrate, self.far.line[BAUDRATE]), (300, 9600))
        self.assertEqual(self.stage.of(ShareNoted), [])
        port.set_anew()
        self.assertEqual(self.far.hear(), [(BAUDRATE, 300), (STOPSIZE, 1), (CONTROL, 1)])
        self.assertEqual(self.again(), [(BAUDRATE, 300)])

    def test_the_next_far_port_of_a_list_too(self) -> None:
        port = self.virtual()
        self.far.hear()
        port.opened()
        port.set_anew()
        self.far.hear()
        self.assertEqual(self.again({**FAR_LINE, BAUDRATE: 1200}), [(BAUDRATE, 9600)])

    def test_a_call_that_was_changed_too(self) -> None:
        port = self.virtual()
        self.far.hear()
        port.opened()
        port.change_over_there(baudrate=300)
        self.far.hear()
        self.stage.update(connect=replace(CALL, nodelay=False))
        self.assertFalse(self.far.transport.connected)
        self.stage.share.programs.update()
        self.call()
        self.assertIn((BAUDRATE, 300), self.far.hear())
        port.opened(0)
        self.stage.update(connect=CALL)
        self.call()
        self.assertNotIn((BAUDRATE, 300), self.far.hear())

    def test_what_a_program_has_left_goes_as_it_had_set_it(self) -> None:
        port = self.virtual()
        self.far.hear()
        port.opened()
        port.change_over_there(baudrate=300)
        self.far.hear()
        self.far.transport.reset()
        port.say(b"left")
        port.opened(0)
        self.stage.clock.advance(1)
        self.call()
        self.far.hear()
        self.assertEqual((self.far.line[BAUDRATE], self.far.transport.wire[-4:]), (300, b"left"))

    def test_orders_of_operators_stay_in_force(self) -> None:
        self.virtual()
        self.far.hear()
        self.stage.share.ports.operate({"baudrate": 1200}, lambda: None)
        self.far.hear()
        self.assertEqual(self.again(), [(BAUDRATE, 1200)])

    def test_data_comes_after_each_setting_that_it_is_for(self) -> None:
        """However long the far side takes to answer."""
        port = self.virtual()
        self.far.hear()
        port.opened()
        before = len(self.far.transport.wire)
        wanted = b""
        for speed in (19200, 115200, 9600, 115200):
            port.change_over_there(baudrate=speed)
            port.say(b"at %d" % speed)
            wanted += com_port(BAUDRATE, speed.to_bytes(4, "big")) + b"at %d" % speed
        self.assertEqual(self.far.transport.wire[before:], wanted)
        self.far.hear()
        port.change_over_there(baudrate=9600)
        self.assertEqual(self.far.hear(), [(BAUDRATE, 9600)])

    def test_a_flood_of_changes_waits_for_answers_and_ends_with_the_last(self) -> None:
        port = self.virtual()
        self.far.hear()
        port.opened()
        for speed in range(1000, 2000):
            port.change_over_there(baudrate=speed)
        asked = self.far.hear()
        self.assertEqual(asked, [(BAUDRATE, n) for n in (*range(1000, 1064), 1999)])

    def test_what_was_held_for_a_packet_goes_first(self) -> None:
        port = self.virtual(packets=PacketRules(hold=1.0))
        self.far.hear()
        port.opened()
        before = len(self.far.transport.wire)
        port.say(b"slow")
        port.change_over_there(baudrate=300)
        self.assertEqual(
            self.far.transport.wire[before:], b"slow" + com_port(BAUDRATE, (300).to_bytes(4, "big"))
        )

    def test_lines(self) -> None:
        connect = ConnectSettings((A,), Mode.RFC2217, lines=LINES)
        port = self.virtual(connect=connect)
        self.assertEqual([r for r in self.far.hear() if r[0] == CONTROL][1:], [(CONTROL, 9), (CONTROL, 12)])
        port.opened()
        self.assertEqual(self.far.hear(), [(CONTROL, 8)])
        port.opened(0)
        self.assertEqual(self.far.hear(), [(CONTROL, 9), (CONTROL, 12)])

    def test_lines_of_clients_here(self) -> None:
        self.virtual()
        self.far.hear()
        self.stage.share.ports.drive(None, Lines(dtr=False, rts=True), lambda: None)
        self.assertEqual(self.far.hear(), [(CONTROL, 9), (CONTROL, 11)])

    def test_of_several_far_ports_none_is_set_as_another_one_is(self) -> None:
        endpoint = VirtualEndpoint()
        connect = ConnectSettings((A, B), Mode.RFC2217, all=True)
        self.stage = CallStage(self.net, connect, device=VirtualDevice(Path("/p")), endpoint=endpoint).start()
        rings, self.net.rings = self.net.rings, []
        fars = []
        for ring, speed in zip(rings, (9600, 300), strict=True):
            transport = ring.answer(EagerTransport)
            assert isinstance(transport, EagerTransport)
            fars.append(FarServer(transport, {**FAR_LINE, BAUDRATE: speed}).agree())
            fars[-1].hear()
        self.assertEqual([far.line[BAUDRATE] for far in fars], [9600, 300])
        assert isinstance(endpoint.transport, FakeVirtual)
        endpoint.transport.opened()
        endpoint.transport.change_over_there(baudrate=1200)
        for far in fars:
            far.hear()
        self.assertEqual([far.line[BAUDRATE] for far in fars], [1200, 1200])

    def test_one_that_does_not_know_the_option(self) -> None:
        endpoint = VirtualEndpoint()
        self.stage = CallStage(self.net, CALL, device=VirtualDevice(Path("/p")), endpoint=endpoint).start()
        transport = self.net.ring().answer(EagerTransport)
        self.assertEqual(len(self.stage.share.clients), 0)
        self.stage.clock.advance(3)
        self.assertEqual(len(self.stage.share.clients), 1)
        (noted,) = self.stage.of(ShareNoted)
        self.assertIn("does not speak RFC 2217", noted.text)
        transport.say(b"data")
        self.assertEqual(self.stage.share.accounts()[1].read, 4)

    def test_one_that_goes_while_it_is_asked(self) -> None:
        self.virtual()
        self.far.transport.reset()
        (failed,) = self.stage.of(CallFailed)
        self.assertEqual(failed.why, "closed the connection")
        self.stage.clock.advance(1)
        self.assertEqual(len(self.net.rings), 1)


class FollowingTest(LineCase):
    """A real port here."""

    def real(self, **settings: Any) -> FakeSerial:
        endpoint = SerialEndpoint()
        self.begin(PortDevice("ttyX"), endpoint, **settings)
        assert isinstance(endpoint.transport, FakeSerial)
        return endpoint.transport

    def test_what_is_announced_is_applied(self) -> None:
        port = self.real()
        self.assertEqual([code for code, _ in self.far.hear() if code < 6], [])
        for code, value in ((BAUDRATE, 19200), (DATASIZE, 7), (PARITY, 3), (STOPSIZE, 2)):
            self.far.tell(code, value)
        self.assertEqual(port.settings, LineSettings(19200, 7, Parity.EVEN, 2.0))
        self.assertEqual([r for r in self.far.hear() if r[0] < 6], [])

    def test_its_modem_lines_are_the_ones_of_a_null_modem(self) -> None:
        port = self.real()
        self.far.tell(MODEMSTATE, 0x10)
        self.assertEqual(port.lines(), Lines(dtr=False, rts=True))
        self.far.tell(MODEMSTATE, 0x22)
        self.assertEqual(port.lines(), Lines(dtr=True, rts=False))
        self.far.tell(CONTROL, 9)
        self.assertEqual(port.lines(), Lines(dtr=False, rts=False))

    def test_what_was_heard_once_is_not_applied_again(self) -> None:
        port = self.real()
        self.far.tell(BAUDRATE, 19200)
        self.stage.share.ports.operate({"baudrate": 300}, lambda: None)
        self.far.tell(PARITY, 3)
        self.assertEqual((port.settings.baudrate, port.settings.parity), (300, Parity.EVEN))

    def test_the_rules_for_clients_hold(self) -> None:
        for sharing, why in (
            (Sharing(settings=RemoteSettings(remote=False)), "`settings.remote` is off"),
            (Sharing(control=Control.NONE), "nobody may"),
        ):
            port = self.real(sharing=sharing)
            self.far.tell(BAUDRATE, 19200)
            self.assertEqual(port.settings.baudrate, 9600)
            self.assertEqual([event.why for event in self.stage.of(ChangeRefused)], [why])

    def test_when_it_is_gone_all_is_as_configured(self) -> None:
        port = self.real()
        self.far.tell(BAUDRATE, 19200)
        self.far.transport.reset()
        self.assertEqual(port.settings.baudrate, 9600)
        settings = [event.settings for event in self.stage.of(SettingsChanged)]
        self.assertEqual(settings, ["19200 8N1", "9600 8N1"])

    def test_nothing_of_here_goes_there(self) -> None:
        port = self.real()
        self.far.hear()
        self.stage.share.ports.operate({"baudrate": 300}, lambda: None)
        self.stage.share.ports.drive(None, Lines(dtr=False), lambda: None)
        self.assertEqual((port.settings.baudrate, self.far.hear()), (300, []))


class OthersTest(LineCase):
    def test_a_device_without_a_line(self) -> None:
        self.begin(LoopDevice(), None)
        self.assertEqual([r for r in self.far.hear() if r[0] < 6], [])
        self.far.tell(BAUDRATE, 19200)
        self.far.transport.say(b"data")
        self.assertEqual(self.stage.of(SettingsChanged), [])
        self.assertEqual(self.stage.share.accounts()[1].read, 4)
