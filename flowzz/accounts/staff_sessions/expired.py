"""Middleware that says that a session of the back-office has expired."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

EXPIRED = "Sua sessão expirou. Entre de novo para continuar de onde parou."
STOP_POLLING = 286
"""htmx shows the response and does not ask again."""


def expired_session_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer a part of a page with a note: htmx would put the login form into the page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        login = f"{reverse('admin:login')}?{REDIRECT_FIELD_NAME}="
        if not response.headers.get("Location", "").startswith(login):
            return response
        if "HX-Request" in request.headers:
            return _note(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            messages.info(request, EXPIRED)
        return response

    return middleware


def _note(request: HttpRequest) -> HttpResponse:
    """Return a link to the login that leads back to the page, for the page's top."""
    page = urlsplit(request.headers.get("HX-Current-URL", ""))._replace(scheme="", netloc="")
    query = urlencode({REDIRECT_FIELD_NAME: page.geturl() or reverse("admin:index")})
    context = {"login": f"{reverse('admin:login')}?{query}"}
    response = render(request, "accounts/expired.html", context, status=STOP_POLLING)
    response.headers["HX-Retarget"] = "#page-note"
    response.headers["HX-Reswap"] = "innerHTML"
    response.headers["HX-Reselect"] = "#session-expired"
    return response
