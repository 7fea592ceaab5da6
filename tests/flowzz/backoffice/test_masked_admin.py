"""Staff see, on every page of a buyer, only the personal data that their group may see."""

import re

import pytest
from django.db.models import Model
from django.urls import reverse

from clients.contacts import format_phone
from clients.models import Client
from flowzz.accounts.models import StaffAction
from flowzz.backoffice.display import change_url, list_url
from integrations.models import WebhookEvent
from sales.models import AffiliationRequest, Sale, Subscription
from tests import payloads
from tests.factories import ClientFactory, IntegrationFactory, SaleFactory
from tests.integrations.admin.rows import make_event
from tests.staff import log_in_member

BUYER = {
    "name": "Zoraide da Quintanilha",
    "cpf": "52998224725",
    "phone": "+5562954544554",
    "email": "zoraide@exemplo.com.br",
    "address": "Rua das Acácias Inventadas",
}
PERSONAL_TEXTS = (
    "Zoraide",
    "Quintanilha",
    "529982",
    "529.982",
    "95454",
    "zoraide@",
    "Acácias",
    "deixar",
)
BODY = payloads.encode(
    payloads.order(
        client={
            "client_name": BUYER["name"],
            "client_documment": "529.982.247-25",
            "client_phone": BUYER["phone"],
            "client_email": BUYER["email"],
            "client_street": BUYER["address"],
        },
        recado="deixar com Zoraide",
    )
)


@pytest.fixture
def buyer(db: None) -> Client:
    integration = IntegrationFactory.create()
    client = ClientFactory.create(user=integration.user, **BUYER)
    metadata = {"extra": {"recado": "deixar com Zoraide"}}
    SaleFactory.create(
        user=integration.user, client=client, external_id="ordzora", metadata=metadata
    )
    make_event(integration, "ordzora", body=BODY)
    make_event(integration, "ordzora", body=b"{Zoraide")
    return client


def pages(buyer: Client) -> list[str]:
    sale = buyer.sales.get()
    return [
        reverse("admin:clients_client_changelist") + "?q=529-98-22-47-25",
        change_url(buyer),
        reverse("admin:sales_sale_changelist"),
        change_url(sale),
        *(change_url(event) for event in sale.user.integrations.get().events.all()),
    ]


def test_support_sees_masked_data(buyer: Client) -> None:
    support = log_in_member("Suporte")
    for page in pages(buyer):
        html = support.get(page).content.decode()
        assert [text for text in PERSONAL_TEXTS if text in html] == [], page
        assert re.findall(r'data-copy-text="[^"]*\*[^"]*"', html) == [], page
    assert "***.982.247-**" in support.get(change_url(buyer)).content.decode()


def test_operations_see_all_data_and_reveal_nothing(buyer: Client) -> None:
    operations = log_in_member("Operações")
    assert BUYER["name"] in operations.get(change_url(buyer)).content.decode()
    reveal = reverse("admin:clients_client_reveal", args=[buyer.id])
    assert operations.get(reveal).status_code == 403


def test_revealing_needs_a_reason_without_personal_data(buyer: Client) -> None:
    support = log_in_member("Suporte")
    reveal = reverse("admin:clients_client_reveal", args=[buyer.id])
    assert reveal in support.get(change_url(buyer)).content.decode()

    support.post(reveal, {"reason": ""})
    support.post(reveal, {"reason": "CPF 529.982.247-25"})
    support.get(reveal)

    assert StaffAction.objects.count() == 0
    assert BUYER["name"] not in support.get(change_url(buyer)).content.decode()


def test_revealing_shows_one_row_and_is_logged(buyer: Client) -> None:
    support = log_in_member("Suporte")
    other = ClientFactory.create(user=buyer.user, name="Ivo Outro")
    reveal = reverse("admin:clients_client_reveal", args=[buyer.id])

    html = support.post(reveal, {"reason": "Atendimento 4512"}, follow=True).content.decode()

    texts = (BUYER["name"], format_phone(BUYER["phone"]), BUYER["email"])
    assert [text for text in texts if text not in html] == []
    entry = StaffAction.objects.get()
    assert (entry.action, entry.target_id, entry.reason) == (
        "Revelou dados pessoais",
        str(buyer.id),
        "Atendimento 4512",
    )
    assert "Ivo Outro" not in support.get(change_url(other)).content.decode()


@pytest.mark.parametrize("model", [Client, Sale, Subscription, AffiliationRequest, WebhookEvent])
@pytest.mark.parametrize(("group", "is_exact"), [("Suporte", True), ("Operações", False)])
def test_list_says_what_its_search_finds(
    db: None, model: type[Model], group: str, is_exact: bool
) -> None:
    page = log_in_member(group).get(list_url(model)).content.decode()
    [text] = re.findall(r'id="searchbar"[^>]*placeholder="([^"]*)"', page)
    assert text.endswith("inteiros") == is_exact
