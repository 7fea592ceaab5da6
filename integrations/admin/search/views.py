"""The page of the one search field."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from flowzz.backoffice import masking
from integrations.admin.search.results import find, is_short


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()

    def may(model: str) -> bool:
        app, name = model.split(".")
        user = request.user
        return user.has_perm(f"{app}.view_{name}") or user.has_perm(f"{app}.change_{name}")

    context = {
        **admin.site.each_context(request),
        "title": "Busca",
        "text": text,
        "is_short": bool(text) and is_short(text),
        "groups": find(text, may, sees_personal_data=masking.can_see_personal_data(request)),
    }
    return render(request, "integrations/search.html", context)
