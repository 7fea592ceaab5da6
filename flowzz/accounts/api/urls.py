"""URLs of accounts in the API; each works with a trailing slash, too."""

from django.urls import include, path, re_path

from flowzz.accounts.api.browser_sessions import SessionLogoutView, SessionRefreshView, SessionView
from flowzz.accounts.api.keys import KeyViewSet, UserView
from flowzz.accounts.api.logins import LogoutView, RefreshView, TokenView
from flowzz.accounts.api.passwords import PasswordResetView, PasswordView
from flowzz.core.api.views import Router

router = Router()
router.register("keys", KeyViewSet, basename="key")

auth = [
    re_path(r"^token/?$", TokenView.as_view()),
    re_path(r"^token/refresh/?$", RefreshView.as_view()),
    re_path(r"^logout/?$", LogoutView.as_view()),
    re_path(r"^session/?$", SessionView.as_view()),
    re_path(r"^session/refresh/?$", SessionRefreshView.as_view()),
    re_path(r"^session/logout/?$", SessionLogoutView.as_view()),
    re_path(r"^password/?$", PasswordView.as_view()),
    re_path(r"^password/reset/?$", PasswordResetView.as_view()),
]
urlpatterns = [path("auth/", include(auth)), re_path(r"^me/?$", UserView.as_view()), *router.urls]
