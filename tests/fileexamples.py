"""Where each rule on files fails, and where it has nothing to say."""

from __future__ import annotations

import atexit
import tempfile
from pathlib import Path

from .configs import Row, device, listen, share

_KEPT = tempfile.TemporaryDirectory(prefix="smartserial-")
atexit.register(_KEPT.cleanup)
EVERYBODYS, OURS = Path(_KEPT.name) / "everybodys.jsonl", Path(_KEPT.name) / "ours.jsonl"
for _file, _mode in ((EVERYBODYS, 0o604), (OURS, 0o640)):
    _file.touch()
    _file.chmod(_mode)

CAPTURES = """\
shares:
  a: {device: {loop: true}, listen: [{port: 1}], capture: x}
  b: {device: {loop: true}, listen: [{port: 2}], capture: {file: ./x}}
"""
TRACED = """\
shares: {a: {device: {loop: true}, listen: [{port: 1}], capture: x}}
elements: {e: {protocol: nmea-0183, connections: {0: {share: a}}, trace: x}}
"""
ROTATED = """\
shares:
  a: {device: {loop: true}, listen: [{port: 1}], capture: {file: x, keep: 2}}
  b: {device: {loop: true}, listen: [{port: 2}], capture: x.2}
"""
A = "shares.a"


def beside(top: str, capture: str = "x") -> str:
    """A configuration with something at its top, and with a capture, which stands at 6:14."""
    return f"{top}\n{share(f'capture: {capture}')}"


FILE_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "files_of_their_own": (
        [
            (CAPTURES, [("3:59 CF06 shares.b.capture", "/base/x is also that of shares.a.capture")]),
            (TRACED, [("1:66 CF06 shares.a.capture", "/base/x is also that of elements.e.trace")]),
            (
                f"audit: {{file: ../base/x}}\n{share('capture: x')}",
                [("1:8 CF06 audit", "/base/x is also that of shares.a.capture")],
            ),
            (
                f"state: x\naudit: x\n{share('')}elements: {{e: {{protocol: dsmr-p1}}}}\n",
                [("2:8 CF06 audit", "/base/x is also that of state")],
            ),
            (
                beside("state: s", "s-wal") + "elements: {e: {protocol: dsmr-p1}}\n",
                [(f"6:14 CF06 {A}.capture", "/base/s-wal is also that of state")],
            ),
            (
                ROTATED,
                [
                    (
                        f"2:59 CF06 {A}.capture",
                        "/base/x.2, the name of a full one of it, is also that of shares.b.capture",
                    )
                ],
            ),
            (
                beside("console: {unix: ./sock}", "sock"),
                [(f"6:14 CF06 {A}.capture", "/base/sock is also that of console.unix")],
            ),
            (
                beside("console: {unix: x.1}"),
                [(f"6:14 CF06 {A}.capture", "/base/x.1, the name of a full one of it, is also that of")],
            ),
            (
                device("{port: /dev/ttyS9}") + "    capture: /dev/ttyS9\n",
                [(f"5:14 CF06 {A}.capture", "/dev/ttyS9 is also that of shares.a")],
            ),
            (
                device("{port: ttyS9}") + "    capture: /dev/ttyS9\n",
                [(f"5:14 CF06 {A}.capture", "/dev/ttyS9 is also that of shares.a")],
            ),
            (
                device("{virtual: port}") + "    capture: ./port\n",
                [(f"5:14 CF06 {A}.capture", "/base/port is also that of shares.a")],
            ),
            (
                listen('{endpoint: "unix:/base/x:mode=600"}') + "    capture: x\n",
                [(f"5:14 CF06 {A}.capture", "/base/x is also that of shares.a.listen[0].endpoint")],
            ),
        ],
        [
            CAPTURES.replace("./x", "y"),
            TRACED.replace("trace: x", "trace: y"),
            f"audit: y\n{share('capture: x')}",
            ROTATED.replace("keep: 2", "keep: 1"),
            ROTATED.replace("x.2", "x.02"),
            ROTATED.replace("x.2", "x.a"),
            beside("console: {unix: y.1}"),
            device("{sim: dsmr-p1}") + "    capture: dsmr-p1\n",
        ],
    ),
    "files_that_can_be_written": (
        [
            (
                share("capture: /usr"),
                [(f"5:14 CF09 {A}.capture", "expected a file of its own, but there is a folder at /usr")],
            ),
            (
                f"audit: /etc/passwd\n{share('')}",
                [("1:8 CF09 audit", "there is something else than lines of JSON at /etc/passwd")],
            ),
        ],
        [share("capture: /dev/null"), share("capture: /dev/full"), share("capture: /not-there-at-all")],
    ),
    "files_that_others_come_by": (
        [
            (
                f"audit: {EVERYBODYS}\n{share('')}",
                [("1:8 CF16 audit", f"everybody on this machine can read {EVERYBODYS}")],
            ),
        ],
        [f"audit: {OURS}\n{share('')}"],
    ),
    "folders_that_are_there": (
        [
            (
                share("capture: away/x"),
                [(f"5:14 CF09 {A}.capture", "the folder /base/away is not there: until it is, nothing")],
            ),
            (
                share("capture: {file: /dev/null/x}"),
                [(f"5:14 CF09 {A}.capture", "the folder /dev/null is not there")],
            ),
        ],
        [share("capture: x"), share("capture: /tmp/smartserial-capture")],
    ),
}
