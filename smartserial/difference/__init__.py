"""What is different between two sets of settings, in the keys and values of the configuration file."""

from __future__ import annotations

from smartserial.difference.compare import differences

__all__ = ["differences"]
