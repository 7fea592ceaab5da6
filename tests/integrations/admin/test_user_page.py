"""A seller's page: integration, sales and health."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from flowzz.accounts.models import User
from flowzz.backoffice.display import change_url
from integrations.models import Integration
from tests.factories import NOON, IntegrationFactory, SaleFactory, UserFactory
from tests.staff import Staff, log_in_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def integration() -> Integration:
    now = timezone.now()
    return IntegrationFactory.create(connected_at=now, last_webhook_at=now, mode="webhook")


def context_of(staff: Staff, user: User) -> Any:
    return staff.get(change_url(user)).context


def values_of(context: Any) -> dict[str, dict[str, Any]]:
    return {
        group.title: {f.label: f.value for f in group.known} for group in context["value_groups"]
    }


def test_page_shows_integration_sales_and_health(integration: Integration) -> None:
    user = integration.user
    SaleFactory.create(user=user, sale_date=NOON)
    SaleFactory.create(user=user, sale_date=NOON - timedelta(days=1))
    SaleFactory.create(user=user, deleted_at=NOON)
    SaleFactory.create()

    staff = log_in_member("Suporte")
    context = context_of(staff, user)

    assert [(figure.label, figure.value, figure.tone) for figure in context["figures"]] == [
        ("Vendas", "2", "neutral"),
        ("Última venda", "02/03/2026 12:00", "neutral"),
        ("Saúde", "100 de 100", "good"),
    ]
    values = values_of(context)
    assert values["Coinzz"]["Integração"] == "Conectado"
    assert values["Coinzz"]["Modo"] == "Só webhooks"
    assert values["Contato"] == {"Nome": "Marina Prado", "E-mail": user.email}
    html = unescape(staff.get(change_url(user)).content.decode())
    assert f'href="{change_url(integration)}"' in html
    assert 'name="email"' not in html  # a page to read, without a form


def test_health_says_why_with_the_next_step(staff: Staff, integration: Integration) -> None:
    Integration.objects.update(paused_at=timezone.now())
    [notice] = context_of(staff, integration.user)["notices"]
    assert "pausada" in notice.text
    assert notice.href == reverse("admin:integrations_integration_diagnosis", args=[integration.id])


@pytest.mark.parametrize(("group", "is_offered"), [("Suporte", False), ("Operações", True)])
def test_seller_without_an_integration_can_be_connected(group: str, is_offered: bool) -> None:
    user = UserFactory.create()
    staff = log_in_member(group)
    page = unescape(staff.get(change_url(user)).content.decode())
    assert "Sem integração: nenhuma venda chega até alguém conectar." in page
    links = re.findall(r'href="(/admin/integrations/integration/conectar[^"]*)"', page)
    assert bool(links) == is_offered
    for link in links:
        assert f'value="{user.email}"' in staff.get(link).content.decode()


def test_disconnected_seller_can_be_connected(staff: Staff) -> None:
    user = IntegrationFactory.create(status="DISCONNECTED").user
    assert context_of(staff, user)["notices"][0].link == "Conectar por esta pessoa"


def test_staff_have_no_sales(staff: Staff) -> None:
    context = context_of(staff, User.objects.get(email="equipe@flowzz.test"))
    assert context["figures"] == []
    assert [notice.text for notice in context["notices"] if "integração" in notice.text] == []


def test_page_takes_as_many_statements_with_more_sales(
    staff: Staff, integration: Integration
) -> None:
    user = integration.user
    SaleFactory.create(user=user)
    context_of(staff, user)
    with CaptureQueriesContext(connection) as few:
        context_of(staff, user)
    SaleFactory.create_batch(5, user=user)
    with CaptureQueriesContext(connection) as many:
        context_of(staff, user)
    assert len(many) == len(few)
