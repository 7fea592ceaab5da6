"""The URLs of the project."""

from django.contrib import admin
from django.http import Http404
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from flowzz import health
from flowzz.accounts import password_pages
from flowzz.core.api.error_handlers import not_found, page_not_found
from flowzz.core.api.event_stream.views import EventsView
from flowzz.core.api.schema.guide import guide_page
from flowzz.core.api.schema.views import DocsView, SchemaView
from flowzz.prometheus import metrics

# Every URL works with a trailing slash, too.
api: list[URLPattern | URLResolver] = [
    path("v1/", include("flowzz.accounts.api.urls")),
    re_path(r"^v1/events/?$", EventsView.as_view()),
    path("v1/", include("integrations.api.urls")),
    path("v1/", include("sales.api.urls")),
    re_path(r"^schema/?$", SchemaView.as_view(), name="schema"),
    re_path(r"^docs/?$", DocsView.as_view(url_name="schema")),
    re_path(r"^docs/guide/?$", guide_page),
    re_path(r"", not_found),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/senha/", include("flowzz.accounts.password_pages")),
    path("admin/password_change/", password_pages.change_own, name="password_change"),
    path("admin/sessoes/", include("flowzz.accounts.staff_sessions.pages")),
    path("admin/visoes/", include("flowzz.backoffice.lists.saved_views")),
    path("admin/verificacao/", include("flowzz.accounts.second_factor_pages")),
    # No page of ours completes texts, and Django's view would send whole names.
    path("admin/autocomplete/", page_not_found, {"exception": Http404()}),
    path("admin/", include("integrations.admin.urls")),
    path("admin/", admin.site.urls),
    path("api/", include(api)),
    path("webhooks/", include("integrations.webhooks.views")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("health/workers", health.workers),
    path("metrics", metrics),
    path("favicon.ico", RedirectView.as_view(url=static("backoffice/icon.svg"))),
]

handler400 = "flowzz.core.api.error_handlers.bad_request"
handler404 = "flowzz.core.api.error_handlers.page_not_found"
handler500 = "flowzz.core.api.error_handlers.server_error"
