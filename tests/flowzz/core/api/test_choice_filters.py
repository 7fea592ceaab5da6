"""Filters by several values, and booleans."""

from typing import Any

import pytest

from sales.statuses import SaleStatus
from tests.api_client import Frontend, invalid
from tests.factories import SaleFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "query",
    ["status=PAID,PENDING", "status=PAID&status=PENDING", "status=PAID&status=PENDING,PAID"],
)
def test_values_are_separated_by_commas_or_repeated(query: str) -> None:
    user = UserFactory.create()
    for number, status in enumerate(SaleStatus):
        SaleFactory.create(user=user, status=status, external_id=f"ord{number}")
    answer: Any = Frontend(user).get(f"/api/v1/sales?{query}")
    assert {row["status"] for row in answer.json()["data"]} == {"PAID", "PENDING"}


@pytest.mark.parametrize("value", ["PAGO", "PAID,PAGO"])
def test_unknown_value_among_several_is_named(value: str) -> None:
    answer = Frontend(UserFactory.create()).fetch("sales", status=value)
    reason = "Faça uma escolha válida. PAGO não é uma das escolhas disponíveis."
    assert answer.json() == invalid("status", reason)


def test_other_words_than_true_and_false_are_refused() -> None:
    answer = Frontend(UserFactory.create()).fetch("subscriptions", overdue="talvez")
    assert answer.json() == invalid("overdue", "Use true ou false.")
