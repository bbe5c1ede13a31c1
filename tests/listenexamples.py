"""Where each rule on ways in fails, and where it has nothing to say."""

from __future__ import annotations

from .configs import Row, console, device, listen

L = "shares.a.listen"
UDP = "{port: 1, transport: udp}"


def to_itself(target: str, listener: str = "{port: 1}") -> str:
    """A configuration whose device is at an address, which stands at 3:19 for TCP and UDP."""
    return device(target).replace("{port: 1}", listener)


LISTEN_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "somebody_is_let_in": (
        [
            (
                listen("{port: 1, allow: []}"),
                [(f"4:31 CF03 {L}[0].allow", "expected an address or a network: without one everybody")],
            ),
        ],
        [listen("{port: 1, allow: [127.0.0.1]}"), listen("{port: 1}")],
    ),
    "those_who_can_come": (
        [
            (
                listen("{port: 1, allow: [10.0.0.0/24]}"),
                [(f"4:32 CF08 {L}[0].allow[0]", "only this machine reaches 127.0.0.1")],
            ),
            (
                listen("{port: 1, allow: [127.0.0.1, 10.0.0.7]}"),
                [(f"4:43 CF08 {L}[0].allow[1]", "only this machine reaches 127.0.0.1")],
            ),
            (
                listen('{port: 1, host: "::1", allow: ["fd00::/8"]}'),
                [(f"4:45 CF08 {L}[0].allow[0]", "only this machine reaches ::1")],
            ),
        ],
        [
            listen("{port: 1, allow: [127.0.0.0/9]}"),
            listen("{port: 1, allow: [0.0.0.0/0]}"),
            listen('{port: 1, host: "::1", allow: ["::1", "::/0"]}'),
            listen("{port: 1, host: any, insecure: true, allow: [10.0.0.0/24]}"),
        ],
    ),
    "a_console_of_its_own": (
        [
            (console("{telnet: 9}"), [("1:19 CF06 console.telnet", f"port 9 is also that of {L}[0]")]),
            (
                console('{telnet: "any:9", insecure: true}'),
                [("1:19 CF06 console.telnet", f"port 9 is also that of {L}[0]")],
            ),
        ],
        [
            console("{telnet: 8}"),
            console('{telnet: "127.0.0.2:9"}'),
            "console: {telnet: 1}\n" + listen(f"{UDP}, {{endpoint: 'unix:/x'}}, {{port: 0}}"),
            "console: {telnet: 0}\n" + listen("{port: 0}"),
        ],
    ),
    "local_ports_of_their_own": (
        [
            (
                to_itself("{udp: 'h:9', local_port: 1}", UDP),
                [("3:38 CF06 shares.a.device.local_port", f"port 1 is also that of {L}[0]")],
            ),
        ],
        [
            to_itself("{udp: 'h:1', local_port: 1}"),
            to_itself("{udp: 'h:9', local_port: 2}", UDP),
            to_itself("{udp: 'h:9'}", "{port: 0, transport: udp}"),
        ],
    ),
    "places_for_each": (
        [
            (
                listen("{port: 1, max_clients: 2, max_per_source: 5}"),
                [(f"4:40 CF08 {L}[0].max_per_source", "cannot act: the listener lets in 2")],
            ),
            (
                listen("{port: 1}") + "pools:\n  p: {shares: [a], listen: "
                "[{port: 2, max_per_source: 40, max_clients: 30}]}\n",
                [("6:39 CF08 pools.p.listen[0].max_per_source", "the listener lets in 30")],
            ),
        ],
        [
            listen("{port: 1, max_clients: 5, max_per_source: 5}"),
            listen("{port: 1, max_per_source: 16}"),
        ],
    ),
}
LISTEN_WARNINGS = {"those_who_can_come", "places_for_each"}
