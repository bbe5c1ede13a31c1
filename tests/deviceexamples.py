"""Where each rule on devices fails, and where it has nothing to say."""

from __future__ import annotations

from .configs import Row, device, port, remote

D = "shares.a.device"

DEVICE_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "losses_that_happen": (
        [
            (
                device("{loop: true, on_unplug: close, away_buffer: 1KiB, away_age: 1s}"),
                [
                    (f"3:26 CF08 {D}.on_unplug", "cannot act: this device never goes away"),
                    (f"3:44 CF08 {D}.away_buffer", "cannot act: this device never goes away"),
                    (f"3:63 CF08 {D}.away_age", "cannot act: this device never goes away"),
                ],
            ),
            (
                port("away_buffer: 1KiB") + "    sharing: {receive_from: none}\n",
                [(f"3:26 CF08 {D}.away_buffer", "with `receive_from: none` nobody may send")],
            ),
            (
                device("{sim: scpi-meter, away_buffer: 1KiB}"),
                [(f"3:31 CF08 {D}.away_buffer", "cannot act: this device never goes away")],
            ),
            (port("away_age: 1s"), [(f"3:26 CF08 {D}.away_age", "without `away_buffer` nothing is kept")]),
            (
                port("away_buffer: 0, away_age: 1s"),
                [(f"3:42 CF08 {D}.away_age", "without `away_buffer` nothing is kept")],
            ),
            (
                port("away_buffer: 1KiB").replace("{port: 1}", "{port: 1, access: read}"),
                [(f"3:26 CF08 {D}.away_buffer", "cannot act: no listener lets clients send")],
            ),
        ],
        [
            port("on_unplug: close"),
            port("away_buffer: 1KiB"),
            port("away_buffer: 1KiB, away_age: 1s, open: on-demand, on_unplug: close"),
            remote("away_buffer: 1KiB"),
            device('{tcp: "h:1", away_buffer: 1KiB, away_age: 1s}'),
            port("away_buffer: 1KiB").replace("{port: 1}", "{port: 1, access: read}, {port: 2}"),
        ],
    ),
    "sequences_that_act": (
        [
            (
                port("flow: rtscts, sequences: {a: dtr=on rts=on, b: dtr=on, c: dtr=on 1s rts=on}"),
                [
                    (f"3:52 CF08 {D}.sequences.a", "rts cannot act: with rtscts the driver moves RTS"),
                    (f"3:81 CF08 {D}.sequences.c", "rts cannot act: with rtscts the driver moves RTS"),
                ],
            ),
            (
                port("rs485: true, sequences: {a: rts=on}"),
                [(f"3:51 CF08 {D}.sequences.a", "rts cannot act: with rs485 RTS switches the direction")],
            ),
            (
                remote("flow: rtscts, sequences: {a: rts=on}"),
                [(f"3:54 CF08 {D}.sequences.a", "rts cannot act: with rtscts the driver moves RTS")],
            ),
        ],
        [
            port("sequences: {a: rts=on}"),
            port("sequences: {}"),
            port("flow: xonxoff, sequences: {a: rts=on}"),
            port("flow: rtscts, sequences: {a: dtr=on break=on 1s break=off}"),
            remote("sequences: {a: rts=on}"),
        ],
    ),
    "names_that_are_meant": (
        [
            (
                device("{port: 'usb:0403'}"),
                [(f"3:20 CF03 {D}.port", "usb:0403 is the serial number of an adapter (did you mean")],
            ),
            (
                device("{port: USB:A1}"),
                [(f"3:20 CF03 {D}.port", "USB:A1 is a file below /dev (did you mean usb:A1?)")],
            ),
        ],
        [device("{port: 'usb:0001'}"), device("{port: 'usb:0403:6001'}"), device("{port: usb-left}")],
    ),
}
DEVICE_WARNINGS = {"losses_that_happen", "sequences_that_act", "names_that_are_meant"}
