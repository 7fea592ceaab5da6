"""The pages of one integration: its actions with their confirmation, and its diagnosis."""

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
from django.views.decorators.http import require_POST, require_safe

from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import render_confirmation
from flowzz.backoffice.display import change_url, page_context
from flowzz.backoffice.extensions import page_view
from integrations import modes
from integrations.admin.integrations.actions import ACTIONS, IntegrationAction
from integrations.admin.integrations.admin import IntegrationAdmin
from integrations.models import Integration
from integrations.monitoring.diagnosis import run_checks
from integrations.monitoring.diagnosis.check_types import Severity
from integrations.monitoring.diagnosis.collect import collect
from integrations.providers.errors import IntegrationError

VIEW = "integrations.view_integration"
STATE = "state"
CHANGED_MEANWHILE = (
    "Nada foi feito de novo: isto já mudou desde que a página foi aberta, talvez por um segundo "
    "clique. Confira a integração antes de repetir."
)


@page_view(IntegrationAdmin, "<uuid:object_id>/acao/<slug:name>/", permission=VIEW)
@never_cache
@sensitive_post_parameters("secret")
def action(request: HttpRequest, object_id: uuid.UUID, name: str) -> HttpResponse:
    """Run an action on an integration; GET shows the confirmation of an action that needs one."""
    chosen = ACTIONS.get(name)
    if chosen is None:
        raise Http404
    if not request.user.has_perm(f"accounts.{chosen.permission}"):
        raise PermissionDenied
    integration = _integration(object_id)
    if not chosen.is_available(integration):
        messages.warning(
            request, f"“{chosen.label}” não se aplica à integração como ela está agora."
        )
        return redirect(change_url(integration))
    state = chosen.state(integration)
    if request.method == "POST" and request.POST.get(STATE, state) != state:
        messages.warning(request, CHANGED_MEANWHILE)
        return redirect(change_url(integration))
    form = chosen.form(request.POST or None)
    if chosen.needs_confirmation and not form.is_valid():
        return render_confirmation(
            request,
            form,
            about=integration,
            title=chosen.label,
            button=chosen.label,
            back=change_url(integration),
            consequences=chosen.consequences,
            is_destructive=chosen.is_destructive,
            hidden_fields=[(STATE, state)] if state else (),
        )
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    values = form.cleaned_data if chosen.needs_confirmation else {}
    return _run(request, integration, chosen, values)


def _run(
    request: HttpRequest,
    integration: Integration,
    action: IntegrationAction,
    values: Mapping[str, Any],
) -> HttpResponse:
    try:
        with transaction.atomic():
            secret = action.run(integration, values)
            reason = values.get("reason", "")
            audit_log.record(request, action.log_text, integration, reason=reason)
    except IntegrationError as error:
        messages.error(request, error.message)
        return redirect(change_url(integration))
    if secret:
        context = {
            **page_context(request, action.log_text, integration, back=change_url(integration)),
            "secret": secret,
            "action": action,
        }
        return render(request, "integrations/integration/secret.html", context)
    messages.success(request, f"{action.log_text}.")
    return redirect(change_url(integration))


@page_view(IntegrationAdmin, "<uuid:object_id>/diagnostico/", permission=VIEW)
@require_safe
def diagnosis(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    integration = _integration(object_id)
    integration_url = change_url(integration)
    context = {
        **page_context(request, "Diagnóstico", integration, back=integration_url),
        "integration": integration,
        "integration_url": integration_url,
        "uses_api": modes.uses_api(integration),
    }
    return render(request, "integrations/integration/diagnosis.html", context)


@page_view(IntegrationAdmin, "<uuid:object_id>/diagnostico/resultado/", permission=VIEW)
@require_POST
def diagnosis_results(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Run all checks; a provider that hangs delays the answer by a few seconds at most."""
    integration = _integration(object_id)
    inputs = collect(integration)
    results = run_checks(inputs)
    severities = [result.severity for _, _, result in results]
    worst = next(
        (level for level in (Severity.RED, Severity.YELLOW) if level in severities), Severity.GREEN
    )
    audit_log.record(
        request,
        "Fez o diagnóstico da integração",
        integration,
        details={title: result.severity.label for _, title, result in results},
    )
    context = {"results": results, "now": inputs.now, "worst": worst}
    return render(request, "integrations/integration/diagnosis_results.html", context)


def _integration(object_id: uuid.UUID) -> Integration:
    """Raises Http404."""
    return get_object_or_404(Integration.objects.select_related("user"), id=object_id)
