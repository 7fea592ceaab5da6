"""API keys at rest, as `{iv_hex}:{encrypted_hex}:{mac_hex}`. Takes keys as arguments, no setting.

AES-256-CBC with PKCS7 padding under scrypt(secret, salt "salt", N 16384, r 8, p 1), as the older
system wrote it, plus an HMAC-SHA256 over the record's identity, the IV and the ciphertext.

The older system's values have no third part, so nothing proves them untouched: a wrong key shows
only as a plaintext that makes no sense, and who can write to the database can cut a new value's
third part off and pass it for an old one, changed or moved from another record. Once every value
has been rewritten, read with `allow_legacy=False`.
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
# Lower case only: with both, a changed letter could go unnoticed.
_STORED = re.compile(
    r"(?P<iv>[0-9a-f]{32}):(?P<encrypted>(?:[0-9a-f]{32})+)(?::(?P<mac>[0-9a-f]{64}))?"
)


class DecryptionError(IntegrationError):
    """The stored value was made under another key, or was cut or changed."""

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
    """Encrypts under `key`; decrypts under it and under the earlier keys in `fallbacks`."""

    def __init__(self, key: str, fallbacks: Sequence[str] = ()) -> None:
        self._key = key
        self._fallbacks = tuple(fallbacks)

    def encrypt(self, plaintext: str, *, identity: str) -> str:
        """Return the value to store in the record named `identity`; it decrypts in no other."""
        keys = _derive(self._key)
        iv = os.urandom(_BLOCK_BYTES)
        padder = padding.PKCS7(algorithms.AES.block_size).padder()
        padded = padder.update(plaintext.encode()) + padder.finalize()
        encryptor = BlockCipher(algorithms.AES(keys.encryption), modes.CBC(iv)).encryptor()
        encrypted = encryptor.update(padded) + encryptor.finalize()
        return f"{iv.hex()}:{encrypted.hex()}:{_mac(keys, identity, iv, encrypted).hex()}"

    def decrypt(self, stored: str, *, identity: str, allow_legacy: bool = True) -> str:
        """Return the plaintext, or raise `DecryptionError`."""
        value = _Stored.parse(stored)
        if value.mac is None and not allow_legacy:
            raise _unreadable()
        for secret in (self._key, *self._fallbacks):
            plaintext = _open(value, _derive(secret), identity)
            if plaintext is not None:
                return plaintext
        raise _unreadable()

    def needs_rewrite(self, stored: str, *, identity: str) -> bool:
        """Say whether `encrypt` would write a readable value otherwise: older format or key.

        Raises `DecryptionError` where the value can't be read at all.
        """
        if _Stored.parse(stored).is_authentic(_derive(self._key), identity):
            return False
        self.decrypt(stored, identity=identity)
        return True


@lru_cache(maxsize=16)
def _derive(secret: str) -> _Keys:
    """Stretch a secret, once a process: scrypt takes some 50 ms.

    The MAC's key comes from the stretched one, so that it is no quicker way to guess the secret.
    """
    encryption = Scrypt(salt=b"salt", length=_KEY_BYTES, n=16384, r=8, p=1).derive(secret.encode())
    mac = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_MAC_INFO).derive(encryption)
    return _Keys(encryption, mac)


def _mac(keys: _Keys, identity: str, iv: bytes, encrypted: bytes) -> bytes:
    # Each part with its length before it: no two records can share an encoding.
    parts = (identity.encode(), iv, encrypted)
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.digest(keys.mac, message, hashlib.sha256)


def _open(value: _Stored, keys: _Keys, identity: str) -> str | None:
    """The plaintext, where these are the keys it was stored under."""
    if value.mac is not None:
        return _decipher(value, keys) if value.is_authentic(keys, identity) else None
    plaintext = _decipher(value, keys)
    # One wrong key in 256 leaves a valid padding by accident.
    return plaintext if plaintext is not None and plaintext.isprintable() else None


def _decipher(value: _Stored, keys: _Keys) -> str | None:
    decryptor = BlockCipher(algorithms.AES(keys.encryption), modes.CBC(value.iv)).decryptor()
    padded = decryptor.update(value.encrypted) + decryptor.finalize()
    unpadder = padding.PKCS7(algorithms.AES.block_size).unpadder()
    try:
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except ValueError:  # the padding, or UnicodeDecodeError
        return None


def _unreadable() -> DecryptionError:
    return DecryptionError(
        "A chave de API guardada não pôde ser lida: ela foi alterada ou a chave de "
        "criptografia mudou. Conecte a integração novamente."
    )
