"""Doing what `deeds` lists: permission, reason, the deed and its line in the trail."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from flowzz.backoffice import audit_log
from flowzz.backoffice.pages import frame, page_of
from integrations.admin.integrations.actions import DEEDS, IntegrationAction
from integrations.models import Integration
from integrations.providers.errors import IntegrationError


@never_cache
@sensitive_post_parameters("secret")
def perform(request: HttpRequest, object_id: uuid.UUID, name: str) -> HttpResponse:
    """One deed to one integration; where it asks first, GET shows what it asks."""
    deed = _deed(request, name)
    integration = get_object_or_404(Integration.objects.select_related("user"), id=object_id)
    if not deed.is_offered(integration):
        messages.warning(request, f"“{deed.label}” não se aplica à integração como ela está agora.")
        return redirect(page_of(integration))
    form = deed.form(request.POST or None)
    if deed.asks and not form.is_valid():
        return _ask(request, integration, deed, form)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return _carry_out(request, integration, deed, form.cleaned_data if deed.asks else {})


def _deed(request: HttpRequest, name: str) -> IntegrationAction:
    """Raises Http404 and PermissionDenied."""
    deed = DEEDS.get(name)
    if deed is None:
        raise Http404
    if not request.user.has_perms([f"accounts.{deed.permission}", "integrations.view_integration"]):
        raise PermissionDenied
    return deed


def _ask(
    request: HttpRequest, integration: Integration, deed: IntegrationAction, form: Any
) -> HttpResponse:
    context = {
        **frame(request, deed.label, integration, back=page_of(integration)),
        "consequences": deed.consequences,
        "form": form,
        "is_harmful": deed.is_harmful,
    }
    return render(request, "integrations/integration/confirm.html", context)


def _carry_out(
    request: HttpRequest,
    integration: Integration,
    deed: IntegrationAction,
    answers: Mapping[str, Any],
) -> HttpResponse:
    try:
        with transaction.atomic():
            shown_once = deed.act(integration, answers)
            audit_log.record(request, deed.done, integration, reason=answers.get("reason", ""))
    except IntegrationError as error:
        messages.error(request, error.message)
        return redirect(page_of(integration))
    if shown_once:
        context = {
            **frame(request, deed.done, integration, back=page_of(integration)),
            "secret": shown_once,
            "deed": deed,
        }
        return render(request, "integrations/integration/secret.html", context)
    messages.success(request, f"{deed.done}.")
    return redirect(page_of(integration))
