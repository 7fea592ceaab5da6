"""The first page, and the part of it that is asked for again every 15 s."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from flowzz.accounts.models import User
from integrations.admin.overview import charts, snapshot
from integrations.admin.overview.periods import PERIODS, WEEK, fill, read


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the first page shows to those who may see integrations and events."""
    if may_see(request.user):
        context["overview"] = overview(request)
    return {**context, "title": "Visão geral"}


@require_safe
def fragment(request: HttpRequest) -> HttpResponse:
    if not may_see(request.user):
        raise PermissionDenied
    return render(request, "integrations/overview.html", {"overview": overview(request)})


def may_see(user: User | AnonymousUser) -> bool:
    return user.has_perms(["integrations.view_integration", "integrations.view_webhookevent"])


def overview(request: HttpRequest) -> dict[str, Any]:
    period = PERIODS.get(request.GET.get("periodo", ""), PERIODS["24h"])
    now = timezone.now()
    rows = read(now, period)
    slots = fill(period.slots(now), rows)
    days = fill((period if period.hours > WEEK.hours else WEEK).slots(now), rows)
    return {
        "now": now,
        "period": period,
        "periods": PERIODS.values(),
        "moment": snapshot.take_snapshot(),
        "charts": {
            "webhooks": charts.webhooks(slots),
            "success": charts.success(slots),
            "latency": charts.latency(slots),
            "sales": charts.sales(days),
            "oldest": charts.oldest(slots),
        },
        "errors": charts.errors(slots),
        "circuit": charts.circuit(slots),
        "each": charts.each(slots),
    }
