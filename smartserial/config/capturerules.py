"""Rules on what a share keeps for clients that come later."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.config.models import ConfigModel
from smartserial.config.source import Source
from smartserial.config.walking import Rule, idle_at, shares_of, ways_of
from smartserial.findings import Finding


def replays_that_act(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Later clients are shown the last bytes where there are some, and where they may read them."""
    for place, share in shares_of(config):
        here = (*place, "replay")
        if not share.replay:
            continue
        if getattr(share.device, "open", "always") == "on-demand":
            message = "cannot act: with `open: on-demand` nothing is read while nobody is there"
            yield idle_at(source, here, message)
        if all(listener.access == "write" for listener in ways_of(config, place)):
            yield idle_at(source, here, "cannot act: no listener lets clients read")


CAPTURE_RULES: tuple[Rule, ...] = (replays_that_act,)
