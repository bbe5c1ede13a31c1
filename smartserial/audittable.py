"""What the audit tells of each kind of event: one line a kind, here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
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
    RequestRefused,
    SentAway,
    SettingsChanged,
    ShareChanged,
    ShareNoted,
    ShareStarted,
    ShareStopped,
)


class Cause(Enum):
    """Who can cause an event, and so whether lines of it may be left out."""

    OWN = "operators, the configuration, and the gateway itself: each line is written"
    COMING = "those whom we let in, and programs, who come and go: so many a second of each"
    CLIENT = "those whom we have let in, by what they do: so many a second of each, who came is told beside"
    ANYBODY = "those whom we do not let in: so many a second of all together"


class Entry(NamedTuple):
    """How one kind of event is told.

    Args:
        what: the record's ``event``.
        fields: those of the event that stand in the record, under their own names.
        cause: who can cause it, as often as they like.
    """

    what: str
    fields: tuple[str, ...]
    cause: Cause = Cause.OWN


def _entry(what: str, fields: str = "") -> Entry:
    return Entry(what, tuple(fields.split()))


def _client(what: str, fields: str) -> Entry:
    return Entry(what, tuple(fields.split()), Cause.CLIENT)


def _coming(what: str, fields: str) -> Entry:
    return Entry(what, tuple(fields.split()), Cause.COMING)


def _anybody(what: str, fields: str) -> Entry:
    return Entry(what, tuple(fields.split()), Cause.ANYBODY)


AUDITED: Mapping[type[Event], Entry] = {
    GatewayStarted: _entry("gateway started", "version shares elements"),
    GatewayStopped: _entry("gateway stopped"),
    ConfigurationTaken: _entry("configuration taken", "who changes"),
    ConfigurationRefused: _entry("configuration refused", "who why"),
    Operated: _entry("operated", "who what"),
    OperatorCame: _entry("operator came", "who door"),
    OperatorLeft: _entry("operator left", "who door"),
    SentAway: _anybody("sent away", "peer door why"),
    ShareStarted: _entry("share started", "device listening"),
    PoolStarted: _entry("pool started", "shares listening"),
    ShareChanged: _entry("share changed", "parts"),
    ShareStopped: _entry("share stopped", "up down"),
    ClientConnected: _coming("client connected", "user peer listener"),
    ClientRefused: _anybody("client refused", "user peer listener why"),
    LoginFailed: _anybody("login failed", "peer user why"),
    ClientIntroduced: _client("client introduced", "user peer signature"),
    ClientDisconnected: _coming("client gone", "user peer why received delivered discarded refused seconds"),
    ControlTaken: _client("control taken", "user peer"),
    SettingsChanged: _client("settings changed", "settings user whose shadows"),
    LinesSet: _client("lines set", "lines user whose"),
    BreakSent: _client("break sent", "user peer seconds"),
    ChangeRefused: _client("change refused", "user peer what why"),
    PortOpened: _coming("port opened", "programs"),
    PortClosed: _coming("port closed", "programs"),
    ElementStarted: _entry("element started", "protocol connections"),
    ElementChanged: _entry("element changed", "parts"),
    ElementStopped: _entry("element stopped"),
    PeerConnected: _coming("peer connected", "connection peer"),
    PeerRefused: _anybody("peer refused", "connection peer why"),
    PeerDisconnected: _coming("peer gone", "connection peer why"),
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
        RequestRefused,
        ShareNoted,
    }
)
