"""The verbs of the console, in one table; a new one is a function and a line here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import getdoc

from smartserial.console import acting, elements, looking, machine
from smartserial.console.desk import Desk, Operator
from smartserial.console.output import Output, VerbError, Words
from smartserial.findings import did_you_mean

Call = Callable[[Desk, Operator, list[str]], Output | Awaitable[Output]]


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb.

    Args:
        name: one word, or two.
        usage: what follows the name.
        call: does it.
        words: how many words follow, at least and at most.
        changes: whether it does more than look.
    """

    name: str
    usage: str
    call: Call
    words: tuple[int, int]
    changes: bool = False

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
    mine = [verb for verb in VERBS.values() if operator.may_change or not verb.changes]
    width = max(len(str(verb)) for verb in mine)
    return Words(tuple(f"{verb!s:<{width}}  {verb.summary}" for verb in mine))


def quit_(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Leave."""
    return Words(("bye",))


_MANY = 1000
_OF_SHARES, _OF_ELEMENTS = ("SHARE", "NAME"), ("ELEMENT", "NAME")  # what a usage begins with
VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("shares", "", looking.shares, (0, 0)),
        Verb("share", "SHARE", looking.share, (1, 1)),
        Verb("clients", "[SHARE ...]", looking.clients, (0, _MANY)),
        Verb("stats", "", looking.stats, (0, 0)),
        Verb("stats reset", "", acting.reset_stats, (0, 0), changes=True),
        Verb("elements", "", elements.elements, (0, 0)),
        Verb("element", "ELEMENT", elements.element, (1, 1)),
        Verb("params", "ELEMENT [PATTERN]", elements.params, (1, 2)),
        Verb("get", "ELEMENT.PARAM", elements.get, (1, 1)),
        Verb("ports", "", machine.ports, (0, 0)),
        Verb("protocols", "", elements.protocols, (0, 0)),
        Verb("trace", "ELEMENT [last|dump] [...]", elements.trace, (1, _MANY)),
        Verb("monitor", "NAME [hex|text|decoded]", looking.monitor, (1, 2)),
        Verb("events", "[WORD ...]", looking.events, (0, _MANY)),
        Verb("who", "", looking.who, (0, 0)),
        Verb("kick", "SHARE PEER|all", acting.kick, (2, 2), changes=True),
        Verb("enable", "SHARE", acting.enable, (1, 1), changes=True),
        Verb("disable", "SHARE", acting.disable, (1, 1), changes=True),
        Verb("start", "ELEMENT", elements.start, (1, 1), changes=True),
        Verb("stop", "ELEMENT", elements.stop, (1, 1), changes=True),
        Verb("pause", "ELEMENT", elements.pause, (1, 1), changes=True),
        Verb("restart", "ELEMENT", elements.restart, (1, 1), changes=True),
        Verb("run", "ELEMENT [group|command] NAME", elements.run, (2, 3), changes=True),
        Verb("set", "SHARE NAME=VALUE ... | ELEMENT.PARAM VALUE", acting.set_, (2, _MANY), changes=True),
        Verb("lines", "SHARE [LINE=on|off ...]", acting.lines, (1, _MANY), changes=True),
        Verb("pulse", "SHARE dtr|rts [TIME]", acting.pulse, (2, 3), changes=True),
        Verb("sequence", "SHARE NAME", acting.sequence, (2, 2), changes=True),
        Verb("break", "SHARE [TIME]", acting.send_break, (1, 2), changes=True),
        Verb("send", 'SHARE "TEXT"|hex BYTES', acting.send, (2, _MANY), changes=True),
        Verb("take", "SHARE", acting.take, (1, 1), changes=True),
        Verb("release", "SHARE", acting.release, (1, 1), changes=True),
        Verb("reload", "[--dry-run]", acting.reload, (0, 1), changes=True),
        Verb("log", "LEVEL", acting.log, (1, 1), changes=True),
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
    if verb.changes and not operator.may_change:
        raise VerbError(f"{verb.name}: this console may only look")
    if not least <= len(rest) <= most:
        raise VerbError(f"expected: {verb}")
    return verb.call(desk, operator, rest)


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
        known += desk.gateway.elements if usage.startswith(_OF_ELEMENTS) or "| ELEMENT" in usage else []
    elif len(words) == 2 and words[0] == "sequence" and words[1] in desk.gateway.shares:
        known = [one.name for one in desk.gateway.shares[words[1]].settings.rules.sequences]
    else:
        known = []
    return sorted({name for name in known if name.startswith(begun)})
