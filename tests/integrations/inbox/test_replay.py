"""Failures of events, and their replay."""

import pytest

from integrations.inbox import replay
from integrations.models import WebhookEvent
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Seller:
    return Seller()


def test_failures_are_stored_and_grouped_by_cause(seller: Seller) -> None:
    seller.process(b"{", b"[", payloads.order("ord1", order_final_price="caro"))

    assert [event.cause for event in seller.events] == [
        "invalid_json",
        "invalid_json",
        "invalid_money:order.order_final_price",
    ]
    failure = seller.events[2].failures.get()
    assert (failure.attempt, failure.reason) == (1, "invalid_money")
    assert failure.error == seller.events[2].error


def test_replayed_event_leaves_its_group_and_keeps_its_failures(seller: Seller) -> None:
    seller.process(b"{")
    replay.replay(WebhookEvent.objects.all())
    assert seller.events[0].cause == ""
    seller.drain()
    assert seller.events[0].cause == "invalid_json"
    assert seller.events[0].failures.count() == 2
