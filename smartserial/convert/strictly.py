"""What the checker warns of in a draft: options that cannot act are taken out, and told."""

from __future__ import annotations

import re

from smartserial.convert.form import Draft, Mapping, Pool, Share, Value
from smartserial.findings import WARNING, Finding

_IDLE = "CF08"  # an option that cannot act where it stands
_STEP = re.compile(r"([A-Za-z0-9_-]+)|\[([0-9]+)\]")
_NAME = r"\.{}(?=$|[.\[])(.*)"


def is_idle(finding: Finding) -> bool:
    """Tell whether a finding is about something that does nothing; other warnings are for the operator."""
    return finding.severity == WARNING and finding.code == _IDLE


def take_idle_out(draft: Draft, finding: Finding) -> bool:
    """Take what a finding is about out of a draft, with a note beside it.

    A list of those who may come in is never left empty: that would let everybody in.

    Returns:
        Whether it was taken out; what is not found in the draft stays.
    """
    for section, holders in (("shares", draft.shares), ("pools", draft.pools)):
        for holder in holders:
            match = re.fullmatch(section + _NAME.format(re.escape(holder.name)), finding.path)
            if match and _removed(holder, _steps(match[1])):
                remark = draft.remarks.add(
                    holder.place,
                    f"`{match[1].lstrip('.')}` of {holder.was}",
                    finding.message,
                    "it is left out; nothing to do",
                    lost=False,
                )
                holder.comments.append(remark.words)
                return True
    return False


def drop_unused_sets(draft: Draft) -> None:
    """Take out sets of files that no listener names any more."""
    holders: list[Share | Pool] = [*draft.shares, *draft.pools]
    used = {listener["tls"] for holder in holders for listener in holder.listen if "tls" in listener}
    draft.tls = {name: files for name, files in draft.tls.items() if name in used}


def _steps(path: str) -> list[str | int]:
    return [int(number) if number else name for name, number in _STEP.findall(path)]


def _removed(holder: Share | Pool, steps: list[str | int]) -> bool:
    """Take out what stands at the end of a path, or the mapping that it names."""
    if not steps or not isinstance(steps[0], str):
        return False
    first, *more = steps
    whole = getattr(holder, str(first), None) if first in _PARTS else None
    if not isinstance(whole, dict | list):
        return False
    if not more:
        return _emptied(whole) if isinstance(whole, dict) and first != "device" else False
    inner: Value = whole
    for step in more[:-1]:
        inner = _inside(inner, step)
    return _deleted(inner, more[-1])


_PARTS = frozenset({"device", "listen", "connect", "sharing", "packets", "capture"})


def _emptied(whole: Mapping) -> bool:
    had = bool(whole)
    whole.clear()
    return had


def _inside(value: Value, step: str | int) -> Value:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step, {})
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return {}


def _deleted(value: Value, step: str | int) -> bool:
    if isinstance(value, dict) and isinstance(step, str):
        return value.pop(step, None) is not None
    if isinstance(value, list) and isinstance(step, int) and step < len(value) > 1:
        del value[step]
        return True
    return False
