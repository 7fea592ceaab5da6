"""Authentication of API calls by a key, and what a key may do."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import InvalidToken

from flowzz.accounts.api_keys import keys
from flowzz.accounts.models import ApiKey, KeyScope, User
from flowzz.core.api.errors import Forbidden


class KeyMayOnlyRead(Forbidden):
    code = "KEY_MAY_ONLY_READ"
    message = "Esta chave de API só lê. Crie uma que possa tudo, ou entre com e-mail e senha."


class LoginRequired(Forbidden):
    code = "LOGIN_REQUIRED"
    message = "Esta chamada pede o login de uma pessoa, com e-mail e senha, não uma chave de API."


class ApiKeyAuthentication(BaseAuthentication):
    """Accepts `Authorization: Bearer fz_…`; leaves other tokens to the next class."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """Raises InvalidToken."""
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.startswith(keys.PREFIX):
            return None
        key = keys.find(secret.strip())
        if key is None:
            raise InvalidToken
        keys.note_use(key)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def may_only_read(request: Request) -> bool:
    """Return whether the request has a key with the scope `read`."""
    return isinstance(request.auth, ApiKey) and request.auth.scope == KeyScope.READ


class WithinScope(BasePermission):
    """Lets a key with the scope `read` only read."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Raises KeyMayOnlyRead."""
        if may_only_read(request) and request.method not in SAFE_METHODS:
            raise KeyMayOnlyRead
        return True


class IsLogin(BasePermission):
    """Refuses keys, whatever their scope: who has one must not make others or change passwords."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Raises LoginRequired."""
        if isinstance(request.auth, ApiKey):
            raise LoginRequired
        return True
