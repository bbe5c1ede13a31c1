"""Each kind of event: as JSON, as a line, as a row."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.engine.effects import Level, Step
from smartserial.trace import events
from smartserial.trace.events import (
    NAMES,
    ActionDone,
    Connected,
    ConnectionStateChanged,
    Disconnected,
    Dropped,
    ElementStateChanged,
    GroupStep,
    Matched,
    Mismatched,
    Named,
    Noted,
    PairStep,
    ParamChanged,
    Rx,
    TimedOut,
    TraceEvent,
    TriggerFired,
    Tx,
    UnitMade,
)
from smartserial.trace.jsonlines import as_json, lost_line, mapping_of
from smartserial.trace.lines import line_of, row_of
from smartserial.trace.readings import Reading
from smartserial.trace.times import as_utc, fine_time_of_day, time_of_day

TIME = 1795280523.123  # 2026-11-21T17:02:03.123Z
PEER = "10.0.0.1:4000"
HERE = ("mast", TIME, 0, PEER)
NOWHERE = ("mast", TIME, None, "")
STATUS, TEMP = Named(3, "Status"), Named(12, "temp")
TOLD = (Reading(12, "temp", 21.5, b"21.5", "21.5 °C"), Reading(13, "mode", None, b"??", ""))
TOLD_JSON = {
    "temp": {"value": 21.5, "raw": "32312e35", "display": "21.5 °C"},
    "mode": {"value": None, "raw": "3f3f", "display": ""},
}
STATUS_JSON, TEMP_JSON = {"id": 3, "name": "Status"}, {"id": 12, "name": "temp"}

# event, its name, what JSON has beside what all have, the words of its line
EVENTS: list[tuple[TraceEvent, str, dict[str, object], str]] = [
    (Rx(*HERE, b"\x02AB"), "rx", {"data": "024142"}, "02 41 42"),
    (
        Tx(*HERE, b"PING", 1),
        "tx",
        {"data": "50494e47", "to": PEER, "sessions": 1},
        "sessions 1: 50 49 4e 47",
    ),
    (UnitMade(*HERE, b"AB", 7), "unit", {"data": "4142", "offset": 7}, "at 7: 41 42"),
    (
        Matched(*HERE, STATUS, TOLD),
        "match",
        {"response": STATUS_JSON, "params": TOLD_JSON},
        "3 Status temp 21.5 °C, mode 3f 3f",
    ),
    (
        Mismatched(*HERE, b"AB", STATUS, TEMP, 1, "too few bytes"),
        "mismatch",
        {"data": "4142", "response": STATUS_JSON, "param": TEMP_JSON, "at": 1, "reason": "too few bytes"},
        "too few bytes closest 3 Status in 12 temp at 1: 41 42",
    ),
    (
        Mismatched(*HERE, b"AB", None, None, None, "no response"),
        "mismatch",
        {"data": "4142", "response": None, "param": None, "at": None, "reason": "no response"},
        "no response 41 42",
    ),
    (
        ParamChanged("mast", TIME, None, PEER, TEMP, None, 21.5, "21.5 °C", PEER),
        "changed",
        {"param": TEMP_JSON, "old": None, "new": 21.5, "display": "21.5 °C", "reply_to": PEER},
        "12 temp from nothing to 21.5 °C",
    ),
    (TriggerFired(*HERE, STATUS), "trigger", {"trigger": STATUS_JSON}, "3 Status"),
    (
        ActionDone(*NOWHERE, TEMP, STATUS, True),
        "action",
        {"action": TEMP_JSON, "trigger": STATUS_JSON, "ok": True},
        "12 temp done by trigger 3 Status",
    ),
    (
        ActionDone(*NOWHERE, TEMP, None, False),
        "action",
        {"action": TEMP_JSON, "trigger": None, "ok": False},
        "12 temp failed",
    ),
    (
        GroupStep(*NOWHERE, STATUS, Step.BEGUN),
        "group",
        {"group": STATUS_JSON, "step": "begun"},
        "3 Status begun",
    ),
    (
        PairStep(*HERE, STATUS, Step.GIVEN_UP, 4),
        "pair",
        {"pair": STATUS_JSON, "step": "given up", "attempt": 4},
        "3 Status given up attempt 4",
    ),
    (TimedOut(*HERE, STATUS, 2), "timeout", {"pair": STATUS_JSON, "attempt": 2}, "3 Status attempt 2"),
    (Connected(*HERE), "connect", {}, ""),
    (Disconnected(*HERE, "it closed"), "disconnect", {"why": "it closed"}, "it closed"),
    (ConnectionStateChanged(*HERE, "not responding"), "state", {"state": "not responding"}, "not responding"),
    (
        ElementStateChanged(*NOWHERE, "timeout", "no answer"),
        "state",
        {"state": "timeout", "why": "no answer"},
        "timeout no answer",
    ),
    (
        Dropped(*HERE, 5, 3, "before header"),
        "dropped",
        {"offset": 5, "length": 3, "reason": "before header"},
        "at 5: 3 bytes, before header",
    ),
    (Noted(*NOWHERE, Level.WARN, "odd"), "note", {"level": "warn", "text": "odd"}, "warn odd"),
]
TEXTS = st.text()
DATA = st.binary(max_size=100)
NAMED = st.builds(Named, st.integers(), TEXTS)
VALUES = st.none() | TEXTS | st.integers() | st.floats() | st.just(1 << 20_000)
READINGS = st.builds(Reading, st.integers(), TEXTS, VALUES, DATA, TEXTS)
_START = (TEXTS, st.floats(-6e10, 2e11), st.none() | st.integers(), TEXTS)
ANY = st.one_of(
    st.builds(Rx, *_START, DATA),
    st.builds(Tx, *_START, DATA, st.integers()),
    st.builds(UnitMade, *_START, DATA, st.integers()),
    st.builds(Matched, *_START, NAMED, st.lists(READINGS, max_size=3).map(tuple)),
    st.builds(
        Mismatched, *_START, DATA, st.none() | NAMED, st.none() | NAMED, st.none() | st.integers(), TEXTS
    ),
    st.builds(ParamChanged, *_START, NAMED, VALUES, VALUES, TEXTS, TEXTS),
    st.builds(TriggerFired, *_START, NAMED),
    st.builds(ActionDone, *_START, NAMED, st.none() | NAMED, st.booleans()),
    st.builds(GroupStep, *_START, NAMED, st.sampled_from(Step)),
    st.builds(PairStep, *_START, NAMED, st.sampled_from(Step), st.integers()),
    st.builds(TimedOut, *_START, NAMED, st.integers()),
    st.builds(Connected, *_START),
    st.builds(Disconnected, *_START, TEXTS),
    st.builds(ConnectionStateChanged, *_START, TEXTS),
    st.builds(ElementStateChanged, *_START, TEXTS, TEXTS),
    st.builds(Dropped, *_START, st.integers(), st.integers(), TEXTS),
    st.builds(Noted, *_START, st.sampled_from(Level), TEXTS),
)


class KindsTest(SynchronousTestCase):
    maxDiff = None

    def test_all_are_here(self) -> None:
        self.assertEqual({type(event) for event, *_ in EVENTS}, set(NAMES))
        known = {
            one for one in vars(events).values() if isinstance(one, type) and issubclass(one, TraceEvent)
        }
        self.assertEqual(set(NAMES), known - {TraceEvent})
        names = "rx tx unit match mismatch changed trigger action group pair timeout connect disconnect"
        self.assertEqual(set(NAMES.values()), {*names.split(), "state", "dropped", "note"})

    def test_json(self) -> None:
        for event, name, fields, _ in EVENTS:
            with self.subTest(event=event):
                first = {"time": "2026-11-21T17:02:03.123Z", "event": name, "element": "mast"}
                where = {"connection": event.connection, "peer": event.peer or None}
                row = json.loads(as_json(event))
                self.assertEqual(row, first | where | fields)
                self.assertEqual(list(row)[:5], ["time", "event", "element", "connection", "peer"])
                self.assertEqual(row, json.loads(json.dumps(mapping_of(event))))

    def test_lines(self) -> None:
        for event, name, _, words in EVENTS:
            with self.subTest(event=event):
                where = "-" if event.connection is None else str(event.connection)
                expected = " ".join(filter(None, ["17:02:03.123", name, where, event.peer, words]))
                self.assertEqual(line_of(event), expected)

    def test_rows(self) -> None:
        for event, name, _, _ in EVENTS:
            row = row_of(event)
            self.assertEqual((row["time"], row["event"]), ("2026-11-21T17:02:03.123Z", name))
            self.assertEqual(row, json.loads(json.dumps(row)))
        matched = next(row_of(event) for event, name, *_ in EVENTS if name == "match")
        self.assertEqual(
            (matched["response"], matched["params"]), ("3 Status", {"temp": "21.5 °C", "mode": "3f 3f"})
        )

    def test_long_bytes_are_cut_for_people(self) -> None:
        line = line_of(Rx(*HERE, bytes(40)))
        self.assertTrue(line.endswith(" ".join(["00"] * 32) + " ... 40 bytes"), line)
        self.assertEqual(json.loads(as_json(Rx(*HERE, bytes(40))))["data"], "00" * 40)
        self.assertLess(len(line_of(Noted(*NOWHERE, Level.INFO, "x" * 10_000))), 300)

    def test_times_of_others(self) -> None:
        line = line_of(Connected(*HERE), lambda time: f"at {time:.0f}")
        self.assertEqual(line, f"at {TIME:.0f} connect 0 {PEER}")

    def test_to_all(self) -> None:
        row = json.loads(as_json(Tx("mast", TIME, 0, "", b"A", 3)))
        self.assertEqual((row["peer"], row["to"], row["sessions"]), (None, None, 3))

    def test_lost(self) -> None:
        self.assertEqual(
            json.loads(lost_line("mast", TIME, 7)),
            {"time": "2026-11-21T17:02:03.123Z", "event": "lost", "element": "mast", "count": 7},
        )

    def test_control_characters(self) -> None:
        event = Noted("a\x1b[2J", TIME, None, "\x7f", Level.INFO, "one\ntwo\x9b31m\u202e")
        line = as_json(event)
        self.assertTrue(line.isascii() and line.isprintable(), line)
        self.assertEqual(json.loads(line)["peer"], "\x7f")
        self.assertIn(r"one\ntwo\x9b31m\u202e", line_of(event))


class LawsTest(SynchronousTestCase):
    @given(ANY)
    def test_json_is_one_line_of_ascii(self, event: TraceEvent) -> None:
        line = as_json(event)
        self.assertTrue(line.isascii() and line.isprintable())
        row = json.loads(line, parse_constant=self.fail)
        self.assertEqual((row["element"], row["peer"]), (event.element, event.peer or None))

    @given(ANY)
    def test_lines_are_printable(self, event: TraceEvent) -> None:
        line = line_of(event)
        self.assertTrue(line.isprintable())
        self.assertLess(len(line), 20_000)
        json.dumps(row_of(event))

    @given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
    def test_times(self, ms: int) -> None:
        found = as_utc(ms / 1000)
        seconds, rest = divmod(ms, 1000)
        expected = datetime.fromtimestamp(0, UTC).replace(microsecond=0)
        expected = datetime.fromordinal(expected.toordinal() + seconds // 86400)
        second = seconds % 86400
        day = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        self.assertEqual(found, f"{expected:%Y}".zfill(4) + f"-{expected:%m-%d}T{day}.{rest:03d}Z")
        self.assertEqual((time_of_day(ms / 1000), fine_time_of_day(ms / 1000)), (day, f"{day}.{rest:03d}"))
