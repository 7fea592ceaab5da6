"""All of the API, in its first version, and its own description."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularSwaggerSplitView

from flowzz.accounts.api import LogoutView, RefreshView, TokenView
from flowzz.api import not_found
from flowzz.api_description import SchemaView
from flowzz.feed_api import EventsView

# Every address works with a trailing slash, too.
urlpatterns = [
    re_path(r"^v1/auth/token/?$", TokenView.as_view()),
    re_path(r"^v1/auth/token/refresh/?$", RefreshView.as_view()),
    re_path(r"^v1/auth/logout/?$", LogoutView.as_view()),
    re_path(r"^v1/events/?$", EventsView.as_view()),
    path("v1/", include("integrations.api.urls")),
    path("v1/", include("sales.api.urls")),
    re_path(r"^schema/?$", SchemaView.as_view(), name="schema"),
    re_path(r"^docs/?$", SpectacularSwaggerSplitView.as_view(url_name="schema")),
    re_path(r"", not_found),
]
