"""From a foreign text to a file of ours that the checker accepts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from smartserial.config.findings import FindingsError
from smartserial.config.judge import judge
from smartserial.config.source import parse_source
from smartserial.convert import fromconserver, fromser2net
from smartserial.convert.conservercf import KINDS, read_conserver
from smartserial.convert.form import Draft, Pool, Share
from smartserial.convert.remarks import Place
from smartserial.convert.ser2net import Others
from smartserial.convert.ser2netconf import read_ser2net_conf
from smartserial.convert.ser2netyaml import SECTIONS, read_ser2net_yaml
from smartserial.convert.strictly import drop_unused_sets, is_idle, take_idle_out
from smartserial.convert.writer import write
from smartserial.findings import ERROR, Finding

_BLOCK = re.compile(rf"^\s*(?:{'|'.join(KINDS)})\b[^\n:;{{]*\{{", re.MULTILINE)
_SECTION = re.compile(rf"^(?:{'|'.join(sorted(SECTIONS))})[ \t]*:(?:[ \t]|$)", re.MULTILINE)
_SHARE = re.compile(r"shares\.([A-Za-z0-9._-]+?)(?:\.(?:device|listen|connect|sharing|packets|capture)\b.*)?")
_POOL = re.compile(r"pools\.([A-Za-z0-9._-]+?)(?:\.(?:listen|shares)\b.*)?$")
_ALLOWED = re.compile(r"\.listen\[[0-9]+\]\.allow\[[0-9]+\]$")
_LISTENER = re.compile(r"\.listen\[([0-9]+)\]")
_PARTS = re.compile(r"[^.\[\]]+")
_SET = re.compile(r"tls\.([A-Za-z0-9-]+)\b.*")
_MOST_ROUNDS = 1000


def _from_yaml(file: str, text: str, others: Others) -> Draft:
    return fromser2net.draft_of(file, read_ser2net_yaml(file, text, others))


def _from_conf(file: str, text: str, others: Others) -> Draft:
    return fromser2net.draft_of(file, read_ser2net_conf(file, text))


def _from_conserver(file: str, text: str, others: Others) -> Draft:
    return fromconserver.draft_of(file, read_conserver(file, text, others))


FORMATS: dict[str, Callable[[str, str, Others], Draft]] = {
    "ser2net-yaml": _from_yaml,
    "ser2net-conf": _from_conf,
    "conserver": _from_conserver,
}
"""What can be read, by its name."""


def format_of(name: str, text: str) -> str:
    """Guess which of `FORMATS` a file has, by its name, or by what is in it."""
    if name.endswith((".yaml", ".yml")) or text.startswith("%YAML") or _SECTION.search(text):
        return "ser2net-yaml"
    if name.endswith(".cf") or _BLOCK.search(text):
        return "conserver"
    return "ser2net-conf"


def converted(file: str, text: str, form: str, others: Others, folder: Path) -> tuple[str, Draft]:
    """Convert a text.

    Args:
        file: its name, for places.
        text: what it holds.
        form: one of `FORMATS`.
        others: reads the files that it includes.
        folder: where the new file will be: relative paths in it begin there.

    Returns:
        The new file, and the draft with its remarks.

    Raises:
        ConvertError: it has not this form.
    """
    draft = FORMATS[form](file, text, others)
    for _ in range(_MOST_ROUNDS):
        if not draft.shares:
            break
        drop_unused_sets(draft)
        whole = write(draft)
        findings = _judged(whole, folder)
        errors = [finding for finding in findings if finding.severity == ERROR]
        for finding in _one_a_share(errors):
            _leave_out(draft, finding)
        if not errors and not _quieter(draft, [finding for finding in findings if is_idle(finding)]):
            return whole, draft
    return "", draft


def _quieter(draft: Draft, idle: list[Finding]) -> bool:
    """Take out what cannot act, and listeners that nobody can reach; tell whether there was any."""
    found = False
    for finding in _one_a_share(idle):
        if take_idle_out(draft, finding):
            found = True
        elif _ALLOWED.search(finding.path):
            _leave_out(draft, finding)
            found = True
    return found


def _one_a_share(findings: list[Finding]) -> list[Finding]:
    """Return the first finding of each share: what it takes out may move what the next one is about."""
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(".".join(_PARTS.findall(finding.path)[:2]), finding)
    return list(first.values())


def _judged(whole: str, folder: Path) -> list[Finding]:
    try:
        return judge(parse_source("new", whole.encode("utf-8", "surrogatepass")), folder)[1]
    except FindingsError as error:
        return list(error.findings)


def _leave_out(draft: Draft, finding: Finding) -> None:
    """Take what the checker does not accept out of a draft: a listener, a share, or all of it."""
    share = _share_of(draft, finding.path)
    if share is None:
        if finding.path.startswith("console") and draft.console:
            draft.console = {}
            draft.remarks.add(Place(draft.source, 1), "admin", finding.message, "set `console.telnet`")
        elif (encrypted := _SET.fullmatch(finding.path)) and encrypted[1] in draft.tls:
            files = draft.tls.pop(encrypted[1])
            for pool in [one for one in draft.pools if one.tls == files]:
                _leave_out_pool(draft, pool, finding)
            for one in [one for one in draft.shares if one.tls == files]:
                draft.take_out(one)
                draft.remarks.add(one.place, one.was, finding.message, "write it by hand")
        elif (pool_of := _POOL.match(finding.path)) is not None:
            for pool in [one for one in draft.pools if one.name == pool_of[1]]:
                _leave_out_pool(draft, pool, finding)
        elif not finding.path.startswith("shares."):
            draft.shares, draft.pools = [], []
            draft.remarks.add(Place(draft.source, 1), "the file", finding.message, "write it by hand")
        return
    listener = _LISTENER.search(finding.path)
    if listener is not None and (len(share.listen) > 1 or share.connect or draft.pools_of(share)):
        number = int(listener[1])
        if number < len(share.listen):
            del share.listen[number]
        what = f"a listener of {share.was}"
    else:
        draft.take_out(share)
        what = share.was
    draft.remarks.add(share.place, what, finding.message, "write it by hand")


def _leave_out_pool(draft: Draft, pool: Pool, finding: Finding) -> None:
    """Take out a pool; what only it leads to goes in the next round."""
    draft.pools.remove(pool)
    draft.remarks.add(pool.place, pool.was, finding.message, "write it by hand")


def _share_of(draft: Draft, path: str) -> Share | None:
    match = _SHARE.fullmatch(path)
    return next((share for share in draft.shares if match and share.name == match[1]), None)
