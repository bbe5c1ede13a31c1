"""The author's words: class bodies become device protocols, and mistakes are told where they are made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from smartserial import plugin
from smartserial.definition import authoring as a
from smartserial.definition.action import ActionType, QAction
from smartserial.definition.check import check_protocol
from smartserial.definition.protocol import Protocol
from smartserial.errors import ConfigError
from smartserial.interfaces import IDeviceProtocol
from smartserial.plugin import (
    DeviceProtocol,
    Moment,
    Option,
    OptionError,
    Reaction,
    Steps,
    View,
    after,
    every,
    on_change,
    option,
    qaction,
    sleep,
)
from smartserial.plugin.naming import naming_problem, version_key
from smartserial.plugin.options import read_options
from smartserial.plugin.wishes import Ask, Execute, Send, SetRaw, SetValue, Sleep

WIND, END = a.numeric_text(1, "wind"), a.trailer(2, "end", "\r")
HEARD = a.response(5, "wind", WIND, END)
PARSE = QAction(7, "parse", (1,))


class Unit(Enum):
    KNOTS = "kn"
    METRES = "m/s"


def whole_tens(text: str) -> int:
    if not text.endswith("0"):
        raise ValueError("it ends in 0")
    return int(text)


class Mast(DeviceProtocol):
    """A weather mast.

    And more about it.
    """

    name = "acme-weather-mast"
    version = "1.2.3.4"
    interval = option(10.0, help="seconds between questions")
    count = option(3)
    strict = option(False)
    unit = option(Unit.KNOTS, Unit)
    tens = option(10, whole_tens)
    title = option("")
    definition = Protocol("Mast", params=(WIND, END), responses=(HEARD,), qactions=(PARSE,))

    def __init__(self, lamp: str = "red") -> None:
        self.lamp = lamp
        self.heard = 0

    @every(interval)
    def poll(self, view: View) -> Steps:
        yield sleep(self.interval)

    @after(HEARD)
    @on_change(WIND, 65045)
    def measured(self, view: View) -> None:
        self.heard += 1

    @qaction(PARSE, "other", 9)
    def parse(self, view: View, *inputs: object) -> None:
        """Do nothing."""

    def plain(self) -> None:
        """Be no reaction."""


def seen(reactions: tuple[Reaction, ...]) -> list[tuple[str, Moment, object, float]]:
    return [(one.name, one.moment, one.which, one.period) for one in reactions]


class ClassTest(SynchronousTestCase):
    def test_it_is_a_device_protocol(self) -> None:
        self.assertTrue(verifyObject(IDeviceProtocol, Mast()))
        mast = IDeviceProtocol(Mast())
        self.assertIs(mast.definition({}), mast.definition({}))
        self.assertEqual(mast.definition({}).name, "Mast")
        self.assertEqual([*mast.options], ["interval", "count", "strict", "unit", "tens", "title"])
        self.assertEqual(mast.options["interval"].help, "seconds between questions")

    def test_reactions(self) -> None:
        self.assertEqual(
            seen(Mast().reactions({"interval": "2.5"})),
            [
                ("Mast.poll", Moment.EVERY, None, 2.5),
                ("Mast.measured", Moment.AFTER, 5, 0.0),
                ("Mast.measured", Moment.CHANGE, 1, 0.0),
                ("Mast.measured", Moment.CHANGE, 65045, 0.0),
                ("Mast.parse", Moment.QACTION, 7, 0.0),
                ("Mast.parse", Moment.QACTION, "other", 0.0),
                ("Mast.parse", Moment.QACTION, 9, 0.0),
            ],
        )
        self.assertEqual({one.plugin for one in Mast().reactions()}, {"acme-weather-mast@1.2.3.4"})

    def test_each_element_has_an_instance_of_its_own(self) -> None:
        mast = Mast("blue")
        first, second = mast.reactions({"count": 8}), mast.reactions()
        one, other = (each[1].call.__self__ for each in (first, second))  # type: ignore[attr-defined]
        first[1].call(None)
        self.assertEqual((one.heard, other.heard, mast.heard), (1, 0, 0))
        self.assertEqual((one.count, other.count, mast.count), (8, 3, 3))
        self.assertEqual((one.lamp, other.lamp), ("blue", "blue"))

    def test_what_is_defined_anew(self) -> None:
        class Tall(Mast):
            name = "acme-tall-mast"
            count = option(5)

            @every(3)
            def poll(self, view: View) -> Steps:
                yield sleep(1)

            @after(6)
            def gust(self, view: View) -> None:
                """Do nothing."""

        self.assertEqual(Tall().options["count"].default, 5)
        found = seen(Tall().reactions())
        self.assertEqual(found[0][1:], (Moment.EVERY, None, 3.0))
        self.assertEqual(found[-1][1:], (Moment.AFTER, 6, 0.0))
        self.assertEqual(len(found), 8)

    def test_a_definition_that_depends_on_options(self) -> None:
        class Depends(DeviceProtocol):
            name = "depends"
            version = "1.0.0.1"
            title = option("x")

            def definition(self, options: Mapping[str, object]) -> Protocol:
                return Protocol(str(options["title"]))

        self.assertEqual(IDeviceProtocol(Depends()).definition({"title": "y"}).name, "y")

    def test_mistakes_in_class_bodies(self) -> None:
        good: dict[str, object] = {"name": "a", "version": "1.0.0.1", "definition": Protocol("a")}
        for change, said in (
            ({"name": "Weather Mast"}, "expected a name of lower-case words with hyphens"),
            ({"name": 5}, "expected a name"),
            ({"version": "1.0"}, "expected a version of four numbers, as in 1.0.0.1, found '1.0'"),
            ({"definition": "mast.xml"}, "expected a Protocol as definition, found 'mast.xml'"),
            ({"options": option(1)}, "options cannot be an option"),
        ):
            with self.subTest(change=change):
                error = self.assertRaises(TypeError, type, "Odd", (DeviceProtocol,), good | change)
                self.assertIn(said, str(error))

    def test_the_package_says_all(self) -> None:
        """What an author needs has one place, the words for definitions too."""
        self.assertEqual(plugin.__all__, sorted(plugin.__all__))
        self.assertLessEqual({"authoring", "Protocol", "QAction", "On", "At", "load"}, {*plugin.__all__})
        for name in plugin.__all__:
            self.assertTrue(hasattr(plugin, name), name)


class DecoratorsTest(SynchronousTestCase):
    def test_mistakes(self) -> None:
        def method(view: View) -> None:
            """Do nothing."""

        for mistake in (
            lambda: after(method),  # type: ignore[arg-type]
            lambda: after(),
            lambda: after(WIND),  # type: ignore[arg-type]
            lambda: on_change("wind"),  # type: ignore[arg-type]
            lambda: on_change(True),
            lambda: every("10"),  # type: ignore[arg-type]
            lambda: every(method),  # type: ignore[arg-type]
            lambda: qaction(2.5),  # type: ignore[arg-type]
        ):
            self.assertRaises(TypeError, mistake)

    def test_periods(self) -> None:
        def of(period: float | Option[float]) -> DeviceProtocol:
            @every(period)
            def tick(self: object, view: View) -> None:
                """Do nothing."""

            body = {"name": "a", "version": "1.0.0.1", "definition": Protocol("a"), "tick": tick}
            if isinstance(period, Option):
                body["period"] = period
            found: type[DeviceProtocol] = type("Odd", (DeviceProtocol,), body)
            return found()

        for period in (0, -1, float("nan"), float("inf"), option(0.0), option(0)):
            error = self.assertRaises(ValueError, of, period)
            self.assertTrue(str(error).startswith("expected 0.001 to "), error)
        self.assertRaises(TypeError, of, option("10"))
        error = self.assertRaises(OptionError, of(option(1.0)).reactions, {"period": "0"})
        self.assertTrue(str(error).startswith("option period: expected 0.001 to "), error)

    def test_reactions_by_hand(self) -> None:
        good = Reaction("a@1.0.0.1", "x", Moment.CHANGE, print, 5)
        for change in (
            {"which": "5"},
            {"which": None},
            {"which": True},
            {"call": 5},
            {"moment": Moment.EVERY},
            {"moment": "on_change"},
        ):
            with self.subTest(change=change):
                self.assertRaises(TypeError, replace, good, **change)
        tick = replace(good, moment=Moment.EVERY, which=None, period=1.0)
        for period in (0.0, -1.0, float("nan"), float("inf")):
            self.assertRaises(ValueError, replace, tick, period=period)


class OptionsTest(SynchronousTestCase):
    def test_texts_and_values(self) -> None:
        for name, given, expected in (
            ("interval", "2,5", None),
            ("interval", " 2.5 ", 2.5),
            ("interval", 3, 3.0),
            ("interval", float("nan"), None),
            ("interval", "inf", None),
            ("count", "7", 7),
            ("count", 7, 7),
            ("count", "7.5", None),
            ("count", True, None),
            ("strict", "Yes", True),
            ("strict", "off", False),
            ("strict", True, True),
            ("strict", "maybe", None),
            ("unit", "m/s", Unit.METRES),
            ("unit", Unit.METRES, Unit.METRES),
            ("unit", "METRES", None),
            ("tens", "20", 20),
            ("tens", 30, 30),
            ("tens", "21", None),
            ("title", "a b", "a b"),
            ("title", 5, "5"),
            ("title", ["x"], None),
            ("title", None, None),
        ):
            with self.subTest(name=name, given=given):
                if expected is None:
                    error = self.assertRaises(OptionError, read_options, Mast().options, {name: given})
                    self.assertTrue(str(error).startswith(f"option {name}: expected "), error)
                else:
                    found = read_options(Mast().options, {name: given})[name]
                    self.assertEqual((found, type(found)), (expected, type(expected)))

    def test_errors_say_what_is_wanted(self) -> None:
        for name, given, said in (
            ("count", "x", "option count: expected a whole number, found 'x'"),
            ("strict", "x", "option strict: expected true or false, found 'x'"),
            ("unit", "x", "option unit: expected one of kn, m/s, found 'x'"),
            ("tens", "21", "option tens: expected a value that fits, found '21' (it ends in 0)"),
            ("intervall", 1, "there is no option 'intervall': did you mean interval?"),
            ("zzz", 1, "there is no option 'zzz': there are interval, count, strict, unit, tens, title"),
        ):
            error = self.assertRaises(OptionError, Mast().reactions, {name: given})
            self.assertEqual(str(error), said)
            self.assertIsInstance(error, ConfigError)
        self.assertIn("there are none", str(self.assertRaises(OptionError, read_options, {}, {"a": 1})))

    def test_defaults_and_values_are_not_read_again(self) -> None:
        """What a converter makes need not be a text that it takes; nor need the default."""

        def words(text: str) -> list[str]:
            return text.split()

        def percent(text: str) -> int:
            if not 0 <= int(text) <= 100:
                raise ValueError("0 to 100")
            return int(text)

        class Odd(DeviceProtocol):
            name, version, definition = "odd", "1.0.0.1", Protocol("Odd")
            some = option(["a"], words)
            part = option(500, percent)

            @every(1)
            def poll(self, view: View) -> None:
                """Do nothing."""

        odd = Odd()
        for given, expected in (({}, (["a"], 500)), ({"some": "b c", "part": "7"}, (["b", "c"], 7))):
            values = read_options(odd.options, given)
            [reaction] = odd.reactions(values)
            one = reaction.call.__self__  # type: ignore[attr-defined]
            self.assertEqual((one.some, one.part), expected)
        self.assertRaises(OptionError, read_options, odd.options, {"part": "500"})
        self.assertRaises(OptionError, read_options, odd.options, {"part": 500})


class WishesTest(SynchronousTestCase):
    def test_items_and_ids_are_the_same(self) -> None:
        sent, asked = a.command(3, "ask", WIND), a.pair(4, "ask", 3, 5)
        group = a.poll(6, "ask", 4)
        for wish, expected in (
            (plugin.set_value(WIND, True), SetValue(1, 1)),
            (plugin.set_raw(1, memoryview(b"ab")), SetRaw(1, b"ab")),
            (plugin.send(sent), Send(3)),
            (plugin.ask(asked), Ask(4)),
            (plugin.ask(4), Ask(4)),
            (plugin.ask(sent, HEARD, 6, connection=1), Ask(None, 3, (5, 6), 1)),
            (plugin.execute(group), Execute(6, ActionType.EXECUTE)),
            (plugin.execute(6, "force execute"), Execute(6, ActionType.FORCE_EXECUTE)),
            (plugin.sleep(2), Sleep(2.0)),
        ):
            self.assertEqual(wish, expected)

    def test_what_cannot_be_right(self) -> None:
        wrong: list[tuple[Callable[[], object], type[Exception]]] = [
            (lambda: plugin.set_value(HEARD, 1), TypeError),  # type: ignore[arg-type]
            (lambda: plugin.set_value(1, None), TypeError),  # type: ignore[arg-type]
            (lambda: plugin.set_raw(1, "ab"), TypeError),  # type: ignore[arg-type]
            (lambda: plugin.check_trigger("x"), TypeError),  # type: ignore[arg-type]
            (lambda: plugin.run_action(1.0), TypeError),  # type: ignore[arg-type]
            (lambda: plugin.execute(1, "soon"), ValueError),
            (lambda: plugin.log("loud", "x"), ValueError),
            (lambda: plugin.log("info", b"x"), TypeError),  # type: ignore[arg-type]
            (lambda: plugin.set_connection_state(1), TypeError),  # type: ignore[arg-type]
            (lambda: plugin.set_connection_state(True, "0"), TypeError),  # type: ignore[arg-type]
            (lambda: plugin.send(HEARD), TypeError),  # type: ignore[arg-type]
            (lambda: plugin.sleep(-1), ValueError),
            (lambda: plugin.sleep("1"), TypeError),  # type: ignore[arg-type]
            (lambda: plugin.sleep(float("nan")), ValueError),
            (lambda: plugin.ask(HEARD), TypeError),  # type: ignore[arg-type]
            (lambda: plugin.ask(4, 5), TypeError),
        ]
        for call, kind in wrong:
            self.assertRaises(kind, call)


class ExampleTest(SynchronousTestCase):
    """The page runs it, and says what it does; here is how long it is, and that it fits together."""

    def test_it_is_short(self) -> None:
        page = Path(__file__).parents[1] / "docs" / "definitions" / "python.md"
        [text] = re.findall(
            r"^```python mast.py\n(.*?)^```\n", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        )
        self.assertLessEqual(len(text.splitlines()), 40)
        made: dict[str, object] = {"__name__": "mast"}
        exec(text, made)
        mast = IDeviceProtocol(made["mast"])
        self.assertEqual(check_protocol(mast.definition({})), [])
        self.assertEqual([one.moment for one in mast.reactions({})], [Moment.EVERY, Moment.CHANGE])


class NamingTest(SynchronousTestCase):
    def test_names(self) -> None:
        for name in ("a", "acme-weather-mast", "nmea-0183", "dsmr-p1"):
            self.assertEqual(naming_problem(name, "1.0.0.1"), "")
        odd: tuple[object, ...] = (
            "",
            "A",
            "a--b",
            "-a",
            "a-",
            "9a",
            "a_b",
            "a b",
            "a.b",
            "a@b",
            "a" * 101,
            "ä",
            None,
        )
        for name in odd:
            self.assertIn("expected a name", naming_problem(name, "1.0.0.1"))

    def test_versions(self) -> None:
        for version in ("1.0.0", "1.0.0.0.1", "1.0.0.a", "1.0.0.-1", "", "1" * 10 + ".0.0.0", 1.0):
            self.assertIn("expected a version", naming_problem("a", version))
        versions = ["1.0.0.10", "x", "1.0.0.9", "10.0.0.0", "2.0.0.0"]
        self.assertEqual(
            sorted(versions, key=version_key), ["x", "1.0.0.9", "1.0.0.10", "2.0.0.0", "10.0.0.0"]
        )
