"""The table of verbs: none is forgotten, none acts where it may not; and how a verb goes on with Tab."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.console.verbs import VERBS, completions
from tests import test_console_acting, test_console_elements, test_console_line, test_console_looking
from tests.consolestage import ConsoleStage, Seat

TRANSCRIPTS = (
    test_console_elements.TRANSCRIPTS
    | test_console_looking.TRANSCRIPTS
    | test_console_line.TRANSCRIPTS
    | test_console_acting.TRANSCRIPTS
)


class TableTest(SynchronousTestCase):
    def test_each_verb_has_a_transcript(self) -> None:
        self.assertEqual(set(TRANSCRIPTS), set(VERBS))
        for verb, text in TRANSCRIPTS.items():
            self.assertIn(f"> {verb}", text)

    def test_each_verb_tells_what_it_does(self) -> None:
        for name, verb in VERBS.items():
            self.assertEqual(verb.name, name)
            self.assertRegex(verb.summary, r"^[A-Z].*\.$")
            self.assertLessEqual(len(verb.summary), 110)
            least, most = verb.words
            self.assertLessEqual(least, most)
            self.assertEqual(bool(verb.usage), most > 0, name)
            self.assertEqual(verb.usage.startswith("[") or not verb.usage, least == 0, name)

    def test_a_verb_that_changes_says_so(self) -> None:
        acting = set(test_console_acting.TRANSCRIPTS) | set(test_console_line.TRANSCRIPTS)
        acting |= {"start", "stop", "pause", "restart", "run"}
        self.assertEqual({name for name, verb in VERBS.items() if verb.changes}, acting)

    def test_one_who_may_only_look_changes_nothing(self) -> None:
        stage = ConsoleStage(self)
        seat = stage.seat(may_change=False)
        for name, verb in VERBS.items():
            if verb.changes and name != "lines":  # alone it shows them
                words = f"{name} " + " ".join(["plc"] * verb.words[0])
                self.assertEqual(seat.types(words), [f"! {name}: this console may only look"])
        self.assertEqual(stage.operated(), [])

    def test_help_tells_what_one_may(self) -> None:
        stage = ConsoleStage(self)
        everything = stage.seat().types("help")
        self.assertEqual(len(everything), len(VERBS))
        for line, (name, verb) in zip(everything, VERBS.items(), strict=True):
            self.assertTrue(line.startswith(f"{name} ") and line.endswith(verb.summary), line)
        for name, verb in VERBS.items():
            self.assertEqual(stage.seat().types(f"help {name}"), [str(verb), verb.summary])
        self.assertEqual(len(stage.seat(may_change=False).types("help")), 18)

    def test_a_verb_that_is_unknown(self) -> None:
        seat = ConsoleStage(self).seat()
        for words, error in (
            ("shars", "unknown verb shars (did you mean shares?)"),
            ("zzz", "unknown verb zzz (`help` tells all)"),
            ("\x1b[2J", r"unknown verb \x1b[2J (`help` tells all)"),
            ("''", "unknown verb  (`help` tells all)"),
            ("Shares", "unknown verb Shares (did you mean shares?)"),
            ("shares reset", "expected: shares"),
        ):
            self.assertEqual(seat.types(words), [f"! {error}"])


class JsonTest(SynchronousTestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.seat = self.stage.seat()

    def rows(self, words: str, seat: Seat | None = None) -> list[Any]:
        return [json.loads(line) for line in (seat or self.seat).types(f"--format json {words}")]

    def test_every_verb_gives_json_or_an_error(self) -> None:
        """One value a line, whatever the verb; a verb without its words tells what is wrong."""
        for name, verb in VERBS.items():
            if name not in ("quit", "events"):
                for line in self.stage.seat().types(f"--format json {name}"):
                    if not line.startswith("! "):
                        row = json.loads(line)
                        self.assertIsInstance(row, dict, name)
                        self.assertEqual("error" in row, verb.words[0] > 0, name)

    def test_shares(self) -> None:
        self.seat.types("disable meter")
        self.stage.turn(1)
        self.stage.connect()
        plc, meter = self.rows("shares")
        self.assertEqual(
            plc,
            {
                "share": "plc",
                "device": "port ttyUSB0",
                "state": "up",
                "settings": "9600 8N1",
                "clients": 1,
                "control": None,
                "speaks": "all",
                "listeners": ["127.0.0.1:7001", "127.0.0.1:7002"],
            },
        )
        self.assertEqual((meter["share"], meter["state"], meter["listeners"]), ("meter", "disabled", []))
        self.assertEqual(list(plc), list(meter))

    def test_share(self) -> None:
        (row,) = self.rows("share plc")
        account = {"read": 0, "copied": 0, "delivered": 0, "buffered": 0}
        self.assertEqual(
            row,
            {
                "share": "plc",
                "device": "port ttyUSB0",
                "state": "up",
                "settings wanted": "9600 8N1",
                "settings in force": "9600 8N1",
                "not on the wire": [],
                "lines": {"dtr": None, "rts": None, "break": None},
                "modem lines": None,
                "reported": {"cts": True, "dsr": True, "ri": False, "cd": True},
                "control": None,
                "taken": False,
                "listeners": ["127.0.0.1:7001 rfc2217", "127.0.0.1:7002 raw"],
                "clients": [],
                "up": account,
                "down": account,
            },
        )

    def test_clients_and_stats(self) -> None:
        self.assertEqual(self.rows("clients"), [])
        self.stage.connect("meter").say(b"abc")
        (client,) = self.rows("clients meter")
        self.assertEqual(
            client,
            {
                "share": "meter",
                "peer": "10.0.0.7:1001",
                "user": None,
                "listener": "127.0.0.1:7003",
                "mode": "raw",
                "access": "both",
                "speaks": "yes",
                "received": 3,
                "delivered": 0,
                "waiting": 0,
                "discarded": 0,
                "signature": None,
            },
        )
        figures = {"read": 3, "copied": 0, "delivered": 0, "buffered": 3, "discarded": {}}
        self.assertEqual(self.rows("stats")[3], {"share": "meter", "direction": "down"} | figures)

    def test_who_and_words(self) -> None:
        self.assertEqual(self.rows("who"), [{"who": "eva", "door": "unix", "may": "change", "you": True}])
        self.assertEqual(self.rows("take plc"), [{"text": "plc: taken: clients only watch"}])
        self.assertEqual(self.rows("help who")[0], {"text": "who"})

    def test_what_comes_by(self) -> None:
        self.assertEqual(self.rows("monitor plc"), [])
        self.stage.device().say(b"\x1b\xff\r\n")
        row = json.loads(self.seat.screen.take()[0])
        self.assertEqual(row, {"direction": "up", "from": "device", "data": "\x1b\xff\r\n"})
        self.assertEqual(self.rows("events Connected"), [])
        self.stage.connect("meter")
        text = "10.0.0.7:1001 connected to 127.0.0.1:7003"
        row = json.loads(self.seat.screen.take()[0])
        self.assertEqual(row, {"event": "ClientConnected", "name": "meter", "text": text})

    def test_errors(self) -> None:
        shown = self.seat.types("--format json share plk")
        self.assertEqual(json.loads(shown[0]), {"error": "there is no share plk (did you mean plc?)"})
        self.assertEqual(self.seat.types("share plk"), ["! there is no share plk (did you mean plc?)"])


class CompletionTest(SynchronousTestCase):
    def test_table(self) -> None:
        desk = ConsoleStage(self).desk
        for text, choices in (
            ("", sorted({name.split()[0] for name in VERBS})),
            ("sh", ["share", "shares"]),
            ("ki", ["kick"]),
            ("x", []),
            ("share ", ["meter", "plc"]),
            ("share p", ["plc"]),
            ("kick m", ["meter"]),
            ("clients ", ["meter", "plc"]),
            ("kick plc ", []),
            ("sequence ", ["meter", "plc"]),
            ("sequence plc ", ["off", "reset"]),
            ("sequence plc r", ["reset"]),
            ("sequence meter ", []),
            ("sequence plk ", []),
            ("who ", []),
            ("nonsense ", []),
            ("reload ", []),
            ("help ki", ["kick"]),
            ("stats r", ["reset"]),
        ):
            self.assertEqual(completions(desk, text), choices, text)

    def test_shares_that_are_disabled(self) -> None:
        stage = ConsoleStage(self)
        stage.seat().types("disable plc")
        stage.turn(1)
        self.assertEqual(completions(stage.desk, "enable "), ["meter", "plc"])
