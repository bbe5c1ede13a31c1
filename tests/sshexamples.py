"""Where each rule on the SSH door fails, and where it does not."""

from __future__ import annotations

from .configs import Row, console, listen
from .userexamples import users

SSH_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "users_for_ssh": (
        [
            (
                console("{ssh: 2}"),
                [
                    (
                        "1:16 CF04 console.ssh",
                        "expected `users` beside `console`, which says who may come by SSH",
                    )
                ],
            ),
        ],
        [users(console("{ssh: 2222}")), users(console('{ssh: "any:2222", groups: [operators]}'))],
    ),
    "host_keys_that_act": (
        [(console("{host_key: k}"), [("1:11 CF08 console.host_key", "it is for `ssh`, and there is none")])],
        [users(console("{ssh: 2222, host_key: k}"))],
    ),
    "doors_of_their_own": (
        [
            (
                users(console("{telnet: 2222, ssh: 2222}")),
                [("2:30 CF06 console.ssh", "port 2222 is also that of `telnet`")],
            ),
            (
                users(console('{ssh: "any:9"}')),
                [("2:16 CF06 console.ssh", "port 9 is also that of shares.a.listen[0]")],
            ),
        ],
        [
            users(console("{telnet: 0, ssh: 0}")),
            users(console('{telnet: "127.0.0.2:2222", ssh: 2222}')),
            users("console: {ssh: 2}\n" + listen("{port: 2, transport: udp}, {endpoint: 'unix:/x'}")),
        ],
    ),
    "what_ssh_needs": ([], [users(console("{ssh: 2222}"))]),  # fails where something is not installed
}
SSH_WARNINGS = {"host_keys_that_act"}
