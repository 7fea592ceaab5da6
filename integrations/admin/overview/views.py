"""The overview on the first page, and the same content alone, which the page loads every 15 s."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.admin.overview import charts
from integrations.admin.overview.current_state import read_current_state
from integrations.admin.overview.first_steps import first_steps
from integrations.admin.overview.periods import PERIODS, WEEK, read_hours, with_previous

PERMISSIONS = ("integrations.view_integration", "integrations.view_webhookevent")


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the overview to the context of Django's index page, for staff who may see it."""
    if request.user.has_perms(PERMISSIONS):
        context["overview"] = _overview(request)
    return {**context, "title": "Visão geral"}


@require_safe
@permission_required(PERMISSIONS, raise_exception=True)
def overview_view(request: HttpRequest) -> HttpResponse:
    return render(request, "integrations/overview.html", {"overview": _overview(request)})


def _overview(request: HttpRequest) -> dict[str, Any]:
    period = PERIODS.get(request.GET.get("periodo", ""), PERIODS["24h"])
    now = timezone.now()
    hours = read_hours(now, period)
    slots, before = with_previous(period, now, hours)
    current = read_current_state()
    days, days_before = with_previous(period if period.hours > WEEK.hours else WEEK, now, hours)
    return {
        "now": now,
        "period": period,
        "periods": PERIODS.values(),
        "first_steps": first_steps(request, current),
        "current": current,
        "charts": {
            "webhooks": charts.webhooks_chart(slots, before),
            "success": charts.sync_success_chart(slots, before),
            "latency": charts.latency_chart(slots, before),
            "sales": charts.sales_chart(days, days_before),
            "longest_wait": charts.longest_wait_chart(slots, before),
            "circuit": charts.circuit_chart(slots),
        },
        "errors": charts.most_frequent_errors(slots),
    }
