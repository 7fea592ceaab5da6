"""Mapping an unknown status word of a provider to a status."""

from typing import Any

import pytest
from django.urls import reverse

from flowzz.accounts.models import StaffAction
from integrations.bulk_actions import bulk_jobs
from integrations.models import BulkAction, StatusMapping
from integrations.providers.coinzz import COINZZ
from integrations.providers.contracts import StatusField
from sales.models import Sale, SaleStatusChange
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus
from tests import payloads
from tests.integrations.sellers import Seller
from tests.staff import Staff


def make_mapping(field: StatusField = StatusField.ORDER) -> StatusMapping:
    return StatusMapping.objects.create(provider=COINZZ, field=field, word="na transportadora")


def submit(staff: Staff, mapping: StatusMapping, status: str, **form: str) -> Any:
    page = reverse("backoffice:status_mapping", args=[mapping.id])
    response = staff.post(page, {"status": status, **form})
    mapping.refresh_from_db()
    return response


@pytest.mark.parametrize(
    ("field", "states"),
    [
        (StatusField.ORDER, SaleStatus),
        (StatusField.SHIPPING, ShippingStatus),
        (StatusField.SUBSCRIPTION, SubscriptionStatus),
    ],
)
def test_choices_are_the_statuses_of_the_field(
    staff: Staff,
    field: StatusField,
    states: type[SaleStatus] | type[ShippingStatus] | type[SubscriptionStatus],
) -> None:
    page = reverse("backoffice:status_mapping", args=[make_mapping(field).id])
    assert staff.get(page).context["form"].fields["status"].choices[1:] == states.choices


def test_status_of_another_field_is_rejected(staff: Staff) -> None:
    mapping = make_mapping()
    assert submit(staff, mapping, ShippingStatus.RETURNED, confirm="1").status_code == 200
    assert mapping.status == ""


def test_preview_shows_the_sales_and_changes_nothing(staff: Staff) -> None:
    seller = Seller()
    seller.process(payloads.order("ord1", order_status="Na moita"))
    before = [list(model._default_manager.values()) for model in (Sale, SaleStatusChange)]
    response = submit(staff, StatusMapping.objects.get(), SaleStatus.SHIPPED)

    preview = response.context["preview"]
    assert preview.outcomes == {"updated": 1, "unchanged": 0}
    assert [(c.before, c.after) for c in preview.examples[0].changes] == [("Pendente", "Enviado")]
    after = [list(model._default_manager.values()) for model in (Sale, SaleStatusChange)]
    assert after == before
    assert StatusMapping.objects.get().status == ""


def test_confirmed_mapping_is_stored_logged_and_applied(staff: Staff) -> None:
    seller = Seller()
    seller.process(payloads.order("ord1", order_status="Na moita"))
    mapping = StatusMapping.objects.get()
    submit(staff, mapping, SaleStatus.SHIPPED, confirm="1", reason="Confirmado com a plataforma")

    assert (mapping.status, str(mapping.mapped_by)) == (SaleStatus.SHIPPED, "equipe@flowzz.test")
    entry = StaffAction.objects.get()
    assert (entry.target_id, entry.reason) == (str(mapping.id), "Confirmado com a plataforma")
    action = BulkAction.objects.get()
    bulk_jobs.execute(action.id)
    assert seller.sale("ord1").status == SaleStatus.SHIPPED


def test_mapping_is_removed_after_a_preview(staff: Staff) -> None:
    Seller().process(payloads.subscription(status="dormindo"))
    mapping = StatusMapping.objects.get()
    page = reverse("backoffice:status_mapping", args=[mapping.id])
    assert "none" not in dict(staff.get(page).context["form"].fields["status"].choices)
    for status, expected in [
        (SubscriptionStatus.SUSPENDED, [("Pendente", "Suspensa")]),
        ("none", [("Suspensa", "Pendente"), ("", "dormindo")]),
    ]:
        response = submit(staff, mapping, status)
        changes = response.context["preview"].examples[0].changes
        assert [(change.before, change.after) for change in changes] == expected
        submit(staff, mapping, status, confirm="1")
        bulk_jobs.execute(BulkAction.objects.latest("id").id)
    assert (mapping.status, StaffAction.objects.latest("created_at").action) == (
        "",
        "Retirou o significado de um texto recebido",
    )


def test_list_counts_the_orders_that_wait(staff: Staff) -> None:
    Seller().process(*(payloads.order(f"ord{n}", order_status="Na moita") for n in range(3)))
    page = staff.get(reverse("admin:integrations_statusmapping_changelist"))
    assert [row.waiting_count for row in page.context["cl"].result_list] == [3]
