"""What real devices say, matched with the bundled definitions."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.check import load
from smartserial.definition.message import Response
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.codec import RawOf, initial_bytes
from smartserial.definition.values.text import Encoding
from smartserial.engine.matching.interpreter import first_match
from smartserial.engine.matching.matcher import Matcher, Plans, candidates_of
from smartserial.engine.matching.result import Field, Match, Reason
from smartserial.engine.matching.verify import Verifier
from tests.transcriptloader import ALL, NAMES, PROTOCOLS

Piece = tuple[str, bytes]  # a name, empty for a constant, and the bytes


def responses(name: str) -> Iterator[tuple[str, list[Piece], str]]:
    """Yield what the device says: which response it is, its fields, and what is wrong, if anything."""
    for message in ALL[name]:
        if message.kind == "response":
            yield message.name, [(field.name, field.raw) for field in message.fields], message.wrong


class Bundled:
    """A definition with its params as they are at start."""

    def __init__(self, name: str) -> None:
        self.protocol: Protocol = load((PROTOCOLS / f"{name}.xml").read_bytes())
        self.raws = {param.id: initial_bytes(param, Encoding()) for param in self.protocol.params}
        self.buses = {p.name: p.id for p in self.protocol.params if p.type is ParamType.BUS}
        self.raw_of: RawOf = lambda number: self.raws[number]
        self.verifier = Verifier(self.protocol.param)
        self.plans = Plans(self.protocol, self.raw_of)

    def address(self, pieces: list[Piece]) -> None:
        """Take the device's address from a message of it."""
        told = {self.buses[name]: raw for name, raw in pieces if name in self.buses}
        if told:
            self.raws |= told
            self.plans = Plans(self.protocol, self.raw_of)

    def matchers(self, name: str) -> list[Matcher]:
        """Return those that may hear a response: of each pair that awaits it, or of nobody who waits."""
        known = self.protocol.response
        pairs = [[known[n] for n in (*p.responses, *p.bad_responses)] for p in self.protocol.pairs]
        heard = pairs or [list(candidates_of(self.protocol, 0))]
        return [self.plans.among(among) for among in heard if name in {r.name for r in among}]

    def pieces(self, fields: tuple[Field, ...], unit: bytes) -> list[Piece]:
        """Return fields as a transcript has them."""
        params = [self.protocol.param[field.param] for field in fields]
        constant = [p.interprete is not None and p.interprete.value is not None for p in params]
        return [
            ("" if is_constant else param.name, unit[field.start : field.end])
            for field, param, is_constant in zip(fields, params, constant, strict=True)
        ]


class TranscriptsTest(SynchronousTestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.bundled = {name: Bundled(name) for name in NAMES}

    def messages(self) -> Iterator[tuple[Bundled, str, bytes, list[Piece], str]]:
        for name, bundled in self.bundled.items():
            for response, pieces, wrong in responses(name):
                bundled.address(pieces)
                yield bundled, response, b"".join(raw for _, raw in pieces), pieces, wrong

    def accepted(self, bundled: Bundled, matcher: Matcher, unit: bytes) -> Match | None:
        """Return the first match whose lengths and checksums are right."""
        for match in matcher.matches(unit, bundled.raw_of):
            checks = (bundled.verifier.length(*match, unit), bundled.verifier.crc(*match, unit))
            if checks == (None, None):
                return match
        return None

    def test_each_is_what_it_says(self) -> None:
        seen = 0
        for bundled, name, unit, pieces, wrong in self.messages():
            for matcher in bundled.matchers(name) if not wrong else ():
                match = self.accepted(bundled, matcher, unit)
                assert match is not None, (name, unit)
                self.assertEqual(match.response.name, name, unit)
                self.assertEqual(bundled.pieces(match.fields, unit), pieces)
                seen += 1
        self.assertGreater(seen, 80)

    def test_wrong_ones_are_not(self) -> None:
        """They have the form of a response, but nothing accepts them."""
        seen = 0
        for bundled, name, unit, _, wrong in self.messages():
            for matcher in bundled.matchers(name) if wrong else ():
                match = matcher.match(unit, bundled.raw_of)
                assert isinstance(match, Match)
                verify = bundled.verifier.length if wrong == "length" else bundled.verifier.crc
                found = verify(*match, unit)
                assert found is not None
                self.assertEqual(found.reason, Reason.LENGTH if wrong == "length" else Reason.CRC)
                self.assertIsNone(self.accepted(bundled, matcher, unit))
                seen += 1
        self.assertGreaterEqual(seen, 7)

    def test_mutilated(self) -> None:
        """Without its last byte, or with one too many, none is accepted; the closest is as interpreted."""
        for bundled, name, unit, _, wrong in self.messages():
            for matcher in bundled.matchers(name) if not wrong else ():
                for other in (unit[:-1], unit + b"\0", b""):
                    self.assertIsNone(self.accepted(bundled, matcher, other))
                    self.same(bundled, matcher.responses, matcher, other)

    def same(self, bundled: Bundled, among: tuple[Response, ...], matcher: Matcher, unit: bytes) -> None:
        expected = first_match(among, unit, bundled.protocol.param, bundled.raw_of)
        self.assertEqual(matcher.match(unit, bundled.raw_of), expected)
