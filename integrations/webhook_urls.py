"""The public addresses of webhooks; the kind in a path is accepted and not looked at."""

from django.urls import path

from integrations.webhooks import receive

urlpatterns = [
    path("<slug:provider>", receive),
    path("<slug:provider>/subscription", receive),
    path("<slug:provider>/affiliation", receive),
    path("<slug:provider>/<str:token>", receive),
    path("<slug:provider>/<str:token>/subscription", receive),
    path("<slug:provider>/<str:token>/affiliation", receive),
]
