"""The URLs of webhooks. The kind at the end of a path is accepted and ignored."""

from django.urls import path

from integrations.webhooks.views import receive

_ROUTES = (
    "<slug:provider>",
    "<slug:provider>/subscription",
    "<slug:provider>/affiliation",
    "<slug:provider>/<str:token>",
    "<slug:provider>/<str:token>/subscription",
    "<slug:provider>/<str:token>/affiliation",
)

# With a trailing slash too: sellers paste the URL into a provider's form with and without one.
urlpatterns = [path(route + end, receive) for route in _ROUTES for end in ("", "/")]
