"""What each action does: the ones on commands, responses, params and the protocol."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import EXECUTE_TYPES, SUPPORTED, Action, ActionOn, ActionType
from smartserial.definition.authoring import command, crc, fixed, length, number, response, text
from smartserial.definition.languages.replacing import parse_replace_data
from smartserial.definition.languages.scale import parse_scale
from smartserial.definition.param import ParamType
from smartserial.engine.engine import Settings
from smartserial.engine.running.asking import Patience
from smartserial.engine.running.deeds import DEEDS
from tests.enginestage import At, Do, On, Stage, act, at, world

A, C, P, R = ActionOn.PARAMETER, ActionOn.COMMAND, ActionOn.PROTOCOL, ActionOn.RESPONSE
A_TO_X = parse_replace_data("61;78").value
NOW = Settings({0: Patience(1.0, 0)})
EXTRA = (
    fixed(11, "hash", "#"), length(12, "length", 2, (2,), base=10), text(13, "data", kind=ParamType.WRITE),
    crc(14, "sum", "sum", (0, 1, 2), 1), fixed(15, "other", "!"),
    number(16, "holder", 2, kind=ParamType.WRITE),
    text(17, "fixed text", 4, kind=ParamType.WRITE),
)  # fmt: skip


def several(*actions: Action) -> Stage:
    """Do actions to a command, which is ``#``, two digits of length, data and a checksum, without an end."""
    protocol = world(
        triggers=(at(1, On.COMMAND, At.BEFORE, 1, *(one.id for one in actions)),),
        actions=actions,
        params=EXTRA,
    )
    protocol = replace(protocol, commands=(command(1, "c", 11, 12, 13, 14), protocol.commands[1]))
    stage = Stage(protocol, NOW)
    stage.set(13, "abc")
    stage.set(16, 15)
    stage.told()
    stage.run(1)
    return stage


def one(
    type: ActionType, on: ActionOn = C, id: int = 10, on_ids: tuple[int, ...] = (), **more: object
) -> Action:
    return act(id, on, type, *on_ids, **more)  # type: ignore[arg-type]


class TableTest(SynchronousTestCase):
    def test_every_supported_action_is_here(self) -> None:
        wanted = {(on, type) for on, types in SUPPORTED.items() for type in types}
        self.assertEqual(wanted, set(DEEDS) | {(A, Do.RUN_ACTIONS)})
        self.assertTrue(EXECUTE_TYPES)

    def test_one_that_is_not_here_fails(self) -> None:
        for on, type in ((A, Do.AGGREGATE), (P, Do.WMI), (ActionOn.GROUP, Do.SET)):
            stage = Stage(
                world(triggers=(at(1, On.PARAMETER, At.CHANGE, 501, 10),), actions=(act(10, on, type),))
            )
            stage.set(501, "x")
            said = f"note trigger 1: action 10 failed: {type.value} of a {on.value} is not supported"
            self.assertEqual(stage.told("note"), [said])


class CommandTest(SynchronousTestCase):
    # Actions before the command, and what is sent.
    TABLE = (
        ((), "> #00abc\0"),
        ((one(Do.LENGTH),), "> #03abc\0"),
        ((one(Do.LENGTH), one(Do.CRC, id=11)), "> #03abc" + chr((35 + 48 + 51 + 97 + 98 + 99) & 255)),
        ((one(Do.CRC), one(Do.LENGTH, id=11)), "> #03abc" + chr((35 + 48 + 48 + 97 + 98 + 99) & 255)),
        ((one(Do.LENGTH, on_ids=(2,)),), "> #00abc\0"),
        ((one(Do.REPLACE, type_nr=0, type_id=16),), "> #00abc\0"),  # it needs a make afterwards
        ((one(Do.REPLACE, type_nr=0, type_id=16), one(Do.MAKE, id=11)), "> !00abc\0"),
        ((one(Do.REPLACE_DATA, replace=parse_replace_data("61-63;78-79").value),), "> #00xby\0"),
        ((one(Do.STUFFING, type_value="0x62"),), "> #00abbc\0"),
        ((one(Do.REVERSE, A, on_ids=(13,)),), "> #00cba\0"),
    )

    def test_table(self) -> None:
        for actions, expected in self.TABLE:
            with self.subTest(actions=[action.type.value for action in actions]):
                self.assertEqual(several(*actions).sent(), [expected])

    def test_lengths_and_checksums_are_values_too(self) -> None:
        stage = several(one(Do.LENGTH), one(Do.CRC, id=11))
        self.assertEqual((stage.value(12), stage.value(14)), (3, (35 + 48 + 51 + 97 + 98 + 99) & 255))
        self.assertEqual(stage.told("12"), ["12=3"])

    def test_it_must_be_a_command_that_is_made(self) -> None:
        trigger = at(1, On.PARAMETER, At.CHANGE, 501, 10, 11)
        stage = Stage(
            world(triggers=(trigger,), actions=(one(Do.CRC), one(Do.REVERSE, A, id=11, on_ids=(501,))))
        )
        stage.set(501, "x")
        self.assertEqual(
            stage.told("note"),
            ["note trigger 1: action 10 failed: expected a command that is being made",
             "note trigger 1: action 11 failed: expected a response that is being heard"],
        )  # fmt: skip


class ResponseTest(SynchronousTestCase):
    """Response 1 is ``#``, a length, data, a checksum, and the end of the line."""

    def hears(self, *actions: Action, says: bytes) -> Stage:
        trigger = at(1, On.RESPONSE, At.BEFORE, 1, *(one.id for one in actions))
        protocol = world(triggers=(trigger,), actions=actions, params=EXTRA)
        heard = response(1, "r", 11, 12, 13, 14, 1)
        stage = Stage(replace(protocol, responses=(heard,)), NOW)
        stage.say(says)
        return stage

    RIGHT = b"#03abc" + bytes([(35 + 48 + 51 + 97 + 98 + 99) & 255]) + b"\n"
    WRONG_SUM = b"#03abcX\n"
    WRONG_LENGTH = b"#04abc" + bytes([(35 + 48 + 52 + 97 + 98 + 99) & 255]) + b"\n"
    READ, LENGTH, CRC = one(Do.READ, R), one(Do.LENGTH, R, id=11), one(Do.CRC, R, id=12)
    # Actions, what comes, whether it is accepted, the length and the data that are there afterwards.
    TABLE = (
        ((READ, LENGTH, CRC), RIGHT, True, 3, "abc"),
        ((), RIGHT, True, 3, None),  # without reading, what has no length of its own is left alone
        ((READ,), WRONG_SUM, True, 3, "abc"),
        ((READ, CRC), WRONG_SUM, False, 0, None),
        ((CRC, READ), WRONG_SUM, True, 3, "abc"),  # only the last action counts
        ((READ, CRC, LENGTH), WRONG_SUM, True, 3, "abc"),
        ((READ, LENGTH), WRONG_LENGTH, False, 4, None),  # the length itself is taken
        ((LENGTH, READ), WRONG_LENGTH, True, 4, None),
        ((READ, replace(CRC, on_ids=(2,))), WRONG_SUM, True, 3, "abc"),
        ((replace(READ, on_ids=(2,)),), RIGHT, True, 3, None),
        ((one(Do.READ, A, on_ids=(13,)),), RIGHT, True, 3, "abc"),
        ((one(Do.READ, A, on_ids=(12,)),), RIGHT, True, 3, None),
        ((READ, one(Do.CLEAR_LENGTH_INFO, R, id=13)), RIGHT, True, 3, "abc"),
        ((READ, one(Do.REVERSE, A, id=13, on_ids=(13,))), RIGHT, True, 3, "cba"),
        ((one(Do.REPLACE_DATA, R, replace=A_TO_X), replace(READ, id=13)), RIGHT, True, 3, "xbc"),
        ((one(Do.READ_STUFFING, R, type_value="0x61"), replace(READ, id=13)), b"#03aabcX\n", True, 3, "abc"),
        ((one(Do.STUFFING, R, type_value="0x61"), replace(READ, id=13)), RIGHT, True, 3, "aabc"),
    )  # fmt: skip

    def test_table(self) -> None:
        for actions, says, accepted, told, data in self.TABLE:
            with self.subTest(actions=[action.type.value for action in actions], says=says):
                stage = self.hears(*actions, says=says)
                lines = stage.told("heard", "unheard")
                self.assertEqual(lines[0].split(" ")[0], "heard" if accepted else "unheard")
                self.assertEqual((stage.value(12), stage.value(13)), (told, data))

    def test_an_action_that_is_left_out_is_not_the_last_one(self) -> None:
        left_out = act(13, R, Do.READ, condition='id:501 == "yes"')
        stage = self.hears(self.READ, self.CRC, left_out, says=self.WRONG_SUM)
        self.assertEqual(stage.told("unheard"), ["unheard a wrong checksum"])

    def test_what_failed_is_noted(self) -> None:
        stage = self.hears(self.READ, self.CRC, says=self.WRONG_SUM)
        self.assertEqual(
            stage.told("note", "unheard"),
            [
                "note trigger 1: action 12 failed: a wrong checksum in param 14 of response 1",
                "unheard a wrong checksum",
            ],
        )

    def test_a_param_that_another_one_names(self) -> None:
        """The position is filled by the param whose id param 16 holds, before the unit is looked at."""
        swap = one(Do.REPLACE, R, type_nr=0, type_id=16)
        for value, says, accepted in (
            (15, b"!", True),
            (15, b"#", False),
            (11, b"#", True),
            (77, b"#", True),
        ):
            trigger = at(1, On.RESPONSE, At.BEFORE, 1, 10, 900)
            protocol = world(triggers=(trigger,), actions=(swap,), params=EXTRA)
            stage = Stage(replace(protocol, responses=(response(1, "r", 11, 13, 1),)), NOW)
            for _ in range(2):
                stage.set(16, value)
                stage.told()
                stage.say(says + b"abc\n")
                lines = stage.told("heard", "unheard")
                self.assertEqual(lines[0].split(" ")[0], "heard" if accepted else "unheard", (value, says))

    def test_conditions_count_before_too(self) -> None:
        """That of the trigger, and that of the action."""
        condition = 'id:501 == "yes"'
        for held, expected in (("yes", "xbc"), ("no", "abc")):
            for of_trigger, of_action in ((condition, ""), ("", condition)):
                changed = act(10, R, Do.REPLACE_DATA, condition=of_action, replace=A_TO_X)
                triggers = (
                    at(1, On.RESPONSE, At.BEFORE, 1, 10, condition=of_trigger),
                    at(2, On.RESPONSE, At.BEFORE, 1, 900),
                )
                stage = Stage(world(triggers=triggers, actions=(changed,)))
                stage.set(501, held)
                stage.say("R1:abc\n")
                self.assertEqual(stage.value(301), expected)


class ParamTest(SynchronousTestCase):
    """Param 501 changes to ``x1`` and has an action done; what is told, and what 502 holds then."""

    TABLE = (
        (one(Do.COPY, A, on_ids=(502,)), ["502=x1"]),
        (one(Do.COPY, A, on_ids=(502,), type_id=13), ["502=in"]),
        (one(Do.COPY_REVERSE, A, on_ids=(502,)), ["502=1x"]),
        (one(Do.COPY, A, on_ids=(301, 302)), ["301=x1", "302=x1"]),
        (one(Do.APPEND, A, on_ids=(502,)), ["502=oldx1"]),
        (one(Do.APPEND_DATA, A, on_ids=(502,)), ["502=oldx1"]),
        (one(Do.CLEAR, A, on_ids=(502,)), ["silent 502="]),
        (one(Do.CLEAR, A, on_ids=(301,)), []),
        (one(Do.CLEAR_ON_DISPLAY, A, on_ids=(502,)), []),
        (one(Do.INCREMENT, A, on_ids=(401,), type_value="5"), ["401=5"]),
        (one(Do.INCREMENT, A, on_ids=(401,), type_id=402), ["401=7"]),
        (one(Do.MULTIPLY, A, on_ids=(402,), type_value="3"), ["402=21"]),
        (one(Do.POW, A, on_ids=(402,), type_value="2"), ["402=49"]),
        (one(Do.GO, A, on_ids=(502,)), ["502=old"]),
        (one(Do.GO, A, on_ids=(504,)),
            ["note trigger 1: action 10 failed: expected a value of param 504: it was never set"]),
        (one(Do.COPY, A, on_ids=(502,), type_id=504), ["502="]),
        (one(Do.NORMALIZE, A, on_ids=(502,)), []),
        (one(Do.SAVE, A, on_ids=(502,)), ["save 502 old"]),
        (one(Do.REPLACE_DATA, A, on_ids=(502,), replace=parse_replace_data("6F;6E").value), ["502=nld"]),
        (one(Do.CHANGE_LENGTH, A, on_ids=(17,), type_id=402), ["silent 17=       "]),
        (one(Do.SET_INFO, A, on_ids=(402,), scale=parse_scale("0;1;0;2").value), []),
    )  # fmt: skip

    def stage(self, action: Action) -> Stage:
        stage = Stage(
            world(4, triggers=(at(1, On.PARAMETER, At.CHANGE, 501, 10),), actions=(action,), params=EXTRA)
        )
        stage.set(13, "in")
        stage.set(502, "old")
        stage.engine.store.set(402, 7)
        stage.told()
        stage.set(501, "x1")
        return stage

    def test_table(self) -> None:
        for action, expected in self.TABLE:
            with self.subTest(type=action.type.value):
                self.assertEqual(self.stage(action).told()[1:], expected)

    def test_what_is_seen_only_in_the_values(self) -> None:
        stage = self.stage(one(Do.CLEAR, A, on_ids=(502,)))
        self.assertIsNone(stage.value(502))
        stage = self.stage(one(Do.CLEAR_ON_DISPLAY, A, on_ids=(502,)))
        self.assertEqual((stage.value(502), stage.engine.store.is_shown(502)), ("old", False))
        stage = self.stage(one(Do.NORMALIZE, A, on_ids=(502,)))
        self.assertEqual(stage.engine.store.nominal(502), "old")
        stage = self.stage(one(Do.CHANGE_LENGTH, A, on_ids=(17,), type_id=402))
        self.assertEqual(len(stage.engine.store.raw(17)), 7)

    def test_without_an_id_it_is_what_fired(self) -> None:
        stage = self.stage(one(Do.CLEAR, A))
        self.assertIsNone(stage.value(501))
        action = act(10, A, Do.CLEAR)
        stage = Stage(world(triggers=(at(1, On.GROUP, At.BEFORE, 1, 10),), actions=(action,)), NOW)
        stage.run(1)
        said = "note trigger 1: action 10 failed: expected the id of a parameter: none fired this"
        self.assertEqual(stage.told("note"), [said])

    def test_a_condition(self) -> None:
        for condition, expected in (('id:501 == "x1"', ["502=x1"]), ('id:501 == "x2"', [])):
            self.assertEqual(self.stage(act(10, A, Do.COPY, 502, condition=condition)).told()[1:], expected)

    def test_what_fails_is_noted_and_the_rest_is_done(self) -> None:
        actions = (act(10, A, Do.MULTIPLY, 502), act(11, A, Do.COPY, 777), act(12, A, Do.COPY, 301))
        trigger = at(1, On.PARAMETER, At.CHANGE, 501, 10, 11, 12)
        stage = Stage(world(triggers=(trigger,), actions=actions))
        stage.set(502, "old")
        stage.told()
        stage.set(501, "x1")
        told = stage.told()
        self.assertEqual(
            [line[:28] for line in told[1:3]],
            ["note trigger 1: action 10 fa", "note trigger 1: action 11 fa"],
        )
        self.assertEqual(told[3:], ["301=x1"])


class ProtocolTest(SynchronousTestCase):
    def test_connections(self) -> None:
        for type, more, expected in (
            (Do.OPEN, {}, "open 0"), (Do.CLOSE, {"type_nr": 0}, "close 0"),
            (Do.LOCK, {}, "lock 0"), (Do.PRIORITY_LOCK, {}, "lock 0 first"),
            (Do.OPEN, {"type_nr": 3}, "note trigger 1: action 10 failed: there is no connection 3"),
        ):  # fmt: skip
            action = act(10, P, type, **more)
            stage = Stage(world(triggers=(at(1, On.PARAMETER, At.CHANGE, 501, 10),), actions=(action,)))
            stage.set(501, "x")
            self.assertEqual(stage.told()[1:], [expected])

    def test_close_a_client(self) -> None:
        action = act(10, P, Do.CLOSE, type_id=501)
        stage = Stage(world(triggers=(at(1, On.PARAMETER, At.CHANGE, 501, 10),), actions=(action,)))
        stage.connect("A")
        stage.connect("B")
        for value, expected in (("10.0.0.5:4001", "close 0 B"), ("10.0.0.5:4009", "note trigger 1")):
            stage.told()
            stage.set(501, value)
            self.assertTrue(stage.told()[1].startswith(expected))

    def test_sleep(self) -> None:
        """It is 5 s if nothing is said, and 15 ms at least; other chains go on."""
        for value, seconds in (("", 5), ("200", 0.2), ("1", 0.015), ("0", 0.015)):
            action = act(10, P, Do.SLEEP, type_value=value)
            trigger = at(1, On.PARAMETER, At.CHANGE, 501, 10, 401)
            stage = Stage(world(triggers=(trigger,), actions=(action,)))
            stage.set(501, "x")
            stage.set(502, "y")
            self.assertEqual(stage.told(), ["501=x", "502=y"])
            stage.wait(seconds - 0.001)
            self.assertEqual(stage.told(), [])
            stage.wait(0.002)
            self.assertEqual(stage.told(), ["401=1"])
