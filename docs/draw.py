"""Draws the tables and the diagram of rfc2217.md from the tables of the program: ``python docs/draw.py``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from smartserial.telnet.codes import Option
from smartserial.telnet.comport import (
    ASK,
    ASK_INBOUND,
    CISCO_BAUDRATES,
    DATASIZES,
    INBOUND,
    LINES,
    OF_SERVER,
    OUTBOUND,
    PARITIES,
    STOPSIZES,
    Code,
    LineState,
    ModemState,
    Purge,
)
from smartserial.telnet.options import HEARD, SERVER, WISHED, Side, State
from smartserial.telnet.server import MOST_SIGNATURE

PAGE = Path(__file__).with_name("rfc2217.md")
_DRAWING = re.compile(r"(<!-- drawn by docs/draw\.py: (\w+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)
_HIGHEST_CONTROL = 19  # of those to which the RFC gives a meaning
_NO_CODE = "—"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return (
        "".join(f"| {' | '.join(line)} |\n" for line in lines)
        .replace("| --- ", "|---")
        .replace("--- |", "---|")
    )


def _listed(table: Mapping[Any, int]) -> str:
    """Name the values of a table, such as ``1 = none, 2 = odd``."""
    named = {
        number: value.value if isinstance(value, Enum) else f"{value:g}" for value, number in table.items()
    }
    return ", ".join(
        name if str(number) == name else f"{number} = {name}" for number, name in sorted(named.items())
    )


def options() -> str:
    """Draw what is agreed to."""
    asked, agreed = set(SERVER.greeting), SERVER.agreed

    def stand(side: Side, option: Option) -> str:
        if (side, option) in asked:
            return "asked for"
        return "agreed to" if (side, option) in agreed else "refused"

    rows = [
        (option.name.replace("_", "-"), str(option.value), *(stand(side, option) for side in Side))
        for option in Option
    ]
    others = ("all others", "", "refused", "refused")
    return _table(("option", "number", "on the server's side", "on the client's side"), [*rows, others])


def negotiation() -> str:
    """Draw the states of one side of one option, without what neither changes nor says anything."""
    edges: dict[tuple[State, State, bool | None], list[str]] = {}
    for table, verb in ((HEARD, "hears"), (WISHED, "wants")):
        words = ("no", "yes") if table is HEARD else ("it off", "it on")
        for (before, yes), (after, said) in table.items():
            if said is not None or before is not after:
                edges.setdefault((before, after, said), []).append(f"{verb} {words[yes]}")
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {State.NO.name}"]
    for (before, after, said), causes in edges.items():
        says = "" if said is None else f" / says {'yes' if said else 'no'}"
        lines.append(f"    {before.name} --> {after.name}: {' or '.join(causes)}{says}")
    return "\n".join([*lines, "```", ""])


_ASKS = f"{ASK} asks"
_POLL = "anything, or nothing"
_NOTHING = "nothing"
_NOTIFY = "with `settings.notify`"
# Of each message: its value, what a client is answered, and when a client is told it unasked.
_MESSAGES: dict[Code, tuple[str, str, str]] = {
    Code.SIGNATURE: (
        "text, or nothing to ask for the server's",
        f"to nothing: our text; to a text: **never**, {MOST_SIGNATURE} bytes of it are kept, "
        "and logged when they are others, three times at most",
        "",
    ),
    Code.SET_BAUDRATE: (
        f"4 bytes, the highest first, {_ASKS}; or 1 byte, a code of [Cisco routers](#cisco)",
        "the rate in force, in 4 bytes; from the first request of 1 byte on in 1 byte, if there is a code",
        _NOTIFY,
    ),
    Code.SET_DATASIZE: (f"{_ASKS}; {_listed(DATASIZES)}", "the data bits in force", _NOTIFY),
    Code.SET_PARITY: (f"{_ASKS}; {_listed(PARITIES)}", "the parity in force", _NOTIFY),
    Code.SET_STOPSIZE: (f"{_ASKS}; {_listed(STOPSIZES)}", "the stop bits in force", _NOTIFY),
    Code.SET_CONTROL: ("see [below](#set-control)", "see [below](#set-control)", f"flow control, {_NOTIFY}"),
    Code.NOTIFY_LINESTATE: (
        f"{_POLL}: a poll",
        "the line state now, all bits",
        "when a bit of the mask happens",
    ),
    Code.NOTIFY_MODEMSTATE: (
        f"{_POLL}: a poll",
        "the modem state now, all bits",
        "when the option begins; when a bit of the mask changes",
    ),
    Code.FLOWCONTROL_SUSPEND: (_NOTHING, "**never**", "when the device takes no more"),
    Code.FLOWCONTROL_RESUME: (_NOTHING, "**never**", "when it does again"),
    Code.SET_LINESTATE_MASK: ("the bits to be told of; 0 at first", "the mask in force", ""),
    Code.SET_MODEMSTATE_MASK: ("the bits to be told of; 255 at first", "the mask in force", ""),
    Code.PURGE_DATA: (
        f"{Purge.RECEIVE.value} = from the device, {Purge.TRANSMIT.value} = to the device, "
        f"{(Purge.RECEIVE | Purge.TRANSMIT).value} = both",
        "the value; to one that means nothing: the last that did, at first 3",
        "",
    ),
}


def messages() -> str:
    """Draw all messages of the option."""
    rows = [
        (str(code.value), str(code + OF_SERVER), code.name.replace("_", "-"), *_MESSAGES[code])
        for code in Code
    ]
    others = (f"{max(Code) + 1} to {OF_SERVER - 1}", _NO_CODE, "unknown", "", "**never**; counted", "")
    return _table(("client", "server", "message", "value", "answer", "unasked"), [*rows, others])


def controls() -> str:
    """Draw the values of SET-CONTROL."""
    meanings = {ASK: ("asks for flow control", "that in force")}
    for flow, number in OUTBOUND.items():
        meanings[number] = (f"flow control {flow.value}, both ways", "that in force")
    for name, (ask, yes, no) in LINES.items():
        line = "break" if name == "brk" else name.upper()
        meanings[ask] = (f"asks for {line}", f"{yes} on, {no} off")
        for number, state in ((yes, "on"), (no, "off")):
            meanings[number] = (f"{line} {state}", f"{yes} on, {no} off, as it is then")
    meanings[ASK_INBOUND] = ("asks for inbound flow control", f"that in force: {_listed(INBOUND)}")
    for flow, number in INBOUND.items():
        meanings[number] = (f"inbound flow control {flow.value}", "the same; changes nothing")
    for number, name in ((17, "DCD, outbound"), (18, "DTR, inbound"), (19, "DSR, outbound")):
        answer = "outbound flow control in force" if "out" in name else "inbound flow control in force"
        meanings[number] = (f"flow control by {name}", f"the {answer}; changes nothing")
    rows = [(str(number), *meaning) for number, meaning in sorted(meanings.items())]
    return _table(("value", "means", "answer"), rows)


def cisco() -> str:
    """Draw the codes of baud rates in one byte."""
    return ", ".join(f"{code} = {rate}" for rate, code in CISCO_BAUDRATES.items()) + ".\n"


_COUNTED = "each time that the driver counts one"
_SENT = "in polls only: nothing waits to be sent, here or in the driver"
_LINE_STATE = {
    LineState.TIMEOUT: "never",
    LineState.SHIFT_EMPTY: _SENT,
    LineState.HOLDING_EMPTY: _SENT,
    LineState.BREAK: _COUNTED,
    LineState.FRAMING: _COUNTED,
    LineState.PARITY: _COUNTED,
    LineState.OVERRUN: _COUNTED,
    LineState.DATA_READY: "never",
}
_MODEM_STATE = {
    ModemState.CD: "CD is on",
    ModemState.RI: "RI is on",
    ModemState.DSR: "DSR is on",
    ModemState.CTS: "CTS is on",
    ModemState.CD_CHANGED: "CD has changed since this was last told",
    ModemState.RI_ENDED: "RI has gone off since then",
    ModemState.DSR_CHANGED: "DSR has changed since then",
    ModemState.CTS_CHANGED: "CTS has changed since then",
}


def _bits(flags: Iterable[LineState] | Iterable[ModemState], told: Mapping[Any, str]) -> str:
    rows = {flag.value: ((flag.name or "").replace("_", " ").lower(), told[flag]) for flag in flags}
    return _table(("bit", "name", "is set"), [(str(bit), *rows[bit]) for bit in sorted(rows, reverse=True)])


DRAWINGS: dict[str, Callable[[], str]] = {
    "options": options,
    "negotiation": negotiation,
    "messages": messages,
    "controls": controls,
    "cisco": cisco,
    "line_state": lambda: _bits(LineState, _LINE_STATE),
    "modem_state": lambda: _bits(ModemState, _MODEM_STATE),
}


def draw(text: str) -> str:
    """Return a page with its drawings made anew."""
    return _DRAWING.sub(lambda found: f"{found[1]}{DRAWINGS[found[2]]()}{found[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(draw(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
