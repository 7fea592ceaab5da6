"""The URLs of webhooks. Sellers paste them with slashes, spaces and paths of their own behind."""

from django.urls import re_path

from integrations.webhooks.views import receive

# Not a path converter: its dot does not match an encoded line break.
urlpatterns = [re_path(r"^(?P<provider>[-\w]+)(?:/(?P<rest>[\s\S]*))?\Z", receive)]
