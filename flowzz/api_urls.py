"""All of the API, in its first version, and its own description."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularSwaggerSplitView

from flowzz.accounts.api import LogoutView, RefreshView, TokenView
from flowzz.core.api.errors import not_found
from flowzz.core.api.event_stream.views import EventsView
from flowzz.core.api.schema.views import SchemaView

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
