"""Pages of the back-office without a model, rendered in the frame of the admin."""

from collections.abc import Callable

from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

from flowzz.backoffice.pages import configuration
from flowzz.backoffice.pages import help as help_page
from integrations.admin import quarantine, status_mappings
from integrations.admin.missing_order.views import missing_order
from integrations.admin.overview.views import overview_view
from integrations.admin.search import views as search

app_name = "backoffice"

_VIEWS: dict[str, tuple[Callable[..., HttpResponse], str]] = {
    "busca": (search.search_view, "search"),
    "search/": (search.command_view, "command_search"),
    "painel": (overview_view, "overview"),
    "quarentena": (quarantine.causes_view, "quarantine"),
    "quarentena/grupo": (quarantine.group_view, "quarantine_group"),
    "quarentena/previa": (quarantine.preview_view, "quarantine_preview"),
    "palavras": (status_mappings.word_view, "status_word"),
    "palavras/<uuid:mapping_id>": (status_mappings.mapping_view, "status_mapping"),
    "pedido": (missing_order, "missing_order"),
    "ajuda": (help_page.help_view, "help"),
    "configuracoes": (configuration.edit_settings, "configuration"),
}

urlpatterns = [
    path(route, admin.site.admin_view(view), name=name) for route, (view, name) in _VIEWS.items()
]
