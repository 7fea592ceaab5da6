"""The overview on the first page: its figures, links and statements."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from flowzz.accounts.models import User
from flowzz.backoffice.display import change_url
from integrations.models import Alert, AlertKind, EventState, WebhookEvent
from integrations.monitoring import hourly_stats
from tests.factories import IntegrationFactory, SyncRunFactory
from tests.integrations.admin.rows import make_event, make_rows
from tests.staff import Staff, log_in

FIRST_PAGE = "/admin/"


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", unescape(html)))


def test_overview_shows_the_current_state(staff: Staff) -> None:
    unhealthy = IntegrationFactory.create(connected_at=timezone.now(), last_sync_status="error")
    IntegrationFactory.create(connected_at=timezone.now())
    make_event(
        unhealthy, state=EventState.QUARANTINED, reason="unknown_kind", finished_at=timezone.now()
    )
    waiting = timezone.now() - timedelta(minutes=12)
    WebhookEvent.objects.filter(id=make_event(unhealthy).id).update(received_at=waiting)
    hourly_stats.update_hourly_stats()
    page = text_of(staff.get(FIRST_PAGE).content.decode())
    for text in (
        "Eventos a processar 1 o mais antigo espera há 12 min",
        "Em quarentena 1",
        "API do Coinzz No ar",
        "Saudáveis 1",
        "Integrações com problema 1 0 em atenção",
        "A última sincronização falhou.",
    ):
        assert text in page


@pytest.mark.django_db
@pytest.mark.parametrize("sees_alerts", [True, False])
def test_alerts_are_shown_to_those_who_may_see_them(sees_alerts: bool) -> None:
    integration = IntegrationFactory.create(connected_at=timezone.now())
    alert = Alert.objects.create(
        kind=AlertKind.SYNC_LATE, integration=integration, message="Nenhuma sincronização."
    )
    names = ["view_integration", "view_webhookevent", *["view_alert"] * sees_alerts]
    user = User.objects.create_user("consulta@flowzz.test", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    for page in (FIRST_PAGE, change_url(integration)):
        html = log_in(user).get(page).content.decode()
        assert (alert.message in html) == sees_alerts


def test_every_figure_and_bar_links_a_list(staff: Staff) -> None:
    make_rows(1)
    hourly_stats.update_hourly_stats()
    html = unescape(staff.get(reverse("backoffice:overview")).content.decode())
    urls = set(re.findall(r'href="(/admin/[^"]*)"', html))
    one_per_filter = {re.sub(r"=[^&]*", "", url): url for url in urls}
    assert len(one_per_filter) > 10
    statuses = {url: staff.get(url).status_code for url in one_per_filter.values()}
    assert {url: status for url, status in statuses.items() if status != 200} == {}


def test_what_needs_someone_comes_largest_first(staff: Staff) -> None:
    integration = IntegrationFactory.create(connected_at=timezone.now(), status="ERROR")
    for _ in range(3):
        make_event(integration, state=EventState.QUARANTINED)
    for _ in range(2):
        make_event(integration)
    figures = staff.get(FIRST_PAGE).context["overview"]["current"].urgent
    assert [(figure.label, figure.value) for figure in figures] == [
        ("Em quarentena", "3"),
        ("Eventos a processar", "2"),
        ("Integrações com problema", "1"),
        ("Alertas abertos", "0"),
    ]


@pytest.mark.parametrize("period", ["24h", "7d", "30d", "?"])
def test_overview_takes_a_constant_number_of_statements(staff: Staff, period: str) -> None:
    url = f"{reverse('backoffice:overview')}?periodo={period}"
    make_event(IntegrationFactory.create(), state=EventState.QUARANTINED)
    hourly_stats.update_hourly_stats()
    staff.get(url)
    with CaptureQueriesContext(connection) as few:
        staff.get(url)
    for _ in range(3):
        make_event(IntegrationFactory.create(), state=EventState.QUARANTINED)
        SyncRunFactory.create()
    with CaptureQueriesContext(connection) as many:
        assert staff.get(url).status_code == 200
    assert len(many) == len(few) <= 17


def test_integrations_are_filtered_by_health(staff: Staff) -> None:
    healthy = IntegrationFactory.create(connected_at=timezone.now())
    unhealthy = IntegrationFactory.create(connected_at=timezone.now(), status="ERROR")
    page = staff.get(reverse("admin:integrations_integration_changelist"), {"saude": "ruim"})
    text = page.content.decode().replace("<wbr>", "")
    assert str(unhealthy.user) in text
    assert str(healthy.user) not in text


def test_overview_needs_permission_to_view_integrations(staff: Staff) -> None:
    user = User.objects.create_user("nova@flowzz.test", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_sale"))
    staff.force_login(user)
    assert "Eventos a processar" not in staff.get(FIRST_PAGE).content.decode()
    assert staff.get(reverse("backoffice:overview")).status_code == 403
