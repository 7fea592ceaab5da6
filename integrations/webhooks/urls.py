"""The public addresses of webhooks; the kind in a path is accepted and not looked at."""

from django.urls import path

from integrations.webhooks.views import receive

_ADDRESSES = (
    "<slug:provider>",
    "<slug:provider>/subscription",
    "<slug:provider>/affiliation",
    "<slug:provider>/<str:token>",
    "<slug:provider>/<str:token>/subscription",
    "<slug:provider>/<str:token>/affiliation",
)

# With a slash at the end, too: pasted into a platform's form, it must not cost the orders.
urlpatterns = [path(address + end, receive) for address in _ADDRESSES for end in ("", "/")]
