"""The host key of the SSH door: made at the first start, and a secret ever after."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twisted.conch.ssh.keys import BadKeyError, EncryptedKeyError, FingerprintFormats, Key

from smartserial.errors import ConfigError
from smartserial.files import UnreadableError, read_bounded

_MOST = 16 * 1024  # bytes of a file that holds one key
_NAME = "ssh_host_ed25519_key"


def default_path() -> Path:
    """Return where the key is if nothing else is said: in a folder for what lasts, of this user's own."""
    folder = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if folder:
        return Path(folder) / _NAME
    if os.geteuid() == 0:
        return Path("/var/lib/smartserial") / _NAME
    home = os.environ.get("XDG_STATE_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".local/state") / "smartserial" / _NAME


def host_key(path: Path) -> tuple[Key, bool]:
    """Return the key of a file, and whether it is new: it is made if there is none.

    Raises:
        ConfigError: it cannot be used, or made, or others can read it.
    """
    try:
        made = _make(path)
    except OSError as error:
        raise ConfigError(f"the SSH host key {path} cannot be made: {error.strerror}") from error
    return _read(path), made


def fingerprint(key: Key) -> str:
    """Return what people compare when they connect for the first time, as `ssh` shows it."""
    return f"SHA256:{key.fingerprint(FingerprintFormats.SHA256_BASE64).rstrip('=')}"


def _make(path: Path) -> bool:
    """Make a key if there is none; whoever comes at the same time gets the same one."""
    if path.exists() or path.is_symlink():
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
    except FileExistsError:
        return False
    finally:
        beside.unlink(missing_ok=True)
    return True


def _read(path: Path) -> Key:
    try:
        text = read_bounded(path, _MOST)
        mode = path.stat().st_mode
    except (UnreadableError, OSError) as error:
        raise ConfigError(f"the SSH host key {path} cannot be used: {error}") from error
    folder = path.parent.stat()
    if folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not folder.st_mode & stat.S_ISVTX:
        raise ConfigError(f"others can replace the SSH host key {path}: chmod go-w {path.parent}")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"the SSH host key {path} can be read or changed by others: chmod 600 {path}")
    try:
        key: Key | None = Key.fromString(text)
    except EncryptedKeyError as error:
        raise ConfigError(f"the SSH host key {path} has a passphrase, which nobody could type") from error
    except (BadKeyError, ValueError, IndexError, KeyError, TypeError):
        key = None
    if key is None or key.isPublic() or key.type() != "Ed25519":
        raise ConfigError(f"expected a private key of kind ed25519 in {path}, as ssh-keygen makes it")
    return key
