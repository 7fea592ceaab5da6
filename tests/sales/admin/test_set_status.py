"""A status set by hand stays until the source reports another word."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from flowzz.accounts.models import StaffAction
from sales.facts import SaleFacts
from sales.models import ChangeSource, Origin, Sale
from sales.recording import SaleBatch
from sales.statuses import SaleStatus, ShippingStatus
from tests.factories import SaleFactory, id_at
from tests.staff import Staff, log_in_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def sale() -> Sale:
    return SaleFactory.create(status="PAID", status_word="aprovado")


def set_by_hand(staff: Staff, sale: Sale, **statuses: str) -> int:
    form = {"status": sale.status, "shipping_status": sale.shipping_status, "reason": "Caso 7"}
    url = reverse("admin:sales_sale_set_status", args=[sale.id])
    return staff.post(url, form | statuses).status_code


def report(sale: Sale, *, is_snapshot: bool = False, **values: Any) -> Sale:
    """Record a report that is newer than all others; return the stored sale."""
    now = timezone.now()
    batch = SaleBatch.load(sale.user_id, sale.source, [sale.external_id])
    found = batch.get(sale.external_id)
    assert found
    observed_at = max(now, found.observed_at) + timedelta(seconds=1)
    source = ChangeSource(
        observed_at=observed_at, origin=Origin.RUN, origin_id=id_at(now), is_snapshot=is_snapshot
    )
    batch.update(found, SaleFacts(external_id=sale.external_id, **values), source)
    batch.save()
    sale.refresh_from_db()
    return sale


def test_staff_set_both_statuses_with_a_reason(staff: Staff, sale: Sale) -> None:
    assert set_by_hand(staff, sale, status="CANCELLED", shipping_status="RETURNED") == 302

    sale.refresh_from_db()
    assert (sale.status, sale.shipping_status) == ("CANCELLED", "RETURNED")
    assert (sale.overridden_status, sale.overridden_shipping_status) == ("PAID", "PENDING")
    rows = sale.status_changes.values_list("field", "from_status", "to_status", "origin")
    assert set(rows) == {
        ("status", "PAID", "CANCELLED", "person"),
        ("shipping_status", "PENDING", "RETURNED", "person"),
    }
    assert StaffAction.objects.filter(action="Definiu o status da venda", reason="Caso 7").exists()
    page = staff.get(reverse("admin:sales_sale_change", args=[sale.id])).content.decode()
    assert "Definido pela equipe; a origem informou Pago." in page


def test_timeline_has_one_entry_with_name_reason_time_and_both_statuses(
    staff: Staff, sale: Sale
) -> None:
    set_by_hand(staff, sale, status="CANCELLED", shipping_status="RETURNED")

    page = staff.get(reverse("admin:sales_sale_change", args=[sale.id]))

    action = StaffAction.objects.get(action="Definiu o status da venda")
    (entry,) = page.context["timeline"].entries
    assert (entry.title, entry.by, entry.at) == (
        action.action,
        str(action.actor),
        action.created_at,
    )
    assert set(entry.lines) == {
        "Status: Pago → Cancelado",
        "Entrega: A enviar → Devolvido",
        "Motivo: Caso 7",
    }
    assert set(sale.status_changes.values_list("changed_at", "origin_id")) == {
        (action.created_at, action.id)
    }


def test_only_the_changed_status_is_logged(staff: Staff, sale: Sale) -> None:
    set_by_hand(staff, sale, status="CANCELLED")
    assert StaffAction.objects.get(action="Definiu o status da venda").details == {
        "Status": {"before": "Pago", "after": "Cancelado"}
    }


def test_status_that_the_sale_has_is_refused(staff: Staff, sale: Sale) -> None:
    assert set_by_hand(staff, sale) == 200
    assert not StaffAction.objects.exists()


def test_staff_without_the_permission_cannot_set_a_status(sale: Sale) -> None:
    assert set_by_hand(log_in_member("Suporte"), sale, status="CANCELLED") == 403


@pytest.mark.parametrize("is_snapshot", [False, True])
@pytest.mark.parametrize(
    "values",
    [{"status": SaleStatus.PAID, "status_word": "aprovado"}, {"product_name": "Outro"}],
    ids=["same word", "no word"],
)
def test_status_set_by_hand_stays_with_the_same_or_no_word(
    staff: Staff, sale: Sale, values: dict[str, Any], is_snapshot: bool
) -> None:
    set_by_hand(staff, sale, status="CANCELLED")

    report(sale, is_snapshot=is_snapshot, **values)

    assert (sale.status, sale.overridden_status) == ("CANCELLED", "PAID")
    assert (sale.status_word, sale.refused_status) == ("aprovado", "")


def test_another_word_replaces_a_status_set_by_hand(staff: Staff, sale: Sale) -> None:
    set_by_hand(staff, sale, status="DELIVERED")

    report(sale, status=SaleStatus.SHIPPED, status_word="enviado")

    assert (sale.status, sale.overridden_status) == ("SHIPPED", "")
    assert sale.status_word == "enviado"


def test_step_back_of_the_source_is_refused_for_a_status_set_by_hand(
    staff: Staff, sale: Sale
) -> None:
    set_by_hand(staff, sale, status="CANCELLED")

    report(sale, status=SaleStatus.PENDING, status_word="pendente")

    assert (sale.status, sale.refused_status) == ("CANCELLED", "PENDING")
    assert (sale.status_word, sale.overridden_status) == ("aprovado", "PAID")


def test_reported_status_set_by_hand_again_is_no_longer_held(staff: Staff, sale: Sale) -> None:
    set_by_hand(staff, sale, shipping_status="RETURNED")
    sale.refresh_from_db()
    set_by_hand(staff, sale, shipping_status="PENDING")

    report(sale, shipping_status=ShippingStatus.SHIPPED, shipping_status_word="a enviar")

    assert (sale.shipping_status, sale.overridden_shipping_status) == ("SHIPPED", "")


def test_status_that_a_webhook_changed_meanwhile_is_not_set_back(staff: Staff) -> None:
    sale = SaleFactory.create(status="PENDING", status_word="aguardando pagamento")
    page = staff.get(reverse("admin:sales_sale_set_status", args=[sale.id])).content.decode()
    shown = {"initial-status": "PENDING", "initial-shipping_status": "PENDING"}
    assert [f'name="{name}" value="{value}"' in page for name, value in shown.items()] == [True] * 2
    report(sale, status=SaleStatus.PAID, status_word="aprovado")

    form = {"status": "PENDING", "shipping_status": "SHIPPED", "reason": "Caso 7"}
    staff.post(reverse("admin:sales_sale_set_status", args=[sale.id]), form | shown)

    sale.refresh_from_db()
    assert (sale.status, sale.overridden_status) == ("PAID", "")
    assert (sale.shipping_status, sale.overridden_shipping_status) == ("SHIPPED", "PENDING")
