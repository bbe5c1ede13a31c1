"""Rules about what triggers do with a response before it is accepted: they read it, and check it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smartserial.definition.action import Action, ActionType
from smartserial.definition.flow import TriggerTime
from smartserial.definition.param import ParamType
from smartserial.definition.place import Place
from smartserial.definition.rules.deeds import Deeds, unclear
from smartserial.definition.rules.heard import called, heard, is_open
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.findings import WARNING

_CHECKED = {ParamType.CRC, ParamType.LENGTH}


def checksum(subject: Subject) -> Iterator[Found]:
    """The checksum in a response is checked before the response is accepted."""
    if unclear(subject):
        return
    deeds = Deeds(subject.protocol, TriggerTime.BEFORE)
    for one in heard(subject):
        number = next((n for n, param in enumerate(one.params) if param.type is ParamType.CRC), None)
        if number is not None and deeds.span(one.response.id, ActionType.CRC) is None:
            message = (
                f"expected an action crc before {called('response', one.response)}, which has the checksum "
                f"{called('param', one.params[number])}; {_runs(deeds.chain(one.response.id))}"
            )
            yield Found(one.items[number].place, message)


def reading(subject: Subject) -> Iterator[Found]:
    """A response with params of open length is read before it is accepted, if the definition has triggers."""
    if not subject.protocol.triggers or unclear(subject):
        return
    deeds = Deeds(subject.protocol, TriggerTime.BEFORE)
    for one in heard(subject):
        numbers = [number for number, param in enumerate(one.params) if is_open(param)]
        if numbers and not deeds.reads(one.response.id, (one.params[number].id for number in numbers)):
            message = (
                f"expected an action read before {called('response', one.response)}, to fill "
                f"{called('param', one.params[numbers[0]])}; {_runs(deeds.chain(one.response.id))}"
            )
            yield Found(one.items[numbers[0]].place, message)


def _runs(chain: Sequence[Action]) -> str:
    """Say what runs before a response."""
    if not chain:
        return "no trigger does anything before it"
    shown = ", ".join(f"{action.id} {action.type.value}" for action in chain[:6])
    return f"found action {shown}" + (", ..." if len(chain) > 6 else "")


def check_last(subject: Subject) -> Iterator[Found]:
    """What checks a length or a checksum comes last before a response, and after what reads it."""
    if unclear(subject):
        return
    deeds = Deeds(subject.protocol, TriggerTime.BEFORE)
    told: set[Place] = set()
    for one in heard(subject):
        if not any(param.type in _CHECKED for param in one.params):
            continue
        triggers = deeds.triggers(one.response.id)
        if triggers and triggers[0].place not in told:
            wrong = _out_of_order(deeds, one.response.id)
            if wrong:
                told.add(triggers[0].place)
                yield Found(triggers[0].place, f"before {called('response', one.response)}: {wrong}")


def _out_of_order(deeds: Deeds, response: int) -> str:
    """Say what is wrong with the order of what runs before a response; empty if nothing is."""
    chain = deeds.chain(response)
    checks = deeds.span(response, ActionType.LENGTH, ActionType.CRC)
    if checks is None:
        return ""
    first, check, last = chain[checks[0]], chain[checks[1]], chain[-1]
    reads = deeds.span(response, ActionType.READ)
    if reads is not None and checks[0] < reads[1]:
        return f"expected action {chain[reads[1]].id} read before action {first.id} {first.type.value}"
    if checks[1] < len(chain) - 1:
        return (
            f"expected the check last, found action {last.id} {last.type.value} after action "
            f"{check.id} {check.type.value}; a response is refused only if the last one fails"
        )
    return ""


RULES: tuple[Rule, ...] = (
    Rule(
        "RE02",
        WARNING,
        "nothing checks the checksum of a response",
        "add a trigger before the response that runs an action read and then an action crc",
        checksum,
    ),
    Rule(
        "RE09",
        WARNING,
        "nothing reads a response with params of open length: their values never change",
        "add a trigger before each response that runs an action read",
        reading,
    ),
    Rule(
        "RE14",
        WARNING,
        "the check of a length or a checksum is not the last thing before a response, or comes before read",
        "order the actions of the trigger: read, then length, then crc",
        check_last,
    ),
)
