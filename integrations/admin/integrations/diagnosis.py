"""The diagnosis of one integration: a page at once, its findings as soon as they are there."""

import uuid

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from flowzz.backoffice import audit_log
from flowzz.backoffice.pages import frame, page_of
from integrations.models import Integration
from integrations.monitoring.diagnosis import CHECKS
from integrations.monitoring.diagnosis.collect import collect
from integrations.monitoring.diagnosis.facts import Severity


@require_safe
def page(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Nothing is asked yet: the page then asks for its findings itself."""
    integration = _integration(request, object_id)
    address = page_of(integration)
    context = {
        **frame(request, "Diagnóstico", integration, back=address),
        "integration": integration,
        "integration_url": address,
    }
    return render(request, "integrations/integration/diagnosis.html", context)


@require_POST
def findings(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Carry out the checks; within seconds, whatever the provider does."""
    integration = _integration(request, object_id)
    facts = collect(integration)
    found = [(name, title, check(facts)) for name, (title, check) in CHECKS.items()]
    lights = [finding.light for _, _, finding in found]
    worst = next(
        (light for light in (Severity.RED, Severity.YELLOW) if light in lights), Severity.GREEN
    )
    audit_log.record(
        request,
        "Fez o diagnóstico da integração",
        integration,
        details={name: finding.light.value for name, _, finding in found},
    )
    context = {"found": found, "now": facts.now, "worst": worst, "integration": integration}
    return render(request, "integrations/integration/findings.html", context)


def _integration(request: HttpRequest, object_id: uuid.UUID) -> Integration:
    """Whoever sees integrations may diagnose them; raises PermissionDenied."""
    if not request.user.has_perm("integrations.view_integration"):
        raise PermissionDenied
    return get_object_or_404(Integration.objects.select_related("user"), id=object_id)
