"""From values to settings, with everything that is wrong on the way."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from smartserial.config.build import Builder
from smartserial.config.elementaddresses import ADDRESS_RULES
from smartserial.config.elementplan import NO_PROTOCOL, plan_of
from smartserial.config.elementrules import ELEMENT_RULES
from smartserial.config.models import ConfigModel
from smartserial.config.rules import RULES, SETTINGS_RULES
from smartserial.config.source import Place, Source
from smartserial.config.translate import device_depth, places_of_errors, validate
from smartserial.findings import ERROR, Finding
from smartserial.settings import GatewaySettings

_ROUNDS = 8
_LISTENER = 3  # the depth of a listener's number in its place
_STAND_INS: dict[tuple[object, object], Any] = {
    ("device", "device"): {"loop": True},
    ("device", "port"): "any",
    ("device", "rfc2217"): "any:1",
    ("listen", "listen"): [{"port": 0}],
    ("listen", ""): {"port": 0},
    ("listen", "port"): 0,
    ("protocol", "protocol"): NO_PROTOCOL,
}


def judge(source: Source, folder: Path) -> tuple[GatewaySettings | None, list[Finding]]:
    """Judge values from anywhere.

    Args:
        source: the values.
        folder: relative paths begin here.

    Returns:
        The settings, or None if there are errors; and all findings, in the order of their lines.
    """
    source.folder = folder
    config, findings = validate(ConfigModel, source)
    if config is None:
        config = _salvage(source)
    settings = None
    if config is not None:
        plan = plan_of(config, source, folder)
        more = [finding for rule in RULES for finding in rule(plan.config, source)]
        more += [finding for rule in (*ELEMENT_RULES, *ADDRESS_RULES) for finding in rule(plan, source)]
        more += plan.findings
        builder = Builder(source, folder)
        settings = builder.gateway(plan)
        more += [finding for rule in SETTINGS_RULES for finding in rule(settings, source)]
        findings += more + builder.findings
    findings.sort(
        key=lambda finding: (finding.file != source.name, finding.file, finding.line, finding.column)
    )
    wrong = any(finding.severity == ERROR for finding in findings)
    return (None if wrong else settings), findings


def _salvage(source: Source) -> ConfigModel | None:
    """Return what is left when everything wrong is taken out, so that the rest is judged too."""
    values = deepcopy(source.values)
    for _ in range(_ROUNDS):
        places = places_of_errors(ConfigModel, values)
        if not places:
            return validate(ConfigModel, replace(source, values=values))[0]
        if not all(_take_out(values, place) for place in places):
            return None
    return None


def _take_out(values: Any, place: Place) -> bool:
    """Take out the deepest part of `place` that is there; tell whether there was one."""
    containers = [values]
    for part in place:
        try:
            containers.append(containers[-1][part])
        except (KeyError, IndexError, TypeError):
            break
    for depth, part in reversed(list(enumerate(place[: len(containers) - 1]))):
        container = containers[depth]
        if isinstance(part, int) and (depth != _LISTENER or place[0] not in ("shares", "pools")):
            continue  # of other lists the whole is taken out
        stand_in = _STAND_INS.get((_section(place), "" if isinstance(part, int) else part))
        if stand_in is not None:
            container[part] = deepcopy(stand_in)
        else:
            container.pop(part, None)
            if (
                place[2:3] == ("listen",)
                and isinstance(place[depth - 1], int)
                and "endpoint" not in container
            ):
                container.setdefault("port", 0)
        return True
    return False


def _section(place: Place) -> object:
    """Return what a place is about: a ``device``, ``listen`` of a share, or ``protocol`` of an element."""
    depth = device_depth(place)
    if depth is not None:
        return place[depth]
    of = {"shares": "listen", "pools": "listen", "elements": "protocol"}.get(str(place[0]))
    return of if len(place) > 2 and place[2] == of else ""
