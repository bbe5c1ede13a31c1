"""Values of an element: what is set, what is received, what counts as a change."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import Operation, Step, parse_sequence
from smartserial.definition.measurement import Discreet, Display, Measurement
from smartserial.definition.param import (
    Endian,
    Interprete,
    LengthType,
    Other,
    Param,
    ParamType,
    RawType,
    ValueException,
    ValueType,
)
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.value import NotAValueError
from smartserial.engine.builtin import CONNECTION_STATE, TIMER_BASE
from smartserial.engine.changes import By, Change
from smartserial.engine.held import MOST_BYTES
from smartserial.engine.store import Store, UnknownParamError

FIXED = LengthType.FIXED
NEXT = LengthType.NEXT_PARAM


def number(id: int, length: int | None = 2, **more: object) -> Param:
    """A binary number."""
    kind = more.pop("kind", ParamType.READ)
    name, save, setter = more.pop("name", f"p{id}"), more.pop("save", False), more.pop("setter", False)
    raw = more.pop("raw", RawType.UNSIGNED_NUMBER)
    size = NEXT if length is None else FIXED
    interprete = Interprete(raw, size, length, type=ValueType.DOUBLE, **more)  # type: ignore[arg-type]
    return Param(id, name, kind, interprete, save=save, setter=setter)  # type: ignore[arg-type]


def text(id: int, length: int | None = None, kind: ParamType = ParamType.READ, **more: object) -> Param:
    """A text."""
    save, setter, name = more.pop("save", False), more.pop("setter", False), more.pop("name", f"p{id}")
    size = NEXT if length is None else FIXED
    interprete = Interprete(length_type=size, length=length, **more)  # type: ignore[arg-type]
    return Param(id, name, kind, interprete, save=save, setter=setter)  # type: ignore[arg-type]


def bit(id: int, group: int, start: int, count: int = 1, kind: ParamType = ParamType.READ_BIT) -> Param:
    """Bits of a group."""
    interprete = Interprete(
        RawType.UNSIGNED_NUMBER, FIXED, type=ValueType.DOUBLE, start_position=start, nbr_of_bits=count
    )
    return Param(id, f"b{id}", kind, interprete, type_id=(group,))


def group(id: int, length: int = 2, endian: Endian | None = Endian.BIG) -> Param:
    """Bytes that hold bits."""
    return Param(id, f"g{id}", ParamType.GROUP, Interprete(RawType.OTHER, FIXED, length, endian=endian))


def store(*params: Param, notes: list[str] | None = None, **more: object) -> Store:
    return Store(
        Protocol("P", params=params), note=(notes or []).append if notes is None else notes.append, **more
    )  # type: ignore[arg-type]


class StartTest(SynchronousTestCase):
    def test_fixed_lengths_are_filled(self) -> None:
        for raw, fill in (
            (RawType.OTHER, b"  "),
            (RawType.TEXT, b"  "),
            (RawType.NUMERIC_TEXT, b"00"),
            (RawType.UNSIGNED_NUMBER, b"\0\0"),
            (RawType.BCD, b"\0\0"),
        ):
            s = store(Param(1, "a", interprete=Interprete(raw, FIXED, 2)))
            self.assertEqual(s.raw(1), fill, raw)
            self.assertFalse(s.is_empty(1))
            self.assertFalse(s.is_shown(1))
            self.assertEqual(s.display(1), "")

    def test_others_are_empty(self) -> None:
        s = store(text(1), number(2, None))
        for id in (1, 2):
            self.assertEqual((s.raw(id), s.value(id), s.is_empty(id)), (b"", None, True))

    def test_constants(self) -> None:
        s = store(
            text(1, 3, ParamType.FIXED, value="ab"),
            text(2, 2, ParamType.TRAILER, value="abc"),
            number(3, 1, kind=ParamType.FIXED, value="1"),
            number(4, 1, kind=ParamType.HEADER, raw=RawType.BCD, value=b"\xff"),
        )
        self.assertEqual([s.raw(id) for id in (1, 2, 3, 4)], [b" ab", b"  ", b"1", b"\xff"])
        self.assertEqual(s.value(3), 49)
        self.assertEqual(s.value(4), "\xff")

    def test_saved_then_defaults(self) -> None:
        params = text(1, save=True, default_value="d"), text(2, default_value="d"), number(3, 1, save=True)
        notes: list[str] = []
        s = store(*params, notes=notes, saved={1: b"s", 2: b"s", 3: b"too long", 9: b"?"})
        self.assertEqual((s.value(1), s.value(2), s.value(3)), ("s", "d", 0))
        self.assertEqual(len(notes), 1)
        self.assertIn("param 3", notes[0])
        self.assertEqual(s.saved(), {1: b"s"})
        s.set(3, 7)
        again = store(*params, saved=s.saved())
        self.assertEqual((again.value(1), again.value(3)), ("s", 7))

    def test_what_the_element_tells(self) -> None:
        s = store(
            number(1, 1, kind=ParamType.BUS),
            text(2, None, ParamType.ELEMENT_NAME),
            given={ParamType.BUS: "17", ParamType.ELEMENT_NAME: "pump"},
        )
        self.assertEqual((s.raw(1), s.value(2)), (b"\x11", "pump"))

    def test_built_in(self) -> None:
        s = store()
        self.assertEqual((s.value(CONNECTION_STATE), s.value(TIMER_BASE)), (2, 1))
        changes = s.set(CONNECTION_STATE, 3, By.ENGINE)
        self.assertEqual(changes, (Change(CONNECTION_STATE, 2, 3),))
        self.assertEqual(s.set(CONNECTION_STATE, 3, By.ENGINE), ())
        s.set(65008, "anything")
        self.assertEqual(s.value(65008), "anything")

    def test_unknown(self) -> None:
        s = store()
        for call in (s.raw, s.value, s.clear, s.is_empty, s.display):
            with self.assertRaises(UnknownParamError):
                call(5)

    def test_lengths_that_nobody_can_hold(self) -> None:
        with self.assertRaises(NotAValueError):
            store(text(1, 10**12))


class ChangesTest(SynchronousTestCase):
    def test_received(self) -> None:
        s = store(number(1, 1))
        self.assertEqual(s.receive(1, b"\0"), (Change(1, 0, 0),))  # the first one counts
        self.assertEqual(s.receive(1, b"\0"), ())
        self.assertEqual(s.receive(1, b"\x05"), (Change(1, 0, 5),))
        s.clear(1)
        self.assertEqual(s.receive(1, b"\x05"), (Change(1, 0, 5),))

    def test_by_whom(self) -> None:
        s = store(text(1), text(2, None, ParamType.WRITE))
        for id, by, again in (
            (1, By.ENGINE, 0),
            (1, By.CODE, 1),
            (1, By.OPERATOR, 0),
            (2, By.ENGINE, 0),
            (2, By.CODE, 1),
            (2, By.OPERATOR, 1),
        ):
            s.clear(id)
            self.assertEqual(s.set(id, "x", by), (Change(id, None, "x"),))
            self.assertEqual(len(s.set(id, "x", by)), again, (id, by))

    def test_setter(self) -> None:
        read = number(1, 2, name="level")
        write = text(2, None, ParamType.WRITE, name="level", setter=True)
        notes: list[str] = []
        s = store(read, write, notes=notes)
        self.assertEqual(s.set(2, "7", By.OPERATOR), (Change(2, None, "7"), Change(1, 0, 7)))
        self.assertEqual(s.set(2, "7", By.OPERATOR), (Change(2, "7", "7"),))
        self.assertEqual(s.raw(1), b"\x07\0")
        self.assertEqual(s.set(2, "much", By.OPERATOR), (Change(2, "7", "much"),))
        self.assertEqual((s.value(1), len(notes)), (7, 1))

    def test_setters_wait_for_the_start(self) -> None:
        """What a device reports is not what we would like to say."""
        write = text(2, None, ParamType.WRITE, name="level", setter=True, default_value="7")
        s = store(number(1, 2, name="level"), write)
        self.assertEqual((s.value(1), s.value(2), s.is_shown(1)), (0, "7", False))

    def test_range_is_for_devices(self) -> None:
        notes: list[str] = []
        s = store(number(1, 1, low=1.0, high=9.0), notes=notes)
        self.assertEqual(s.receive(1, b"\x0a"), ())
        self.assertEqual(notes, ["param 1: 10 is above 9"])
        self.assertEqual(len(s.set(1, 200)), 1)
        self.assertEqual(s.value(1), 200)

    def test_bytes_that_do_not_fit(self) -> None:
        notes: list[str] = []
        s = store(number(1, None, raw=RawType.NUMERIC_TEXT), notes=notes)
        s.receive(1, b"5")
        self.assertEqual(s.receive(1, b"x"), ())
        self.assertEqual((s.value(1), len(notes)), (5, 1))
        self.assertEqual(s.receive(1, b""), (Change(1, 5, ""),))
        self.assertTrue(s.is_empty(1))
        for call in (lambda: s.set(1, "x"), lambda: s.set_raw(1, b"x")):
            with self.assertRaises(NotAValueError):
                call()

    def test_texts_that_are_empty_are_set(self) -> None:
        s = store(text(1))
        self.assertEqual(s.receive(1, b""), (Change(1, None, ""),))
        self.assertFalse(s.is_empty(1))

    def test_a_value_is_what_its_bytes_mean(self) -> None:
        s = store(text(1, 4), number(2, None, raw=RawType.NUMERIC_TEXT), number(3, 2))
        s.set(1, "AB")
        s.set_raw(2, b"007")
        s.set(3, 2.6)
        self.assertEqual((s.value(1), s.raw(1)), ("  AB", b"  AB"))
        self.assertEqual((s.value(2), s.raw(2)), (7, b"007"))
        self.assertEqual((s.value(3), s.raw(3)), (3, b"\x03\0"))
        s.set(1, "")
        self.assertEqual(s.raw(1), b"    ")

    def test_counter(self) -> None:
        s = store(number(1, 2, sequence_loop=1010.0))
        for raw, value in ((1000, 1000), (20, 30), (25, 25)):
            s.receive(1, raw.to_bytes(2, "little"))
            self.assertEqual(s.value(1), value)

    def test_not_too_large(self) -> None:
        notes: list[str] = []
        s = store(text(1), notes=notes)
        s.set(1, "x" * MOST_BYTES)
        with self.assertRaises(NotAValueError):
            s.set(1, "y" * (MOST_BYTES + 1))
        self.assertEqual(s.receive(1, b"z" * (MOST_BYTES + 1)), ())
        self.assertEqual((s.raw(1)[:1], len(notes)), (b"x", 1))

    def test_entered_again(self) -> None:
        s = store(text(1, None, ParamType.WRITE))
        s.set(1, "on", By.OPERATOR)
        self.assertEqual(s.touch(1), (Change(1, "on", "on"),))


class DisplayTest(SynchronousTestCase):
    def temperature(self, endian: Endian | None) -> Param:
        return number(
            31,
            2,
            raw=RawType.SIGNED_NUMBER,
            endian=endian,
            sequence=parse_sequence("div:10").value,
            exceptions=(ValueException("-999.9", "No probe", "-1000"),),
        )

    def test_temperature(self) -> None:
        s = store(self.temperature(Endian.BIG))
        s.receive(31, bytes.fromhex("FF9C"))
        self.assertEqual((s.value(31), s.display(31)), (-10, "-10"))
        s.receive(31, bytes.fromhex("D8F1"))
        self.assertEqual((s.value(31), s.display(31)), (-999.9, "No probe"))
        little = store(self.temperature(None))
        little.receive(31, bytes.fromhex("FF9C"))
        self.assertEqual(little.value(31), -2534.5)

    def test_words_and_units(self) -> None:
        choice = Measurement("discreet", (Discreet("0", "Off"), Discreet("1", "On")))
        interprete = Interprete(RawType.UNSIGNED_NUMBER, FIXED, 1, type=ValueType.DOUBLE)
        s = store(
            Param(1, "a", interprete=interprete, measurement=choice),
            Param(2, "b", interprete=interprete, display=Display(units="dB", decimals=1)),
        )
        s.set(1, 1)
        s.set(2, 3)
        self.assertEqual((s.display(1), s.display(2)), ("On", "3.0 dB"))
        s.clear_display(2)
        self.assertEqual((s.display(2), s.is_shown(2), s.value(2)), ("", False, 3))
        self.assertEqual(s.set(2, 3, By.ENGINE), ())
        self.assertTrue(s.is_shown(2))

    def test_others(self) -> None:
        none = text(1, 3, ParamType.FIXED, value="---")
        s = store(none, number(2, None, raw=RawType.NUMERIC_TEXT, others=(Other(1, "-1", "none"),)))
        s.receive(2, b"---")
        self.assertEqual((s.value(2), s.display(2), s.raw(2)), (-1, "none", b"---"))

    def test_nominal(self) -> None:
        s = store(number(1, 1))
        s.set(1, 4)
        s.normalize(1)
        s.set(1, 5)
        self.assertEqual(s.nominal(1), 4)
        s.normalize(1, 9)
        self.assertEqual(s.nominal(1), 9)


class BitsTest(SynchronousTestCase):
    def test_read(self) -> None:
        s = store(group(1), bit(2, 1, 6), bit(3, 1, 7), bit(4, 1, 10), bit(5, 1, 8, 4))
        changes = s.receive(1, b"\x31\x02")
        self.assertEqual([s.value(id) for id in (2, 3, 4, 5)], [1, 0, 1, 3])
        self.assertEqual([change.param for change in changes], [1, 2, 3, 4, 5])
        self.assertEqual(changes[1], Change(2, 0, 1))
        self.assertEqual([c.param for c in s.receive(1, b"\x41\x02")], [1, 4, 5])
        self.assertEqual(s.receive(1, b"\x41\x02"), ())

    def test_read_little(self) -> None:
        s = store(group(1, endian=None), bit(2, 1, 2, 2))
        s.receive(1, b"\x31\x02")
        self.assertEqual(s.value(2), 3)

    def test_write(self) -> None:
        s = store(group(1, 1), bit(2, 1, 3, kind=ParamType.WRITE_BIT), bit(3, 1, 3))
        self.assertEqual(s.value(2), 0)
        changes = s.set(2, 1, By.OPERATOR)
        self.assertEqual(s.raw(1), b"\x10")
        self.assertEqual([change.param for change in changes], [2, 1, 3])
        self.assertEqual([c.param for c in s.set(2, 1, By.OPERATOR)], [2, 1])  # the group is told again
        self.assertEqual(s.set(2, 1, By.ENGINE), ())
        with self.assertRaises(NotAValueError):
            s.set(2, 2)
        self.assertEqual((s.raw(1), s.value(2)), (b"\x10", 1))

    def test_bits_that_are_not_there(self) -> None:
        notes: list[str] = []
        s = store(group(1, 1), bit(2, 1, 8), bit(3, 99, 0), notes=notes)
        s.receive(1, b"\xff")
        self.assertIsNone(s.value(2))
        self.assertTrue(notes)


class ShapeTest(SynchronousTestCase):
    def test_change_length(self) -> None:
        s = store(text(1, 3), number(2, 2), text(3, 1, ParamType.FIXED, value="ab"), text(4))
        s.set(1, "abc")
        s.set(2, 300)
        s.change_length(1, 5)
        s.change_length(2, 1)
        s.change_length(3, 2)
        self.assertEqual([s.raw(id) for id in (1, 2, 3)], [b"  abc", b"\0", b"ab"])
        self.assertEqual((s.value(1), s.was_set(1), s.was_set(2)), ("  abc", True, False))
        self.assertEqual(s.altered, {1, 2, 3})
        interprete = s.param(1).interprete
        assert interprete is not None
        self.assertEqual(interprete.length, 5)
        for id, length in ((4, 1), (1, -1)):
            with self.assertRaises(NotAValueError):
                s.change_length(id, length)
        s.change_length(1, 10**12)
        self.assertEqual(len(s.raw(1)), MOST_BYTES)

    def test_constants_that_are_set(self) -> None:
        s = store(text(1, 1, ParamType.HEADER, value="<"))
        self.assertEqual(s.altered, frozenset())
        s.set_raw(1, b">")
        self.assertEqual((s.raw(1), s.altered), (b">", {1}))

    def test_set_info(self) -> None:
        s = store(number(1, 1))
        s.receive(1, b"\x64")
        s.set_info(1, Scale(0, 100, 0, 10), (Step(Operation.OFFSET, 1),))
        self.assertEqual(s.value(1), 100)
        s.receive(1, b"\x64")
        self.assertEqual(s.value(1), 11)  # the scale comes first
        s.set_info(1, disabled=frozenset({"sequence"}))
        s.receive(1, b"\x64")
        self.assertEqual(s.value(1), 10)
        s.set_info(1, disabled=frozenset({"scale"}))
        s.receive(1, b"\x64")
        self.assertEqual(s.value(1), 100)

    def test_sequences_use_other_params(self) -> None:
        notes: list[str] = []
        s = store(text(1), number(2, 1, sequence=(Step(Operation.FACTOR, param=1),)), notes=notes)
        self.assertEqual(s.receive(2, b"\x02"), ())
        self.assertEqual(len(notes), 1)
        s.set(1, "1.5")
        s.receive(2, b"\x02")
        self.assertEqual(s.value(2), 3)


VALUES = st.text(max_size=12) | st.integers(-(2**70), 2**70) | st.floats()
PARAMS = st.builds(
    Param,
    st.just(1),
    st.just("p"),
    st.sampled_from((ParamType.READ, ParamType.WRITE, ParamType.GROUP, ParamType.CRC, ParamType.FIXED)),
    st.builds(
        Interprete,
        raw_type=st.sampled_from(RawType),
        length_type=st.sampled_from(LengthType),
        length=st.none() | st.integers(0, 9),
        type=st.sampled_from(ValueType),
        value=st.none() | st.binary(max_size=3) | st.text(max_size=3),
        endian=st.none() | st.sampled_from(Endian),
        base=st.integers(2, 36),
        decimals=st.integers(0, 9),
        factor=st.none() | st.floats(-9, 9),
        sequence=st.lists(st.builds(Step, st.sampled_from(Operation), st.floats(-9, 9)), max_size=2).map(
            tuple
        ),
        byte_offset=st.integers(-300, 300),
        default_value=st.none() | st.text("0123456789.-x", max_size=4),
    ),
)


class LawsTest(SynchronousTestCase):
    @settings(max_examples=300, deadline=None)
    @given(PARAMS, st.lists(VALUES | st.binary(max_size=12), max_size=5), st.booleans())
    def test_anything_is_taken_or_refused(
        self, param: Param, what: list[str | float | bytes], unicode: bool
    ) -> None:
        s = Store(Protocol("P", params=(param,), unicode=unicode))
        size = len(s.raw(1))
        for one in what:
            before = s.raw(1), s.value(1)
            try:
                if isinstance(one, bytes):
                    s.set_raw(1, one)
                    self.assertEqual(s.raw(1), one)
                else:
                    s.set(1, one)
            except NotAValueError:
                self.assertEqual((s.raw(1), s.value(1)), before)
            s.display(1)
            if (
                param.interprete
                and param.interprete.length_type is FIXED
                and param.interprete.length is not None
            ):
                self.assertEqual(len(s.raw(1)), size)

    @settings(max_examples=200, deadline=None)
    @given(PARAMS, st.lists(st.binary(max_size=9), max_size=6))
    def test_what_is_received_again_is_no_change(self, param: Param, heard: list[bytes]) -> None:
        s = Store(Protocol("P", params=(param,)))
        for raw in heard:
            s.receive(1, raw)
            self.assertEqual(s.receive(1, raw), ())

    @given(st.binary(min_size=2, max_size=2), st.integers(0, 15), st.data())
    def test_bits_are_written_as_they_are_read(self, raw: bytes, start: int, data: st.DataObject) -> None:
        count = data.draw(st.integers(1, 16 - start))
        value = data.draw(st.integers(0, 2**count - 1))
        s = store(group(1), bit(2, 1, start, count, ParamType.WRITE_BIT), bit(3, 1, start, count))
        s.set_raw(1, raw)
        was = s.value(3)
        s.set(2, value)
        self.assertEqual(s.value(3), value)
        assert isinstance(was, int)
        s.set(2, was)
        self.assertEqual(s.raw(1), raw)
