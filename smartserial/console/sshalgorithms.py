"""The algorithms of the SSH door: those that are not known to be weak, of those that Twisted has.

There is no CBC, no SHA-1 and no DSA. Names are those of IANA's registry and of OpenSSH.
"""

from __future__ import annotations

from twisted.conch.ssh.transport import SSHTransportBase

_EXCHANGES = (
    b"mlkem768x25519-sha256",
    b"curve25519-sha256",
    b"curve25519-sha256@libssh.org",
    b"ecdh-sha2-nistp256",
    b"ecdh-sha2-nistp384",
    b"ecdh-sha2-nistp521",
)
_CIPHERS = (b"aes256-ctr", b"aes192-ctr", b"aes128-ctr")
_MACS = (b"hmac-sha2-512", b"hmac-sha2-256")

EXCHANGES = [name for name in _EXCHANGES if name in SSHTransportBase.supportedKeyExchanges]
"""Ways to exchange keys, the best first; the first needs a new `cryptography`."""
CIPHERS = [name for name in _CIPHERS if name in SSHTransportBase.supportedCiphers]
MACS = [name for name in _MACS if name in SSHTransportBase.supportedMACs]
HOST_KEYS = [b"ssh-ed25519"]
SIGNATURES: dict[bytes, bytes] = {
    b"ssh-ed25519": b"ssh-ed25519",
    b"sk-ssh-ed25519@openssh.com": b"sk-ssh-ed25519@openssh.com",
    b"ecdsa-sha2-nistp256": b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp384": b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521": b"ecdsa-sha2-nistp521",
    b"sk-ecdsa-sha2-nistp256@openssh.com": b"sk-ecdsa-sha2-nistp256@openssh.com",
    b"rsa-sha2-512": b"ssh-rsa",
    b"rsa-sha2-256": b"ssh-rsa",
}
"""How users may sign, and with what kind of key."""
