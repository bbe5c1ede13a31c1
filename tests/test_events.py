"""Events, and the stream that hands them out."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

from twisted.trial.unittest import SynchronousTestCase

from smartserial.events import ClientConnected, DeviceClosed, Event, EventStream


class StreamTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.events = EventStream()

    def test_everybody_in_order(self) -> None:
        seen: list[tuple[str, Event]] = []
        for name in "abc":
            self.events.subscribe(lambda event, name=name: seen.append((name, event)))  # type: ignore[misc]
        first, second = DeviceClosed("plc"), DeviceClosed("meter")
        self.events.publish(first)
        self.events.publish(second)
        self.assertEqual(seen, [(name, event) for event in (first, second) for name in "abc"])

    def test_nobody(self) -> None:
        self.events.publish(DeviceClosed("plc"))
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_ending(self) -> None:
        seen: list[Event] = []
        end = self.events.subscribe(seen.append)
        self.events.publish(DeviceClosed("one"))
        end()
        end()
        self.events.publish(DeviceClosed("two"))
        self.assertEqual(seen, [DeviceClosed("one")])

    def test_ending_one_of_two_equal_subscriptions(self) -> None:
        """Each subscription is one's own, even if a function is subscribed twice."""
        seen: list[Event] = []

        def subscriber(event: Event) -> None:
            seen.append(event)

        end = self.events.subscribe(subscriber)
        self.events.subscribe(subscriber)
        end()
        self.events.publish(DeviceClosed("plc"))
        self.assertEqual(len(seen), 1)

    def test_ending_while_being_told(self) -> None:
        seen: list[str] = []

        def once(event: Event) -> None:
            seen.append("once")
            end()

        end = self.events.subscribe(once)
        self.events.subscribe(lambda event: seen.append("other"))
        self.events.publish(DeviceClosed("plc"))
        self.events.publish(DeviceClosed("plc"))
        self.assertEqual(seen, ["once", "other", "other"])

    def test_subscribing_while_being_told(self) -> None:
        seen: list[Event] = []
        end = self.events.subscribe(lambda event: self.events.subscribe(seen.append))
        self.events.publish(DeviceClosed("one"))
        end()
        self.events.publish(DeviceClosed("two"))
        self.assertEqual(seen, [DeviceClosed("two")])

    def test_publishing_while_being_told(self) -> None:
        seen: list[Event] = []

        def answer(event: Event) -> None:
            if isinstance(event, ClientConnected):
                self.events.publish(DeviceClosed(event.name))

        self.events.subscribe(answer)
        self.events.subscribe(seen.append)
        self.events.publish(ClientConnected("plc", "peer", "listener"))
        self.assertEqual({type(event) for event in seen}, {ClientConnected, DeviceClosed})

    def test_one_that_fails_disturbs_nobody(self) -> None:
        seen: list[Event] = []

        def failing(event: Event) -> None:
            raise LookupError("gone")

        self.events.subscribe(failing)
        self.events.subscribe(seen.append)
        self.events.publish(DeviceClosed("plc"))
        self.assertEqual(seen, [DeviceClosed("plc")])
        self.assertEqual(len(self.flushLoggedErrors(LookupError)), 1)


class EventTest(SynchronousTestCase):
    def test_values(self) -> None:
        event = ClientConnected("plc", "10.0.0.7:4001", "127.0.0.1:7001")
        self.assertEqual(event, ClientConnected("plc", "10.0.0.7:4001", "127.0.0.1:7001"))
        self.assertNotEqual(event, ClientConnected("meter", "10.0.0.7:4001", "127.0.0.1:7001"))
        with self.assertRaises(FrozenInstanceError):
            event.name = "meter"  # type: ignore[misc]
