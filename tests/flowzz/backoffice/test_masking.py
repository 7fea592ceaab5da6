"""Who sees whose data."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client as Browser
from django.urls import reverse

from clients.contacts import format_phone
from clients.models import Client
from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice import masking
from tests import payloads
from tests.factories import ClientFactory, IntegrationFactory, SaleFactory
from tests.integrations.admin.rows import make_event

PERSON = {
    "name": "Zoraide da Quintanilha",
    "cpf": "52998224725",
    "phone": "+5562954544554",
    "email": "zoraide@exemplo.com.br",
    "address": "Rua das Acácias Inventadas",
}
TRACES = (
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
            "client_name": PERSON["name"],
            "client_documment": "529.982.247-25",
            "client_phone": PERSON["phone"],
            "client_email": PERSON["email"],
            "client_street": PERSON["address"],
        },
        recado="deixar com Zoraide",
    )
)


@pytest.mark.parametrize(
    ("mask", "text", "masked"),
    [
        (masking.mask_name, "Maria de Souza", "Ma*** d*** S***"),
        (masking.mask_email, "maria@exemplo.com.br", "m***@exemplo.com.br"),
        (masking.mask_email, "maria", "***"),
        (masking.mask_phone, "+5562954544554", "+55 62 ***-4554"),
        (masking.mask_phone, "123", "***"),
        (masking.mask_document, "529.982.247-25", "***.982.247-**"),
        (masking.mask_document, "12ABC34501DE35", "**.ABC.345/****-**"),
        (masking.mask_document, "1", "***"),
        (masking.mask_text, "", ""),
    ],
)
def test_masks(mask: masking.Mask, text: str, masked: str) -> None:
    assert mask(text) == masked


def test_payload_shows_what_is_known_to_be_impersonal_and_nothing_else() -> None:
    sent = {
        "client.client_name": "Ana Lima",
        "order": {"order_number": "ord1", "note": "para Ana", "ok": True, "code": 12345678909},
        "utm_content": "a ana@x.test",
    }
    shown = masking.mask_payload(sent, {"client_name": "name"}, {"order_number", "utm_content"})
    assert shown == {
        "client.client_name": "An*** L***",
        "order": {"order_number": "ord1", "note": "***", "ok": True, "code": "***"},
        "utm_content": "a a***@x.test",
    }


def member(group: str) -> Browser:
    user = User.objects.create_user(f"{group}@flowzz.test", is_staff=True)
    user.groups.set([Group.objects.get(name=group)])
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def person(db: None) -> Client:
    integration = IntegrationFactory.create()
    client = ClientFactory.create(user=integration.user, **PERSON)
    extra = {"recado": "deixar com Zoraide"}
    SaleFactory.create(
        user=integration.user, client=client, external_id="ordzora", metadata={"extra": extra}
    )
    make_event(integration, "ordzora", body=BODY)
    make_event(integration, "ordzora", body=b"{Zoraide")
    return client


def pages(person: Client) -> list[str]:
    sale = person.sales.get()
    events = sale.user.integrations.get().events.all()
    return [
        reverse("admin:clients_client_changelist") + "?q=529-98-22-47-25",
        reverse("admin:clients_client_change", args=[person.id]),
        reverse("admin:sales_sale_changelist"),
        reverse("admin:sales_sale_change", args=[sale.id]),
        *(reverse("admin:integrations_webhookevent_change", args=[event.id]) for event in events),
    ]


def test_support_sees_nobody(person: Client) -> None:
    support = member("Suporte")
    for page in pages(person):
        shown = support.get(page).content.decode()
        assert [trace for trace in TRACES if trace in shown] == [], page
    page = reverse("admin:clients_client_change", args=[person.id])
    assert "***.982.247-**" in support.get(page).content.decode()


def test_operations_see_everybody(person: Client) -> None:
    operations = member("Operações")
    page = reverse("admin:clients_client_change", args=[person.id])
    assert PERSON["name"] in operations.get(page).content.decode()
    assert operations.get(page.replace("change/", "revelar")).status_code in (403, 404)


def test_revealing_needs_a_reason_is_in_the_trail_and_holds_for_one_record(person: Client) -> None:
    support = member("Suporte")
    other = ClientFactory.create(user=person.user, name="Ivo Outro")
    reveal = reverse("admin:clients_client_reveal", args=[person.id])
    page = reverse("admin:clients_client_change", args=[person.id])
    assert reveal in support.get(page).content.decode()
    support.post(reveal, {"reason": ""})
    support.post(reveal, {"reason": "CPF 529.982.247-25"})
    support.get(reveal)
    assert StaffAction.objects.count() == 0
    assert PERSON["name"] not in support.get(page).content.decode()

    shown = support.post(reveal, {"reason": "Atendimento 4512"}, follow=True).content.decode()

    revealed = (PERSON["name"], format_phone(PERSON["phone"]), PERSON["email"])
    assert [text for text in revealed if text not in shown] == []
    line = StaffAction.objects.get()
    assert (line.action, line.target_id, line.reason) == (
        "Revelou dados pessoais",
        str(person.id),
        "Atendimento 4512",
    )
    others = reverse("admin:clients_client_change", args=[other.id])
    assert "Ivo Outro" not in support.get(others).content.decode()


def test_masked_row_can_not_be_saved(person: Client) -> None:
    masking.mask_row(person, {"name": masking.mask_name})
    masking.mask_row(person, {"name": masking.mask_name})
    assert person.name == "Zo*** d*** Q***"
    with pytest.raises(masking.MaskedRow):
        person.save()
