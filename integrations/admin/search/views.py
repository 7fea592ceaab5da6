"""The page of the search field."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from flowzz.backoffice import masking
from integrations.admin.search.results import is_too_short, search


@require_safe
def search_view(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()

    def can_view(model: type[Model]) -> bool:
        return admin.site.get_model_admin(model).has_view_permission(request)

    context = {
        **admin.site.each_context(request),
        "title": "Busca",
        "search_text": text,
        "is_too_short": bool(text) and is_too_short(text),
        "groups": search(
            text, can_view, can_see_personal_data=masking.can_see_personal_data(request)
        ),
    }
    return render(request, "integrations/search.html", context)
