"""A configuration of ser2net becomes one of ours."""

from __future__ import annotations

from smartserial.convert.accepters import CannotError, listener_of
from smartserial.convert.carrying import carry, options_of, time_out
from smartserial.convert.connectors import device_of
from smartserial.convert.form import Draft, Share
from smartserial.convert.making import Making
from smartserial.convert.options import hold_back
from smartserial.convert.remarks import Place, Remarks
from smartserial.convert.rotators import Members, add_pool
from smartserial.convert.ser2net import Connection, Option, Setup

_FIRST = ("max-connections",)  # what others ask for
_OFF = "it is switched off"


def draft_of(source: str, setup: Setup) -> Draft:
    """Make a draft of what a configuration says.

    Args:
        source: the name of its file.
        setup: what it says.
    """
    draft = Draft(source, remarks=setup.remarks)
    members: Members = {}
    rotated = {word.text for rotator in setup.rotators for word in rotator.connections}
    for connection in setup.connections:
        share = _connection(draft, connection, rotated=connection.key in rotated)
        if share is not None:
            members.setdefault(connection.key, []).append((connection, share))
    for rotator in setup.rotators:
        add_pool(draft, rotator, members)
    _take_out_unreached(draft)
    if setup.admin is not None:
        _admin(draft, setup)
    return draft


def _connection(draft: Draft, connection: Connection, *, rotated: bool) -> Share | None:
    """Add the share for a connection, or a remark why there is none.

    Args:
        draft: the configuration to be.
        connection: of ser2net.
        rotated: a rotator names it, so clients may come without its accepter.

    Returns:
        The share that serves its clients.
    """
    if connection.off is not None and not rotated:
        cure = "switch it on there and convert again, if it is wanted"
        draft.remarks.add(connection.off, connection.was, _OFF, cure)
        return None
    share = Share(connection.name, connection.place, connection.was)
    making = Making(connection, share, Remarks())  # what is left out altogether is told in one
    options = options_of(connection.options, connection.defaults)
    if connection.off is not None:
        options = [option for option in options if option.name != "connback"]  # it calls nobody
    try:
        barred = _listener(making, [option for option in options if option.name in _FIRST])
        device_of(making, connection.connector)
    except CannotError as error:
        draft.remarks.add(connection.connector.place, f"{connection.was} for its device", *error.args)
        return None
    carry(making, [option for option in options if option.name not in _FIRST])
    hold_back(making, {option.name: option for option in options})
    for listener in share.listen:
        time_out(making, listener)
    if barred is not None and not (rotated or share.connect):
        draft.remarks.add(connection.accepter.place, f"{connection.was} for its accepter", *barred.args)
        return None
    if connection.off is not None:
        _tell_off(making, connection.off)
    elif barred is not None and connection.accepter.layers[-1].kind != "dummy":
        making.lost(connection.accepter.place, "the accepter", *barred.args)
    draft.remarks.made |= making.remarks.made
    return draft.add(share)


def _tell_off(making: Making, place: Place) -> None:
    making.note(
        place,
        "the switch",
        f"{_OFF}, and by the manual of ser2net a rotator leads to it all the same; its version 4.3.11 passes"
        " over it",
        "take the share out of the pool if nobody is to come",
    )


def _listener(making: Making, options: list[Option]) -> CannotError | None:
    """Write the listener into a share, or return why there is none."""
    share = making.share
    share.sharing["max_clients"] = 1  # the default over there
    carry(making, options)
    if making.connection.off is not None:
        return CannotError(_OFF)
    limits = dict(share.sharing)
    try:
        share.listen.append(listener_of(making, making.connection.accepter))
    except CannotError as error:
        share.sharing, share.device, share.tls = limits, {}, {}  # layers above may have said something
        return error
    return None


def _take_out_unreached(draft: Draft) -> None:
    """Take out shares that only a rotator would have led to, and it is not carried over."""
    for share in [one for one in draft.shares if not (one.listen or one.connect or draft.pools_of(one))]:
        draft.take_out(share)
        why = "its own accepter takes no clients, and no rotator that is carried over has it"
        draft.remarks.add(share.place, share.was, why, "write its listener by hand")


def _admin(draft: Draft, setup: Setup) -> None:
    """Let operators in by telnet where the admin port was, but from this machine alone."""
    stack = setup.admin
    assert stack is not None
    bottom = stack.layers[-1]
    words = bottom.words
    port = words[-1] if words else ""
    if bottom.kind != "tcp" or not port.isdecimal() or not 0 < int(port[:6]) < 65536:
        draft.remarks.add(
            stack.place,
            "the accepter of admin",
            "operators come by a socket, or by telnet over TCP",
            "`smartserial console` on the machine itself needs no port",
        )
        return
    draft.console["telnet"] = int(port)
    remark = draft.remarks.add(
        stack.place,
        "admin",
        "the console has verbs of its own; by telnet, from this machine alone, operators may look",
        "`smartserial ctl help` tells the verbs",
        lost=False,
    )
    draft.comments.append(remark.words)
