"""Shares to which pools lead: what they need, and which options act on the clients who come that way."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from .configs import Row, differences
from .userexamples import DEAR

MISSING = "expected `listen`, `connect` or a pool that has this share: nobody could come"


def led_to(share: str = "", listener: str = "port: 2", device: str = "loop: true") -> str:
    """A share without listeners, with what is said of it on the third line, and a pool that has it."""
    return (
        f"shares:\n  a:\n    {{device: {{{device}}}, {share}}}\n"
        f"pools: {{p: {{shares: [a], listen: [{{{listener}}}]}}}}\n"
    )


class ListenTest(SynchronousTestCase):
    maxDiff = None

    def test_one_that_a_pool_has_needs_no_listener(self) -> None:
        self.assertEqual(differences([(led_to(), [])]), "")

    def test_one_that_no_pool_has_needs_one(self) -> None:
        wrong = "shares: {a: {device: {loop: true}}, b: {device: {loop: true}}}\n"
        rows: list[Row] = [
            (
                wrong + "pools: {p: {shares: [b], listen: [{port: 2}]}}\n",
                [("1:13 CF04 shares.a.listen", MISSING)],
            ),
        ]
        self.assertEqual(differences(rows), "")

    def test_pools_that_are_wrong_themselves(self) -> None:
        share = "shares: {a: {device: {loop: true}}}\n"
        rows: list[Row] = [
            (
                f"{share}pools: [a]\n",
                [("1:13 CF04 shares.a.listen", MISSING), ("2:8 CF03 pools", "expected a mapping")],
            ),
            (
                share + "pools: {p: {shares: a, listen: [{port: 2}]}}\n",
                [("1:13 CF04 shares.a.listen", MISSING), ("2:21 CF03 pools.p.shares", "expected a list")],
            ),
            (
                share + "pools: {p: {shares: [a], listen: []}}\n",
                [("2:34 CF03 pools.p.listen", "expected at least one")],
            ),
        ]
        self.assertEqual(differences(rows), "")


class WaysTest(SynchronousTestCase):
    """Who comes by a pool is a client like others."""

    maxDiff = None

    def test_options_that_act_there(self) -> None:
        texts = [
            led_to("sharing: {settings: {notify: true}, control: last}", "port: 2, mode: rfc2217"),
            led_to("replay: 1KiB"),
            led_to("buffer: 1KiB, packets: {size: 64KiB}"),
            led_to("sharing: {receive_from: first, send_to: first}"),
            led_to("sharing: {slow_client: {limit: 2KiB}}"),
            led_to(device='tcp: "h:1", away_buffer: 1KiB'),
            led_to("listen: [{port: 1, access: read}], sharing: {receive_from: first}"),
            led_to("listen: [{port: 1, access: write}], replay: 1KiB"),
        ]
        self.assertEqual(differences((text, []) for text in texts), "")

    def test_options_that_cannot_act_there(self) -> None:
        rows: list[Row] = [
            (
                led_to("sharing: {control: last}"),
                [("3:38 CF08 shares.a.sharing.control", "no listener of this share has `mode: rfc2217`")],
            ),
            (
                led_to("sharing: {control: last}", "port: 2, mode: rfc2217, access: read"),
                [("3:38 CF08 shares.a.sharing.control", "no client of RFC 2217 changes anything")],
            ),
            (
                led_to("replay: 1KiB", "port: 2, access: write"),
                [("3:28 CF08 shares.a.replay", "no listener lets clients read")],
            ),
            (
                led_to("sharing: {receive_from: first}", "port: 2, access: read"),
                [("3:38 CF08 shares.a.sharing.receive_from", "no listener lets clients send")],
            ),
            (
                led_to(device='tcp: "h:1", away_buffer: 1KiB', listener="port: 2, access: read"),
                [("3:27 CF08 shares.a.device.away_buffer", "no listener lets clients send")],
            ),
            (
                led_to(f'password: "{DEAR}"'),
                [
                    ("3:28 CF08 shares.a.password", "cannot act: no listener is its own"),
                ],
            ),
        ]
        self.assertEqual(differences(rows), "")
