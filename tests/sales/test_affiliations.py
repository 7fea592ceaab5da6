"""Affiliation requests."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flowzz.accounts.models import User
from sales.affiliations import record_affiliations
from sales.facts import AffiliationFacts
from sales.models import AffiliationRequest, ChangeSource, Origin
from sales.recording import Outcome

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create(email="vendedora@flowzz.test")


def event(hours: float) -> ChangeSource:
    """Return an event that arrived this many hours after noon."""
    return ChangeSource(
        observed_at=NOON + timedelta(hours=hours), origin=Origin.EVENT, origin_id=uuid.uuid4()
    )


def request(**changes: Any) -> AffiliationFacts:
    facts = {
        "affiliate_name": "Hugo Exemplo",
        "affiliate_email": "hugo@example.com",
        "affiliate_phone": "62900000001",
        "status": "Pendente",
        "product_name": "Creme",
        "requested_at": NOON,
    }
    return AffiliationFacts(**{**facts, **changes})


def test_requests_with_the_same_content_are_one_row(user: User) -> None:
    outcomes = record_affiliations(
        user.id,
        "loja",
        [
            (request(), event(0)),
            (request(affiliate_email="HUGO@example.com"), event(1)),
            (request(product_name="Sérum"), event(1)),
        ],
    )

    assert outcomes == [Outcome.CREATED, Outcome.UNCHANGED, Outcome.CREATED]
    rows = AffiliationRequest.objects.order_by("product_name").values_list(
        "affiliate_name", "affiliate_email", "affiliate_phone", "status", "product_name"
    )
    assert list(rows) == [
        ("Hugo Exemplo", "hugo@example.com", "62900000001", "Pendente", "Creme"),
        ("Hugo Exemplo", "hugo@example.com", "62900000001", "Pendente", "Sérum"),
    ]


def test_answer_updates_the_request_and_a_late_answer_does_not(user: User) -> None:
    record_affiliations(user.id, "loja", [(request(), event(0))])

    answers = [(request(status="Aprovado"), event(2)), (request(status="Recusado"), event(1))]
    outcomes = record_affiliations(user.id, "loja", answers)

    assert outcomes == [Outcome.UPDATED, Outcome.STALE]
    assert AffiliationRequest.objects.get().status == "Aprovado"
