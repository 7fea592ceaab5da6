"""The page that answers why an order does not appear."""

import pytest
from django.urls import reverse

from tests import payloads
from tests.integrations.sellers import Seller
from tests.staff import Staff

pytestmark = pytest.mark.django_db


def page(staff: Staff, **query: str) -> str:
    return staff.get(reverse("backoffice:missing_order"), query).content.decode()


def test_answer_and_its_next_step_are_shown(staff: Staff) -> None:
    seller = Seller()
    seller.process(payloads.order())
    html = page(staff, pedido="Pedido #ordzzzzz", conta=seller.email)
    assert "A venda aparece" in html
    assert f"/admin/sales/sale/{seller.sale().id}/change/" in html


def test_mistakes_are_explained_beside_the_field(staff: Staff) -> None:
    assert "Escreva ao menos 3 caracteres do número." in page(staff, pedido="#1")
    html = page(staff, pedido="ord1", conta="ninguem@flowzz.test")
    assert "Nenhuma conta com este e-mail tem uma integração." in html
    assert 'id="answers"' in page(staff)
