"""What all ways to a share's clients have in common, those by which they come and those by which we call."""

from __future__ import annotations

from enum import Enum


class Mode(Enum):
    """How clients speak: bytes alone, or telnet with RFC 2217."""

    RAW = "raw"
    RFC2217 = "rfc2217"


class When(Enum):
    """When there is a listener, or a call: always, or while a program has the virtual port open.

    A call may also be made when the device has something for it.
    """

    ALWAYS = "always"
    DEVICE_OPEN = "device-open"
    ON_DEMAND = "on-demand"
