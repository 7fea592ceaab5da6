"""The quarantine as a to-do list: failures by their cause, and what to do with a whole group."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Count, F, Max, Min, QuerySet
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from flowzz.accounts.models import User
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import OptionalReasonForm, ReasonForm
from flowzz.core.db.jobs import UNDER_WAY
from integrations.admin.bulk_actions import NEEDED, figures
from integrations.admin.events.forms import OwnerForm
from integrations.bulk_actions import bulk_jobs
from integrations.bulk_actions.preview import OUTCOME_LABELS, preview_replay
from integrations.inbox import store
from integrations.inbox.failure_reasons import explain, place_of
from integrations.models import BulkAction, BulkKind, EventState, Integration, WebhookEvent

LONGEST = 200
"""Causes on the page; the rest follow when these are solved."""
EXAMPLES = 10
DONE = {
    BulkKind.REPLAY: "Reprocessou grupo da quarentena",
    BulkKind.ASSIGN: "Atribuiu grupo da quarentena",
    BulkKind.DISCARD: "Descartou grupo da quarentena",
}


def address_of(cause: str) -> str:
    query = QueryDict(mutable=True)
    query["causa"] = cause
    return f"{reverse('backoffice:quarantine_group')}?{query.urlencode()}"


@require_safe
def causes(request: HttpRequest) -> HttpResponse:
    """All causes, the commonest first, read from the index of quarantined events alone."""
    _need(request, "integrations.view_webhookevent")
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
        .order_by("-count", "cause")[:LONGEST]
    )
    under_way = BulkAction.objects.filter(state__in=UNDER_WAY).exclude(cause="")
    working = {action.cause: action for action in under_way}
    shown = [
        {
            **found,
            "explanation": explain(found["cause"]),
            "place": place_of(found["cause"]),
            "href": address_of(found["cause"]),
            "action": working.get(found["cause"]),
        }
        for found in groups
    ]
    context = {
        **admin.site.each_context(request),
        "title": "Quarentena",
        "groups": shown,
        "total": sum(found["count"] for found in groups),
    }
    return render(request, "integrations/quarantine/causes.html", context)


def group(request: HttpRequest) -> HttpResponse:
    """One cause: its events, a preview of what would become of them, and the actions."""
    _need(request, "integrations.view_webhookevent")
    cause = request.GET.get("causa", "")
    events = bulk_jobs.quarantined_events(cause)
    facts = events.aggregate(count=Count("id"), first=Min("received_at"), last=Max("received_at"))
    kind = BulkKind(request.POST["kind"]) if request.POST.get("kind") in DONE else None
    owner = OwnerForm(request.POST if kind == BulkKind.ASSIGN else None, provider=_provider(events))
    is_confirmed = "confirm" in request.POST
    asks = ReasonForm if kind in (None, BulkKind.DISCARD) else OptionalReasonForm
    reason = asks(request.POST if is_confirmed else None)
    if kind:
        _need(request, NEEDED[kind])
        if _is_ready(kind, owner, reason, is_confirmed=is_confirmed):
            return _start(request, kind, cause, reason.cleaned_data["reason"], owner.integration)
    context = {
        **admin.site.each_context(request),
        "title": explain(cause).title,
        "cause": cause,
        "facts": facts,
        "explanation": explain(cause),
        "place": place_of(cause),
        "is_unroutable": cause == store.UNROUTABLE,
        "examples": _examples(events),
        "kind": kind,
        "owner": owner,
        "reason": reason,
        "preview": _preview_address(kind, cause, owner) if kind else "",
        "may_replay": request.user.has_perm(NEEDED[BulkKind.REPLAY]),
        "may_settle": request.user.has_perm(NEEDED[BulkKind.DISCARD]),
        "action": BulkAction.objects.filter(cause=cause, state__in=UNDER_WAY).first(),
        "list": reverse("admin:integrations_webhookevent_changelist"),
    }
    return render(request, "integrations/quarantine/group.html", context)


@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """What an action would do, which takes a second or more: the page asks for it, once shown."""
    kind = BulkKind.ASSIGN if "email" in request.GET else BulkKind.REPLAY
    _need(request, NEEDED[kind])
    events = bulk_jobs.quarantined_events(request.GET.get("causa", ""))
    owner = OwnerForm(request.GET, provider=_provider(events))
    if kind == BulkKind.ASSIGN and not owner.is_valid():
        raise Http404
    result = preview_replay(events, events.count(), owner.integration)
    context = {"preview": result, "figures": figures(result.outcomes, OUTCOME_LABELS)}
    return render(request, "integrations/bulk_actions/preview.html", context)


def _preview_address(kind: BulkKind, cause: str, owner: OwnerForm) -> str:
    """Empty where there is nothing to foresee, or not yet."""
    if kind == BulkKind.DISCARD or (kind == BulkKind.ASSIGN and not owner.is_valid()):
        return ""
    query = QueryDict(mutable=True)
    query["causa"] = cause
    if kind == BulkKind.ASSIGN:
        query["email"] = owner.cleaned_data["email"]
    return f"{reverse('backoffice:quarantine_preview')}?{query.urlencode()}"


def _is_ready(kind: BulkKind, owner: OwnerForm, reason: ReasonForm, *, is_confirmed: bool) -> bool:
    is_owned = kind != BulkKind.ASSIGN or owner.is_valid()
    return is_confirmed and is_owned and reason.is_valid()


def _start(
    request: HttpRequest, kind: BulkKind, cause: str, reason: str, integration: Integration | None
) -> HttpResponse:
    assert isinstance(request.user, User)
    action, is_new = bulk_jobs.request_action(
        kind, cause, by=request.user, reason=reason, integration=integration
    )
    if is_new:
        details: dict[str, Any] = {"cause": cause, "events": action.total, "bulk": str(action.id)}
        audit_log.record(request, DONE[kind], integration, reason=reason, details=details)
    else:
        messages.warning(request, "Este grupo já tem uma ação em andamento: é esta.")
    return redirect("backoffice:bulk", action.id)


def _provider(events: "QuerySet[WebhookEvent]") -> str:
    return events.order_by("received_at", "id").values_list("provider", flat=True).first() or ""


def _examples(events: "QuerySet[WebhookEvent]") -> "QuerySet[WebhookEvent]":
    rows = events.select_related("integration__user")
    return rows.order_by(F("received_at").desc(), "-id")[:EXAMPLES]


def _need(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
