"""Holding back a producer with hysteresis, so that it is not paused and resumed for each byte."""

from __future__ import annotations

from typing import Any


class Valve:
    """Pauses a push producer while too much waits, and resumes it when little does."""

    __slots__ = ("_paused", "_producer")

    def __init__(self) -> None:
        self._producer: Any = None
        self._paused = False

    def attach(self, producer: Any) -> None:
        """Hold back `producer` from now on; None: nobody."""
        self._producer, self._paused = producer, False

    def check(self, pending: int, high: int) -> None:
        """Pause the producer above `high` pending bytes, resume it at a quarter of that."""
        if self._paused:
            if pending <= high // 4:
                self._paused = False
                if self._producer is not None:
                    self._producer.resumeProducing()
        elif pending > high and self._producer is not None:
            self._paused = True
            self._producer.pauseProducing()
