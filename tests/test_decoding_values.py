"""What decoded messages tell: each field its own bytes, and what these mean, whatever is kept of them."""

from __future__ import annotations

import json
from dataclasses import replace
from struct import pack

from twisted.trial.unittest import SynchronousTestCase

from smartserial.captures import Piece
from smartserial.decoding import Decoder, Message, Unmatched, as_json, as_text
from smartserial.definition import authoring as a
from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.authoring import At, On
from smartserial.definition.languages.sequence import Operation, Step
from smartserial.definition.param import Interprete, LengthType, Other, Param, ParamType, RawType, ValueType
from smartserial.definition.protocol import Protocol

from .enginestage import act, read_each

END = a.trailer(1, "end", "\r", link=1)
COMMA = a.fixed(2, "comma", ",")
RAIN = a.numeric_text(10, "rain", units="mm")
READ, DO_READ = read_each()


def device(*params: Param, responses: tuple[tuple[Param | int, ...], ...] = (), **more: object) -> Protocol:
    """A smart-serial device that says these params in a line, or these responses."""
    said = responses or ((*params, END),)
    found = tuple(a.response(n, f"r{n}", *content) for n, content in enumerate(said, 1))
    usual: dict[str, object] = {"triggers": (READ,), "actions": (DO_READ,)}
    unique = tuple({one.id: one for one in (*params, COMMA, END)}.values())
    return Protocol(
        "Device",
        connections=(a.smart_serial("IP Connection"),),
        params=unique,
        responses=found,
        relative_timers=True,
        **(usual | more),  # type: ignore[arg-type]
    )


def decoded(protocol: Protocol, *pieces: bytes) -> list[Message | Unmatched]:
    return list(Decoder(protocol).decode([Piece(one) for one in pieces]))


def told(protocol: Protocol, data: bytes) -> list[dict[str, tuple[object, str]]]:
    """Return the values and the bytes of each message, by name."""
    found = []
    for one in decoded(protocol, data):
        assert isinstance(one, Message), one
        params = json.loads(as_json(one))["params"]
        found.append({name: (said["value"], said["raw"]) for name, said in params.items()})
    return found


class OwnBytesTest(SynchronousTestCase):
    """Nothing of another message is shown, and nothing is left out because it is not kept."""

    maxDiff = None

    def test_bytes_that_mean_nothing(self) -> None:
        expected = ((12.4, "31322e34"), (None, "2b"), (None, "3165393939"), (7, "37"))
        self.assertEqual(
            told(device(RAIN), b"12.4\r+\r1e999\r7\r"),
            [{"rain": one} for one in expected],
        )
        [_, one] = decoded(device(RAIN), b"12.4\r+\r")
        self.assertEqual(as_text(one), "5+2 1 r1\n  rain  -  2b")

    def test_a_value_out_of_its_range(self) -> None:
        assert RAIN.interprete is not None
        ranged = replace(RAIN, interprete=replace(RAIN.interprete, low=0, high=100))
        self.assertEqual(
            told(device(ranged), b"12\r300\r"), [{"rain": (12, "3132")}, {"rain": (300, "333030")}]
        )

    def test_a_number_that_is_none(self) -> None:
        shape = Interprete(RawType.DOUBLE, LengthType.FIXED, 8, type=ValueType.DOUBLE)
        odd = Param(10, "odd", interprete=shape)
        for number in (float("inf"), float("nan")):
            raw = pack("<d", number)
            found = told(device(odd), pack("<d", 2.5) + b"\r" + raw + b"\r")
            self.assertEqual([one["odd"] for one in found], [(2.5, pack("<d", 2.5).hex()), (None, raw.hex())])

    def test_what_a_trigger_clears(self) -> None:
        triggers = (READ, a.when(2, "clear", On.PARAMETER, At.CHANGE, 2, which=10))
        protocol = device(
            RAIN, triggers=triggers, actions=(DO_READ, act(2, ActionOn.PARAMETER, ActionType.CLEAR, 10))
        )
        self.assertEqual(told(protocol, b"1\r2\r"), [{"rain": (1, "31")}, {"rain": (2, "32")}])

    def test_what_no_action_reads(self) -> None:
        other = a.when(1, "other", On.RESPONSE, At.AFTER, 1)
        self.assertEqual(told(device(RAIN, triggers=(other,)), b"1\r"), [{"rain": (1, "31")}])

    def test_equal_messages_that_are_ignored(self) -> None:
        protocol = device(RAIN, ignore_equal_response=True)
        self.assertEqual(told(protocol, b"1\r1\r"), [{"rain": (1, "31")}] * 2)

    def test_bytes_that_actions_edit(self) -> None:
        """What is between the fields has gone, and their places with it."""
        edit = Action(2, "edit", ActionOn.RESPONSE, ActionType.READ_STUFFING, type_value="0x55")
        triggers = (a.when(1, "read", On.RESPONSE, At.BEFORE, 2, READ.content[0].id),)
        word = a.text(11, "word")
        protocol = device(word, COMMA, RAIN, triggers=triggers, actions=(DO_READ, edit))
        self.assertEqual(told(protocol, b"\x55\x55a,12\r"), [{"word": ("Ua", "5561"), "rain": (12, "3132")}])

    def test_arithmetic_with_other_params(self) -> None:
        """They are those of this message, where it has them before."""
        assert RAIN.interprete is not None
        shape = replace(RAIN.interprete, sequence=(Step(Operation.OFFSET, param=11),))
        total, base = replace(RAIN, interprete=shape), a.numeric_text(11, "base")
        found = told(device(base, COMMA, total), b"100,1\r200,2\r+,3\r")
        self.assertEqual([one["rain"][0] for one in found], [101, 202, 203])

    def test_other_states(self) -> None:
        assert RAIN.interprete is not None
        shape = replace(RAIN.interprete, others=(Other(12, "0", "dry"),))
        dry = a.fixed(12, "dry", "DRY")
        protocol = device(replace(RAIN, interprete=shape), COMMA, dry, responses=((RAIN, END),))
        [one] = decoded(protocol, b"DRY\r")
        assert isinstance(one, Message)
        self.assertEqual((one.params["rain"].value, one.params["rain"].raw), (0, b"DRY"))


class NamesTest(SynchronousTestCase):
    maxDiff = None

    def test_a_param_that_comes_twice(self) -> None:
        protocol = device(RAIN, responses=((RAIN, COMMA, RAIN, COMMA, RAIN, END),))
        self.assertEqual(
            told(protocol, b"1,2,3\r"), [{"rain": (1, "31"), "rain#2": (2, "32"), "rain#3": (3, "33")}]
        )
        [one] = decoded(protocol, b"1,2,3\r")
        lines = ["0+6 1 r1", "  rain    1 mm  31", "  rain#2  2 mm  32", "  rain#3  3 mm  33"]
        self.assertEqual(as_text(one), "\n".join(lines))

    def test_two_params_of_one_name(self) -> None:
        other = replace(RAIN, id=11)
        found = told(device(RAIN, other, responses=((RAIN, COMMA, other, COMMA, other, END),)), b"1,2,3\r")
        self.assertEqual(found, [{"rain": (1, "31"), "rain 11": (2, "32"), "rain 11#2": (3, "33")}])

    def test_the_bits_of_a_group_that_comes_twice(self) -> None:
        group = a.bit_group(20, "state", 1)
        on, level = a.bits(21, "on", group, 7), a.bits(22, "level", group, 0, 4)
        protocol = device(group, on, level, responses=((group, COMMA, group, END),))
        [found] = told(protocol, b"\x31,\x80\r")
        self.assertEqual([*found], ["state", "on", "level", "state#2", "on#2", "level#2"])
        self.assertEqual([found[name][0] for name in ("on", "level", "on#2", "level#2")], [1, 3, 0, 8])
        self.assertEqual([found[name][1] for name in ("state", "state#2")], ["31", "80"])


class InnerTest(SynchronousTestCase):
    """A response in a response tells its params behind those of the outer one."""

    maxDiff = None

    def setUp(self) -> None:
        inner = replace(a.text(80, "inner"), type=ParamType.RESPONSE, type_id=(2,))
        mark, key, equals, value = (
            a.fixed(6, "mark", ">"),
            a.text(81, "key"),
            a.fixed(82, "is", "="),
            a.text(83, "value"),
        )
        self.protocol = device(
            inner, mark, key, equals, value, responses=((mark, inner, END), (key, equals, value))
        )

    def test_its_fields(self) -> None:
        expected = {"inner": ("k=v", "6b3d76"), "key": ("k", "6b"), "value": ("v", "76")}
        self.assertEqual(told(self.protocol, b">k=v\r>k=v\r"), [expected, expected])

    def test_one_that_does_not_fit(self) -> None:
        self.assertEqual(told(self.protocol, b">zzz\r"), [{"inner": ("zzz", "7a7a7a")}])
        self.assertEqual([one.length for one in decoded(self.protocol, b">zzz\rx\r>a=b\r")], [5, 2, 5])
