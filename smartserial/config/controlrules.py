"""Rules on control by RFC 2217: who changes settings and lines, where anything can be changed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from smartserial.config.connect import ConnectModel
from smartserial.config.connectpairs import follows
from smartserial.config.models import ConfigModel, ShareModel
from smartserial.config.source import Place, Source
from smartserial.config.walking import Rule, idle_at, pools_that_have, shares_of, ways_of
from smartserial.findings import Finding


def _only_raw(source: Source, share: Place) -> bool:
    """Tell whether a share is reached by raw listeners alone, its own and those of its pools.

    It goes by what is written: a wrong mode may be anything.
    """
    holders = [source.values["shares"][share[1]], *pools_that_have(source, share[1])]
    return all(_raw(holder.get("listen", [])) for holder in holders)


def _raw(listen: object) -> bool:
    return isinstance(listen, list) and all(
        isinstance(listener, dict) and listener.get("mode", "raw") == "raw" for listener in listen
    )


def _only_watched(config: ConfigModel, place: Place) -> bool:
    """Tell whether no way to clients of RFC 2217 lets them change anything."""
    ways = [way for way in ways_of(config, place) if way.mode == "rfc2217"]
    return {way.access for way in ways} == {"read"} and not any(isinstance(way, ConnectModel) for way in ways)


def _about_rfc2217(share: ShareModel) -> Iterator[Place]:
    """Yield where a share says something that matters to clients of RFC 2217 alone."""
    for key in sorted({"control", "refused", "settings"} & share.sharing.model_fields_set):
        yield ("sharing", key)
    for key in sorted({"remote", "report"} & share.device.lines.model_fields_set):
        yield ("device", "lines", key)


def _about_changes(share: ShareModel) -> Iterator[Place]:
    """Yield where a share says what clients may change, and what is done when they have changed it."""
    settings = share.sharing.settings
    for key in ("remote", "restore"):
        if key in settings.model_fields_set and getattr(settings, key):
            yield ("sharing", "settings", key)
    if "remote" in share.device.lines.model_fields_set and share.device.lines.remote:
        yield ("device", "lines", "remote")


def changes_that_act(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Who changes settings and lines matters where RFC 2217 is spoken and something may be changed."""
    idle = partial(idle_at, source)
    for place, share in shares_of(config):
        settings = share.sharing.settings
        call = share.connect
        if call is not None and call.mode == "rfc2217" and not call.asks:
            continue  # whoever is called there is a client of RFC 2217
        if call is not None and follows(share, call):
            if settings.notify and _only_raw(source, place):
                message = "cannot act: no listener of this share has `mode: rfc2217`"
                yield idle((*place, "sharing", "settings", "notify"), message)
        elif _only_raw(source, place):
            for keys in _about_rfc2217(share):
                yield idle((*place, *keys), "cannot act: no listener of this share has `mode: rfc2217`")
        elif "control" in share.sharing.model_fields_set and _only_watched(config, place):
            message = "cannot act: with `access: read` no client of RFC 2217 changes anything"
            yield idle((*place, "sharing", "control"), message)
        elif share.sharing.control == "none" and (settings.remote or share.device.lines.remote):
            for keys in _about_changes(share):
                yield idle((*place, *keys), "cannot act: with `control: none` no client changes anything")
        elif not settings.remote:
            if settings.restore and "restore" in settings.model_fields_set:
                message = "cannot act: with `remote: false` no client changes the settings"
                yield idle((*place, "sharing", "settings", "restore"), message)
            if not share.device.lines.remote and "control" in share.sharing.model_fields_set:
                message = (
                    "cannot act: `settings.remote: false` and `lines.remote: []` leave nothing to control"
                )
                yield idle((*place, "sharing", "control"), message)


CONTROL_RULES: tuple[Rule, ...] = (changes_that_act,)
