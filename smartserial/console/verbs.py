"""The verbs of the console, in one table; a new one is a function and a line here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from inspect import getdoc

from smartserial.console import acting, elements, looking, machine
from smartserial.console.desk import Desk, Operator
from smartserial.console.output import Output, VerbError, Words
from smartserial.findings import did_you_mean
from smartserial.sharing.rights import GATEWAY, Identity, Right

Call = Callable[[Desk, Operator, list[str]], Output | Awaitable[Output]]


Needs = Callable[[Desk, list[str]], tuple[Right, str]]
"""Tells which right words need, and on what."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb.

    Args:
        name: one word, or two.
        usage: what follows the name.
        call: does it.
        words: how many words follow, at least and at most.
        right: that it needs on what the first word names, or on the gateway where none does; with none,
            it shows what whoever asks may see.
        needs: tells that by the words, where it is one of those of `right` or another.
    """

    name: str
    usage: str
    call: Call
    words: tuple[int, int]
    right: Right = Right.NONE
    needs: Needs | None = None

    @property
    def of_gateway(self) -> bool:
        """Whether no word names what it is about."""
        return not self.usage.lstrip("[").startswith(_NAMES)

    @property
    def changes(self) -> bool:
        """Whether it does more than look, at least with some words."""
        return bool(self.right & ~Right.READ)

    def offered_to(self, identity: Identity) -> bool:
        """Tell whether there is anything that somebody may do with it."""
        if self.needs is not None:
            return any(identity.ever(right) for right in self.right)
        return self.right in identity.on(GATEWAY) if self.of_gateway else identity.ever(self.right)

    def needed(self, desk: Desk, words: list[str]) -> Iterator[tuple[Right, str]]:
        """Yield the rights that it needs with these words, and on what."""
        if self.needs is not None:
            yield self.needs(desk, words)
        elif self.of_gateway:
            yield self.right, GATEWAY
        elif self.usage.startswith("ELEMENT.PARAM"):
            yield self.right, desk.param(words[0])[0].settings.name
        else:
            many = self.usage.endswith(" ...]")
            yield from ((self.right, name) for name in (words if many else words[:1]))

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        return (getdoc(self.call) or "").split("\n")[0]

    def __str__(self) -> str:
        return f"{self.name} {self.usage}".rstrip()


def help_(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """What can be typed; with a verb, just about that."""
    if words:
        verb, _ = find([words[0]] if len(words) == 1 else words)
        return Words((str(verb), verb.summary))
    mine = [verb for verb in VERBS.values() if verb.offered_to(operator.identity)]
    width = max(len(str(verb)) for verb in mine)
    return Words(tuple(f"{verb!s:<{width}}  {verb.summary}" for verb in mine))


def quit_(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Leave."""
    return Words(("bye",))


def _of_set(desk: Desk, words: list[str]) -> tuple[Right, str]:
    """A share's line is set by who may control it, an element's param by who may write."""
    if words[0] in desk.gateway.shares or "." not in words[0]:
        return Right.CONTROL, words[0]
    return Right.WRITE, desk.param(words[0])[0].settings.name


def _of_lines(desk: Desk, words: list[str]) -> tuple[Right, str]:
    """Lines are looked at, or set."""
    return Right.READ if len(words) == 1 else Right.CONTROL, words[0]


_MANY = 1000
_NAMES = ("SHARE", "ELEMENT", "NAME")
_OF_SHARES, _OF_ELEMENTS = ("SHARE", "NAME"), ("ELEMENT", "NAME")  # what a usage begins with
VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("shares", "", looking.shares, (0, 0)),
        Verb("pools", "", looking.pools, (0, 0)),
        Verb("share", "SHARE", looking.share, (1, 1), Right.READ),
        Verb("clients", "[SHARE ...]", looking.clients, (0, _MANY), Right.READ),
        Verb("stats", "", looking.stats, (0, 0)),
        Verb("stats reset", "", acting.reset_stats, (0, 0), Right.ADMIN),
        Verb("elements", "", elements.elements, (0, 0)),
        Verb("element", "ELEMENT", elements.element, (1, 1), Right.READ),
        Verb("params", "ELEMENT [PATTERN]", elements.params, (1, 2), Right.READ),
        Verb("get", "ELEMENT.PARAM", elements.get, (1, 1), Right.READ),
        Verb("ports", "", machine.ports, (0, 0), Right.READ),
        Verb("protocols", "", elements.protocols, (0, 0), Right.READ),
        Verb("trace", "ELEMENT [last|dump] [...]", elements.trace, (1, _MANY), Right.READ),
        Verb("monitor", "NAME [hex|text|decoded]", looking.monitor, (1, 2), Right.READ),
        Verb("events", "[WORD ...]", looking.events, (0, _MANY)),
        Verb("who", "", looking.who, (0, 0)),
        Verb("kick", "SHARE PEER|all", acting.kick, (2, 2), Right.ADMIN),
        Verb("enable", "SHARE", acting.enable, (1, 1), Right.ADMIN),
        Verb("disable", "SHARE", acting.disable, (1, 1), Right.ADMIN),
        Verb("start", "ELEMENT", elements.start, (1, 1), Right.ADMIN),
        Verb("stop", "ELEMENT", elements.stop, (1, 1), Right.ADMIN),
        Verb("pause", "ELEMENT", elements.pause, (1, 1), Right.ADMIN),
        Verb("restart", "ELEMENT", elements.restart, (1, 1), Right.ADMIN),
        Verb("run", "ELEMENT [group|command] NAME", elements.run, (2, 3), Right.WRITE),
        Verb(
            "set",
            "SHARE NAME=VALUE ... | ELEMENT.PARAM VALUE",
            acting.set_,
            (2, _MANY),
            Right.CONTROL | Right.WRITE,
            _of_set,
        ),
        Verb(
            "lines",
            "SHARE [LINE=on|off ...]",
            acting.lines,
            (1, _MANY),
            Right.READ | Right.CONTROL,
            _of_lines,
        ),
        Verb("pulse", "SHARE dtr|rts [TIME]", acting.pulse, (2, 3), Right.CONTROL),
        Verb("sequence", "SHARE NAME", acting.sequence, (2, 2), Right.CONTROL),
        Verb("break", "SHARE [TIME]", acting.send_break, (1, 2), Right.CONTROL),
        Verb("send", 'SHARE "TEXT"|hex BYTES', acting.send, (2, _MANY), Right.WRITE),
        Verb("take", "SHARE", acting.take, (1, 1), Right.CONTROL),
        Verb("release", "SHARE", acting.release, (1, 1), Right.CONTROL),
        Verb("reload", "[--dry-run]", acting.reload, (0, 1), Right.ADMIN),
        Verb("log", "LEVEL", acting.log, (1, 1), Right.ADMIN),
        Verb("help", "[VERB]", help_, (0, 2)),
        Verb("quit", "", quit_, (0, 0)),
    )
}


def find(words: list[str]) -> tuple[Verb, list[str]]:
    """Return the verb that words begin with, and the rest of them.

    Raises:
        VerbError: there is none.
    """
    for count in (2, 1):
        verb = VERBS.get(" ".join(words[:count])) if len(words) >= count else None
        if verb is not None:
            return verb, words[count:]
    hint = did_you_mean(words[0], VERBS) or "`help` tells all"
    raise VerbError(f"unknown verb {words[0]} ({hint})")


def perform(desk: Desk, operator: Operator, words: list[str]) -> Output | Awaitable[Output]:
    """Do what words say.

    Raises:
        VerbError: they say nothing that can be done.
    """
    verb, rest = find(words)
    least, most = verb.words
    if verb.changes and verb.needs is None and not operator.may_change:
        raise VerbError(f"{verb.name}: this console may only look")
    if not least <= len(rest) <= most:
        raise VerbError(f"expected: {verb}")
    seen = desk.seen_by(operator)
    for right, name in verb.needed(seen, rest):
        _must_have(verb, right, name, operator, seen)
    return verb.call(seen, operator, rest)


def _must_have(verb: Verb, right: Right, name: str, operator: Operator, desk: Desk) -> None:
    """Raise the error that tells that an operator lacks a right; what they know nothing of is not there."""
    if right in operator.identity.on(name):
        return
    if name != GATEWAY and not desk.knows(name):
        _look_for(verb, name, desk)
    if not operator.may_change:
        raise VerbError(f"{verb.name}: this console may only look")
    on = "the gateway" if name == GATEWAY else name
    raise VerbError(f"{verb.name}: this needs the right `{str(right.name).lower()}` on {on}")


def _look_for(verb: Verb, name: str, desk: Desk) -> None:
    """Raise the error that tells that there is nothing of a name."""
    if verb.usage.startswith("ELEMENT"):
        desk.element(name)
    else:
        desk.share(name, or_element=verb.usage.startswith("NAME"))


def completions(desk: Desk, text: str) -> list[str]:
    """Return how the last word of a line that has been begun may go on, as whole words."""
    before, _, begun = text.rpartition(" ")
    words = before.split()
    if not words:
        known = [name.split()[0] for name in VERBS]
    elif words == ["help"]:
        known = [name for verb in VERBS for name in verb.split()]
    elif more := [name.split()[1] for name in VERBS if name.startswith(f"{' '.join(words)} ")]:
        known = more
    elif len(words) == 1 and words[0] in VERBS:
        usage = VERBS[words[0]].usage.lstrip("[")
        known = [*desk.gateway.shares, *desk.gateway.disabled] if usage.startswith(_OF_SHARES) else []
        known += [*desk.gateway.elements] if usage.startswith(_OF_ELEMENTS) or "| ELEMENT" in usage else []
        known = [name for name in known if desk.knows(name)]
    elif len(words) == 2 and words[0] == "sequence" and words[1] in desk.shares:
        known = [one.name for one in desk.shares[words[1]].settings.rules.sequences]
    else:
        known = []
    return sorted({name for name in known if name.startswith(begun)})
