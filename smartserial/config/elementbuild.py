"""From what the elements of a configuration come to, to frozen settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from smartserial.config.devices import DeviceModel
from smartserial.config.elementplan import Kind, Plan, PlannedConnection, PlannedElement
from smartserial.config.limits import CONNECTION, default_of
from smartserial.config.records import record_of
from smartserial.config.source import Place
from smartserial.config.tlssets import TlsModel, tls_of
from smartserial.settings import (
    Carrier,
    ConnectionSettings,
    Device,
    DeviceCarrier,
    ElementSettings,
    Keepalive,
    NetworkCarrier,
    Role,
    ShareCarrier,
    Start,
    TlsSettings,
    Transport,
)

T = TypeVar("T")
_LIMITED = {one.key: one for one in CONNECTION}
_USUAL = ConnectionSettings(0, ShareCarrier(""))


class ElementBuilder:
    """Makes the settings of elements.

    Args:
        plan: what they come to.
        folder: relative paths begin here.
        device: makes the settings of a device, whose place it is told.
    """

    def __init__(self, plan: Plan, folder: Path, device: Callable[[DeviceModel, Place], Device]) -> None:
        self._plan = plan
        self._folder = folder
        self._device = device

    def elements(self) -> tuple[ElementSettings, ...]:
        """Return the settings of those elements whose device protocols are known."""
        built = (self._element(element) for element in self._plan.elements)
        return tuple(one for one in built if one is not None)

    def _element(self, element: PlannedElement) -> ElementSettings | None:
        model, known = element.model, element.known
        connections = tuple(self._connection(one) for one in element.connections if one.kind is not Kind.NONE)
        if known is None:
            return None
        settings = ElementSettings(
            name=element.name,
            protocol=model.protocol,
            definition=known.definition,
            connections=connections,
            options=tuple(sorted(model.options.items())),
            start=Start(model.start),
            strict=model.strict,
            code_page=model.code_page,
            element_timeout=model.timeout,
            trace=record_of(model.trace, self._path),
        )
        return settings if known.reactions is None else replace(settings, reactions=known.reactions)

    def _path(self, name: str) -> Path:
        return Path(os.path.normpath(self._folder / name))

    def _connection(self, one: PlannedConnection) -> ConnectionSettings:
        server = one.kind is Kind.TCP and one.role is Role.SERVER
        most = one.said.communication.max_concurrent_connections if one.said is not None else None
        limits = [limit for limit in (one.model.max_clients, most) if limit is not None]
        return ConnectionSettings(
            number=one.number,
            carrier=self._carrier(one),
            timeout=float(self._chosen(one, "timeout", _USUAL.timeout)),
            retries=self._chosen(one, "retries", _USUAL.retries),
            bus_address=self._chosen(one, "bus_address", _USUAL.bus_address),
            allowed=tuple(one.model.allowed_addresses),
            max_clients=min(limits) if server and limits else None,
        )

    def _chosen(self, one: PlannedConnection, key: str, usual: T) -> T:
        """Return what the configuration says, else the definition, else what is usual."""
        said = getattr(one.model, key)
        if said is None and one.said is not None:
            said = default_of(_LIMITED[key], one.said.port)
        return usual if said is None else said

    def _carrier(self, one: PlannedConnection) -> Carrier:
        if one.kind is Kind.SHARE and one.model.share is not None:
            return ShareCarrier(one.model.share)
        if one.kind is Kind.DEVICE and one.model.device is not None:
            return DeviceCarrier(self._device(one.model.device, (*one.place, "device")))
        assert one.role is not None  # it is a network connection
        keepalive = one.model.keepalive
        local = self._chosen(one, "local_port", 0) if one.is_serial else 0
        return NetworkCarrier(
            transport=Transport(one.kind.value),
            role=one.role,
            host=one.host,
            port=one.port or 0,
            why=one.why,
            tls=self._tls(one),
            keepalive=None if keepalive is None else Keepalive(**keepalive.model_dump()),
            local_port=local,
            single=one.said is not None and one.said.single,
            retry_bind=one.model.on_bind_error == "retry",
        )

    def _tls(self, one: PlannedConnection) -> TlsSettings | None:
        found = self._plan.encryption(one)
        if isinstance(found, TlsModel):
            return tls_of(found, self._path)
        return TlsSettings() if found is True else None
