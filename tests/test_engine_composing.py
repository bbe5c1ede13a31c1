"""Commands: how they are made, what actions do to them, and what is sent at last."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.check import load
from smartserial.definition.connection import Connection, ConnectionType
from smartserial.definition.flow import TriggerOn, TriggerTime
from smartserial.definition.languages.replacing import parse_replace_data
from smartserial.definition.languages.stuffing import Stuffing, parse_stuffing
from smartserial.definition.message import Command
from smartserial.definition.param import (
    Crc,
    Endian,
    Interprete,
    LengthType,
    Param,
    ParamType,
    RawType,
    ValueType,
)
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.text import Encoding
from smartserial.engine.buffer import MOST_BYTES, Buffer, ComposeError
from smartserial.engine.changes import By, Change
from smartserial.engine.composing import Composer
from smartserial.engine.moments import Moments
from smartserial.engine.store import Store
from smartserial.engine.stuff import (
    Edit,
    edited,
    escaping_edits,
    reading_edits,
    replacing_edits,
    stuffing_edits,
)
from tests.test_bundled_transcripts import ALL, NAMES, PROTOCOLS, right

FIXED, NEXT = LengthType.FIXED, LengthType.NEXT_PARAM
A = ActionType


def constant(id: int, value: str | bytes, kind: ParamType = ParamType.FIXED) -> Param:
    return Param(id, f"c{id}", kind, Interprete(length_type=FIXED, value=value))


def data(id: int, text: str | None = None) -> Param:
    return Param(id, f"d{id}", ParamType.WRITE, Interprete(default_value=text))


def length(id: int, content: tuple[int, ...] | None = None, size: int = 2) -> Param:
    interprete = Interprete(RawType.NUMERIC_TEXT, FIXED, size, type=ValueType.DOUBLE)
    return Param(id, f"l{id}", ParamType.LENGTH, interprete, length_content=content)


def checksum(id: int, crc: Crc, size: int | None = 1, **more: object) -> Param:
    shape = {"raw_type": RawType.UNSIGNED_NUMBER, "type": ValueType.DOUBLE} | more
    sized = FIXED if size is not None else NEXT
    interprete = Interprete(length_type=sized, length=size, **shape)  # type: ignore[arg-type]
    return Param(id, f"s{id}", ParamType.CRC, interprete, crc=crc)


def stage(
    *params: Param, content: tuple[int, ...] = (), ascii: bool | tuple[int, ...] = False, **more: object
) -> tuple[Store, Composer]:
    """Return a store and a composer for a command 1 of all params, or of `content`."""
    command = Command(1, "c", content or tuple(param.id for param in params), ascii)
    protocol = Protocol("P", params=params, commands=(command,), **more)  # type: ignore[arg-type]
    store = Store(protocol)
    return store, Composer(protocol, store)


def action(type: ActionType, **more: object) -> Action:
    return Action(more.pop("id", 1), "a", ActionOn.COMMAND, type, **more)  # type: ignore[arg-type]


class MakeTest(SynchronousTestCase):
    def test_content_in_order(self) -> None:
        store, composer = stage(constant(1, "GET "), data(2, "A"), constant(3, b"\r"), content=(1, 2, 2, 3))
        made = composer.make(1)
        self.assertEqual((made.data, made.starts, made.params), (b"GET AA\r", (0, 4, 5, 6), (1, 2, 2, 3)))
        store.set(2, "BC")
        self.assertEqual(made.data, b"GET AA\r")
        composer.act(action(A.MAKE), made)
        self.assertEqual((made.data, made.starts), (b"GET BCBC\r", (0, 4, 6, 8)))

    def test_no_such_command(self) -> None:
        _, composer = stage(content=(7,))
        for id in (1, 2):
            with self.assertRaises(ComposeError):
                composer.make(id)

    def test_not_without_end(self) -> None:
        store, composer = stage(data(1), content=(1, 1))
        store.set(1, "x" * (MOST_BYTES // 2))
        made = composer.make(1)
        with self.assertRaises(ComposeError):
            made.put(0, bytes(MOST_BYTES))
        with self.assertRaises(ComposeError):
            composer.act(action(A.STUFFING, type_value="x"), made)
        self.assertEqual(len(made.data), MOST_BYTES)
        store.set(1, "x" * (MOST_BYTES // 2 + 1))
        with self.assertRaises(ComposeError):
            composer.act(action(A.MAKE), made)

    def test_other_actions(self) -> None:
        _, composer = stage(data(1, "x"))
        with self.assertRaises(ComposeError):
            composer.act(action(A.LOCK), composer.make(1))


class LengthTest(SynchronousTestCase):
    def test_worked_example(self) -> None:
        params = constant(1, "#"), length(2, (3,)), constant(3, ":"), data(4, "abc"), constant(5, b"\r")
        store, composer = stage(*params)
        made = composer.make(1)
        self.assertEqual(composer.act(action(A.LENGTH), made), (Change(2, 0, 3),))
        self.assertEqual((made.data, store.value(2), store.raw(2)), (b"#03:abc\r", 3, b"03"))
        self.assertEqual(composer.act(action(A.LENGTH), made), ())

    def test_of_all(self) -> None:
        params = constant(1, "#"), length(2), data(3, "abc"), length(4), constant(5, b"\r")
        _, composer = stage(*params)
        made = composer.make(1)
        composer.act(action(A.LENGTH), made)
        self.assertEqual(made.data, b"#05abc05\r")

    def test_what_does_not_fit(self) -> None:
        store, composer = stage(length(1, None, 1), data(2, "0123456789"), length(3, (9,)))
        made = composer.make(1)
        with self.assertRaises(ComposeError):
            composer.act(action(A.LENGTH), made)
        self.assertEqual(made.data, b"0012345678900")
        store.set(2, "1")
        composer.remake(made)
        with self.assertRaises(ComposeError) as caught:
            composer.act(action(A.LENGTH), made)
        self.assertIn("position", str(caught.exception))


class CrcTest(SynchronousTestCase):
    def made(self, crc: Crc, size: int | None = 1, **more: object) -> bytes:
        params = constant(1, b"\x02"), constant(2, "PWR"), data(3, "1"), checksum(4, crc, size, **more)
        _, composer = stage(*params)
        made = composer.make(1)
        composer.act(action(A.CRC), made)
        return made.parts[3]

    def test_examples(self) -> None:
        content = (0, 1, 2)
        for crc, wanted in (
            (Crc("sum", content), "2C"),
            (Crc("exor", content), "66"),
            (Crc("2comp", content), "D4"),
            (Crc("sum", content, mod=95, off=-32, total_offset=32), "6E"),
        ):
            self.assertEqual(self.made(crc), bytes.fromhex(wanted), crc)

    def test_in_the_encoding_of_the_param(self) -> None:
        crc = Crc("sum", (0, 1, 2))
        self.assertEqual(self.made(crc, 2), b"\x2c\x01")
        self.assertEqual(self.made(crc, 2, endian=Endian.BIG), b"\x01\x2c")
        self.assertEqual(self.made(crc, 2, raw_type=RawType.NUMERIC_TEXT, base=16), b"2C")
        self.assertEqual(self.made(crc, None), b"\x2c\x01")
        self.assertEqual(self.made(crc, None, raw_type=RawType.NUMERIC_TEXT), b"300")

    def test_modbus(self) -> None:
        params = constant(1, bytes.fromhex("010300000002")), checksum(2, Crc("modbus", (0,)), 2)
        store, composer = stage(*params)
        made = composer.make(1)
        self.assertEqual(composer.act(action(A.CRC), made), (Change(2, 0, 0x0BC4),))
        self.assertEqual(made.data.hex(), "010300000002c40b")
        self.assertEqual(store.raw(2), b"\xc4\x0b")

    def test_after_the_length(self) -> None:
        params = length(1), data(2, "ab"), checksum(3, Crc("exor", (0, 1)))
        _, composer = stage(*params)
        made = composer.make(1)
        for kind in (A.LENGTH, A.CRC):
            composer.act(action(kind), made)
        self.assertEqual(made.data, b"03ab" + bytes([0x30 ^ 0x33 ^ 0x61 ^ 0x62]))

    def test_what_is_undefined(self) -> None:
        for crc in (Crc("codan", (0,)), Crc("sum", (7,)), Crc("sum", (0,), group_bytes=2), Crc("")):
            with self.assertRaises(ComposeError):
                self.made(crc)


class EditingTest(SynchronousTestCase):
    def test_replace(self) -> None:
        store, composer = stage(data(1, "a"), data(2, "b"), data(3, "2"), content=(1, 1))
        made = composer.make(1)
        replace = action(A.REPLACE, type_nr=1, type_id=3)
        composer.act(replace, made)
        self.assertEqual(made.data, b"aa")
        composer.act(action(A.MAKE), made)
        self.assertEqual((made.data, made.params), (b"ab", (1, 2)))
        store.set(3, "1")
        composer.act(replace, made)
        self.assertEqual(composer.make(1).data, b"aa")
        for wrong in (action(A.REPLACE, type_nr=2, type_id=3), action(A.REPLACE, type_nr=0, type_id=2)):
            with self.assertRaises(ComposeError):
                composer.act(wrong, made)

    def test_reverse(self) -> None:
        _, composer = stage(data(1, "ab"), data(2, "cd"), content=(1, 2, 1))
        made = composer.make(1)
        composer.reverse(made, 1, 1)
        self.assertEqual(made.data, b"abcdba")
        composer.reverse(made, 2)
        self.assertEqual(made.data, b"abdcba")
        with self.assertRaises(ComposeError):
            composer.reverse(made, 1, 2)

    def test_replace_data(self) -> None:
        encoding = Encoding()
        for options, offsets, before, after in (
            ("41;42", (0, 0), b"AxA", b"BxB"),
            ("41-42;42-41", (0, 0), b"ABBA", b"BAAB"),
            ("0x4142;0x43", (0, 0), b"ABAB", b"CC"),
            ("41;", (0, 0), b"AxA", b"x"),
            ("41;4242", (1, 1), b"AAAA", b"ABBBBA"),
            ("41;42;use_offset", (1, 1), b"AAAA", b"BAAB"),
            ("41;42;use_offset", (3, 3), b"AAAA", b"BBBB"),
            ("4141;42", (1, 1), b"AAA", b"AAA"),
            ("41;42", (3, 3), b"AAAA", b"AAAA"),
        ):
            replace = parse_replace_data(options).value
            one = action(A.REPLACE_DATA, replace=replace, start_offset=offsets[0], end_offset=offsets[1])
            self.assertEqual(edited(before, replacing_edits(one, before, encoding)), after, options)

    def test_replace_data_in_a_command(self) -> None:
        _, composer = stage(data(1, "xA"), data(2, "By"), data(3, "z"))
        made = composer.make(1)
        composer.act(action(A.REPLACE_DATA, replace=parse_replace_data("4142;303132").value), made)
        self.assertEqual((made.parts, made.starts), ((b"x012", b"y", b"z"), (0, 4, 5)))
        with self.assertRaises(ComposeError):  # as many old as new ones
            composer.act(action(A.REPLACE_DATA, replace=parse_replace_data("41-42;43").value), made)

    def test_read_stuffing(self) -> None:
        one = action(A.READ_STUFFING, type_value="0x10", start_offset=1)
        for before, after in (("1010 1010", "101010"), ("0210104110", "02104110")):
            raw = bytes.fromhex(before)
            self.assertEqual(edited(raw, reading_edits(one, raw, Encoding())), bytes.fromhex(after))


class StuffingTest(SynchronousTestCase):
    def stuffed(self, raw: str, **more: object) -> str:
        one, plain = action(A.STUFFING, type_value="0x10", **more), bytes.fromhex(raw)
        return edited(plain, stuffing_edits(one, plain, Encoding())).hex(" ")

    def test_allowed_is_a_set(self) -> None:
        self.assertEqual(self.stuffed("10 41 10 03", allowed=b"\x03\x02"), "10 10 41 10 03")
        self.assertEqual(self.stuffed("10 03 10 02"), "10 10 03 10 10 02")
        self.assertEqual(self.stuffed("10 41 10", start_offset=1), "10 41 10 10")
        self.assertEqual(self.stuffed("10 41 10", end_offset=1), "10 10 41 10")

    def test_never_doubled(self) -> None:
        store, composer = stage(
            constant(1, b"\x02"), Param(2, "d", interprete=Interprete()), constant(3, b"\x03")
        )
        store.set_raw(2, b"\x10a\x7e")
        both = action(A.STUFFING, type_value="0x10"), action(A.STUFFING, id=2, type_value="0x7E")
        made = composer.make(1)
        for _ in range(3):
            for one in both:
                composer.act(one, made)
            self.assertEqual(made.data, b"\x02\x10\x10a\x7e\x7e\x03")
        self.assertEqual(store.raw(2), b"\x10a\x7e")
        self.assertEqual(composer.make(1).data, b"\x02\x10a\x7e\x03")

    def test_taken_out_where_the_rest_has_moved(self) -> None:
        _, composer = stage(data(1, "axb"), data(2, "xc"))
        made = composer.make(1)
        one = action(A.STUFFING, type_value="x")
        composer.act(one, made)
        composer.act(action(A.REPLACE_DATA, replace=parse_replace_data("61;414141").value), made)
        self.assertEqual(made.data, b"AAAxxbxxc")
        composer.act(one, made)
        self.assertEqual(made.data, b"AAAxxbxxc")
        made.unstuff(1)
        self.assertEqual(made.data, b"AAAxbxc")

    def test_a_checksum_after_it(self) -> None:
        _, composer = stage(data(1, "xy"), checksum(2, Crc("sum", (0,))))
        made = composer.make(1)
        composer.act(action(A.STUFFING, type_value="x"), made)
        composer.act(action(A.CRC), made)
        self.assertEqual(made.data, b"xxy" + bytes([(0x78 * 2 + 0x79) % 256]))

    def test_no_value(self) -> None:
        _, composer = stage(data(1, "x"))
        with self.assertRaises(ComposeError):
            composer.act(action(A.STUFFING), composer.make(1))


class WireTest(SynchronousTestCase):
    def sent(self, raw: str, said: str, kind: ConnectionType = ConnectionType.SMART_SERIAL) -> str:
        _, composer = stage(
            constant(1, bytes.fromhex(raw)),
            stuffing=parse_stuffing(said).value,
            connections=(Connection(kind),),
        )
        made = composer.make(1)
        wired = composer.wire(made)
        self.assertEqual(composer.wire(made), wired)
        return wired.hex(" ")

    def test_examples(self) -> None:
        said = "on=command,response;escape=0x10;stuffing=0x10;startoffset=1;endoffset=1"
        self.assertEqual(self.sent("02 10 41 03", said), "02 10 10 41 03")
        said = "on=command;escape=0x32;stuffing=0x32;allowed=0x380x39"
        self.assertEqual(self.sent("31 32 39 33", said), "31 32 32 39 33")
        self.assertEqual(self.sent("31 32 38 39 33", said), "31 32 38 39 33")

    def test_lists_and_offsets(self) -> None:
        said = "on=command;escape=0x10;stuffing=0x7E;allowed=0x01,0x02;startoffset=1;endoffset=1"
        self.assertEqual(self.sent("7E 7E 01 7E 03 7E", said), "7e 7e 01 10 7e 03 7e")
        self.assertEqual(self.sent("7E 7E 01", said), "7e 7e 01")  # what follows may be beyond the region

    def test_where_it_is_not_meant(self) -> None:
        self.assertEqual(self.sent("10", "on=response;escape=0x10;stuffing=0x10"), "10")
        said = "on=command;escape=0x10;stuffing=0x10"
        self.assertEqual(self.sent("10", said, ConnectionType.SERIAL), "10")
        self.assertEqual(self.sent("10", said, ConnectionType.GPIB), "10 10")

    @given(
        st.binary(max_size=30).map(lambda raw: raw.translate(bytes(b % 4 for b in range(256)))),
        st.integers(0, 2),
    )
    def test_the_way_back(self, raw: bytes, escape: int) -> None:
        stuffing = Stuffing(bytes([escape]), b"\1", command=True, response=True)
        sent = edited(raw, escaping_edits(stuffing, raw))
        back, place = b"", 0
        while place < len(sent):
            place += sent.startswith(bytes([escape, 1]), place)
            back += sent[place : place + 1]
            place += 1
        self.assertEqual(back, raw)


class UnicodeTest(SynchronousTestCase):
    def parts(self, ascii: bool | tuple[int, ...]) -> tuple[bytes, ...]:
        store, composer = stage(
            constant(1, "<"),
            constant(2, b"\r\n"),
            data(3, "é"),
            Param(4, "n", ParamType.WRITE, Interprete(RawType.NUMERIC_TEXT, type=ValueType.DOUBLE)),
            Param(5, "f", ParamType.WRITE, Interprete(length_type=FIXED, length=4)),
            Param(6, "t", ParamType.WRITE, Interprete(RawType.NUMERIC_TEXT)),
            unicode=True,
            ascii=ascii,
        )
        store.set(4, 12)
        store.set(5, "x")
        store.set(6, "7")
        return composer.make(1).parts

    def test_plain(self) -> None:
        self.assertEqual(self.parts(False), (b"<\0", b"\r\n", b"\xe9\0", b"12", b" \0x\0", b"7\0"))

    def test_all_in_the_code_page(self) -> None:
        self.assertEqual(self.parts(True), (b"<", b"\r\n", b"\xe9", b"12", b"   x", b"7"))

    def test_bytes_are_no_text(self) -> None:
        hexes = Param(1, "h", ParamType.WRITE, Interprete(length_type=FIXED, value=b"A\0"))
        _, composer = stage(hexes, unicode=True, ascii=True)
        self.assertEqual(composer.make(1).data, b"A\0")

    def test_some_in_the_code_page(self) -> None:
        self.assertEqual(self.parts((3, 2)), (b"<\0", b"\r\n", b"\xe9", b"12", b" \0x\0", b"7\0"))


PARTS = st.lists(st.binary(max_size=5).map(lambda raw: raw.replace(b"\2", b"\1")), min_size=1, max_size=5)


class LawsTest(SynchronousTestCase):
    def buffer(self, parts: list[bytes]) -> Buffer:
        return Buffer(Command(1, "c"), range(len(parts)), parts)

    @given(PARTS, st.data())
    def test_positions_are_kept(self, parts: list[bytes], draw: st.DataObject) -> None:
        made = self.buffer(parts)
        places = sorted(draw.draw(st.sets(st.integers(0, max(0, len(made.data) - 1)), max_size=6)))
        if not made.data:
            return
        ends = [*places[1:], len(made.data)]
        edits = [
            Edit(start, draw.draw(st.integers(start, end)), draw.draw(st.binary(max_size=3)))
            for start, end in zip(places, ends, strict=False)
        ]
        wanted = edited(made.data, edits)
        made.edit(edits)
        self.assertEqual(made.data, wanted)
        self.assertEqual(len(made.parts), len(parts))

    @given(PARTS)
    def test_stuffing_is_taken_out_whole(self, parts: list[bytes]) -> None:
        made = self.buffer(parts)
        edits = [Edit(n, n, b"\2") for n, byte in enumerate(made.data) if byte == 1]
        made.edit(edits, 5)
        self.assertEqual(made.data.count(b"\2"), len(edits))
        made.unstuff(5)
        self.assertEqual(made.parts, tuple(parts))

    @given(st.text("abc\x10", max_size=9), st.integers(-5, 300), st.integers(0, 65535))
    def test_what_is_made_is_read(self, words: str, small: int, large: int) -> None:
        """The bytes of each position give the value that was set."""
        params = (
            data(1),
            Param(2, "b", interprete=Interprete(RawType.NUMERIC_TEXT, type=ValueType.DOUBLE)),
            Param(3, "c", interprete=Interprete(RawType.UNSIGNED_NUMBER, FIXED, 2, type=ValueType.DOUBLE)),
            length(4, (0,)),
            checksum(5, Crc("crc-ccitt", (0, 1, 2, 3)), 2, endian=Endian.BIG),
        )
        store, composer = stage(*params)
        for id, value in ((1, words), (2, small), (3, large)):
            store.set(id, value)
        made = composer.make(1)
        for kind in (A.LENGTH, A.CRC):
            composer.act(action(kind), made)
        other, _ = stage(*params)
        for id, part in zip(made.params, made.parts, strict=True):
            other.receive(id, part)
        self.assertEqual(
            [other.value(id) or "" for id in range(1, 6)], [store.value(id) or "" for id in range(1, 6)]
        )
        self.assertEqual(other.value(4), len(words))


class BundledTest(SynchronousTestCase):
    """The definitions that come with us, with what their triggers do before a command."""

    def stage(self, name: str) -> tuple[Protocol, Store, Composer]:
        protocol = load((PROTOCOLS / f"{name}.xml").read_bytes(), name)
        notes: list[str] = []
        store = Store(protocol, given={ParamType.BUS: "1"}, note=notes.append)
        self.assertEqual(notes, [], name)
        return protocol, store, Composer(protocol, store)

    def actions(self, protocol: Protocol, command: int) -> Iterator[Action]:
        for trigger in Moments(protocol).at(TriggerOn.COMMAND, TriggerTime.BEFORE, command):
            for step in trigger.content:
                yield protocol.action[step.id]

    def test_commands(self) -> None:
        heard = 0
        for name in NAMES:
            protocol, store, composer = self.stage(name)
            for message in right(name, "command"):
                command = next(one for one in protocol.commands if one.name == message.name)
                for id, field in zip(command.content, message.fields, strict=True):
                    param = protocol.param[id]
                    if field.bits is not None:
                        for word, value in field.bits.items():
                            bit = next(
                                one for one in protocol.params if one.name == word and id in one.type_id
                            )
                            store.set(bit.id, value, By.OPERATOR)
                    elif field.name and param.type not in (ParamType.CRC, ParamType.LENGTH):
                        assert field.value is not None
                        store.set(id, field.value, By.OPERATOR)
                made = composer.make(command.id)
                for one in self.actions(protocol, command.id):
                    composer.act(one, made)
                self.assertEqual(composer.wire(made), message.raw, f"{name}: {message.name} {message.note}")
                self.assertEqual(made.parts, tuple(field.raw for field in message.fields))
                heard += 1
        self.assertEqual(heard, sum(m.kind == "command" for name in NAMES for m in ALL[name] if not m.wrong))
        self.assertGreater(heard, 40)

    def test_values_of_responses(self) -> None:
        """What devices say gives the values that people see, each change told once."""
        for name in NAMES:
            protocol, store, _ = self.stage(name)
            ids = {(one.name, one.type is ParamType.WRITE): one.id for one in protocol.params}
            for message in right(name, "response"):
                for field in message.fields:
                    if not field.name:
                        continue
                    id = ids.get((field.name, False), ids.get((field.name, True), -1))
                    store.receive(id, field.raw)
                    self.assertEqual(store.receive(id, field.raw), ())
                    if field.bits is None:
                        self.assertEqual(store.value(id), field.value, f"{name}: {field}")
                        if field.display:
                            self.assertEqual(store.display(id), field.display)
                    for word, value in (field.bits or {}).items():
                        bit = next(one for one in protocol.params if one.name == word and id in one.type_id)
                        self.assertEqual(store.value(bit.id), value, f"{name}: {word}")
