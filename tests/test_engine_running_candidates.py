"""Before a response: what its triggers do for each candidate in order, whether or not the unit is that."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import Action, ActionOn
from smartserial.definition.authoring import crc, fixed, length, numeric_text, response, text, trailer
from smartserial.definition.flow import Trigger
from smartserial.definition.languages.replacing import ReplaceData
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import Unheard
from smartserial.engine.engine import Settings
from smartserial.engine.running.asking import Patience
from tests.enginestage import At, Do, On, Stage, act, at, counts, smart_serial, world

A, G, P, R = ActionOn.PARAMETER, ActionOn.GROUP, ActionOn.PROTOCOL, ActionOn.RESPONSE
NOW = Settings({0: Patience(1.0, 0)})


BROKEN = {"8", "11"}
"""Actions of `QuietTest` that cannot be done; when the log says so is the only difference."""


def before(*per_response: tuple[int, ...]) -> tuple[Trigger, ...]:
    """Triggers before responses 1 and more, with their actions."""
    return tuple(at(n, On.RESPONSE, At.BEFORE, n, *actions) for n, actions in enumerate(per_response, 1))


class EachCandidateTest(SynchronousTestCase):
    # What is done before responses 1 and 2, what comes, and what is told; 900 reads, 401 to 403 count.
    TABLE = (
        ("R1:a", ["401=1", "heard 1", "301=a"]),
        ("R2:b", ["401=1", "402=1", "heard 2", "302=b"]),
        ("what", ["401=1", "402=1", "unheard other bytes than the constant"]),
    )

    def test_they_run_until_one_is_taken(self) -> None:
        for says, expected in self.TABLE:
            with self.subTest(says=says):
                stage = Stage(world(triggers=before((900, 401, 10), (402, 900)), actions=(_nothing(10),)))
                stage.say(f"{says}\n")
                self.assertEqual(stage.told(), expected)

    def test_on_each(self) -> None:
        each = at(9, On.RESPONSE, At.BEFORE, None, 900, 401)
        protocol = world(3)
        stage = Stage(replace(protocol, triggers=(each,)))
        stage.say("R3:c\n")
        self.assertEqual(stage.told(), ["401=1", "401=2", "401=3", "heard 3", "303=c"])

    def test_a_unit_for_a_pair_is_tried_as_its_answers_first(self) -> None:
        stage = Stage(world(3, triggers=before((401, 900), (402, 900), (403, 900))), NOW)
        stage.run(2)
        stage.say("R2:x\n")
        self.assertEqual(stage.told(), ["> C2", "402=1", "heard 2", "302=x"])

    def test_what_one_changes_later_ones_see(self) -> None:
        """Response 2 is read only if the first one has counted, whose triggers nobody else would see."""
        reads = replace(act(10, R, Do.READ), condition=act(0, R, Do.READ, condition="id:401 == 1").condition)
        for first, expected in (((900, 401), "b"), ((900,), None)):
            stage = Stage(world(triggers=before(first, (10,)), actions=(reads,)))
            stage.say("R2:b\n")
            self.assertEqual(stage.value(302), expected)

    def test_time_passes(self) -> None:
        sleep = act(10, P, Do.SLEEP, type_value="100")
        stage = Stage(world(triggers=before((10, 401), (402, 900)), actions=(sleep,)))
        stage.say("R2:b\n")
        self.assertEqual(stage.told(), [])
        stage.wait(0.1)
        self.assertEqual(stage.told(), ["401=1", "402=1", "heard 2", "302=b"])

    def test_groups_wait_for_their_turn_already(self) -> None:
        ask = act(10, G, Do.EXECUTE, 2)
        stage = Stage(world(triggers=before((10, 900), (900,)), actions=(ask,)))
        stage.say("junk\n")
        self.assertEqual(stage.told(), ["unheard other bytes than the constant", "> C2"])

    def test_what_can_be_forgotten_is(self) -> None:
        """A clear of another response counts, although the unit is not the one that it stands before."""
        clear = act(10, R, Do.CLEAR, 2)
        for actions, expected in (((900,), ["302=b"]), ((900, 10), ["302=b", "302=other", "302=b"])):
            stage = Stage(world(triggers=before(actions, (900,)), actions=(clear,)))
            stage.say("R2:b\n")
            if 10 in actions:
                stage.set(302, "other")
            stage.say("R2:b\n")
            self.assertEqual(stage.told("302"), expected)

    def test_actions_in_their_order_decide_what_is_compared(self) -> None:
        """Param 502 names the param that stands at position 0; it is copied there right before."""
        chosen = numeric_text(420, "chosen")
        actions = (
            act(10, A, Do.COPY, 420, type_id=502),
            act(11, R, Do.REPLACE, type_nr=0, type_id=420),
        )
        stage = Stage(world(1, triggers=before((10, 11, 900)), actions=actions, params=(chosen, _other(502))))
        stage.set(502, "201")
        stage.say("R1:a\n")
        stage.set(502, "1")
        stage.say("\na\n")
        stage.set(502, "201")
        stage.say("R1:c\n")
        self.assertEqual(stage.told("301", "heard"), ["heard 1", "301=a", "heard 1", "301=c"])

    def test_a_refused_one_leaves_what_a_failure_leaves(self) -> None:
        """The unit as its own actions changed it is what the last candidate is compared with."""
        turned = act(10, R, Do.REPLACE_DATA, replace=ReplaceData(((b"Z", b"R"),)))
        check = act(11, R, Do.LENGTH)
        stage = Stage(world(1, triggers=before((10, 401, 900)), actions=(turned, check)))
        stage.say("Z1:new\n")
        self.assertEqual(stage.told(), ["401=1", "heard 1", "301=new"])
        protocol = world(
            1, triggers=before((10, 401, 900)), actions=(turned, check), params=(fixed(9, "x", "!"),)
        )
        stage = Stage(
            replace(
                protocol,
                responses=(response(1, "r", 201, 301, 9, 302, 1),),
                params=(*protocol.params, text(302, "t")),
            )
        )
        stage.say("Z1:new!\n")
        stage.say("Z1:old?\n")
        self.assertEqual(
            stage.told("301", "heard", "unheard"),
            ["heard 1", "301=new", "unheard other bytes than the constant"],
        )
        self.assertEqual((stage.value(301), stage.value(302)), (None, None))


def _is_broken(line: str) -> bool:
    return line.startswith("note ") and any(f" action {number} failed" in line for number in BROKEN)


def _nothing(id: int) -> Action:
    return act(id, R, Do.CLEAR_LENGTH_INFO)


def _other(id: int):  # type: ignore[no-untyped-def]
    return replace(text(id, f"other {id}"), type=ParamType.WRITE)


def unit(data: bytes, begin: bytes, size: int, sum_: int) -> bytes:
    """Return a response of `QuietTest`; `size` and `sum_` are how much is wrong in it."""
    found = 0x42 + sum(data) + sum_ & 0xFF
    return begin + bytes([len(data) + size]) + data + b"#" + bytes([found]) + b"\n"


class QuietTest(SynchronousTestCase):
    """What nobody sees from outside may be done later: with a count in front of it, it is done at once.

    The response is ``B``, the length of the data, the data, ``#``, the sum of ``B`` and the data, a newline.
    """

    PARAMS = (
        fixed(10, "begin", "B"), length(11, "size", 1, (2,)), text(12, "data"), text(16, "other"),
        fixed(13, "hash", "#"), crc(14, "sum", "sum", (0, 2)), trailer(15, "end", b"\n", link=1),
    )  # fmt: skip
    RESPONSES = (response(1, "r", 10, 11, 12, 13, 14, 15), response(2, "s", 10, 11, 16, 13, 14, 15))
    DEEDS = (
        act(1, R, Do.READ),
        act(2, R, Do.LENGTH),
        act(3, R, Do.CRC),
        act(4, A, Do.REVERSE, 12),
        act(5, R, Do.REPLACE_DATA, replace=ReplaceData(((b"x", b"y"),))),
        act(6, R, Do.REPLACE_DATA, replace=ReplaceData(((b"Q", b"B"),))),
        act(7, R, Do.CRC, condition='id:16 == "yy"'),
        act(8, R, Do.REPLACE_DATA),
        act(9, A, Do.READ, 12),
        act(10, R, Do.CRC, 2),
        act(11, R, Do.STUFFING),
    )
    CHOSEN = st.lists(st.sampled_from(DEEDS).map(lambda action: action.id), min_size=1, max_size=4)

    def stage(self, chosen: tuple[list[int], list[int]], loud: bool) -> Stage:
        counted, counting = counts(1)
        after = at(9, On.RESPONSE, At.AFTER, None, 1)
        first = (401,) if loud else ()
        return Stage(
            Protocol(
                "Q",
                connections=(smart_serial("IP"),),
                params=(*self.PARAMS, *counted),
                responses=self.RESPONSES,
                triggers=(*before((*first, *chosen[0]), (*first, *chosen[1])), after),
                actions=(*self.DEEDS, *counting),
            )
        )

    UNITS = st.lists(
        st.builds(
            unit,
            st.sampled_from((b"abc", b"yy", b"xx", b"ax")),
            st.sampled_from((b"B", b"B", b"Q", b"C")),
            st.sampled_from((0, 0, 0, 1)),
            st.sampled_from((0, 0, 0, 1, 2)),
        ),
        min_size=1,
        max_size=4,
    )

    @given(st.tuples(CHOSEN, CHOSEN), UNITS)
    def test_both_ways_tell_the_same(self, chosen: tuple[list[int], list[int]], units: list[bytes]) -> None:
        told = []
        for loud in (False, True):
            stage = self.stage(chosen, loud)
            for one in units:
                stage.say(one)
            lines = [line for line in stage.told() if line[:4] != "401=" and not _is_broken(line)]
            told.append((lines, stage.value(12), stage.value(16), stage.value(11)))
        self.assertEqual(told[0], told[1])

    def test_the_quick_way_is_taken(self) -> None:
        """Where nothing can be seen, what cannot match is not looked at one by one."""
        incoming = self.stage(([1, 2, 3, 4], [5, 9]), False).engine._machine.ear._incoming
        self.assertEqual([loud for loud, _ in incoming.runs(self.RESPONSES)], [False])
        incoming = self.stage(([1, 2, 3, 4], [5, 9]), True).engine._machine.ear._incoming
        self.assertEqual([loud for loud, _ in incoming.runs(self.RESPONSES)], [True, True])

    def test_only_the_last_action_rejects(self) -> None:
        """The others leave out what comes behind where they failed."""
        wrong = unit(b"abc", b"B", 0, 1)
        for actions, accepted in (
            ((1, 3), False), ((3, 1), True), ((401, 1, 3), False), ((1, 3, 401), True), ((401, 3, 1), True),
        ):  # fmt: skip
            with self.subTest(actions=actions):
                stage = self.stage((list(actions), [1]), False)
                stage.say(wrong)
                self.assertEqual(stage.told("heard"), ["heard 1" if accepted else "heard 2"])

    def test_a_loud_action_that_fails_last_rejects(self) -> None:
        actions = (act(10, A, Do.COPY, 999, type_id=501), act(11, R, Do.CRC))
        for order, expected in (((900, 11, 10), "unheard"), ((900, 10, 11), "heard 1")):
            stage = Stage(world(1, triggers=before(order), actions=actions))
            stage.say("R1:a\n")
            self.assertEqual(stage.told("heard", "unheard")[0][:7], expected)

    def test_what_the_check_of_a_loud_one_found_is_told(self) -> None:
        stage = self.stage(([401, 1, 3], [401, 1, 2]), False)
        stage.say(unit(b"abc", b"B", 1, 1))
        (told,) = (effect for effect in stage.effects if isinstance(effect, Unheard))
        assert told.failure is not None
        self.assertEqual((told.failure.response.id, told.failure.param), (2, 11))
