"""Where each rule on sharing and packets fails, and where it has nothing to say."""

from __future__ import annotations

from .configs import Row, listen, share
from .userexamples import users

S = "shares.a.sharing"
P = "shares.a.packets"
TWO = "{port: 1}, {port: 2}"
READ = "{port: 1, access: read}"
WRITE = "{port: 1, access: write}"
UDP = "{port: 3, transport: udp, max_clients: 1, targets: ['127.0.0.1:9']}"
ONE = "{port: 2, max_clients: 1}"
BY_POOL = "pools: {p: {shares: [a], listen: [{port: 9}]}}\n"
ON_SHARE = "elements: {e: {protocol: nmea-0183, connections: {0: {share: a}}}}\n"


def at(listeners: str, values: str) -> str:
    """A configuration with these listeners, whose share has these values too; they begin at 5:5."""
    return listen(listeners) + f"    {values}\n"


def sharing(values: str) -> str:
    """A configuration with these rules of sharing; they begin at 5:15."""
    return share(f"sharing: {{{values}}}")


def packets(values: str) -> str:
    """A configuration with these rules of packets; they begin at 5:15."""
    return share(f"packets: {{{values}}}")


SHARING_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "rules_that_act": (
        [
            (sharing("turn: 2s"), [(f"5:15 CF08 {S}.turn", "no turns without `exclusive: true` or")]),
            (sharing("turn: 2s, receive_from: first"), [(f"5:15 CF08 {S}.turn", "no turns")]),
            (sharing("reply_window: 2s"), [(f"5:15 CF08 {S}.reply_window", "without `send_to: asker` or")]),
            (
                sharing("reply_window: 2s, send_to: last-active"),
                [(f"5:15 CF08 {S}.reply_window", "nobody waits for an answer")],
            ),
            (
                sharing("exclusive: true, receive_from: none"),
                [(f"5:15 CF08 {S}.exclusive", "`receive_from: none` nobody may send")],
            ),
            (
                sharing("exclusive: true, receive_from: first"),
                [(f"5:15 CF08 {S}.exclusive", "one client at a time may send")],
            ),
            (
                sharing("exclusive: true, receive_from: last-active"),
                [(f"5:15 CF08 {S}.exclusive", "says this already")],
            ),
            (
                sharing("send_to: asker, receive_from: none"),
                [(f"5:15 CF08 {S}.send_to", "with `receive_from: none` nobody asks")],
            ),
            (
                at(READ, "sharing: {receive_from: none, send_to: asker}"),
                [
                    (f"5:15 CF08 {S}.receive_from", "no listener lets clients send"),
                    (f"5:35 CF08 {S}.send_to", "nobody asks"),
                ],
            ),
            (
                at(READ, "sharing: {exclusive: true, turn: 2s}"),
                [(f"5:15 CF08 {S}.exclusive", "no listener lets clients send")],
            ),
            (
                sharing("max_clients: 1, receive_from: last, send_to: asker"),
                [
                    (f"5:31 CF08 {S}.receive_from", "with `max_clients: 1` there is one client"),
                    (f"5:51 CF08 {S}.send_to", "there is one client"),
                ],
            ),
            (
                at(f"{WRITE}, {READ.replace('1', '2')}", "sharing: {send_to: asker}"),
                [(f"5:15 CF08 {S}.send_to", "who may ask has `access: write`, and hears no answer")],
            ),
            (sharing("max_clients: 1, exclusive: true"), [(f"5:31 CF08 {S}.exclusive", "one client")]),
            (
                at(f"{ONE}, {READ}", "sharing: {exclusive: true, turn: 2s}"),
                [(f"5:15 CF08 {S}.exclusive", "one client alone can be there that may send")],
            ),
            (
                at(f"{ONE}, {READ}", "sharing: {receive_from: first, send_to: first}"),
                [(f"5:15 CF08 {S}.receive_from", "one client alone")],
            ),
            (
                listen(READ).replace("    listen", "    connect: ['h:1']\n    listen")
                + "    sharing: {receive_from: last-active}\n",
                [(f"6:15 CF08 {S}.receive_from", "one client alone")],
            ),
        ],
        [
            sharing("turn: 2s, exclusive: true"),
            sharing("turn: 2s, receive_from: last-active"),
            sharing("turn: 2s, receive_from: last, exclusive: true"),
            sharing("reply_window: 2s, send_to: asker"),
            sharing("exclusive: false, receive_from: none"),
            sharing("max_clients: 1, receive_from: none, send_to: last-active"),
            sharing("max_clients: 1, receive_from: all, send_to: all, exclusive: false"),
            at(f"{READ}, {{port: 2}}", "sharing: {receive_from: first, send_to: first}"),
            at(READ, "sharing: {receive_from: all, send_to: last-active}"),
            at(f"{WRITE}, {{port: 2}}", "sharing: {send_to: asker}"),
            at(f"{ONE}, {ONE.replace('2', '3')}", "sharing: {exclusive: true}"),
            at(f"{ONE}, {READ}", "sharing: {receive_from: all, send_to: asker}"),
            at(f"{UDP}, {READ}", "sharing: {exclusive: true}"),
            at(f"{ONE}, {READ}", "sharing: {exclusive: true}") + BY_POOL,
            at(f"{ONE}, {READ}", "sharing: {exclusive: true}\n    connect: {to: ['h:1', 'h:2'], all: true}"),
            users("console: {ssh: 0}\n" + at(READ, "sharing: {exclusive: true}")),
            users("console: {ssh: 0}\n" + at(f"{ONE}, {READ}", "sharing: {exclusive: true}")),
        ],
    ),
    "hearing_that_acts": (
        [
            (
                share("buffer: 1KiB\n    replay: 1KiB\n    packets: {size: 2}\n    sharing: {send_to: none}"),
                [
                    ("5:5 CF08 shares.a.buffer", "with `send_to: none` nobody hears the device"),
                    ("6:5 CF08 shares.a.replay", "nobody hears"),
                    ("7:5 CF08 shares.a.packets", "nobody hears"),
                ],
            ),
            (
                sharing("send_to: none, slow_client: {policy: discard}"),
                [(f"5:30 CF08 {S}.slow_client", "nobody hears")],
            ),
            (at(WRITE, "packets: {size: 2}"), [(f"5:5 CF08 {P}", "no listener lets clients read")]),
            (
                at(WRITE, "buffer: 1KiB\n    sharing: {slow_client: {policy: discard}}"),
                [
                    ("5:5 CF08 shares.a.buffer", "no listener lets clients read"),
                    (f"6:15 CF08 {S}.slow_client", "no listener lets clients read"),
                ],
            ),
            (at(WRITE, "sharing: {send_to: last}"), [(f"5:15 CF08 {S}.send_to", "lets clients read")]),
        ],
        [
            sharing("send_to: none"),
            share("buffer: 0\n    sharing: {send_to: none}"),
            at(WRITE, "sharing: {send_to: all}"),
            at(f"{WRITE}, {{port: 2}}", "packets: {size: 2}"),
        ],
    ),
    "packets_that_act": (
        [
            (packets(""), [(f"5:5 CF08 {P}", "it says nothing")]),
            (share("packets:"), [(f"5:5 CF08 {P}", "it says nothing")]),
            (share("packets: null"), [(f"5:5 CF08 {P}", "it says nothing")]),
            (packets("size: null"), [(f"5:5 CF08 {P}", "it says nothing")]),
            (
                packets('size: 1, hold: 1s, gap: 1ms, char: "x", pause: 1s'),
                [
                    (f"5:24 CF08 {P}.hold", "with `size: 1` each byte is sent at once"),
                    (f"5:34 CF08 {P}.gap", "each byte"),
                    (f"5:44 CF08 {P}.char", "each byte"),
                ],
            ),
            (packets("hold: 20ms, gap: 30ms"), [(f"5:27 CF08 {P}.gap", "`hold` ends sooner")]),
            (packets("hold: 20ms, gap: 20ms, size: 5"), [(f"5:27 CF08 {P}.gap", "`hold` ends sooner")]),
        ],
        [
            packets("pause: 1s"),
            packets("size: 1, pause: 1s"),
            packets("hold: 20ms, gap: 19ms"),
            packets("hold: 20ms, gap: 30ms, pause: 1s"),
            packets('size: 64KiB, hold: 1s, chars: "\\r\\n", gap: 1ms, pause: 1s'),
        ],
    ),
    "one_spelling_of_chars": (
        [(packets('char: "a", chars: "b"'), [(f"5:26 CF05 {P}.chars", "`char` already says this")])],
        [packets('char: "a"'), packets('chars: "ab"')],
    ),
    "chars_that_are_meant": (
        [
            (
                packets("char: '\\n'"),
                [(f"5:21 CF03 {P}.char", "expected bytes, found a backslash and 'n', two of them")],
            ),
            (
                packets("chars: '\\x03'"),
                [(f"5:22 CF03 {P}.chars", 'in double quotes "\\x" is one byte')],
            ),
            (packets("char: \\r"), [(f"5:21 CF03 {P}.char", "found a backslash and 'r'")]),
        ],
        [
            packets('char: "\\n"'),
            packets("char: '\\'"),
            packets("char: 'n\\'"),
            packets("char: '\\('"),
        ],
    ),
    "slowness_that_ends": (
        [
            (
                sharing("slow_client: {policy: pause-device, timeout: 5s}"),
                [(f"5:51 CF08 {S}.slow_client.timeout", "the device waits for clients")],
            ),
        ],
        [
            sharing("slow_client: {policy: pause-device, limit: 2KiB}"),
            sharing("slow_client: {timeout: 5s}"),
            at(
                "{port: 1, keepalive: false}",
                "sharing: {slow_client: {policy: pause-device, timeout: 5s}}",
            ),
        ],
    ),
    "messages_that_are_known": (
        [
            (
                sharing("arbitrate: message"),
                [(f"5:26 CF08 {S}.arbitrate", "no element runs on this share")],
            ),
            (
                sharing("arbitrate: message") + ON_SHARE.replace("share: a", "host: h, port: 1"),
                [(f"5:26 CF08 {S}.arbitrate", "give a connection of an element `share: a`")],
            ),
        ],
        [
            sharing("arbitrate: message") + ON_SHARE,
            sharing("arbitrate: message, reply_window: 2s") + ON_SHARE,
            sharing("arbitrate: null"),
        ],
    ),
}
