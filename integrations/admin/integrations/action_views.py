"""Confirm an action on an integration, run it and record it in the audit log."""

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
from flowzz.backoffice.confirm_with_reason import render_confirmation
from flowzz.backoffice.display import change_url, page_context
from integrations.admin.integrations.actions import ACTIONS, IntegrationAction
from integrations.models import Integration
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
