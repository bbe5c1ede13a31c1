"""Configurations of elements to judge, and the device protocols that they name."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from smartserial.settings import ConnectionSettings, ElementSettings, GatewaySettings

from .configs import judged
from .rulebook import constant, definition, param

NOTHING_HERE = "<PortTypeSerial><Disabled>true</Disabled></PortTypeSerial>"


def _type(text: str, attributes: str = "") -> str:
    return f'<Type relativeTimers="true"{attributes}>{text}</Type>'


def _port(settings: str = "", kind: str = "ip", name: str = "IP Connection", more: str = "") -> str:
    return (
        f'<PortSettings name="{name}"><Type><DefaultValue>{kind}</DefaultValue>{more}</Type>{NOTHING_HERE}'
        f"{settings}</PortSettings>"
    )


def _setting(name: str, default: object, more: str = "") -> str:
    return f"<{name}><DefaultValue>{default}</DefaultValue>{more}</{name}>"


def _values(*values: object) -> str:
    return "".join(f"<Value>{value}</Value>" for value in values)


def _range(low: object, high: object) -> str:
    return f"<Range><From>{low}</From><To>{high}</To></Range>"


DISABLED = "<Disabled>true</Disabled>"
_FREE_PORT = _setting("IPport", 7001)
_LINE = (
    _setting("Baudrate", 9600, _values(4800))
    + _setting("Parity", "even")
    + _setting("Flowcontrol", "cts_rts", _values("no"))
    + _setting("TimeoutTime", 800, _range(50, 5000))
    + _setting("Retries", 1)
    + _setting("BusAddress", 1, _values("1?", "x*"))
    + _setting("LocalIPport", 4000, _range(4000, 4009))
)
_EVENTS = "maxConcurrentConnections:2;notifyConnectionPIDs:1,2"
_LISTED = """<Connections><Connection id="0"><SmartSerial><UserSettings>
<AllowedIPAddresses><Disabled>false</Disabled></AllowedIPAddresses>
</UserSettings></SmartSerial></Connection></Connections>"""
_LOCKED = "".join(
    (
        _setting("IPport", 7001, DISABLED),
        _setting("Retries", 2, DISABLED),
        _setting("TimeoutTimeElement", 60000, _range(10000, 90000)),
        _setting("Baudrate", 9600, DISABLED),
        f"<BusAddress>{DISABLED}</BusAddress>",
    )
)
_TLS = """<Connections><Connection id="0"><SmartSerial><UserSettings>
<SslTlsEnabled><DefaultValue>{}</DefaultValue>{}</SslTlsEnabled>
</UserSettings></SmartSerial></Connection></Connections>"""

PROTOCOLS: dict[str, str] = {
    "smart": definition(type=_type("smart-serial"), port=_port(_FREE_PORT)),
    "bare": definition(type=_type("smart-serial single"), port=_port()),
    "saving": definition(
        f"<Params>{param(1)}</Params>".replace('id="1"', 'id="1" save="true"'), port=_port(_FREE_PORT)
    ),
    "line": definition(
        type=_type("serial"),
        port=_port(_LINE, "rs232", "Serial Connection"),
        body=f"<Params>{param(9, 'bus')}</Params>",
    ),
    "over": definition(type=_type("serial"), port=_port(_setting("LocalIPport", 4000, _range(4000, 4009)))),
    "odd": definition(
        type=_type("serial"), port=_port(_setting("Flowcontrol", "dsr_dtr"), "rs232", "Serial Connection")
    ),
    "events": definition(
        f"<Params>{param(1)}{param(2)}{constant(3, 'x', 'trailer')}</Params>",
        type=_type("smart-serial", f' communicationOptions="{_EVENTS}"'),
        port=_port(_FREE_PORT),
    ),
    "listed": definition(_LISTED, port=_port(_FREE_PORT)),
    "locked": definition(f"<Params>{param(9, 'bus')}</Params>", port=_port(_LOCKED, more=DISABLED)),
    "no-udp": definition(port=_port(_FREE_PORT + f"<PortTypeUDP>{DISABLED}</PortTypeUDP>")),
    "ranged": definition(port=_port(_setting("IPport", 7001, _range(7000, 7009)))),
    "whole": definition(port=_port(_setting("IPport", 7001, _range(1, 65535)))),
    "udp": definition(port=_port(_FREE_PORT, "udp")),
    "tls": definition(_TLS.format("true", ""), port=_port(_FREE_PORT)),
    "no-tls": definition(_TLS.format("false", DISABLED), port=_port(_FREE_PORT)),
    "four": definition(
        f"<Params>{param(9, 'bus')}</Params>",
        type=_type("smart-serial", ' advanced="serial:Serial Connection - Heater;virtual:V;http:Web"'),
        port=_port(_FREE_PORT) + f"<Ports>{_port(_LINE, 'rs232', 'Serial Connection - Heater')}</Ports>",
    ),
    "broken": definition('<Triggers><Trigger id="1"></Trigger></Triggers>'),
    "torn": "<Protocol",
}
PYTHON = """\
from smartserial.definition import authoring as a
from smartserial.definition.protocol import Protocol
from smartserial.plugin import *

wind, end = a.text(1, "wind", 4), a.trailer(2, "end", "\\r")


class Mast(DeviceProtocol):
    '''A weather mast.'''

    name = "acme-mast"
    version = "1.0.0.1"
    station = option(1, help="its number")
    name_of_it = option("mast")

    def definition(self, options):
        return Protocol(
            "Mast " + str(options["station"]),
            connections=(a.smart_serial("IP Connection", 7001),),
            params=(wind, end),
            responses=(a.response(1, "wind", wind, end),),
            relative_timers=True,
        )

    @on_change(wind)
    def changed(self, view):
        yield log("info", str(self.station))


mast = Mast()
"""


def element(values: str = "", protocol: str = "smart") -> str:
    """A configuration with an element that has these values too; they begin at 4:5."""
    return f"elements:\n  e:\n    protocol: ./{protocol}.xml\n    {values}\n"


def connection(values: str, protocol: str = "smart") -> str:
    """A configuration with an element whose connection 0 has these values; they begin at 4:23."""
    return element(f"connections: {{0: {{{values}}}}}", protocol)


class ElementCase(SynchronousTestCase):
    """Has a folder with the device protocols."""

    maxDiff = None
    folder: Path

    @classmethod
    def setUpClass(cls) -> None:
        folder = TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name).resolve()
        for name, text in PROTOCOLS.items():
            (cls.folder / f"{name}.xml").write_text(text)
        (cls.folder / "mast.py").write_text(PYTHON)
        (cls.folder / "wrong.py").write_text(PYTHON.replace("a.smart_serial(", "a.no_such("))
        (cls.folder / "site").mkdir()
        (cls.folder / "site" / "acme-site.xml").write_text(PROTOCOLS["smart"])

    def settings(self, text: str) -> GatewaySettings:
        settings, findings = judged(text, self.folder)
        assert settings is not None, "\n".join(str(finding) for finding in findings)
        return settings

    def element(self, text: str) -> ElementSettings:
        (only,) = self.settings(text).elements
        return only

    def connection(self, text: str) -> ConnectionSettings:
        (only,) = self.element(text).connections
        return only
