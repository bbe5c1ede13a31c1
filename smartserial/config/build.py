"""From models to frozen settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from smartserial.config.connectbuild import ConnectBuilder
from smartserial.config.devices import (
    LINE_KEYS,
    DeviceModel,
    EndpointModel,
    LineProfileModel,
    LinesModel,
    LoopModel,
    PortModel,
    Rfc2217Model,
    SerialModel,
    SimModel,
    TcpModel,
    UdpModel,
    VirtualModel,
)
from smartserial.config.elementbuild import ElementBuilder
from smartserial.config.elementplan import Plan
from smartserial.config.findings import FindingsError
from smartserial.config.listening import datagram_of, listener_of
from smartserial.config.models import (
    ConsoleModel,
    PacketsModel,
    PoolModel,
    ShareModel,
)
from smartserial.config.records import record_of
from smartserial.config.scripts import ScriptModel, script_findings, script_of
from smartserial.config.sharing import arbitration_of, packets_of, sharing_of
from smartserial.config.source import Place, Source, read_source
from smartserial.config.tlssets import TlsModel, exposed_keys, tls_of
from smartserial.config.translate import validate
from smartserial.config.usersbuild import LoginBuilder
from smartserial.findings import Finding, did_you_mean
from smartserial.lines import Flow, LineProfile, Lines, LineSettings, ModemLines, Parity, Rs485
from smartserial.portnames import USB, usb_name
from smartserial.script import Script
from smartserial.sequences import parse_sequence
from smartserial.settings import (
    Address,
    Arbitration,
    ConnectSettings,
    ConsoleSettings,
    Device,
    DeviceRules,
    EndpointDevice,
    GatewaySettings,
    ListenerSettings,
    LoopDevice,
    PoolSettings,
    PortDevice,
    Rfc2217Device,
    ShareSettings,
    SimDevice,
    TcpDevice,
    TlsSettings,
    UdpDevice,
    VirtualDevice,
)

SIMULATIONS = resources.files("smartserial") / "simulations"


class Builder:
    """Makes settings of a validated configuration; what goes wrong on the way is in `findings`.

    Args:
        source: the configuration file, for places.
        folder: relative paths begin here.
    """

    def __init__(self, source: Source, folder: Path) -> None:
        self.findings: list[Finding] = []
        self._source = source
        self._folder = folder
        self._logins = LoginBuilder(source, self._path)
        self._connects = ConnectBuilder(source, self._path)
        self._sets: Mapping[str, TlsModel] = {}

    def gateway(self, plan: Plan) -> GatewaySettings:
        """Return the settings of a whole configuration; elements of unknown device protocols are left out."""
        config = plan.config
        users = self._logins.users(config)
        self._sets = config.tls
        self.findings += exposed_keys(config.tls, self._source, self._path)
        shares = tuple(
            self._share(name, share, arbitration_of(plan, name)) for name, share in config.shares.items()
        )
        pools = tuple(self._pool(name, pool) for name, pool in config.pools.items())
        elements = ElementBuilder(plan, self._folder, self._device).elements()
        paths = tuple(self._path(path) for path in config.protocol_paths)
        console = self._console(config.console)
        self.findings += self._logins.findings + self._connects.findings
        audit = record_of(config.audit, self._path)
        return GatewaySettings(shares, console, elements, plan.state, paths, users, audit, pools)

    def _console(self, console: ConsoleModel) -> ConsoleSettings:
        return ConsoleSettings(
            default=console.unix is None,
            unix=self._path(console.unix) if console.unix else None,
            telnet=None if console.telnet is None else Address(*console.telnet),
            insecure=console.insecure,
            login=self._logins.login((("console",), console)),
            tls=self._tls(console.tls),
            ssh=None if console.ssh is None else Address(*console.ssh),
            host_key=self._path(console.host_key) if console.host_key else None,
        )

    def _share(self, name: str, share: ShareModel, arbitration: Arbitration | None) -> ShareSettings:
        return ShareSettings(
            name=name,
            device=self._device(share.device, ("shares", name, "device")),
            rules=_rules(share.device),
            listeners=self._listeners(("shares", name), share, share.packets),
            sharing=sharing_of(share.sharing, arbitration),
            packets=packets_of(share.packets),
            buffer=share.buffer,
            replay=share.replay,
            capture=record_of(share.capture, self._path),
            connect=self._connect(name, share),
            login=self._logins.login((("shares", name), share)),
        )

    def _connect(self, name: str, share: ShareModel) -> ConnectSettings | None:
        model = share.connect
        if model is None:
            return None
        place, datagram = ("shares", name, "connect"), datagram_of(share.packets)
        return self._connects.connect(model, place, datagram, self._tls(model.tls))

    def _pool(self, name: str, pool: PoolModel) -> PoolSettings:
        listeners = self._listeners(("pools", name), pool, None)
        return PoolSettings(name, tuple(dict.fromkeys(pool.shares)), listeners, pool.announce)

    def _listeners(
        self, place: Place, holder: ShareModel | PoolModel, packets: PacketsModel | None
    ) -> tuple[ListenerSettings, ...]:
        found = []
        for number, model in enumerate(holder.listen):
            login = self._logins.login(((*place, "listen", number), model), (place, holder))
            found.append(replace(listener_of(model, packets), login=login, tls=self._tls(model.tls)))
        return tuple(found)

    def _tls(self, name: str | None) -> TlsSettings | None:
        found = None if name is None else self._sets.get(name)  # a finding stands for one that is not there
        return None if found is None else tls_of(found, self._path)

    def _device(self, device: Any, place: Place) -> Device:
        match device:
            case PortModel():
                return _port(device, self._port_name(device.port))
            case VirtualModel():
                return _virtual(device, self._path(device.virtual))
            case TcpModel(tcp=(host, port)):
                return TcpDevice(host, port)
            case UdpModel(udp=(host, port)):
                return UdpDevice(host, port, device.local_port)
            case Rfc2217Model():
                return _rfc2217(device)
            case SimModel():
                return SimDevice(device.sim, self._script(device.sim, (*place, "sim")))
            case EndpointModel():
                return EndpointDevice(device.endpoint)
        assert isinstance(device, LoopModel)
        return LoopDevice()

    def _path(self, name: str) -> Path:
        return Path(os.path.normpath(self._folder / name))

    def _port_name(self, name: str) -> str:
        """Return a name that means the same from any folder."""
        usb = usb_name(name)
        if usb is not None:
            return USB + ":".join(filter(None, (usb.vendor, usb.product, usb.serial)))
        return str(self._path(name)) if "/" in name else name

    def _script(self, name: str, place: Place) -> Script:
        """Read a script by its path, or that of a simulation by its name."""
        if "/" in name or name.endswith((".yaml", ".yml")):
            path = self._path(name)
        else:
            path = Path(str(SIMULATIONS / f"{name}.yaml"))
            known = sorted(
                p.name.removesuffix(".yaml") for p in SIMULATIONS.iterdir() if p.name.endswith(".yaml")
            )
            if name not in known:
                hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
                self.findings.append(
                    self._source.finding(place, "CF09", f"no simulation {name!r}", hint=hint)
                )
                return Script()
        source = Source(str(path))
        try:
            source = read_source(path)
            script, findings = validate(ScriptModel, source)
        except FindingsError as error:
            script, findings = None, list(error.findings)
        if script is not None:
            findings += script_findings(script, source)
        if script is None or findings:
            self.findings.append(self._source.finding(place, "CF09", f"the script {path} cannot be used"))
            self.findings += findings
            return Script()
        return script_of(script)


def _rules(device: DeviceModel) -> DeviceRules:
    return DeviceRules(
        on_demand=getattr(device, "open", "always") == "on-demand",
        wait_while_busy=getattr(device, "on_busy", "close") == "wait",
        close_on_unplug=getattr(device, "on_unplug", "keep") == "close",
        remote_lines=frozenset(device.lines.remote),
        report=ModemLines(**device.lines.report.model_dump()),
        sequences=tuple(parse_sequence(*one) for one in getattr(device, "sequences", {}).items()),
        away_buffer=getattr(device, "away_buffer", 0),
        away_age=getattr(device, "away_age", 5.0),
    )


def _port(device: PortModel, port: str) -> PortDevice:
    return PortDevice(
        port=port,
        line=_line(device, None if device.rs485 is None else Rs485(**device.rs485.model_dump())),
        exclusive=device.exclusive,
        hupcl=device.hupcl,
        lines=_profile(device.lines),
    )


def _virtual(device: VirtualModel, path: Path) -> VirtualDevice:
    return VirtualDevice(
        path,
        owner=device.owner or "",
        group=device.group or "",
        mode=device.mode,
        strict_baudrate=device.strict_baudrate,
        overlay=device.overlay,
    )


def _rfc2217(device: Rfc2217Model) -> Rfc2217Device:
    host, port = device.rfc2217
    given = any(getattr(device, key) is not None for key in LINE_KEYS & device.model_fields_set)
    line = _line(device) if given else None
    return Rfc2217Device(host, port, line, device.strict, _profile(device.lines))


def _line(device: SerialModel, rs485: Rs485 | None = None) -> LineSettings:
    named = {
        **device.model_dump(include={"baudrate", "bytesize", "parity", "stopbits"}),
        **(device.line or {}),
    }
    return LineSettings(
        baudrate=named["baudrate"],
        bytesize=named["bytesize"],
        parity=Parity(named["parity"]),
        stopbits=named["stopbits"],
        flow=Flow.NONE if device.flow == "dsrdtr" else Flow(device.flow),  # a finding stands for the former
        rs485=rs485,
    )


def _profile(lines: LineProfileModel) -> LineProfile:
    return LineProfile(_lines(lines.connected), _lines(lines.idle))


def _lines(lines: LinesModel) -> Lines:
    return Lines(lines.dtr, lines.rts, lines.brk)
