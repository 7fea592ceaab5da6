"""Filtered lists that a staff member has named, to open them again with one click."""

from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.decorators.http import require_POST

from flowzz.accounts.models import SavedView, request_user
from flowzz.backoffice.display import list_url
from flowzz.backoffice.lists.active_filters import filters_only

MAX_VIEWS = 20
"""Per person and list."""


def saved_views(request: HttpRequest, model: type[Any]) -> list[SavedView]:
    """Return the person's views of a list; the open one has `is_open`. One statement."""
    views = list(request_user(request).saved_views.filter(page=model._meta.label_lower))
    current = filters_only(request.GET).urlencode()
    for view in views:
        view.is_open = view.query == current
    return views


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save the filters of a list under a name; the same name replaces the view."""
    model = _model(request)
    name = request.POST.get("name", "").replace("\0", "").strip()[: SavedView.MAX_NAME]
    query = filters_only(QueryDict(request.POST.get("query", ""))).urlencode()
    own = request_user(request).saved_views.filter(page=model._meta.label_lower)
    if not name or not query or len(query) > SavedView.MAX_QUERY:
        messages.error(request, "Aplique um filtro e dê um nome à visão.")
    elif own.exclude(name=name).count() >= MAX_VIEWS:
        messages.error(request, f"Você já tem {MAX_VIEWS} visões desta lista. Exclua uma antes.")
    else:
        own.update_or_create(
            name=name,
            defaults={"query": query},
            create_defaults={
                "owner": request_user(request),
                "page": model._meta.label_lower,
                "query": query,
            },
        )
        messages.success(request, f"Visão “{name}” salva.")
    return redirect(f"{list_url(model)}?{query}")


@require_POST
def delete(request: HttpRequest, view_id: int) -> HttpResponse:
    view = get_object_or_404(request_user(request).saved_views, id=view_id)
    view.delete()
    messages.success(request, f"Visão “{view.name}” excluída.")
    return redirect(list_url(apps.get_model(view.page)))


def _model(request: HttpRequest) -> type[Any]:
    """Return the model of the posted list, which the person may view; raises Http404."""
    try:
        model = apps.get_model(request.POST.get("page", ""))
    except (LookupError, ValueError):
        raise Http404 from None
    if not admin.site.is_registered(model):
        raise Http404
    if not admin.site.get_model_admin(model).has_view_permission(request):
        raise PermissionDenied
    return model


app_name = "saved_views"
urlpatterns = [
    path("salvar", admin.site.admin_view(save), name="save"),
    path("<int:view_id>/excluir", admin.site.admin_view(delete), name="delete"),
]
