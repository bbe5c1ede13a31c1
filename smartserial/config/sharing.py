"""From models to frozen settings: the rules between a share's clients."""

from __future__ import annotations

from smartserial.config.elementplan import Kind, Plan
from smartserial.config.models import PacketsModel, SharingModel
from smartserial.settings import Arbitration, RemoteSettings, Sharing, SlowClient
from smartserial.sharing.control import Control, WhenRefused
from smartserial.sharing.packets import PacketRules
from smartserial.sharing.selection import SelectionRules, Who
from smartserial.sharing.slow import SlowPolicy


def sharing_of(sharing: SharingModel, arbitration: Arbitration | None) -> Sharing:
    """Return the rules for a share's clients.

    Args:
        sharing: what the configuration says.
        arbitration: what is known of the device's messages; None: nothing.
    """
    slow = sharing.slow_client
    return Sharing(
        max_clients=sharing.max_clients,
        kick_oldest=sharing.when_full == "kick-oldest",
        slow_client=SlowClient(SlowPolicy(slow.policy), slow.limit, slow.timeout),
        control=Control(sharing.control),
        refused=WhenRefused(sharing.refused),
        settings=RemoteSettings(**sharing.settings.model_dump()),
        selection=SelectionRules(
            receive_from=Who(sharing.receive_from),
            send_to=Who(sharing.send_to),
            turn=sharing.turn,
            reply_window=sharing.reply_window,
            exclusive=sharing.exclusive,
        ),
        arbitration=arbitration if sharing.arbitrate == "message" else None,
    )


def packets_of(packets: PacketsModel | None) -> PacketRules | None:
    """Return when bytes go to the clients; None: as they come."""
    if packets is None:
        return None
    chars = packets.char or packets.chars or b""
    rules = PacketRules(packets.size, packets.hold, chars, packets.gap, packets.pause)
    return None if rules == PacketRules() else rules


def arbitration_of(plan: Plan, share: str) -> Arbitration | None:
    """Return what the first element on a share, whose device protocol is known, tells of messages there."""
    for element in plan.elements:
        for one in element.connections:
            if element.known is not None and one.kind is Kind.SHARE and one.model.share == share:
                return Arbitration(element.known.definition, one.number, element.model.code_page)
    return None
