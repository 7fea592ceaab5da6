"""The page of the search, and its answers while a person types (`/`, Ctrl+K)."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from flowzz.backoffice import masking
from integrations.admin.search.results import is_too_short, search


@require_safe
def search_view(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    context = {
        **admin.site.each_context(request),
        "title": "Busca",
        "search_text": text,
        "is_too_short": bool(text) and is_too_short(text),
        "groups": search(request, text),
        "is_masked": not masking.can_see_personal_data(request),
    }
    return render(request, "integrations/search/page.html", context)


@require_safe
def command_view(request: HttpRequest) -> HttpResponse:
    """Answer django-unfold's command search, which has one of its own otherwise."""
    text = request.GET.get("s", "").strip()
    groups = search(request, text, is_typing=True)
    context = {
        "text": text,
        "is_too_short": is_too_short(text),
        "results": [(group, result) for group in groups for result in group.results],
        "is_masked": not masking.can_see_personal_data(request),
    }
    return render(request, "integrations/search/command.html", context)
