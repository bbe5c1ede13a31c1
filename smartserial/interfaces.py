"""The interfaces between rooms; the contracts stand here."""

from __future__ import annotations

from twisted.internet.interfaces import IConsumer, IPushProducer, ITransport
from zope.interface import Attribute

from smartserial.lines import Lines, LineSettings


class ICountedTransport(ITransport, IConsumer, IPushProducer):
    """A transport that can say what became of each byte given to it.

    At every moment: bytes given to ``write`` == ``sent`` + ``pending`` + ``dropped`` + what
    `discard_oldest` has taken out. A streaming producer that is registered is paused when more than
    ``high`` bytes are pending, and resumed at a quarter of that.
    """

    sent: int = Attribute("Bytes that the kernel, or the simulated device, has taken.")
    pending: int = Attribute("Bytes that wait here.")
    dropped: int = Attribute("Bytes that were waiting when the other side went, or came after that.")
    high: int = Attribute("Pending bytes above which the producer is paused.")
    fanned_out: bool = Attribute("Whether what is read goes to several places, so that large batches pay.")

    def discard_oldest(count: int) -> int:
        """Throw away the oldest `count` pending bytes, or all; return how many there were."""

    def unconfirmed() -> int:
        """Return how many of the ``sent`` bytes the other side has not taken yet, where that can be seen."""

    def abandon() -> None:
        """Move what is unconfirmed from ``sent`` to ``dropped``; the connection is about to be aborted."""

    def take_back(count: int) -> None:
        """Forget the last `count` bytes given to ``write``: none of them arrived, they go elsewhere."""

    def tell(text: bytes) -> None:
        """Send words of our own, which no counter sees; nothing is sent while bytes are pending."""

    def cut() -> None:
        """Close at once; what is pending is dropped, what the kernel has taken it still delivers."""

    def abortConnection() -> None:
        """Close at once; what is pending is dropped, and so is what the kernel has not delivered."""


class ISerialTransport(ICountedTransport):
    """A counted transport with a serial line behind it."""

    settings: LineSettings = Attribute("What is in force: read back from the device, never just asked for.")
    shadowed: tuple[str, ...] = Attribute("Names of settings that are only kept here.")

    def apply(settings: LineSettings) -> None:
        """Put settings in force, without flushing anything.

        Raises:
            SettingsRefusedError: the device did not take them all; the former ones are in force again.
        """

    def set_lines(lines: Lines) -> None:
        """Drive DTR and RTS in one ioctl, and break; where there is no such line, remember its state."""

    def lines() -> Lines:
        """Return the states that were last set, of the device or of its shadow lines."""

    def send_break(seconds: float) -> None:
        """Hold a break for so long, without blocking."""
