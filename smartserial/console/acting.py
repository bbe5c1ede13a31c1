"""Verbs that change something; each is recorded with who did it and from where."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from twisted.internet.defer import Deferred

from smartserial.channels.link import LinkState
from smartserial.config.flags import line_from_words, seconds_from_word
from smartserial.console.desk import Desk, Operator
from smartserial.console.elements import set_param
from smartserial.console.looking import share as look_at_share
from smartserial.console.output import Output, VerbError, Words
from smartserial.console.words import assignments, hex_bytes, on_off, text_bytes
from smartserial.errors import ConfigError, PortError
from smartserial.findings import did_you_mean
from smartserial.journal import LEVELS
from smartserial.lines import LINE_NAMES, Lines
from smartserial.sequences import Sequence, Step
from smartserial.share.service import Share

_SETTINGS = ("line", "baudrate", "bytesize", "parity", "stopbits", "flow")
_PULSE = "100ms"
_BREAK = "250ms"
_LONGEST = 10.0  # seconds


def _done(desk: Desk, operator: Operator, share: str, what: str) -> Words:
    desk.operated(operator, share, what)
    return Words((f"{share}: {what}",))


def kick(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Close a client, named as `clients` shows it, or all of a share."""
    share = desk.share(words[0])
    chosen = [session for session in share.clients if words[1] in (session.name, "all")]
    if not chosen:
        raise VerbError(f"{words[0]} has no client {words[1]}")
    for session in chosen:
        session.cut(f"closed by {operator.name}")
    return _done(desk, operator, words[0], f"closed {', '.join(session.name for session in chosen)}")


async def enable(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Serve a share again that was disabled."""
    if words[0] not in desk.gateway.disabled:
        desk.share(words[0])
        raise VerbError(f"{words[0]} is not disabled")
    try:
        await desk.gateway.enable(words[0])
    except ConfigError as error:
        raise VerbError(str(error)) from error
    return _done(desk, operator, words[0], "enabled")


async def disable(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Serve a share no more: its clients are closed, its device too, until it is enabled."""
    desk.share(words[0])
    done = _done(desk, operator, words[0], "disabled")
    await desk.gateway.disable(words[0])  # what is on its way has its grace
    return done


def set_(desk: Desk, operator: Operator, words: list[str]) -> Output | Awaitable[Output]:
    """Change settings of a share's line until the configuration has others, or set a param of an element."""
    name = words[0]
    if name in desk.gateway.shares or "." not in name:
        return set_line(desk, operator, words)
    return set_param(desk, operator, words)


async def set_line(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Change settings of the line, until the configuration has others."""
    share = desk.share(words[0])
    try:
        changes = line_from_words(assignments(words[1:], _SETTINGS))
    except ValueError as error:
        raise VerbError(str(error)) from error
    done: Deferred[None] = Deferred()
    share.ports.operate(changes, lambda: done.callback(None))
    await done
    in_force = share.ports.line.settings
    refused = [name for name, value in changes.items() if getattr(in_force, name) != value]
    taken = [
        f"{name}={getattr(value, 'value', value)}" for name, value in changes.items() if name not in refused
    ]
    if taken:
        desk.operated(operator, words[0], f"set {' '.join(taken if refused else words[1:])}")
    if refused:
        raise VerbError(f"the device refused {', '.join(refused)}; it is at {in_force}")
    return Words((f"{words[0]}: at {in_force}",))


def _wanted(words: list[str]) -> Lines:
    named = {name: on_off(value) for name, value in assignments(words, LINE_NAMES).items()}
    return Lines(named.get("dtr"), named.get("rts"), named.get("break"))


async def _drive(share: Share, lines: Lines) -> None:
    done: Deferred[None] = Deferred()
    share.ports.drive(None, lines, lambda: done.callback(None))
    await done


def _leave_to_sequence(name: str, share: Share) -> None:
    """Refuse to move lines that a sequence moves: it would not be the one that was configured."""
    running = share.device.sequencer.running
    if running:
        raise VerbError(f"{running} is under way on {name}, and drives the lines: wait for its end")


async def _perform(share: Share, what: Sequence) -> None:
    try:
        await share.device.sequencer.run(what, share.ports)
    except PortError as error:
        raise VerbError(str(error)) from error


async def lines(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Set DTR, RTS or break; without any, show them."""
    share = desk.share(words[0])
    if len(words) == 1:
        shown = look_at_share(desk, operator, words)
        return await shown if isinstance(shown, Awaitable) else shown
    wanted = _wanted(words[1:])
    _leave_to_sequence(words[0], share)
    await _drive(share, wanted)
    return _done(desk, operator, words[0], f"set {wanted}")


async def pulse(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Turn a line the other way for a while, and back."""
    share = desk.share(words[0])
    name = words[1]
    if name not in ("dtr", "rts"):
        raise VerbError(f"expected dtr or rts, found {name}")
    seconds = _time(words[2] if len(words) > 2 else _PULSE)
    _leave_to_sequence(words[0], share)
    level = getattr(share.ports.line.lines(), name)
    before = True if level is None else level
    desk.operated(operator, words[0], f"pulse of {name} for {seconds:g} s")
    steps = (Step(0.0, Lines(**{name: not before})), Step(seconds, Lines(**{name: before})))
    await _perform(share, Sequence(f"a pulse of {name}", "", steps, seconds))
    return Words((f"{words[0]}: {name} was {'off' if before else 'on'} for {seconds:g} s",))


async def sequence(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Drive the lines through a sequence of the configuration."""
    share, name = desk.share(words[0]), words[1]
    known = {one.name: one for one in share.settings.rules.sequences}
    if name not in known:
        hint = did_you_mean(name, known) or f"known: {', '.join(known) or 'none'}"
        raise VerbError(f"{words[0]} has no sequence {name} ({hint})")
    if share.device.link.state is not LinkState.UP:
        raise VerbError(f"the device is {share.device.link.state.value}")
    desk.operated(operator, words[0], f"sequence {name}")
    await _perform(share, known[name])
    return Words((f"{words[0]}: {name} is done",))


def _time(word: str) -> float:
    try:
        seconds = seconds_from_word(word)
    except ValueError as error:
        raise VerbError(str(error)) from error
    if not 0 < seconds <= _LONGEST:
        raise VerbError(f"expected at most {_LONGEST:g}s, found {word}")
    return seconds


def send_break(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Send a break, of 250ms if nothing else is said."""
    share = desk.share(words[0])
    seconds = _time(words[1] if len(words) > 1 else _BREAK)
    share.ports.line.send_break(seconds)
    return _done(desk, operator, words[0], f"break of {seconds:g} s")


def send(desk: Desk, operator: Operator, words: list[str]) -> Output:
    r"""Send a text, with escapes such as \r and \x02, or `hex` and bytes to the device."""
    share = desk.share(words[0])
    data = hex_bytes(words[2:]) if words[1] == "hex" else text_bytes(" ".join(words[1:]))
    if not data:
        raise VerbError("expected at least one byte")
    if share.device.link.state is not LinkState.UP:
        raise VerbError(f"the device is {share.device.link.state.value}")
    share.from_operator(operator.name, data)
    return _done(desk, operator, words[0], f"sent {len(data)} bytes")


def take(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Take control and the right to write from all clients."""
    share = desk.share(words[0])
    holder = share.ports.desk
    if holder.seized and holder.holder is not operator:
        raise VerbError(f"{getattr(holder.holder, 'name', 'somebody')} has taken it")
    holder.seize(operator)
    share.intake.silence()
    return _done(desk, operator, words[0], "taken: clients only watch")


def release(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Give clients back what was taken."""
    holder: Any = desk.share(words[0]).ports.desk
    if not holder.seized:
        raise VerbError(f"{words[0]} is not taken")
    holder.leave(holder.holder)
    return _done(desk, operator, words[0], "released")


def reset_stats(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Count from now on; the accounts in the log are not changed by that."""
    desk.counted_from.clear()
    desk.counted_from.update({share: share.accounts() for share in desk.gateway.shares.values()})
    return _done(desk, operator, "all", "counters reset")


async def reload(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Read the configuration again; with --dry-run, only say what would change."""
    dry = words == ["--dry-run"]
    if words and not dry:
        raise VerbError(f"expected --dry-run or nothing, found {' '.join(words)}")
    if not dry:
        desk.operated(operator, "all", "reload")
    try:
        differences = await desk.reload(dry)
    except ConfigError as error:
        raise VerbError(*str(error).splitlines()) from error
    return Words(tuple(differences) or ("nothing is different",))


def log(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Set from which level on events are logged."""
    if words[0] not in LEVELS:
        raise VerbError(f"expected one of {', '.join(LEVELS)}, found {words[0]}")
    done = _done(desk, operator, "all", f"log level {words[0]}")  # as long as it is logged at all
    desk.journal.level = words[0]
    return done
