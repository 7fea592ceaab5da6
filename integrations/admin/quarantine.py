"""The quarantine: the list of causes, and the events of one cause with their actions."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Count, Max, Min, QuerySet
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.views.decorators.http import require_safe

from flowzz.accounts.models import User
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import OptionalReasonForm, ReasonForm
from flowzz.backoffice.display import change_url, list_url, menu_count
from flowzz.core.db.jobs import UNDER_WAY
from integrations.admin.bulk_actions import PERMISSIONS, outcome_figures
from integrations.admin.events.forms import OwnerForm
from integrations.bulk_actions import bulk_jobs
from integrations.bulk_actions.preview import EXPECTED_LABELS, preview_replay
from integrations.inbox import store
from integrations.inbox.failure_reasons import Explanation, explain, failed_field
from integrations.models import BulkAction, BulkKind, EventState, Integration, WebhookEvent
from integrations.models.events import ARRIVAL, NEWEST_FIRST
from sales.models import Sale

MAX_CAUSES = 200
MAX_EXAMPLES = 10
MAX_WARNED = 10_000
"""The newest events, and the newest sales, whose warnings are counted."""
LOG_TEXTS = {
    BulkKind.REPLAY: "Reprocessou grupo da quarentena",
    BulkKind.ASSIGN: "Atribuiu grupo da quarentena",
    BulkKind.DISCARD: "Descartou grupo da quarentena",
}

_can_view = permission_required("integrations.view_webhookevent", raise_exception=True)


def quarantined_count(request: HttpRequest) -> str:
    """Return the number beside the menu item; empty for none."""
    return menu_count(WebhookEvent.objects.filter(state=EventState.QUARANTINED), most=999)


@require_safe
@_can_view
def causes_view(request: HttpRequest) -> HttpResponse:
    causes = _list_causes()
    context = {
        **admin.site.each_context(request),
        "title": "Quarentena",
        "causes": causes,
        "total": sum(cause.count for cause in causes),
        "warnings": _count_warnings(),
        "max_warned": MAX_WARNED,
    }
    return render(request, "integrations/quarantine/causes.html", context)


@_can_view
def group_view(request: HttpRequest) -> HttpResponse:
    """Show the events of a cause; a POST previews an action on them or, confirmed, starts it."""
    cause = request.GET.get("causa", "")
    events = bulk_jobs.quarantined_events(cause)
    kind = BulkKind(request.POST["kind"]) if request.POST.get("kind") in LOG_TEXTS else None
    if kind and not request.user.has_perm(PERMISSIONS[kind]):
        raise PermissionDenied
    owner = OwnerForm(request.POST if kind == BulkKind.ASSIGN else None, provider=_provider(events))
    is_reason_required = kind in (None, BulkKind.DISCARD)
    form_class = ReasonForm if is_reason_required else OptionalReasonForm
    reason = form_class(request.POST if "confirm" in request.POST else None)
    has_owner = kind != BulkKind.ASSIGN or owner.is_valid()
    if kind and has_owner and reason.is_valid():
        return _start(request, kind, cause, reason.cleaned_data["reason"], owner.integration)
    context = {
        **admin.site.each_context(request),
        "title": explain(cause).title,
        "cause": cause,
        "shown_at": timezone.now().isoformat(),
        "totals": events.aggregate(
            count=Count("id"), first=Min("received_at"), last=Max("received_at")
        ),
        "explanation": explain(cause),
        "place": failed_field(cause),
        "is_unroutable": cause in store.UNOWNED,
        "examples": _examples(events),
        "kind": kind,
        "owner": owner,
        "reason": reason,
        "preview_url": _preview_url(kind, cause, owner) if has_owner else "",
        "may_replay": request.user.has_perm(PERMISSIONS[BulkKind.REPLAY]),
        "may_settle": request.user.has_perm(PERMISSIONS[BulkKind.DISCARD]),
        "action": BulkAction.objects.filter(cause=cause, state__in=UNDER_WAY).first(),
        "events_url": reverse("admin:integrations_webhookevent_changelist"),
    }
    return render(request, "integrations/quarantine/group.html", context)


@require_safe
def preview_view(request: HttpRequest) -> HttpResponse:
    """Preview a replay or assignment, which takes seconds: the page loads it once it is shown."""
    kind = BulkKind.ASSIGN if "email" in request.GET else BulkKind.REPLAY
    if not request.user.has_perm(PERMISSIONS[kind]):
        raise PermissionDenied
    events = bulk_jobs.quarantined_events(request.GET.get("causa", ""))
    owner = OwnerForm(request.GET, provider=_provider(events))
    if kind == BulkKind.ASSIGN and not owner.is_valid():
        raise Http404
    preview = preview_replay(events, events.count(), owner.integration)
    context = {"preview": preview, "figures": outcome_figures(preview.outcomes, EXPECTED_LABELS)}
    return render(request, "integrations/bulk_actions/preview.html", context)


def _preview_url(kind: BulkKind | None, cause: str, owner: OwnerForm) -> str:
    if kind == BulkKind.REPLAY:
        return quarantine_url("quarantine_preview", causa=cause)
    if kind == BulkKind.ASSIGN:
        email = owner.cleaned_data["email"]
        return quarantine_url("quarantine_preview", causa=cause, email=email)
    return ""


def _start(
    request: HttpRequest, kind: BulkKind, cause: str, reason: str, integration: Integration | None
) -> HttpResponse:
    assert isinstance(request.user, User)
    action, is_new = bulk_jobs.request_action(
        kind,
        cause,
        by=request.user,
        reason=reason,
        integration=integration,
        until=_shown_at(request),
    )
    if is_new:
        details: dict[str, Any] = {
            "causa": explain(cause).title,
            "eventos": action.total,
            "ação em massa": audit_log.reference(action),
        }
        audit_log.record(request, LOG_TEXTS[kind], integration, reason=reason, details=details)
    else:
        messages.warning(request, "Este grupo já tem uma ação em andamento: é esta.")
    return redirect(change_url(action))


def _shown_at(request: HttpRequest) -> datetime | None:
    """Return when the page was made that is confirmed: later events are not those it shows."""
    with suppress(ValueError):
        time = parse_datetime(request.POST.get("shown_at", ""))
        return time if time and is_aware(time) else None
    return None


def _provider(events: "QuerySet[WebhookEvent]") -> str:
    return events.order_by(*ARRIVAL).values_list("provider", flat=True).first() or ""


def _examples(events: "QuerySet[WebhookEvent]") -> "QuerySet[WebhookEvent]":
    return events.select_related("integration__user").order_by(*NEWEST_FIRST)[:MAX_EXAMPLES]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineCause:
    """The events that are in quarantine for one cause, and the bulk action on them, if any."""

    cause: str
    count: int
    first: datetime
    last: datetime
    example: str
    """The id of an event."""
    action: BulkAction | None

    @property
    def explanation(self) -> Explanation:
        return explain(self.cause)

    @property
    def place(self) -> str:
        return failed_field(self.cause)

    @property
    def url(self) -> str:
        return quarantine_url("quarantine_group", causa=self.cause)


def _list_causes() -> list[QuarantineCause]:
    """Return the most frequent causes first, read from the index of quarantined events alone."""
    groups = (
        WebhookEvent.objects.filter(state=EventState.QUARANTINED)
        .order_by()
        .values("cause")
        .annotate(
            count=Count("id"),
            first=Min("received_at"),
            last=Max("received_at"),
            example=Max(Cast("id", CharField())),
        )
        .order_by("-count", "cause")[:MAX_CAUSES]
    )
    actions = _actions_under_way()
    return [QuarantineCause(**group, action=actions.get(group["cause"])) for group in groups]


@dataclass(frozen=True, slots=True)
class WarningCount:
    """How many of the newest events and sales have a warning of one cause."""

    cause: str
    events: int
    sales: int

    @property
    def title(self) -> str:
        return explain(self.cause).title

    @property
    def place(self) -> str:
        return failed_field(self.cause)

    @property
    def events_url(self) -> str:
        return list_url(WebhookEvent, aviso=self.cause)

    @property
    def sales_url(self) -> str:
        return list_url(Sale, aviso=self.cause)


def _count_warnings() -> list[WarningCount]:
    """Return the most frequent warnings first, read from the indexes of rows with warnings."""
    events = _causes_of(WebhookEvent.objects.order_by(*NEWEST_FIRST))
    sales = _causes_of(Sale.objects.order_by("-sale_date", "-id"))
    return [
        WarningCount(cause, events[cause], sales[cause])
        for cause, _ in (events + sales).most_common(MAX_CAUSES)
    ]


def _causes_of(newest: "QuerySet[Any]") -> "Counter[str]":
    warned = newest.exclude(value_warnings=[]).values_list("value_warnings", flat=True)
    return Counter(chain.from_iterable(warned[:MAX_WARNED]))


def quarantine_url(name: str, **parameters: str) -> str:
    query = QueryDict(mutable=True)
    query.update(parameters)
    return f"{reverse(f'backoffice:{name}')}?{query.urlencode()}"


def _actions_under_way() -> Mapping[str, BulkAction]:
    actions = BulkAction.objects.filter(state__in=UNDER_WAY).exclude(cause="")
    return {action.cause: action for action in actions}
