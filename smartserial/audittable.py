"""What the audit tells of each kind of event: one line a kind, here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from smartserial.events import (
    BreakSent,
    BytesDiscarded,
    CallFailed,
    Calling,
    ChangeFailed,
    ChangeRefused,
    ClientConnected,
    ClientDisconnected,
    ClientIntroduced,
    ClientMisspoke,
    ClientRefused,
    ConfigurationRefused,
    ConfigurationTaken,
    ConnectionFailed,
    ConnectionStateChanged,
    ControlTaken,
    DatagramsLost,
    DeviceClosed,
    DeviceFailed,
    DeviceLost,
    DeviceOpened,
    ElementChanged,
    ElementNoted,
    ElementStarted,
    ElementStateChanged,
    ElementStopped,
    Event,
    GatewayStarted,
    GatewayStopped,
    LinesSet,
    ListenerFailed,
    LoginFailed,
    Operated,
    OperatorCame,
    OperatorLeft,
    PeerConnected,
    PeerDisconnected,
    PeerRefused,
    PoolStarted,
    PortClosed,
    PortOpened,
    SettingsChanged,
    ShareChanged,
    ShareNoted,
    ShareStarted,
    ShareStopped,
)


class Entry(NamedTuple):
    """How one kind of event is told.

    Args:
        what: the record's ``event``.
        fields: those of the event that stand in the record, under their own names.
        by_anybody: whether somebody whom we do not let in can cause it, as often as they like.
    """

    what: str
    fields: tuple[str, ...]
    by_anybody: bool = False


def _entry(what: str, fields: str = "", *, by_anybody: bool = False) -> Entry:
    return Entry(what, tuple(fields.split()), by_anybody)


AUDITED: Mapping[type[Event], Entry] = {
    GatewayStarted: _entry("gateway started", "version shares elements"),
    GatewayStopped: _entry("gateway stopped"),
    ConfigurationTaken: _entry("configuration taken", "who changes"),
    ConfigurationRefused: _entry("configuration refused", "who why"),
    Operated: _entry("operated", "who what"),
    OperatorCame: _entry("operator came", "who door"),
    OperatorLeft: _entry("operator left", "who door"),
    ShareStarted: _entry("share started", "device listening"),
    PoolStarted: _entry("pool started", "shares listening"),
    ShareChanged: _entry("share changed", "parts"),
    ShareStopped: _entry("share stopped", "up down"),
    ClientConnected: _entry("client connected", "user peer listener"),
    ClientRefused: _entry("client refused", "peer listener why", by_anybody=True),
    LoginFailed: _entry("login failed", "peer user why", by_anybody=True),
    ClientIntroduced: _entry("client introduced", "peer signature"),
    ClientDisconnected: _entry("client gone", "user peer why received delivered discarded seconds"),
    ControlTaken: _entry("control taken", "peer"),
    SettingsChanged: _entry("settings changed", "settings whose shadows"),
    LinesSet: _entry("lines set", "lines whose"),
    BreakSent: _entry("break sent", "peer seconds"),
    ChangeRefused: _entry("change refused", "peer what why"),
    PortOpened: _entry("port opened", "programs"),
    PortClosed: _entry("port closed", "programs"),
    ElementStarted: _entry("element started", "protocol connections"),
    ElementChanged: _entry("element changed", "parts"),
    ElementStopped: _entry("element stopped"),
    PeerConnected: _entry("peer connected", "connection peer"),
    PeerRefused: _entry("peer refused", "connection peer why", by_anybody=True),
    PeerDisconnected: _entry("peer gone", "connection peer why"),
}

NOT_AUDITED: frozenset[type[Event]] = frozenset(
    {  # what devices, networks and protocols do, not people: the log tells it
        BytesDiscarded,
        CallFailed,
        Calling,
        ChangeFailed,
        ClientMisspoke,
        ConnectionFailed,
        ConnectionStateChanged,
        DatagramsLost,
        DeviceClosed,
        DeviceFailed,
        DeviceLost,
        DeviceOpened,
        ElementNoted,
        ElementStateChanged,
        ListenerFailed,
        ShareNoted,
    }
)
