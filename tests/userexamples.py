"""Users for tests, with hashes that take no time; where each rule on logins fails, and where it does not."""

from __future__ import annotations

import atexit
import os
import tempfile
from pathlib import Path

from smartserial.passwords import decoy, hash_password
from tests.canary import CANARY

from .configs import Row, console, listen, share

PASSWORD = CANARY.encode()
"""Every user's password in tests, unless a test is about another one."""
HASH = hash_password(PASSWORD, 1)
DEAR = decoy()
"""A hash that is as good as it should be, for files that nobody logs in by."""
USERS = f"""\
users:
  anna: {{password: "{DEAR}", groups: [operators]}}
  bob: {{password: "{DEAR}", groups: [watchers]}}
groups:
  operators: {{rights: {{"*": [read, write, control]}}}}
  watchers: {{rights: {{"*": [read]}}}}
"""


def write_users(folder: Path, text: str = USERS) -> Path:
    """Write a file of users that nobody else can read; return its path."""
    path = folder / "users.yaml"
    path.write_text(text)
    path.chmod(0o600)
    return path


_folder = tempfile.TemporaryDirectory()
atexit.register(_folder.cleanup)
_FILE = os.fspath(write_users(Path(_folder.name)))
_HEAD = f"users: {{file: {_FILE}}}\n"
L = "shares.a.listen"
H = f'password: "{DEAR}"'


def users(text: str) -> str:
    """A configuration, with users; its lines move by one."""
    return _HEAD + text


USER_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "one_way_to_log_in": (
        [
            (
                users(listen(f"{{port: 1, groups: [operators], {H}}}")),
                [(f"5:24 CF05 {L}[0].groups", "`password` and `groups` exclude each other")],
            ),
            (
                users(listen(f"{{port: 1, users: true, {H}}}")),
                [(f"5:24 CF05 {L}[0].users", "`password` and `users` exclude each other")],
            ),
            (
                users(listen("{port: 1, users: false, groups: [operators]}")),
                [(f"5:38 CF05 {L}[0].groups", "`users: false` and `groups` exclude each other")],
            ),
            (
                users(share("groups: [operators]") + f"    {H}\n"),
                [("6:5 CF05 shares.a.groups", "`password` and `groups` exclude each other")],
            ),
            (
                users(console(f"{{telnet: 7, users: true, {H}}}")),
                [("2:22 CF05 console.users", "`password` and `users` exclude each other")],
            ),
        ],
        [
            listen(f"{{port: 1, {H}}}"),
            users(listen("{port: 1, groups: [operators], users: true}")),
            users(share("users: true")),
            users(console("{telnet: 7, groups: [operators]}")),
        ],
    ),
    "users_that_exist": (
        [
            (listen("{port: 1, users: true}"), [(f"4:31 CF04 {L}[0].users", "expected `users` beside")]),
            (listen("{port: 1, groups: [x]}"), [(f"4:32 CF04 {L}[0].groups", "expected `users` beside")]),
            (share("users: true"), [("5:12 CF04 shares.a.users", "add `users: {file: PATH}` at the top")]),
            (console("{telnet: 7, users: true}"), [("1:29 CF04 console.users", "expected `users` beside")]),
        ],
        [users(listen("{port: 1, users: true}")), listen("{port: 1, host: localhost}")],
    ),
    "logins_that_udp_has_not": (
        [
            (
                listen(f"{{port: 1, transport: udp, {H}}}"),
                [(f"4:40 CF08 {L}[0].password", "over UDP nobody can log in")],
            ),
            (
                users(listen("{port: 1, transport: udp}, {port: 2}") + "    users: true\n"),
                [(f"5:35 CF08 {L}[0].transport", "`users: false` at this listener lets everybody in")],
            ),
        ],
        [users(listen("{port: 1, transport: udp, users: false}, {port: 2}") + "    users: true\n")],
    ),
    "logins_that_act": (
        [
            (
                users(listen("{port: 1, users: false}") + "    users: true\n"),
                [("6:5 CF08 shares.a.users", "cannot act: each listener has words of its own")],
            ),
            (listen("{port: 1, users: false}"), [(f"4:24 CF08 {L}[0].users", "nobody is asked here anyway")]),
            (share("users: false"), [("5:5 CF08 shares.a.users", "nobody is asked here anyway")]),
            (console(f"{{{H}}}"), [("1:11 CF08 console.password", "it is for `telnet`")]),
            (
                users(console("{ssh: 2, users: true}")),
                [("2:19 CF08 console.users", "it is for `telnet`, and by SSH all are users")],
            ),
        ],
        [
            users(listen("{port: 1, users: false}, {port: 2}") + "    users: true\n"),
            users("console: {ssh: 2}\n" + listen("{port: 1, users: false}") + "    groups: [operators]\n"),
        ],
    ),
    "words_in_clear": (
        [
            (
                listen(f"{{port: 1, host: any, {H}}}"),
                [(f"4:30 CF07 {L}[0].host", "passwords and data go over the network in clear")],
            ),
            (
                listen(f'{{endpoint: "tcp:1", {H}}}'),
                [(f"4:25 CF07 {L}[0].endpoint", "passwords and data go over the network in clear")],
            ),
            (
                console(f'{{telnet: "any:7", {H}}}'),
                [("1:19 CF07 console.telnet", "passwords go over the network in clear")],
            ),
        ],
        [
            listen(f"{{port: 1, host: any, insecure: true, {H}}}"),
            listen(f'{{endpoint: "unix:/x", {H}}}'),
            listen(f'{{endpoint: "ssl:1", {H}}}'),
            console(f'{{telnet: "any:7", insecure: true, {H}}}'),
        ],
    ),
}
