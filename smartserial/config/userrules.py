"""Rules on logins: what excludes each other, what is missing, and what goes over the network in clear."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.config.models import ConfigModel, ConsoleModel, ListenerModel, PoolModel, ShareModel
from smartserial.config.source import Place, Source
from smartserial.config.users import LoginModel
from smartserial.config.walking import Rule, doors_of, idle_at, shares_of
from smartserial.findings import WARNING, Finding
from smartserial.sharing.access import loopback

_KEYS = ("password", "users", "groups")


def _said(source: Source, place: Place) -> dict[str, object]:
    """Return what is written of a login at a place, right or wrong."""
    written = source.written(place)
    return {key: written[key] for key in _KEYS if key in written} if isinstance(written, dict) else {}


def asks(source: Source, place: Place) -> bool:
    """Tell whether those who come in at a listener, or at the console, are asked who they are."""
    said = _said(source, place) or (_said(source, place[:2]) if len(place) > 2 else {})
    return any(value not in (None, False, []) for value in said.values())


def _logins(config: ConfigModel) -> Iterator[tuple[Place, LoginModel]]:
    """Yield each place that may say something of a login."""
    yield ("console",), config.console
    yield from _holders(config)
    for place, _, listener in doors_of(config):
        yield place, listener


def _holders(config: ConfigModel) -> Iterator[tuple[Place, ShareModel | PoolModel]]:
    """Yield what has listeners, and may speak for all of them."""
    yield from shares_of(config)
    for name, pool in config.pools.items():
        yield ("pools", name), pool


def one_way_to_log_in(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """There is one secret for all, or there are users."""
    for place, login in _logins(config):
        if login.password is not None:
            for key in ("users", "groups"):
                if getattr(login, key):
                    message = f"`password` and `{key}` exclude each other"
                    yield source.finding((*place, key), "CF05", message, at_key=True)
        elif login.users is False and login.groups:
            message = "`users: false` and `groups` exclude each other"
            yield source.finding((*place, "groups"), "CF05", message, at_key=True)


def users_that_exist(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Users are asked for where there are some."""
    if source.has(("users",)):
        return
    for place, login in _logins(config):
        key = "groups" if login.groups else "users"
        if login.groups or login.users:
            hint = "add `users: {file: PATH}` at the top"
            yield source.finding(
                (*place, key), "CF04", "expected `users` beside `shares`, which says who they are", hint=hint
            )


def logins_that_udp_has_not(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Over UDP nobody can log in."""
    for place, share, listener in doors_of(config):
        if listener.transport != "udp":
            continue
        if listener.login_wanted:
            key = next(key for key in _KEYS if getattr(listener, key))
            message = "over UDP nobody can log in"
            yield source.finding((*place, key), "CF08", message, at_key=True)
        elif share.login_wanted and listener.users is not False:
            message = "over UDP nobody can log in, as the share asks for"
            hint = "`users: false` at this listener lets everybody in"
            yield source.finding((*place, "transport"), "CF08", message, hint=hint)


def logins_that_act(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """What is said of logins opens or closes something."""
    for place, share in _holders(config):
        own = [listener.login_said for listener in share.listen]
        by_ssh = source.has(("console", "ssh")) and place[0] == "shares"
        if share.login_wanted and all(own) and not by_ssh:
            key = next(key for key in _KEYS if getattr(share, key))
            why = "each listener has words of its own" if own else "no listener is its own"
            yield idle_at(source, (*place, key), f"cannot act: {why}")
        if share.users is False and not share.login_wanted:
            yield idle_at(source, (*place, "users"), "cannot act: nobody is asked here anyway")
        for n, listener in enumerate(share.listen):
            here: Place = (*place, "listen", n, "users")
            alone = (
                listener.users is False and not _said(source, place) and len(_said(source, here[:-1])) == 1
            )
            if alone:
                yield idle_at(source, here, "cannot act: nobody is asked here anyway")
    yield from _of_the_console(config.console, source)


def _of_the_console(console: ConsoleModel, source: Source) -> Iterator[Finding]:
    """Yield what is said of operators' logins without need."""
    if source.has(("console", "telnet")):
        return
    by_ssh = source.has(("console", "ssh"))
    keys = [key for key in _KEYS if key in console.model_fields_set and not (by_ssh and key == "groups")]
    if keys:
        others = "by SSH all are users" if by_ssh else "the socket is this user's own"
        yield idle_at(source, ("console", keys[0]), f"cannot act: it is for `telnet`, and {others}")


def words_in_clear(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Passwords that go over the network are encrypted."""
    hint = "add `tls`, or `insecure: true` if that is meant"
    for place, _, listener in doors_of(config):
        if _elsewhere(listener) and asks(source, place) and not _sealed(source, place, listener.insecure):
            message = "passwords and data go over the network in clear"
            key = "host" if listener.endpoint is None else "endpoint"
            yield source.finding((*place, key), "CF07", message, severity=WARNING, hint=hint)
    console = config.console
    if console.telnet is None or loopback(console.telnet[0]):
        return
    if asks(source, ("console",)) and not _sealed(source, ("console",), console.insecure):
        message = "passwords go over the network in clear"
        yield source.finding(("console", "telnet"), "CF07", message, severity=WARNING, hint=hint)


def _elsewhere(listener: ListenerModel) -> bool:
    """Tell whether clients may come from other machines."""
    if listener.transport == "udp":
        return False  # there is an error already
    if listener.endpoint is not None:
        return not listener.endpoint.startswith(("unix:", "ssl:"))
    return not loopback(listener.host)


def _sealed(source: Source, place: Place, insecure: bool) -> bool:
    return insecure or source.written((*place, "tls")) is not None


USER_RULES: tuple[Rule, ...] = (
    one_way_to_log_in,
    users_that_exist,
    logins_that_udp_has_not,
    logins_that_act,
    words_in_clear,
)
