"""Who has an alert, until when it is put off, and a comment."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from flowzz.accounts.models import StaffAction, User
from integrations.models import Alert, AlertKind
from integrations.models.monitoring import needs_someone
from tests.staff import Staff, log_in_member

pytestmark = pytest.mark.django_db


def handle(browser: Staff, alert: Alert, **form: str) -> int:
    url = reverse("admin:integrations_alert_handle", args=[alert.id])
    return browser.post(url, {"sent": "1", **form}).status_code


def test_alert_is_assigned_put_off_and_commented(staff: Staff) -> None:
    alert = Alert.objects.create(kind=AlertKind.QUEUE_LATE, message="Fila.")
    member = User.objects.get()

    form = {"assigned_to": str(member.id), "snooze": "4", "reason": "Vendo com a equipe técnica"}
    assert handle(staff, alert, **form) == 302

    alert.refresh_from_db()
    assert (alert.assigned_to, alert.comment) == (member, "Vendo com a equipe técnica")
    assert alert.acknowledged_at
    assert alert.snoozed_until
    assert abs(alert.snoozed_until - timezone.now() - timedelta(hours=4)) < timedelta(minutes=5)
    assert not Alert.objects.filter(needs_someone()).exists()
    entry = StaffAction.objects.get()
    assert (entry.action, entry.reason) == ("Cuidou do alerta", form["reason"])
    assert entry.details == {
        "com quem está": {"before": "", "after": member.email},
        "adiar": "Por 4 horas",
    }

    handle(staff, alert)
    alert = Alert.objects.get()
    assert (alert.assigned_to_id, alert.snoozed_until) == (None, None)
    assert alert.comment == form["reason"]


def test_only_open_alerts_are_handled_and_not_by_support(staff: Staff) -> None:
    alert = Alert.objects.create(kind=AlertKind.QUEUE_LATE, message="Fila.")
    assert handle(log_in_member("Suporte"), alert) == 403
    Alert.objects.update(resolved_at=timezone.now())
    assert handle(staff, alert) == 403
