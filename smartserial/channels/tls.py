"""TLS for the connections of elements: certificates from files, and counting behind the encryption.

pyOpenSSL and service_identity are needed only where a connection is encrypted.
"""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from smartserial.errors import ConfigError
from smartserial.settings import TlsSettings

HANDSHAKE = 10.0
"""Seconds that the other side has for the handshake."""

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def _library() -> SimpleNamespace:
    try:
        import service_identity  # noqa: F401 # Twisted does without it, and judges worse then
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from cryptography.x509 import load_pem_x509_certificate
        from OpenSSL import SSL, crypto
        from twisted.internet import ssl
        from twisted.protocols import tls
    except ImportError as error:
        raise ConfigError(f"TLS needs more of Python ({error}): install smartserial[tls]") from error
    return SimpleNamespace(
        SSL=SSL,
        X509=crypto.X509,
        load_certificate=load_pem_x509_certificate,
        load_key=load_pem_private_key,
        ssl=ssl,
        tls=tls,
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error


def _certificates(path: Path, lib: SimpleNamespace) -> list[Any]:
    """Return all certificates of a PEM file, in their order; there is at least one."""
    try:
        found = [lib.load_certificate(text) for text in _CERTIFICATE.findall(_read(path))]
    except ValueError as error:
        raise ConfigError(f"{path}: a certificate cannot be read") from error
    if not found:
        raise ConfigError(f"{path}: there is no certificate in it; it must be a PEM file")
    return found


def _identity(settings: TlsSettings, lib: SimpleNamespace) -> dict[str, Any]:
    """Return the options for our own certificate, with its chain and its key."""
    if settings.certificate is None:
        return {}
    own, *chain = _certificates(settings.certificate, lib)
    path = settings.key or settings.certificate
    text = _read(path)
    try:
        key = lib.load_key(text, None)
    except TypeError as error:
        raise ConfigError(
            f"{path}: the private key is encrypted; it must be readable without a word"
        ) from error
    except Exception as error:  # of many kinds
        raise ConfigError(f"{path}: there is no private key in it; it must be a PEM file") from error
    return {"certificate": own, "privateKey": key, "extraCertChain": chain}


def _options(settings: TlsSettings, lib: SimpleNamespace, trust: Any) -> Any:
    options = lib.ssl.CertificateOptions(
        **_identity(settings, lib), trustRoot=trust, raiseMinimumTo=lib.ssl.TLSVersion.TLSv1_2
    )
    try:
        # A renegotiation would keep bytes in TLS, where they cannot be counted.
        options.getContext().set_options(lib.SSL.OP_NO_RENEGOTIATION)
    except (lib.SSL.Error, ValueError) as error:
        path = settings.key or settings.certificate
        raise ConfigError(f"{path}: the key does not belong to {settings.certificate}") from error
    return options


def _trust(path: Path, lib: SimpleNamespace) -> Any:
    found = [lib.ssl.Certificate(lib.X509.from_cryptography(one)) for one in _certificates(path, lib)]
    return lib.ssl.trustRootFromCertificates(found)


def server_tls(settings: TlsSettings) -> object:
    """Return what makes the server's side of encrypted connections; its files are read now.

    Raises:
        ConfigError: a file cannot be used, or pyOpenSSL is not there.
    """
    lib = _library()
    if settings.certificate is None:
        raise ConfigError("a server with TLS needs a certificate")
    judged = settings.verify and settings.authorities is not None
    return _options(settings, lib, _trust(settings.authorities, lib) if judged else None)  # type: ignore[arg-type]


def client_tls(settings: TlsSettings, host: str) -> object:
    """Return what makes the client's side of connections to `host`; its files are read now.

    Raises:
        ConfigError: a file or the host's name cannot be used, or pyOpenSSL is not there.
    """
    lib = _library()
    name = settings.hostname or host
    trust = None
    if settings.verify:
        trust = _trust(settings.authorities, lib) if settings.authorities else lib.ssl.platformTrust()
    options = _options(settings, lib, trust)
    if not settings.verify:
        return _Unverified(options, name)
    identity = _identity(settings, lib)
    try:
        creator: object = lib.ssl.optionsForClientTLS(
            name,
            trust,
            extraCertificateOptions={**identity, "raiseMinimumTo": lib.ssl.TLSVersion.TLSv1_2},
        )
    except UnicodeError as error:
        raise ConfigError(f"{name}: no certificate can say this name") from error
    return creator


@implementer(IOpenSSLClientConnectionCreator)
class _Unverified:
    """A client that takes any certificate, and still says whom it wants to talk to."""

    def __init__(self, options: Any, host: str) -> None:
        self._options = options
        self._host = host

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Any:  # the interface's names
        connection = self._options.clientConnectionForTLS(tlsProtocol)
        try:
            ip_address(self._host)
        except ValueError:
            with suppress(UnicodeError):
                connection.set_tlsext_host_name(self._host.encode("idna"))
        return connection


def sealed(session: IProtocol, creator: object, client: bool, reactor: Any) -> IProtocol:
    """Return a protocol that encrypts what `session` writes, and decrypts what it is given."""
    tls = _library().tls
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
