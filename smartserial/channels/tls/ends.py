"""TLS: what makes both ends of connections, and counting behind the encryption of elements.

pyOpenSSL and service_identity are needed only where a connection is encrypted.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.tls.certificates import Certificates
from smartserial.channels.tls.files import library, options, trust_of
from smartserial.errors import ConfigError
from smartserial.settings import TlsSettings

HANDSHAKE = 10.0
"""Seconds that the other side has for the handshake."""

_log = Logger()


def _warn(text: str) -> None:
    _log.warn("TLS: {text}", text=text)


def server_tls(settings: TlsSettings, note: Callable[[str], None] = _warn) -> Certificates:
    """Return what makes the server's side of encrypted connections; its files are read now.

    Args:
        settings: name the files.
        note: is told of files that cannot be used any more when they have changed.

    Raises:
        ConfigError: a file cannot be used, or pyOpenSSL is not there.
    """
    return Certificates(settings, note)


def server_creator(settings: TlsSettings, note: Callable[[str], None]) -> Callable[[], object]:
    """Return a function that gives what makes the next connection; the files are read now.

    Args:
        settings: name the files.
        note: is told of files that cannot be used any more when they have changed.

    Raises:
        ConfigError: a file cannot be used, or pyOpenSSL is not there.
    """
    return server_tls(settings, note).current


def client_tls(settings: TlsSettings, host: str) -> object:
    """Return what makes the client's side of connections to `host`; its files are read now.

    Raises:
        ConfigError: a file or the host's name cannot be used, or pyOpenSSL is not there.
    """
    lib = library()
    name = settings.hostname or host
    trust = None
    if settings.verify:
        trust = trust_of(settings.authorities, lib) if settings.authorities else lib.ssl.platformTrust()
    made = options(settings, lib, trust)
    if not settings.verify:
        return _Unverified(made, name)
    try:
        return _Verified(made, name, lib)
    except UnicodeError as error:
        raise ConfigError(f"{name}: no certificate can say this name") from error


@implementer(IOpenSSLClientConnectionCreator)
class _Unverified:
    """A client that takes any certificate, and still says whom it wants to talk to."""

    def __init__(self, options: Any, host: str) -> None:
        self._options = options
        self._host = host

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Any:  # the interface's names
        connection = self._options.clientConnectionForTLS(tlsProtocol)
        if not _is_address(self._host):
            with suppress(UnicodeError):
                connection.set_tlsext_host_name(self._host.encode("idna"))
        return connection


@implementer(IOpenSSLClientConnectionCreator)
class _Verified(_Unverified):
    """A client that takes only a certificate of this host, by an authority that it trusts.

    Twisted's own lets a certificate pass that names no host at all, as old devices have them.

    Raises:
        UnicodeError: no certificate can say the host's name.
    """

    def __init__(self, options: Any, host: str, lib: SimpleNamespace) -> None:
        super().__init__(options, host if _is_address(host) else host.encode("idna").decode("ascii"))
        self._lib = lib

    @override
    def clientConnectionForTLS(self, tlsProtocol: Any) -> Any:
        connection, ssl = super().clientConnectionForTLS(tlsProtocol), self._lib.SSL

        def judge(_: Any, certificate: Any, error: int, depth: int, trusted: int) -> bool:
            if depth or not trusted:
                return bool(trusted)
            try:
                named = self._lib.verify_address if _is_address(self._host) else self._lib.verify_name
                named(certificate.to_cryptography(), self._host)
            except Exception:  # whatever it is, this is not the host that was meant
                tlsProtocol.failVerification(Failure())
                return False
            return True

        connection.set_verify(ssl.VERIFY_PEER | ssl.VERIFY_FAIL_IF_NO_PEER_CERT, judge)
        return connection


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def sealed(session: IProtocol, creator: object, client: bool, reactor: Any) -> IProtocol:
    """Return a protocol that encrypts what `session` writes, and decrypts what it is given."""
    tls = library().tls
    factory = tls.TLSMemoryBIOFactory(creator, client, None, reactor)
    # The one that gathers small writes for a turn of the reactor would hide them from the account.
    protocol: IProtocol = tls.TLSMemoryBIOProtocol(factory, session)
    return protocol


def failure_words(failure: Failure) -> str:
    """Return what went wrong with a connection, in a few words; also with its encryption."""
    error: Any = failure.value
    module = type(error).__module__
    if module.startswith("OpenSSL"):
        reasons = [part[-1] for part in error.args[0]] if error.args and error.args[0] else []
        return f"TLS: {', '.join(map(str, reasons)) or 'the other side ended the handshake'}"
    if module.startswith("service_identity"):
        if type(error).__name__ == "CertificateError":
            return "TLS: the certificate names no host: it has no subjectAltName"
        return "TLS: the certificate is not that of this host"
    return failure.getErrorMessage().rstrip(".") or type(error).__name__


class SealedTransport:
    """Counts in front of TLS; provides the part of `ICountedTransport` that sessions of elements use.

    What waits as encrypted bytes below counts as pending, and those are a little more than it was. Nothing
    is held back here, for whoever lets too much wait is cut off; so no producer stands in the way when TLS
    itself ends the connection below.

    Args:
        protocol: the TLS protocol, connected to a counted transport.
    """

    def __init__(self, protocol: Any) -> None:
        self.wire = protocol.transport
        self._protocol = protocol
        self._given = 0
        self._sent = 0

    @property
    def sent(self) -> int:
        """Bytes that the kernel has taken for sure."""
        self._sent = max(self._sent, self._given - self.wire.pending - self.wire.dropped)
        return self._sent

    @property
    def pending(self) -> int:
        """Bytes that wait."""
        return self._given - self.sent

    def write(self, data: bytes) -> None:
        """Encrypt `data`, and send it or have it wait."""
        self._given += len(data)
        self._protocol.write(data)

    def loseConnection(self) -> None:
        """Close when what waits has been sent, and the other side has agreed."""
        self._protocol.loseConnection()

    def abortConnection(self) -> None:
        """Close now."""
        self._protocol.abortConnection()
