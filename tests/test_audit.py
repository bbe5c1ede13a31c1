"""The audit: which events are told, lines that nobody can forge, a file that a flood does not empty."""

from __future__ import annotations

import json
import stat
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_type_hints

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial import events as room
from smartserial.audit import (
    MOST_BY_ANYBODY,
    MOST_BY_CLIENT,
    MOST_CHARACTERS,
    MOST_PARTS,
    Audit,
    audit_line,
    audited,
    causer,
)
from smartserial.audittable import AUDITED, NOT_AUDITED, Cause
from smartserial.events import (
    ClientConnected,
    ClientDisconnected,
    ClientIntroduced,
    ClientRefused,
    ConfigurationRefused,
    ConfigurationTaken,
    ControlTaken,
    DeviceClosed,
    Event,
    EventStream,
    LinesSet,
    Operated,
    OperatorCame,
    OperatorLeft,
    PeerConnected,
    PeerRefused,
    PortOpened,
    SettingsChanged,
    ShareStopped,
)
from smartserial.linefile import AGAIN
from smartserial.lines import Lines
from smartserial.settings import RecordFile
from smartserial.sharing.ledger import Account, Reason
from tests.test_element_tracefile import Workers

NOON = 1795694401.123456  # 2026-11-26T12:00:01.123456Z
MANUAL = Path(__file__).parent.parent / "docs" / "operation.md"
ACCOUNT = Account(10, 0, 8, 0, ((Reason.OVERFLOW, 2),))
# Values for the fields of events that are no texts, by their types.
OTHERS: dict[Any, Any] = {
    int: 7,
    float: 1.23456,
    Account: ACCOUNT,
    Lines: Lines(dtr=True),
}

KINDS = {
    kind
    for kind in vars(room).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}


def event_of(kind: type[Event], text: str) -> Event:
    """Return an event of a kind with `text` wherever one can stand."""
    hints = get_type_hints(kind)
    values = {}
    for field in fields(kind):
        of = hints[field.name]
        values[field.name] = text if of is str else (text,) if of == tuple[str, ...] else OTHERS[of]
    return kind(**values)


def row_of(event: Event) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(audited(event, NOON))
    return row


class TableTest(SynchronousTestCase):
    def test_each_event_is_told_or_left_to_the_log(self) -> None:
        self.assertEqual(set(AUDITED) | NOT_AUDITED, KINDS)
        self.assertEqual(set(AUDITED) & NOT_AUDITED, set())

    def test_each_field_is_one_of_the_event(self) -> None:
        for kind, entry in AUDITED.items():
            known = {field.name for field in fields(kind)}
            self.assertEqual(set(entry.fields) - known, set(), kind)

    def test_the_manual_names_each_field(self) -> None:
        rows = [line for line in MANUAL.read_text("utf-8").splitlines() if line.startswith("| `")]
        unnamed = []
        for entry in AUDITED.values():
            (row,) = [row for row in rows if f"`{entry.what}`" in row.split("|")[1]]
            unnamed += [f"{entry.what}: {field}" for field in entry.fields if f"`{field}`" not in row]
        self.assertEqual(unnamed, [])

    def test_each_kind_has_words_of_its_own(self) -> None:
        words = [entry.what for entry in AUDITED.values()]
        self.assertEqual(len(words), len(set(words)))


class LineTest(SynchronousTestCase):
    maxDiff = None

    def test_a_client(self) -> None:
        self.assertEqual(
            audited(ClientConnected("meter", "10.0.0.5:4001", "0.0.0.0:7001", "anna"), NOON),
            b'{"time": "2026-11-26T12:00:01.123456Z", "event": "client connected", "name": "meter", '
            b'"user": "anna", "peer": "10.0.0.5:4001", "listener": "0.0.0.0:7001"}\n',
        )
        gone = ClientDisconnected("meter", "10.0.0.5:4001", "closed", 1, 2, 3, seconds=4.56789, refused=1)
        self.assertEqual(
            row_of(gone),
            {
                "time": "2026-11-26T12:00:01.123456Z",
                "event": "client gone",
                "name": "meter",
                "peer": "10.0.0.5:4001",
                "why": "closed",
                "received": 1,
                "delivered": 2,
                "discarded": 3,
                "refused": 1,
                "seconds": 4.568,
            },
        )

    def test_whose_a_change_is(self) -> None:
        for event in (
            SettingsChanged("plc", "9600 8N1", " for 10.0.0.7:1", ()),
            LinesSet("plc", Lines(dtr=True), " for 10.0.0.7:1"),
        ):
            self.assertEqual(row_of(event)["whose"], "10.0.0.7:1")
        self.assertNotIn("whose", row_of(LinesSet("plc", Lines(dtr=True))))

    def test_whoever_may_log_in_is_named(self) -> None:
        """Each kind of event that a client causes has its user, where there is one."""
        for kind, entry in AUDITED.items():
            if entry.cause in (Cause.CLIENT, Cause.COMING) and kind.__name__ not in (
                "PortOpened",
                "PortClosed",
            ):
                with_peer = {"peer", "whose"} & set(entry.fields)
                self.assertTrue(with_peer, kind)
                if kind.__module__.endswith(".shares"):
                    self.assertEqual(row_of(event_of(kind, "anna"))["user"], "anna", kind)
        self.assertEqual(row_of(ControlTaken("plc", "10.0.0.7:1", "anna"))["user"], "anna")
        self.assertNotIn("user", row_of(ControlTaken("plc", "10.0.0.7:1")))

    def test_values(self) -> None:
        row = row_of(ShareStopped("plc", ACCOUNT, ACCOUNT))
        self.assertEqual(row["up"], "read 10, copied 0, delivered 8, buffered 0, discarded 2 (overflow 2)")
        self.assertEqual(row_of(LinesSet("plc", Lines(dtr=True, rts=False)))["lines"], "dtr=on rts=off")
        self.assertEqual(row_of(ConfigurationTaken("all", "x", ("a", "b")))["changes"], ["a", "b"])
        self.assertNotIn("changes", row_of(ConfigurationTaken("all", "x", ())))

    def test_what_is_long_is_cut(self) -> None:
        row = row_of(Operated("all", "x" * MOST_CHARACTERS, "y" * (MOST_CHARACTERS + 1)))
        self.assertEqual(row["who"], "x" * MOST_CHARACTERS)
        self.assertEqual(row["what"], "y" * (MOST_CHARACTERS - 3) + "...")
        changes = tuple(str(number) for number in range(MOST_PARTS))
        self.assertEqual(row_of(ConfigurationTaken("all", "x", changes))["changes"], list(changes))
        more = row_of(ConfigurationTaken("all", "x", (*changes, "64", "65")))["changes"]
        self.assertEqual(more, [*changes[:-1], "and 3 more"])

    @given(st.text(max_size=400), st.sampled_from(sorted(AUDITED, key=lambda kind: kind.__name__)))
    def test_any_text_anywhere_is_one_line_of_printable_ascii(self, text: str, kind: type[Event]) -> None:
        line = audited(event_of(kind, text), NOON)
        self.assertEqual(line[-1:], b"\n")
        self.assertTrue(all(0x20 <= byte < 0x7F for byte in line[:-1]), line)
        row = json.loads(line)
        self.assertEqual(row["event"], AUDITED[kind].what)
        self.assertEqual(datetime.fromisoformat(row["time"]).timestamp(), NOON)
        for value in row.values():
            for part in value if isinstance(value, list) else [value]:
                self.assertLessEqual(len(str(part)), MOST_CHARACTERS)

    @given(st.text(max_size=MOST_CHARACTERS, min_size=1))
    def test_a_text_is_read_back_as_it_was(self, text: str) -> None:
        self.assertEqual(json.loads(audit_line(NOON, "x", {"peer": text}))["peer"], text)

    def test_what_acts_on_terminals_and_readers(self) -> None:
        for text, escaped in (
            ('a"}\n{"event": "forged"', rb"a\"}\n{\"event\": \"forged\""),
            ("\x1b[2J\x00\x7f\x85", rb"\u001b[2J\u0000\u007f\u0085"),
            ("\u2028\u202e\udcff", rb"\u2028\u202e\udcff"),
            ("µ😀", rb"\u00b5\ud83d\ude00"),
        ):
            self.assertIn(b'"who": "' + escaped + b'"', audited(Operated("all", text, "x"), NOON))


class FileTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "audit.jsonl"
        self.reactor = Workers()
        self.events = EventStream()
        self.notes: list[str] = []
        self.audit = Audit(self.events, self.reactor, self.notes.append)

    def rows(self, path: Path | None = None) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (path or self.path).read_text("ascii").splitlines()]

    def close(self) -> None:
        closed = self.audit.close()
        self.reactor.work()
        self.successResultOf(closed)

    def operate(self, what: str) -> None:
        self.events.publish(Operated("all", "root", what))


class AuditTest(FileTest):
    def test_what_is_in_the_table_is_written(self) -> None:
        self.audit.use(RecordFile(self.path))
        self.operate("one")
        self.events.publish(DeviceClosed("plc"))
        self.events.publish(Event("plc"))
        self.operate("two")
        self.close()
        self.assertEqual([row["what"] for row in self.rows()], ["one", "two"])
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_nothing_without_a_file(self) -> None:
        self.operate("before")
        self.audit.use(RecordFile(self.path))
        self.operate("one")
        self.close()
        self.operate("after")
        self.close()
        self.assertEqual([row["what"] for row in self.rows()], ["one"])
        self.assertEqual(self.reactor.jobs, [])

    def test_another_file_and_none(self) -> None:
        other = self.folder / "other.jsonl"
        self.audit.use(RecordFile(self.path))
        self.audit.use(RecordFile(self.path))
        self.operate("first")
        self.audit.use(RecordFile(other))
        self.operate("second")
        self.audit.use(None)
        self.operate("third")
        self.close()
        self.assertEqual([row.get("what") for row in self.rows()], ["first", None])
        self.assertEqual((self.rows()[1]["event"], self.rows()[1]["next"]), ("audit ended", str(other)))
        self.assertEqual([row.get("what") for row in self.rows(other)], ["second", None])
        self.assertNotIn("next", self.rows(other)[1])

    def test_a_disk_that_takes_nothing_is_told_once_and_nothing_waits_for_it(self) -> None:
        away = self.folder / "away" / "audit.jsonl"
        self.audit.use(RecordFile(away))
        for number in range(5):
            self.operate(str(number))
            self.reactor.wait(AGAIN)
        self.assertEqual(len(self.notes), 1)
        self.assertIn(f"the audit {away} cannot be written: No such file", self.notes[0])
        away.parent.mkdir()
        self.reactor.wait(AGAIN)
        self.assertEqual([row["what"] for row in self.rows(away)], list("01234"))
        self.close()

    def test_a_full_device(self) -> None:
        """It refuses each write, as a full disk does; what it did not take is told when the audit ends."""
        self.audit.use(RecordFile(Path("/dev/full")))
        self.operate("one")
        self.reactor.wait(1)
        self.operate("two")
        self.close()
        text = "the audit /dev/full cannot be written: No space left on device; trying again"
        self.assertEqual(self.notes, [text, "the audit /dev/full ends without its last 2 lines"])


class FloodTest(FileTest):
    """Those whom we do not let in must not drive out what others did."""

    def setUp(self) -> None:
        super().setUp()
        self.audit.use(RecordFile(self.path))

    def refuse(self, count: int) -> None:
        for number in range(count):
            self.events.publish(ClientRefused("plc", f"10.0.0.1:{number}", "x", "full"))

    def told(self) -> list[Any]:
        return [row.get("count", row["event"]) for row in self.rows()]

    def test_few_are_written_and_the_rest_is_counted(self) -> None:
        self.refuse(MOST_BY_ANYBODY + 5)
        self.events.publish(PeerRefused("gps", 0, "10.0.0.1:1", "x"))
        self.operate("in between")
        self.reactor.advance(1.0)
        self.refuse(1)
        self.close()
        refused = ["client refused"]
        self.assertEqual(self.told(), [*refused * MOST_BY_ANYBODY, "operated", 6, *refused])

    def test_others_are_never_left_out(self) -> None:
        self.refuse(100)
        for _ in range(100):
            self.operate("x")
        self.close()
        self.assertEqual(self.told().count("operated"), 100)

    def test_the_end_has_the_sum(self) -> None:
        self.refuse(MOST_BY_ANYBODY + 1)
        self.close()
        self.assertEqual(self.told()[-1], 1)

    def introduce(self, count: int, peer: str = "10.0.0.1:{}") -> None:
        for number in range(count):
            self.events.publish(ClientIntroduced("plc", peer.format(number), "x", "anna"))

    def test_clients_of_one_address_have_their_lines_and_no_more(self) -> None:
        self.introduce(MOST_BY_CLIENT + 7)
        self.introduce(2, "10.0.0.2:{}")
        self.refuse(1)
        self.operate("x")
        self.reactor.advance(1.0)
        self.introduce(1)
        self.close()
        introduced = ["client introduced"]
        first = [*introduced * (MOST_BY_CLIENT + 2), "client refused", "operated"]
        self.assertEqual(self.told(), [*first, 7, *introduced])
        (left_out,) = [row for row in self.rows() if row["event"] == "left out"]
        self.assertEqual((left_out["peer"], left_out["count"]), ("10.0.0.1", 7))

    def test_what_somebody_does_hides_nobody_who_comes_or_goes(self) -> None:
        self.introduce(100)
        for number in range(MOST_BY_CLIENT + 1):
            self.events.publish(ClientConnected("plc", f"10.0.0.1:{number}", "x"))
        self.close()
        told = ["client introduced"] * MOST_BY_CLIENT + ["client connected"] * MOST_BY_CLIENT
        self.assertEqual(self.told(), [*told, 100 - MOST_BY_CLIENT, 1])

    def test_programs_at_one_port_have_their_lines(self) -> None:
        for number in range(MOST_BY_CLIENT + 3):
            self.events.publish(PortOpened("plc", number))
            self.events.publish(PortOpened("gps", number) if number == 0 else DeviceClosed("gps"))
        self.close()
        self.assertEqual(self.told(), ["port opened"] * (MOST_BY_CLIENT + 1) + [3])
        self.assertEqual(self.rows()[-1]["name"], "plc")

    def test_whose_lines_they_are(self) -> None:
        for event, whose in (
            (ClientIntroduced("plc", "10.0.0.7:4001", "x"), ("peer", "10.0.0.7")),
            (ClientIntroduced("plc", "[2001:db8::7]:4001", "x"), ("peer", "2001:db8::/64")),
            (ClientIntroduced("plc", "[::ffff:10.0.0.7]:1", "x"), ("peer", "10.0.0.7")),
            (ClientIntroduced("plc", "unix", "x"), ("peer", "unix")),
            (LinesSet("plc", Lines(dtr=True), " for 10.0.0.7:1"), ("peer", "10.0.0.7")),
            (LinesSet("plc", Lines(dtr=True)), ("name", "plc")),
            (PeerConnected("gps", 0, "10.0.0.9:1"), ("peer", "10.0.0.9")),
        ):
            self.assertEqual(causer(event), (whose,), event)
        self.assertEqual(causer(ClientRefused("plc", "10.0.0.1:1", "x", "full")), ())

    def test_what_is_ours_is_never_left_out(self) -> None:
        own = (
            Operated("all", "10.0.0.1:1", "x"),
            OperatorCame("console", "10.0.0.1:1", "telnet"),
            OperatorLeft("console", "10.0.0.1:1", "telnet"),
            ConfigurationTaken("all", "a signal", ()),
            ConfigurationRefused("all", "a signal", ("x",)),
        )
        self.introduce(100)
        for _ in range(100):
            for event in own:
                self.events.publish(event)
        self.close()
        for event in own:
            self.assertEqual(self.told().count(AUDITED[type(event)].what), 100)

    def test_what_clients_can_cause_is_bounded(self) -> None:
        """A kind that has a client, or somebody who was not let in, in it is not one of ours."""
        for kind, entry in AUDITED.items():
            by_others = bool({"peer", "whose", "programs"} & set(entry.fields))
            self.assertEqual(entry.cause is not Cause.OWN, by_others, kind)

    @given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3), st.floats(0, 2)), max_size=12))
    def test_each_of_each_client_has_a_line_or_a_place_in_its_sum(
        self, spells: list[tuple[int, int, float]]
    ) -> None:
        self.path.unlink(missing_ok=True)
        self.audit.use(RecordFile(self.path))
        for count, client, seconds in spells:
            self.introduce(count, f"10.0.0.{client}:{{}}")
            self.reactor.advance(seconds)
            self.reactor.work()
        self.close()
        rows = self.rows() if self.path.exists() else []
        for client in range(4):
            host = f"10.0.0.{client}"
            lines = sum(row["event"] != "left out" and row["peer"].startswith(f"{host}:") for row in rows)
            summed = sum(row["count"] for row in rows if row["event"] == "left out" and row["peer"] == host)
            self.assertEqual(lines + summed, sum(count for count, who, _ in spells if who == client))

    @given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 2)), max_size=12))
    def test_each_has_a_line_or_a_place_in_a_sum(self, spells: list[tuple[int, float]]) -> None:
        self.path.unlink(missing_ok=True)
        self.audit.use(RecordFile(self.path))
        for count, seconds in spells:
            self.refuse(count)
            self.reactor.advance(seconds)
            self.reactor.work()
        self.close()
        told = self.told() if self.path.exists() else []
        summed = sum(one for one in told if isinstance(one, int))
        self.assertEqual(told.count("client refused") + summed, sum(count for count, _ in spells))
