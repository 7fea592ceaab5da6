"""The back-office's search by order number, client, or seller."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clients.models import Client
from clients.search import search_clients
from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice import masking
from integrations.admin.search.queries import MAX_ROWS
from integrations.admin.search.results import search
from integrations.models import EventState
from sales.models import AffiliationRequest, Sale
from tests.factories import NOON, ClientFactory, IntegrationFactory, SaleFactory
from tests.integrations.admin.rows import make_event
from tests.staff import Staff, log_in_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    """A client with an order and its event, beside an unrelated sale."""
    integration = IntegrationFactory.create()
    client = ClientFactory.create(
        user=integration.user,
        name="José Beltrão da Silva",
        cpf="52998224725",
        phone="+5562954544554",
        email="jose@exemplo.com.br",
    )
    SaleFactory.create(user=integration.user, client=client, external_id="ordabc123")
    make_event(integration, "ordabc123")
    SaleFactory.create(external_id="ordxyz999")
    return client


def request_of(group: str) -> HttpRequest:
    return log_in_member(group).get("/admin/").wsgi_request


def titles(text: str) -> dict[str, list[str]]:
    groups = search(request_of("Operações"), text)
    return {group.title: [result.title for result in group.results] for group in groups}


@pytest.mark.parametrize(
    "text",
    [
        "529.982.247-25",
        "52998224725",
        "(62) 95454-4554",
        "+55 62 95454 4554",
        "JOSE@exemplo.com.br",
        "jose silva",
        "4554",
        "982.247",
        "jose@ex",
        "beltrão josé da silv",
        "Beltrto",
        "Beltrao",
    ],
)
def test_client_is_found_with_sales_and_events(client: Client, text: str) -> None:
    assert titles(text) == {
        "Vendas": ["ordabc123"],
        "Clientes": ["José Beltrão da Silva"],
        "Eventos": ["ordabc123"],
    }


@pytest.mark.parametrize(
    "text",
    [
        "ordabc123",
        "ORDABC123",
        " ordabc ",
        "#ordabc123",
        "Pedido #ordabc123",
        "nº ordabc",
        "abc123",
    ],
)
def test_order_is_found_by_its_number_or_the_beginning(client: Client, text: str) -> None:
    assert titles(text) == {"Vendas": ["ordabc123"], "Eventos": ["ordabc123"]}


def test_integration_is_found_by_the_sellers_email(client: Client) -> None:
    email = client.user.email
    assert titles(email) == {"Integrações": [email], "Usuários": [email]}


def test_event_in_quarantine_is_found_by_the_person_in_it(client: Client) -> None:
    person = {"client_name": "Zulmira Antão", "client_phone": "62 98888-7777"}
    body = json.dumps({"client": person}).encode()
    make_event(
        IntegrationFactory.create(), "", body=body, state=EventState.QUARANTINED, reason="invalid"
    )
    groups = search(request_of("Operações"), "zulmira antao")
    assert [(group.title, len(group.results)) for group in groups] == [("Eventos", 1)]
    assert titles("988887777") == titles("zulmira antao")


def test_affiliation_request_is_found_by_name_and_email(client: Client) -> None:
    AffiliationRequest.objects.create(
        user=client.user,
        affiliate_name="Íris Prado",
        affiliate_email="iris@afiliada.test",
        observed_at=NOON,
    )
    for text in ("iris pra", "IRIS@afiliada"):
        assert titles(text) == {"Pedidos de afiliação": ["Íris Prado"]}


def test_results_say_state_and_cause(client: Client) -> None:
    other = ClientFactory.create(user=client.user)
    Client.objects.filter(id=client.id).update(merged_into=other)
    Sale.objects.filter(external_id="ordabc123").update(deleted_at=NOON, unknown_status="ué")
    groups = search(request_of("Operações"), "beltrão")
    details = {group.title: group.results[0].details for group in groups}
    assert details["Clientes"].startswith("unido a outro")
    assert details["Vendas"].startswith("excluída na origem · veio “ué”")


def test_typing_searches_no_masked_person_and_counts_nothing(client: Client) -> None:
    support = log_in_member("Suporte")
    page = support.get("/admin/search/", {"s": "529.982.247-25", "extended": "1"}).content.decode()
    assert "Buscar pessoas por" in page
    assert not StaffAction.objects.exists()
    found = support.get("/admin/search/", {"s": "#ordabc", "extended": "1"}).content.decode()
    assert "ordabc123" in found
    assert "Beltrão" not in found


def test_page_promises_masked_staff_no_search_by_a_part_of_a_name(staff: Staff) -> None:
    url = reverse("backoffice:search")
    whole, part = "só o documento, telefone, e-mail ou nome inteiro encontra", "mesmo em parte"
    for person, shown, hidden in ((staff, part, whole), (log_in_member("Suporte"), whole, part)):
        page = person.get(url).content.decode()
        assert shown in page
        assert hidden not in page


def test_results_are_masked_and_limited_to_visible_models(staff: Staff, client: Client) -> None:
    person = User.objects.create_user("nova@flowzz.test", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_client"))
    staff.force_login(person)
    groups = search(staff.get("/admin/").wsgi_request, "jose beltrao da silva")
    assert [group.title for group in groups] == ["Clientes"]
    result = groups[0].results[0]
    assert (result.title, result.details.split(" · ")[:2]) == (
        "Jo*** B*** d*** S***",
        ["***.982.247-**", "+55 62 ***-4554"],
    )


def test_page_shows_results_only_to_permitted_staff(staff: Staff, client: Client) -> None:
    for _ in range(MAX_ROWS):
        SaleFactory.create(user=client.user, client=client)
    page = staff.get(reverse("backoffice:search"), {"q": "529.982.247-25"}).content.decode()
    assert "José Beltrão da Silva" in page
    assert 'name="q" value="529.982.247-25"' in page
    assert "Ver todos em Vendas" in page
    assert (
        "Nada encontrado" in staff.get(reverse("backoffice:search"), {"q": "nada"}).content.decode()
    )
    staff.force_login(User.objects.create_user("nova@flowzz.test", is_staff=True))
    assert "José" not in staff.get(reverse("backoffice:search"), {"q": "jose"}).content.decode()


@pytest.mark.parametrize(
    "text", ["529.982.247-25", "beltrao", "jose@exemplo.com.br", "ordabc", "4554"]
)
def test_every_statement_uses_an_index(client: Client, text: str) -> None:
    """PostgreSQL plans a sequential scan only where no index fits, with enable_seqscan off."""
    request = request_of("Operações")
    masking.can_see_personal_data(request)  # reads the permissions
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    with CaptureQueriesContext(connection) as statements:
        search(request, text)
    assert len(statements) <= 12
    for statement in statements:
        if not statement["sql"].startswith("SELECT"):
            continue
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + statement["sql"])
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Seq Scan" not in plan, plan


def test_short_words_of_a_name_are_searched_too(client: Client) -> None:
    assert list(search_clients("da silva jo")) == [client]
    assert list(search_clients("de silva")) == []
