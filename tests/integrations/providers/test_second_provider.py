"""A provider is a folder and a line: everything works with one that only this test knows."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import reverse

from flowzz.accounts.models import User
from flowzz.core.db.jobs import JobState
from integrations.admin.events.payload_masking import render_body
from integrations.inbox import drain
from integrations.models import Integration, SyncRun, WebhookEvent
from integrations.providers import registry
from sales.models import Sale
from tests.api_client import Frontend, error
from tests.factories import UserFactory
from tests.integrations.providers import tinypay
from tests.integrations.providers.tinypay import TinypayProvider
from tests.integrations.sellers import post

pytestmark = pytest.mark.django_db

ORDER = {
    "id": "tiny1",
    "total": "49.90",
    "state": "paid",
    "buyer": "Beatriz Moura",
    "email": "beatriz@exemplo.com.br",
}


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "PROVIDERS", [*registry.PROVIDERS, TinypayProvider])
    monkeypatch.setattr(tinypay, "SALES", [ORDER, ORDER | {"id": "tiny2", "state": "open"}])


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def frontend(user: User) -> Frontend:
    return Frontend(user)


@pytest.fixture
def status(frontend: Frontend) -> Any:
    """Connected; the first sync waits for a worker."""
    response = frontend.send("integrations/tinypay/connect", {"apiKey": tinypay.KEY})
    assert response.status_code == 200
    assert response.json()["message"] == "Integração TinyPay conectada com sucesso"
    return response.json()["data"]


def receive(status: Any, **changes: str) -> WebhookEvent:
    """Post a webhook to the integration's URL and drain the inbox."""
    body = json.dumps(ORDER | changes).encode()
    assert post(urlsplit(status["webhookUrl"]).path, body).status_code == 200
    integration = Integration.objects.get(id=status["id"])
    while drain.drain_batch(integration.id).size:
        pass
    return WebhookEvent.objects.latest("received_at")


def test_errors_carry_the_name_of_the_provider(frontend: Frontend) -> None:
    wrong_key = frontend.send("integrations/tinypay/connect", {"apiKey": "x" * 20})
    missing = frontend.fetch("integrations/tinypay/status")

    assert (wrong_key.status_code, wrong_key.json()) == (
        400,
        error("TINYPAY_CONNECTION_FAILED", "Chave do Tinypay inválida."),
    )
    assert (missing.status_code, missing.json()) == (
        404,
        error("TINYPAY_NOT_FOUND", "Integração TinyPay não encontrada"),
    )


def test_an_unregistered_provider_is_not_found(frontend: Frontend) -> None:
    assert frontend.fetch("integrations/otherpay/status").json() == error(
        "NOT_FOUND", "Não encontrado."
    )
    assert frontend.send("integrations/otherpay/connect").status_code == 404
    assert Frontend().fetch("integrations/otherpay/status").status_code == 401
    assert post("/webhooks/otherpay", b"{}").status_code == 404


def test_status_shows_the_provider_and_its_webhook_url(status: Any) -> None:
    assert (status["provider"], status["status"]) == ("tinypay", "conectado")
    assert status["webhookUrl"].startswith("https://flowzz.test/webhooks/tinypay/")


def test_webhook_becomes_a_sale(status: Any, user: User) -> None:
    event = receive(status)

    assert (event.state, event.kind, event.external_id) == ("DONE", "order", "tiny1")
    sale = Sale.objects.get(user=user)
    assert (sale.source, sale.external_id, sale.status) == ("tinypay", "tiny1", "PAID")
    assert sale.client is not None
    assert sale.client.email == "beatriz@exemplo.com.br"


def test_sync_command_brings_the_sales(status: Any, user: User) -> None:
    call_command("sync", provider="tinypay", user=user.email)

    run = SyncRun.objects.get()
    assert (run.state, run.created) == (JobState.SUCCEEDED, 2)
    assert dict(Sale.objects.values_list("external_id", "status")) == {
        "tiny1": "PAID",
        "tiny2": "PENDING",
    }


def test_sales_of_both_providers_may_have_the_same_number(status: Any, user: User) -> None:
    receive(status, id="ord1")
    Sale.objects.update(source="coinzz")
    receive(status, id="ord1", total="10.00")

    assert sorted(Sale.objects.values_list("source", "external_id")) == [
        ("coinzz", "ord1"),
        ("tinypay", "ord1"),
    ]


def test_admin_shows_the_integration_and_its_event(status: Any) -> None:
    staff = Browser()
    staff.force_login(User.objects.create_superuser("equipe@flowzz.test"))
    event = receive(status)

    integration = reverse("admin:integrations_integration_change", args=[status["id"]])
    page = staff.get(reverse("admin:integrations_webhookevent_change", args=[event.id]))
    first = staff.get("/admin/")

    assert "Tinypay" in staff.get(integration).content.decode()
    assert "tiny1" in page.content.decode()
    assert "API do TinyPay" in first.content.decode()


def test_event_page_masks_people_by_the_fields_of_the_provider(status: Any) -> None:
    body = render_body(receive(status), is_masked=True)

    assert "tiny1" in body
    assert "Beatriz Moura" not in body
    assert "beatriz@exemplo.com.br" not in body


def test_files_are_refused_where_the_provider_reads_none(frontend: Frontend) -> None:
    file = SimpleUploadedFile("vendas.csv", b"id;total\n1;2\n", "text/csv")
    response = frontend.post("/api/v1/sales/import", {"file": file, "provider": "tinypay"})

    assert response.status_code == 400
    assert response.json()["details"] == [
        {
            "field": "file",
            "code": "FILE_REFUSED",
            "reason": "O Flowzz não importa arquivos do TinyPay.",
        }
    ]
