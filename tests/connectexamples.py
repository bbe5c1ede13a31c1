"""Where each rule on calls fails, and where it has nothing to say."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from smartserial.lines import LineProfile, Lines
from smartserial.settings import (
    Address,
    CallLogin,
    ConnectSettings,
    Heartbeat,
    Keepalive,
    Mode,
    Secret,
    TlsSettings,
    When,
)
from smartserial.sharing.access import Access

from .canary import CANARY
from .configs import Row

_FOLDER = TemporaryDirectory()
atexit.register(_FOLDER.cleanup)
SECRET = Path(_FOLDER.name) / "far.secret"
"""A file with a password, that its owner alone can read."""
with os.fdopen(os.open(SECRET, os.O_WRONLY | os.O_CREAT, 0o600), "w") as _file:
    _file.write(f"{CANARY}\n")

LOGIN = f"login: {{user: anna, password_file: {SECRET}}}"


# Two calls that have all options between them, and what they mean.
COMPLETE_CALLS = (
    "{to: ['127.0.0.1:4101', 'localhost:4102'], mode: rfc2217, telnet_role: client, all: true, tls: doors, "
    f"when: device-open, backoff: [1s, 20s], {LOGIN}, "
    "lines: {open: {dtr: true}, closed: {rts: false}}}",
    '{to: ["[2001:db8::1]:4103"], transport: tcp, register: "ID\\r", heartbeat: {send: "\\0", every: 30s}, '
    "access: read, nodelay: false, keepalive: {every: 10s}, idle_timeout: 1m}",
)


def complete_calls(tls: TlsSettings) -> tuple[ConnectSettings, ConnectSettings]:
    """Return the settings of `COMPLETE_CALLS`, where the set of the first has these."""
    return (
        ConnectSettings(
            (Address("127.0.0.1", 4101), Address("localhost", 4102)),
            Mode.RFC2217,
            all=True,
            when=When.DEVICE_OPEN,
            backoff=(1.0, 20.0),
            tls=tls,
            login=CallLogin("anna", Secret(CANARY)),
            lines=LineProfile(Lines(dtr=True), Lines(rts=False)),
        ),
        ConnectSettings(
            (Address("2001:db8::1", 4103),),
            register=b"ID\r",
            heartbeat=Heartbeat(b"\0", 30.0),
            access=Access.READ,
            nodelay=False,
            keepalive=Keepalive(10.0),
            idle_timeout=60.0,
        ),
    )


def call(device: str, connect: str, more: str = "") -> str:
    """A configuration with this device, these calls at 4:15, and other values of the share at 5:5."""
    text = f"shares:\n  a:\n    device: {{{device}}}\n    connect: {{{connect}}}\n"
    return f"{text}    {more}\n" if more else text


def pair(device: str, far: str, more: str = "", far_more: str = "", mode: str = "rfc2217") -> str:
    """A share that calls another one of the same gateway; the address stands at 4:20."""
    here = call(device, "to: ['127.0.0.1:7'], mode: rfc2217", more)
    there = f"  b:\n    device: {{{far}}}\n    listen: [{{port: 7, mode: {mode}}}]\n"
    return here + (f"{there}    {far_more}\n" if far_more else there)


_TO = "4:20 CF08 shares.a.connect.to[0]"
_NOTIFY = "sharing: {settings: {notify: true}}"

CONNECT_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "somebody_to_serve": (
        [
            (
                "shares: {a: {device: {loop: true}}}\n",
                [
                    (
                        "1:13 CF04 shares.a.listen",
                        "expected `listen`, `connect` or a pool that has this share: nobody could come",
                    )
                ],
            ),
            (
                "shares: {a: {device: {loop: true}, buffer: 0}}\n",
                [
                    (
                        "1:13 CF04 shares.a.listen",
                        "expected `listen`, `connect` or a pool that has this share: nobody could come",
                    )
                ],
            ),
        ],
        [
            "shares: {a: {device: {loop: true}, connect: [h:1]}}\n",
            "shares: {a: {device: {loop: true}}}\npools: {p: {shares: [a], listen: [{port: 1}]}}\n",
            "shares: {a: {device: {loop: true}, listen: [{port: 1}], connect: [h:1]}}\n",
        ],
    ),
    "what_calls_by_udp_carry": (
        [
            (
                call("loop: true", "to: [h:1], transport: udp, mode: rfc2217"),
                [("4:48 CF08 shares.a.connect.mode", "expected raw with `transport: udp`: telnet needs TCP")],
            ),
            (
                call("loop: true", "to: [h:1], transport: udp, when: on-demand"),
                [("4:42 CF08 shares.a.connect.when", "cannot act: over UDP a way is always open")],
            ),
            (
                call("loop: true", 'to: ["224.0.0.1:4"], transport: udp'),
                [("4:20 CF08 shares.a.connect.to[0]", "224.0.0.1 is for many: a call is for one")],
            ),
            (
                call("loop: true", 'to: ["255.255.255.255:4", "[ff02::1]:4"], transport: udp'),
                [
                    ("4:20 CF08 shares.a.connect.to[0]", "255.255.255.255 is for many: a call is for one"),
                    ("4:41 CF08 shares.a.connect.to[1]", "ff02::1 is for many: a call is for one"),
                ],
            ),
        ],
        [
            call("loop: true", "to: [h:1], transport: udp"),
            call("loop: true", 'to: ["10.0.0.255:4"], transport: udp'),
            call("virtual: p", "to: [h:1], transport: udp, when: device-open"),
        ],
    ),
    "what_calls_by_udp_have": (
        [
            (
                call("loop: true", "to: [h:1], transport: udp, nodelay: true"),
                [("4:42 CF08 shares.a.connect.nodelay", "cannot act: this is for TCP")],
            ),
            (
                call("loop: true", "to: [h:1], transport: udp, keepalive: true, idle_timeout: 5s"),
                [
                    (
                        "4:42 CF08 shares.a.connect.keepalive",
                        "cannot act: this is for TCP; `heartbeat` keeps a way open",
                    ),
                    (
                        "4:59 CF08 shares.a.connect.idle_timeout",
                        "cannot act: over UDP there is nothing to hang up",
                    ),
                ],
            ),
            (
                call("loop: true", "to: [h:1], transport: udp, all: true"),
                [
                    (
                        "4:42 CF08 shares.a.connect.all",
                        "cannot act: over UDP each has a socket of its own anyway",
                    )
                ],
            ),
        ],
        [
            call("loop: true", "to: [h:1], transport: udp, register: a, heartbeat: {send: a, every: 5s}"),
            call("loop: true", "to: [h:1], nodelay: false, keepalive: false, idle_timeout: 5s"),
        ],
    ),
    "each_address_once": (
        [
            (
                call("loop: true", 'to: ["h:1", "g:1", "h:1"]'),
                [("4:34 CF06 shares.a.connect.to[2]", "h:1 stands there twice")],
            ),
            (
                call("loop: true", 'to: ["h:1", "g:1"], all: true', "sharing: {max_clients: 1}"),
                [
                    (
                        "4:5 CF08 shares.a.connect",
                        "expected at most 1, as `max_clients` says: each has a place",
                    )
                ],
            ),
            (
                call("loop: true", 'to: ["h:1", "g:1"], transport: udp', "sharing: {max_clients: 1}"),
                [
                    (
                        "4:5 CF08 shares.a.connect",
                        "expected at most 1, as `max_clients` says: each has a place",
                    )
                ],
            ),
        ],
        [
            call("loop: true", 'to: ["h:1", "h:2"], all: true'),
            call("loop: true", 'to: ["h:1", "g:1"]', "sharing: {max_clients: 1}"),
        ],
    ),
    "moments_that_come": (
        [
            (
                call("port: ttyS0", "to: [h:1], when: device-open"),
                [("4:26 CF08 shares.a.connect.when", "cannot act: programs open virtual ports only")],
            ),
            (
                call("port: ttyS0", "to: [h:1], when: on-demand, idle_timeout: 5s", "buffer: 0"),
                [
                    (
                        "5:13 CF08 shares.a.buffer",
                        "what the device sends would be lost until somebody has answered: `buffer` is 0",
                    )
                ],
            ),
            (
                call("port: ttyS0, open: on-demand", "to: [h:1], when: on-demand, idle_timeout: 5s"),
                [
                    (
                        "3:33 CF08 shares.a.device.open",
                        "`open: on-demand` waits for a client, and the call for the device",
                    )
                ],
            ),
        ],
        [
            call("virtual: p", "to: [h:1], when: device-open"),
            call("virtual: p", "to: [h:1], when: on-demand, idle_timeout: 5s", "buffer: 0"),
            call("port: ttyS0", "to: [h:1], when: on-demand, idle_timeout: 5s"),
        ],
    ),
    "calls_that_end": (
        [
            (
                call("port: ttyS0, open: on-demand", "to: [h:1]"),
                [
                    (
                        "3:27 CF08 shares.a.device.open",
                        "cannot act: a call that is always there keeps the device open",
                    )
                ],
            ),
            (
                call("port: ttyS0", "to: [h:1], when: on-demand"),
                [
                    (
                        "4:32 CF08 shares.a.connect.when",
                        "stays connected for ever: `idle_timeout` says when it ends",
                    )
                ],
            ),
            (
                call("port: ttyS0", "to: [h:1], when: on-demand, idle_timeout: 5s, access: write"),
                [
                    (
                        "4:61 CF08 shares.a.connect.access",
                        "cannot act: with `access: write` the far side gets nothing of what the device sends",
                    )
                ],
            ),
        ],
        [
            call("port: ttyS0", "to: [h:1], when: on-demand, idle_timeout: 5s"),
            call("port: ttyS0", "to: [h:1], access: write"),
        ],
    ),
    "words_that_act": (
        [
            (
                call("virtual: p", "to: [h:1], telnet_role: server"),
                [
                    (
                        "4:26 CF08 shares.a.connect.telnet_role",
                        "cannot act: without `mode: rfc2217` there is no telnet",
                    )
                ],
            ),
            (
                call("virtual: p", "to: [h:1], all: true"),
                [("4:26 CF08 shares.a.connect.all", "cannot act: there is one address")],
            ),
            (
                call("virtual: p", "to: [h:1], mode: rfc2217, register: a"),
                [
                    (
                        "4:41 CF08 shares.a.connect.register",
                        "goes to the device of the far port, as data: a server of RFC 2217 needs none",
                    )
                ],
            ),
            (
                call("virtual: p", "to: [h:1], mode: rfc2217, heartbeat: {send: a, every: 5s}"),
                [
                    (
                        "4:41 CF08 shares.a.connect.heartbeat",
                        "goes to the device of the far port, as data: a server of RFC 2217 needs none",
                    )
                ],
            ),
        ],
        [
            call(
                "virtual: p",
                "to: [h:1], mode: rfc2217, telnet_role: server, register: a, heartbeat: {send: a, every: 5s}",
            ),
            call("virtual: p", 'to: ["h:1", "g:1"], all: true'),
        ],
    ),
    "lines_that_can_be_driven": (
        [
            (
                call("virtual: p", "to: [h:1], lines: {open: {dtr: true}}"),
                [("4:26 CF08 shares.a.connect.lines", "cannot act: it is for `mode: rfc2217` as its client")],
            ),
            (
                call("port: ttyS0", "to: [h:1], mode: rfc2217, lines: {closed: {dtr: false}}"),
                [("4:41 CF08 shares.a.connect.lines", "cannot act: programs open virtual ports only")],
            ),
            (
                call(
                    "virtual: p", "to: [h:1], mode: rfc2217, telnet_role: server, lines: {open: {rts: true}}"
                ),
                [("4:62 CF08 shares.a.connect.lines", "cannot act: it is for `mode: rfc2217` as its client")],
            ),
        ],
        [
            call(
                "virtual: p",
                "to: [h:1], mode: rfc2217, lines: {open: {dtr: true}, closed: {dtr: false, rts: false}}",
            ),
        ],
    ),
    "logins_that_are_asked_for": (
        [
            (
                call("virtual: p", f"to: ['127.0.0.1:1'], mode: rfc2217, telnet_role: server, {LOGIN}"),
                [
                    (
                        "4:72 CF08 shares.a.connect.login",
                        "a client of RFC 2217 that is called asks for no login",
                    )
                ],
            ),
        ],
        [call("virtual: p", f"to: ['127.0.0.1:1'], mode: rfc2217, {LOGIN}")],
    ),
    "passwords_in_clear": (
        [
            (
                call("loop: true", f"to: [h:1], {LOGIN}"),
                [
                    (
                        "4:26 CF07 shares.a.connect.login",
                        "the password goes over the network in clear (add `tls`)",
                    )
                ],
            ),
            (
                call("loop: true", f"to: ['127.0.0.1:1', '10.0.0.1:1'], {LOGIN}"),
                [("4:50 CF07 shares.a.connect.login", "the password goes over the network in clear")],
            ),
        ],
        [
            call("loop: true", f"to: ['127.0.0.1:1', '[::1]:1', 'localhost:1'], {LOGIN}"),
            "tls: {far: {verify: false}}\n" + call("loop: true", f"to: [h:1], tls: far, {LOGIN}"),
        ],
    ),
    "settings_that_pass": (
        [
            (pair("virtual: p", "virtual: q"), [(_TO, "no settings pass: both are virtual ports")]),
            (pair("port: p", "port: q"), [(_TO, "no settings pass: both are real ports")]),
            (
                pair("port: p", "virtual: q"),
                [(_TO, "the share there announces nothing without `settings: {notify: true}`")],
            ),
            (
                pair("port: p", "virtual: q", "sharing: {settings: {remote: false}}", _NOTIFY),
                [(_TO, "with `settings: {remote: false}` nothing is applied here")],
            ),
            (pair("virtual: p", "port: q", mode="raw"), [(_TO, "the listener there is a raw one")]),
        ],
        [
            pair("virtual: p", "port: q"),
            pair("port: p", "virtual: q", "", _NOTIFY),
            pair("loop: true", "virtual: q"),
        ],
    ),
}

CONNECT_WARNINGS = {
    "what_calls_by_udp_have",
    "calls_that_end",
    "words_that_act",
    "passwords_in_clear",
    "lines_that_can_be_driven",
    "settings_that_pass",
}
"""The rules whose findings do no harm."""
