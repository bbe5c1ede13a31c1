"""A configuration of conserver becomes one of ours: a share for each console, and telnet for its users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from smartserial.convert.breaks import sequences_of
from smartserial.convert.conservercf import Block
from smartserial.convert.consoledevices import CannotError, device_of
from smartserial.convert.consolekeys import Console, carry
from smartserial.convert.form import Draft, Share, own_name
from smartserial.convert.remarks import Word, named

_FIRST_PORT = 4001
_MOST_ITEMS = 5000  # defaults may include defaults
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "ip6-localhost"})

_ENCRYPTION = (
    "listeners are on 127.0.0.1, without encryption",
    "name the files in `tls`, and say `tls: NAME`",
)
CONFIG_KEYS: dict[str, tuple[str, str] | None] = {
    "autocomplete": None,
    "daemonmode": None,
    "defaultaccess": None,
    "initdelay": None,
    "logfile": None,
    "passwdfile": ("passwords are not carried over", "`smartserial passwd` makes hashes of new ones"),
    "primaryport": None,
    "redirect": ("clients are not sent on to other machines", "connect to the machine that has the console"),
    "reinitcheck": None,
    "secondaryport": None,
    "setproctitle": None,
    "sslcacertificatefile": _ENCRYPTION,
    "sslcredentials": _ENCRYPTION,
    "sslreqclientcert": _ENCRYPTION,
    "sslrequired": None,
    "unifiedlog": ("each share writes a file of its own", "set `capture` of the shares"),
}
"""Keywords of `config`: None needs nothing here; otherwise why it is not carried over, and what to do."""


_Item = tuple[Word, Word, str]
"""A keyword, its value, and the default that it comes from; empty: it is the console's own."""


@dataclass(slots=True)
class _Known:
    """What earlier blocks have said."""

    defaults: dict[str, tuple[_Item, ...]] = field(default_factory=dict)
    breaks: dict[str, tuple[tuple[Word, Word], ...]] = field(default_factory=dict)
    port: int = _FIRST_PORT
    masters: dict[str, None] = field(default_factory=dict)


def draft_of(source: str, blocks: list[Block]) -> Draft:
    """Make a draft of what a configuration says.

    Args:
        source: the name of its file.
        blocks: of it, in their order.
    """
    draft, known = Draft(source), _Known()
    for block in blocks:
        if block.kind == "break":  # a console has those that come after it, too
            known.breaks[block.name.text] = block.items
    for block in blocks:
        _BLOCKS[block.kind](draft, known, block)
    if draft.shares:
        remark = draft.remarks.add(
            draft.shares[0].place,
            "the program console",
            "its protocol is not spoken: users come by telnet, and listeners are on 127.0.0.1",
            "see docs/moving.md for how they come from other machines",
            lost=False,
        )
        draft.comments.append(remark.words)
    return draft


def _lost(draft: Draft, word: Word, what: str, why: str, cure: str) -> None:
    draft.remarks.add(word.place, what, why, cure)


def _config(draft: Draft, known: _Known, block: Block) -> None:
    for key, _ in block.items:
        if key.text not in CONFIG_KEYS:
            _lost(draft, key, f"config {named(key.text)}", "conserver does not know it", "look at its name")
        elif (reason := CONFIG_KEYS[key.text]) is not None:
            _lost(draft, key, f"config {key.text}", *reason)


def _access(draft: Draft, known: _Known, block: Block) -> None:
    """Hosts: listeners are on the loopback address, which is narrower than any list."""
    for key, value in block.items:
        hosts = {host.strip() for host in value.text.split(",")} - {""}
        if key.text in ("trusted", "allowed", "rejected", "include") and hosts <= _LOOPBACK:
            continue
        if key.text == "rejected":
            continue
        _lost(
            draft,
            key,
            f"access {named(key.text)}",
            "listeners are on 127.0.0.1",
            "set `host`, `allow` and `users`, and `tls` or `insecure: true`",
        )


def _group(draft: Draft, known: _Known, block: Block) -> None:
    _lost(
        draft,
        block.name,
        f"group {named(block.name.text)}",
        "users are not carried over",
        "name them in a file of `users`, with hashes by `smartserial passwd`",
    )


def _task(draft: Draft, known: _Known, block: Block) -> None:
    why, cure = "programs are never run here", "run it by hand, or by `smartserial ctl` from a script"
    _lost(draft, block.name, f"task {named(block.name.text)}", why, cure)


def _break(draft: Draft, known: _Known, block: Block) -> None:
    """Sequences are carried with the consoles; here only what cannot be is told."""
    for key, _ in block.items:
        if key.text not in ("string", "delay", "confirm"):
            _lost(draft, key, f"break {named(key.text)}", "conserver does not know it", "look at its name")


def _default(draft: Draft, known: _Known, block: Block) -> None:
    known.defaults[block.name.text] = (
        *known.defaults.get(block.name.text, ()),
        *_flat(draft, known, block, f"default {named(block.name.text)}"),
    )[-_MOST_ITEMS:]


def _flat(draft: Draft, known: _Known, block: Block, whose: str) -> list[_Item]:
    """Return the items of a block, with those of the defaults that it includes in their place."""
    items: list[_Item] = []
    for key, value in block.items:
        if key.text != "include":
            items.append((key, value, whose))
        elif value.text in known.defaults:
            items += known.defaults[value.text]
        else:
            _lost(
                draft, value, f"include {named(value.text)}", "no default of this name is before it", "add it"
            )
    return items[-_MOST_ITEMS:]


def _console(draft: Draft, known: _Known, block: Block) -> None:
    was = f"console {block.name.text}"
    share = Share(block.name.text, block.name.place, was)
    console = Console(share, draft.remarks, block.name.text)
    for key, value, whose in (*known.defaults.get("*", ()), *_flat(draft, known, block, "")):
        console.whose = whose
        carry(console, key, value)
    console.whose = ""
    try:
        device_of(console)
    except CannotError as error:
        word, what, why, cure = error.args
        _lost(draft, word or block.name, f"{was} for {what}", why, cure)
        return
    _break_sequences(console, known)
    console.whose = ""
    if "file" not in share.capture:
        share.capture = {}
    _listeners(console, known)
    _master(draft, console, known)
    draft.add(share)


def _break_sequences(console: Console, known: _Known) -> None:
    wanted = console.text("breaklist", "*")
    numbers = known.breaks if wanted == "*" else [part.strip() for part in wanted.split(",")]
    for number in numbers:
        items = known.breaks.get(number)
        if items is None:
            continue
        sequence, why = sequences_of({key.text: value.text for key, value in items})
        place = items[0][0].place
        if not sequence:
            console.whose = "the consoles"  # whichever has it: that is told once
            console.lost(
                place,
                f"break {named(number)}",
                why,
                "`sequence` on the console of the gateway has lines only",
            )
        elif "port" in console.share.device or "rfc2217" in console.share.device:
            sequences = console.share.device.setdefault("sequences", {})
            assert isinstance(sequences, dict)
            sequences[own_name(f"break-{number}")] = sequence
        else:
            console.whose = ""
            console.lost(
                place,
                f"break {named(number)}",
                "its device has no line to break: bytes are all that it takes",
                "use `rfc2217` if there is a serial port behind it",
            )


def _listeners(console: Console, known: _Known) -> None:
    """One who types, all others watch: those who may only watch have a listener of their own."""
    share = console.share
    share.sharing["receive_from"] = "first"
    share.sharing["settings"] = {"remote": False}
    lines = share.device.setdefault("lines", {})
    assert isinstance(lines, dict)
    lines["remote"] = ["break"]
    if not console.flags.get("login", True):
        share.listen.append({"mode": "rfc2217", "port": known.port, "access": "read"})
        known.port += 1
        return
    share.listen.append({"mode": "rfc2217", "port": known.port})
    known.port += 1
    if console.text("ro"):
        share.listen.append({"mode": "rfc2217", "port": known.port, "access": "read"})
        known.port += 1


def _master(draft: Draft, console: Console, known: _Known) -> None:
    word = console.words.get("master")
    if word is None or word.text in _LOOPBACK:
        return
    console.note(
        word.place,
        f"master {named(word.text)}",
        "a gateway runs all shares of its file",
        "take the share out where another machine has this console",
    )


_BLOCKS: dict[str, Callable[[Draft, _Known, Block], None]] = {
    "access": _access,
    "break": _break,
    "config": _config,
    "console": _console,
    "default": _default,
    "group": _group,
    "task": _task,
}
