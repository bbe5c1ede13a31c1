"""The goals of reliability, with packets, captures and the audit switched on."""

from __future__ import annotations

from tests import test_real_goals, test_real_ledger


class FaultyTests(test_real_ledger.FaultyTests):
    full = True


class SlownessTests(test_real_goals.SlownessTests):
    full = True


class PresenceTests(test_real_goals.PresenceTests):
    full = True


class StopTests(test_real_goals.StopTests):
    full = True


class CrowdTests(test_real_goals.CrowdTests):
    full = True
