"""The log of what happens: a line for each event, nothing that a peer could forge, and no floods."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import LogEvent, Logger, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from smartserial import events as room
from smartserial.events import (
    BreakSent,
    BytesDiscarded,
    CallFailed,
    Calling,
    ChangeFailed,
    ChangeRefused,
    ClientConnected,
    ClientDisconnected,
    ClientIntroduced,
    ClientMisspoke,
    ClientRefused,
    ConfigurationRefused,
    ConfigurationTaken,
    ConnectionFailed,
    ConnectionStateChanged,
    ControlTaken,
    DatagramsLost,
    DeviceClosed,
    DeviceFailed,
    DeviceLost,
    DeviceOpened,
    ElementChanged,
    ElementNoted,
    ElementStarted,
    ElementState,
    ElementStateChanged,
    ElementStopped,
    Event,
    EventStream,
    GatewayStarted,
    GatewayStopped,
    LinesSet,
    ListenerFailed,
    LoginFailed,
    Operated,
    OperatorCame,
    OperatorLeft,
    PeerConnected,
    PeerDisconnected,
    PeerRefused,
    PoolStarted,
    PortClosed,
    PortOpened,
    RequestRefused,
    SentAway,
    SettingsChanged,
    ShareChanged,
    ShareNoted,
    ShareStarted,
    ShareStopped,
)
from smartserial.journal import Journal
from smartserial.lines import Lines
from smartserial.sharing.ledger import Account, Reason

UP = Account(10, 0, 8, 0, ((Reason.OVERFLOW, 2),))
DOWN = Account(0, 0, 0, 0, ())

LINES: list[tuple[Event, str, str]] = [
    (
        ShareStarted("plc", "port ttyUSB0", ("127.0.0.1:7001", "[::1]:7002")),
        "info",
        "plc: serves port ttyUSB0 on 127.0.0.1:7001, [::1]:7002",
    ),
    (
        PoolStarted("lab", ("a", "b"), ("127.0.0.1:7009",)),
        "info",
        "lab: gives one of a, b on 127.0.0.1:7009",
    ),
    (ShareChanged("plc", ("listen", "buffer")), "info", "plc: has new settings: listen, buffer"),
    (ShareNoted("plc", "the capture /x is written again"), "warn", "plc: the capture /x is written again"),
    (
        ShareStopped("plc", UP, DOWN),
        "info",
        "plc: stopped; up: read 10, copied 0, delivered 8, buffered 0, discarded 2 (overflow 2);"
        " down: read 0, copied 0, delivered 0, buffered 0, discarded 0",
    ),
    (DeviceOpened("plc", "port ttyUSB0", "9600 8N1"), "info", "plc: opened port ttyUSB0 9600 8N1"),
    (DeviceOpened("plc", "loop", ""), "info", "plc: opened loop"),
    (PortOpened("plc", 2), "info", "plc: a program opened the port; open in 2"),
    (PortClosed("plc", 1), "info", "plc: a program closed the port; open in 1"),
    (
        ListenerFailed("plc", "cannot listen on 127.0.0.1:1: Address already in use"),
        "warn",
        "plc: cannot listen on 127.0.0.1:1: Address already in use; trying again",
    ),
    (Calling("plc", "far:2217"), "info", "plc: calls far:2217"),
    (
        CallFailed("plc", "far:2217", "Connection refused"),
        "warn",
        "plc: cannot call far:2217: Connection refused; trying again",
    ),
    (DeviceFailed("plc", "no such device"), "warn", "plc: no such device; trying again"),
    (DeviceClosed("plc"), "info", "plc: closed the device"),
    (DeviceLost("plc", "unplugged"), "error", "plc: lost the device: unplugged; trying again"),
    (LinesSet("plc", Lines(dtr=True, rts=False)), "info", "plc: set dtr=on rts=off"),
    (LinesSet("plc", Lines(dtr=True), " for 10.0.0.7:1"), "info", "plc: set dtr=on for 10.0.0.7:1"),
    (BreakSent("plc", "10.0.0.7:1", 0.25), "info", "plc: sent a break of 0.25 s for 10.0.0.7:1"),
    (
        GatewayStarted("all", "1.0", 2, 1),
        "debug",
        "all: smartserial 1.0 serves 2 shares and 1 elements",
    ),
    (GatewayStopped("all"), "debug", "all: ended"),
    (
        ConfigurationTaken("all", "a signal", ("shares.a: new", "shares.b: removed")),
        "debug",
        "all: a signal has put another configuration in force: shares.a: new, shares.b: removed",
    ),
    (
        ConfigurationRefused("all", "a signal", ("x.yaml:1:1: CF01 error: \x1b",)),
        "debug",
        "all: a signal has had a configuration read that cannot be used: x.yaml:1:1: CF01 error: \\x1b",
    ),
    (
        OperatorCame("console", "root (pid 1)", "unix"),
        "debug",
        "console: root (pid 1) is at the console by unix",
    ),
    (
        SentAway("console", "10.0.0.7:4001", "ssh", "an empty \x1b[2J message"),
        "info",
        "console: 10.0.0.7:4001 by ssh was sent away: an empty \\x1b[2J message",
    ),
    (
        RequestRefused("console", "10.0.0.7:4001", "x11-req\n", "anna"),
        "debug",
        "console: anna at 10.0.0.7:4001 was refused by ssh: x11-req\\n",
    ),
    (
        LinesSet("plc", Lines(dtr=True), " for 10.0.0.7:1", "anna"),
        "info",
        "plc: set dtr=on for anna at 10.0.0.7:1",
    ),
    (
        OperatorLeft("console", "root (pid 1)", "unix"),
        "debug",
        "console: root (pid 1) has left the console by unix",
    ),
    (
        ClientConnected("plc", "10.0.0.7:4001", "127.0.0.1:7001"),
        "info",
        "plc: 10.0.0.7:4001 connected to 127.0.0.1:7001",
    ),
    (SettingsChanged("plc", "9600 8N1", " for 10.0.0.7:1", ()), "info", "plc: is at 9600 8N1 for 10.0.0.7:1"),
    (ChangeFailed("plc", "/dev/x refused parity mark"), "warn", "plc: /dev/x refused parity mark"),
    (
        ChangeRefused("plc", "10.0.0.7:1", "dtr", "nobody may"),
        "info",
        "plc: 10.0.0.7:1 may not change dtr: nobody may",
    ),
    (
        ClientMisspoke("plc", "10.0.0.7:1", ("subnegotiation too long (2)", "message unknown (1)")),
        "info",
        "plc: 10.0.0.7:1 said what has no meaning in telnet: "
        "subnegotiation too long (2), message unknown (1)",
    ),
    (Operated("plc", "root by unix", "kick all"), "info", "plc: root by unix: kick all"),
    (ControlTaken("plc", "10.0.0.7:1"), "info", "plc: 10.0.0.7:1 holds control"),
    (
        ClientIntroduced("plc", "10.0.0.7:1", "a\nb\x1b[2J"),
        "info",
        "plc: 10.0.0.7:1 says that it is a\\nb\\x1b[2J",
    ),
    (
        ClientRefused("plc", "10.0.0.7:4001", "127.0.0.1:7001", "plc is in use"),
        "info",
        "plc: 10.0.0.7:4001 was refused: plc is in use",
    ),
    (
        LoginFailed("plc", "10.0.0.7:4001", "", "the password is wrong"),
        "warn",
        "plc: 10.0.0.7:4001 could not log in: the password is wrong",
    ),
    (
        LoginFailed("console", "10.0.0.7:4001", "anna", "the name or the password is wrong"),
        "warn",
        "console: anna at 10.0.0.7:4001 could not log in: the name or the password is wrong",
    ),
    (
        ClientConnected("plc", "10.0.0.7:4001", "127.0.0.1:7001", "anna"),
        "info",
        "plc: anna at 10.0.0.7:4001 connected to 127.0.0.1:7001",
    ),
    (
        ClientDisconnected("plc", "10.0.0.7:4001", "closed", 1, 2, 3),
        "info",
        "plc: 10.0.0.7:4001 is gone: closed; received 1, delivered 2, discarded 3 bytes",
    ),
    (
        BytesDiscarded("plc", "from the device", Reason.SLOW_CLIENT, 7),
        "warn",
        "plc: discarded 7 bytes from the device: slow_client",
    ),
    (
        DatagramsLost("plc", "udp:127.0.0.1:7001", 12),
        "warn",
        "plc: udp:127.0.0.1:7001: the kernel dropped 12 datagrams, too many waited to be read",
    ),
    (
        ElementStarted("mast", "acme-mast", ("0: server on 127.0.0.1:7001", "1: port ttyS1")),
        "info",
        "mast: runs acme-mast on 0: server on 127.0.0.1:7001, 1: port ttyS1",
    ),
    (ElementChanged("mast", ("options", "trace")), "info", "mast: has new settings: options, trace"),
    (ElementStopped("mast"), "info", "mast: ended"),
    (ElementStateChanged("mast", ElementState.PAUSED, ""), "info", "mast: is paused"),
    (ElementStateChanged("mast", ElementState.TIMEOUT, "no answer"), "warn", "mast: is timeout: no answer"),
    (ElementStateChanged("mast", ElementState.ERROR, "no\nport"), "error", "mast: is error: no\\nport"),
    (ConnectionStateChanged("mast", 1, "not responding"), "info", "mast: connection 1 is not responding"),
    (ConnectionFailed("mast", 0, "refused"), "warn", "mast: connection 0: refused; trying again"),
    (PeerConnected("mast", 0, "10.0.0.7:1"), "info", "mast: connection 0: 10.0.0.7:1 connected"),
    (
        PeerRefused("mast", 0, "10.0.0.7:1", "it is not on the list"),
        "info",
        "mast: connection 0: 10.0.0.7:1 was refused: it is not on the list",
    ),
    (
        PeerDisconnected("mast", 0, "10.0.0.7:1", "it hung up"),
        "info",
        "mast: connection 0: 10.0.0.7:1 is gone: it hung up",
    ),
    (ElementNoted("mast", "warn", "a\x1b"), "warn", "mast: a\\x1b"),
    (ElementNoted("mast", "error", "it failed"), "error", "mast: it failed"),
]


class Written:
    """A journal whose lines are kept, and whose time stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.entries: list[LogEvent] = []
        self.events = EventStream()
        log = Logger(namespace="test", observer=self.entries.append)  # type: ignore[arg-type]
        self.journal = Journal(self.events, lambda: self.now, log)

    @property
    def lines(self) -> list[str]:
        return [formatEvent(entry) for entry in self.entries]


class LinesTest(SynchronousTestCase):
    def test_what_is_not_on_the_wire_is_named(self) -> None:
        written = Written()
        written.events.publish(SettingsChanged("plc", "9600 7E1", "", ("bytesize", "parity")))
        self.assertEqual(written.lines, ["plc: is at 9600 7E1; not on the wire: bytesize, parity"])

    def test_each_event_has_a_line(self) -> None:
        for event, level, line in LINES:
            written = Written()
            written.journal.level = "debug"
            written.events.publish(event)
            self.assertEqual(written.lines, [line])
            self.assertEqual(written.entries[0]["log_level"].name, level)
            self.assertIs(written.entries[0]["smartserial_event"], event)

    def test_no_event_is_forgotten(self) -> None:
        kinds = {
            kind
            for kind in vars(room).values()
            if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
        }
        self.assertEqual({type(event) for event, _, _ in LINES}, kinds)

    def test_an_event_of_another_kind_is_written_as_it_is(self) -> None:
        written = Written()
        written.events.publish(Event("plc"))
        self.assertEqual(written.lines, ["plc: Event(name='plc')"])

    def test_bytes_that_nobody_asked_for_make_no_line(self) -> None:
        written = Written()
        written.events.publish(BytesDiscarded("plc", "from the device", Reason.NO_CLIENT, 7))
        self.assertEqual(written.lines, [])

    def test_closing(self) -> None:
        written = Written()
        written.journal.close()
        written.events.publish(DeviceClosed("plc"))
        self.assertEqual(written.lines, [])

    def test_the_log_of_twisted_by_default(self) -> None:
        Journal(EventStream(), lambda: 0.0).write(DeviceClosed("plc"))
        self.assertEqual(self.flushLoggedErrors(), [])


class HostileTest(SynchronousTestCase):
    """Texts that come from a peer, a device or a file system."""

    def _one_plain_line(self, event: Event) -> str:
        written = Written()
        written.events.publish(event)
        (line,) = written.lines
        self.assertTrue(line.isprintable(), repr(line))
        self.assertEqual(len(line.splitlines()), 1)
        return line

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        for event in (
            ClientConnected("plc", text, text),
            ClientRefused("plc", text, "x", text),
            ClientDisconnected("plc", text, text, 1, 2, 3),
            DeviceFailed("plc", text),
            DeviceLost("plc", text),
            DeviceOpened("plc", text, text),
            ShareStarted("plc", text, (text, text)),
            ShareChanged("plc", (text,)),
            ElementNoted("plc", "error", text),
            PeerRefused("plc", 0, text, text),
            ConnectionFailed("plc", 0, text),
        ):
            self._one_plain_line(event)

    @given(st.text(alphabet=st.characters(categories=["L", "N", "P"]), min_size=1))
    def test_a_plain_text_stays_as_it_is(self, text: str) -> None:
        self.assertEqual(self._one_plain_line(DeviceFailed("plc", text)), f"plc: {text}; trying again")

    def test_escapes(self) -> None:
        for text, escaped in (
            ("a\nplc: forged", r"a\nplc: forged"),
            ("\r\n", r"\r\n"),
            ("\x1b[2J", r"\x1b[2J"),
            ("\x00\x7f\x85", r"\x00\x7f\x85"),
            ("\u2028\u202e", r"\u2028\u202e"),
            ("\udcff", r"\udcff"),
            ("Gerät µ", "Gerät µ"),
            ("{line} {log_time!r} {why.__class__} %s", "{line} {log_time!r} {why.__class__} %s"),
            ("{", "{"),
        ):
            line = self._one_plain_line(DeviceFailed("plc", text))
            self.assertEqual(line, f"plc: {escaped}; trying again")

    def test_a_name_and_an_unknown_event(self) -> None:
        self.assertEqual(self._one_plain_line(DeviceClosed("a\nb{c}")), r"a\nb{c}: closed the device")
        self._one_plain_line(Event("a\nb"))


class ThrottleTest(SynchronousTestCase):
    """There may be thousands of clients who come and go."""

    def _come(self, written: Written, count: int) -> None:
        for n in range(count):
            written.events.publish(ClientConnected("plc", f"peer-{n}", "listener"))

    def _lines_about_clients(self, written: Written) -> int:
        return sum("connected to" in line for line in written.lines)

    def test_few_are_written(self) -> None:
        written = Written()
        self._come(written, 20)
        self.assertEqual(self._lines_about_clients(written), 20)

    def test_a_flood_is_summed_up(self) -> None:
        written = Written()
        self._come(written, 500)
        self.assertEqual(self._lines_about_clients(written), 20)
        written.now += 1.0
        self._come(written, 1)
        self.assertEqual(written.lines[20:], ["480 more such lines", "plc: peer-0 connected to listener"])

    def test_all_kinds_of_client_lines_count_together(self) -> None:
        written = Written()
        for n in range(20):
            written.events.publish(ClientConnected("a", f"{n}", "x"))
            written.events.publish(ClientRefused("b", f"{n}", "x", "full"))
            written.events.publish(ClientDisconnected("a", f"{n}", "closed", 0, 0, 0))
        self.assertEqual(len(written.lines), 20)

    def test_what_is_below_the_level_takes_no_place(self) -> None:
        written = Written()
        for _ in range(100):
            written.events.publish(RequestRefused("console", "10.0.0.7:1", "x11-req", "anna"))
        self._come(written, 20)
        self.assertEqual((len(written.lines), self._lines_about_clients(written)), (20, 20))

    def test_those_who_are_sent_away_are_summed_up(self) -> None:
        written = Written()
        written.journal.level = "debug"
        for number in range(60):
            written.events.publish(SentAway("console", f"10.0.0.7:{number}", "ssh", "bad packet"))
            written.events.publish(RequestRefused("console", f"10.0.0.7:{number}", "x", "anna"))
        written.events.publish(DeviceClosed("plc"))
        self.assertEqual(written.lines[20:], ["100 more such lines", "plc: closed the device"])

    def test_other_lines_are_never_left_out(self) -> None:
        written = Written()
        self._come(written, 100)
        for _ in range(100):
            written.events.publish(DeviceClosed("plc"))
        self.assertEqual(sum("closed the device" in line for line in written.lines), 100)

    def test_the_rate_over_time(self) -> None:
        """However the clients come, each second has its lines, and each client a line or a place in a sum."""
        written = Written()
        told: Any = 0
        for step in range(200):
            written.now += 0.05 if step % 50 else 3.0
            self._come(written, step % 7)
            told += step % 7
        written.now += 2.0
        self._come(written, 1)
        summed = sum(int(line.split()[0]) for line in written.lines if "more such lines" in line)
        self.assertEqual(self._lines_about_clients(written) + summed, told + 1)
        self.assertTrue(summed > 0)

    def test_a_flood_that_ends_is_summed_up_with_the_next_line(self) -> None:
        """Whatever is written after it, the sum comes before it: nobody must wait for another client."""
        written = Written()
        self._come(written, 25)
        written.now += 5.0
        written.events.publish(DeviceClosed("plc"))
        self.assertEqual(written.lines[20:], ["5 more such lines", "plc: closed the device"])
