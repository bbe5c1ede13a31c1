"""What happens to shares, as typed values."""

from __future__ import annotations

from dataclasses import dataclass

from smartserial.events.stream import Event
from smartserial.lines import Lines
from smartserial.sharing.ledger import Account, Reason


@dataclass(frozen=True, slots=True)
class ShareStarted(Event):
    """A share serves its device, at these addresses."""

    device: str
    listening: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShareChanged(Event):
    """A share has new settings; `parts` names what changed."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShareNoted(Event):
    """Something about a share that its operator may want to mend."""

    text: str


@dataclass(frozen=True, slots=True)
class ShareStopped(Event):
    """A share has ended; the accounts are final: `up` is from the device, `down` to it."""

    up: Account
    down: Account


@dataclass(frozen=True, slots=True)
class PoolStarted(Event):
    """A pool gives its shares to those who come to these addresses; or it has other settings now."""

    shares: tuple[str, ...]
    listening: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeviceOpened(Event):
    """The device is open; `settings` are those in force, where it has any."""

    device: str
    settings: str


@dataclass(frozen=True, slots=True)
class DeviceFailed(Event):
    """The device cannot be opened; it is tried again. Told once for each cause."""

    why: str


@dataclass(frozen=True, slots=True)
class DeviceClosed(Event):
    """The device is closed, because we wanted so."""


@dataclass(frozen=True, slots=True)
class DeviceLost(Event):
    """The device went away; it is tried again."""

    why: str


@dataclass(frozen=True, slots=True)
class PortOpened(Event):
    """A program has opened the virtual port; `programs` have it open now, or more."""

    programs: int


@dataclass(frozen=True, slots=True)
class PortClosed(Event):
    """A program has closed the virtual port; `programs` have it open now."""

    programs: int


@dataclass(frozen=True, slots=True)
class ListenerFailed(Event):
    """An address cannot be had; it is tried again. Told once."""

    why: str


@dataclass(frozen=True, slots=True)
class Calling(Event):
    """A share calls somebody, for the first time or anew."""

    to: str


@dataclass(frozen=True, slots=True)
class CallFailed(Event):
    """Somebody could not be reached, or did not let us in; it is tried again. Told once for each cause."""

    to: str
    why: str


@dataclass(frozen=True, slots=True)
class LinesSet(Event):
    """Lines of the device were driven; `whose` tells for whom, if for a client."""

    lines: Lines
    whose: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class BreakSent(Event):
    """A client has had a break sent, of so many seconds."""

    peer: str
    seconds: float
    user: str = ""


@dataclass(frozen=True, slots=True)
class SettingsChanged(Event):
    """The line has other settings now.

    Args:
        settings: those in force.
        whose: tells for whom, if for a client.
        shadows: names of those that changed and are only kept here, not on the wire.
        user: as whom that client has logged in, if it had to.
    """

    settings: str
    whose: str
    shadows: tuple[str, ...]
    user: str = ""


@dataclass(frozen=True, slots=True)
class ChangeFailed(Event):
    """The device did not take a change."""

    why: str


@dataclass(frozen=True, slots=True)
class ChangeRefused(Event):
    """A client may not change what it wanted to change; told once for each client and kind."""

    peer: str
    what: str
    why: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class ControlTaken(Event):
    """A client holds control of the line now."""

    peer: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class ClientIntroduced(Event):
    """A client has said what it is, or that it is something else; told a few times for each client."""

    peer: str
    signature: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class ClientMisspoke(Event):
    """A client that is gone had said, so often, what has no meaning in telnet; nothing came of that."""

    peer: str
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientConnected(Event):
    """A client was let in at a listener; `user` is who logged in there, if anybody had to."""

    peer: str
    listener: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class ClientRefused(Event):
    """A client was not let in; `user` is who had logged in, if that was what came first."""

    peer: str
    listener: str
    why: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class LoginFailed(Event):
    """Somebody could not log in, to a share or to the `console`; `user` is the name that was given."""

    peer: str
    user: str
    why: str


@dataclass(frozen=True, slots=True)
class ClientDisconnected(Event):
    """A client is gone; `received` bytes came from it, `delivered` went to it, `discarded` did not.

    It was there for so many `seconds`. Of what it sent, `refused` bytes were kept from the device: it may not
    send, or not at that time.
    """

    peer: str
    why: str
    received: int
    delivered: int
    discarded: int
    user: str = ""
    seconds: float = 0.0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class DatagramsLost(Event):
    """The kernel had no room for datagrams since the last such event; told once in ten seconds at most.

    Args:
        where: they came to, or from: a listener's address, or the device.
        count: of datagrams; how many bytes they had is not known.
    """

    where: str
    count: int


@dataclass(frozen=True, slots=True)
class BytesDiscarded(Event):
    """Bytes were not delivered since the last such event; told once in ten seconds at most."""

    direction: str
    reason: Reason
    count: int
