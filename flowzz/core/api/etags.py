"""What clients may store of responses, and ETags: what a client has already is not sent again."""

import hashlib
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control
from rest_framework.request import Request
from rest_framework.response import Response

from flowzz.core.api.error_handlers import API_PATH
from flowzz.core.api.incremental import BY_CHANGE, requested_ordering
from flowzz.core.api.views import current_user_id

never_stored = cache_control(no_store=True)
"""Decorates views of secrets and of single people: not even the user's browser keeps them."""
_VERSION = "SELECT version FROM core_dataversion WHERE user_id = %s"
FORMAT_VERSION = "1"
"""To be changed when the same data is rendered differently."""


def current_version(user_id: uuid.UUID) -> int:
    """Return the version of a user's data, counted by database triggers (migration core 0002).

    Read it before the data, so that it is never newer. Written out as SQL: most calls read it, and
    the ORM takes four times as long.
    """
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, [user_id])
        row = cursor.fetchone()
    return row[0] if row else 0


def make_etag(user_id: uuid.UUID, *parts: object) -> str:
    """Return a user's ETag for a response: without the user, equal data versions would be equal.

    The ETag is weak, because another compression is the same response.
    """
    text = "\n".join(map(str, (FORMAT_VERSION, user_id, *parts)))
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def is_current(request: Request, etag: str) -> bool:
    """Return whether the client's If-None-Match contains the ETag."""
    header = request.headers.get("If-None-Match", "")
    known = {value.strip().removeprefix("W/") for value in header.split(",")}
    return etag.removeprefix("W/") in known


def with_etag(response: Response, etag: str) -> Response:
    response["ETag"] = etag
    return response


class CacheHeadersMiddleware:
    """Has a response of the API stored for its own user only, and asked for again each time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(API_PATH):
            response.setdefault("Cache-Control", "private, no-cache")
            patch_vary_headers(response, ["Authorization"])
        return response


def unless_current(request: Request, respond: Callable[[], Response]) -> Response:
    """Respond with 304, without a query of the data, unless the user's data has changed."""
    user_id = current_user_id(request)
    version = current_version(user_id)
    # The date is part of the ETag, because what is overdue changes with the day.
    etag = make_etag(user_id, version, timezone.localdate(), request.get_full_path())
    if is_current(request, etag):
        return with_etag(Response(status=304), etag)
    return with_etag(respond(), etag)


class ConditionalListMixin:
    """Lists with an ETag, unless they are in the order of their changes.

    There a row may appear after its data version.
    """

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = partial(super().list, request, *args, **kwargs)  # type: ignore[misc]  # a mixin
        is_by_change = requested_ordering(request, "") == BY_CHANGE
        return rows() if is_by_change else unless_current(request, rows)
