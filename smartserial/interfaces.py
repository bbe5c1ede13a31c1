"""The interfaces between rooms; the contracts stand here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer, IProtocol, IPushProducer, ITransport
from zope.interface import Attribute, Interface, classImplements

from smartserial.definition.protocol import Protocol
from smartserial.lines import LineCounts, Lines, LineSettings, ModemLines
from smartserial.plugin.options import Option
from smartserial.plugin.protocol import DeviceProtocol
from smartserial.plugin.reaction import Reaction
from smartserial.telnet.options import Agreed


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
    """A counted transport with a serial line behind it.

    What `apply` and `set_lines` return has fired already where the line is in this machine.
    """

    settings: LineSettings = Attribute("What is in force: read back from the device, never just asked for.")
    shadowed: tuple[str, ...] = Attribute("Names of settings that are only kept here.")
    on_change: object = Attribute("Called without arguments when something changed over there, or None.")

    def apply(settings: LineSettings) -> Deferred[None]:
        """Put settings in force, without flushing anything.

        Fails with a SettingsRefusedError if the device did not take them all; the former ones are in force
        again. Fails with a PortError if the device cannot be asked.
        """

    def set_lines(lines: Lines) -> Deferred[None]:
        """Drive DTR and RTS in one ioctl, and break; where there is no such line, remember its state.

        Fails with a PortError.
        """

    def lines() -> Lines:
        """Return the states that were last set, of the device or of its shadow lines."""

    def send_break(seconds: float) -> None:
        """Hold a break for so long, without blocking."""

    def modem() -> ModemLines | None:
        """Return the lines that the device drives now; None if there are none."""

    def counts() -> LineCounts | None:
        """Return what the driver has counted; None if it does not count."""

    def purge_input() -> int:
        """Throw away what the driver has received and was not read; return how many bytes."""

    def purge_output() -> int:
        """Throw away what the driver has not sent yet, of ``sent``; return how many bytes."""


class IProgramPort(ISerialTransport):
    """A serial line whose other side programs on this machine open and close."""

    programs: int = Attribute("How many have it open; exact about none, else at least so many.")
    told_settings: LineSettings = Attribute(
        "What ``on_change`` has told of last, or else what it was made with."
    )
    drained: bool = Attribute("Whether none has it open, and all that they have written was read.")
    on_programs: object = Attribute("Called with their number when that has changed, or None.")
    on_drained: object = Attribute("Called without arguments when it is drained again, or None.")
    on_set: object = Attribute(
        "Called without arguments when a program has set what was set already, or None; ``on_change`` tells "
        "of what is new."
    )
    on_unread: object = Attribute(
        "Called with the number of bytes that were taken out, of ``sent`` and ``pending``, since the last "
        "program closed without reading them; None: they count as ``dropped``."
    )

    def look() -> None:
        """Tell now of programs that have opened it before anybody listened, and of what they have set."""

    def names() -> Deferred[list[str]]:
        """Return the programs that have it open, as far as this user may see them."""


class IDatagramDevice(ICountedTransport):
    """A device that sends datagrams."""

    on_overrun: object = Attribute(
        "Called with the number of datagrams that the kernel has dropped since, having no room; or None."
    )


class ITelnetProtocol(IProtocol):
    """A protocol on a telnet connection that hears more than data, all of it in the order of coming."""

    def telnet_signal(code: int) -> None:
        """Be told of a command of two bytes, such as `Command.BRK`."""

    def telnet_subnegotiation(option: int, payload: bytes) -> None:
        """Be given a subnegotiation, of 512 bytes at most."""

    def telnet_agreed(agreed: Agreed) -> None:
        """Be told that an option is in force now, or not any more."""

    def telnet_paused() -> None:
        """Be told that everything which has come so far has been handed over."""


class IDeviceProtocol(Interface):
    """A device protocol, as a plugin brings it: `smartserial.plugin.DeviceProtocol` is one.

    All of it is pure: no I/O, no clock. What `options` are handed over are values by name, one for each
    option, of its type.
    """

    name: str = Attribute("Lower-case words with hyphens between, as in acme-weather-mast.")
    version: str = Attribute("Four numbers, as in 1.0.0.1.")
    options: Mapping[str, Option[object]] = Attribute("What an operator may say, by name.")

    def definition(options: Mapping[str, object]) -> Protocol:
        """Return what the device says and hears; the same options give the same."""

    def reactions(options: Mapping[str, object]) -> Sequence[Reaction]:
        """Return what is called when, for one element; what they remember is that element's alone."""


classImplements(DeviceProtocol, IDeviceProtocol)
