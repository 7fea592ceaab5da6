"""Pages of the back-office that belong to no model; they stand in the admin's own frame."""

from django.contrib import admin
from django.urls import path

from integrations.admin.overview.views import fragment
from integrations.admin.search.views import search

app_name = "backoffice"

urlpatterns = [
    path("busca", admin.site.admin_view(search), name="search"),
    path("painel", admin.site.admin_view(fragment), name="overview"),
]
