"""The client's side of RFC 2217: changes of a far port in; what is in force there, and how they ended, out.

Far servers differ, so the rules have two grades. Strict: a missing or a wrong answer is an error. Lenient:
what is not answered is kept as asked, and answers to SET-CONTROL say nothing but that they came, since
several servers answer with another line's state, or with the state before. Answers are taken in any form that
is known: a SET-BAUDRATE of more than 4 bytes (the first 4 count) or of one (the code of Cisco routers), and,
lenient, codes without the 100 of the server.

Some things are never sent, because a far server dies of them or passes a part of them on to its device:
SIGNATURE, a value that is longer than it has to be, a poll without a value, and SET-MODEMSTATE-MASK with 255,
which is the default.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, replace

from smartserial.lines import LineCounts, Lines, LineSettings, ModemLines
from smartserial.telnet.comport import (
    LINES,
    Code,
    LineState,
    Message,
    ModemState,
    Purge,
    decode,
)
from smartserial.telnet.rounds import SETTINGS, Done, Meaning, Request, Round, meaning

_DUMMY = bytes([0])  # the value of a poll; without one, sredird takes what follows for the value
_CHANGES = {
    "cts": ModemState.CTS_CHANGED,
    "dsr": ModemState.DSR_CHANGED,
    "ri": ModemState.RI_ENDED,
    "cd": ModemState.CD_CHANGED,
}
_ERRORS = {
    "frame": LineState.FRAMING,
    "overrun": LineState.OVERRUN,
    "parity": LineState.PARITY,
    "brk": LineState.BREAK,
}


class ComPortClient:
    """Speaks to one server.

    Args:
        send: is given the payload of each message to the server.
        changed: is called when the server has told of a change that was not asked for.
        suspend: is told to send no data (True), or to go on.
        strict: what a missing or wrong answer means; see above.

    Attributes:
        settings: what is in force, as the server said, or as it was asked for where it said nothing.
        lines: the states that were last set.
        modem: what the server said last; None until it has said something.
        counts: breaks, errors and changes of modem lines that it has told of.
        agreed: whether the option is in force; until then nothing is sent, and all is kept here.
        ignored: messages that mean nothing.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        changed: Callable[[], None],
        suspend: Callable[[bool], None],
        strict: bool,
    ) -> None:
        self.settings = LineSettings()
        self.lines = Lines()
        self.modem: ModemLines | None = None
        self.counts = LineCounts()
        self.agreed = False
        self.ignored = 0
        self._send = send
        self._changed = changed
        self._suspend = suspend
        self._strict = strict
        self._outstanding: dict[Code, deque[Request]] = {code: deque() for code in SETTINGS.values()}
        self._unknown = set(SETTINGS)  # settings that were neither told nor asked for
        self._kept = set(SETTINGS)  # settings that were not told
        self._mute: set[str] = set()  # lines about which the server has not answered

    @property
    def shadowed(self) -> tuple[str, ...]:
        """Names of settings about which the server has said nothing."""
        return tuple(name for name in SETTINGS if name in self._kept)

    def agree(self) -> None:
        """Take note that the option is in force; what was only kept here is to be said again."""
        if not self.agreed:
            self.agreed = True
            self._unknown |= self._kept

    # ---- what the server is asked for

    def ask(self, done: Done) -> Round:
        """Ask for all settings."""
        round_ = Round(done)
        for name in SETTINGS:
            self._request(Request(round_, name, None))
        round_.end()
        return round_

    def change(self, wanted: LineSettings, done: Done, names: Collection[str] | None = None) -> Round:
        """Ask for other settings; RS-485 is not known to the RFC.

        Args:
            wanted: the settings.
            done: is called at the end.
            names: which of them; None: those that are not in force.
        """
        round_ = Round(done)
        for name in SETTINGS if names is None else names:
            value = getattr(wanted, name)
            if names is not None or name in self._unknown or value != getattr(self.settings, name):
                self._request(Request(round_, name, value))
        round_.end()
        return round_

    def drive(self, lines: Lines, done: Done) -> Round:
        """Set lines."""
        round_ = Round(done)
        self.lines = lines.over(self.lines)
        for name in LINES:
            if getattr(lines, name) is not None:
                self._request(Request(round_, name, getattr(lines, name)))
        round_.end()
        return round_

    def _request(self, request: Request) -> None:
        request.round.expect()
        message = request.message
        if self.agreed and request.name not in self._mute:
            self._outstanding[message.code].append(request)
            self._tell(message)
        else:
            self._tell(message)
            self._keep(request)
            request.round.end()

    def purge(self, buffers: Purge) -> None:
        """Have what waits over there thrown away; the answer tells nothing."""
        self._tell(Message(Code.PURGE_DATA, bytes([buffers])))

    def poll_modem(self) -> None:
        """Ask for the state of the modem lines."""
        self._tell(Message(Code.NOTIFY_MODEMSTATE, _DUMMY))

    def watch_line(self) -> None:
        """Have breaks and errors on the line told; changes of modem lines are told anyway."""
        mask = LineState.BREAK | LineState.FRAMING | LineState.PARITY | LineState.OVERRUN
        self._tell(Message(Code.SET_LINESTATE_MASK, bytes([mask])))

    def _tell(self, message: Message) -> None:
        if self.agreed:
            self._send(message.payload())

    # ---- what the server says

    def receive(self, payload: bytes) -> None:
        """Take one subnegotiation of the option."""
        message = decode(payload)
        if message is not None and message.code in self._outstanding:
            if message.of_server or not self._strict:
                self._answered(message)
                return
        elif message is not None and message.of_server:
            self._notified(message)
            return
        self.ignored += 1

    def _answered(self, message: Message) -> None:
        said = meaning(message)
        request = self._meant(message.code, said)
        if request is None:
            self._told(said)
            return
        self._outstanding[message.code].remove(request)
        of_this = said is not None and said[0] == request.name
        if request.met_by(said):
            self._note(said)
            request.round.end()
        elif self._strict or (of_this and message.code is not Code.SET_CONTROL):
            self._doubt(request)
            self._note(said if of_this else None)
            request.round.end(False, "refused", str(request))
        elif request.name in LINES:
            request.round.end()
        else:
            self._keep(request)
            request.round.end(True, "answers otherwise to", str(request))

    def _meant(self, code: Code, said: Meaning | None) -> Request | None:
        """Return the request that an answer is for: the one that it fits, else the oldest.

        The state of a line is an answer to requests for that line only. The other way round, sredird says
        the flow control in force whatever is asked for.
        """
        waiting = self._outstanding[code]
        fitting = [request for request in waiting if request.met_by(said)]
        if said is not None and said[0] in LINES:
            fitting += [request for request in waiting if request.name == said[0]]
        else:
            fitting += waiting
        return fitting[0] if fitting else None

    def _note(self, said: Meaning | None) -> None:
        """Keep what the server has said of a setting."""
        if said is not None and said[0] in SETTINGS:
            name, value = said
            self.settings = replace(self.settings, **{name: value})
            self._unknown.discard(name)
            self._kept.discard(name)

    def _keep(self, request: Request) -> None:
        """Keep what was asked for, since nothing else is known."""
        if request.name in SETTINGS and request.wanted is not None:
            self.settings = replace(self.settings, **{request.name: request.wanted})
            self._unknown.discard(request.name)
            self._kept.add(request.name)

    def _doubt(self, request: Request) -> None:
        """Take nothing for known of what an answer has not confirmed."""
        self._unknown |= {request.name} & SETTINGS.keys()

    def _told(self, said: Meaning | None) -> None:
        """Take what was not asked for, or not any more."""
        before = self.settings, self.lines, self.shadowed
        if said is None:
            self.ignored += 1
        elif said[0] in LINES:
            self._mute.discard(said[0])
            self.lines = replace(self.lines, **{said[0]: said[1]})
        else:
            self._note(said)
        if before != (self.settings, self.lines, self.shadowed):
            self._changed()

    def _notified(self, message: Message) -> None:
        bits = message.value[0] if message.value else None
        match message.code:
            case Code.FLOWCONTROL_SUSPEND | Code.FLOWCONTROL_RESUME:
                self._suspend(message.code is Code.FLOWCONTROL_SUSPEND)
            case Code.NOTIFY_MODEMSTATE if bits is not None:
                self._modem_told(bits)
            case Code.NOTIFY_LINESTATE if bits is not None and self._count(_ERRORS, bits):
                self._changed()

    def _modem_told(self, bits: int) -> None:
        before = self.modem
        levels = {field.name: bool(bits & ModemState[field.name.upper()]) for field in fields(ModemLines)}
        self.modem = ModemLines(**levels)
        counted = before is not None and self._count(_CHANGES, bits)
        if counted or self.modem != before:
            self._changed()

    def _count(self, table: Mapping[str, int], bits: int) -> bool:
        """Count what a notification tells of; tell whether there was anything."""
        counted = {name: getattr(self.counts, name) + 1 for name, bit in table.items() if bits & bit}
        self.counts = replace(self.counts, **counted)
        return bool(counted)

    # ---- what it does not say

    def timed_out(self, round_: Round | None = None) -> None:
        """Wait no more for the answers to one round of requests; None: to all."""
        for request in self._withdraw(round_):
            if self._strict:
                self._doubt(request)
            else:
                self._mute |= {request.name} & LINES.keys()
                self._keep(request)
            request.round.end(not self._strict, "does not answer to", str(request))

    def lost(self) -> None:
        """Take note that there will be no more answers."""
        for request in self._withdraw(None):
            request.round.end(False, "does not answer any more")

    def _withdraw(self, round_: Round | None) -> list[Request]:
        withdrawn = []
        for waiting in self._outstanding.values():
            mine = [request for request in waiting if round_ is None or request.round is round_]
            for request in mine:
                waiting.remove(request)
            withdrawn += mine
        return withdrawn
