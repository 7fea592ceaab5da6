"""The first page: what it says, what it leads to, what it costs."""

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
from integrations.admin.overview import charts
from integrations.admin.overview.formatting import duration, percent, whole
from integrations.admin.overview.periods import PERIODS
from integrations.models import EventState, WebhookEvent
from integrations.monitoring import hourly_stats
from tests.factories import IntegrationFactory, SyncRunFactory
from tests.integrations.admin.rows import make_event, make_rows
from tests.staff import Staff

FIRST_PAGE = "/admin/"


def texts(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", unescape(html)))


def test_the_state_of_the_whole(staff: Staff) -> None:
    ill = IntegrationFactory.create(connected_at=timezone.now(), last_sync_status="error")
    IntegrationFactory.create(connected_at=timezone.now())
    make_event(ill, state=EventState.QUARANTINED, reason="unknown_kind", finished_at=timezone.now())
    waiting = timezone.now() - timedelta(minutes=12)
    WebhookEvent.objects.filter(id=make_event(ill).id).update(received_at=waiting)
    hourly_stats.update_hourly_stats()
    page = texts(staff.get(FIRST_PAGE).content.decode())
    for said in (
        "Eventos a processar 1",
        "Espera do mais antigo 12 min",
        "Em quarentena 1",
        "Circuito do Coinzz Fechado",
        "Saudáveis 1",
        "Com problema 1",
        "A última sincronização falhou.",
    ):
        assert said in page


def test_figures_and_bars_lead_to_lists(staff: Staff) -> None:
    make_rows(1)
    hourly_stats.update_hourly_stats()
    html = unescape(staff.get(reverse("backoffice:overview")).content.decode())
    addresses = set(re.findall(r'href="(/admin/[^"]*)"', html))
    of_a_kind = {re.sub(r"=[^&]*", "", address): address for address in addresses}
    assert len(of_a_kind) > 10
    assert {
        url: code for url in of_a_kind.values() if (code := staff.get(url).status_code) != 200
    } == {}


@pytest.mark.parametrize("period", ["24h", "7d", "30d", "?"])
def test_it_costs_the_same_however_much_there_is(staff: Staff, period: str) -> None:
    address = f"{reverse('backoffice:overview')}?periodo={period}"
    make_event(IntegrationFactory.create(), state=EventState.QUARANTINED)
    hourly_stats.update_hourly_stats()
    staff.get(address)
    with CaptureQueriesContext(connection) as few:
        staff.get(address)
    for _ in range(3):
        make_event(IntegrationFactory.create(), state=EventState.QUARANTINED)
        SyncRunFactory.create()
    with CaptureQueriesContext(connection) as many:
        assert staff.get(address).status_code == 200
    assert len(many) == len(few) <= 16


def test_integrations_by_health(staff: Staff) -> None:
    well = IntegrationFactory.create(connected_at=timezone.now())
    ill = IntegrationFactory.create(connected_at=timezone.now(), status="ERROR")
    page = staff.get(reverse("admin:integrations_integration_changelist"), {"saude": "ruim"})
    text = page.content.decode().replace("<wbr>", "")
    assert str(ill.user) in text
    assert str(well.user) not in text


def test_who_may_not_see_integrations_sees_no_figures(staff: Staff) -> None:
    user = User.objects.create_user("nova@flowzz.test", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_sale"))
    staff.force_login(user)
    assert "Espera do mais antigo" not in staff.get(FIRST_PAGE).content.decode()
    assert staff.get(reverse("backoffice:overview")).status_code == 403


def test_an_hour_in_which_every_sync_failed_is_not_an_empty_one() -> None:
    now = timezone.now()
    slots = PERIODS["24h"].slots(now)
    slots[0].runs.update(FAILED=2)
    slots[1].runs.update(SUCCEEDED=3, FAILED=1)
    chart = charts.success(slots)
    assert [(bar.tone, bar.height) for bar in chart.bars] == [
        ("bad", "160.0"),
        ("good", "120.0"),
        ("bad", "40.0"),
    ]


def test_numbers_are_read_in_portuguese() -> None:
    assert (whole(12345), whole(2.5)) == ("12.345", "2,5")
    assert (percent(97.53), percent(100)) == ("97,5 %", "100 %")
    assert [duration(s) for s in (0.12, 1, 2.5, 600, 7200, 400_000)] == [
        "120 ms",
        "1 s",
        "2,5 s",
        "10 min",
        "2 h",
        "4,6 d",
    ]
