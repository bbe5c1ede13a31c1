"""Where each rule on circles fails, and where it has nothing to say."""

from __future__ import annotations

from .configs import Row
from .connectexamples import call
from .listenexamples import UDP, to_itself
from .udpexamples import targets


def shares(*values: str) -> str:
    """Shares a, b, c, ... whose values begin at 2:6, 3:6, ..."""
    return "shares:\n" + "".join(f"  {name}: {{{one}}}\n" for name, one in zip("abc", values, strict=False))


def tcp(port: int, target: int) -> str:
    """A share whose device is at a port of this machine, which stands at column 21."""
    return f"device: {{tcp: 127.0.0.1:{target}}}, listen: [{{port: {port}}}]"


def calling(device: str, port: int, *targets: int, listen: str = "") -> str:
    """A share that calls ports of this machine."""
    to = ", ".join(f"127.0.0.1:{target}" for target in targets)
    call = f"connect: [{to}], " if targets else ""
    return f"{call}device: {{{device}}}, listen: [{{port: {port}{listen}}}]"


CIRCLE_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "nothing_to_itself": (
        [
            (
                to_itself("{tcp: '127.0.0.1:1'}"),
                [("3:19 CF08 shares.a.device.tcp", "127.0.0.1:1 is a listener of this share")],
            ),
            (
                to_itself("{tcp: 'localhost:1'}"),
                [("3:19 CF08 shares.a.device.tcp", "localhost:1 is a listener of this share")],
            ),
            (
                to_itself("{rfc2217: '127.0.0.1:1'}", "{port: 1, host: any, insecure: true}"),
                [("3:23 CF08 shares.a.device.rfc2217", "127.0.0.1:1 is a listener of this share")],
            ),
            (
                to_itself("{udp: '127.0.0.1:1'}", UDP),
                [("3:19 CF08 shares.a.device.udp", "127.0.0.1:1 is a listener of this share")],
            ),
            (
                to_itself("{tcp: '127.0.0.1:2'}") + "pools: {p: {shares: [a], listen: [{port: 2}]}}\n",
                [("3:19 CF08 shares.a.device.tcp", "127.0.0.1:2 is a listener of this share")],
            ),
            (
                call("loop: true", 'to: ["127.0.0.1:7"]', "listen: [{port: 7}]"),
                [("4:20 CF08 shares.a.connect.to[0]", "127.0.0.1:7 is a listener of this share")],
            ),
            (
                call("loop: true", 'to: ["localhost:7"]', "listen: [{port: 7}]"),
                [("4:20 CF08 shares.a.connect.to[0]", "localhost:7 is a listener of this share")],
            ),
            (
                call("loop: true", 'to: ["127.0.0.2:7"]', "listen: [{port: 7, host: any, insecure: true}]"),
                [("4:20 CF08 shares.a.connect.to[0]", "127.0.0.2:7 is a listener of this share")],
            ),
            (
                call(
                    "loop: true", 'to: ["127.0.0.1:7"], transport: udp', "listen: [{port: 7, transport: udp}]"
                ),
                [("4:20 CF08 shares.a.connect.to[0]", "127.0.0.1:7 is a listener of this share")],
            ),
            (
                targets('"127.0.0.1:1"'),
                [("4:50 CF08 shares.a.listen[0].targets[0]", "127.0.0.1:1 is a listener of this share")],
            ),
            (
                targets('"localhost:1"', ", host: any, insecure: true"),
                [("4:50 CF08 shares.a.listen[0].targets[0]", "localhost:1 is a listener of this share")],
            ),
        ],
        [
            to_itself("{tcp: '127.0.0.1:2'}"),
            to_itself("{tcp: '127.0.0.2:1'}"),
            to_itself("{tcp: '127.0.0.1:1'}", UDP),
            to_itself("{udp: '127.0.0.1:1'}"),
            call("loop: true", 'to: ["127.0.0.1:8", "10.0.0.1:7", "h:7"]', "listen: [{port: 7}]"),
            call("loop: true", 'to: ["127.0.0.1:7"], transport: udp', "listen: [{port: 7}]"),
            call("loop: true", 'to: ["127.0.0.1:7"]', 'listen: [{endpoint: "unix:/x"}]'),
        ],
    ),
    "no_circles": (
        [
            (
                shares(tcp(1, 2), tcp(2, 1)),
                [("2:21 CF08 shares.a.device.tcp", "bytes would go in circles: a -> b -> a")],
            ),
            (
                shares(tcp(1, 2), tcp(2, 3), tcp(3, 1)),
                [("2:21 CF08 shares.a.device.tcp", "circles: a -> b -> c -> a")],
            ),
            (
                shares(calling("loop: true", 1, 2), calling("loop: true", 2)),
                [("2:17 CF08 shares.a.connect[0]", "circles: a -> b -> a")],
            ),
            (
                shares(
                    "device: {loop: true}, listen: [{port: 1, transport: udp, targets: ['127.0.0.1:2']}]",
                    "device: {loop: true}, listen: [{port: 2, transport: udp}]",
                ),
                [("2:74 CF08 shares.a.listen[0].targets[0]", "circles: a -> b -> a")],
            ),
        ],
        [
            shares(tcp(1, 2), tcp(2, 3), tcp(3, 9)),
            shares(calling("virtual: v", 1, 2), calling("loop: true", 2)),
            shares(calling("loop: true", 1, 2), calling("loop: true", 2, listen=", access: read")),
            shares(calling("loop: true", 1, 2), calling("virtual: v", 2)),
        ],
    ),
    "called_from_one_side": (
        [
            (
                shares(calling("virtual: v", 1, 2), calling("virtual: w", 2, 1)),
                [("3:17 CF08 shares.b.connect[0]", "a calls this share already: each byte would come twice")],
            ),
        ],
        [
            shares(calling("virtual: v", 1, 2, 3), calling("virtual: w", 2), calling("virtual: x", 3)),
            shares(calling("virtual: v", 1, 2), calling("virtual: w", 2, 3), calling("virtual: x", 3, 1)),
        ],
    ),
}
CIRCLE_WARNINGS = {"no_circles", "called_from_one_side"}
