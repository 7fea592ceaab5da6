"""Clients that older rules merged are listed, and split on demand."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clients.models import Client
from sales import client_merging
from sales.models import Sale
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db
ANA_CPF, BIA_CPF = "29141777638", "73410003762"


def run(*arguments: str) -> list[str]:
    out = io.StringIO()
    call_command("clients_recheck", *arguments, stdout=out)
    return out.getvalue().splitlines()


def order(number: str, name: str, document: str = "") -> Any:
    client = {"client_name": name, "client_documment": document, "client_phone": "11987650001"}
    return payloads.order(number) | {"client": client}


def buyers() -> dict[str, str]:
    names = Sale.objects.order_by("external_id").values_list("external_id", "client__name")
    return {number: name or "" for number, name in names}


def merge_as_before(**changes: Any) -> None:
    """Give all sales to the first client, as older rules did."""
    first = Client.objects.earliest("created_at", "id")
    Sale.objects.update(client=first)
    Client.objects.exclude(id=first.id).delete()
    Client.objects.update(**changes)


@pytest.fixture
def seller() -> Seller:
    return Seller()


def test_sale_with_another_document_moves_to_its_own_client(seller: Seller) -> None:
    seller.process(order("ordaaaaa", "Ana Prado", ANA_CPF), order("ordbbbbb", "Bia Prado", BIA_CPF))
    merge_as_before()
    line = (
        "vendedora@flowzz.test, pedido ordbbbbb: "
        "An*** P*** (***.417.776-**) → Bi*** P*** (***.100.037-**)"
    )

    assert run() == [line, "Vendas a mover com --apply: 1"]
    assert set(buyers().values()) == {"Ana Prado"}
    assert run("--apply", "--user", seller.integration.user.email.upper()) == [
        line,
        "Vendas movidas: 1",
    ]

    assert buyers() == {"ordaaaaa": "Ana Prado", "ordbbbbb": "Bia Prado"}
    assert run("--apply") == ["Vendas movidas: 0"]


def test_clients_of_a_placeholder_document_are_split_by_name(seller: Seller) -> None:
    placeholder = "12345678909"
    seller.process(
        order("ordaaaaa", "Ana Prado", placeholder),
        order("ordbbbbb", "Bia Prado", placeholder),
        order("ordccccc", "Bia Prado", placeholder),
    )
    merge_as_before(document_identifies=True)

    assert run("--apply")[-1] == "Vendas movidas: 2"

    assert buyers() == {"ordaaaaa": "Ana Prado", "ordbbbbb": "Bia Prado", "ordccccc": "Bia Prado"}
    assert Client.objects.filter(document_identifies=True).count() == 0
    assert Client.objects.count() == 2
    assert run()[-1] == "Vendas a mover com --apply: 0"


def test_what_staff_merged_stays(seller: Seller) -> None:
    seller.process(order("ordaaaaa", "Ana Prado"), order("ordbbbbb", "Bia Prado"))
    first, second = Client.objects.order_by("created_at", "id")
    client_merging.merge(first.id, second.id, by=seller.integration.user)
    seller.process(order("ordccccc", "Bia Prado"))

    assert run("--apply") == ["Vendas movidas: 0"]
    assert set(buyers().values()) == {"Ana Prado"}


def test_right_clients_and_other_users_stay(seller: Seller) -> None:
    seller.process(order("ordaaaaa", "Ana Prado", ANA_CPF), order("ordbbbbb", "A. Prado", ANA_CPF))
    other = Seller(email="outra@flowzz.test")
    other.process(order("ordaaaaa", "Bia Prado", BIA_CPF))
    Sale.objects.filter(user=other.integration.user).update(client=None)
    assert run("--apply") == ["Vendas movidas: 0"]


def test_user_without_integration_is_an_error() -> None:
    with pytest.raises(CommandError, match="não tem integração"):
        run("--user", "ninguem@flowzz.test")
