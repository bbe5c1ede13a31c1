"""What a listener demands of those who come by TLS, and whether somebody who is here has done that."""

from __future__ import annotations

from smartserial.settings import TlsSettings


def unmet(had: TlsSettings | None, wanted: TlsSettings | None) -> str:
    """Return what a connection lacks; empty if it may stay as it is.

    Files of our own, and what stands in files, are for the connections to come.

    Args:
        had: by which it was encrypted; None: it is in clear.
        wanted: by which its listener encrypts now; None: it does not.
    """
    if wanted is None:
        return ""
    if had is None:
        return "its listener wants TLS now"
    if wanted.authorities not in (None, had.authorities):
        return "its listener wants certificates of other authorities now"
    return ""
