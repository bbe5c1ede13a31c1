"""Rules on who speaks and who hears: what cannot act where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from smartserial.config.connect import ConnectModel
from smartserial.config.models import ConfigModel, ListenerModel, PacketsModel, ShareModel
from smartserial.config.source import Place, Source
from smartserial.config.values import Model
from smartserial.config.walking import Rule, idle_at, shares_of, ways_of
from smartserial.findings import WARNING, Finding

Ways = list[ListenerModel | ConnectModel]

_ESCAPE = re.compile(rb"\\[abefnrtvx0]")
_ONE_MAY_SEND = {
    "none": "with `receive_from: none` nobody may send",
    "first": "with `receive_from: first` one client at a time may send",
    "last-active": "`receive_from: last-active` says this already",
}


def _whole(source: Source, place: Place, model: Model) -> bool:
    """Tell whether nothing had to be taken out of what is written at a place."""
    written = source.written(place)
    return isinstance(written, dict) and written.keys() <= model.model_fields_set


def _no_turns(share: ShareModel, ways: Ways) -> Iterator[tuple[str, str]]:
    """Yield times that nothing is measured by, and turns where none are taken."""
    rules, said = share.sharing, share.sharing.model_fields_set
    if "turn" in said and not rules.exclusive and rules.receive_from != "last-active":
        yield "turn", "there are no turns without `exclusive: true` or `receive_from: last-active`"
    if "reply_window" in said and rules.send_to != "asker" and rules.arbitrate is None:
        yield "reply_window", "nobody waits for an answer without `send_to: asker` or `arbitrate: message`"
    if rules.exclusive and rules.receive_from in _ONE_MAY_SEND:
        yield "exclusive", _ONE_MAY_SEND[rules.receive_from]
    if rules.send_to == "asker" and rules.receive_from == "none":
        yield "send_to", "with `receive_from: none` nobody asks"
    if rules.send_to == "asker" and {"read", "write"} == {way.access for way in ways}:
        yield "send_to", "who may ask has `access: write`, and hears no answer"


def _senders(share: ShareModel, ways: Ways) -> int:
    """Return how many clients that may send can be there at a time."""
    most = share.sharing.max_clients
    places = [_places(way, most) for way in ways if way.access != "read"]
    return min(most, sum(places))


def _places(way: ListenerModel | ConnectModel, most: int) -> int:
    if isinstance(way, ConnectModel):
        return len(way.to) if way.all else 1
    return len(way.targets) + (most if way.max_clients is None else way.max_clients)


def _no_choice(share: ShareModel, ways: Ways) -> Iterator[tuple[str, str]]:
    """Yield what chooses between clients where there is one, or between those who may do nothing."""
    rules = share.sharing
    chosen = {
        "receive_from": rules.receive_from in ("first", "last", "last-active"),
        "exclusive": rules.exclusive and rules.receive_from not in _ONE_MAY_SEND,
    }
    if all(way.access == "read" for way in ways):
        chosen |= {"receive_from": rules.receive_from != "all", "send_to": rules.send_to == "asker"}
        why = "no listener lets clients send"
    elif rules.max_clients == 1:
        chosen["send_to"] = rules.send_to in ("first", "last", "asker")
        why = "with `max_clients: 1` there is one client"
    elif _senders(share, ways) == 1:
        why = "one client alone can be there that may send"
    else:
        return
    yield from ((key, why) for key, stands in chosen.items() if stands)


def rules_that_act(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Who may speak, and who hears, is said where there is a choice."""
    for place, share in shares_of(config):
        here = (*place, "sharing")
        if not _whole(source, here, share.sharing):
            continue
        told = set()
        ways = ways_of(config, place)
        for key, why in (*_no_turns(share, ways), *_no_choice(share, ways)):
            if key not in told:
                told.add(key)
                yield idle_at(source, (*here, key), f"cannot act: {why}")


def hearing_that_acts(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """What is said of those who hear the device acts where somebody does."""
    for place, share in shares_of(config):
        if share.sharing.send_to == "none":
            why = "cannot act: with `send_to: none` nobody hears the device"
            keys: list[Place] = [("buffer",), ("replay",), ("packets",), ("sharing", "slow_client")]
        elif all(way.access == "write" for way in ways_of(config, place)):
            why = "cannot act: no listener lets clients read"
            keys = [("buffer",), ("packets",), ("sharing", "send_to"), ("sharing", "slow_client")]
        else:
            continue
        for key in keys:
            model: Model = share.sharing if len(key) > 1 else share
            if key[-1] in model.model_fields_set and getattr(model, str(key[-1])) not in (0, None, "all"):
                yield idle_at(source, (*place, *key), why)


def _idle_packets(packets: PacketsModel) -> Iterator[tuple[str, str]]:
    if packets.size == 1:
        for key in ("hold", "char", "chars", "gap"):
            if getattr(packets, key) is not None:
                yield key, "with `size: 1` each byte is sent at once"
        return
    sooner = None not in (packets.hold, packets.gap) and (packets.hold or 0) <= (packets.gap or 0)
    if sooner and packets.pause is None:
        yield "gap", "`hold` ends sooner, whatever comes"


def packets_that_act(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Rules for packets say something, and none of them makes another one useless."""
    idle = partial(idle_at, source)
    for place, share in shares_of(config):
        here, packets = (*place, "packets"), share.packets
        if source.has(here) and source.written(here) is None:
            yield idle(here, "cannot act: it says nothing")
        if packets is None or not _whole(source, here, packets):
            continue
        if not any(getattr(packets, key) is not None for key in PacketsModel.model_fields):
            yield idle(here, "cannot act: it says nothing")
        for key, why in _idle_packets(packets):
            yield idle((*here, key), f"cannot act: {why}")


def one_spelling_of_chars(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Bytes that end packets are said once."""
    for place, share in shares_of(config):
        packets = share.packets
        if packets is not None and packets.char is not None and packets.chars is not None:
            yield source.finding(
                (*place, "packets", "chars"), "CF05", "`char` already says this", at_key=True
            )


def chars_that_are_meant(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A backslash before a letter is meant to stand for another byte: for YAML only in double quotes."""
    for place, share in shares_of(config):
        for key in ("char", "chars") if share.packets is not None else ():
            found = _ESCAPE.search(getattr(share.packets, key) or b"")
            if found:
                written = found[0].decode("latin-1")
                message = f"expected bytes, found a backslash and {written[1:]!r}, two of them"
                hint = f'in double quotes "{written}" is one byte'
                here = (*place, "packets", key)
                yield source.finding(here, "CF03", message, severity=WARNING, hint=hint)


def slowness_that_ends(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A slow client is given time where it is not waited for anyway."""
    for place, share in shares_of(config):
        slow, here = share.sharing.slow_client, (*place, "sharing", "slow_client", "timeout")
        watched = all(
            way.keepalive is not None for way in ways_of(config, place)
        )  # without, it is the time for that
        if slow.policy == "pause-device" and "timeout" in slow.model_fields_set and watched:
            yield idle_at(
                source, here, "cannot act: with `policy: pause-device` the device waits for clients"
            )


def messages_that_are_known(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Requests wait for answers where an element tells where these end."""
    on_shares = {one.share for element in config.elements.values() for one in element.connections.values()}
    for place, share in shares_of(config):
        if share.sharing.arbitrate is None or place[1] in on_shares:
            continue
        if source.has(("elements",)) and not config.elements:
            continue  # they were wrong by themselves
        message = "no element runs on this share: nobody tells where its device's messages end"
        hint = f"give a connection of an element `share: {place[1]}`"
        yield source.finding((*place, "sharing", "arbitrate"), "CF08", message, hint=hint)


SHARING_RULES: tuple[Rule, ...] = (
    rules_that_act,
    hearing_that_acts,
    packets_that_act,
    one_spelling_of_chars,
    chars_that_are_meant,
    slowness_that_ends,
    messages_that_are_known,
)
