"""Which actions run at which moment."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.flow import EACH, Each, Step, Trigger, TriggerOn, TriggerTime, TriggerType
from smartserial.definition.protocol import Protocol
from smartserial.definition.rules.chains import MOST_STEPS, Chains, actions_for, applies_to

COMMAND, RESPONSE = TriggerOn.COMMAND, TriggerOn.RESPONSE
BEFORE, AFTER = TriggerTime.BEFORE, TriggerTime.AFTER


def action(id: int, on: ActionOn = ActionOn.COMMAND, on_ids: tuple[int, ...] = ()) -> Action:
    return Action(id, f"a{id}", on, ActionType.CRC, on_ids)


def trigger(
    id: int,
    *steps: int,
    on: TriggerOn | None = COMMAND,
    on_id: int | Each | None = EACH,
    time: TriggerTime | None = BEFORE,
    type: TriggerType = TriggerType.ACTION,
) -> Trigger:
    return Trigger(id, f"t{id}", on, on_id, time, type, tuple(map(Step, steps)))


def fired(id: int, *steps: int, type: TriggerType = TriggerType.ACTION) -> Trigger:
    """A trigger that only others fire."""
    return trigger(id, *steps, on=None, on_id=None, time=None, type=type)


def protocol(*triggers: Trigger, actions: int = 9) -> Protocol:
    return Protocol("p", triggers=triggers, actions=tuple(action(number) for number in range(1, actions + 1)))


def ids(protocol: Protocol, id: int, on: TriggerOn = COMMAND, time: TriggerTime = BEFORE) -> list[int]:
    return [one.id for one in actions_for(protocol, on, id, time)]


class ChainsTest(SynchronousTestCase):
    def test_each(self) -> None:
        found = protocol(trigger(1, 3, 2))
        self.assertEqual(ids(found, 1), [3, 2])
        self.assertEqual(ids(found, 77), [3, 2])

    def test_the_moment_and_the_kind_count(self) -> None:
        found = protocol(trigger(1, 1), trigger(2, 2, time=AFTER), trigger(3, 3, on=RESPONSE))
        self.assertEqual(ids(found, 1), [1])
        self.assertEqual(ids(found, 1, time=AFTER), [2])
        self.assertEqual(ids(found, 1, on=RESPONSE), [3])
        self.assertEqual(ids(found, 1, on=TriggerOn.GROUP), [])

    def test_who_is_named_is_hidden_from_each(self) -> None:
        found = protocol(trigger(1, 1), trigger(2, 2, on_id=5), trigger(3, 3), trigger(4, 4, on_id=5))
        self.assertEqual(ids(found, 5), [2, 4])
        self.assertEqual(ids(found, 6), [1, 3])

    def test_one_that_does_nothing_hides_too(self) -> None:
        found = protocol(trigger(1, 1), trigger(2, on_id=5))
        self.assertEqual(ids(found, 5), [])
        self.assertEqual([one.id for one in Chains(found).triggers_for(COMMAND, 5, BEFORE)], [2])
        self.assertEqual([one.id for one in Chains(found).triggers_for(COMMAND, 6, BEFORE)], [1])

    def test_another_moment_hides_nothing(self) -> None:
        found = protocol(trigger(1, 1), trigger(2, 2, on_id=5, time=AFTER))
        self.assertEqual(ids(found, 5), [1])

    def test_triggers_of_triggers(self) -> None:
        of_triggers = TriggerType.TRIGGER
        found = protocol(
            trigger(1, 2, 4, type=of_triggers), fired(2, 5, 3), fired(4, 6, type=of_triggers), fired(6, 1)
        )
        self.assertEqual(ids(found, 1), [5, 3, 1])

    def test_steps_that_are_otherwise_count(self) -> None:
        steps = (Step(1), Step(2, otherwise=True))
        found = protocol(Trigger(1, "t", COMMAND, EACH, BEFORE, TriggerType.ACTION, steps))
        self.assertEqual(ids(found, 1), [1, 2])

    def test_an_action_may_come_twice(self) -> None:
        self.assertEqual(ids(protocol(trigger(1, 2, 2)), 1), [2, 2])

    def test_loops_are_cut(self) -> None:
        of_triggers = TriggerType.TRIGGER
        to_itself = protocol(trigger(1, 1, 2, type=of_triggers), fired(2, 7))
        self.assertEqual(ids(to_itself, 1), [7])
        round_about = protocol(trigger(1, 2, type=of_triggers), fired(2, 3, 1, type=of_triggers), fired(3, 8))
        self.assertEqual(ids(round_about, 1), [8])

    def test_what_is_missing_is_passed_over(self) -> None:
        found = protocol(trigger(1, 99, 1), trigger(2, 1, on=RESPONSE))
        self.assertEqual(ids(found, 1), [1])
        chains = Chains(found)
        self.assertFalse(chains.understood(COMMAND, 1, BEFORE))
        self.assertTrue(chains.understood(RESPONSE, 1, BEFORE))
        self.assertTrue(chains.understood(COMMAND, 1, AFTER))

    def test_long_chains_end(self) -> None:
        count = 50_000
        chain = [fired(number, number + 1, type=TriggerType.TRIGGER) for number in range(2, count)]
        found = protocol(trigger(1, 2, type=TriggerType.TRIGGER), *chain)
        chains = Chains(found)
        self.assertEqual(chains.actions_for(COMMAND, 1, BEFORE), ())
        self.assertFalse(chains.understood(COMMAND, 1, BEFORE))
        many = protocol(trigger(1, *[1] * 2 * MOST_STEPS))
        self.assertLess(len(ids(many, 1)), MOST_STEPS)

    @given(
        st.lists(
            st.tuples(
                st.sampled_from([EACH, None, 1, 2]),
                st.sampled_from(TriggerType),
                st.lists(st.integers(0, 6), max_size=4),
            ),
            max_size=6,
        )
    )
    def test_all_is_found_and_it_ends(
        self, made: list[tuple[int | Each | None, TriggerType, list[int]]]
    ) -> None:
        """The set of actions is that of a plain search."""
        triggers = [trigger(n, *steps, on_id=on, type=type) for n, (on, type, steps) in enumerate(made)]
        found = protocol(*triggers, actions=4)
        first = [one for one in triggers if one.on_id == 1] or [one for one in triggers if one.on_id is EACH]
        reached, waiting, actions = set[int](), [one.id for one in first], set[int]()
        while waiting:
            one = found.trigger.get(waiting.pop())
            if one is None or one.id in reached:
                continue
            reached.add(one.id)
            steps = [step.id for step in one.content]
            if one.type is TriggerType.TRIGGER:
                waiting += steps
            else:
                actions |= {step for step in steps if step in found.action}
        self.assertEqual(set(ids(found, 1)), actions)


class AppliesTest(SynchronousTestCase):
    def test_to_what(self) -> None:
        self.assertTrue(applies_to(action(1), COMMAND, 7))
        self.assertTrue(applies_to(action(1, on_ids=(6, 7)), COMMAND, 7))
        self.assertFalse(applies_to(action(1, on_ids=(6,)), COMMAND, 7))
        self.assertFalse(applies_to(action(1, ActionOn.RESPONSE), COMMAND, 7))
        self.assertTrue(applies_to(action(1, ActionOn.RESPONSE), RESPONSE, 7))
