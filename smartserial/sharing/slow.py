"""What to do about a client that does not read."""

from __future__ import annotations

from enum import Enum


class SlowPolicy(Enum):
    """The choices of `slow_client.policy`."""

    AUTO = "auto"
    DISCONNECT = "disconnect"
    DISCARD = "discard"
    PAUSE_DEVICE = "pause-device"


def effective(policy: SlowPolicy, alone: bool) -> SlowPolicy:
    """Return what is done now: by default a client that is alone holds the device back."""
    if policy is SlowPolicy.AUTO:
        return SlowPolicy.PAUSE_DEVICE if alone else SlowPolicy.DISCONNECT
    return policy
