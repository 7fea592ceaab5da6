"""Middleware that refuses URLs with a value that no column can hold."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse


def null_character_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 400 to pages whose query has a null character, which PostgreSQL refuses in texts.

    The API's parameters have errors of their own.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/admin/") and "%00" in request.META["QUERY_STRING"]:
            raise BadRequest
        return get_response(request)

    return middleware
