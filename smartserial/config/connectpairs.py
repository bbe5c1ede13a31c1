"""Rules on settings that pass between a share and the far port that it calls, and those that cannot.

Which kind of port is at the far end is known only where that is another share of the same gateway.
"""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.config.connect import ConnectModel
from smartserial.config.connectrules import calls_of, reaches, target_at
from smartserial.config.devices import SerialModel, VirtualModel
from smartserial.config.models import ConfigModel, ListenerModel, ShareModel
from smartserial.config.source import Source
from smartserial.config.walking import Rule, idle_at, listeners_of
from smartserial.findings import WARNING, Finding


def lines_that_can_be_driven(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Lines of the far port are driven for programs that open a virtual port here."""
    for place, share, call in calls_of(config):
        if "lines" not in call.model_fields_set:
            continue
        if not call.asks:
            yield idle_at(source, (*place, "lines"), "cannot act: it is for `mode: rfc2217` as its client")
        elif not isinstance(share.device, VirtualModel):
            yield idle_at(source, (*place, "lines"), "cannot act: programs open virtual ports only")


def settings_that_pass(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Between two shares of one gateway it can be seen whether settings can pass."""
    for place, share, call in calls_of(config):
        for n, target in enumerate(call.to if call.asks else ()):
            for _, far, listener in listeners_of(config):
                if far is share or not reaches(call, target, listener):
                    continue
                why = _why_not(share, far, listener)
                if why:
                    here = target_at(source, place, n)
                    message = f"no settings pass: {why}"
                    yield source.finding(here, "CF08", message, severity=WARNING)


def _why_not(share: ShareModel, far: ShareModel, listener: ListenerModel) -> str:
    """Tell why no settings pass from or to another share of this gateway; empty: they do."""
    here_virtual, there_virtual = (isinstance(one.device, VirtualModel) for one in (share, far))
    here_real, there_real = (isinstance(one.device, SerialModel) for one in (share, far))
    if listener.mode != "rfc2217":
        return "the listener there is a raw one"
    if here_virtual and there_virtual:
        return "both are virtual ports, and each goes by its own programs"
    if here_real and there_real:
        return "both are real ports, and each goes by its own configuration"
    if here_real and there_virtual and not far.sharing.settings.notify:
        return "the share there announces nothing without `settings: {notify: true}`"
    if here_real and not share.sharing.settings.remote:
        return "with `settings: {remote: false}` nothing is applied here"
    return ""


def follows(share: ShareModel, call: ConnectModel) -> bool:
    """Tell whether the port of a share goes by what the far side of its call announces."""
    return call.asks and isinstance(share.device, SerialModel)


PAIR_RULES: tuple[Rule, ...] = (lines_that_can_be_driven, settings_that_pass)
