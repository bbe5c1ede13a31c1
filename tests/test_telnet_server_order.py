"""The order in which an RFC 2217 client's requests act, and what it is told without asking."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.lines import LineSettings, Parity
from smartserial.telnet.comport import Code
from tests.fakecomport import Served, answered
from tests.telnetinput import cut

# What comes together, and the changes that the port is told of.
TOGETHER = (
    (
        ("010000e100", "0207", "0303", "0402", "0502"),
        [("change", "baudrate bytesize parity stopbits flow")],
    ),
    (("0508", "050b", "0505"), [("drive", "dtr rts brk")]),
    (("0207", "0208"), [("change", "bytesize"), ("change", "bytesize")]),
    (("0509", "0508"), [("drive", "dtr"), ("drive", "dtr")]),
    (("0509", "050b", "0508", "050c"), [("drive", "dtr rts"), ("drive", "dtr rts")]),
    (("0501", "0503"), [("change", "flow"), ("change", "flow")]),
    (("0207", "0508", "0303"), [("change", "bytesize"), ("drive", "dtr"), ("change", "parity")]),
    (("0207", "0200", "0303"), [("change", "bytesize"), ("change", "parity")]),
    (("0509", "0507", "050c"), [("drive", "dtr"), ("drive", "rts")]),
    (("0207", "0c01", "0303"), [("change", "bytesize"), ("purge", ""), ("change", "parity")]),
    (("0207", "08", "0303"), [("change", "bytesize"), ("suspend", ""), ("change", "parity")]),
    (("0207", "0b00", "0303"), [("change", "bytesize"), ("change", "parity")]),
)
VALUES = st.integers(0, 20).map(lambda value: bytes([value])) | st.binary(max_size=5)
BAUDRATES = st.sampled_from([rate.to_bytes(4, "big") for rate in (0, 300, 9600, 31250, 2**32 - 1)])
PAYLOADS = st.lists(
    st.builds(lambda code, value: bytes([code]) + value, st.integers(0, 13) | st.integers(0, 255), VALUES)
    | st.builds(lambda value: b"\x01" + value, BAUDRATES)
    | st.builds(lambda value: bytes([5, value]), st.integers(0, 20)),
    max_size=25,
)
REFUSED = st.sets(
    st.sampled_from(
        [("baudrate", 9600), ("bytesize", 7), ("parity", Parity.ODD), ("dtr", False), ("brk", True)]
    )
)


def names(calls: Iterable[tuple[str, object]]) -> list[tuple[str, str]]:
    """Return what was called, with the names of what was to be changed."""
    return [(kind, " ".join(wanted) if isinstance(wanted, dict) else "") for kind, wanted in calls]


class TogetherTest(SynchronousTestCase):
    def test_what_comes_together_is_done_together_if_nothing_is_lost(self) -> None:
        for payloads, changes in TOGETHER:
            served = Served()
            served.hear(*payloads)
            self.assertEqual(names(served.port.calls), changes, payloads)

    def test_a_pulse_is_seen(self) -> None:
        served = Served()
        served.hear("0509", "0508", "0505", "0506")
        self.assertEqual(
            served.port.calls,
            [("drive", {"dtr": False}), ("drive", {"dtr": True, "brk": True}), ("drive", {"brk": False})],
        )

    def test_each_is_answered_when_all_of_them_are_done(self) -> None:
        served = Served()
        served.port.later = True
        self.assertEqual(served.ask("0207", "0303", "0402"), "")
        served.port.perform()
        self.assertEqual(served.take(), "6607 6703 6802")

    def test_what_is_refused_of_them_is_answered_as_it_is(self) -> None:
        served = Served()
        served.port.refused = {("parity", Parity.EVEN)}
        self.assertEqual(served.ask("0207", "0303", "0402"), "6607 6701 6802")

    def test_nothing_is_done_before_all_that_came_is_known(self) -> None:
        served = Served()
        served.server.receive(b"\x02\x07")
        self.assertEqual((served.port.calls, served.take(), served.server.quiet), ([], "", False))
        served.server.receive(b"\x03\x03")
        served.server.flush()
        self.assertEqual(names(served.port.calls), [("change", "bytesize parity")])
        self.assertTrue(served.server.quiet)


class BusyTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.served = Served()
        self.served.port.later = True

    def test_what_follows_waits(self) -> None:
        served = self.served
        self.assertEqual(served.ask("0207", "08", "0700", "0c01", "0509"), "")
        self.assertEqual(names(served.port.calls), [("change", "bytesize")])
        self.assertEqual((served.server.busy, served.server.quiet), (True, False))
        self.assertEqual(served.ask("0200"), "")
        served.port.perform()
        self.assertEqual(served.take(), "6607 6b00 7001")
        self.assertEqual(names(served.port.calls)[1:], [("suspend", ""), ("purge", ""), ("drive", "dtr")])
        self.assertEqual((served.server.busy, served.idles), (True, 0))
        served.port.perform()
        self.assertEqual(served.take(), "6909 6607")
        self.assertEqual((served.server.busy, served.server.quiet, served.idles), (False, True, 1))

    def test_a_change_that_is_done_at_once_is_no_interruption(self) -> None:
        self.served.port.later = False
        self.assertEqual(self.served.ask("0207", "0509", "0c01"), "6607 6909 7001")
        self.assertEqual((self.served.server.busy, self.served.idles), (False, 0))

    def test_one_may_be_done_at_once_after_one_that_was_not(self) -> None:
        served = self.served
        served.hear("0207", "0509", "0508")
        served.port.later = False
        served.port.perform()
        self.assertEqual((served.take(), served.idles, served.server.quiet), ("6607 6909 6908", 1, True))

    def test_more_may_be_asked_when_it_is_idle(self) -> None:
        served = self.served
        served._idle = lambda: served.hear("0300")  # type: ignore[method-assign]
        served.server._idle = served._idle
        served.hear("0207")
        served.port.perform()
        self.assertEqual(served.take(), "6607 6701")

    def test_what_happens_meanwhile_is_told_at_once(self) -> None:
        self.served.hear("0207", "0700")
        self.served.server.modem_changed(0x10, 0x01)
        self.served.server.hold(True)
        self.assertEqual(self.served.take(), "6b11 6c")
        self.served.port.perform()
        self.assertEqual(self.served.take(), "6607 6b10")


class UnaskedTest(SynchronousTestCase):
    def test_the_modem_lines_are_told_once_when_it_begins(self) -> None:
        served = Served(opened=False)
        served.server.modem_changed(0x90, 0)
        self.assertEqual(served.take(), "")
        served.server.open()
        served.server.open()
        self.assertEqual(served.take(), "6b90")

    def test_a_request_begins_too(self) -> None:
        served = Served(opened=False)
        self.assertEqual(served.ask("0200"), "6b00 6608")
        served.server.open()
        self.assertEqual(served.take(), "")

    def test_what_means_nothing_does_not(self) -> None:
        served = Served(opened=False)
        self.assertEqual(served.ask("", "64", "0d"), "")
        self.assertEqual(served.ask("08"), "6b00")

    def test_nothing_is_told_to_who_has_not_begun(self) -> None:
        served = Served(opened=False)
        served.server.modem_changed(0xF0, 0x0F)
        served.server.line_erred(0xFF)
        served.server.settings_changed()
        served.server.hold(True)
        self.assertEqual(served.take(), "")

    def test_modem_lines(self) -> None:
        served = Served()
        for levels, deltas, told in ((0x10, 1, "6b11"), (0x10, 0, ""), (0x00, 1, "6b01"), (0x00, 0, "")):
            served.server.modem_changed(levels, deltas)
            self.assertEqual(served.take(), told)

    def test_a_poll_takes_what_has_changed(self) -> None:
        served = Served()
        served.hear("0b00")
        served.take()
        served.server.modem_changed(0x30, 0x03)
        self.assertEqual((served.take(), served.ask("0700", "0700")), ("", "6b33 6b30"))

    def test_line_errors_are_told_to_who_wants_them(self) -> None:
        served = Served()
        served.server.line_erred(0x10)
        self.assertEqual(served.take(), "")
        self.assertEqual(served.ask("0600", "0600", "0a1e"), "6a70 6a60 6e1e")
        for errors, told in ((0x10, "6a10"), (0x10, "6a10"), (0x08, "6a08"), (0x01, ""), (0, "")):
            served.server.line_erred(errors)
            self.assertEqual(served.take(), told)

    def test_a_poll_of_the_line_state_tells_what_waits(self) -> None:
        served = Served()
        served.port.tail = 0
        self.assertEqual(served.ask("0600"), "6a00")

    def test_settings_that_somebody_else_has_changed(self) -> None:
        served = Served()
        served.port.settings = LineSettings(300, 7, Parity.EVEN, 2)
        served.server.settings_changed()
        self.assertEqual(served.take(), "650000012c 6607 6703 6802 6901")
        self.assertEqual(served.port.calls, [])

    def test_hold(self) -> None:
        served = Served()
        served.server.hold(True)
        served.server.hold(False)
        self.assertEqual(served.take(), "6c 6d")


class LawTest(SynchronousTestCase):
    @settings(max_examples=400)
    @given(PAYLOADS, st.lists(st.sampled_from("rfp")), REFUSED, st.booleans())
    def test_each_request_gets_its_answer(
        self, payloads: list[bytes], order: list[str], refused: set[tuple[str, object]], later: bool
    ) -> None:
        """Whenever they come, are flushed, and are performed, answers come in the order of requests."""
        served = Served()
        served.port.later, served.port.refused = later, refused
        waiting = list(payloads)
        for step in order:
            if step == "r" and waiting:
                served.server.receive(waiting.pop(0))
            elif step == "f":
                served.server.flush()
            else:
                served.port.perform()
        served.hear(*waiting)
        while served.port.perform():
            pass
        self.assertTrue(served.server.quiet)
        self.assertEqual([payload[0] for payload in served.said], [code + 100 for code in answered(payloads)])
        for payload in served.said:
            if payload[0] != 100 + Code.SIGNATURE:
                self.assertIn(len(payload), (2, 5) if payload[0] == 100 + Code.SET_BAUDRATE else (2,))

    @settings(max_examples=400)
    @given(PAYLOADS, st.lists(st.integers(0, 25), max_size=5), REFUSED)
    @example([b"\x02\x07", b"\x01\0\0\x25\x80", b"\x01\x0e"], [0, 1, 2, 3], set())
    def test_what_comes_together_is_answered_as_if_it_came_alone(
        self, payloads: list[bytes], places: list[int], refused: set[tuple[str, object]]
    ) -> None:
        together, apart = Served(), Served()
        for served in (together, apart):
            served.port.refused = refused
        together.hear(*payloads)
        for group in cut(bytes(range(len(payloads))), places):
            apart.hear(*[payloads[number] for number in group])
        self.assertEqual(together.said, apart.said)
        self.assertEqual(together.port.settings, apart.port.settings)
        self.assertEqual(together.port.lines, apart.port.lines)
        self.assertEqual(together.port.single_changes(), apart.port.single_changes())
