"""Rules on what a share keeps: the bytes for clients that come later, and its capture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from smartserial.config.models import ConfigModel
from smartserial.config.source import Place, Source, path_text
from smartserial.config.walking import Rule, SettingsRule, idle_at, shares_of
from smartserial.findings import Finding
from smartserial.settings import GatewaySettings


def replays_that_act(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Later clients are shown the last bytes where there are some, and where they may read them."""
    for place, share in shares_of(config):
        here = (*place, "replay")
        if not share.replay:
            continue
        if getattr(share.device, "open", "always") == "on-demand":
            message = "cannot act: with `open: on-demand` nothing is read while nobody is there"
            yield idle_at(source, here, message)
        if all(listener.access == "write" for listener in share.listen):
            yield idle_at(source, here, "cannot act: no listener lets clients read")


def replays_that_fit(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Nobody is slow just because of what it is shown."""
    for place, share in shares_of(config):
        slow = share.sharing.slow_client
        if slow.policy != "pause-device" and share.replay > slow.limit:
            message = (
                f"expected at most {slow.limit}, the `limit` of `slow_client`: who is given more is slow"
            )
            yield source.finding((*place, "replay"), "CF08", message)


def files_of_their_own(settings: GatewaySettings, source: Source) -> Iterator[Finding]:
    """Nothing else is written to the file of a capture."""
    seen: dict[Path, Place] = {
        one.trace.path: ("elements", one.name, "trace") for one in settings.elements if one.trace is not None
    }
    for share in settings.shares:
        if share.capture is None:
            continue
        place: Place = ("shares", share.name, "capture")
        other = seen.setdefault(share.capture.path, place)
        if other != place:
            yield source.finding(place, "CF06", f"{share.capture.path} is also that of {path_text(other)}")


CAPTURE_RULES: tuple[Rule, ...] = (replays_that_act, replays_that_fit)
CAPTURE_SETTINGS_RULES: tuple[SettingsRule, ...] = (files_of_their_own,)
