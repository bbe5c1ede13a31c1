"""Reactions in the engine: when they are called, what their wishes do, and how their faults stay theirs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition import authoring as a
from smartserial.definition.action import Action, ActionOn, ActionType, QAction
from smartserial.definition.authoring import At, On
from smartserial.definition.condition import parse_condition
from smartserial.definition.flow import Group, Item, ItemKind
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol, Thread
from smartserial.engine.effects import (
    Changed,
    ConnectionState,
    Effect,
    Level,
    Note,
    PairStep,
    Peer,
    Send,
    StateChanged,
    Step,
)
from smartserial.engine.engine import Engine, Settings
from smartserial.engine.running.asking import Patience
from smartserial.engine.running.performing import MOST_RUNNING
from smartserial.engine.unit import Loss
from smartserial.plugin import (
    Answer,
    Moment,
    Reaction,
    Steps,
    View,
    WishError,
    ask,
    check_trigger,
    execute,
    log,
    run_action,
    send,
    set_connection_state,
    set_raw,
    set_value,
    sleep,
)
from smartserial.plugin.wishes import Sleep, Wish

START, END = a.header(1, "start", "#", link=1), a.trailer(2, "end", "\r", link=1)
ASK, SET = a.fixed(3, "ask", "?"), a.fixed(4, "set", "!")
PLAIN, REFUSED = a.fixed(5, "plain", "="), a.fixed(6, "refused", "-")
LEVEL = a.numeric_text(10, "level")
TEXT = a.text(11, "text")
SPARE, OTHER = a.numeric_text(12, "spare"), a.numeric_text(13, "other")
COMMANDS = (a.command(1, "ask", START, ASK, END), a.command(2, "set", START, SET, END))
RESPONSES = (
    a.response(1, "level", START, PLAIN, LEVEL, END),
    a.response(2, "refused", START, REFUSED, TEXT, END),
)
PAIR = replace(a.pair(1, "ask", 1, 1), bad_responses=(2,))
FILL = Action(1, "fill in", ActionOn.RESPONSE, ActionType.READ)
BASE = Protocol(
    "Test",
    connections=(a.smart_serial("IP Connection"), a.smart_serial("IP Connection - B")),
    params=(START, END, ASK, SET, PLAIN, REFUSED, LEVEL, TEXT, SPARE, OTHER),
    commands=COMMANDS,
    responses=(*RESPONSES, a.response(3, "there", START, PLAIN, SPARE, END, connection=1)),
    pairs=(PAIR, a.pair(2, "there", 1, 3, connection=1), a.pair(3, "say", 2)),
    groups=(a.poll(1, "ask", 1),),
    actions=(FILL, Action(2, "count", ActionOn.PARAMETER, ActionType.INCREMENT, (13,))),
    triggers=(
        a.when(1, "fill in", On.RESPONSE, At.BEFORE, 1),
        a.when(2, "count", On.PARAMETER, At.CHANGE, 2, which=12),
    ),
    timers=(),
)
PEER, NEXT_PEER = Peer("10.0.0.1", 1000), Peer("10.0.0.2", 2000)
Body = Callable[..., Steps | None]


def after(body: Body, which: int = 1) -> Reaction:
    return Reaction("acme@1.0.0.1", body.__name__, Moment.AFTER, body, which)


def changes(body: Body, which: int = 10) -> Reaction:
    return Reaction("acme@1.0.0.1", body.__name__, Moment.CHANGE, body, which)


def every(body: Body, period: float = 10.0) -> Reaction:
    return Reaction("acme@1.0.0.1", body.__name__, Moment.EVERY, body, period=period)


def bound(body: Body, which: int | str = 1) -> Reaction:
    return Reaction("acme@1.0.0.1", body.__name__, Moment.QACTION, body, which)


class Stage:
    """An engine, its time, and what it wanted done."""

    def __init__(self, *reactions: Reaction, protocol: Protocol = BASE, more: Settings | None = None) -> None:
        patience = {n: Patience(1.0, 0) for n in range(len(protocol.connections))}
        given = {ParamType.ELEMENT_NAME: "mast"}
        chosen = more or Settings(patience=patience, given=given)
        self.engine = Engine(protocol, chosen, reactions=reactions)
        self.now = 0.0
        self.effects: list[Effect] = []
        self.take(self.engine.start(0.0))
        self.take(self.engine.connected(0, PEER, 0.0))
        self.take(self.engine.connected(1, PEER, 0.0))

    def take(self, effects: list[Effect]) -> None:
        self.effects += effects

    def hear(self, data: bytes, peer: Peer = PEER, connection: int = 0) -> None:
        self.take(self.engine.received(connection, peer, data, self.now))

    def set(self, param: int, value: str | int | float, user: str = "") -> None:
        self.take(self.engine.set(param, value, self.now, user))

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while (time := self.engine.next_wake) is not None and time <= end:
            self.now = max(self.now, time)
            self.take(self.engine.wake(self.now))
        self.now = end

    def value(self, param: int) -> str | int | float | None:
        return self.engine.store.value(param)

    def all(self, kind: type) -> list[Effect]:
        return [one for one in self.effects if isinstance(one, kind)]

    @property
    def sent(self) -> list[tuple[int, bytes, Peer | None]]:
        return [(one.connection, one.data, one.to) for one in self.effects if isinstance(one, Send)]

    @property
    def errors(self) -> list[str]:
        return [one.text for one in self.effects if isinstance(one, Note) and one.level is Level.ERROR]


def line_of(words: str) -> int:
    """Return the line of this file that ends in a comment of these words."""
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123
        return next(n for n, line in enumerate(file, 1) if line.rstrip().endswith(f"# {words}"))


class MomentsTest(SynchronousTestCase):
    def test_after_a_response(self) -> None:
        seen: list[object] = []

        def heard(view: View) -> None:
            seen.append((view.get(LEVEL), view.get_raw(10), view.reply_to, view.element, view.user))

        stage = Stage(after(heard))
        stage.hear(b"#=12\r#-no\r#=13\r#=13\r")
        self.assertEqual(
            seen,
            [
                (12, b"12", PEER, "mast", ""),
                (13, b"13", PEER, "mast", ""),
                (13, b"13", PEER, "mast", ""),  # stored once, heard twice
            ],
        )

    def test_on_change(self) -> None:
        seen: list[object] = []

        def changed(view: View) -> None:
            seen.append((view.trigger_parameter, view.number(LEVEL), view.user))

        stage = Stage(changes(changed))
        stage.hear(b"#=12\r#=12\r#=13\r")
        stage.set(10, 14, "eva")
        self.assertEqual(seen, [(10, 12, ""), (10, 13, ""), (10, 14, "eva")])

    def test_after_the_triggers_of_the_same_moment(self) -> None:
        seen: list[object] = []

        def changed(view: View) -> None:
            seen.append(view.get(OTHER))

        stage = Stage(changes(changed, 12))
        stage.set(12, 1)
        stage.set(12, 2)
        self.assertEqual(seen, [1, 2])

    def test_every(self) -> None:
        times: list[float] = []

        def tick(view: View) -> Steps:
            times.append(stage.now if times else 0.0)
            yield sleep(3.0 if len(times) == 2 else 0.5)

        stage = Stage(every(tick, 2.0))
        stage.pass_time(8.5)
        self.assertEqual(times, [0.0, 2.0, 5.0, 7.0])  # the second call took longer than its period

    def test_in_the_order_of_the_class(self) -> None:
        seen: list[str] = []

        def first(view: View) -> None:
            seen.append("first")

        def second(view: View) -> None:
            seen.append("second")

        Stage(changes(first), changes(second)).set(10, 1)
        self.assertEqual(seen, ["first", "second"])

    def test_what_is_not_there(self) -> None:
        def called(view: View) -> None:
            raise AssertionError

        stage = Stage(after(called, 77), changes(called, 78), bound(called, "no such"), bound(called, 5))
        self.assertEqual(
            stage.errors,
            [
                f"acme@1.0.0.1: called is never called: there is no {what}"
                for what in ("response 77", "param 78", "QAction no such", "QAction 5")
            ],
        )

    def test_built_in_params(self) -> None:
        seen: list[object] = []

        def state(view: View) -> None:
            seen.append(view.get(65045))

        stage = Stage(changes(state, 65045))
        stage.take(stage.engine.disconnected(0, PEER, 1.0))
        self.assertEqual(seen, [3, 4])


class WishesTest(SynchronousTestCase):
    def test_a_set_goes_on_after_what_it_causes(self) -> None:
        order: list[object] = []

        def measured(view: View) -> Steps:
            yield set_value(SPARE, 5)
            order.append(("measured", view.get(OTHER)))
            yield set_value(SPARE, 5)  # the same again is a change too
            order.append(("measured", view.get(OTHER)))

        def spare(view: View) -> Steps:
            yield set_value(11, "seen")
            order.append(("spare", view.get(OTHER)))

        stage = Stage(after(measured), changes(spare, 12))
        stage.hear(b"#=1\r")
        self.assertEqual(order, [("spare", 1), ("measured", 1), ("spare", 2), ("measured", 2)])
        self.assertEqual(stage.value(11), "seen")

    def test_bytes(self) -> None:
        def measured(view: View) -> Steps:
            yield set_raw(SPARE, b"07")
            assert view.get_raw(SPARE) == b"07"
            assert not view.is_empty(SPARE)
            yield set_raw(TEXT, bytearray(b"ab"))

        stage = Stage(after(measured))
        stage.hear(b"#=1\r")
        self.assertEqual((stage.value(12), stage.value(11), stage.errors), (7, "ab", []))

    def test_triggers_actions_and_groups(self) -> None:
        def measured(view: View) -> Steps:
            yield check_trigger(2)
            yield run_action(BASE.actions[1])
            assert view.get(OTHER) == 2
            yield execute(BASE.groups[0], "execute one top")

        stage = Stage(after(measured))
        stage.hear(b"#=1\r")
        self.assertEqual(stage.value(13), 2)
        self.assertEqual(stage.sent, [(0, b"#?\r", PEER)])

    def test_log(self) -> None:
        def measured(view: View) -> Steps:
            yield log("info", "x\x1b" + "y" * 10_000)

        stage = Stage(after(measured))
        stage.hear(b"#=1\r")
        [note] = [one for one in stage.effects if isinstance(one, Note)]
        self.assertEqual((note.level, note.text[:20]), (Level.INFO, "acme@1.0.0.1: x\\x1by"))
        self.assertLess(len(note.text), 600)

    def test_sleep(self) -> None:
        def measured(view: View) -> Steps:
            yield set_value(SPARE, 1)
            yield sleep(2.5)
            yield set_value(SPARE, 2)

        stage = Stage(after(measured))
        stage.hear(b"#=1\r")
        self.assertEqual((stage.value(12), stage.engine.next_wake), (1, 2.5))
        stage.hear(b"#-no\r")  # others go on meanwhile
        self.assertEqual(stage.value(11), "no")
        stage.pass_time(2.5)
        self.assertEqual(stage.value(12), 2)

    def test_connection_state(self) -> None:
        def measured(view: View) -> Steps:
            yield set_connection_state(False)
            assert view.get(65045) == 1
            yield set_connection_state(True, -1)

        stage = Stage(after(measured))
        del stage.effects[:]
        stage.hear(b"#=1\r")
        self.assertEqual(
            stage.all(StateChanged),
            [
                StateChanged(0, ConnectionState.NOT_RESPONDING),
                StateChanged(-1, ConnectionState.RESPONDING),
            ],
        )
        self.assertEqual(stage.engine.state(-1), ConnectionState.RESPONDING)
        stage.take(stage.engine.disconnected(0, PEER, 1.0))
        self.assertEqual(stage.engine.state(0), ConnectionState.DISCONNECTED)

    def test_what_cannot_be_done_is_raised_where_it_was_yielded(self) -> None:
        wishes: list[Callable[[], Wish]] = [
            lambda: set_value(99, 1),
            lambda: set_value(LEVEL, "no number"),
            lambda: set_value(SPARE, float("nan")),
            lambda: set_raw(LEVEL, b"x"),
            lambda: check_trigger(99),
            lambda: run_action(99),
            lambda: execute(99),
            lambda: ask(99),
            lambda: ask(3),
            lambda: ask(COMMANDS[1]),
            lambda: ask(COMMANDS[1], 99),
            lambda: ask(COMMANDS[1], 1, connection=7),
            lambda: send(99),
            lambda: set_connection_state(True, 2),
        ]
        caught: list[str] = []

        def measured(view: View) -> Steps:
            for wish in wishes:
                try:
                    yield wish()
                except Exception as error:
                    caught.append(str(error))
            yield set_value(TEXT, "still here")

        stage = Stage(after(measured))
        stage.hear(b"#=1\r")
        self.assertEqual(len(caught), len(wishes), caught)
        self.assertEqual(caught[4:7], [f"there is no {what} 99" for what in ("trigger", "action", "group")])
        self.assertEqual((stage.value(11), stage.sent, stage.errors), ("still here", [], []))

    @given(st.lists(st.tuples(st.sampled_from([10, 11, 12]), st.text() | st.floats() | st.integers())))
    @settings(max_examples=200, deadline=None)
    def test_no_value_disturbs_the_engine(self, values: list[tuple[int, str | float | int]]) -> None:
        done: list[bool] = []

        def tick(view: View) -> Steps:
            for param, value in values:
                try:
                    yield set_value(param, value)
                except WishError:
                    raise
                except Exception:
                    yield log("warn", view.display(param))
            done.append(True)

        Stage(every(tick))
        self.assertEqual(done, [True])


class QuestionsTest(SynchronousTestCase):
    def test_an_answer(self) -> None:
        answers: list[Answer | None] = []

        def tick(view: View) -> Steps:
            answers.append((yield ask(PAIR)))
            answers.append((yield ask(1)))
            answers.append((yield ask(COMMANDS[0])))

        stage = Stage(every(tick))
        stage.hear(b"#=12\r")
        stage.hear(b"#-busy\r")
        stage.pass_time(5.0)
        self.assertEqual(stage.sent, [(0, b"#?\r", None)] * 3)
        first, second, third = answers
        assert first is not None and second is not None
        self.assertEqual(
            (first.response, first.get(LEVEL), first.raw[10], first.refused), (1, 12, b"12", False)
        )
        self.assertEqual((second.response, second.get(11), second.get(LEVEL)), (2, "busy", None))
        self.assertTrue(second.refused)
        self.assertIsNone(third)
        self.assertEqual(stage.errors, [])

    def test_a_command_with_its_answers(self) -> None:
        answers: list[object] = []

        def tick(view: View) -> Steps:
            for responses in ((1,), (1, 2), (2,), (1,)):
                answer = yield ask(COMMANDS[1], *responses)
                answers.append(answer and (answer.response, answer.refused))

        stage = Stage(every(tick))
        for data in (b"#=1\r", b"#-x\r", b"#-y\r", b"#-z\r"):
            stage.hear(data)
        stage.pass_time(2.0)
        self.assertEqual(answers, [(1, False), (2, False), (2, False), None])
        ids = [one.pair for one in stage.effects if isinstance(one, PairStep) and one.step is Step.BEGUN]
        self.assertEqual((ids[0], len(set(ids))), (ids[3], 3))
        self.assertLess(max(ids), 0)

    def test_a_condition_that_does_not_hold(self) -> None:
        answers: list[object] = []
        condition = parse_condition("id:12 == 1")

        def tick(view: View) -> Steps:
            answers.append((yield ask(1)))

        stage = Stage(every(tick), protocol=replace(BASE, pairs=(replace(PAIR, condition=condition),)))
        self.assertEqual((answers, stage.sent), ([None], []))

    def test_questions_wait_for_one_another(self) -> None:
        order: list[object] = []

        def one(view: View) -> Steps:
            answer = yield ask(1)
            order.append(("one", answer and answer.get(LEVEL)))

        def two(view: View) -> Steps:
            answer = yield ask(1)
            order.append(("two", answer and answer.get(LEVEL)))
            yield send(COMMANDS[1])
            order.append("sent")

        stage = Stage(every(one), every(two))
        self.assertEqual(len(stage.sent), 1)
        stage.hear(b"#=1\r")
        self.assertEqual(len(stage.sent), 2)
        stage.hear(b"#=2\r")
        self.assertEqual(order, [("one", 1), ("two", 2), "sent"])
        self.assertEqual([data for _, data, _ in stage.sent], [b"#?\r", b"#?\r", b"#!\r"])

    def test_questions_and_groups_wait_for_one_another(self) -> None:
        def tick(view: View) -> Steps:
            yield execute(1)
            yield ask(COMMANDS[1], 2)
            yield set_value(SPARE, 1)

        stage = Stage(every(tick))
        self.assertEqual([data for _, data, _ in stage.sent], [b"#?\r"])
        stage.hear(b"#=1\r")
        self.assertEqual([data for _, data, _ in stage.sent], [b"#?\r", b"#!\r"])
        stage.hear(b"#-x\r")
        self.assertEqual(stage.value(12), 1)

    def test_a_question_about_an_answer_has_the_line(self) -> None:
        """A group waits for the reactions of its answers, and their questions go before its next item."""
        asked: list[object] = []

        def measured(view: View) -> Steps:
            if not asked:
                asked.append((yield ask(COMMANDS[1], 2)))

        def begin(view: View) -> Steps:
            yield execute(5)

        group = Group(5, "both", content=(Item(ItemKind.PAIR, 1), Item(ItemKind.PAIR, 1)))
        protocol = replace(BASE, groups=(group,))
        stage = Stage(every(begin), after(measured), protocol=protocol)
        for data in (b"#=1\r", b"#-x\r", b"#=2\r"):
            stage.hear(data)
        self.assertEqual([data for _, data, _ in stage.sent], [b"#?\r", b"#!\r", b"#?\r"])
        [answer] = asked
        assert isinstance(answer, Answer)
        self.assertEqual(answer.response, 2)

    def test_a_unit_that_nobody_asked_for_does_not_cut_in(self) -> None:
        """Its reaction asks when the pair that waits meanwhile has its answer."""
        asked: list[object] = []

        def heard(view: View) -> Steps:
            asked.append((yield ask(COMMANDS[1], 1)))

        def begin(view: View) -> Steps:
            yield execute(1)

        there = replace(BASE, responses=(*BASE.responses, a.response(9, "told", START, TEXT, SET, END)))
        stage = Stage(every(begin), after(heard, 9), protocol=there)
        stage.hear(b"#alarm!\r")
        self.assertEqual([data for _, data, _ in stage.sent], [b"#?\r"])
        stage.hear(b"#=4\r")
        self.assertEqual([data for _, data, _ in stage.sent], [b"#?\r", b"#!\r"])
        stage.hear(b"#=5\r")
        [answer] = asked
        assert isinstance(answer, Answer)
        self.assertEqual((answer.get(LEVEL), stage.errors), (5, []))

    def test_a_question_about_a_value_of_an_answer(self) -> None:
        """The answer has come when its values change, so that the line is free."""
        answers: list[Answer | None] = []

        def begin(view: View) -> Steps:
            answers.append((yield ask(1)))

        def changed(view: View) -> Steps:
            answers.append((yield ask(COMMANDS[1], 2)))

        stage = Stage(every(begin), changes(changed))
        stage.hear(b"#=1\r")
        self.assertEqual([data for _, data, _ in stage.sent], [b"#?\r", b"#!\r"])
        stage.hear(b"#-x\r")
        self.assertEqual([one and one.response for one in answers], [2, 1])
        self.assertEqual(stage.errors, [])

    def test_no_question_while_the_own_line_waits(self) -> None:
        """After the command, before its answer, another question would overlap."""
        errors: list[str] = []

        def changed(view: View) -> Steps:
            try:
                yield ask(1)
            except WishError as error:
                errors.append(str(error))

        def begin(view: View) -> Steps:
            yield execute(1)

        sent = a.when(9, "sent", On.COMMAND, At.AFTER, 2)
        protocol = replace(BASE, triggers=(*BASE.triggers, sent))
        stage = Stage(every(begin), changes(changed, 13), protocol=protocol)
        self.assertEqual(errors, ["this line waits for another answer: ask after that"])
        self.assertEqual(len(stage.sent), 1)

    def test_questions_in_one_another_end(self) -> None:
        def measured(view: View) -> Steps:
            yield ask(1)

        stage = Stage(after(measured), every(measured))
        for number in range(30):
            stage.hear(b"#=%d\r" % number)
        [error, *_] = stage.errors
        self.assertIn("expected at most 8 questions that wait for one another", error)
        stage.hear(b"#=77\r")
        self.assertEqual(stage.value(10), 77)

    def test_two_lines_that_wait_for_each_other(self) -> None:
        """The second question would never have its turn; it is refused, and all goes on."""
        caught: list[str] = []

        def here(view: View) -> Steps:
            yield set_value(TEXT, "here")
            yield ask(2)

        def there(view: View) -> Steps:
            try:
                yield ask(1)
            except WishError as error:
                caught.append(str(error))

        def begin(view: View) -> Steps:
            yield execute(1)
            yield execute(2)

        groups = (a.poll(1, "here", 1, connection=0), a.poll(2, "there", 2, connection=1))
        protocol = replace(BASE, groups=groups, threads=(Thread((1,)),))
        stage = Stage(after(here), after(there, 3), every(begin), protocol=protocol)
        stage.hear(b"#=1\r")
        stage.hear(b"#=2\r", connection=1)
        stage.hear(b"#=3\r", connection=1)
        stage.pass_time(9.0)
        self.assertEqual(
            set(caught), {"this question would wait for itself: the line that it needs waits for it"}
        )
        self.assertEqual(stage.errors, [])

    def test_other_lines_are_not_held_up(self) -> None:
        def one(view: View) -> Steps:
            yield ask(1)

        def two(view: View) -> Steps:
            yield ask(2)

        protocol = replace(BASE, threads=(Thread((1,)),))
        stage = Stage(every(one), every(two), protocol=protocol)
        self.assertEqual([connection for connection, _, _ in stage.sent], [0, 1])

    def test_a_session_that_is_gone(self) -> None:
        answers: list[object] = []

        def heard(view: View) -> Steps:
            answers.append((yield ask(1)))

        stage = Stage(after(heard, 2))
        stage.hear(b"#-x\r")
        self.assertEqual(stage.sent, [(0, b"#?\r", PEER)])
        stage.take(stage.engine.disconnected(0, PEER, 0.5))
        self.assertEqual(answers, [None])


class RepliesTest(SynchronousTestCase):
    def test_the_session_goes_with_the_chain(self) -> None:
        """Through sets, changes, sleeps and questions; a question to one takes its answer only from it."""
        peers: list[object] = []

        def heard(view: View) -> Steps:
            yield sleep(0.5)
            yield set_value(SPARE, 1)

        def spare(view: View) -> Steps:
            peers.append(view.reply_to)
            answer = yield ask(1)
            peers.append(answer and answer.get(LEVEL))
            yield send(2)
            yield execute(1)

        stage = Stage(after(heard, 2), changes(spare, 12))
        stage.take(stage.engine.connected(0, NEXT_PEER, 0.0))
        stage.hear(b"#-x\r", NEXT_PEER)
        stage.pass_time(0.5)
        stage.hear(b"#=1\r", PEER)
        stage.hear(b"#=2\r", NEXT_PEER)
        self.assertEqual(peers, [NEXT_PEER, 2])
        self.assertEqual({to for _, _, to in stage.sent}, {NEXT_PEER})
        self.assertEqual([data for _, data, _ in stage.sent], [b"#?\r", b"#!\r", b"#?\r"])

    def test_time_and_operators_speak_to_all(self) -> None:
        def tick(view: View) -> Steps:
            assert view.reply_to is None
            yield send(2)

        stage = Stage(every(tick), changes(tick))
        stage.set(10, 1)
        self.assertEqual([to for _, _, to in stage.sent], [None, None])


class QActionTest(SynchronousTestCase):
    def stage(self, *reactions: Reaction, **more: object) -> Stage:
        called = QAction(1, "Parse", (10, 11), ("level", "text"), (12, 11), **more)  # type: ignore[arg-type]
        go = Action(3, "run", ActionOn.PARAMETER, ActionType.RUN_ACTIONS, (11,))
        return Stage(*reactions, protocol=replace(BASE, qactions=(called,), actions=(*BASE.actions, go)))

    def test_by_id_and_by_name(self) -> None:
        calls: list[object] = []

        def parse(view: View, spare: object, text: object) -> None:
            calls.append((view.trigger_parameter, view.entry_point, spare, text))

        for which in (1, "Parse"):
            with self.subTest(which=which):
                stage = self.stage(bound(parse, which))
                stage.set(11, "hi")
                stage.hear(b"#=5\r#=5\r")
                self.assertEqual(calls, [(11, "text", None, "hi"), (10, "level", None, "hi")])
                self.assertEqual(stage.all(Note), [])
                calls.clear()

    def test_bytes_as_inputs(self) -> None:
        calls: list[object] = []

        def parse(view: View, *inputs: object) -> None:
            calls.append(inputs)

        stage = self.stage(bound(parse), options=frozenset({"binary"}))
        stage.set(11, "hi")
        self.assertEqual(calls, [(b"", b"hi")])

    def test_run_actions_always_runs(self) -> None:
        calls: list[object] = []

        def parse(view: View, *inputs: object) -> None:
            calls.append(view.trigger_parameter)

        def measured(view: View) -> Steps:
            yield run_action(3)
            yield run_action(3)

        stage = self.stage(bound(parse), after(measured, 2))
        stage.hear(b"#-x\r")
        self.assertEqual(calls, [11, 11, 11])

    def test_the_engine_waits(self) -> None:
        def parse(view: View, *inputs: object) -> Steps:
            yield sleep(1.0)
            yield set_value(SPARE, 9)

        def changed(view: View) -> Steps:
            yield set_value(OTHER, 50 if view.get(SPARE) == 9 else 1)

        stage = self.stage(bound(parse), changes(changed))
        stage.hear(b"#=5\r")
        self.assertEqual(stage.value(13), None)
        stage.pass_time(1.0)
        self.assertEqual(stage.value(13), 50)

    def test_queued_is_a_chain_of_its_own(self) -> None:
        peers: list[object] = []

        def parse(view: View, *inputs: object) -> Steps:
            peers.append(view.reply_to)
            yield sleep(1.0)
            yield set_value(SPARE, 9)

        def changed(view: View) -> Steps:
            yield set_value(OTHER, 50 if view.get(SPARE) == 9 else 1)

        stage = self.stage(bound(parse), changes(changed), options=frozenset({"queued"}))
        stage.hear(b"#=5\r")
        self.assertEqual((stage.value(13), peers), (1, [PEER]))
        stage.pass_time(1.0)
        self.assertEqual(stage.value(12), 9)

    def test_of_groups(self) -> None:
        calls: list[object] = []

        def parse(view: View, *inputs: object) -> None:
            calls.append((view.trigger_parameter, view.entry_point, view.get(LEVEL)))

        def begin(view: View) -> Steps:
            yield execute(1)

        called = QAction(1, "Parse", (1,), ("poll",), options=frozenset({"group"}))
        stage = Stage(bound(parse), every(begin), protocol=replace(BASE, qactions=(called,)))
        self.assertEqual(calls, [])
        stage.hear(b"#=5\r")
        self.assertEqual(calls, [(None, "poll", 5)])

    def test_conditions(self) -> None:
        calls: list[object] = []

        def parse(view: View, *inputs: object) -> None:
            calls.append(view.get(LEVEL))

        stage = self.stage(bound(parse), condition=parse_condition("id:10 > 5"))
        stage.hear(b"#=5\r#=6\r")
        self.assertEqual(calls, [6])

    def test_unbound_ones_are_one_warning(self) -> None:
        def parse(view: View, *inputs: object) -> None:
            """Do nothing."""

        qactions = (
            QAction(1, "a", (10,)),
            QAction(2, "b", (10,)),
            QAction(3, "c", (10,)),
            QAction(4, "library", options=frozenset({"precompile"})),
        )
        stage = Stage(bound(parse, 2), protocol=replace(BASE, qactions=qactions))
        text = "no Python is bound to QActions, which do nothing: 1, 3"
        self.assertEqual(stage.all(Note), [Note(Level.WARN, text)])
        plain = Stage(protocol=replace(BASE, qactions=qactions[:1]))
        self.assertEqual(len(plain.all(Note)), 1)


class OddError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def broken() -> None:
    raise OddError  # odd


class FaultsTest(SynchronousTestCase):
    """Whatever a reaction does, the log says whose and where, and all else goes on as before."""

    def check(self, body: Body, where: str, *words: str) -> Stage:
        stage = Stage(after(body))
        stage.hear(b"#=12\r")
        place = f"{__file__}:{line_of(where)}" if where else ""
        [error] = stage.errors
        self.assertTrue(error.startswith(f"acme@1.0.0.1: {body.__name__} failed at {place}"), error)
        for word in words:
            self.assertIn(word, error)
        stage.hear(b"#-fine\r")
        self.assertEqual((stage.value(10), stage.value(11)), (12, "fine"))
        return stage

    def test_exceptions(self) -> None:
        def at_once(view: View) -> None:
            raise ValueError("no good\x1b[2J")  # at once

        def later(view: View) -> Steps:
            yield set_value(SPARE, 1)
            view.number(99)  # later

        def elsewhere(view: View) -> Steps:
            yield set_value(SPARE, 1)
            int("x", base=99)  # elsewhere

        def over(view: View) -> Steps:
            yield set_value(SPARE, 1)
            next(iter(()))  # over

        self.check(over, "over", "StopIteration")
        self.check(at_once, "at once", "ValueError: no good\\x1b[2J")
        self.assertEqual(self.check(later, "later", "UnknownParamError").value(12), 1)
        self.check(elsewhere, "elsewhere", "ValueError")

    def test_what_is_no_exception(self) -> None:
        def leaves(view: View) -> Steps:
            yield set_value(SPARE, 1)
            sys.exit(3)  # leaves

        def closes(view: View) -> Steps:
            yield set_value(SPARE, 1)
            raise GeneratorExit  # closes

        def odd(view: View) -> Steps:
            yield set_value(SPARE, 1)
            broken()

        self.check(leaves, "leaves", "SystemExit: 3")
        self.check(closes, "closes", "GeneratorExit")
        self.check(odd, "odd", "OddError: (it cannot say what)")

    def test_wrong_yields(self) -> None:
        def number(view: View) -> Iterator[object]:
            yield 5  # number

        def nothing(view: View) -> Iterator[object]:
            yield  # nothing

        def made_by_hand(view: View) -> Iterator[object]:
            yield Sleep  # made by hand

        for body, where in ((number, "number"), (nothing, "nothing"), (made_by_hand, "made by hand")):
            self.check(body, where, "WishError: expected what set_value, ask, sleep")  # type: ignore[arg-type]

    def test_wrong_wishes(self) -> None:
        def no_value(view: View) -> Steps:
            yield set_value(SPARE, [1])  # type: ignore[arg-type]  # no value

        def no_param(view: View) -> Steps:
            yield set_value("spare", 1)  # type: ignore[arg-type]  # no param

        def no_time(view: View) -> Steps:
            yield sleep(float("inf"))  # no time

        self.check(no_value, "no value", "TypeError: expected a text or a number, found [1]")
        self.check(no_param, "no param", "TypeError: expected a param or its id, found 'spare'")
        self.check(no_time, "no time", "ValueError: expected 0 to")

    def test_wrong_returns(self) -> None:
        async def waits(view: View) -> None:
            """Never be awaited, and do not complain of it."""

        def gives(view: View) -> int:
            return 5

        for body, found in ((waits, "coroutine"), (gives, "int")):
            self.check(body, "", f"expected a generator or None, found {found}")  # type: ignore[arg-type]

    def test_wrong_arguments(self) -> None:
        def nobody() -> None:
            """Take no view."""

        self.check(nobody, "", "TypeError")

    def test_a_loop_that_never_waits(self) -> None:
        def spins(view: View) -> Steps:
            while True:
                yield log("debug", "again")  # spins

        self.check(spins, "spins", "goes on and on without waiting: this is a loop")

    def test_a_loop_of_changes(self) -> None:
        def again(view: View) -> Steps:
            yield set_value(LEVEL, 1)

        stage = Stage(changes(again))
        stage.hear(b"#=12\r")
        [error] = stage.errors
        self.assertIn("again failed at", error)
        self.assertIn("this is a loop", error)
        self.assertLess(len(stage.all(Changed)), 100)

    def test_a_loop_that_branches(self) -> None:
        def again(view: View) -> Steps:
            yield set_value(LEVEL, 1)
            yield set_value(LEVEL, 2)

        stage = Stage(changes(again))
        stage.hear(b"#=12\r")
        self.assertEqual(len(stage.errors), 1)
        self.assertLess(len(stage.effects), 50_000)
        stage.hear(b"#-fine\r")
        self.assertEqual(stage.value(11), "fine")

    def test_a_loop_that_waits_is_none(self) -> None:
        def ticks(view: View) -> Steps:
            while True:
                yield set_value(SPARE, view.number(SPARE) + 1 if not view.is_empty(SPARE) else 1)
                yield sleep(0)

        stage = Stage(after(ticks))
        stage.hear(b"#=12\r")
        for _ in range(30_000):
            time = stage.engine.next_wake
            assert time is not None
            stage.engine.wake(time)
        self.assertEqual((stage.value(12), stage.errors), (30_001, []))
        self.assertAlmostEqual(stage.engine.next_wake or 0, 30.001)

    def test_a_loop_that_sends_to_nobody(self) -> None:
        """A turn in the queue that is over at once is no wait."""

        def sends(view: View) -> Steps:
            while True:
                yield send(1)

        stage = Stage(after(sends))
        stage.hear(b"#=12\r")
        stage.take(stage.engine.disconnected(0, PEER, stage.now))
        stage.pass_time(60.0)
        self.assertIn("this is a loop", stage.errors[-1])
        self.assertIsNone(stage.engine.next_wake)

    def test_reactions_that_pile_up(self) -> None:
        def sleeps(view: View) -> Steps:
            yield sleep(100)

        stage = Stage(after(sleeps))
        for number in range(MOST_RUNNING + 50):
            stage.hear(b"#=%d\r" % number)
        [error] = stage.errors
        self.assertIn(f"sleeps is not called: {MOST_RUNNING} reactions wait already", error)
        self.assertEqual(stage.value(10), MOST_RUNNING + 49)
        stage.pass_time(101)
        stage.hear(b"#=1\r")
        self.assertEqual(len(stage.errors), 1)

    def test_one_generator_twice(self) -> None:
        def steps() -> Steps:
            yield sleep(1.0)

        same = steps()

        def shares(view: View) -> Steps:
            return same

        stage = Stage(after(shares), changes(shares))
        stage.hear(b"#=12\r")
        stage.hear(b"#=13\r")
        stage.pass_time(2.0)
        stage.hear(b"#-fine\r")
        self.assertEqual(stage.value(11), "fine")

    def test_the_end_of_the_element(self) -> None:
        ended: list[str] = []

        def tidy(view: View) -> Steps:
            try:
                yield sleep(10)
            finally:
                ended.append("tidy")

        def stubborn(view: View) -> Steps:
            try:
                yield ask(1)
            except GeneratorExit:
                yield sleep(1)

        def fails(view: View) -> Steps:
            try:
                yield ask(1)
            finally:
                raise ValueError("at the end")

        stage = Stage(every(tidy), every(stubborn), every(fails))
        before = len(stage.sent)
        stage.take(stage.engine.stop(0.5))
        self.assertEqual((ended, len(stage.sent)), (["tidy"], before))
        self.assertEqual(len(stage.errors), 2)
        self.assertIsNone(stage.engine.next_wake)

    def test_faults_disturb_no_other(self) -> None:
        def fails(view: View) -> None:
            raise ValueError

        def works(view: View) -> Steps:
            yield set_value(SPARE, 5)

        stage = Stage(after(fails), after(works), every(fails, 1.0), changes(fails))
        stage.hear(b"#=1\r")
        self.assertEqual((stage.value(12), len(stage.errors)), (5, 1))

    def test_a_fault_is_told_once_a_minute(self) -> None:
        def fails(view: View) -> None:
            raise ValueError("again")  # again and again

        stage = Stage(every(fails, 10.0))
        stage.pass_time(55.0)
        place = f"{__file__}:{line_of('again and again')}"
        first = f"acme@1.0.0.1: fails failed at {place}: ValueError: again"
        self.assertEqual(stage.errors, [first])
        stage.pass_time(10.0)
        self.assertEqual(stage.errors, [first, f"{first} (5 more since it was told last)"])


class NothingTest(SynchronousTestCase):
    def test_definitions_without_python_are_as_before(self) -> None:
        stage = Stage()
        stage.hear(b"#=1\rx")
        self.assertEqual((stage.value(10), stage.all(Note)), (1, []))
        given: Mapping[str, object] = {}
        self.assertEqual((given, Loss.BEFORE_HEADER.value), ({}, "before header"))
