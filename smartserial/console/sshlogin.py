"""Who comes by SSH: a user of the gateway, by a public key or a password (RFC 4252, RFC 4256).

Keys cannot be guessed, so that only passwords count as tries, and wait where too many wrong ones came from.
A password is asked for by the methods ``password`` and ``keyboard-interactive``, and judged as at all doors.
"""

from __future__ import annotations

import struct
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twisted.conch.ssh.common import NS, getNS
from twisted.conch.ssh.keys import BadKeyError, Key
from twisted.conch.ssh.service import SSHService
from twisted.conch.ssh.userauth import (
    MSG_USERAUTH_FAILURE,
    MSG_USERAUTH_PK_OK,
    MSG_USERAUTH_REQUEST,
    MSG_USERAUTH_SUCCESS,
    SSHUserAuthServer,
)
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.login.keeper import WRONG_USER, Keeper, LoginBusy, LoginRefused, too_often
from smartserial.channels.login.protocol import TRIES
from smartserial.config.sshkeys import SMALLEST_RSA
from smartserial.console.sshalgorithms import SIGNATURES
from smartserial.console.sshquiet import QUIET
from smartserial.errors import PeerError
from smartserial.settings import LoginSettings, UserSettings
from smartserial.sharing.rights import Identity
from smartserial.sharing.typed import MOST

if TYPE_CHECKING:
    from smartserial.console.sshconnection import Connection
    from smartserial.console.sshtransport import SshTransport

MOST_REQUESTS = 20
"""Requests of one connection; each key that a client has is one."""
_METHODS = b"publickey,password,keyboard-interactive"
_INFO_REQUEST, _INFO_RESPONSE = 60, 61
_FLAGS, _TOUCHED = 5, 1  # bytes of flags and counter of a security key; somebody was there to touch it
_WRONG_KEY = "the key's signature is wrong"

_log = Logger()


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a login needs of its door.

    Args:
        keeper: knows the users.
        login: whose members may come in.
        source: the address that somebody comes from.
        enter: is told who has logged in, and by which key, as bytes; none: by a password. Returns what they
            have inside, or why they are not let in.
        failed: is told the name that was given, and why that was not enough.
    """

    keeper: Keeper
    login: LoginSettings
    source: str
    enter: Callable[[Identity, bytes], Connection | str]
    failed: Callable[[str, str], None]


def has_key(user: UserSettings | None, key: bytes) -> bool:
    """Tell whether a public key, as bytes, is one of a user's."""
    return user is not None and any(b64decode(line.split()[1]) == key for line in user.keys)


class Login(SSHService):
    """Asks who somebody is.

    Args:
        transport: of the connection.
        entrance: the door.
    """

    name = b"ssh-userauth"
    protocolMessages = {MSG_USERAUTH_REQUEST: "MSG_USERAUTH_REQUEST", _INFO_RESPONSE: "MSG_INFO_RESPONSE"}
    _log = QUIET

    def __init__(self, transport: SshTransport, entrance: Entrance) -> None:
        self._ssh = transport
        self._entrance = entrance
        self._user = ""
        self._requests = self._tries = 0
        self._asked = False  # a password, interactively
        self._judging: Deferred[Identity] | None = None
        self._methods: dict[bytes, Callable[[bytes], None]] = {
            b"publickey": self._key,
            b"password": self._password,
            b"keyboard-interactive": self._ask,
        }

    @override
    def serviceStopped(self) -> None:
        judging, self._judging = self._judging, None
        if judging is not None:
            judging.cancel()

    def ssh_USERAUTH_REQUEST(self, packet: bytes) -> None:
        """Take a try.

        Raises:
            PeerError: it comes while another one is judged, or there were too many.
        """
        user, service, method, rest = getNS(packet, 3)
        self._requests += 1
        if self._judging is not None or self._requests > MOST_REQUESTS or service != b"ssh-connection":
            raise PeerError("too many logins, or one that is for nothing here")
        self._user, self._asked = user.decode("utf-8", "replace"), False
        self._methods.get(method, self._no_method)(rest)

    def _no_method(self, rest: bytes) -> None:
        self._try_again()

    def _try_again(self) -> None:
        self._ssh.sendPacket(MSG_USERAUTH_FAILURE, NS(_METHODS) + b"\0")

    # ---- keys

    def _key(self, rest: bytes) -> None:
        signed = rest[0]
        algorithm, blob, rest = getNS(rest[1:], 2)
        if not self._known(algorithm, blob):
            self._try_again()
        elif not signed:
            self._ssh.sendPacket(MSG_USERAUTH_PK_OK, NS(algorithm) + NS(blob))
        elif self._signs(algorithm, blob, getNS(rest)[0]):
            self._let_in(blob)
        else:
            self._fail(_WRONG_KEY)

    def _known(self, algorithm: bytes, blob: bytes) -> bool:
        """Tell whether a key is one of the user's, and of a kind that is good enough."""
        kind = SIGNATURES.get(algorithm)
        if kind is None or getNS(blob)[0] != kind:
            return False
        return has_key(self._entrance.keeper.user(self._user), blob)

    def _signs(self, algorithm: bytes, blob: bytes, signature: bytes) -> bool:
        """Tell whether somebody has the private key of a public one."""
        try:
            key = Key.fromString(blob, "blob")
        except (BadKeyError, ValueError):
            return False
        if getNS(signature)[0] != algorithm or (key.type() == "RSA" and key.size() < SMALLEST_RSA):
            return False
        assert self._ssh.sessionID is not None
        said = NS(self._user_said) + NS(b"ssh-connection") + NS(b"publickey") + b"\1"
        message = NS(self._ssh.sessionID) + bytes((MSG_USERAUTH_REQUEST,)) + said + NS(algorithm) + NS(blob)
        if key.isSecurityKey():
            flags = getNS(signature, 2)[2]
            if len(flags) != _FLAGS or not flags[0] & _TOUCHED:
                return False
            message = SSHUserAuthServer._wrapMessageWithSKMetadata(signature, message, key.application)
        return bool(key.verify(signature, message))

    @property
    def _user_said(self) -> bytes:
        return self._user.encode()

    def _let_in(self, key: bytes) -> None:
        """Let in somebody who has shown a key."""
        identity = self._entrance.keeper.identity(self._user)
        login = self._entrance.login
        if identity is None:
            self._fail(WRONG_USER)
        elif login.groups and not login.groups & identity.groups:
            self._fail(f"{identity.name} is in none of the groups that may come in here")
        else:
            self._enter(identity, key)

    # ---- passwords

    def _password(self, rest: bytes) -> None:
        password = getNS(rest[1:])[0]
        if rest[0]:
            self._try_again()  # another password cannot be set here
        else:
            self._judge(password)

    def _ask(self, rest: bytes) -> None:
        self._asked = True
        question = NS(b"") + NS(b"") + NS(b"") + struct.pack(">L", 1) + NS(b"password: ") + b"\0"
        self._ssh.sendPacket(_INFO_REQUEST, question)

    def ssh_INFO_RESPONSE(self, packet: bytes) -> None:
        """Take the answer to the question for a password.

        Raises:
            PeerError: nobody has asked, or it is not one answer.
        """
        if not self._asked or struct.unpack_from(">L", packet)[0] != 1:
            raise PeerError("answers that nobody has asked for")
        self._asked = False
        self._judge(getNS(packet[4:])[0])

    def _judge(self, password: bytes) -> None:
        entrance = self._entrance
        if delay := entrance.keeper.delay(entrance.source):
            self._fail(too_often(delay))
        elif len(password) > MOST:
            self._wrong(Failure(LoginRefused(WRONG_USER)))
        else:
            self._ssh.patience.stop()
            judging = entrance.keeper.login(entrance.login, self._user, password, entrance.source)
            self._judging = judging
            judging.addCallbacks(self._right, self._wrong).addErrback(self._broke)

    def _right(self, identity: Identity) -> None:
        self._judging = None
        if not self._ssh.over:
            self._enter(identity)

    def _wrong(self, failure: Failure) -> None:
        self._judging = None
        failure.trap(LoginRefused, CancelledError)
        if failure.check(CancelledError) or self._ssh.over:
            return
        self._ssh.patience.go_on()
        self._tries += 1
        why, keeper = failure.getErrorMessage(), self._entrance.keeper
        if failure.check(LoginBusy) or self._tries >= TRIES or keeper.delay(self._entrance.source):
            self._fail(why)
        else:
            self._entrance.failed(self._user, why)
            self._try_again()

    def _broke(self, failure: Failure) -> None:
        _log.failure("a login failed", failure)
        self._ssh.abort()

    # ---- in, or not

    def _enter(self, identity: Identity, key: bytes = b"") -> None:
        if not any(grant.rights for grant in identity.grants):
            self._fail(f"{identity.name} has no rights here")
            return
        inside = self._entrance.enter(identity, key)
        if isinstance(inside, str):
            self._ssh.end(inside)
        else:
            self._ssh.sendPacket(MSG_USERAUTH_SUCCESS, b"")
            self._ssh.enter(inside)

    def _fail(self, why: str) -> None:
        self._entrance.failed(self._user, why)
        self._ssh.end(why, told=True)
