"""Security headers: what browsers must not do with our pages."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

_NOTHING = dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'")
_PAGES = _NOTHING | {
    "script-src": "'self'",
    # The admin's theme and Swagger's page contain inline styles, which can't execute anything.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
}
# django-unfold uses Alpine.js, which compiles functions from attribute values.
_ADMIN = _PAGES | {"script-src": "'self' 'unsafe-eval'", "form-action": "'self'"}


def _policy(directives: dict[str, str]) -> str:
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


# Error pages: their stylesheet, fonts and icon.
_ERRORS = _NOTHING | dict.fromkeys(("style-src", "font-src", "img-src"), "'self'")
# The first matching prefix of the path applies.
POLICIES = {
    "/admin/": _policy(_ADMIN),
    "/api/docs": _policy(_PAGES),
    "/api/": _policy(_NOTHING),
    "/": _policy(_ERRORS),
}
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
)


class SecurityHeadersMiddleware:
    """Adds Content-Security-Policy and Permissions-Policy to every response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = next(text for path, text in POLICIES.items() if request.path.startswith(path))
        response.setdefault("Content-Security-Policy", policy)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        return response


def headers_of_middleware() -> list[tuple[str, str]]:
    """Return the headers that middleware adds to every response over https, without an id."""
    environ = {"REQUEST_METHOD": "POST", "wsgi.input": BytesIO(), "wsgi.url_scheme": "https"}
    request = WSGIRequest(environ | {"HTTP_X_FORWARDED_PROTO": "https"})
    frames = XFrameOptionsMiddleware(lambda _: HttpResponse())
    security: Any = SecurityMiddleware(frames)
    response = SecurityHeadersMiddleware(security)(request)
    return [(name, value) for name, value in response.items() if name != "Content-Type"]
