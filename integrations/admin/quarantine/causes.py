"""The causes of the quarantine, each with the number of its events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Count, Max, Min
from django.db.models.functions import Cast
from django.http import QueryDict
from django.urls import reverse

from flowzz.core.db.jobs import UNDER_WAY
from integrations.inbox.failure_reasons import Explanation, explain, failed_field
from integrations.models import BulkAction, EventState, WebhookEvent

MAX_CAUSES = 200


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


def list_causes() -> list[QuarantineCause]:
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


def quarantine_url(name: str, **parameters: str) -> str:
    query = QueryDict(mutable=True)
    query.update(parameters)
    return f"{reverse(f'backoffice:{name}')}?{query.urlencode()}"


def _actions_under_way() -> Mapping[str, BulkAction]:
    actions = BulkAction.objects.filter(state__in=UNDER_WAY).exclude(cause="")
    return {action.cause: action for action in actions}
