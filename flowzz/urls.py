"""The addresses of the project."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from flowzz import health
from flowzz.prometheus import metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/verificacao/", include("flowzz.accounts.second_factor_pages")),
    path("admin/", include("integrations.admin.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("flowzz.api_urls")),
    path("webhooks/", include("integrations.webhooks.urls")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("health/workers", health.workers),
    path("metrics", metrics),
    path("favicon.ico", RedirectView.as_view(url=static("backoffice/icon.svg"))),
]

handler400 = "flowzz.core.api.errors.bad_request"
handler404 = "flowzz.core.api.errors.page_not_found"
handler500 = "flowzz.core.api.errors.server_error"
