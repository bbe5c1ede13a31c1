"""Laws of matching: what is compiled gives what the format describes step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hypothesis import event, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.connection import Connection, ConnectionType
from smartserial.definition.languages.optional import Optional
from smartserial.definition.message import Response
from smartserial.definition.param import (
    Crc,
    Endian,
    Interprete,
    LengthType,
    Other,
    Param,
    ParamType,
    RawType,
    Side,
    ValueType,
)
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.text import Encoding
from smartserial.engine.matching.interpreter import first_match, interpret
from smartserial.engine.matching.matcher import Plans, candidates_of, compile_matcher
from smartserial.engine.matching.result import Field, Match, Mismatch
from smartserial.engine.matching.verify import Verifier

S = st.SearchStrategy
PIECE = st.sampled_from((b"a", b";", b"1", b"\x02", b"\x00"))
PIECES = st.lists(PIECE, max_size=3).map(b"".join)
CONSTANTS = range(1, 5)
OPEN = range(7, 11)
ALL = range(1, 11)
IDS = st.sampled_from(ALL)
CONSTANT = st.sampled_from(CONSTANTS)
OPTIONALS = st.lists(
    st.builds(Optional, st.integers(0, 6), st.integers(0, 2), st.booleans()),
    max_size=3,
    unique_by=lambda o: o.index,
).map(tuple)


@st.composite
def constants(draw: st.DrawFn, number: int) -> Param:
    types = (ParamType.FIXED, ParamType.FIXED, ParamType.TRAILER, ParamType.HEADER, ParamType.BUS)
    said = Interprete(length_type=LengthType.FIXED, value=draw(PIECES))
    return Param(number, "constant", draw(st.sampled_from(types)), said)


@st.composite
def interpretes(draw: st.DrawFn, length_type: S[LengthType]) -> Interprete:
    return Interprete(
        raw_type=draw(st.just(RawType.OTHER) | st.sampled_from(RawType)),
        length_type=draw(length_type),
        length=draw(st.integers(0, 2) | st.sampled_from((1, 4))),
        length_id=draw(st.none() | IDS),
        length_times=draw(st.sampled_from((1, 1, 1, 2, 3))),
        type=draw(st.just(ValueType.DOUBLE) | st.sampled_from(ValueType)),
        endian=draw(st.sampled_from((None, *Endian))),
        base=draw(st.sampled_from((10, 16))),
        factor=draw(st.sampled_from((None, None, None, 2.0))),
        alignment=draw(st.sampled_from((None, *Side))),
        byte_offset=draw(st.sampled_from((0, 0, 1))),
        others=draw(st.lists(st.builds(Other, CONSTANT), max_size=1).map(tuple)),
    )


@st.composite
def variables(draw: st.DrawFn, number: int) -> Param:
    kinds = (ParamType.READ, ParamType.READ, ParamType.GROUP, ParamType.LENGTH, ParamType.CRC)
    length_type = st.sampled_from(LengthType) if number in OPEN else st.just(LengthType.FIXED)
    covered = draw(st.none() | st.lists(st.integers(0, 3), max_size=2).map(tuple))
    crc = Crc("exor", covered or ()) if draw(st.booleans()) else None
    said = draw(interpretes(length_type))
    return Param(number, "variable", draw(st.sampled_from(kinds)), said, crc=crc, length_content=covered)


@dataclass(frozen=True, slots=True)
class World:
    """A definition, and the bytes that its params hold."""

    protocol: Protocol
    raws: Mapping[int, bytes]

    def raw_of(self, number: int) -> bytes:
        return self.raws[number]


@st.composite
def worlds(draw: st.DrawFn, optional: S[tuple[Optional, ...]] = OPTIONALS) -> World:
    params = [draw(constants(number) if number in CONSTANTS else variables(number)) for number in ALL]
    front = draw(st.lists(IDS, max_size=2).map(tuple))
    content = st.lists(CONSTANT | IDS, max_size=5).map(tuple)
    contents = draw(st.lists(content | content.map(front.__add__), min_size=1, max_size=6))
    responses = tuple(
        Response(number, "response", one, optional=draw(st.just(()) | optional))
        for number, one in enumerate(contents)
    )
    connections = (Connection(ConnectionType.SMART_SERIAL),)
    unicode = draw(st.sampled_from((False, False, True)))
    raws = {
        param.id: param.interprete.value
        if param.interprete and isinstance(param.interprete.value, bytes)
        else draw(PIECES)
        for param in params
    }
    protocol = Protocol(
        "any", connections=connections, params=tuple(params), responses=responses, unicode=unicode
    )
    return World(protocol, raws)


@st.composite
def units(draw: st.DrawFn, world: World) -> bytes:
    """Bytes like those of a response, as they are or with something wrong."""
    response = draw(st.sampled_from(world.protocol.responses))
    data, lengths, skipped = b"", dict[int, int](), 0
    absent = {part.index: part.skip for part in response.optional if draw(st.booleans())}
    for position, number in enumerate(response.content):
        skipped = max(skipped - 1, absent.get(position, -1) + 1)
        if skipped:
            continue
        said = world.protocol.param[number].interprete or Interprete()
        if number in CONSTANTS:
            piece = world.raws[number]
        elif said.length_type is LengthType.FIXED:
            piece = draw(st.lists(PIECE, min_size=said.length or 0, max_size=said.length or 0).map(b"".join))
        else:
            told = lengths.get(said.length_id or 0)
            piece = draw(PIECES if told is None or told > 20 else st.binary(min_size=told, max_size=told))
        lengths[number] = int.from_bytes(piece, "little")
        data += piece
    cut = draw(st.integers(0, len(data)))
    more = draw(PIECES)
    return draw(
        st.sampled_from(
            (data, data, data, more + data, data + more, data[:cut] + more + data[cut:], data[:cut], more)
        )
    )


class CompiledTest(SynchronousTestCase):
    """One response of many, compiled and not."""

    @settings(max_examples=150, deadline=None)
    @given(st.data())
    def test_as_interpreted(self, data: st.DataObject) -> None:
        world = data.draw(worlds())
        encoding = Encoding(unicode=world.protocol.unicode)
        matcher = compile_matcher(world.protocol, 0, world.raw_of)
        responses = candidates_of(world.protocol, 0)
        for _ in range(3):
            unit = data.draw(units(world))
            expected = first_match(responses, unit, world.protocol.param, world.raw_of, encoding)
            event(type(expected).__name__)
            self.assertEqual(matcher.match(unit, world.raw_of), expected)
            every = [interpret(r, unit, world.protocol.param, world.raw_of, encoding) for r in responses]
            self.assertEqual(
                list(matcher.matches(unit, world.raw_of)), [one for one in every if isinstance(one, Match)]
            )

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_after_changes(self, data: st.DataObject) -> None:
        """Constants and fixed lengths that were changed since are those that count."""
        world = data.draw(worlds())
        params = world.protocol.param
        plans = Plans(world.protocol, world.raw_of)
        matcher = plans.among(world.protocol.responses)
        changed = data.draw(st.sets(st.sampled_from(ALL), max_size=3))
        raws = {**world.raws, **{number: data.draw(PIECES) for number in changed}}
        other = dict(params)
        for number in changed - set(CONSTANTS):
            said = params[number].interprete or Interprete()
            if said.length_type is LengthType.FIXED:
                length = len(raws[number])
                other[number] = replace(params[number], interprete=replace(said, length=length))
        for _ in range(3):
            unit = data.draw(units(World(world.protocol, raws)))
            found = matcher.match(unit, raws.__getitem__, changed)
            expected = first_match(world.protocol.responses, unit, other, raws.__getitem__, plans.encoding)
            self.assertEqual(found, expected)
            every = [
                interpret(one, unit, other, raws.__getitem__, plans.encoding)
                for one in world.protocol.responses
            ]
            self.assertEqual(
                list(matcher.matches(unit, raws.__getitem__, changed)),
                [one for one in every if isinstance(one, Match)],
            )

    @settings(max_examples=100, deadline=None)
    @given(st.lists(PIECES, min_size=12, max_size=40, unique=True), st.data())
    def test_many_headers(self, headers: list[bytes], data: st.DataObject) -> None:
        """More headers than a unit has bytes; each may begin anywhere."""
        params = [
            Param(n, "header", ParamType.HEADER, Interprete(length_type=LengthType.FIXED, value=header))
            for n, header in enumerate(headers, 1)
        ]
        rest = Param(99, "rest", ParamType.READ, Interprete())
        responses = tuple(Response(param.id, "headed", (param.id, 99)) for param in params)
        protocol = Protocol("any", params=(*params, rest), responses=responses)
        raws = dict(enumerate(headers, 1))
        matcher = compile_matcher(protocol, 0, raws.__getitem__)
        unit = data.draw(PIECES | st.lists(PIECE, max_size=9).map(b"".join))
        expected = first_match(responses, unit, protocol.param, raws.__getitem__)
        self.assertEqual(matcher.match(unit, raws.__getitem__), expected)


class FieldsTest(SynchronousTestCase):
    """What can be said about any result."""

    @settings(max_examples=100, deadline=None)
    @given(st.data())
    def test_fields_join_and_can_be_verified(self, data: st.DataObject) -> None:
        """Each field begins where the one before ends; of a match the last one ends with the unit."""
        world = data.draw(worlds())
        unit = data.draw(units(world))
        verifier = Verifier(world.protocol.param)
        for response in world.protocol.responses:
            result = interpret(response, unit, world.protocol.param, world.raw_of)
            self.joined(result, response, unit)
            self.verified(verifier, result, response, unit)

    def joined(self, result: Match | Mismatch, response: Response, unit: bytes) -> None:
        ends = [field.end for field in result.fields]
        self.assertEqual([field.start for field in result.fields][1:], ends[:-1])
        self.assertTrue(all(0 <= field.start <= field.end <= len(unit) for field in result.fields))
        positions = [field.position for field in result.fields]
        self.assertEqual(positions, sorted(set(positions)))
        self.assertEqual([response.content[p] for p in positions], [field.param for field in result.fields])
        if isinstance(result, Mismatch):
            self.assertTrue(0 <= result.at <= len(unit))
            self.assertLessEqual(max(positions, default=-1), result.position - 1)
        elif ends:
            self.assertEqual(ends[-1], len(unit))

    def verified(self, verifier: Verifier, result: Match | Mismatch, response: Response, unit: bytes) -> None:
        """Verifying raises nothing, and tells a field that is there."""
        for verify in (verifier.crc, verifier.length):
            wrong = verify(response, result.fields, unit)
            if wrong is not None:
                end = self.end(result, wrong)
                self.assertIn(Field(wrong.position, wrong.param, wrong.at, end), result.fields)

    def end(self, result: Match | Mismatch, wrong: Mismatch) -> int:
        return next(field.end for field in result.fields if field.position == wrong.position)
