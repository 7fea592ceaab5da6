"""Who may send a large file, decided before the web server receives it."""

from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.wsgi import WSGIRequest
from rest_framework.exceptions import AuthenticationFailed

from flowzz.accounts.api_keys.authentication import ApiKeyAuthentication
from flowzz.accounts.authentication import JWTAuthentication

_API_PATH, _ADMIN_PATH = "/api/v1/sales/import", "/admin/integrations/salesimport/"
UPLOAD_PATHS = (_API_PATH, _ADMIN_PATH)


def may_be_large(environ: dict[str, Any]) -> bool:
    """Return False for a file of somebody who is not logged in. The view refuses the request."""
    path = environ["PATH_INFO"]
    if not path.startswith(UPLOAD_PATHS):
        return True
    request: Any = WSGIRequest(environ | {"wsgi.input": BytesIO()})
    if path.startswith(_API_PATH):
        ways = (ApiKeyAuthentication(), JWTAuthentication())
        try:
            return any(way.authenticate(request) for way in ways)
        except AuthenticationFailed:
            return False
    sessions = import_module(settings.SESSION_ENGINE)
    request.session = sessions.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    return bool(get_user(request).is_authenticated)
