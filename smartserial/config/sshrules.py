"""Rules on the SSH door: who may come, where it is, and what it needs."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from ipaddress import ip_address

from smartserial.config.models import ConfigModel
from smartserial.config.source import Place, Source
from smartserial.config.walking import Rule, doors_of, idle_at
from smartserial.findings import Finding

_NEEDED = ("cryptography", "bcrypt")
_PLACE: Place = ("console", "ssh")


def users_for_ssh(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Whoever comes by SSH is a user."""
    if config.console.ssh is not None and not source.has(("users",)):
        message = "expected `users` beside `console`, which says who may come by SSH"
        yield source.finding(_PLACE, "CF04", message, hint="add `users: {file: PATH}` at the top")


def host_keys_that_act(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A host key is for the SSH door."""
    if config.console.host_key is not None and not source.has(_PLACE):
        yield idle_at(source, ("console", "host_key"), "cannot act: it is for `ssh`, and there is none")


def doors_of_their_own(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """The SSH door has an address that nobody else wants."""
    if config.console.ssh is None or not config.console.ssh[1]:
        return
    host, port = config.console.ssh
    others = [] if config.console.telnet is None else [(config.console.telnet, "`telnet`")]
    for place, _, listener in doors_of(config):
        if listener.endpoint is None and listener.transport == "tcp":
            path = source.finding(place, "", "").path
            others.append(((listener.host, listener.port or 0), path))
    for (other, number), whose in others:
        hosts = {host, other}
        if number == port and (len(hosts) == 1 or any(ip_address(one).is_unspecified for one in hosts)):
            yield source.finding(_PLACE, "CF06", f"port {port} is also that of {whose}")
            return


def what_ssh_needs(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """What SSH needs of Python is installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing and config.console.ssh is not None:
        message = f"cannot act: SSH needs more of Python ({', '.join(missing)})"
        yield source.finding(_PLACE, "CF08", message, hint="install smartserial[ssh]", at_key=True)


SSH_RULES: tuple[Rule, ...] = (users_for_ssh, host_keys_that_act, doors_of_their_own, what_ssh_needs)
