"""Open and resolve alerts, and store notices."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from django.utils import timezone

from integrations.models import Alert, AlertKind, Integration


@dataclass(frozen=True, slots=True)
class Message:
    """What happened and what to do, for each reader."""

    staff: str
    seller: str = ""


Violations: TypeAlias = Mapping[uuid.UUID | None, Message]
"""The message of a violated rule by integration id; None stands for all of Flowzz."""


OpenAlerts: TypeAlias = Mapping[uuid.UUID | None, Alert]


def open_alerts(kind: AlertKind) -> OpenAlerts:
    rows = Alert.objects.filter(kind=kind, resolved_at=None)
    return {row.integration_id: row for row in rows}


def reconcile(kind: AlertKind, violations: Violations, before: OpenAlerts | None = None) -> None:
    """Open an alert for each new violation, resolve those that are over: at most 4 statements.

    An open alert says what is so now: its texts follow the violation's. `before` are the alerts
    that were open when the violations were looked for.
    """
    known = open_alerts(kind) if before is None else before
    Alert.objects.bulk_create(
        [
            Alert(
                integration_id=integration_id,
                kind=kind,
                message=message.staff,
                seller_message=message.seller,
            )
            for integration_id, message in violations.items()
            if integration_id not in known
        ],
        ignore_conflicts=True,
    )
    changed = [
        row
        for integration_id, row in known.items()
        if (message := violations.get(integration_id)) and _update_texts(row, message)
    ]
    Alert.objects.bulk_update(changed, ["message", "seller_message"])
    over = [row.id for integration_id, row in known.items() if integration_id not in violations]
    if over:
        Alert.objects.filter(id__any_of=over, resolved_at=None).update(resolved_at=timezone.now())


def _update_texts(alert: Alert, message: Message) -> bool:
    """Return whether the texts differed."""
    before = (alert.message, alert.seller_message)
    alert.message, alert.seller_message = message.staff, message.seller
    return before != (message.staff, message.seller)


def notify(integration: Integration, kind: AlertKind, message: Message) -> None:
    """Have a notice mailed."""
    Alert.objects.create(
        integration=integration,
        kind=kind,
        message=message.staff,
        seller_message=message.seller,
        resolved_at=timezone.now(),
        resolution_mailed=True,
        resolution_posted=True,
    )


def resolve(integration: Integration, *kinds: AlertKind) -> None:
    """Resolve the integration's open alerts of these kinds."""
    Alert.objects.filter(integration=integration, kind__in=kinds, resolved_at=None).update(
        resolved_at=timezone.now()
    )
