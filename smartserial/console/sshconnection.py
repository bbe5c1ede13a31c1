"""The channels of one SSH connection: programs at this end, and nothing else (RFC 4254).

Forwarded ports, agents and X11 are other kinds of channels, or global requests: all of them are refused.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from twisted.conch.ssh.common import NS, getNS
from twisted.conch.ssh.connection import (
    MSG_CHANNEL_FAILURE,
    MSG_CHANNEL_OPEN_FAILURE,
    MSG_CHANNEL_REQUEST,
    MSG_CHANNEL_SUCCESS,
    MSG_CHANNEL_WINDOW_ADJUST,
    OPEN_RESOURCE_SHORTAGE,
    OPEN_UNKNOWN_CHANNEL_TYPE,
    SSHConnection,
)
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.console.sshchannel import LEAST_PACKET, MOST_PACKET, Channel, Site
from smartserial.console.sshquiet import QUIET
from smartserial.errors import PeerError

if TYPE_CHECKING:
    from smartserial.console.sshtransport import SshTransport

MOST_CHANNELS = 10
"""Channels of one connection at the same time."""
_MOST_TOLD = 8  # kinds of requests that nobody takes, of one connection: there may be any number
_MOST_KIND = 64  # bytes of the name of such a kind


class Connection(SSHConnection):
    """What somebody has who has logged in.

    Args:
        site: has programs.
        transport: of the connection.
    """

    channels: dict[int, Channel]
    _log = QUIET

    def __init__(self, site: Site, transport: SshTransport) -> None:
        super().__init__()
        self._site = site
        self._ssh = transport
        self._told: set[str] = set()

    @property
    def wire(self) -> Any:
        """The counted transport below."""
        return self._ssh.transport

    @property
    def reactor(self) -> Any:
        """Keeps the time."""
        return self._ssh.reactor

    @property
    def busy(self) -> bool:
        """Whether keys are being exchanged, so that no data can go out."""
        return self._ssh.exchanging

    @property
    def reason(self) -> Failure:
        """Why the connection has ended."""
        return self._ssh.reason

    def abort(self) -> None:
        """End the connection at once."""
        self._ssh.abort()

    def blocked(self, blocked: bool) -> None:
        """Be told that the wire takes no more now, or that it has taken all."""
        for channel in list(self.channels.values()):
            channel.stream.blocked(blocked)

    def note_refused(self, what: str, kind: bytes) -> None:
        """Tell of a request that nobody takes, once for each kind; `what` comes before its name."""
        words = what + kind[:_MOST_KIND].decode("latin-1")
        if words not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(words)
            self._site.refused(words)

    def feed(self) -> None:
        """Pass on what waits, as keys have been exchanged."""
        for channel in list(self.channels.values()):
            channel.stream.feed()

    # ---- what comes

    @override
    def packetReceived(self, messageNum: int, packet: bytes) -> None:
        if MSG_CHANNEL_WINDOW_ADJUST <= messageNum <= MSG_CHANNEL_REQUEST:
            self._channel(packet)
        super().packetReceived(messageNum, packet)

    @override
    def ssh_CHANNEL_OPEN(self, packet: bytes) -> None:
        kind, rest = getNS(packet)
        number, _, most = struct.unpack_from(">3L", rest)
        if kind != b"session":
            self.note_refused("a channel of kind ", kind)
            self._refuse(number, OPEN_UNKNOWN_CHANNEL_TYPE, b"there are only sessions here")
        elif len(self.channels) >= MOST_CHANNELS:
            self._refuse(number, OPEN_RESOURCE_SHORTAGE, b"too many channels")
        elif most < LEAST_PACKET:
            words = b"expected packets of %d bytes at least" % LEAST_PACKET
            self._refuse(number, OPEN_RESOURCE_SHORTAGE, words)
        else:
            super().ssh_CHANNEL_OPEN(packet)

    def _refuse(self, number: int, code: int, words: bytes) -> None:
        packet = struct.pack(">2L", number, code) + NS(words) + NS(b"")
        self._ssh.sendPacket(MSG_CHANNEL_OPEN_FAILURE, packet)

    @override
    def getChannel(self, channelType: bytes, windowSize: int, maxPacket: int, data: bytes) -> Channel:
        channel = Channel(self, self._site, windowSize, maxPacket)
        channel.stream.blocked(bool(self.wire.pending))
        return channel

    @override
    def ssh_CHANNEL_DATA(self, packet: bytes) -> None:
        channel, data = self._data(packet, 4)
        channel.dataReceived(data)

    @override
    def ssh_CHANNEL_EXTENDED_DATA(self, packet: bytes) -> None:
        channel, data = self._data(packet, 8)
        channel.extReceived(0, data)

    def _data(self, packet: bytes, begin: int) -> tuple[Channel, bytes]:
        """Return the channel that data is for, and the data, whose length stands at `begin`."""
        (size,) = struct.unpack_from(">L", packet, begin)
        channel, data = self._channel(packet), packet[begin + 4 :]
        if size != len(data):
            raise PeerError(f"data of {size} bytes of which {len(data)} came")
        if size > min(channel.localWindowLeft, MOST_PACKET):
            raise PeerError(f"{size} bytes of data where less was let in")
        return channel, data

    @override
    def ssh_CHANNEL_REQUEST(self, packet: bytes) -> None:
        channel = self._channel(packet)
        kind, rest = getNS(packet[4:])
        deed = channel.ask(kind, rest[1:])
        if rest[0] and not channel.localClosed:
            answer = MSG_CHANNEL_FAILURE if deed is None else MSG_CHANNEL_SUCCESS
            self._ssh.sendPacket(answer, struct.pack(">L", self.channelsToRemoteChannel[channel]))
        if deed is not None:
            deed()

    def _answer(self, packet: bytes) -> None:
        raise PeerError("an answer that nobody has asked for")

    ssh_REQUEST_SUCCESS = ssh_REQUEST_FAILURE = _answer
    ssh_CHANNEL_OPEN_CONFIRMATION = ssh_CHANNEL_OPEN_FAILURE = _answer
    ssh_CHANNEL_SUCCESS = ssh_CHANNEL_FAILURE = _answer

    def _channel(self, packet: bytes) -> Channel:
        """Return the channel that a message is for."""
        (number,) = struct.unpack_from(">L", packet)
        channel = self.channels.get(number)
        if channel is None:
            raise PeerError(f"something for channel {number}, which there is not")
        return channel

    @override
    def gotGlobalRequest(self, requestType: bytes, data: bytes) -> int:
        self.note_refused("", requestType)
        return 0
