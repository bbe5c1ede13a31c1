"""A key that stands in the wrong place: the hint says where it belongs."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.config.keyhints import elsewhere
from smartserial.config.models import ConfigModel
from smartserial.config.scripts import ScriptModel
from smartserial.config.source import Place
from smartserial.config.users import UsersFileModel

from .configs import Row, device, differences, listen, share

A: Place = ("shares", "a")
ROWS: list[Row] = [
    (share("access: read"), [("5:5 CF02 shares.a.access", "(it is a key of `listen[]` and `connect`)")]),
    (share("turn: 5s"), [("5:5 CF02 shares.a.turn", "(it is a key of `sharing`)")]),
    (share("baudrate: 9600"), [("5:5 CF02 shares.a.baudrate", "(it is a key of `device`)")]),
    (share("state: x"), [("5:5 CF02 shares.a.state", "(it is a key of the whole file)")]),
    (
        listen("{port: 1, replay: 1KiB}"),
        [("4:24 CF02 shares.a.listen[0].replay", "(it is a key of `shares.a`)")],
    ),
    (
        device("{loop: true, turn: 1s}"),
        [("3:26 CF02 shares.a.device.turn", "(it is a key of `shares.a.sharing`)")],
    ),
    (share("trun: 5s"), [("5:5 CF02 shares.a.trun", "known here: ")]),
    (share("Packets: {}"), [("5:5 CF02 shares.a.Packets", "did you mean packets?")]),
    (
        device("{loop: true, lines: {dtr: true}}"),
        [("3:34 CF02 shares.a.device.lines.dtr", "known here: remote, report")],
    ),
    (
        share("capture: true"),
        [("5:14 CF03 shares.a.capture", "expected a path, or a mapping of file, size and keep, found true")],
    ),
    (
        share("capture: [x]"),
        [
            (
                "5:14 CF03 shares.a.capture",
                "expected a path, or a mapping of file, size and keep, found a list",
            )
        ],
    ),
]


class HintsTest(SynchronousTestCase):
    def test_findings(self) -> None:
        self.assertEqual(differences(ROWS), "")

    def test_places(self) -> None:
        for model, place, key, hint in (
            (ConfigModel, A, "max_clients", "it is a key of `listen[]` and `sharing`"),
            (ConfigModel, (*A, "packets"), "turn", "it is a key of `shares.a.sharing`"),
            (ConfigModel, (*A, "sharing"), "timeout", "it is a key of `slow_client`"),
            (ConfigModel, A, "certificate", "it is a key of `tls.NAME`"),
            (ConfigModel, (), "listen", "it is a key of `shares.NAME` and `pools.NAME`"),
            (ConfigModel, ("elements", "e"), "baudrate", "it is a key of `connections.NAME.device`"),
            (ConfigModel, A, "nothing-like-it", ""),
            (UsersFileModel, ("users", "bob"), "rights", "it is a key of `groups.NAME`"),
            (ScriptModel, (), "nothing-like-it", ""),
        ):
            self.assertEqual(elsewhere(model, place, key), hint, (place, key))
