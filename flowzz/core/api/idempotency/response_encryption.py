"""Encryption of stored responses: AES-256-GCM, with a key derived from SECRET_KEY.

Responses contain webhook URLs, which are secrets. Earlier values of SECRET_KEY are not needed:
the hash of an `Idempotency-Key` depends on SECRET_KEY, so older rows are never found.
"""

import os
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_INFO: Final = b"flowzz: responses of idempotent calls, version 1"


def encrypt(plaintext: bytes, *, context: str) -> bytes:
    """Encrypt a response for one row: `context` identifies the row and is authenticated."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, plaintext, context.encode())


def decrypt(encrypted: bytes, *, context: str) -> bytes:
    """Decrypt a response. Raises InvalidTag if it was changed or belongs to another row."""
    nonce, ciphertext = encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:]
    return _cipher(settings.SECRET_KEY).decrypt(nonce, ciphertext, context.encode())


@lru_cache(maxsize=4)
def _cipher(secret: str) -> AESGCM:
    hkdf = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_INFO)
    return AESGCM(hkdf.derive(secret.encode()))
