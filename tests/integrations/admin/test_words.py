"""Giving an unknown word its meaning."""

from typing import Any

import pytest
from django.urls import reverse

from integrations.models import UnknownStatus
from integrations.models.words import WordAxis
from integrations.providers import COINZZ
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus
from tests.integrations.admin.conftest import Staff


def make_word(axis: WordAxis = WordAxis.ORDER) -> UnknownStatus:
    return UnknownStatus.objects.create(provider=COINZZ, axis=axis, word="na transportadora")


def give(staff: Staff, word: UnknownStatus, meaning: str) -> Any:
    page = reverse("admin:integrations_unknownstatus_change", args=[word.id])
    response = staff.post(page, {"meaning": meaning})
    word.refresh_from_db()
    return response


@pytest.mark.parametrize(
    ("axis", "states"),
    [
        (WordAxis.ORDER, SaleStatus),
        (WordAxis.SHIPPING, ShippingStatus),
        (WordAxis.SUBSCRIPTION, SubscriptionStatus),
    ],
)
def test_choices_are_the_states_of_the_words_axis(
    staff: Staff,
    axis: WordAxis,
    states: type[SaleStatus] | type[ShippingStatus] | type[SubscriptionStatus],
) -> None:
    page = reverse("admin:integrations_unknownstatus_change", args=[make_word(axis).id])
    field = staff.get(page).context["adminform"].form.fields["meaning"]
    assert field.choices[1:] == states.choices


def test_meaning_is_kept_with_who_gave_it(staff: Staff) -> None:
    word = make_word()
    give(staff, word, SaleStatus.SHIPPED)
    assert word.meaning == SaleStatus.SHIPPED
    assert word.mapped_by is not None
    assert word.mapped_by.email == "equipe@flowzz.test"
    assert word.mapped_at is not None


def test_meaning_can_be_taken_back(staff: Staff) -> None:
    word = make_word()
    give(staff, word, SaleStatus.SHIPPED)
    give(staff, word, "")
    assert (word.meaning, word.mapped_by, word.mapped_at) == ("", None, None)


def test_state_of_another_axis_is_refused(staff: Staff) -> None:
    word = make_word()
    assert give(staff, word, ShippingStatus.RETURNED).status_code == 200
    assert word.meaning == ""
