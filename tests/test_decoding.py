"""Captures through definitions: the bundled ones with their transcripts, and what is no message."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from smartserial.captures import Piece
from smartserial.decoding import Decoder, Message, Unmatched, as_json, as_text
from smartserial.definition.check import load
from smartserial.trace.readings import Reading
from smartserial.verdict import bundled, read_definition

from .rulebook import NEXT, constant, definition, fixed, param
from .test_bundled_transcripts import NAMES, right, wrong
from .test_cli import run_it

ALIKE = ("scpi-meter",)  # its answers are told apart by the questions alone
LINKED = ' options="headerTrailerLink=1"'
READ = (
    '<Triggers><Trigger id="1"><Name>read</Name><On id="each">response</On><Time>before</Time>'
    "<Type>action</Type><Content><Id>1</Id></Content></Trigger></Triggers>"
    '<Actions><Action id="1"><Name>read</Name><On>response</On><Type>read</Type></Action></Actions>'
)
LINES = definition(
    f"<Params>{constant(1, 'T=')}{param(2)}{constant(3, '0x0D', 'trailer', LINKED)}{constant(4, 'P=')}"
    f"{fixed(5, 2)}</Params><Responses>"
    '<Response id="1"><Name>warm</Name><Content><Param>1</Param><Param>2</Param><Param>3</Param></Content>'
    '</Response><Response id="2"><Name>press</Name><Content><Param>4</Param><Param>5</Param><Param>3</Param>'
    f"</Content></Response></Responses>{READ}"
)


def decoded(text: str, pieces: Iterable[Piece | bytes]) -> list[Message | Unmatched]:
    said = [piece if isinstance(piece, Piece) else Piece(piece) for piece in pieces]
    return list(Decoder(load(text.encode())).decode(said))


def last(message: Message, name: str) -> Reading:
    """Return what a param held last: that is what is kept of one that comes several times."""
    return [one for key, one in message.params.items() if key.partition("#")[0] == name][-1]


class BundledTest(SynchronousTestCase):
    """Each definition hears its own transcript, in one piece, in many, and from the command line."""

    maxDiff = None

    def test_streams(self) -> None:
        for name in NAMES:
            protocol, _ = read_definition(name)
            assert protocol is not None
            expected = list(right(name, "response"))
            stream = b"".join(message.raw for message in expected)
            chunks = [Piece(stream[at : at + 7], at / 1000) for at in range(0, len(stream), 7)]
            for pieces in ([Piece(stream)], chunks, [Piece(message.raw) for message in expected]):
                with self.subTest(name=name, pieces=len(pieces)):
                    found = list(Decoder(protocol).decode(pieces))
                    self.assertEqual(
                        [one.length for one in found], [len(message.raw) for message in expected]
                    )
                    for message, one in zip(expected, found, strict=True):
                        assert isinstance(one, Message), (message.name, one)
                        if name in ALIKE:
                            continue
                        self.assertEqual(one.name, message.name)
                        for param, value in message.values.items():
                            self.assertEqual(last(one, param).value, value, (message.name, param))
                        for bit, value in message.bits.items():
                            self.assertEqual(last(one, bit).value, value, (message.name, bit))

    def test_wrong_checksums(self) -> None:
        for name in NAMES:
            protocol, _ = read_definition(name)
            assert protocol is not None
            for message in wrong(name):
                if message.kind == "response":
                    with self.subTest(name=name, message=message.name):
                        [one] = Decoder(protocol).decode([Piece(message.raw)])
                        assert isinstance(one, Unmatched)
                        self.assertEqual(one.data, message.raw)
                        self.assertIsNotNone(one.closest)
                        self.assertTrue(one.param and one.at is not None)

    def test_by_name_from_a_file(self) -> None:
        self.assertTrue({"nmea-0183", "modbus-rtu"} <= set(bundled()))
        with TemporaryDirectory() as folder:
            path = Path(folder) / "capture"
            for name in ("nmea-0183", "modbus-rtu"):
                expected = list(right(name, "response"))
                for data in (
                    b"".join(message.raw for message in expected),
                    "\n".join(message.raw.hex(" ") for message in expected).encode(),
                    "\n".join(json.dumps({"bytes": message.raw.hex()}) for message in expected).encode(),
                ):
                    path.write_bytes(data)
                    code, out, err = run_it("decode", "--format", "json", name, str(path))
                    self.assertEqual((code, err), (0, ""))
                    lines = [json.loads(line) for line in out.splitlines()]
                    names = [line["response"]["name"] for line in lines]
                    self.assertEqual(names, [message.name for message in expected])
                    self.assertEqual(list(lines[0]), ["offset", "length", "response", "params"])


class DecoderTest(SynchronousTestCase):
    maxDiff = None

    def test_messages_and_what_is_none(self) -> None:
        found = decoded(LINES, [b"T=12\rP=ab\rP=abc\rX\rT=", b"3\rT"])
        self.assertEqual(
            [json.loads(as_json(one)) for one in found],
            [
                {
                    "offset": 0,
                    "length": 5,
                    "response": {"id": 1, "name": "warm"},
                    "params": {"p2": {"value": "12", "raw": "3132", "display": "12"}},
                },
                {
                    "offset": 5,
                    "length": 5,
                    "response": {"id": 2, "name": "press"},
                    "params": {"p5": {"value": "ab", "raw": "6162", "display": "ab"}},
                },
                {
                    "offset": 10,
                    "length": 6,
                    "unmatched": "503d6162630d",
                    "reason": "other bytes than the constant",
                    "closest": {"id": 2, "name": "press"},
                    "param": "p3",
                    "at": 14,
                },
                {
                    "offset": 16,
                    "length": 2,
                    "unmatched": "580d",
                    "reason": "other bytes than the constant",
                    "closest": {"id": 1, "name": "warm"},
                    "param": "p1",
                    "at": 16,
                },
                {
                    "offset": 18,
                    "length": 4,
                    "response": {"id": 1, "name": "warm"},
                    "params": {"p2": {"value": "3", "raw": "33", "display": "3"}},
                },
                {
                    "offset": 22,
                    "length": 1,
                    "unmatched": "54",
                    "reason": "unfinished",
                    "closest": None,
                    "param": None,
                    "at": None,
                },
            ],
        )

    def test_equal_messages_are_all_told(self) -> None:
        self.assertEqual([one.length for one in decoded(LINES, [b"T=1\rT=1\rT=1\r"])], [4, 4, 4])

    def test_peers_have_streams_of_their_own(self) -> None:
        pieces = [Piece(b"T=1", None, "a"), Piece(b"T=2\r", None, "b"), Piece(b"\r", None, "a")]
        found = decoded(LINES, pieces)
        self.assertEqual([(one.offset, one.length) for one in found], [(0, 4), (0, 4)])

    def test_what_was_sent_is_left_out(self) -> None:
        self.assertEqual(decoded(LINES, [Piece(b"T=1\r", 0.0, "", "down")]), [])

    def test_by_time(self) -> None:
        """Without framing each line of a capture is a unit, and so is what times tell apart."""
        text = definition(
            f'<Params>{param(1, "read", NEXT)}</Params><Responses><Response id="1"><Name>all</Name>'
            f"<Content><Param>1</Param></Content></Response></Responses>{READ}"
        )
        for pieces, lengths in (
            ([b"ab", b"c"], [2, 1]),
            ([Piece(b"ab", 0.0), Piece(b"c", 0.010), Piece(b"d", 0.020)], [3, 1]),
        ):
            self.assertEqual([one.length for one in decoded(text, pieces)], lengths)

    def test_what_a_message_sets_in_motion_is_left_out(self) -> None:
        """Groups, timers, connections and sleep: nothing of that happens, and every message is told."""
        actions = (
            '<On id="1">group</On><Type>execute</Type>',
            '<On id="1">timer</On><Type>start</Type>',
            '<On>protocol</On><Type value="60000">sleep</Type>',
            '<On>protocol</On><Type nr="0">close</Type>',
            '<On id="1">pair</On><Type id="2">timeout</Type>',
            '<On id="2">parameter</On><Type value="1">increment</Type>',
        )
        made = "".join(f'<Action id="{n}"><Name>a{n}</Name>{a}</Action>' for n, a in enumerate(actions, 2))
        ids = "".join(f"<Id>{n}</Id>" for n in range(2, 2 + len(actions)))
        trigger = (
            '<Trigger id="2"><Name>after</Name><On id="each">response</On><Time>after</Time>'
            f"<Type>action</Type><Content>{ids}</Content></Trigger>"
        )
        rest = (
            '<Commands><Command id="1"><Name>c</Name><Content><Param>1</Param></Content></Command></Commands>'
            '<Pairs><Pair id="1"><Name>p</Name><Content><Command>1</Command></Content></Pair></Pairs>'
            '<Groups><Group id="1"><Name>g</Name><Type>poll</Type><Content><Pair>1</Pair></Content></Group>'
            '</Groups><Timers><Timer id="1"><Name>t</Name><Time>1000</Time><Interval>1</Interval>'
            "<Content><Group>1</Group></Content></Timer></Timers></Protocol>"
        )
        text = LINES.replace("</Triggers>", f"{trigger}</Triggers>").replace(
            "</Actions>", f"{made}</Actions>"
        )
        found = decoded(text.replace("</Protocol>", rest), [b"T=1\rT=2\rP=ab\r"])
        self.assertEqual([type(one) for one in found], [Message] * 3)

    def test_text(self) -> None:
        found = decoded(LINES, [b"T=12\r\x1b\r"])
        self.assertEqual(
            [as_text(one) for one in found],
            [
                "0+5 1 warm\n  p2  12  31 32",
                "5+2 unmatched: other bytes than the constant at 5, in p1 of 1 warm\n  1b 0d",
            ],
        )

    def test_values_cannot_act_on_a_terminal(self) -> None:
        [one] = decoded(LINES, [b"T=\x1b[2J\r"])
        self.assertNotIn("\x1b", as_text(one))


class CommandTest(SynchronousTestCase):
    def test_what_cannot_be_read(self) -> None:
        with TemporaryDirectory() as folder:
            wrong = Path(folder) / "wrong.xml"
            wrong.write_text("<Protocol/>")
            odd = Path(folder) / "odd"
            odd.write_text("0g")
            for arguments, words in (
                (["nmea", str(odd)], "nmea:1:1: XM11 error"),
                ([str(wrong), str(odd)], "XM02"),
                (["nmea-0183", str(odd) + "x"], "No such file"),
                (["nmea-0183", "--input", "hex", str(odd)], "line 1: expected pairs of hex digits"),
            ):
                with self.subTest(arguments=arguments):
                    code, out, err = run_it("decode", *arguments)
                    self.assertEqual((code, out), (2, ""))
                    self.assertIn(words, err)
