"""A test webhook is sent over HTTP to the integration's own URL, and arrives."""

from typing import Any

import pytest
from django.urls import reverse
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from flowzz.accounts.models import StaffAction, User
from integrations import connection
from integrations.models import HourlyWebhookCount, IntegrationStatus
from integrations.webhooks import signing_secrets
from sales.models import Sale
from tests.integrations.sellers import Seller
from tests.staff import Staff, log_in, log_in_member, messages_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seller(live_server: LiveServer, settings: Settings) -> Seller:
    settings.PUBLIC_BASE_URL = live_server.url
    return Seller()


@pytest.fixture
def manager(db: None) -> Staff:
    return log_in(User.objects.create_superuser("gestora@flowzz.test"))


def send(browser: Staff, seller: Seller) -> Any:
    name = "admin:integrations_integration_send_test"
    return browser.post(reverse(name, args=[seller.integration.id]))


@pytest.mark.parametrize("secret", ["", "o segredo dos testes"])
def test_test_arrives_and_changes_nothing(seller: Seller, manager: Staff, secret: str) -> None:
    signing_secrets.set_signing_secret(seller.integration, secret)

    response = send(manager, seller)

    [event] = seller.events
    assert response.headers["Location"].endswith(f"/teste/{event.id}/")
    waiting = manager.get(response.headers["Location"])
    assert "O teste chegou, e espera um worker" in waiting.content.decode()
    assert waiting.headers["Refresh"] == "2"
    seller.drain()
    arrived = manager.get(response.headers["Location"])
    assert "O teste chegou e foi lido" in arrived.content.decode()
    assert "Refresh" not in arrived.headers
    assert seller.states == [("IGNORED", "test")]
    assert not Sale.objects.exists()
    assert not HourlyWebhookCount.objects.exists()
    seller.integration.refresh_from_db()
    assert seller.integration.last_webhook_at is None
    assert StaffAction.objects.get().action == "Enviou webhook de teste"


def test_test_of_a_paused_integration_waits_with_its_webhooks(
    seller: Seller, manager: Staff
) -> None:
    connection.pause(seller.integration)
    response = manager.get(send(manager, seller).headers["Location"])
    assert "espera: a integração está pausada" in response.content.decode()
    assert "Refresh" not in response.headers


def test_what_keeps_a_test_from_arriving_is_named(
    seller: Seller, manager: Staff, settings: Settings
) -> None:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"
    [message] = messages_in(send(manager, seller))
    assert message.startswith("O teste não chegou. O endereço público do Flowzz não pôde ser")
    assert seller.events == []


def test_test_of_a_disconnected_integration_is_read_all_the_same(
    seller: Seller, manager: Staff
) -> None:
    seller.integration.status = IntegrationStatus.DISCONNECTED
    seller.integration.save()
    send(manager, seller)
    seller.drain()
    assert seller.states == [("IGNORED", "test")]


def test_only_staff_who_manage_connections_send_tests(seller: Seller, db: None) -> None:
    assert send(log_in_member("Suporte"), seller).status_code == 403
