"""The `Idempotency-Key` of a request, and hashes of keys and requests."""

import hashlib
import json
import re
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.crypto import salted_hmac
from django.utils.datastructures import MultiValueDict
from rest_framework.request import Request

from flowzz.core.api.errors import ValidationFailed

HEADER: Final = "Idempotency-Key"
_KEY = re.compile(r"[ -~]{1,255}")


def idempotency_key(request: Request) -> str | None:
    """Return the key in the header, if any. Raises ValidationFailed."""
    key: str | None = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        reason = "Envie de 1 a 255 caracteres ASCII visíveis, como os de um UUID"
        raise ValidationFailed(details=[{"field": HEADER, "reason": reason}])
    return key


def hash_key(key: str) -> bytes:
    return _keyed_hash("key", key)


def hash_request(request: Request, data: object) -> bytes:
    """Hash method, URL and parsed data; a multipart body differs each time it is sent."""
    content = [request.method, request.get_full_path().rstrip("/"), _comparable(data)]
    return _keyed_hash("request", json.dumps(content, sort_keys=True))


def _comparable(data: object) -> Any:
    if not isinstance(data, MultiValueDict):
        return data
    return {name: [_comparable_part(value) for value in values] for name, values in data.lists()}


def _comparable_part(value: object) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return [value.name, digest.hexdigest()]


def _keyed_hash(purpose: str, value: str) -> bytes:
    # Keyed with SECRET_KEY, so that an API key in a body can't be guessed from its hash.
    salt = f"flowzz.core.api.idempotency.{purpose}"
    return salted_hmac(salt, value, algorithm="sha256").digest()
