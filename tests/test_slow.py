"""What is done about a slow client."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.slow import SlowPolicy, effective


class EffectiveTest(SynchronousTestCase):
    def test_table(self) -> None:
        for policy, alone, expected in (
            (SlowPolicy.AUTO, True, SlowPolicy.PAUSE_DEVICE),
            (SlowPolicy.AUTO, False, SlowPolicy.DISCONNECT),
            (SlowPolicy.DISCONNECT, True, SlowPolicy.DISCONNECT),
            (SlowPolicy.DISCONNECT, False, SlowPolicy.DISCONNECT),
            (SlowPolicy.DISCARD, True, SlowPolicy.DISCARD),
            (SlowPolicy.DISCARD, False, SlowPolicy.DISCARD),
            (SlowPolicy.PAUSE_DEVICE, True, SlowPolicy.PAUSE_DEVICE),
            (SlowPolicy.PAUSE_DEVICE, False, SlowPolicy.PAUSE_DEVICE),
        ):
            self.assertIs(effective(policy, alone), expected, f"{policy} {alone}")

    def test_words_of_a_configuration(self) -> None:
        self.assertEqual(
            [policy.value for policy in SlowPolicy], ["auto", "disconnect", "discard", "pause-device"]
        )
