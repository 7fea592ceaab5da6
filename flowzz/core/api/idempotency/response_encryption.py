"""Answers at rest: AES-256-GCM under a key made of SECRET_KEY, each bound to its row.

They hold addresses of webhooks, which are secrets. With another SECRET_KEY no row is found by its
key any more, so that none needs to be read under an earlier one.
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
_INFO: Final = b"flowzz: answers of idempotent calls, version 1"


def encrypt(plaintext: bytes, *, identity: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, plaintext, identity.encode())


def decrypt(sealed: bytes, *, identity: str) -> bytes:
    """Raises InvalidTag where the value was changed or stood in another row."""
    nonce, encrypted = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    return _cipher(settings.SECRET_KEY).decrypt(nonce, encrypted, identity.encode())


@lru_cache(maxsize=4)
def _cipher(secret: str) -> AESGCM:
    key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_INFO)
    return AESGCM(key.derive(secret.encode()))
