"""A configuration of ser2net becomes one of ours."""

from __future__ import annotations

from smartserial.convert.accepters import CannotError, listener_of
from smartserial.convert.connectors import device_of
from smartserial.convert.form import Draft, Mapping, Share
from smartserial.convert.making import Making
from smartserial.convert.options import OPTIONS, hold_back
from smartserial.convert.remarks import Remarks, named
from smartserial.convert.ser2net import Connection, Option, Setup

_FIRST = ("max-connections",)  # what others ask for


def draft_of(source: str, setup: Setup) -> Draft:
    """Make a draft of what a configuration says.

    Args:
        source: the name of its file.
        setup: what it says.
    """
    draft = Draft(source, remarks=setup.remarks)
    for connection in setup.connections:
        _connection(draft, connection)
    if setup.admin is not None:
        _admin(draft, setup)
    return draft


def _connection(draft: Draft, connection: Connection) -> None:
    share = Share(connection.name, connection.place, connection.was)
    share.sharing["max_clients"] = 1  # the default over there
    making = Making(connection, share, Remarks())  # what is left out altogether is told in one
    options = _options(making)
    _carry(making, [option for option in options if option.name in _FIRST])
    what, place = "its accepter", connection.accepter.place
    try:
        share.listen.append(listener_of(making, connection.accepter))
        what, place = "its device", connection.connector.place
        device_of(making, connection.connector)
    except CannotError as error:
        why, cure = error.args
        draft.remarks.add(place, f"{connection.was} for {what}", why, cure)
        return
    _carry(making, [option for option in options if option.name not in _FIRST])
    hold_back(making, {option.name: option for option in options})
    _time_out(making, share.listen[0])
    draft.remarks.made |= making.remarks.made
    draft.add(share)


def _options(making: Making) -> list[Option]:
    """Return the options of a connection, defaults that it does not override first."""
    own = {option.name for option in making.connection.options}
    defaults = making.connection.defaults
    inherited = [
        Option(name, defaults[key].text, defaults[key].place)
        for name in OPTIONS
        if name not in own
        and (key := ("ser2net", name) if ("ser2net", name) in defaults else ("", name)) in defaults
    ]
    return [*inherited, *making.connection.options]


def _carry(making: Making, options: list[Option]) -> None:
    for option in options:
        if option.name in OPTIONS:
            OPTIONS[option.name](making, option)
        else:
            making.lost(
                option.place, f"option {named(option.name)}", "ser2net does not know it", "look at its name"
            )


def _time_out(making: Making, listener: Mapping) -> None:
    seconds = making.connection.timeout
    if seconds:
        listener["idle_timeout"] = f"{min(seconds, 3650 * 86400)}s"
    elif listener.get("transport") == "udp":
        listener["idle_timeout"] = "365d"
        making.note(
            making.connection.place,
            "timeout",
            "it is not said, so a client over UDP keeps its place for a year of silence",
            "set idle_timeout to what is enough",
        )


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
