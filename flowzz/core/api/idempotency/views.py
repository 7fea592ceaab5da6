"""Makes a handler of the API answer a repeated request as it did the first."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from flowzz.accounts.tokens import user_of
from flowzz.core.api.errors import RateLimited, ServerError
from flowzz.core.api.idempotency import store
from flowzz.core.api.idempotency.request_keys import hash_of_key, hash_of_request, key_of

REPLAYED: Final = "Idempotent-Replayed"

JSON: Final = "application/json"

Handler = Callable[..., HttpResponse]


def data_of(request: Request) -> object:
    return request.data


def idempotent(read: Callable[[Request], object] = data_of) -> Callable[[Handler], Handler]:
    """With an `Idempotency-Key`, carry a user's request out once; `read` gives what it holds.

    What may pass, a 5xx or a 429, is not kept: the same key tries again.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
            key = key_of(request)
            if key is None:
                return handler(view, request, *args, **kwargs)
            found = store.claim(
                user_id=user_of(request).id,
                key_hash=hash_of_key(key),
                request_hash=hash_of_request(request, read(request)),
            )
            if isinstance(found, store.Answer):
                return _replay(found)
            try:
                response = handler(view, request, *args, **kwargs)
            except Exception as fault:  # noqa: BLE001 - told by the view, as it would be anyway
                response = view.handle_exception(fault)
            _settle(found, response)
            return response

        once.is_idempotent = True  # type: ignore[attr-defined]  # read by api_schema.operation
        return once

    return decorate


def _replay(answer: store.Answer) -> HttpResponse:
    headers = {REPLAYED: "true"}
    return HttpResponse(answer.content, status=answer.status, content_type=JSON, headers=headers)


def _settle(claim: store.Claim, response: HttpResponse) -> None:
    status = response.status_code
    if status == RateLimited.status_code or status >= ServerError.status_code:
        store.release(claim)
    else:
        store.keep(claim, store.Answer(status, _content(response)))


def _content(response: HttpResponse) -> bytes:
    """The body that will be sent: a success is rendered later, an error is already."""
    if isinstance(response, Response):
        return JSONRenderer().render(response.data)
    return response.content
