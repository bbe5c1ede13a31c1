"""Where each rule on virtual ports fails, and where it has nothing to say."""

from __future__ import annotations

import atexit
import os
import tempfile
from pathlib import Path

from .configs import Row, device, listen

_folder = tempfile.TemporaryDirectory()
atexit.register(_folder.cleanup)
TERMINAL = f"{_folder.name}/terminal"
"""A name of a pseudo-terminal that is there as long as the tests run."""
Path(TERMINAL).symlink_to(os.ttyname(os.openpty()[1]))
D = "shares.a.device"
L = "shares.a.listen[0]"


def waiting(listener: str, kind: str = "virtual: x") -> str:
    """A configuration with one listener, which begins at 4:14, on a device of a kind."""
    return f"shares:\n  a:\n    device: {{{kind}}}\n    listen: [{{{listener}}}]\n"


def overlaid(port: str) -> str:
    """A configuration with an overlay of a device that is there, and a port."""
    return (
        "shares:\n"
        f"  a: {{device: {{virtual: {TERMINAL}, overlay: true}}, listen: [{{port: 1}}]}}\n"
        f"  b: {{device: {{port: {port}}}, listen: [{{port: 2}}]}}\n"
    )


VIRTUAL_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "listeners_that_wait": (
        [
            (
                waiting("port: 1, when: device-open", "loop: true"),
                [(f"4:24 CF08 {L}.when", "cannot act: programs open virtual ports only")],
            ),
            (
                waiting('endpoint: "unix:/x", when: device-open'),
                [(f"4:36 CF08 {L}.when", "cannot act on an endpoint")],
            ),
            (
                waiting("port: 1, transport: udp, when: device-open"),
                [(f"4:40 CF08 {L}.when", "cannot act: over UDP nobody connects")],
            ),
        ],
        [
            waiting("port: 1, when: device-open"),
            waiting("port: 1, when: always", "loop: true"),
            listen("{port: 1}"),
        ],
    ),
    "lingering_that_ends": (
        [
            (
                waiting("port: 1, linger: 1s"),
                [(f"4:24 CF08 {L}.linger", "cannot act: without `when: device-open` clients stay")],
            ),
        ],
        [waiting("port: 1, when: device-open, linger: 2s")],
    ),
    "owners_that_exist": (
        [
            (
                device("{virtual: x, owner: nobody-at-all, group: no-such-group}"),
                [
                    (f"3:33 CF03 {D}.owner", "expected a user of this machine, or a number"),
                    (f"3:55 CF03 {D}.group", "expected a group of this machine, or a number"),
                ],
            ),
        ],
        [
            device("{virtual: x, owner: root, group: root}"),
            device("{virtual: x, owner: 12345, group: 4711}"),
            device("{virtual: x, mode: '0660'}"),
        ],
    ),
    "names_that_are_taken": (
        [
            (
                overlaid(TERMINAL),
                [
                    (
                        "3:22 CF06 shares.b.device.port",
                        f"{TERMINAL} is the virtual port of shares.a (the device is {TERMINAL}.real)",
                    )
                ],
            ),
        ],
        [overlaid(f"{TERMINAL}.real"), overlaid("/y"), overlaid("/y").replace(", overlay: true", "")],
    ),
    "overlays_of_devices": (
        [
            (
                device("{virtual: /no/such/tty, overlay: true}"),
                [(f"3:46 CF09 {D}.overlay", "/no/such/tty is not there: without a device to overlay")],
            ),
        ],
        [
            device(f"{{virtual: {TERMINAL}, overlay: true}}"),
            device("{virtual: /no/such/tty, overlay: false}"),
        ],
    ),
    "overlays_of_ports": (
        [
            (
                device(f"{{virtual: {path}, overlay: true}}"),
                [(f"3:{34 + len(path)} CF09 {D}.overlay", f"{path} is no serial device, and keeps its name")],
            )
            for path in ("/etc/passwd", "/etc", "/dev/null", "/dev/tty", "/dev/ptmx")
        ],
        [
            device(f"{{virtual: {TERMINAL}, overlay: true}}"),
            device(f"{{virtual: {TERMINAL}.elsewhere}}"),
        ],
    ),
}
