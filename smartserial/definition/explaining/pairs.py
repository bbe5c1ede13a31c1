"""Pairs in words: what is sent, where, what answers it, and how long that may take."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.condition import Expression, print_condition
from smartserial.definition.explaining.words import listed, many, milliseconds, named, on_connection
from smartserial.definition.flow import Group, ItemKind
from smartserial.definition.languages.pairoptions import PairOptions
from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol
from smartserial.layout import Block, Entries, Entry, Heading


def pairs(protocol: Protocol) -> Iterator[Block]:
    """Yield all pairs."""
    if protocol.pairs:
        yield Heading(1, "Pairs")
        yield Entries(tuple(Entry(_pair(protocol, pair)) for pair in protocol.pairs))


def unless(condition: Expression | None) -> str:
    """Return the condition on which something is done; nothing where there is none."""
    return f", if {print_condition(condition)}" if condition is not None else ""


def polled(protocol: Protocol, group: Group, number: int) -> str:
    """Return what a group sends with one of its pairs, and where, if the group does not say that."""
    pair = protocol.pair.get(number)
    if pair is None:
        return f"pair {number} (missing)"
    text = f"sends command {named(protocol.command, pair.command)}"
    option = pair.options.connection
    if group.connection is None or option not in (None, group.connection):
        text += on_connection(protocol, option)
    if pair.responses:
        text += f", hears response {listed(named(protocol.response, answer) for answer in pair.responses)}"
    return text + unless(pair.condition)


def _pair(protocol: Protocol, pair: Pair) -> str:
    text = f"pair {pair.id} {pair.name}".rstrip() + f": command {named(protocol.command, pair.command)}"
    text += _where(protocol, pair)
    if pair.responses:
        text += f", answered by response {listed(named(protocol.response, n) for n in pair.responses)}"
    if pair.bad_responses:
        bad = listed(named(protocol.response, n) for n in pair.bad_responses)
        text += f"; a bad command by response {bad}"
    if pair.timeout is not None:
        text += f"; within {milliseconds(pair.timeout)}"
    text += "".join(f"; {option}" for option in _options(pair.options))
    return text + ("; sent in slow poll" if pair.ping else "") + unless(pair.condition)


def _where(protocol: Protocol, pair: Pair) -> str:
    """Return where a command is sent: what the pair says, else the groups that it is in."""
    if pair.options.connection is not None:
        return on_connection(protocol, pair.options.connection)
    used = {
        group.connection
        for group in protocol.groups
        for item in group.content
        if item.kind is ItemKind.PAIR and item.id == pair.id
    }
    numbers = sorted({number or 0 for number in used})
    if numbers in ([], [0]):
        return on_connection(protocol, None)
    return f" on connection {' or '.join(map(str, numbers))}"


def _options(options: PairOptions) -> Iterator[str]:
    """Yield what is said of sending and waiting, in the order in which it matters."""
    if options.comm_break is not None:
        yield f"after a break and {milliseconds(options.comm_break)}"
    if options.one_byte is not None:
        yield f"byte by byte, {milliseconds(options.one_byte)} apart"
    if options.receive_interval is not None:
        yield f"{milliseconds(options.receive_interval)} of silence end the answer"
    if options.retries is not None:
        yield many(options.retries, "retry", "retries")
    if options.ignore_timeout:
        yield "no answer is no timeout of the element"
