"""Giving an unknown word its meaning."""

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


def make_word(axis: StatusField = StatusField.ORDER) -> StatusMapping:
    return StatusMapping.objects.create(provider=COINZZ, axis=axis, word="na transportadora")


def give(staff: Staff, word: StatusMapping, meaning: str, **form: str) -> Any:
    page = reverse("backoffice:word", args=[word.id])
    response = staff.post(page, {"meaning": meaning, **form})
    word.refresh_from_db()
    return response


@pytest.mark.parametrize(
    ("axis", "states"),
    [
        (StatusField.ORDER, SaleStatus),
        (StatusField.SHIPPING, ShippingStatus),
        (StatusField.SUBSCRIPTION, SubscriptionStatus),
    ],
)
def test_choices_are_the_states_of_the_words_axis(
    staff: Staff,
    axis: StatusField,
    states: type[SaleStatus] | type[ShippingStatus] | type[SubscriptionStatus],
) -> None:
    page = reverse("backoffice:word", args=[make_word(axis).id])
    assert staff.get(page).context["form"].fields["meaning"].choices[1:] == states.choices


def test_state_of_another_axis_is_refused(staff: Staff) -> None:
    word = make_word()
    assert give(staff, word, ShippingStatus.RETURNED, confirm="1").status_code == 200
    assert word.meaning == ""


def test_preview_shows_the_sales_and_changes_nothing(staff: Staff) -> None:
    seller = Seller()
    seller.told(payloads.order("ord1", order_status="Na moita"))
    before = [list(model._default_manager.values()) for model in (Sale, SaleStatusChange)]
    response = give(staff, StatusMapping.objects.get(), SaleStatus.SHIPPED)

    preview = response.context["preview"]
    assert preview.outcomes == {"updated": 1, "unchanged": 0}
    assert [(c.before, c.after) for c in preview.examples[0].changes] == [("Pendente", "Enviado")]
    after = [list(model._default_manager.values()) for model in (Sale, SaleStatusChange)]
    assert after == before
    assert StatusMapping.objects.get().meaning == ""


def test_confirmed_meaning_is_kept_traced_and_applied(staff: Staff) -> None:
    seller = Seller()
    seller.told(payloads.order("ord1", order_status="Na moita"))
    word = StatusMapping.objects.get()
    give(staff, word, SaleStatus.SHIPPED, confirm="1", reason="Confirmado com a plataforma")

    assert (word.meaning, str(word.mapped_by)) == (SaleStatus.SHIPPED, "equipe@flowzz.test")
    line = StaffAction.objects.get()
    assert (line.target_id, line.reason) == (str(word.id), "Confirmado com a plataforma")
    action = BulkAction.objects.get()
    bulk_jobs.execute(action.id)
    assert seller.sale("ord1").status == SaleStatus.SHIPPED


def test_meaning_is_taken_back_after_a_preview(staff: Staff) -> None:
    Seller().told(payloads.subscription(status="dormindo"))
    word = StatusMapping.objects.get()
    page = reverse("backoffice:word", args=[word.id])
    assert "none" not in dict(staff.get(page).context["form"].fields["meaning"].choices)
    for meaning, shown in [
        (SubscriptionStatus.SUSPENDED, [("Pendente", "Suspensa")]),
        ("none", [("Suspensa", "Pendente"), ("", "dormindo")]),
    ]:
        foreseen = give(staff, word, meaning)
        changes = foreseen.context["preview"].examples[0].changes
        assert [(change.before, change.after) for change in changes] == shown
        give(staff, word, meaning, confirm="1")
        bulk_jobs.execute(BulkAction.objects.latest("id").id)
    assert (word.meaning, StaffAction.objects.latest("at").action) == (
        "",
        "Retirou o significado de uma palavra",
    )


def test_list_counts_who_waits(staff: Staff) -> None:
    Seller().told(*(payloads.order(f"ord{n}", order_status="Na moita") for n in range(3)))
    page = staff.get(reverse("admin:integrations_statusmapping_changelist"))
    assert [row.waits for row in page.context["cl"].result_list] == [3]
