"""The keywords of a console of conserver, one entry each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from smartserial.convert.form import Share
from smartserial.convert.remarks import Place, Remarks, Word, named

_LEAST_LOG = 2048
_SIZE = re.compile(r"([0-9]{1,12})([km]?)", re.IGNORECASE)


@dataclass(slots=True)
class Console:
    """A console in the making.

    Args:
        share: that is made of it.
        remarks: of the whole file.
        name: of the console.
        words: values by their keywords; the last one counts, an empty one is none.
        flags: options that are on or off.
        whose: whose keywords are looked at: those of the console, or of a default.
    """

    share: Share
    remarks: Remarks
    name: str
    words: dict[str, Word] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    whose: str = ""

    def text(self, key: str, default: str = "") -> str:
        """Return the value of a keyword."""
        return self.words[key].text if key in self.words else default

    def lost(self, place: Place, what: str, why: str, cure: str) -> None:
        """Say what is not carried over."""
        self._remark(place, what, why, cure, lost=True)

    def note(self, place: Place, what: str, why: str, cure: str) -> None:
        """Say what is carried over in another way."""
        self._remark(place, what, why, cure, lost=False)

    def _remark(self, place: Place, what: str, why: str, cure: str, *, lost: bool) -> None:
        remark = self.remarks.add(place, f"{what} of {self.whose or self.share.was}", why, cure, lost=lost)
        self.share.comments.append(remark.words)


Carry = Callable[[Console, Word, Word], None]


def carry(console: Console, key: Word, value: Word) -> None:
    """Take one keyword and its value in."""
    if key.text in CONSOLE_KEYS:
        CONSOLE_KEYS[key.text](console, key, value)
    else:
        console.lost(key.place, named(key.text), "conserver does not know it", "look at its name")


def _keep(console: Console, key: Word, value: Word) -> None:
    """Keep a value for what is worked out of several."""
    if value.text or key.text == "breaklist":  # no breaks is not the same as nothing said
        console.words[key.text] = value
    else:
        console.words.pop(key.text, None)


def _nothing(console: Console, key: Word, value: Word) -> None:
    """Do nothing: what it asks for is so, or is of no use here."""


def _missing(why: str, cure: str) -> Carry:
    def say(console: Console, key: Word, value: Word) -> None:
        if value.text and value.text != "0":
            console.lost(key.place, key.text, why, cure)

    return say


def _users(console: Console, key: Word, value: Word) -> None:
    """Keep who may watch or type; names mean nothing without passwords."""
    _keep(console, key, value)
    if value.text not in ("", "*"):
        console.lost(
            key.place,
            key.text,
            "users are not carried over: whoever reaches the listener may use it",
            "name them in a file of `users`, with hashes by `smartserial passwd`, and say `users: true`",
        )


def _log(console: Console, key: Word, value: Word) -> None:
    if not value.text:
        console.share.capture.pop("file", None)
        return
    console.share.capture["file"] = value.text.replace("&", console.name)
    console.note(
        key.place,
        "logfile",
        "the file has lines of JSON, with what users type too",
        "see `capture`",
    )


def _log_size(console: Console, key: Word, value: Word) -> None:
    match = _SIZE.fullmatch(value.text)
    if match is None or int(match[1]) == 0:
        return
    size = int(match[1]) * {"": 1, "k": 1024, "m": 1024**2}[match[2].lower()]
    console.share.capture["size"] = min(max(size, 2 * _LEAST_LOG), 1024**3)


def _options(console: Console, key: Word, value: Word) -> None:
    for word in filter(None, (part.strip() for part in value.text.split(","))):
        name = word.removeprefix("!").strip()
        if name not in CONSOLE_OPTIONS:
            console.lost(key.place, f"option {named(name)}", "conserver does not know it", "look at its name")
            continue
        console.flags[name] = not word.startswith("!")
        reason = CONSOLE_OPTIONS[name]
        if reason is not None and console.flags[name]:
            console.lost(key.place, f"option {name}", *reason)


_RUNS = ("programs are never run here", "run it beside the gateway")
_IPMI = ("IPMI is not spoken", "write the share by hand")
_SAID = ("clients are told nothing but what the device says", "tell them by other means")
_SILENT = ("the gateway says nothing of its own to a device", "let an element on the share say it")

CONSOLE_OPTIONS: dict[str, tuple[str, str] | None] = {
    "ixon": None,
    "ixany": ("a driver resumes at XON alone", "see to it that the device sends XON"),
    "ixoff": None,
    "crtscts": None,
    "cstopb": None,
    "hupcl": None,
    "ondemand": None,
    "striphigh": ("no byte is changed", "use `bytesize: 7` if the line has seven data bits"),
    "reinitoncc": None,
    "autoreinit": None,
    "unloved": ("what a device says is not in the gateway's log", "see `capture`"),
    "login": None,
}
"""Words of `options`: None is carried over, or always so; otherwise why not, and what to do."""

CONSOLE_KEYS: dict[str, Carry] = {
    **dict.fromkeys(("baud", "breaklist", "device", "devicesubst", "host", "master", "parity"), _keep),
    **dict.fromkeys(("port", "portbase", "portinc", "protocol", "replstring", "type", "uds"), _keep),
    "udssubst": _keep,
    "ro": _users,
    "rw": _users,
    "logfile": _log,
    "logfilemax": _log_size,
    "options": _options,
    "aliases": _missing("a share has one name", "use that"),
    "break": _nothing,
    "exec": _nothing,
    "execrunas": _nothing,
    "execsubst": _nothing,
    "idlestring": _nothing,
    "idletimeout": _missing(*_SILENT),
    "initcmd": _missing(*_RUNS),
    "initrunas": _nothing,
    "initspinmax": _nothing,
    "initspintimer": _nothing,
    "initsubst": _nothing,
    "ipmiciphersuite": _nothing,
    "ipmikg": _nothing,
    "ipmiprivlevel": _nothing,
    "ipmiworkaround": _nothing,
    "motd": _missing(*_SAID),
    "password": _nothing,
    "tasklist": _nothing,
    "timestamp": _nothing,
    "username": _nothing,
}
"""What is done with each keyword; those of types that are not carried over say nothing by themselves."""
