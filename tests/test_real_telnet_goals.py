"""The goals of reliability, where all clients speak telnet."""

from __future__ import annotations

from tests import test_real_goals, test_real_ledger, test_real_share, test_real_vanish


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


class ShareTests(test_real_share.ShareTests):
    telnet = True
    # What these look for, a reset or what a kernel has confirmed, does not come through the tests' pump.
    test_a_port_scan_does_not_take_what_was_kept = None  # type: ignore[assignment]
    test_bytes_for_a_client_that_had_just_gone_are_kept_for_the_next = None  # type: ignore[assignment]
    test_the_oldest_makes_room_where_that_is_wanted = None  # type: ignore[assignment]
    test_the_words_arrive_although_the_refused_client_had_sent_something = None  # type: ignore[assignment]
    test_what_a_reset_client_did_not_get_is_not_called_delivered = None  # type: ignore[assignment]


class VanishTests(test_real_vanish.VanishTests):
    telnet = True
