"""All rules, in the order in which they look: causes before consequences."""

from __future__ import annotations

from smartserial.definition.rules import (
    checksums,
    commands,
    constants,
    interprete,
    links,
    numbers,
    params,
    qactions,
)
from smartserial.definition.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *params.RULES,
    *interprete.RULES,
    *constants.RULES,
    *links.RULES,
    *numbers.RULES,
    *checksums.RULES,
    *commands.RULES,
    *qactions.RULES,
)
