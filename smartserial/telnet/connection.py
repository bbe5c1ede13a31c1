"""One end of a telnet connection: bytes in, events out; data and commands in, bytes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator

from smartserial.telnet.codec import Decoder, Encoder, Oddity, Request, Signal, Subnegotiation
from smartserial.telnet.codes import IAC, Command, Option, negotiation, subnegotiation
from smartserial.telnet.options import Agreed, Negotiator, Policy, Side, State

_ASKED = (State.WANTYES, State.WANTYES_OPPOSITE)
_HEARD_STILL = (State.YES, State.WANTNO, State.WANTNO_OPPOSITE)  # in which the peer's option is in force
Event = bytes | Signal | Subnegotiation | Agreed


class Connection:
    """Codec and options of one end together.

    What is to be sent because of what was received stands in `answers` until it is taken.

    Args:
        policy: what this end wants and agrees to: `options.SERVER` or `options.CLIENT`, or another.
    """

    __slots__ = ("_decoder", "_encoder", "_negotiator", "_oddities", "answers")

    def __init__(self, policy: Policy) -> None:
        self._decoder = Decoder()
        self._encoder = Encoder()
        self._negotiator = Negotiator(policy)
        self._oddities: Counter[str] = Counter()
        self.answers = b""

    def greet(self) -> bytes:
        """Return what is said first."""
        return b"".join(negotiation(said.verb, said.option) for said in self._negotiator.greet())

    def wish(self, side: Side, option: Option, on: bool) -> bytes:
        """Ask for an option, or for its end; return what is to be sent."""
        said = b"".join(negotiation(s.verb, s.option) for s in self._negotiator.wish(side, option, on))
        encoded = self._encoder.command(said) if said else b""
        self._go_over()
        return encoded

    def _go_over(self) -> None:
        """Let codec and options agree: what we end is over at once; the peer's side, when it says so."""
        binary = self._negotiator.on(Side.OURS, Option.BINARY)
        if binary != self._encoder.binary:
            self._encoder.set_binary(binary)
        self._decoder.binary = self._negotiator.state(Side.PEER, Option.BINARY) in _HEARD_STILL

    def on(self, side: Side, option: Option) -> bool:
        """Tell whether an option is in force."""
        return self._negotiator.on(side, option)

    @property
    def undecided(self) -> bool:
        """Whether we have asked to send BINARY and not been answered yet.

        How CR goes over the wire hangs on the answer, and only the peer knows from which byte on.
        """
        return self._negotiator.state(Side.OURS, Option.BINARY) in _ASKED

    @property
    def oddities(self) -> Counter[str]:
        """What the peer did wrong, by kind, with how often."""
        contrary = self._negotiator.contrary
        return self._oddities + Counter({"request beyond the limit of answers": contrary})

    def just_data(self, data: bytes) -> bool:
        """Tell whether all of `data` is data, as it stands, so that `receive` may be spared."""
        return self._decoder.plain and IAC not in data

    def receive(self, data: bytes, now: float) -> Generator[Event, None, None]:
        """Give the events of what was received; to be read to its end.

        Args:
            data: of any length.
            now: seconds, monotonic.
        """
        for event in self._decoder.events(data):
            match event:
                case Request():
                    yield from self._negotiate(event, now)
                case Oddity():
                    self._oddities[event.value] += 1
                case _:
                    yield event

    def _negotiate(self, request: Request, now: float) -> Generator[Agreed, None, None]:
        agreed, answer = self._negotiator.hear(request, now)
        if answer is not None:
            self.answers += self._encoder.command(negotiation(answer.verb, answer.option))
        self._go_over()
        if agreed is not None:
            yield agreed

    @property
    def binary(self) -> bool:
        """Whether what is encoded now passes as it is, 255 apart."""
        return self._encoder.binary

    def encode(self, data: bytes) -> bytes:
        """Return `data` as it goes over the wire now."""
        return self._encoder.data(data)

    def command(self, command: Command) -> bytes:
        """Return a command of two bytes as it goes over the wire now."""
        return self._encoder.command(bytes([Command.IAC, command]))

    def subnegotiate(self, option: int, payload: bytes) -> bytes:
        """Return a subnegotiation as it goes over the wire now."""
        return self._encoder.command(subnegotiation(option, payload))
