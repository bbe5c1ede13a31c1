"""Factories whose protocols stand below those of other factories."""

from __future__ import annotations

from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import Factory
from typing_extensions import override


class WrappingFactory(Factory):
    """Starts and stops another factory; a subclass builds the protocols.

    Args:
        wrapped: makes those above.
    """

    noisy = False

    def __init__(self, wrapped: IProtocolFactory) -> None:
        self._wrapped = wrapped

    @override
    def doStart(self) -> None:
        super().doStart()
        self._wrapped.doStart()

    @override
    def doStop(self) -> None:
        self._wrapped.doStop()
        super().doStop()
