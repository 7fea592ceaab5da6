"""Pages of the back-office that belong to no model; they stand in the admin's own frame."""

from django.contrib import admin
from django.urls import path

from flowzz.backoffice import configuration
from integrations.admin import bulk_actions, status_mappings
from integrations.admin.overview.views import fragment
from integrations.admin.quarantine import views as quarantine
from integrations.admin.search.views import search

app_name = "backoffice"

urlpatterns = [
    path("busca", admin.site.admin_view(search), name="search"),
    path("painel", admin.site.admin_view(fragment), name="overview"),
    path("quarentena", admin.site.admin_view(quarantine.causes), name="quarantine"),
    path("quarentena/grupo", admin.site.admin_view(quarantine.group), name="quarantine_group"),
    path(
        "quarentena/previa",
        admin.site.admin_view(quarantine.preview),
        name="quarantine_preview",
    ),
    path("palavras/<uuid:word_id>", admin.site.admin_view(status_mappings.decide), name="word"),
    path("configuracoes", admin.site.admin_view(configuration.edit_settings), name="configuration"),
    path("acoes/<uuid:action_id>", admin.site.admin_view(bulk_actions.show), name="bulk"),
    path(
        "acoes/<uuid:action_id>/andamento",
        admin.site.admin_view(bulk_actions.progress),
        name="bulk_progress",
    ),
]
