"""Who may speak to the device now, and who hears it: rules on one list of clients, by time of connecting.

A client whose listener does not let it send is passed over where a sender is chosen, and one that does not
read where somebody is chosen to hear. Times are seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar


class Who(Enum):
    """Which of the clients.

    FIRST and LAST go by the time of connecting. LAST_ACTIVE is the client that sent last, its bytes accepted
    or not; before anybody has sent, that is nobody. ASKER, for hearing alone, is the one whose bytes went to
    the device last, for a while, or as long as its turn lasts; what nobody has asked for is for all. Answers
    that are for none of the clients, or for one that is gone, are heard by those alone that never ask.
    """

    NONE = "none"
    FIRST = "first"
    LAST = "last"
    LAST_ACTIVE = "last-active"
    ALL = "all"
    ASKER = "asker"


@dataclass(frozen=True, slots=True)
class SelectionRules:
    """Who may speak, and who hears.

    Args:
        receive_from: whose bytes reach the device; LAST_ACTIVE: of the one that has the turn.
        send_to: who gets the device's bytes.
        turn: seconds of silence after which a client that has the turn loses it to the next that sends.
        reply_window: seconds in which what comes is the asker's.
        exclusive: the first client that sends has the turn; others' bytes do not reach the device.
    """

    receive_from: Who = Who.ALL
    send_to: Who = Who.ALL
    turn: float = 1.0
    reply_window: float = 1.0
    exclusive: bool = False

    @property
    def in_turns(self) -> bool:
        """Whether one client at a time has the turn to speak."""
        return self.exclusive or self.receive_from is Who.LAST_ACTIVE

    @property
    def minds_senders(self) -> bool:
        """Whether it matters who sends."""
        by_sender = self.send_to in (Who.LAST_ACTIVE, Who.ASKER)
        return by_sender or self.exclusive or self.receive_from is not Who.ALL


class Client(Protocol):
    """What is known of a client; compared by identity."""

    @property
    def reads(self) -> bool:
        """Whether the device's bytes may go to it."""

    @property
    def writes(self) -> bool:
        """Whether its listener lets it send."""

    @property
    def finished_sending(self) -> bool:
        """Whether it has said that it sends no more; it may still hear."""


C = TypeVar("C", bound=Client)


class Selection(Generic[C]):
    """Knows who is there, and decides.

    Args:
        rules: who may speak, and who hears; replaced by `update`.
    """

    def __init__(self, rules: SelectionRules) -> None:
        self.rules = rules
        self.holder: C | None = None
        """Who has the turn, where there are turns; it may have been silent for long."""
        self._here: dict[C, None] = {}
        self._spoke: dict[C, None] = {}  # who has sent, the last one at the end
        self._held_at = 0.0
        self._asked = self._in_turn = False  # an answer may come; what comes is one until `answered`
        self._asker: C | None = None  # who hears it
        self._asked_at = 0.0

    # ---- what happens

    def connects(self, client: C) -> None:
        """Put a client at the end of the list."""
        self._here[client] = None

    def finishes(self, client: C) -> None:
        """Take the turn from a client that sends no more; it stays for what it gets."""
        if self.holder is client:
            self.holder = None

    def leaves(self, client: C) -> None:
        """Forget a client."""
        self.finishes(client)
        self._here.pop(client, None)
        self._spoke.pop(client, None)
        if self._asker is client:
            self._asker = None

    def sends(self, client: C, now: float) -> bool:
        """Take note that a client sends; tell whether that reaches the device."""
        self._spoke.pop(client, None)
        if client in self._here:
            self._spoke[client] = None
        if not self.may_send(client, now):
            return False
        if self.rules.in_turns:
            self.holder, self._held_at = client, now
        return True

    def asks(self, client: C | None, now: float, in_turn: bool = False) -> None:
        """Take note whose bytes go to the device.

        Args:
            client: who sends them; None: none of the clients.
            now: the time.
            in_turn: nobody else sends before `answered`, and until then what comes is the answer.
        """
        self._asker = client if client is not None and client.reads else None
        self._asked_at, self._in_turn = now, in_turn
        self._asked = in_turn or self._asker is not None

    def answered(self) -> None:
        """Take note that a turn is over; who asked in it hears what follows for the rest of the window."""
        self._in_turn = False
        self._asked = self._asker is not None

    def update(self, rules: SelectionRules) -> None:
        """Go by other rules; who has the turn keeps it while there are turns."""
        self.rules = rules
        if not rules.in_turns:
            self.holder = None

    # ---- decisions

    def may_send(self, client: C, now: float) -> bool:
        """Tell whether what a client would send now would reach the device."""
        rules = self.rules
        if not client.writes or rules.receive_from is Who.NONE:
            return False
        if rules.receive_from in (Who.FIRST, Who.LAST):
            senders = [
                one for one in self._here if one.writes and (one is client or not one.finished_sending)
            ]
            if senders and senders[0 if rules.receive_from is Who.FIRST else -1] is not client:
                return False
        free = self.holder in (None, client) or now - self._held_at >= rules.turn
        return free or not rules.in_turns

    def answering(self, now: float) -> bool:
        """Tell whether what the device sends now is an answer, and not for everybody: `Who.ASKER`."""
        if self.rules.send_to is not Who.ASKER or not self._asked:
            return False
        return self._in_turn or now - self._asked_at <= self.rules.reply_window

    @property
    def readers(self) -> tuple[C, ...]:
        """Who could hear the device, in the order of connecting."""
        return tuple(client for client in self._here if client.reads)

    def receivers(self, now: float) -> tuple[C, ...]:
        """Return who gets what the device sends now, in the order of connecting."""
        readers = self.readers
        match self.rules.send_to:
            case Who.NONE:
                return ()
            case Who.FIRST:
                return readers[:1]
            case Who.LAST:
                return readers[-1:]
            case Who.LAST_ACTIVE:
                return tuple(client for client in self._spoke if client.reads)[-1:]
            case Who.ASKER if self.answering(now):
                if self._asker in readers:
                    return tuple(client for client in readers if client is self._asker)
                return tuple(client for client in readers if not client.writes)
        return readers
