"""Certificates, keys and authorities in files of their own, all of them PEM."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from smartserial.errors import ConfigError
from smartserial.files import UnreadableError, read_bounded
from smartserial.settings import TlsSettings

_MOST = 4 * 1024 * 1024  # bytes of a file; the authorities of a system are about 200 KiB
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def library() -> SimpleNamespace:
    """Return what is needed of other packages.

    Raises:
        ConfigError: they are not installed.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from OpenSSL import SSL, crypto
        from service_identity.cryptography import (
            verify_certificate_hostname,
            verify_certificate_ip_address,
        )
        from twisted.internet import ssl
        from twisted.protocols import tls
    except ImportError as error:
        raise ConfigError(f"TLS needs more of Python ({error}): install smartserial[tls]") from error
    return SimpleNamespace(
        SSL=SSL,
        X509=crypto.X509,
        x509=x509,
        load_key=load_pem_private_key,
        ssl=ssl,
        tls=tls,
        verify_name=verify_certificate_hostname,
        verify_address=verify_certificate_ip_address,
    )


def _read(path: Path) -> bytes:
    try:
        return read_bounded(path, _MOST)
    except UnreadableError as error:
        raise ConfigError(f"cannot read {path}: {error}") from error


def certificates(path: Path, lib: SimpleNamespace) -> list[Any]:
    """Return all certificates of a file, in their order; there is at least one.

    Raises:
        ConfigError: there is none, or one cannot be read.
    """
    try:
        found = [lib.x509.load_pem_x509_certificate(text) for text in _CERTIFICATE.findall(_read(path))]
    except ValueError as error:
        raise ConfigError(f"{path}: a certificate cannot be read") from error
    if not found:
        raise ConfigError(f"{path}: there is no certificate in it; it must be a PEM file")
    return found


def identity(settings: TlsSettings, lib: SimpleNamespace) -> dict[str, Any]:
    """Return the options for our own certificate, with its chain and its key; empty if there is none.

    Raises:
        ConfigError: a file cannot be used.
    """
    if settings.certificate is None:
        return {}
    own, *chain = certificates(settings.certificate, lib)
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


def options(
    settings: TlsSettings,
    lib: SimpleNamespace,
    trust: Any,
    choose: Callable[[bytes | None], Any] | None = None,
) -> Any:
    """Return what makes connections with our own certificate.

    Args:
        settings: name the files, which are read now.
        lib: what `library` has returned.
        trust: whom the other side's certificate must come from; None: nobody asks for one.
        choose: is given the name that a client asks for, and returns the context for it, or None.

    Raises:
        ConfigError: a file cannot be used.
    """
    made = lib.ssl.CertificateOptions(
        **identity(settings, lib),
        trustRoot=trust,
        raiseMinimumTo=lib.ssl.TLSVersion.TLSv1_2,
        contextForServerName=choose,
    )
    try:
        # A renegotiation would keep bytes in TLS, where they cannot be counted.
        made.getContext().set_options(lib.SSL.OP_NO_RENEGOTIATION)
    except (lib.SSL.Error, ValueError) as error:
        path = settings.key or settings.certificate
        raise ConfigError(f"{path}: the key does not belong to {settings.certificate}") from error
    return made


def trust_of(path: Path, lib: SimpleNamespace) -> Any:
    """Return the authorities of a file.

    Raises:
        ConfigError: it cannot be used.
    """
    found = [lib.ssl.Certificate(lib.X509.from_cryptography(one)) for one in certificates(path, lib)]
    return lib.ssl.trustRootFromCertificates(found)


def names_of(path: Path, lib: SimpleNamespace) -> tuple[str, ...]:
    """Return the names of hosts that a certificate is for, in lower case; one may begin with ``*.``.

    Raises:
        ConfigError: it cannot be read.
    """
    own = certificates(path, lib)[0]
    try:
        try:
            wanted = own.extensions.get_extension_for_class(lib.x509.SubjectAlternativeName)
            names = wanted.value.get_values_for_type(lib.x509.DNSName)
        except lib.x509.ExtensionNotFound:
            found = own.subject.get_attributes_for_oid(lib.x509.NameOID.COMMON_NAME)
            names = [str(one.value) for one in found]
    except ValueError as error:
        raise ConfigError(f"{path}: a certificate cannot be read") from error
    return tuple(name.lower() for name in names)
