"""The goals of reliability, where all clients speak telnet."""

from __future__ import annotations

from tests import test_real_goals, test_real_ledger


class FaultyTests(test_real_ledger.FaultyTests):
    telnet = True


class SlownessTests(test_real_goals.SlownessTests):
    telnet = True


class PresenceTests(test_real_goals.PresenceTests):
    telnet = True


class StopTests(test_real_goals.StopTests):
    telnet = True


class CrowdTests(test_real_goals.CrowdTests):
    telnet = True
