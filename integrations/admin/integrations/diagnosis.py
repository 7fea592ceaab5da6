"""The diagnosis of one integration: the page opens at once and then loads its findings."""

import uuid

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from flowzz.backoffice import audit_log
from flowzz.backoffice.display import change_url, page_context
from integrations.models import Integration
from integrations.monitoring.diagnosis import CHECKS
from integrations.monitoring.diagnosis.collect import collect
from integrations.monitoring.diagnosis.facts import Severity


@require_safe
def diagnosis_view(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    integration = _integration(request, object_id)
    integration_url = change_url(integration)
    context = {
        **page_context(request, "Diagnóstico", integration, back=integration_url),
        "integration": integration,
        "integration_url": integration_url,
    }
    return render(request, "integrations/integration/diagnosis.html", context)


@require_POST
def findings_view(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Run all checks; a provider that hangs delays the answer by a few seconds at most."""
    integration = _integration(request, object_id)
    facts = collect(integration)
    findings = [(name, title, check(facts)) for name, (title, check) in CHECKS.items()]
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
