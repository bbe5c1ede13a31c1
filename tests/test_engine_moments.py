"""Which triggers fire when."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.flow import EACH, Each, Trigger, TriggerOn, TriggerTime
from smartserial.definition.protocol import Protocol
from smartserial.engine.moments import Moments

ON, TIME = TriggerOn, TriggerTime


def moments(*triggers: Trigger) -> Moments:
    return Moments(Protocol("p", triggers=triggers))


def on(id: int, kind: TriggerOn, what: int | Each | None, time: TriggerTime) -> Trigger:
    return Trigger(id, f"t{id}", kind, what, time)


class MomentsTest(SynchronousTestCase):
    def fired(
        self, known: Moments, kind: TriggerOn, time: TriggerTime, number: int | None = None
    ) -> list[int]:
        return [trigger.id for trigger in known.at(kind, time, number)]

    def test_each_is_for_those_that_are_not_named(self) -> None:
        known = moments(
            on(9, ON.RESPONSE, EACH, TIME.BEFORE),
            on(3, ON.RESPONSE, 1, TIME.BEFORE),
            on(2, ON.RESPONSE, 1, TIME.BEFORE),
            on(4, ON.RESPONSE, 2, TIME.AFTER),
        )
        self.assertEqual(self.fired(known, ON.RESPONSE, TIME.BEFORE, 1), [3, 2])  # as they stand there
        self.assertEqual(self.fired(known, ON.RESPONSE, TIME.BEFORE, 2), [9])
        self.assertEqual(self.fired(known, ON.RESPONSE, TIME.AFTER, 2), [4])
        self.assertEqual(self.fired(known, ON.RESPONSE, TIME.AFTER, 1), [])
        self.assertEqual(self.fired(known, ON.COMMAND, TIME.BEFORE, 1), [])

    def test_the_protocol(self) -> None:
        known = moments(on(1, ON.PROTOCOL, None, TIME.AFTER_STARTUP))
        self.assertEqual(self.fired(known, ON.PROTOCOL, TIME.AFTER_STARTUP), [1])

    def test_reports(self) -> None:
        known = moments(
            Trigger(2, "t", ON.COMMUNICATION, data="TIMEOUT"),
            Trigger(1, "t", ON.COMMUNICATION, data="TIMEOUT"),
            Trigger(3, "t", ON.COMMUNICATION, data=b"\x15"),
        )
        self.assertEqual([trigger.id for trigger in known.reported(b"TIMEOUT")], [2, 1])
        self.assertEqual([trigger.id for trigger in known.reported(b"\x15")], [3])
        self.assertEqual(known.reported(b"TIME"), ())

    def test_those_that_wait_for_nothing(self) -> None:
        known = moments(Trigger(1, "t"), Trigger(2, "t", ON.GROUP, 1))
        self.assertEqual(self.fired(known, ON.GROUP, TIME.BEFORE, 1), [])
