"""Encryption of stored secrets as `{iv_hex}:{encrypted_hex}:{mac_hex}`. Reads no settings.

AES-256-CBC with PKCS7 padding under scrypt(secret, salt "salt", N 16384, r 8, p 1), as the older
system wrote it, plus an HMAC-SHA256 over the record's identity, the IV and the ciphertext.

The older system's values have no MAC, so they are not authenticated: a wrong key is only noticed
if the plaintext is not printable, and anyone who can write to the database can remove a MAC to
pass a changed or moved value for a legacy one. Once every value has been rewritten, decrypt with
`allow_legacy=False`.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from integrations.providers.errors import IntegrationError

_BLOCK_BYTES = 16
_KEY_BYTES = 32
_MAC_INFO = b"flowzz: mac of stored secrets, version 1"
# Lower case only: otherwise a letter whose case was changed would still decrypt.
_STORED = re.compile(
    r"(?P<iv>[0-9a-f]{32}):(?P<encrypted>(?:[0-9a-f]{32})+)(?::(?P<mac>[0-9a-f]{64}))?"
)


class DecryptionError(IntegrationError):
    """The stored value was encrypted with another key, or was changed."""

    code = "DECRYPTION_FAILED"


@dataclass(frozen=True, slots=True, repr=False)
class _Keys:
    encryption: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class _Stored:
    iv: bytes
    encrypted: bytes
    mac: bytes | None

    @classmethod
    def parse(cls, text: str) -> Self:
        match = _STORED.fullmatch(text)
        if match is None:
            raise _unreadable()
        mac = match["mac"]
        return cls(
            iv=bytes.fromhex(match["iv"]),
            encrypted=bytes.fromhex(match["encrypted"]),
            mac=bytes.fromhex(mac) if mac else None,
        )

    def is_authentic(self, keys: _Keys, identity: str) -> bool:
        expected = _mac(keys, identity, self.iv, self.encrypted)
        return self.mac is not None and hmac.compare_digest(self.mac, expected)


class Cipher:
    """Encrypts with `key`; decrypts with it and with the earlier keys in `fallbacks`."""

    def __init__(self, key: str, fallbacks: Sequence[str] = ()) -> None:
        self._key = key
        self._fallbacks = tuple(fallbacks)

    def encrypt(self, plaintext: str, *, identity: str) -> str:
        """Encrypt for the record named `identity`; the value decrypts in no other record."""
        keys = _derive(self._key)
        iv = os.urandom(_BLOCK_BYTES)
        padder = padding.PKCS7(algorithms.AES.block_size).padder()
        padded = padder.update(plaintext.encode()) + padder.finalize()
        encryptor = BlockCipher(algorithms.AES(keys.encryption), modes.CBC(iv)).encryptor()
        encrypted = encryptor.update(padded) + encryptor.finalize()
        return f"{iv.hex()}:{encrypted.hex()}:{_mac(keys, identity, iv, encrypted).hex()}"

    def decrypt(self, stored: str, *, identity: str, allow_legacy: bool = True) -> str:
        """Decrypt a stored value. Raises DecryptionError."""
        value = _Stored.parse(stored)
        if value.mac is None and not allow_legacy:
            raise _unreadable()
        for secret in (self._key, *self._fallbacks):
            plaintext = _decrypt(value, _derive(secret), identity)
            if plaintext is not None:
                return plaintext
        raise _unreadable()

    def needs_rewrite(self, stored: str, *, identity: str) -> bool:
        """Return whether a value has the legacy format or was encrypted with an earlier key.

        Raises DecryptionError.
        """
        if _Stored.parse(stored).is_authentic(_derive(self._key), identity):
            return False
        self.decrypt(stored, identity=identity)
        return True


def is_legacy(stored: str) -> bool:
    """Return whether a value is of the older system, which bound it to no record."""
    return stored.count(":") == 1


@lru_cache(maxsize=16)
def _derive(secret: str) -> _Keys:
    """Derive the keys from a secret, once a process: scrypt takes about 50 ms.

    The MAC key is derived from the encryption key, so that guessing it costs scrypt too.
    """
    encryption = Scrypt(salt=b"salt", length=_KEY_BYTES, n=16384, r=8, p=1).derive(secret.encode())
    mac = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_MAC_INFO).derive(encryption)
    return _Keys(encryption, mac)


def _mac(keys: _Keys, identity: str, iv: bytes, encrypted: bytes) -> bytes:
    # Length-prefixed parts: two different records never have the same message.
    parts = (identity.encode(), iv, encrypted)
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.digest(keys.mac, message, hashlib.sha256)


def _decrypt(value: _Stored, keys: _Keys, identity: str) -> str | None:
    """Return the plaintext, or None if the value was encrypted with other keys."""
    if value.mac is not None:
        return _decipher(value, keys) if value.is_authentic(keys, identity) else None
    plaintext = _decipher(value, keys)
    # One wrong key in 256 leaves a valid padding by chance.
    return plaintext if plaintext is not None and plaintext.isprintable() else None


def _decipher(value: _Stored, keys: _Keys) -> str | None:
    decryptor = BlockCipher(algorithms.AES(keys.encryption), modes.CBC(value.iv)).decryptor()
    padded = decryptor.update(value.encrypted) + decryptor.finalize()
    unpadder = padding.PKCS7(algorithms.AES.block_size).unpadder()
    try:
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except ValueError:  # invalid padding or UTF-8
        return None


def _unreadable() -> DecryptionError:
    return DecryptionError(
        "A chave de API guardada não pôde ser lida: ela foi alterada ou a chave de "
        "criptografia mudou. Conecte a integração novamente."
    )
