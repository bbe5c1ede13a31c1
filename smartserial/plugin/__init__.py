"""A device protocol in Python: the words of its author.

All that an author needs is imported from here. A class body says what the device is, its methods what is done
when::

    class Mast(DeviceProtocol):
        name, version = "acme-weather-mast", "1.0.0.1"
        limit = option(25.0, help="m/s, above which the siren sounds")
        definition = Protocol("Acme weather mast", ...)

        @on_change(wind)
        def watch(self, view: View) -> Steps:
            yield set_value(siren, int(view.number(wind) > self.limit))
"""

from __future__ import annotations

from smartserial.definition import authoring
from smartserial.definition.action import Action, ActionOn, ActionType, QAction
from smartserial.definition.check import load
from smartserial.definition.flow import TriggerOn as On
from smartserial.definition.flow import TriggerTime as At
from smartserial.definition.protocol import Protocol
from smartserial.plugin.options import Option, OptionError, option
from smartserial.plugin.protocol import DeviceProtocol
from smartserial.plugin.reaction import Moment, Reaction, after, every, on_change, qaction
from smartserial.plugin.view import View
from smartserial.plugin.wishes import (
    Answer,
    Steps,
    WishError,
    ask,
    check_trigger,
    execute,
    log,
    run_action,
    send,
    set_connection_state,
    set_raw,
    set_value,
    sleep,
)

__all__ = [
    "Action",
    "ActionOn",
    "ActionType",
    "Answer",
    "At",
    "DeviceProtocol",
    "Moment",
    "On",
    "Option",
    "OptionError",
    "Protocol",
    "QAction",
    "Reaction",
    "Steps",
    "View",
    "WishError",
    "after",
    "ask",
    "authoring",
    "check_trigger",
    "every",
    "execute",
    "load",
    "log",
    "on_change",
    "option",
    "qaction",
    "run_action",
    "send",
    "set_connection_state",
    "set_raw",
    "set_value",
    "sleep",
]
