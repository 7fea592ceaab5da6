"""The list of alerts, and the link of each to the page where staff resolve it."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from integrations.models import Alert, AlertKind, AlertRecipients
from tests.factories import IntegrationFactory
from tests.staff import Staff


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("has_integration", [True, False])
def test_every_alert_links_the_page_where_it_is_resolved(
    staff: Staff, kind: AlertKind, has_integration: bool
) -> None:
    integration = IntegrationFactory.create() if has_integration else None
    alert = Alert.objects.create(kind=kind, message="Algo parou.", integration=integration)
    page = staff.get(reverse("admin:integrations_alert_change", args=[alert.id]))
    html = unescape(page.content.decode())
    links = re.findall(r'<a class="bo-link" href="([^"]+)"', html)
    assert [staff.get(link).status_code for link in links] == [200]
    assert "Aberto em" in html


def listed(staff: Staff, **query: str) -> list[str]:
    response = staff.get(reverse("admin:integrations_alert_changelist"), query)
    return [alert.kind for alert in response.context["cl"].result_list]


def test_list_is_filtered_by_severity_and_by_what_is_left_to_do(staff: Staff) -> None:
    member = User.objects.get()
    later = timezone.now() + timedelta(hours=1)
    rows: dict[AlertKind, dict[str, Any]] = {
        AlertKind.KEY_OLD: {"resolved_at": timezone.now()},
        AlertKind.SILENCE: {"snoozed_until": later},
        AlertKind.QUEUE_LATE: {"assigned_to": member},
        AlertKind.DEAD_LETTERS: {"snoozed_until": timezone.now()},
    }
    for kind, fields in rows.items():
        Alert.objects.create(kind=kind, message="Algo.", **fields)

    assert listed(staff, gravidade="critical") == [AlertKind.QUEUE_LATE, AlertKind.SILENCE]
    assert listed(staff, trabalho="abertos") == [AlertKind.DEAD_LETTERS, AlertKind.QUEUE_LATE]
    assert listed(staff, trabalho="comigo") == [AlertKind.QUEUE_LATE]
    assert listed(staff, trabalho="adiados") == [AlertKind.SILENCE]
    first_page = staff.get("/admin/").context["overview"]["current"]
    assert [alert.kind for alert in first_page.alerts] == [
        AlertKind.QUEUE_LATE,
        AlertKind.DEAD_LETTERS,
    ]


def test_list_and_first_page_warn_where_nobody_of_staff_is_mailed(
    staff: Staff, settings: Settings
) -> None:
    urls = (reverse("admin:integrations_alert_changelist"), "/admin/")
    warnings = ("Ninguém da equipe é avisado", "ninguém da equipe é avisado")

    def warned() -> list[bool]:
        pages = (staff.get(url).content.decode() for url in urls)
        return [text in page for text, page in zip(warnings, pages, strict=True)]

    assert warned() == [False, False]
    AlertRecipients.objects.create(kind=AlertKind.SILENCE, emails=[])
    assert warned() == [True, True]
    settings.ALERT_WEBHOOK_URL = "https://hooks.exemplo.com.br/1"
    assert warned() == [False, False]


@pytest.mark.parametrize("url", ["", "https://canal.example/x"])
def test_page_tells_of_posts_where_there_is_a_channel(
    staff: Staff, settings: Settings, url: str
) -> None:
    settings.ALERT_WEBHOOK_URL = url
    alert = Alert.objects.create(kind=AlertKind.SILENCE, message="Algo.", opening_posted=True)
    page = staff.get(reverse("admin:integrations_alert_change", args=[alert.id])).content.decode()
    assert ("Abertura enviada ao canal" in page) == bool(url)


@pytest.mark.parametrize(
    ("kind", "colour", "severity"),
    [
        (AlertKind.SILENCE, "bad", "Crítico"),
        (AlertKind.DEAD_LETTERS, "warning", "Atenção"),
        (AlertKind.KEY_OLD, "info", "Aviso"),
    ],
)
def test_open_alert_has_the_colour_of_its_severity(
    staff: Staff, kind: AlertKind, colour: str, severity: str
) -> None:
    integration = IntegrationFactory.create()
    alert = Alert.objects.create(kind=kind, message="Algo.", integration=integration)
    first_page = staff.get("/admin/").content.decode()
    assert re.search(rf'{alert.id}/change/"><span class="bo-dot bo-{colour}"', first_page)
    page = staff.get(reverse("admin:integrations_integration_change", args=[integration.id]))
    assert f'<p class="bo-card bo-{colour} bo-row"' in page.content.decode()
    assert [f"{severity}, desde" in html for html in (first_page, page.content.decode())] == [
        True,
        True,
    ]
