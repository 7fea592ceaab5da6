"""The decorator that makes an API handler idempotent."""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from operator import attrgetter
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.datastructures import MultiValueDict
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from flowzz.core.api.errors import RateLimited, ServerError, ValidationFailed
from flowzz.core.api.idempotency import calls
from flowzz.core.api.views import current_user_id

HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotent-Replayed"
_KEY = re.compile(r"[ -~]{1,255}")

Handler = Callable[..., HttpResponse]


def idempotent(
    read: Callable[[Request], object] = attrgetter("data"),
) -> Callable[[Handler], Handler]:
    """Execute a user's call once per `Idempotency-Key`; `read` returns the data of the request.

    Responses with a temporary error (5xx, 429) are not stored: the same key tries again.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def execute_once(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
            key = idempotency_key(request)
            if key is None:
                return handler(view, request, *args, **kwargs)
            claimed = calls.claim(
                user_id=current_user_id(request),
                key_hash=hash_key(key),
                request_hash=hash_request(request, read(request)),
            )
            if isinstance(claimed, calls.StoredResponse):
                return _replay(claimed)
            try:
                response = handler(view, request, *args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the view turns any error into a response
                response = view.handle_exception(error)
            _finish(claimed, response)
            return response

        vars(execute_once).update(is_idempotent=True, read=read)  # for `schema.operation`
        return execute_once

    return decorate


def _replay(stored: calls.StoredResponse) -> HttpResponse:
    return HttpResponse(
        stored.content,
        status=stored.status,
        content_type="application/json",
        headers={REPLAYED_HEADER: "true"},
    )


def _finish(claim: calls.Claim, response: HttpResponse) -> None:
    status = response.status_code
    if status == RateLimited.status_code or status >= ServerError.status_code:
        calls.release(claim)
    else:
        calls.store_response(claim, calls.StoredResponse(status, _content(response)))


def _content(response: HttpResponse) -> bytes:
    """Return the body to be sent. DRF renders a success later; an error is already rendered."""
    if isinstance(response, Response):
        return JSONRenderer().render(response.data)
    return response.content


def idempotency_key(request: Request) -> str | None:
    """Return the key in the header, if any. Raises ValidationFailed."""
    key: str | None = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        reason = "Envie de 1 a 255 caracteres ASCII visíveis, como os de um UUID"
        raise ValidationFailed.of(HEADER, reason)
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
