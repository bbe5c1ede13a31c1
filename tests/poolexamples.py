"""Where each rule on pools fails, and where it does not."""

from __future__ import annotations

from .configs import Row, listen


def pool(values: str, name: str = "p") -> str:
    """A configuration with a pool of these values; they begin at 6:4 plus the length of its name."""
    return f"{listen('{port: 1}')}pools:\n  {name}: {{{values}}}\n"


POOL_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "shares_of_pools": (
        [
            (
                pool("shares: [a, B], listen: [{port: 2}]"),
                [("6:19 CF14 pools.p.shares[1]", "there is no share B")],
            ),
        ],
        [pool("shares: [a], listen: [{port: 2}]")],
    ),
    "names_of_pools": (
        [
            (
                pool("shares: [a], listen: [{port: 2}]", "a"),
                [("6:3 CF06 pools.a", "a is also the name of shares.a")],
            ),
        ],
        [pool("shares: [a], listen: [{port: 2}, {port: 3, mode: rfc2217}]")],
    ),
    "listeners_of_pools": (
        [
            (
                pool("shares: [a], listen: [{port: 2, transport: udp}]"),
                [("6:50 CF08 pools.p.listen[0].transport", "over UDP nobody connects")],
            ),
            (
                pool("shares: [a], listen: [{port: 2, when: device-open}]"),
                [("6:39 CF08 pools.p.listen[0].when", "may all have programs or none")],
            ),
        ],
        [pool("shares: [a], listen: [{port: 2, when: always, allow: [127.0.0.1]}], announce: false")],
    ),
    "pool_options_that_act": (
        [
            (
                pool("shares: [a, a], listen: [{port: 2}]"),
                [("6:19 CF08 pools.p.shares[1]", "a stands there twice")],
            ),
            (
                pool("shares: [a], listen: [{port: 2, linger: 3s}]"),
                [("6:39 CF08 pools.p.listen[0].linger", "cannot act in a pool")],
            ),
        ],
        [pool("shares: [a], listen: [{port: 2, max_clients: 3}]")],
    ),
}
POOL_WARNINGS = {"pool_options_that_act"}
