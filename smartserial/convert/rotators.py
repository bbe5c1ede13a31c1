"""Rotators of ser2net, as pools of ours: who comes gets one of several connections that is free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from smartserial.convert.accepters import CannotError, listener_of
from smartserial.convert.carrying import carry, options_of, time_out
from smartserial.convert.form import Draft, Pool, Share, Value
from smartserial.convert.making import Making
from smartserial.convert.remarks import Remarks, Word, named
from smartserial.convert.ser2net import Connection, Rotator

_BY_HAND = "write the pool by hand"
_OPTIONS = ("accepter-retry-time", "allowed-users", "authdir", "pamauth")
_ENTRANCE = ("no-acc-to-con", "no-con-to-acc", "remaddr")  # hold whichever way clients come

Members = dict[str, list[tuple[Connection, Share]]]
"""Connections by their keys, and the shares that have become of them."""


def add_pool(draft: Draft, rotator: Rotator, members: Members) -> None:
    """Add the pool for a rotator to a draft, or a remark why there is none.

    The listener of a pool has one rule for all its shares. A connection that lets in others than the first
    one does is not in the pool, so that nobody gets at more than before.
    """
    found = list(_found(draft, rotator, members))
    if not found:
        why = "none of its connections is carried over"
        draft.remarks.add(rotator.place, rotator.was, why, _BY_HAND)
        return
    try:
        served = [(word, share, _served(rotator, connection, share)) for word, connection, share in found]
    except CannotError as error:
        draft.remarks.add(rotator.accepter.place, f"{rotator.was} for its accepter", *error.args)
        return
    first = served[0][2]
    carry(first, options_of(rotator.options, rotator.defaults, _OPTIONS), _OPTIONS)
    _tell_order(first, rotator)
    shares: list[Share] = []
    for word, share, making in served:
        if _is_alike(first, making, word) and not any(one is share for one in shares):
            shares.append(share)
            _settings(draft, first, share)
    pool = first.share
    draft.remarks.made |= first.remarks.made
    draft.add_pool(
        Pool(rotator.name, rotator.place, rotator.was, shares, pool.listen, pool.tls, pool.comments)
    )


def _found(draft: Draft, rotator: Rotator, members: Members) -> Iterator[tuple[Word, Connection, Share]]:
    """Yield what a rotator names, each once; of what is not there, there is a remark."""
    words: dict[str, Word] = {}
    for word in rotator.connections:
        words.setdefault(word.text, word)
    for word in words.values():
        if word.text not in members:
            what = f"{named(word.text)} of {rotator.was}"
            draft.remarks.add(word.place, what, "there is no share for it", "add one to the pool by hand")
        for connection, share in members.get(word.text, ()):
            yield word, connection, share


def _served(rotator: Rotator, connection: Connection, share: Share) -> Making:
    """Return how clients of a rotator come to one of its connections, as a share that has no device.

    Raises:
        CannotError: clients of this accepter cannot be served.
    """
    here = replace(
        connection,
        was=rotator.was,
        place=rotator.place,
        accepter=rotator.accepter,
        options=rotator.options,
        defaults=rotator.defaults,
    )
    made = Share(rotator.name, rotator.place, rotator.was)
    made.sharing["max_clients"] = share.sharing["max_clients"]
    making = Making(here, made, Remarks())
    listener = listener_of(making, rotator.accepter)
    if listener.get("transport") == "udp":
        raise CannotError("over UDP nobody connects, so nobody can be given a share", _BY_HAND)
    made.listen.append(listener)
    time_out(making, listener)
    told = Making(connection, replace(made, comments=[]), Remarks())  # with the connection, already
    options = options_of(connection.options, connection.defaults)
    carry(told, [option for option in options if option.name in _ENTRANCE])
    return making


def _tell_order(making: Making, rotator: Rotator) -> None:
    making.note(
        rotator.place,
        "the order",
        "who comes gets the first share of the list that has no client, and not the one after the last that"
        " was given",
        "nothing to do, or change the list",
    )


def _is_alike(first: Making, other: Making, word: Word) -> bool:
    """Tell whether a pool can serve a connection as it serves the first; say so if not, or not quite."""
    rules, others = ({**making.share.listen[0]} for making in (first, other))
    timeouts: list[Value] = [rule.pop("idle_timeout", "none") for rule in (rules, others)]
    if rules != others:
        first.lost(
            word.place,
            named(word.text),
            "it lets in others than the first one does, and a pool has one rule for all",
            "give those that are alike a pool of their own",
        )
        return False
    if timeouts[0] != timeouts[1]:
        first.lost(
            word.place,
            f"the timeout of {named(word.text)}",
            f"a pool has one for all, and that of the first is taken, {timeouts[0]}",
            "set idle_timeout of the pool's listener",
        )
    return True


def _settings(draft: Draft, making: Making, share: Share) -> None:
    """Say what clients of telnet may change; a share has one rule for all of them."""
    if making.share.listen[0].get("mode") != "rfc2217":
        return
    wanted, has = making.share.sharing.get("settings"), share.sharing.get("settings")
    spoken = [*share.listen, *(one for pool in draft.pools_of(share) for one in pool.listen)]
    if wanted and not has and any(listener.get("mode") == "rfc2217" for listener in spoken):
        making.note(
            making.connection.place,
            f"RFC 2217 on {share.name}",
            f"clients of {share.was} may change its settings, so those of the rotator may, too",
            "`settings: {remote: false}` takes it from all",
        )
    elif wanted and not has:
        share.sharing["settings"] = {"remote": False}
        lines = share.device.setdefault("lines", {})
        assert isinstance(lines, dict)
        lines["remote"] = ["break"]
    elif has and not wanted:
        making.lost(
            making.connection.place,
            f"RFC 2217 on {share.name}",
            f"clients of {share.was} change no settings, so those of the rotator do not, either",
            "take `settings: {remote: false}` away",
        )
    elif "control" in making.share.sharing:
        share.sharing["control"] = making.share.sharing["control"]
