"""The calls of a share: which there are, and what it must know of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from smartserial.channels.calls.call import Call
from smartserial.channels.calls.session import CallSession
from smartserial.events import CallFailed, Calling
from smartserial.lines import Lines
from smartserial.settings import ConnectSettings, PortDevice, Rfc2217Device, VirtualDevice
from smartserial.share.callsline import Following, Leading

if TYPE_CHECKING:
    from smartserial.share.service import Share


class Calls:
    """Makes calls as the settings say, and lets settings of the line pass.

    Args:
        share: whose calls they are.
        reactor: keeps the time.
    """

    def __init__(self, share: Share, reactor: Any) -> None:
        self.changes = 0  # how often the line has got other settings, or a program has set it
        self._share = share
        self._reactor = reactor
        self._calls: list[Call] = []
        self._learning = False  # the line is being set as a far one is
        self._decided = False  # somebody has set something here that counts as long as a program is there
        self._held = False  # whether a program has the virtual port open
        self._leading: dict[CallSession, Leading] = {}
        self._following: dict[CallSession, Following] = {}

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    # ---- settings

    def use(self, connect: ConnectSettings | None) -> None:
        """Have these calls from now on; a connection of which nothing changed stays."""
        former, self._calls = self._calls, []
        told_at = max((call.told_at for call in former), default=0)
        for targets in () if connect is None else connect.groups:
            assert connect is not None
            call = next((one for one in former if one.suits(connect) and _same(one, connect, targets)), None)
            if call is None:
                call = Call(connect, targets, self, self._reactor)
                call.told_at = told_at
            else:
                former.remove(call)
                call.redirect(connect, targets)
            self._calls.append(call)
        for call in former:
            call.stop()
            if call.session is not None:
                call.session.cut("its call was changed")

    def start(self) -> None:
        """Make the calls that are new."""
        for call in self._calls:
            if call.owner is None:
                call.attach(self._share)

    # ---- what calls need

    def refusal(self, call: Call, host: str) -> str:
        """Tell why there may be no session with `host` now; empty: there may.

        Nobody is sent away for it.
        """
        refusal = self._share.judge(call, host)
        return "" if refusal is None else refusal.text

    def leads(self, call: Call) -> bool:
        """Tell whether the settings of the far port go by what happens here."""
        return call.connect.asks and isinstance(self._share.settings.device, VirtualDevice)

    def waiting(self, call: Call) -> int:
        """Return how many bytes are kept that nobody has got, of those that the call may hear."""
        return self._share.stock.size if call.connect.access.reads else 0

    def unread(self) -> bool:
        """Tell whether programs may have written something that was not read yet."""
        return self._share.programs.unread

    def hang_up(self, call: Call) -> None:
        """Close the session of a call, for no program is there, when what waits for it was sent."""
        self._share.programs.dismiss(call)

    def listen_for_device(self, call: Call, wanted: bool) -> None:
        """Tell the call when the device sends something, or do so no more."""
        if wanted:
            self._share.taps[call] = call.hear
        else:
            self._share.taps.pop(call, None)

    def calling(self, to: str) -> None:
        """Tell the world that somebody is called."""
        self._share.publish(Calling, to)

    def call_failed(self, to: str, why: str) -> None:
        """Tell the world that somebody could not be reached."""
        self._share.publish(CallFailed, to, why)

    # ---- the line

    def begins(self, session: CallSession) -> None:
        """Let settings of the line pass from now on, in the direction that they have."""
        device = self._share.settings.device
        if self.leads(session.call):
            alone = not self._leading
            leading = self._leading[session] = Leading(self._share, session)
            leading.begin(decided=self._is_decided(session.call), alone=alone)
            session.call.told_at = self.changes
        elif session.call.connect.asks and isinstance(device, PortDevice | Rfc2217Device):
            self._following[session] = Following(self._share, session)

    def _is_decided(self, call: Call) -> bool:
        """Tell whether a far port, which has forgotten what it was told before, is to be as it was set here.

        It is for a program that has set something and is there, or has left data, for what clients and
        operators have set, and for what it was never told.
        """
        if call.told_at != self.changes or self._share.ports.set_here:
            return True
        return self._decided and (call.held or self.unread() or self.waiting(call) > 0)

    def ends(self, session: CallSession) -> None:
        """Let no settings pass any more."""
        self._leading.pop(session, None)
        following = self._following.pop(session, None)
        if following is not None:
            following.end()

    def held_changed(self, call: Call, held: bool) -> None:
        """Drive the lines of the far port as it is set for a program that comes or goes.

        One that comes has set nothing yet; but what others have left behind is for what they had set.
        """
        if held and not self._held and not self.waiting(call):
            self._decided = False
        self._held = held
        if call.session in self._leading:
            self._leading[call.session].drive_for(held)

    def learn(self, settings: Mapping[str, Any]) -> None:
        """Show here what is in force at a far port; that is no news for it, nor for another one."""
        self._learning = True
        try:
            self._share.ports.adopt(settings)
        finally:
            self._learning = False

    def line_changed(self, anew: bool) -> None:
        """Take note of other settings of the line; `anew`: a program has set what they were already."""
        if self._learning:
            return
        self.changes += 1
        self._decided = True
        for session, leading in self._leading.items():
            leading.push(anew)
            session.call.told_at = self.changes

    def lines_driven(self, lines: Lines) -> None:
        """Take note that somebody here has set lines."""
        for leading in self._leading.values():
            leading.drive(lines)


def _same(call: Call, connect: ConnectSettings, targets: tuple[Any, ...]) -> bool:
    """Tell whether a call is to go on, with one of its targets at least."""
    return call.targets == targets if len(connect.groups) > 1 else bool({*call.targets} & {*targets})
