"""The decorator that makes an API handler idempotent."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from flowzz.core.api.current_user import current_user_id
from flowzz.core.api.errors import RateLimited, ServerError
from flowzz.core.api.idempotency import calls
from flowzz.core.api.idempotency.request_keys import hash_key, hash_request, idempotency_key

REPLAYED_HEADER: Final = "Idempotent-Replayed"

JSON: Final = "application/json"

Handler = Callable[..., HttpResponse]


def request_data(request: Request) -> object:
    return request.data


def idempotent(read: Callable[[Request], object] = request_data) -> Callable[[Handler], Handler]:
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

        execute_once.is_idempotent = True  # type: ignore[attr-defined]  # for `schema.operation`
        return execute_once

    return decorate


def _replay(stored: calls.StoredResponse) -> HttpResponse:
    return HttpResponse(
        stored.content, status=stored.status, content_type=JSON, headers={REPLAYED_HEADER: "true"}
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
