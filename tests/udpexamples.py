"""Where each rule on UDP and replays fails, and where it has nothing to say."""

from __future__ import annotations

from .configs import Row, device, listen, share

L = "shares.a.listen"
UDP = "port: 1, transport: udp"


def at(listeners: str, values: str) -> str:
    """A configuration with these listeners, whose share has these values too; they begin at 5:5."""
    return listen(listeners) + f"    {values}\n"


def on_demand(values: str) -> str:
    """A configuration that opens its device on demand; the values begin at 5:5."""
    return device("{loop: true, open: on-demand}") + f"    {values}\n"


def targets(words: str, more: str = "") -> str:
    """A configuration with a UDP listener that has these targets; they begin at 4:50."""
    return listen(f"{{{UDP}, targets: [{words}]{more}}}")


UDP_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "replays_that_act": (
        [
            (
                on_demand("replay: 1KiB"),
                [("5:5 CF08 shares.a.replay", "cannot act: with `open: on-demand` nothing is read")],
            ),
            (
                at("{port: 1, access: write}", "replay: 1"),
                [("5:5 CF08 shares.a.replay", "cannot act: no listener lets clients read")],
            ),
        ],
        [
            share("replay: 1KiB"),
            on_demand("replay: 0"),
            at("{port: 1, access: write}, {port: 2}", "replay: 1"),
        ],
    ),
    "what_udp_carries": (
        [
            (
                listen(f"{{{UDP}, mode: rfc2217}}"),
                [(f"4:46 CF08 {L}[0].mode", "expected raw with `transport: udp`: telnet needs TCP")],
            ),
            (
                listen('{transport: udp, endpoint: "unix:/x"}'),
                [(f"4:31 CF05 {L}[0].endpoint", "`transport: udp` and `endpoint` exclude each other")],
            ),
        ],
        [listen(f"{{{UDP}}}"), listen(f"{{{UDP}, mode: raw}}")],
    ),
    "what_udp_has": (
        [
            (
                listen(f"{{{UDP}, refusal: close}}"),
                [(f"4:40 CF08 {L}[0].refusal", "a client that is refused is told nothing")],
            ),
            (listen(f"{{{UDP}, nodelay: true}}"), [(f"4:40 CF08 {L}[0].nodelay", "this is for TCP")]),
            (
                listen(f"{{{UDP}, keepalive: false}}"),
                [(f"4:40 CF08 {L}[0].keepalive", "`idle_timeout` says when a silent client is forgotten")],
            ),
            (
                listen(f"{{{UDP}, interface: lo}}"),
                [(f"4:40 CF08 {L}[0].interface", "cannot act: there are no `targets`")],
            ),
            (
                targets('"127.0.0.1:9", "127.0.0.2:9"', ", interface: lo"),
                [(f"4:81 CF08 {L}[0].interface", "it is for groups (multicast)")],
            ),
            (
                listen('{port: 1, targets: ["h:1"], interface: lo}'),
                [
                    (f"4:24 CF08 {L}[0].targets", "this is for `transport: udp`"),
                    (f"4:42 CF08 {L}[0].interface", "this is for `transport: udp`"),
                ],
            ),
        ],
        [
            listen(f"{{{UDP}, idle_timeout: 5s, access: read, max_clients: 3}}"),
            listen("{port: 1, nodelay: true}"),
            targets('"127.0.0.1:9", "239.0.0.1:9"', ", interface: lo"),
            targets('"h:9"', ", interface: lo"),
        ],
    ),
    "targets_that_can_be_had": (
        [
            (
                targets('"h:1", "h:2", "h:1"'),
                [(f"4:64 CF06 {L}[0].targets[2]", "h:1 stands there twice")],
            ),
            (
                targets('"10.0.0.5:1"'),
                [(f"4:50 CF08 {L}[0].targets[0]", "10.0.0.5 cannot be reached from 127.0.0.1")],
            ),
            (
                targets('"[::1]:1"'),
                [(f"4:50 CF08 {L}[0].targets[0]", "expected an address of the kind that 127.0.0.1 is")],
            ),
            (
                targets('"h:1", "h:2"', ", max_clients: 1"),
                [(f"4:49 CF08 {L}[0].targets", "expected at most 1, as `max_clients` says")],
            ),
            (
                targets('"h:1", "h:2"') + "    sharing: {max_clients: 1}\n",
                [(f"4:49 CF08 {L}[0].targets", "expected at most 1, as `max_clients` says")],
            ),
        ],
        [
            targets('"h:1", "h:2", "127.0.0.9:1", "239.0.0.1:1", "255.255.255.255:1"'),
            targets('"10.0.0.5:1", "10.0.0.255:1"', ", host: any, insecure: true"),
            targets('"[::1]:9"', ', host: "::1"'),
            targets('"h:1", "h:2"', ", max_clients: 2"),
        ],
    ),
    "targets_that_hear": (
        [
            (
                targets('"h:1"', ", access: write"),
                [(f"4:40 CF08 {L}[0].targets", "cannot act: with `access: write` clients get nothing")],
            ),
            (
                targets('"h:1"').replace("{loop: true}", "{loop: true, open: on-demand}"),
                [("3:26 CF08 shares.a.device.open", "cannot act: targets are always there")],
            ),
            (
                targets('"h:1"') + "    buffer: 1KiB\n",
                [("5:5 CF08 shares.a.buffer", "cannot act: targets are always there")],
            ),
        ],
        [
            targets('"h:1"'),
            targets('"h:1"') + "    buffer: 0\n",
            listen(f"{{{UDP}}}").replace("{loop: true}", "{loop: true, open: on-demand}"),
            listen(f"{{{UDP}}}") + "    buffer: 1KiB\n",
        ],
    ),
    "others_may_speak": (
        [
            (
                targets('"h:1"') + "    sharing: {receive_from: first}\n",
                [
                    (
                        "5:29 CF08 shares.a.sharing.receive_from",
                        "the first client is shares.a.listen[0].targets[0], always: nobody else may speak",
                    )
                ],
            ),
        ],
        [
            listen(f"{{{UDP}, targets: ['h:1'], access: read}}, {{port: 2}}")
            + "    sharing: {receive_from: first}\n",
            targets('"h:1"') + "    sharing: {receive_from: last}\n",
            listen(f"{{{UDP}}}") + "    sharing: {receive_from: first}\n",
        ],
    ),
    "packets_that_fit": (
        [
            (
                at(f"{{{UDP}}}", "packets: {size: 64KiB}"),
                [("5:21 CF08 shares.a.packets.size", "expected at most 65507: a datagram has no more")],
            ),
        ],
        [
            at(f"{{{UDP}}}, {{port: 1}}", "packets: {size: 64KiB}"),
            at(f"{{{UDP}}}", "packets: {size: 65507}"),
        ],
    ),
}
