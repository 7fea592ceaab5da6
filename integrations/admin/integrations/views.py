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
from integrations import modes
from integrations.admin.integrations.actions import ACTIONS, IntegrationAction
from integrations.models import Integration
from integrations.monitoring.diagnosis import run_checks
from integrations.monitoring.diagnosis.collect import collect
from integrations.monitoring.diagnosis.facts import Severity
from integrations.providers.errors import IntegrationError


@never_cache
@sensitive_post_parameters("secret")
def action_view(request: HttpRequest, object_id: uuid.UUID, name: str) -> HttpResponse:
    """Run an action on an integration; GET shows the confirmation of an action that needs one."""
    action = _permitted_action(request, name)
    integration = get_object_or_404(Integration.objects.select_related("user"), id=object_id)
    if not action.is_available(integration):
        messages.warning(
            request, f"“{action.label}” não se aplica à integração como ela está agora."
        )
        return redirect(change_url(integration))
    form = action.form(request.POST or None)
    if action.needs_confirmation and not form.is_valid():
        return render_confirmation(
            request,
            form,
            about=integration,
            title=action.label,
            button=action.label,
            back=change_url(integration),
            consequences=action.consequences,
            is_destructive=action.is_destructive,
        )
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    answers = form.cleaned_data if action.needs_confirmation else {}
    return _run_action(request, integration, action, answers)


def _permitted_action(request: HttpRequest, name: str) -> IntegrationAction:
    """Raises Http404 and PermissionDenied."""
    action = ACTIONS.get(name)
    if action is None:
        raise Http404
    needed = [f"accounts.{action.permission}", "integrations.view_integration"]
    if not request.user.has_perms(needed):
        raise PermissionDenied
    return action


def _run_action(
    request: HttpRequest,
    integration: Integration,
    action: IntegrationAction,
    answers: Mapping[str, Any],
) -> HttpResponse:
    try:
        with transaction.atomic():
            secret = action.run(integration, answers)
            reason = answers.get("reason", "")
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


@require_safe
def diagnosis_view(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    integration = _integration(request, object_id)
    integration_url = change_url(integration)
    context = {
        **page_context(request, "Diagnóstico", integration, back=integration_url),
        "integration": integration,
        "integration_url": integration_url,
        "uses_api": modes.uses_api(integration),
    }
    return render(request, "integrations/integration/diagnosis.html", context)


@require_POST
def findings_view(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Run all checks; a provider that hangs delays the answer by a few seconds at most."""
    integration = _integration(request, object_id)
    facts = collect(integration)
    findings = run_checks(facts)
    severities = [finding.severity for _, _, finding in findings]
    worst = next(
        (level for level in (Severity.RED, Severity.YELLOW) if level in severities), Severity.GREEN
    )
    audit_log.record(
        request,
        "Fez o diagnóstico da integração",
        integration,
        details={name: finding.severity.value for name, _, finding in findings},
    )
    context = {"findings": findings, "now": facts.now, "worst": worst, "integration": integration}
    return render(request, "integrations/integration/findings.html", context)


def _integration(request: HttpRequest, object_id: uuid.UUID) -> Integration:
    """Raises PermissionDenied and Http404."""
    if not request.user.has_perm("integrations.view_integration"):
        raise PermissionDenied
    return get_object_or_404(Integration.objects.select_related("user"), id=object_id)
