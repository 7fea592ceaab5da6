"""A request's key, and what tells whether two requests are the same one."""

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


def key_of(request: Request) -> str | None:
    """The key that was sent, if any; raises ValidationFailed."""
    key: str | None = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        reason = "Envie de 1 a 255 caracteres ASCII visíveis, como os de um UUID"
        raise ValidationFailed(details=[{"field": HEADER, "reason": reason}])
    return key


def hash_of_key(key: str) -> bytes:
    return _keyed("key", key)


def hash_of_request(request: Request, data: object) -> bytes:
    """Of its method, address and parsed data: a form's bytes differ each time it is sent."""
    told = [request.method, request.get_full_path().rstrip("/"), _comparable(data)]
    return _keyed("request", json.dumps(told, sort_keys=True))


def _comparable(data: object) -> Any:
    if not isinstance(data, MultiValueDict):
        return data
    return {name: [_part(value) for value in values] for name, values in data.lists()}


def _part(value: object) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    content = hashlib.sha256()
    for chunk in value.chunks():
        content.update(chunk)
    value.seek(0)
    return [value.name, content.hexdigest()]


def _keyed(kind: str, value: str) -> bytes:
    # By the secret key: an API key in a body can't be guessed at by its hash.
    return salted_hmac(f"flowzz.core.api.idempotency.{kind}", value, algorithm="sha256").digest()
