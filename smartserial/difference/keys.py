"""Where each setting stands in the file, and in which form.

A class of settings has a row for each field whose key or form is not what its name and value tell. A key with
dots goes down; an empty one puts what stands below in the place of the setting itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any

from smartserial.difference.forms import (
    NOTHING,
    Kind,
    Leaf,
    Node,
    Several,
    Tree,
    either,
    listed,
    raw_bytes,
    rights,
    seconds,
    secret,
    size,
    text,
)
from smartserial.lines import LineProfile, Lines, LineSettings, Rs485
from smartserial.settings import (
    Address,
    Arbitration,
    CallLogin,
    ConnectionSettings,
    ConnectSettings,
    DeviceCarrier,
    DeviceRules,
    ElementSettings,
    EndpointDevice,
    GroupSettings,
    Heartbeat,
    Keepalive,
    ListenerSettings,
    LoginSettings,
    LoopDevice,
    NetworkCarrier,
    PoolSettings,
    PortDevice,
    RecordFile,
    Rfc2217Device,
    ShareCarrier,
    ShareSettings,
    Sharing,
    SimDevice,
    SlowClient,
    TcpDevice,
    UdpDevice,
    UdpRules,
    UserSettings,
    VirtualDevice,
    describe,
)
from smartserial.sharing.packets import PacketRules
from smartserial.sharing.selection import SelectionRules

Form = Callable[[Any], Node]
Row = tuple[str, Form]
_DEVICES = (
    PortDevice,
    VirtualDevice,
    TcpDevice,
    UdpDevice,
    Rfc2217Device,
    SimDevice,
    LoopDevice,
    EndpointDevice,
)


def node_of(value: Any) -> Node:
    """Return a value as it stands in the file, if nothing else is known of it."""
    if isinstance(value, tuple | list):
        return listed(value)
    if isinstance(value, frozenset):
        return listed(sorted(map(text, value)))
    return tree_of(value) if is_dataclass(value) else Leaf(text(value))


def tree_of(settings: Any) -> Tree:
    """Return settings as they stand in the file."""
    rows, found = KEYS.get(type(settings), {}), _TOGETHER.get(type(settings), lambda _: Tree())(settings)
    for field in fields(settings):
        row = rows.get(field.name, (field.name, node_of))
        if row is not None and field.compare:
            found.add(row[0], _form(field, row[1])(getattr(settings, field.name)))
    if isinstance(settings, ShareSettings):
        _inherit(settings, found)
    if isinstance(settings, _DEVICES):
        found.of = Kind(type(settings), describe(settings), frozenset(found))
    elif isinstance(settings, NetworkCarrier | DeviceCarrier | ShareCarrier):
        found.of = Kind(type(settings), _carrier(settings), frozenset(found))
    return found


def _form(field: Field[Any], form: Form) -> Form:
    return form if field.repr else secret


def _carrier(carrier: NetworkCarrier | DeviceCarrier | ShareCarrier) -> str:
    match carrier:
        case NetworkCarrier():
            where = Address(carrier.host, carrier.port)
            return f"{carrier.transport.value} {carrier.role.value} {where}"
        case DeviceCarrier(device=device):
            return describe(device)
        case ShareCarrier(share=share):
            return f"share {share}"


def _or_false(value: Any) -> Node:
    """Write what `false` switches off."""
    return Leaf("false") if value is None else node_of(value)


def _or_defaults(value: Any) -> Node:
    """Return the tree of what may be missing."""
    return Tree() if value is None else node_of(value)


def _address(device: TcpDevice | UdpDevice | Rfc2217Device) -> Leaf:
    return Leaf(str(Address(device.host, device.port)))


def _listen_at(address: Address) -> Tree:
    if address.endpoint:
        return Tree(endpoint=Leaf(address.endpoint))
    return Tree(host=Leaf(address.host), port=Leaf(str(address.port)))


def _datagrams(rules: UdpRules | None) -> Tree:
    found = Tree(transport=Leaf("tcp" if rules is None else "udp"))
    if rules is not None:
        found.add("", tree_of(rules))
    return found


def _login(login: LoginSettings | None) -> Tree:
    if login is None:
        return Tree()
    if login.secret:
        return Tree(password=secret(login.secret))
    found = Tree(users=Leaf("true"))
    if login.groups:
        found.add("groups", node_of(login.groups))
    return found


def _inherit(share: ShareSettings, found: Tree) -> None:
    """Leave a login out of the listeners that have it from their share, which alone says it."""
    listen = found["listen"]
    assert isinstance(listen, Several)
    for listener, (_, tree) in zip(share.listeners, listen, strict=True):
        if listener.login == share.login:
            for key in _login(listener.login):
                del tree[key]
        elif listener.login is None:
            tree.add("users", Leaf("false"))


def _listeners(listeners: tuple[ListenerSettings, ...]) -> Several:
    return Several((_of_listener(one), tree_of(one)) for one in listeners)


def _of_listener(listener: ListenerSettings) -> str:
    return f"{'' if listener.udp is None else 'udp:'}{listener.address}"


def _arbitrate(value: Arbitration | None) -> Leaf:
    return Leaf(NOTHING) if value is None else Leaf("message", value)


def _times(values: tuple[float, ...]) -> Leaf:
    return listed(seconds(one).text for one in values)


def _far_lines(profile: LineProfile) -> Tree:
    return Tree(open=node_of(profile.connected), closed=node_of(profile.idle))


def _sequences(values: Any) -> Tree:
    return Tree((one.name, Leaf(one.text)) for one in values)


def _mode(value: int | None) -> Leaf:
    return Leaf(NOTHING if value is None else f"{value:04o}")


def _public_keys(values: tuple[str, ...]) -> Leaf:
    return Leaf("1 key" if len(values) == 1 else f"{len(values)} keys", values)


def _grants(values: Any) -> Tree:
    return Tree((one.pattern, rights(one.rights)) for one in values)


def _options(values: tuple[tuple[str, object], ...]) -> Tree:
    return Tree((name, Leaf(text(value), value)) for name, value in values)


def _connections(values: tuple[ConnectionSettings, ...]) -> Tree:
    return Tree((str(one.number), tree_of(one)) for one in values)


_TOGETHER: Mapping[type, Callable[[Any], Tree]] = {
    TcpDevice: lambda device: Tree(tcp=_address(device)),
    UdpDevice: lambda device: Tree(udp=_address(device)),
    Rfc2217Device: lambda device: Tree(rfc2217=_address(device)),
    SimDevice: lambda device: Tree(sim=Leaf(device.name, device.script)),
}
"""What several fields say together."""
KEYS: Mapping[type, Mapping[str, Row | None]] = {
    ShareSettings: {
        "name": None,
        "rules": ("device", node_of),
        "listeners": ("listen", _listeners),
        "buffer": ("buffer", size),
        "replay": ("replay", size),
        "login": ("", _login),
    },
    PoolSettings: {"name": None, "listeners": ("listen", _listeners)},
    DeviceRules: {
        "on_demand": ("open", either("on-demand", "always")),
        "wait_while_busy": ("on_busy", either("wait", "close")),
        "close_on_unplug": ("on_unplug", either("close", "keep")),
        "remote_lines": ("lines.remote", node_of),
        "report": ("lines.report", node_of),
        "sequences": ("sequences", _sequences),
        "away_buffer": ("away_buffer", size),
        "away_age": ("away_age", seconds),
    },
    PortDevice: {"line": ("", node_of)},
    LineSettings: {"rs485": ("rs485", _or_false)},
    Rs485: {"delay_before": ("delay_before", seconds), "delay_after": ("delay_after", seconds)},
    Lines: {"brk": ("break", node_of)},
    VirtualDevice: {"path": ("virtual", node_of), "mode": ("mode", _mode)},
    TcpDevice: {"host": None, "port": None},
    UdpDevice: {"host": None, "port": None},
    Rfc2217Device: {"host": None, "port": None, "line": ("", _or_defaults)},
    SimDevice: {"name": None, "script": None},
    ListenerSettings: {
        "address": ("", _listen_at),
        "tell_refused": ("refusal", either("text", "close")),
        "keepalive": ("keepalive", _or_false),
        "idle_timeout": ("idle_timeout", seconds),
        "linger": ("linger", seconds),
        "udp": ("", _datagrams),
        "login": ("", _login),
    },
    UdpRules: {"datagram": None},
    Keepalive: {"every": ("every", seconds), "retry": ("retry", seconds)},
    Sharing: {
        "kick_oldest": ("when_full", either("kick-oldest", "refuse")),
        "selection": ("", node_of),
        "arbitration": ("arbitrate", _arbitrate),
    },
    SlowClient: {"limit": ("limit", size), "timeout": ("timeout", seconds)},
    SelectionRules: {"turn": ("turn", seconds), "reply_window": ("reply_window", seconds)},
    PacketRules: {
        "size": ("size", size),
        "hold": ("hold", seconds),
        "chars": ("char", raw_bytes),
        "gap": ("gap", seconds),
        "pause": ("pause", seconds),
    },
    RecordFile: {"path": ("file", node_of), "size": ("size", size)},
    ConnectSettings: {
        "datagram": ("transport", lambda value: Leaf("tcp" if value is None else "udp")),
        "backoff": ("backoff", _times),
        "register": ("register", raw_bytes),
        "keepalive": ("keepalive", _or_false),
        "idle_timeout": ("idle_timeout", seconds),
        "lines": ("lines", _far_lines),
    },
    Heartbeat: {"send": ("send", raw_bytes), "every": ("every", seconds)},
    CallLogin: {"password": ("password_file", secret)},
    UserSettings: {"name": None, "keys": ("keys", _public_keys)},
    GroupSettings: {"name": None, "grants": ("rights", _grants)},
    ElementSettings: {
        "name": None,
        "definition": None,
        "options": ("options", _options),
        "connections": ("connections", _connections),
        "element_timeout": ("timeout", seconds),
    },
    ConnectionSettings: {
        "number": None,
        "carrier": ("", node_of),
        "timeout": ("timeout", seconds),
        "allowed": ("allowed_addresses", node_of),
    },
    NetworkCarrier: {
        "transport": ("type", node_of),
        "keepalive": ("keepalive", _or_false),
        "single": None,
        "retry_bind": ("on_bind_error", either("retry", "fail")),
    },
}
"""The rows; None stands for a field that is no setting of the file."""
