"""The summary on the page of one integration."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from flowzz.core.db.jobs import JobState
from integrations.connection import pause
from integrations.models import HourlyWebhookCount, Integration
from integrations.webhooks.tokens import rotate_token
from tests.factories import SyncRunFactory
from tests.integrations.admin.rows import make_event, make_rows
from tests.staff import Staff


def test_summary_takes_a_constant_number_of_statements(staff: Staff) -> None:
    make_rows(1)
    integration = Integration.objects.get()
    page = reverse("admin:integrations_integration_change", args=[integration.id])
    staff.get(page)
    with CaptureQueriesContext(connection) as few:
        staff.get(page)
    for number in range(12):
        make_event(integration, f"ord{number}")
        SyncRunFactory.create(integration=integration, state=JobState.SUCCEEDED)
    rotate_token(integration)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    HourlyWebhookCount.objects.create(integration=integration, hour=hour, count=12)
    pause(integration)
    with CaptureQueriesContext(connection) as many:
        html = staff.get(page).content.decode()
    assert len(many) == len(few) <= 20
    assert "Últimas 24 horas: 12 webhooks, no máximo 12 em uma hora" in html
    assert "A integração está pausada" in html
    assert str(integration.user) in html
