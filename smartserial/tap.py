"""`twistd smartserial`: its options, and the service made of them."""

from __future__ import annotations

import gc
import sys
from time import monotonic
from typing import Any, NoReturn

from twisted.application.service import IService, MultiService
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.python import usage
from typing_extensions import override

from smartserial import config
from smartserial.catalog import Catalog
from smartserial.catalog.listed import LISTED
from smartserial.config.elementflags import one_element
from smartserial.config.flags import one_share
from smartserial.console.desk import Desk
from smartserial.console.doors import Doors
from smartserial.difference import differences
from smartserial.errors import ConfigError
from smartserial.events import ConfigurationRefused, ConfigurationTaken, EventStream
from smartserial.findings import Finding
from smartserial.gateway import Gateway
from smartserial.journal import Journal
from smartserial.notify import Notifier
from smartserial.saying import say
from smartserial.settings import GatewaySettings
from smartserial.signals import Signals

WRONG_CONFIGURATION = 2  # exit code

_log = Logger()


class Options(usage.Options):
    """The options of `twistd smartserial`."""

    synopsis = "[--config FILE | --device DEVICE --listen ADDRESS ... | --protocol NAME --connection ...]"
    longdesc = (
        "Shares serial devices, real and virtual, over the network, and runs device protocols: those of a "
        "configuration file, or one device that is given by --device with --listen or --connect, or one "
        "device protocol that is given by --protocol. 'smartserial check FILE' tells what is wrong with a "
        "file."
    )
    optParameters = [
        ["config", "c", None, "Configuration file; 'demo' is a demonstration without hardware."],
        [
            "device",
            "d",
            None,
            "One device: serial:PATH[:baudrate=9600...], pty:PATH, tcp:HOST:PORT, rfc2217:HOST:PORT, "
            "sim:NAME, loop:",
        ],
        ["protocol", "p", None, "A device protocol: NAME, NAME@VERSION, or the path of a definition."],
        ["mode", "m", "raw", "How those of --listen and --connect speak: raw, or rfc2217 (telnet)."],
        ["max-clients", None, None, "How many clients at once."],
        ["console", None, None, "Where the console is on telnet: PORT (of this machine alone) or HOST:PORT."],
    ]
    optFlags = [["insecure", None, "Let --listen be open to other machines, without protection."]]
    compData = usage.Completions(
        optActions={"config": usage.CompleteFiles("*.yaml"), "mode": usage.CompleteList(["raw", "rfc2217"])}
    )

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []
        self["connect"] = []
        self["connection"] = []
        self["protocol-option"] = []

    def opt_listen(self, address: str) -> None:
        """Where clients connect: PORT (of this machine alone), HOST:PORT, udp:PORT, or a server endpoint."""
        self["listen"].append(address)

    opt_l = opt_listen

    def opt_connect(self, address: str) -> None:
        """Who is called: HOST:PORT or udp:HOST:PORT; several are tried in turn."""
        self["connect"].append(address)

    def opt_connection(self, text: str) -> None:
        """What a connection of --protocol runs on: N=tcp:HOST:PORT, N=udp:HOST:PORT or N=DEVICE.

        KEY=VALUE words of the configuration may follow, each behind a comma, as in
        0=tcp:any:7001,insecure=true. Without it the defaults of the device protocol count.
        """
        self["connection"].append(text)

    def opt_protocol_option(self, text: str) -> None:
        """An option of --protocol, as KEY=VALUE."""
        self["protocol-option"].append(text)

    def opt_list_protocols(self) -> NoReturn:
        """List the device protocols that there are, and exit."""
        say(LISTED["text"](Catalog().listing()))
        raise SystemExit(0)

    @override
    def parseOptions(self, options: list[str] | None = None) -> None:
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            _give_up(f"twistd smartserial: {error}")

    def postOptions(self) -> None:
        """Remember where the configuration file is: a daemon changes its folder."""
        if self["config"] is not None:
            self.path = config.config_path(self["config"]).absolute()

    def settings(self) -> tuple[GatewaySettings, list[Finding]]:
        """Return the settings that the options ask for, and the warnings.

        Raises:
            ConfigError: they are wrong.
        """
        of_share = self["device"] is not None or self["listen"] or self["connect"]
        of_share = of_share or self["mode"] != "raw" or self["max-clients"] is not None
        of_element = self["protocol"] is not None or self["connection"] or self["protocol-option"]
        if self["config"] is not None:
            if of_share or of_element or self["insecure"] or self["console"] is not None:
                raise ConfigError("twistd smartserial: --config excludes the other options")
            return config.load(self.path, self["config"])
        if of_element:
            return self._element(bool(of_share))
        if self["device"] is None or not (self["listen"] or self["connect"]):
            raise ConfigError(
                "twistd smartserial: expected --config FILE, --device with --listen or --connect, or "
                "--protocol; see --help"
            )
        return one_share(
            self["device"],
            self["listen"],
            self["mode"],
            insecure=bool(self["insecure"]),
            max_clients=self["max-clients"],
            console=self["console"],
            connect=self["connect"],
        )

    def _element(self, of_share: bool) -> tuple[GatewaySettings, list[Finding]]:
        if self["protocol"] is None:
            raise ConfigError("twistd smartserial: expected --protocol beside --connection and its options")
        if of_share:
            raise ConfigError(
                "twistd smartserial: --protocol excludes --device, --listen, --connect and their options"
            )
        if self["insecure"] and self["console"] is None:
            raise ConfigError("twistd smartserial: expected insecure=true in --connection, not --insecure")
        return one_element(
            self["protocol"],
            self["connection"],
            self["protocol-option"],
            insecure=bool(self["insecure"]),
            console=self["console"],
        )


def _give_up(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise SystemExit(WRONG_CONFIGURATION)


def makeService(options: Options) -> IService:
    """Return the gateway, with all its addresses taken; ends the program if one cannot be had."""
    from twisted.internet import reactor

    # Twisted's own clock is the time of day: when that is set, all timers would act at once, or not for long.
    reactor.seconds = monotonic  # type: ignore[method-assign]
    events = EventStream()
    gateway = Gateway(reactor, events)
    notifier = Notifier(reactor, lambda: _served(gateway))
    try:
        settings, warnings = options.settings()
        gateway.open(settings)
        doors = _console(gateway, options, notifier, Journal(events, reactor.seconds), settings)
    except ConfigError as error:
        _give_up(str(error))
    reactor.callWhenRunning(_leave_in_peace)
    Signals(reactor, lambda: _read_again(gateway, options, notifier), gateway.hurry).install()
    _warn(warnings)
    service = MultiService()
    gateway.setServiceParent(service)
    doors.setServiceParent(service)
    notifier.setServiceParent(service)  # behind all that must be there first
    return service


def _served(gateway: Gateway) -> str:
    counts = (("share", len(gateway.shares)), ("element", len(gateway.elements)))
    return ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for what, count in counts)


def _console(
    gateway: Gateway, options: Options, notifier: Notifier, journal: Journal, settings: GatewaySettings
) -> Doors:
    """Return the doors to the console, open.

    Raises:
        ConfigError: one that is asked for cannot be had.
    """
    desk = Desk(gateway, journal, lambda dry: reload(gateway, options, notifier, dry))
    doors = Doors(desk, settings.console, gateway.reactor)
    for warning in doors.open():
        _log.warn("{warning}", warning=warning)
    return doors


def _leave_in_peace() -> None:
    """Spare the collector of garbage what lives as long as the program."""
    gc.collect()
    gc.freeze()


def _warn(warnings: list[Finding]) -> None:
    for warning in warnings:
        _log.warn("{warning}", warning=str(warning))


async def reload(
    gateway: Gateway, options: Options, notifier: Notifier, dry: bool, who: str = "the console"
) -> list[str]:
    """Read the configuration again; return what is different.

    Args:
        gateway: goes over to it.
        options: say where it is.
        notifier: tells the service manager.
        dry: leave everything as it is.
        who: wants it.

    Raises:
        ConfigError: it cannot be used; nothing has changed.
    """
    if dry:
        return (await _read(gateway, options))[1]
    with notifier.reloading():
        try:
            settings, found = await _read(gateway, options)
            await gateway.reload(settings)
        except ConfigError as error:
            gateway.events.publish(ConfigurationRefused("all", who, tuple(str(error).splitlines())))
            raise
        gateway.events.publish(ConfigurationTaken("all", who, tuple(found)))
        gateway.audit.use(settings.audit)
        return found


async def _read(gateway: Gateway, options: Options) -> tuple[GatewaySettings, list[str]]:
    """Read the configuration; return it, and what is different."""
    if options["config"] is None:
        raise ConfigError("there is no configuration file to read again")
    settings, warnings = await deferToThread(options.settings)  # a long file takes its time
    _warn(warnings)
    found = differences(gateway.settings, settings)
    if settings.console != gateway.started.console:
        found.append("console: its doors change when the gateway is started again")
    if settings.state != gateway.started.state:
        found.append("state: the file of saved params changes when the gateway is started again")
    return settings, found


def _read_again(gateway: Gateway, options: Options, notifier: Notifier) -> None:
    def failed(failure: Any) -> None:
        failure.trap(ConfigError)
        for line in failure.getErrorMessage().splitlines():
            _log.error("nothing was changed: {line}", line=line)

    _log.info("reads the configuration again")
    reading = Deferred.fromCoroutine(reload(gateway, options, notifier, dry=False, who="a signal"))
    reading.addErrback(failed).addErrback(
        lambda failure: _log.failure("the configuration could not be put in force", failure)
    )
